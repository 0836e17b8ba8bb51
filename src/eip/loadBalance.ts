import type { Subscriber } from 'rxjs';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { causeChain, classDistance } from '../core/errors.ts';
import { checkExceptionClass } from '../core/exceptionClassCheck.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { field } from '../core/field.ts';
import type { Inlet, Pipe } from '../core/graph/flow.ts';
import { StepSubscriber, Turns, operator, sequence, settled } from '../core/graph/flow.ts';
import { shutdownError } from '../core/exchange/waits.ts';
import { missingOption, OptionError } from '../core/optionError.ts';

/** Chooses the branch that an exchange goes to. */
type Choose = (exchange: Exchange, branches: number) => number;

class Balance extends StepSubscriber {
  private readonly branches: readonly Inlet[];
  private readonly choose: Choose;

  constructor(out: Subscriber<Exchange>, branches: readonly Pipe[], choose: Choose, context: StepContext) {
    super(out, context.info);
    this.branches = branches.map((pipe) => this.branch(pipe, (exchange) => this.out.next(exchange)));
    this.choose = choose;
  }

  protected step(exchange: Exchange): boolean {
    this.branches[this.choose(exchange, this.branches.length)]!.next(exchange);
    return false;
  }
}

/** A balancer that works on copies, one branch after the other. */
abstract class Trying extends StepSubscriber {
  readonly branches: readonly Inlet[];
  readonly context: StepContext;

  constructor(out: Subscriber<Exchange>, branches: readonly Pipe[], context: StepContext) {
    super(out, context.info);
    this.branches = branches.map((pipe) => this.branch(pipe));
    this.context = context;
  }

  leaves(exchange: Exchange): void {
    this.out.next(exchange);
  }
}

/** Sends a copy to every branch, one after the other, until one fails; the message itself goes on. */
class Topic extends Trying {
  protected step(exchange: Exchange): boolean {
    new TopicTurns(this, exchange).start();
    return false;
  }
}

class TopicTurns extends Turns {
  private readonly step: Topic;
  private readonly exchange: Exchange;
  private next = 0;

  constructor(step: Topic, exchange: Exchange) {
    super(step.context.clock);
    this.step = step;
    this.exchange = exchange;
  }

  start(): void {
    this.go();
  }

  back(copy: Exchange): void {
    if (copy.isFailed) {
      this.exchange.fail(copy.exception, copy.failedStep);
      this.next = Infinity;
    }
    this.go();
  }

  protected turn(): boolean {
    const branch = this.step.branches[this.next++];
    if (branch === undefined) return false;
    const copy = this.exchange.facet();
    copy.way = this;
    branch.next(copy);
    return true;
  }

  protected over(): void {
    this.step.leaves(this.exchange);
  }
}

interface FailoverOptions {
  readonly classes: readonly string[];
  readonly isRoundRobin: boolean;
  readonly isSticky: boolean;
  /** -1: as many as it takes. */
  readonly mostAttempts: number;
}

/** Sends a copy to one branch, and to the next when that one failed. */
class Failover extends Trying {
  readonly options: FailoverOptions;
  /** The branch that round robin has come to. */
  counter = -1;
  lastGood = -1;

  constructor(out: Subscriber<Exchange>, branches: readonly Pipe[], options: FailoverOptions, context: StepContext) {
    super(out, branches, context);
    this.options = options;
  }

  protected step(exchange: Exchange): boolean {
    new FailoverTurns(this, exchange, this.first()).start();
    return false;
  }

  private first(): number {
    if (this.options.isSticky) return Math.max(0, this.lastGood);
    if (!this.options.isRoundRobin) return 0;
    this.counter = (this.counter + 1) % this.branches.length;
    return this.counter;
  }

  failsOver(copy: Exchange): boolean {
    if (!copy.isFailed) return false;
    const { classes } = this.options;
    return classes.length === 0 || causeChain(copy.exception).some(({ type }) => classes.some((wanted) => classDistance(type, wanted) >= 0));
  }
}

class FailoverTurns extends Turns {
  private readonly step: Failover;
  private readonly exchange: Exchange;
  private index: number;
  private attempts = 0;
  private result: Exchange | null = null;

  constructor(step: Failover, exchange: Exchange, index: number) {
    super(step.context.clock);
    this.step = step;
    this.exchange = exchange;
    this.index = index;
  }

  start(): void {
    this.go();
  }

