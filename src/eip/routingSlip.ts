import { defineEip } from '../core/definition.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { operator, settled } from '../core/graph/flow.ts';
import { toIterable } from '../core/graph/iterate.ts';
import type { Itinerary } from '../core/graph/slip.ts';
import { PartsItinerary, slipFields, slipOptions, SlipStep } from '../core/graph/slip.ts';

class RoutingSlip extends SlipStep {
  protected itinerary(exchange: Exchange): Itinerary {
    return new PartsItinerary(toIterable(this.expression(exchange), this.options.delimiter));
  }
}

export const routingSlip = defineEip({
  name: 'routingSlip',
  shorthand: 'expression',
  sends: true,
  errorHandling: { own: 'again' },
  summary: 'Sends the message through a list of endpoints that an expression names, one after the other.',
  options: {
    expression: field.expression('The endpoints, evaluated once: a text, or a list of texts.').required(),
    ...slipFields,
  },
  examples: [
    {
      title: 'A way that the message brings along',
      route:
        '- from:\n    uri: direct:start\n    steps:\n      - routingSlip: { constant: "direct:a,direct:b,mock:out" }\n- from: { uri: "direct:a", steps: [ { setBody: { simple: "${body}a" } } ] }\n- from: { uri: "direct:b", steps: [ { setBody: { simple: "${body}b" } } ] }\n',
      in: ['>'],
      out: { 'mock:out': ['>ab'] },
    },
  ],
  operator: ({ expression, ...given }, context) => {
    const options = slipOptions(given);
    return settled(expression, context.info, (value) => operator((out) => new RoutingSlip(out, context, options, value)));
  },
});
