import type { Subscriber } from 'rxjs';
import { defineEip } from '../core/definition.ts';
import type { Exchange, StepInfo } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import type { Call, Pipe } from '../core/graph/flow.ts';
import { callStep, operator, pumped, sequence, StepSubscriber, WayBack } from '../core/graph/flow.ts';
import type { KameletCell } from '../core/graph/kamelets.ts';
import { kameletCell } from '../core/graph/kamelets.ts';

/** Calls the kamelet's route, whose `kamelet:sink` calls the nested steps. */
class WithNestedSteps extends StepSubscriber {
  private readonly call: Call;

  constructor(out: Subscriber<Exchange>, call: Call, steps: Pipe, cell: KameletCell, info: StepInfo) {
    super(out, info);
    this.call = call;
    const inlet = this.branch(steps);
    const nested: Call = (exchange) => inlet.next(exchange);
    cell.nested.push(nested);
    this.add(() => void cell.nested.splice(cell.nested.indexOf(nested), 1));
  }

  protected step(exchange: Exchange): boolean {
    exchange.way = new WayBack(this.out, exchange.way);
    pumped(exchange, this.call);
    return false;
  }
}

export const kamelet = defineEip({
  name: 'kamelet',
  sends: true,
  summary: "Goes through a kamelet: a route template, or a resource of the kind Kamelet, with its parameters. Nested steps, or without them the steps that follow in the route, run where the template says `kamelet:sink`.",
  shorthand: 'name',
  errorHandling: { children: 'called' },
  options: {
    name: field.string('The kamelet, with an id for its route if it is to have one: `upper`, `upper/myUpper`.').required(),
    parameters: field.map('Values of its parameters.', field.string('Value.')),
    steps: field.steps("Steps that run where the template says `kamelet:sink`, or behind its last step when it doesn't. When absent they are all that follow the kamelet in their list."),
  },
  // The runtime has put the key of this use behind the name, and the parameters into the template.
  examples: [
    {
      title: 'Use a route template as a step',
      route: '- routeTemplate:\n    id: greet\n    parameters:\n      - name: greeting\n    from:\n      uri: kamelet:source\n      steps:\n        - setBody:\n            simple: "{{greeting}} ${body}"\n- from:\n    uri: direct:start\n    steps:\n      - kamelet:\n          name: greet\n          parameters:\n            greeting: Hello\n      - to: mock:out\n',
      in: ['Ann'],
      out: { 'mock:out': ['Hello Ann'] },
    },
  ],
  operator: ({ name, steps }, context) => {
    const { info } = context;
    const call = context.producer({ uri: `kamelet:${name}`, parameters: {} });
    if (steps === undefined) return callStep(call, info);
    const key = name.slice(name.lastIndexOf('/') + 1);
    if (context.shared === undefined) return sequence([callStep(call, info), steps]);
    const cell = kameletCell({ shared: context.shared }, key);
    return operator((out) => new WithNestedSteps(out, call, steps, cell, info));
  },
});