  back(copy: Exchange): void {
    if (this.isDone(copy)) this.result = copy;
    this.go();
  }

  protected turn(): boolean {
    if (this.result !== null) return false;
    const copy = this.exchange.facet();
    copy.way = this;
    this.step.branches[this.index]!.next(copy);
    return true;
  }

  protected over(): void {
    this.exchange.takeResult(this.result!);
    this.step.leaves(this.exchange);
  }

  private isDone(copy: Exchange): boolean {
    const { step } = this;
    const { mostAttempts, isRoundRobin } = step.options;
    if (!step.failsOver(copy)) {
      if (!copy.isFailed) step.lastGood = this.index;
      return true;
    }
    if (step.context.stopping.aborted) {
      copy.fail(shutdownError());
      return true;
    }
    if (mostAttempts >= 0 && ++this.attempts > mostAttempts) return true;
    const isAtEnd = ++this.index >= step.branches.length;
    if (isAtEnd && !isRoundRobin) return true;
    if (isAtEnd) this.index = 0;
    step.counter = this.index;
    return false;
  }
}

const inTurn = (): Choose => {
  let next = -1;
  return (_, branches) => (next = (next + 1) % branches);
};

const atRandom: Choose = (_, branches) => Math.floor(Math.random() * branches);

/** Weights are shares of a cycle: in turn, those that have some left. */
function weightedInTurn(weights: readonly number[]): Choose {
  let left = [...weights];
  let next = 0;
  return () => {
    if (left.every((weight) => weight <= 0)) {
      left = [...weights];
      next = 0;
    }
    while (left[next % left.length]! <= 0) next++;
    const chosen = next++ % left.length;
    left[chosen]!--;
    return chosen;
  };
}

function weightedAtRandom(weights: readonly number[]): Choose {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return () => {
    let at = Math.random() * sum;
    return Math.max(0, weights.findIndex((weight) => (at -= weight) < 0));
  };
}

/** Keys that are remembered; beyond, those not seen for the longest time are forgotten. */
const mostKeys = 10_000;

function sticky(key: Expression): Choose {
  const seen = new Map<unknown, number>();
  const next = inTurn();
  return (exchange, branches) => {
    const value = key(exchange);
    const chosen = seen.get(value) ?? next(exchange, branches);
    seen.delete(value);
    if (seen.size >= mostKeys) seen.delete(seen.keys().next().value);
    seen.set(value, chosen);
    return chosen;
  };
}

function weights({ distributionRatio, distributionRatioDelimiter }: { distributionRatio: string; distributionRatioDelimiter: string }, branches: number): number[] {
  const ratios = distributionRatio.split(distributionRatioDelimiter).map((part) => Number(part.trim()));
  if (ratios.some((ratio) => !Number.isInteger(ratio) || ratio < 0) || ratios.every((ratio) => ratio === 0)) throw new OptionError('distributionRatio', `\`distributionRatio\` needs whole numbers, not \`${distributionRatio}\``, `write one for each branch, such as \`${Array.from({ length: branches }, (_, i) => branches - i).join(distributionRatioDelimiter)}\``);
  if (ratios.length !== branches) throw new OptionError('distributionRatio', `\`distributionRatio\` has ${ratios.length === 1 ? '1 weight' : `${ratios.length} weights`} for ${branches === 1 ? '1 branch' : `${branches} branches`}`, 'write one for each step of `loadBalance`, in their order');
  return ratios;
}

/** A balancer of the user's own: a function of exchange and number of branches, or an object with `choose`; it gives the branch, from 0. */
type CustomBalancer = Choose | { choose: Choose };

function custom(balancer: CustomBalancer, reference: string): Choose {
  const choose = typeof balancer === 'function' ? balancer : (exchange: Exchange, branches: number) => balancer.choose(exchange, branches);
  return (exchange, branches) => {
    const chosen = choose(exchange, branches);
    if (!Number.isInteger(chosen) || chosen < 0 || chosen >= branches) throw new Error(`the load balancer \`${reference}\` chose ${String(chosen)} of ${branches} branches`);
    return chosen;
  };
}

const balancers = ['roundRobinLoadBalancer', 'randomLoadBalancer', 'stickyLoadBalancer', 'weightedLoadBalancer', 'failoverLoadBalancer', 'topicLoadBalancer', 'customLoadBalancer'] as const;

const described = { id: field.string('Name of this part.') };

