import type { Subscriber } from 'rxjs';
import { defineEip } from '../core/definition.ts';
import type { StepInfo } from '../core/exchange/exchange.ts';
import { Exchange } from '../core/exchange/exchange.ts';
import type { Predicate } from '../core/expression.ts';
import { field } from '../core/field.ts';
import type { Inlet, Pipe } from '../core/graph/flow.ts';
import { StepSubscriber, operator, sequence } from '../core/graph/flow.ts';

interface When {
  readonly expression: Predicate;
  readonly steps: Pipe;
}

class Choose extends StepSubscriber {
  protected readonly predicates: readonly Predicate[];
  protected readonly branches: readonly Inlet[];
  protected readonly rest: Inlet | null;

  constructor(out: Subscriber<Exchange>, whens: readonly When[], otherwise: Pipe | null, info: StepInfo) {
    super(out, info);
    this.predicates = whens.map(({ expression }) => expression);
    this.branches = whens.map(({ steps }) => this.branchToOutput(steps));
    this.rest = otherwise === null ? null : this.branchToOutput(otherwise);
  }

  protected step(exchange: Exchange): boolean {
    const { predicates } = this;
    for (let i = 0; i < predicates.length; i++) if (predicates[i]!(exchange)) return this.enter(exchange, this.branches[i]!);
    return this.enter(exchange, this.rest);
  }

  protected enter(exchange: Exchange, branch: Inlet | null): boolean {
    if (branch === null) return true;
    branch.next(exchange);
    return false;
  }
}

/** Asks one predicate after the other, each when the one before it has answered. */
class ChooseLater extends Choose {
  protected override step(exchange: Exchange): boolean {
    const { predicates } = this;
    for (let i = 0; i < predicates.length; i++) {
      const answer = predicates[i]!(exchange) as boolean | Promise<boolean>;
      if (answer === true) return this.enter(exchange, this.branches[i]!);
      if (answer === false) continue;
      void this.choose(exchange, answer, i);
      return false;
    }
    return this.enter(exchange, this.rest);
  }

  private async choose(exchange: Exchange, first: boolean | Promise<boolean>, from: number): Promise<void> {
    let branch = this.rest;
    try {
      for (let i = from; i < this.predicates.length; i++) {
        if (!(await (i === from ? first : this.predicates[i]!(exchange)))) continue;
        branch = this.branches[i]!;
        break;
      }
    } catch (thrown) {
      exchange.fail(thrown, this.info);
      branch = null;
    }
    if (this.enter(exchange, branch)) this.out.next(exchange);
  }
}

const described = {
  id: field.string('Name of this branch.'),
  description: field.remark('What it is for.'),
  note: field.remark('A remark for readers.'),
  disabled: field.boolean('Leaves the branch out.').default(false),
};

export const choice = defineEip({
  name: 'choice',
  summary: 'Sends each exchange through the first branch whose predicate matches, or through `otherwise`.',
  options: {
    when: field
      .list(
        'Branches, asked in their order.',
        field.element('A branch.', {
          expression: field.predicate('Decides whether this branch is taken.').required(),
          steps: field.steps('What the exchange goes through.'),
          ...described,
        }),
      )
      .default([]),
    otherwise: field.element('Taken when no branch matches.', { steps: field.steps('What the exchange goes through.'), ...described }),
    precondition: field.boolean('Decides once, when the route starts: for predicates on property placeholders.').default(false),
  },
  examples: [
    {
      title: 'Route by content',
      route: `- from:
    uri: direct:start
    steps:
      - choice:
          when:
            - simple: "\${body} > 100"
              steps:
                - to: mock:large
            - simple: "\${body} > 10"
              steps:
                - to: mock:middle
          otherwise:
            steps:
              - to: mock:small
`,
      in: [5, 50, 500],
      out: { 'mock:small': [5], 'mock:middle': [50], 'mock:large': [500] },
    },
  ],
  operator: ({ when, otherwise, precondition }, { info, scope }) => {
    const nothing = sequence([]);
    const whens = when.filter(({ disabled }) => !disabled).map(({ expression, steps }) => ({ expression, steps: steps ?? nothing }));
    const rest = otherwise === undefined || otherwise.disabled ? null : (otherwise.steps ?? nothing);
    if (precondition) {
      const blank = new Exchange(scope);
      return whens.find(({ expression }) => expression(blank))?.steps ?? rest ?? nothing;
    }
    const isAsync = whens.some(({ expression }) => expression.isAsync === true);
    return operator((out) => (isAsync ? new ChooseLater(out, whens, rest, info) : new Choose(out, whens, rest, info)));
  },
});
