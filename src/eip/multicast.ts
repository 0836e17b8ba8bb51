import type { Subscriber } from 'rxjs';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { FanOutOptions } from '../core/graph/fanOut.ts';
import { ChildBag, FanOut, Round, childModel, ownOriginal } from '../core/graph/fanOut.ts';
import { fanOutFields, fanOutOptions } from '../core/graph/fanOutOptions.ts';
import { field } from '../core/field.ts';
import type { Inlet, Pipe } from '../core/graph/flow.ts';
import { operator } from '../core/graph/flow.ts';
import { UseLatestAggregationStrategy } from '../core/graph/strategies.ts';

class Multicast extends FanOut {
  readonly branches: readonly Inlet[];
  readonly sharesUnitOfWork: boolean;

  constructor(out: Subscriber<Exchange>, branches: readonly Pipe[], context: StepContext, options: FanOutOptions, sharesUnitOfWork: boolean) {
    super(out, context, options);
    this.branches = branches.map((branch) => this.branch(branch));
    this.sharesUnitOfWork = sharesUnitOfWork;
  }

  protected step(exchange: Exchange): boolean {
    this.refuseLate();
    new MulticastRound(this, exchange).begin();
    return false;
  }
}

class MulticastRound extends Round {
  protected declare readonly step: Multicast;
  private readonly model: Exchange;
  private readonly properties: ChildBag;

  constructor(step: Multicast, parent: Exchange) {
    super(step, parent);
    this.step = step;
    const { model, properties } = childModel(parent, this.signal);
    this.model = model;
    this.properties = new ChildBag(properties, ['CamelMulticastIndex', 'CamelMulticastComplete']);
  }

  protected produce(): Exchange | null {
    const { index } = this;
    const { branches, sharesUnitOfWork } = this.step;
    if (index >= branches.length) return null;
    const child = this.model.copy();
    child.replaceProperties(this.properties.child(index, index === branches.length - 1));
    if (sharesUnitOfWork) child.lead = this.parent.lead ?? this.parent;
    else if (child.unitOfWork !== null) ownOriginal(child);
    return child;
  }

  protected dispatch(child: Exchange, index: number): void {
    this.step.branches[index]!.next(child);
  }
}

export const multicast = defineEip({
  name: 'multicast',
  ignoresDisabled: true,
  summary: 'Sends a copy of the message through each of its branches.',
  errorHandling: { children: 'unit' },
  options: {
    ...fanOutFields,
    steps: field.branches('The branches: each step is one.').required(),
  },
  examples: [
    {
      title: 'Tell two systems',
      route: '- from:\n    uri: direct:start\n    steps:\n      - multicast:\n          steps:\n            - to: mock:billing\n            - to: mock:stock\n',
      in: ['order'],
      out: { 'mock:billing': ['order'], 'mock:stock': ['order'] },
    },
  ],
  operator: (given, context) => {
    const options = fanOutOptions(given, context, new UseLatestAggregationStrategy());
    return operator((out) => new Multicast(out, given.steps, context, options, given.shareUnitOfWork));
  },
});