/**
 * Gives each exchange to one of the inner steps (failover: until one succeeds; topic: to all).
 * Shape: every exchange leaves once. Failover and topic work on copies: failover takes the result, topic leaves the message as it was.
 */
export const loadBalance = defineEip({
  name: 'loadBalance',
  keepsState: ['stickyLoadBalancer'],
  mayBeEmpty: true,
  interceptions: (isNested) => (isNested ? 2 : 1),
  summary: 'Spreads exchanges over several steps, or falls back from one to the next.',
  options: {
    steps: field.branches('The targets: each step is one.').required(),
    roundRobinLoadBalancer: field.element('One after the other.', described),
    randomLoadBalancer: field.element('Any of them, by chance.', described),
    stickyLoadBalancer: field.element('Exchanges with the same key go to the same target.', {
      correlationExpression: field.expression('Gives the key.').notInline().required(),
      ...described,
    }),
    weightedLoadBalancer: field.element('Each target gets its share.', {
      distributionRatio: field.string('Whole numbers, one a target: `4,2,1`.').required(),
      distributionRatioDelimiter: field.string('What separates them.').default(','),
      roundRobin: field.boolean('In turn; else by chance.').default(false),
      ...described,
    }),
    failoverLoadBalancer: field.element('The next target when one fails.', {
      exception: field.list('Classes of exceptions to fall back for; all when absent.', field.string('Class of an exception.')),
      roundRobin: field.boolean('Begins each time with the next target, and goes round.').default(false),
      sticky: field.boolean('Begins with the target that was good last.').default(false),
      maximumFailoverAttempts: field.integer('How often at most another target is tried; -1: as long as there are some.').default(-1),
      inheritErrorHandler: field.boolean("The route's error handler takes a failure of a target first.").default(true),
      ...described,
    }),
    topicLoadBalancer: field.element('A copy to all, one after the other.', described),
    customLoadBalancer: field.element('A balancer of your own.', { ref: field.string('Bean: a function of exchange and number of targets that gives the target, or an object with `choose`.').required(), ...described }, 'ref'),
  },
  examples: [
    {
      title: 'Take turns',
      route: `- from:
    uri: direct:start
    steps:
      - loadBalance:
          roundRobinLoadBalancer: {}
          steps:
            - to: mock:a
            - to: mock:b
`,
      in: [1, 2, 3],
      out: { 'mock:a': [1, 3], 'mock:b': [2] },
    },
  ],
  operator: (options, context) => {
    const { steps, stickyLoadBalancer, weightedLoadBalancer, failoverLoadBalancer, topicLoadBalancer, customLoadBalancer } = options;
    const [, second] = balancers.filter((name) => options[name] !== undefined);
    if (second !== undefined) throw new OptionError(second, '`loadBalance` has two balancers', `take out \`${second}\`, or the other one`, 'M0316');
    if (steps.length === 0) return sequence([]);
    const balance = (choose: Choose): Pipe => operator((out) => new Balance(out, steps, choose, context));
    if (failoverLoadBalancer !== undefined) {
      const { exception, roundRobin, sticky: isSticky, maximumFailoverAttempts } = failoverLoadBalancer;
      for (const name of exception ?? []) checkExceptionClass(name, context.at, context.problems);
      const failover: FailoverOptions = { classes: exception ?? [], isRoundRobin: roundRobin, isSticky, mostAttempts: maximumFailoverAttempts };
      return operator((out) => new Failover(out, steps, failover, context));
    }
    if (topicLoadBalancer !== undefined) return operator((out) => new Topic(out, steps, context));
    if (stickyLoadBalancer !== undefined) return settled(stickyLoadBalancer.correlationExpression, context.info, (key) => balance(sticky(key)));
    if (weightedLoadBalancer !== undefined) {
      const ratios = weights(weightedLoadBalancer, steps.length);
      return balance(weightedLoadBalancer.roundRobin ? weightedInTurn(ratios) : weightedAtRandom(ratios));
    }
    if (customLoadBalancer !== undefined) return balance(custom(context.bean(customLoadBalancer.ref, 'LoadBalancer'), customLoadBalancer.ref));
    if (options.randomLoadBalancer !== undefined) return balance(atRandom);
    if (options.roundRobinLoadBalancer !== undefined) return balance(inTurn());
    throw missingOption('`loadBalance` has no balancer', 'add one, such as `roundRobinLoadBalancer: {}`');
  },
});
