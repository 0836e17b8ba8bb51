import type { Subscriber } from 'rxjs';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { dynamicEndpointFields, schemeCheck } from '../core/dynamicEndpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { operator, settled } from '../core/flow.ts';
import { toIterable } from '../core/iterate.ts';
import type { Itinerary, SlipOptions } from '../core/slip.ts';
import { PartsItinerary, SlipStep } from '../core/slip.ts';

class RoutingSlip extends SlipStep {
  private readonly expression: Expression;
  private readonly delimiter: string;

  constructor(out: Subscriber<Exchange>, context: StepContext, options: SlipOptions, expression: Expression, delimiter: string) {
    super(out, context, options);
    this.expression = expression;
    this.delimiter = delimiter;
  }

  protected itinerary(exchange: Exchange): Itinerary {
    return new PartsItinerary(toIterable(this.expression(exchange), this.delimiter));
  }
}

export const routingSlip = defineEip({
  name: 'routingSlip',
  sends: true,
  summary: 'Sends the message through a list of endpoints that an expression names, one after the other.',
  options: {
    expression: field.expression('The endpoints, evaluated once: a text, or a list of texts.').required(),
    uriDelimiter: field.string('What stands between the endpoints of a text.').default(','),
    ignoreInvalidEndpoints: field.boolean('Passes over endpoints that do not exist instead of failing.').default(false),
    ...dynamicEndpointFields,
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
  operator: ({ expression, uriDelimiter, ignoreInvalidEndpoints, allowedSchemes }, context) => {
    const options: SlipOptions = { ignoresInvalid: ignoreInvalidEndpoints, checkScheme: schemeCheck(allowedSchemes, true) };
    return settled(expression, context.info, (value) => operator((out) => new RoutingSlip(out, context, options, value, uriDelimiter)));
  },
});
