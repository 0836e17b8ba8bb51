import fc from 'fast-check';

/** What an `act:` endpoint does: works at once, later in the same turn, or after a while; fails always, or the first time an exchange comes. */
export const manners = ['now', 'soon', 'later', 'fail', 'failSoon', 'failLater', 'flaky', 'flakyLater'] as const;
export type Manner = (typeof manners)[number];

export type Target = { readonly kind: 'act'; readonly manner: Manner; readonly id: number } | { readonly kind: 'route'; readonly route: number };

export type Tree =
  | { readonly kind: 'act'; readonly manner: Manner; readonly id: number }
  | { readonly kind: 'stop' }
  | { readonly kind: 'throw' }
  | { readonly kind: 'filter'; readonly takes: boolean; readonly steps: readonly Tree[] }
  | { readonly kind: 'choice'; readonly whens: readonly { readonly takes: boolean; readonly steps: readonly Tree[] }[]; readonly otherwise: readonly Tree[] }
  | { readonly kind: 'split'; readonly parts: number; readonly isParallel: boolean; readonly stops: boolean; readonly steps: readonly Tree[] }
  | { readonly kind: 'multicast'; readonly isParallel: boolean; readonly stops: boolean; readonly steps: readonly Tree[] }
  | { readonly kind: 'loop'; readonly times: number; readonly copies: boolean; readonly steps: readonly Tree[] }
  | { readonly kind: 'doTry'; readonly steps: readonly Tree[]; readonly caught: readonly Tree[] | null; readonly last: readonly Tree[] | null }
  | { readonly kind: 'pipeline'; readonly steps: readonly Tree[] }
  | { readonly kind: 'recipientList'; readonly isParallel: boolean; readonly to: readonly Target[] }
  | { readonly kind: 'enrich'; readonly to: Target }
  | { readonly kind: 'wireTap'; readonly to: Target }
  | { readonly kind: 'call'; readonly route: number };

/** How failures are dealt with, in all routes of a program alike. */
export interface Handling {
  readonly kind: 'none' | 'default' | 'deadLetter' | 'onException' | 'handled' | 'continued';
  readonly redeliveries: number;
  /** Steps of the onException, for those kinds that have one. */
  readonly steps: readonly Tree[];
}

/** Routes by number; route 0 is fed by the test, and each calls only later ones. */
export interface Program {
  readonly routes: readonly (readonly Tree[])[];
  readonly handling: Handling;
}

// ------------------------------------------------------------------------------------------------ drawing them

const manner = fc.oneof({ weight: 6, arbitrary: fc.constantFrom<Manner>('now', 'soon', 'later') }, { weight: 3, arbitrary: fc.constantFrom<Manner>('fail', 'failSoon', 'failLater', 'flaky', 'flakyLater') });
const id = fc.constant(0);

const target = (callable: readonly number[]): fc.Arbitrary<Target> => {
  const act = fc.record({ kind: fc.constant('act' as const), manner, id });
  return callable.length === 0 ? act : fc.oneof(act, fc.record({ kind: fc.constant('route' as const), route: fc.constantFrom(...callable) }));
};

function trees(callable: readonly number[], depth: number): fc.Arbitrary<readonly Tree[]> {
  const act = fc.record({ kind: fc.constant('act' as const), manner, id });
  const leaves: fc.WeightedArbitrary<Tree>[] = [
    { weight: 10, arbitrary: act },
    { weight: 1, arbitrary: fc.constant({ kind: 'stop' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'throw' as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('recipientList' as const), isParallel: fc.boolean(), to: fc.array(target(callable), { minLength: 1, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('enrich' as const), to: target(callable) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wireTap' as const), to: target(callable) }) },
  ];
  if (callable.length > 0) leaves.push({ weight: 3, arbitrary: fc.record({ kind: fc.constant('call' as const), route: fc.constantFrom(...callable) }) });
  if (depth === 0) return fc.array(fc.oneof(...leaves), { minLength: 1, maxLength: 3 });
  const steps = trees(callable, depth - 1);
  const composites: fc.WeightedArbitrary<Tree>[] = [
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('filter' as const), takes: fc.boolean(), steps }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('choice' as const), whens: fc.array(fc.record({ takes: fc.boolean(), steps }), { minLength: 1, maxLength: 2 }), otherwise: steps }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('split' as const), parts: fc.integer({ min: 0, max: 3 }), isParallel: fc.boolean(), stops: fc.boolean(), steps }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('multicast' as const), isParallel: fc.boolean(), stops: fc.boolean(), steps }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('loop' as const), times: fc.integer({ min: 0, max: 3 }), copies: fc.boolean(), steps }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('doTry' as const), steps, caught: fc.option(steps, { nil: null }), last: fc.option(steps, { nil: null }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('pipeline' as const), steps }) },
  ];
  return fc.array(fc.oneof(...leaves, ...composites), { minLength: 1, maxLength: 3 });
}

