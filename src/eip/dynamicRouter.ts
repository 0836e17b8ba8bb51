import { defineEip } from '../core/definition.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { isPromise, operator } from '../core/graph/flow.ts';
import { toIterable } from '../core/graph/iterate.ts';
import type { Itinerary } from '../core/graph/slip.ts';
import { PartsItinerary, slipFields, slipOptions, SlipStep } from '../core/graph/slip.ts';

class DynamicRouter extends SlipStep {
  protected itinerary(): Itinerary {
    return new Asking(this.expression, this.options.delimiter);
  }
}

/** Asks the expression for the way on, whenever what it said last has been visited. */
class Asking implements Itinerary {
  private readonly expression: Expression;
  private readonly delimiter: string;
  private current: PartsItinerary | null = null;

  constructor(expression: Expression, delimiter: string) {
    this.expression = expression;
    this.delimiter = delimiter;
  }

  next(exchange: Exchange): unknown {
    const next = this.current === null ? null : this.current.next();
    if (isPromise(next)) return next.then((value) => value ?? this.ask(exchange));
    return next ?? this.ask(exchange);
  }

  private ask(exchange: Exchange): unknown {
    const answer = this.expression(exchange);
    return isPromise(answer) ? answer.then((value) => this.follow(value)) : this.follow(answer);
  }

  private follow(answer: unknown): unknown {
    this.current = new PartsItinerary(toIterable(answer, this.delimiter));
    return this.current.next();
  }
}

export const dynamicRouter = defineEip({
  name: 'dynamicRouter',
  sends: true,
  errorHandling: { own: 'again' },
  summary: 'Asks an expression again and again where the message goes next, until it gives nothing.',
  options: {
    expression: field.expression('The next endpoint (or several); null ends. `exchangeProperty.CamelSlipEndpoint` is the last one.').required(),
    ...slipFields,
  },
  examples: [
    {
      title: 'Each stop says what comes next',
      route:
        '- from:\n    uri: direct:start\n    steps:\n      - setHeader: { name: next, constant: "direct:one" }\n      - dynamicRouter: { header: next }\n      - to: mock:out\n- from:\n    uri: direct:one\n    steps:\n      - setBody: { simple: "${body}1" }\n      - setHeader: { name: next, simple: "${null}" }\n',
      in: ['>'],
      out: { 'mock:out': ['>1'] },
    },
  ],
  operator: ({ expression, ...given }, context) => {
    const options = slipOptions(given);
    return operator((out) => new DynamicRouter(out, context, options, expression));
  },
});
