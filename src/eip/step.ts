import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Subscriber } from 'rxjs';
import { StepSubscriber, operator } from '../core/graph/flow.ts';
import type { Inlet, Pipe } from '../core/graph/flow.ts';
import type { StepInfo } from '../core/exchange/exchange.ts';

const property = 'CamelStepId';

/** Names the steps inside; the outer name is back when they are through. */
class Named extends StepSubscriber {
  private readonly inner: Inlet;
  private readonly outerNames = new WeakMap<Exchange, unknown>();
  private readonly name: string;

  constructor(out: Subscriber<Exchange>, steps: Pipe, info: StepInfo) {
    super(out, info);
    this.name = info.stepId;
    this.inner = this.branch(steps, (exchange) => this.leaves(exchange));
  }

  protected step(exchange: Exchange): boolean {
    const outer = exchange.property(property);
    if (outer !== undefined) this.outerNames.set(exchange, outer);
    exchange.properties.set(property, this.name);
    this.inner.next(exchange);
    return false;
  }

  private leaves(exchange: Exchange): void {
    const outer = this.outerNames.get(exchange);
    if (outer === undefined) exchange.properties.remove(property);
    else exchange.properties.set(property, outer);
    this.out.next(exchange);
  }
}

export const step = defineEip({
  name: 'step',
  summary: 'Groups steps under one id, for metrics and for the Simple function `stepId`.',
  options: { steps: field.steps('The steps.').required() },
  examples: [
    {
      title: 'Name a group of steps',
      route: '- from:\n    uri: direct:start\n    steps:\n      - step:\n          id: prepare\n          steps:\n            - setBody:\n                simple: "${stepId}: ${body}"\n      - to: mock:out\n',
      in: ['a'],
      out: { 'mock:out': ['prepare: a'] },
    },
  ],
  operator: ({ steps }, { info }) => operator((out) => new Named(out, steps, info)),
});