const handlings: fc.Arbitrary<Handling> = fc.record({
  kind: fc.constantFrom<Handling['kind'][]>('none', 'default', 'deadLetter', 'onException', 'handled', 'continued'),
  redeliveries: fc.integer({ min: 0, max: 2 }),
  steps: trees([], 0),
});

/** Programs of three routes; every action has a number of its own. */
export const programs: fc.Arbitrary<Program> = fc
  .record({ main: trees([1, 2], 2), first: trees([2], 1), second: trees([], 1), handling: handlings })
  .map(({ main, first, second, handling }) => numbered({ routes: [main, first, second], handling }));

/** A parallel fan-out that ends at the first failure depends on who is first: those are not drawn. */
function numbered(program: Program): Program {
  let count = 0;
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    const copy: Record<string, unknown> = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item)]));
    if (copy['kind'] === 'act') copy['id'] = ++count;
    if (copy['isParallel'] === true && 'stops' in copy) copy['stops'] = false;
    return copy;
  };
  return visit(program) as Program;
}

/** Whether the order of actions is the same in every run. */
export function isOrdered(program: Program): boolean {
  const text = JSON.stringify(program);
  return !text.includes('"isParallel":true') && !text.includes('"kind":"wireTap"');
}

// ------------------------------------------------------------------------------------------------ as routes

const uriOf = (to: Target): string => (to.kind === 'route' ? `direct:route${to.route}` : `act:${to.manner}?number=${to.id}`);
const predicate = (holds: boolean): unknown => ({ simple: holds ? '${body} != null' : '${body} == null' });

function step(tree: Tree): unknown {
  switch (tree.kind) {
    case 'act':
      return { to: { uri: uriOf(tree) } };
    case 'stop':
      return { stop: {} };
    case 'throw':
      return { throwException: { exceptionType: 'java.lang.IllegalStateException', message: 'thrown' } };
    case 'filter':
      return { filter: { expression: predicate(tree.takes), steps: tree.steps.map(step) } };
    case 'choice':
      return { choice: { when: tree.whens.map(({ takes, steps }) => ({ expression: predicate(takes), steps: steps.map(step) })), otherwise: { steps: tree.otherwise.map(step) } } };
    case 'split':
      return { split: { expression: { constant: Array.from({ length: tree.parts }, (_, i) => String(i)).join(',') }, parallelProcessing: tree.isParallel, stopOnException: tree.stops, steps: tree.steps.map(step) } };
    case 'multicast':
      return { multicast: { parallelProcessing: tree.isParallel, stopOnException: tree.stops, steps: tree.steps.map(step) } };
    case 'loop':
      return { loop: { expression: { constant: String(tree.times) }, copy: tree.copies, steps: tree.steps.map(step) } };
    case 'doTry':
      return {
        doTry: {
          steps: tree.steps.map(step),
          ...(tree.caught === null ? {} : { doCatch: [{ exception: ['java.lang.Exception'], steps: tree.caught.map(step) }] }),
          ...(tree.last === null ? {} : { doFinally: { steps: tree.last.map(step) } }),
        },
      };
    case 'pipeline':
      return { pipeline: { steps: tree.steps.map(step) } };
    case 'recipientList':
      return { recipientList: { expression: { constant: tree.to.map(uriOf).join(',') }, parallelProcessing: tree.isParallel } };
    case 'enrich':
      return { enrich: { expression: { constant: uriOf(tree.to) } } };
    case 'wireTap':
      return { wireTap: { uri: uriOf(tree.to) } };
    case 'call':
      return { to: { uri: `direct:route${tree.route}` } };
  }
}

/** Number of the action at which dead letters end. */
export const deadLetterNumber = 1000;

export function routesOf({ routes, handling }: Program): unknown[] {
  const { kind, redeliveries, steps } = handling;
  const redeliveryPolicy = { maximumRedeliveries: redeliveries, redeliveryDelay: 2 };
  const elements: unknown[] = [];
  if (kind === 'none') elements.push({ errorHandler: { noErrorHandler: {} } });
  if (kind === 'default') elements.push({ errorHandler: { defaultErrorHandler: { redeliveryPolicy } } });
  if (kind === 'deadLetter') elements.push({ errorHandler: { deadLetterChannel: { deadLetterUri: `act:now?number=${deadLetterNumber}`, redeliveryPolicy } } });
  if (kind === 'onException' || kind === 'handled' || kind === 'continued') {
    const outcome = kind === 'onException' ? {} : { [kind]: { constant: 'true' } };
    elements.push({ onException: { exception: ['java.lang.Exception'], redeliveryPolicy, ...outcome, steps: steps.map(step) } });
  }
  routes.forEach((trees, number) => elements.push({ route: { id: `route${number}`, from: { uri: number === 0 ? 'feed:start' : `direct:route${number}`, steps: trees.map(step) } } }));
  return elements;
}

// ------------------------------------------------------------------------------------------------ what they mean

/** An exchange as the model sees it. */
export class Modelled {
  failed = false;
  exhausted = false;
  stopped = false;
  handled = false;
  /** An error handler has had a failure of it: none has another. */
  dealtWith = false;
  /** A doTry is under way around it. */
  tried = false;
  /** Of the redelivery counter header. */
  counter = 0;
  private readonly visits = new Map<number, number>();

  get isHalted(): boolean {
    return this.failed || this.stopped || this.handled;
  }

  fail(): void {
    this.failed = true;
    this.exhausted = false;
    this.handled = false;
  }

  clearFailure(): void {
    this.failed = false;
    this.exhausted = false;
  }

  copy(): Modelled {
    const copy = new Modelled();
    copy.counter = this.counter;
    copy.tried = this.tried;
    return copy;
  }

  takeResult(other: Modelled): void {
    this.takeOutcome(other);
    this.dealtWith = other.dealtWith;
    this.counter = other.counter;
  }

  takeOutcome({ failed, exhausted, stopped, handled }: Modelled): void {
    Object.assign(this, { failed, exhausted, stopped, handled });
  }

  visit(number: number): number {
    const count = (this.visits.get(number) ?? 0) + 1;
    this.visits.set(number, count);
    return count;
  }
}

interface Place {
  readonly handling: Handling | null;
  /** That of the route around a doTry, which taps still have. */
  readonly outer?: Handling | null;
  /** Among the steps of another step. */
  readonly isNested?: boolean;
}

/** Runs a program as Camel's rules say, one thing after the other; gives the actions in their order. */
export class Model {
  readonly trace: number[] = [];
  private readonly program: Program;
  private readonly taps: (() => void)[] = [];

  constructor(program: Program) {
    this.program = program;
  }

  run(): Modelled {
    const exchange = new Modelled();
    this.route(0, exchange);
    for (let tap = this.taps.shift(); tap !== undefined; tap = this.taps.shift()) tap();
    return exchange;
  }

  private route(route: number, exchange: Modelled): void {
    const { handling } = this.program;
    this.steps(this.program.routes[route]!, exchange, { handling: handling.kind === 'none' ? null : handling });
  }

  private steps(trees: readonly Tree[], exchange: Modelled, place: Place): void {
    for (const tree of trees) if (!exchange.isHalted) this.step(tree, exchange, place);
  }

  private step(tree: Tree, exchange: Modelled, place: Place): void {
    if (tree.kind === 'doTry' && place.isNested !== true) this.once(tree, exchange, place);
    else this.handled(exchange, place, () => this.once(tree, exchange, place));
  }

  /** Runs what the route's error handler stands around. */
  private handled(exchange: Modelled, { handling }: Place, run: () => void, isBranch = false): void {
    run();
    if (handling === null || (isBranch && exchange.tried)) return;
    if (handling.kind === 'default' && handling.redeliveries === 0) {
      if (!exchange.failed || exchange.exhausted || exchange.dealtWith) return;
      exchange.exhausted = true;
      exchange.dealtWith = true;
      return;
    }
    for (let counter = 0; exchange.failed && !exchange.exhausted && !exchange.dealtWith; ) {
      counter = Math.max(exchange.counter, counter) + 1;
      exchange.counter = counter;
      if (counter > handling.redeliveries) return this.exhaust(exchange, handling, counter);
      exchange.takeOutcome(new Modelled());
      run();
    }
  }

  private exhaust(exchange: Modelled, { kind, steps }: Handling, counter: number): void {
    exchange.counter = kind === 'default' || kind === 'onException' ? counter - 1 : 0;
    if (kind === 'default') {
      exchange.exhausted = true;
      exchange.dealtWith = true;
      return;
    }
    exchange.clearFailure();
    exchange.stopped = false;
    if (kind === 'deadLetter') this.act(exchange, 'now', deadLetterNumber);
    else this.steps(steps, exchange, { handling: null });
    exchange.dealtWith = true;
    if (exchange.failed) exchange.exhausted = true;
    else if (exchange.handled) return;
    else if (kind === 'continued') {
      exchange.dealtWith = false;
      exchange.counter = 0;
    } else if (kind === 'onException') {
      exchange.fail();
      exchange.exhausted = true;
    } else exchange.handled = true;
  }

  private once(tree: Tree, exchange: Modelled, around: Place): void {
    const place = { ...around, isNested: true };
    switch (tree.kind) {
      case 'act':
        return this.act(exchange, tree.manner, tree.id);
      case 'stop':
        exchange.stopped = true;
        return;
      case 'throw':
        return exchange.fail();
      case 'filter':
        if (tree.takes) this.steps(tree.steps, exchange, place);
        return;
      case 'choice': {
        const when = tree.whens.find(({ takes }) => takes);
        return this.steps(when?.steps ?? tree.otherwise, exchange, place);
      }
      case 'pipeline':
        return this.steps(tree.steps, exchange, place);
      case 'call':
        return this.route(tree.route, exchange);
      case 'split':
        return this.fanOut(
          exchange,
          Array.from({ length: tree.parts }, () => (child: Modelled) => this.handled(child, place, () => this.steps(tree.steps, child, place))),
          tree.stops,
          true,
        );
      case 'multicast':
        return this.fanOut(
          exchange,
          tree.steps.map((branch) => (child: Modelled) => this.handled(child, place, () => this.once(branch, child, place), true)),
          tree.stops,
          false,
        );
      case 'recipientList':
        return this.fanOut(
          exchange,
          tree.to.map((to) => (child: Modelled) => this.handled(child, place, () => this.send(to, child), true)),
          false,
          false,
        );
      case 'enrich': {
        const resource = exchange.copy();
        this.send(tree.to, resource);
        return exchange.takeResult(resource);
      }
      case 'wireTap': {
        const copy = exchange.copy();
        this.taps.push(() => this.handled(copy, { handling: place.handling ?? place.outer ?? null }, () => this.send(tree.to, copy)));
        return;
      }
      case 'loop':
        return this.loop(tree.times, tree.copies, tree.steps, exchange, place);
      case 'doTry':
        exchange.tried = true;
        this.doTry(tree.steps, tree.caught, tree.last, exchange, { handling: null, outer: place.handling ?? place.outer ?? null, isNested: true });
        exchange.tried = false;
    }
  }

  private act(exchange: Modelled, manner: Manner, number: number): void {
    this.trace.push(number);
    const visits = exchange.visit(number);
    if (manner.startsWith('fail') || (manner.startsWith('flaky') && visits === 1)) exchange.fail();
  }

  private send(to: Target, exchange: Modelled): void {
    if (to.kind === 'route') this.route(to.route, exchange);
    else this.act(exchange, to.manner, to.id);
  }

  private fanOut(parent: Modelled, children: readonly ((child: Modelled) => void)[], stops: boolean, keepsOriginal: boolean): void {
    let result: Modelled | null = null;
    for (const run of children) {
      const child = parent.copy();
      // Copies are made of the message as it was before the children.
      run(child);
      if (stops && child.isHalted) {
        if (child.failed) Object.assign(parent, { failed: true, exhausted: true });
        else parent.takeResult(child);
        return;
      }
      result = keepsOriginal ? child : latest(result, child);
      if (keepsOriginal && child.failed) Object.assign(parent, { failed: true, exhausted: true });
    }
    if (keepsOriginal || result === null) return;
    parent.takeResult(result);
    if (result.failed) parent.exhausted = true;
  }

  private loop(times: number, copies: boolean, steps: readonly Tree[], exchange: Modelled, place: Place): void {
    let current = exchange;
    for (let i = 0; i < times && !current.isHalted; i++) {
      current = copies ? exchange.copy() : exchange;
      this.steps(steps, current, place);
    }
    if (current !== exchange) exchange.takeResult(current);
  }

  private doTry(steps: readonly Tree[], caught: readonly Tree[] | null, last: readonly Tree[] | null, exchange: Modelled, place: Place): void {
    this.steps(steps, exchange, place);
    if (exchange.stopped) return;
    if (exchange.failed && caught !== null) {
      exchange.clearFailure();
      this.steps(caught, exchange, place);
      if (exchange.stopped) return;
      exchange.exhausted = false;
    }
    if (last !== null) {
      const before = new Modelled();
      before.takeOutcome(exchange);
      if (exchange.handled) exchange.dealtWith = false;
      exchange.takeOutcome(new Modelled());
      this.steps(last, exchange, place);
      exchange.failed ||= before.failed;
      exchange.exhausted ||= before.exhausted;
      exchange.stopped ||= before.stopped;
      exchange.handled ||= before.handled;
    }
  }
}

function latest(older: Modelled | null, newer: Modelled): Modelled {
  if (older === null || !older.isHalted || newer.failed) return newer;
  if (older.failed) {
    newer.failed = true;
    return newer;
  }
  return older.handled ? older : newer;
}
