import { Bag } from './bag.ts';
import { javaClass } from '../conversion/javaClass.ts';
import { ExchangeError, toExchangeError } from '../errors.ts';
import { Headers } from './headers.ts';

/**
 * Why an exchange passes through later steps untouched: `exchange.halt` is 0 while it may go on, else a set of these bits.
 * Which boundary clears which is written down in ARCHITECTURE.md ("Outcomes").
 */
export const FAILED = 1;
/** `stop`: the whole exchange ends, callers through `direct:` too; a split part or branch ends only itself. */
export const STOPPED = 2;
/** An error handler has dealt with the failure: the caller's route ends too, without an exception. */
export const HANDLED = 4;
/** `rollback` with markRollbackOnly: no exception, but the source is not acknowledged. */
export const ROLLBACK_ONLY = 8;
/** Redelivery is over: no outer step's error handler takes this failure again. Only ever together with FAILED. */
export const EXHAUSTED = 16;
/**
 * Only ever together with EXHAUSTED: the children of a split, multicast or recipientList have failed, each of which an error handler has seen. Not even
 * that around a slip takes it.
 */
export const SPENT = 128;
/** What is cleared together with a failure. */
export const SPENDINGS = EXHAUSTED | SPENT;
/** As ROLLBACK_ONLY, but for the innermost transaction only (`rollback` with markRollbackOnlyLast). */
export const ROLLBACK_ONLY_LAST = 32;

/** It goes on later, from the state store: nothing is over, but its source may be settled. Only ever together with HANDLED. */
export const PARKED = 64;

/** Whether the exchange ends with a failure that nobody has dealt with, or was rolled back: its source must not acknowledge it. */
export const isUnhandled = (exchange: Exchange): boolean =>
  (exchange.halt & (FAILED | HANDLED)) === FAILED || (exchange.halt & ROLLBACK_ONLY) !== 0;

/**
 * The way back of an exchange that went into a called route, a sub-pipeline or a nested block: a stack, linked by `outer`.
 * Whoever pushed it gets the exchange back exactly once.
 */
export interface Way {
  readonly outer: Way | null;
  /** Calls that it is in, where it is known: see `depthOf`. */
  readonly depth?: number;
  /** Gets the exchange after the way has been popped. Must not throw. */
  back(exchange: Exchange): void;
}

/** In how many calls of routes a way is, those of the exchanges that it is a part or a copy of among them. */
export function depthOf(way: Way | null): number {
  for (let around = way; around !== null; around = around.outer) if (around.depth !== undefined) return around.depth;
  return 0;
}

/** Names a step for errors, logs, metrics and traces. */
export interface StepInfo {
  readonly routeId: string;
  /** Explicit id, or Camel's automatic one (`setBody1`). */
  readonly stepId: string;
  /** The YAML key, such as `setBody`. */
  readonly kind: string;
  /** What Camel shows in its message history, such as `setBody[simple{...}]`. */
  readonly label: string;
  /** `file:line:column`, or null for a step that was not written in a file. */
  readonly at: string | null;
  /** What the keys of its state begin with, once it has asked for its store. */
  stateKey?: string | null;
  /** Counted where the step runs. */
  readonly statistics?: { total: number; failed: number; probe: ((exchange: Exchange) => void) | null };
}

export type Completion = (exchange: Exchange) => void | Promise<void>;

/**
 * A delivery on its way: shared by the exchange and all that shares its fate (split parts, branches, called routes,
 * members of an aggregate that are not stored yet). When its last holder lets go it runs its completions, last first, and settles.
 */
export class UnitOfWork {
  private holders = 1;
  private completions: Completion[] | null = null;
  private preparations: Completion[] | null = null;
  private ends: Completion[] | null = null;
  /** The exchange that `settle` is called with: the one that came from the source. */
  readonly exchange: Exchange;
  /** The source waits for a reply (the exchange's own pattern may change on its way). */
  readonly isRequest: boolean;
  private readonly settle: (exchange: Exchange) => void;
  /** The message as it was when the delivery began, kept only where some error handler wants it. */
  originalBody: unknown = undefined;
  originalHeaders: Headers | null = null;
  /** The original once somebody has taken it for its message. */
  private taken: { body: unknown; readonly headers: Headers; by: Exchange | null } | null = null;
  /** The source's own name for the message (`Delivery.id`); null: delivered again it can't be told from a new one. */
  deliveryId: string | null = null;

  constructor(exchange: Exchange, settle: (exchange: Exchange) => void) {
    this.exchange = exchange;
    this.isRequest = exchange.isInOut;
    this.settle = settle;
  }

  /** Milliseconds that the source can wait for another attempt of a step; a message that has longer to wait is put aside. */
  get longestWaitMillis(): number {
    return Infinity;
  }

  /** Its exchange waits without holding the source up, which may send the next one. */
  stepAside(): void {}

  /** The delivery that this stands for: itself, where it is not only a child's view of it. */
  get whole(): UnitOfWork {
    return this;
  }

  /**
   * Gives an exchange the message as it was, or only its body. As in Camel that is one message, not a copy, until it is given up: who takes it next gets
   * what has become of it.
   */
  takeOriginal(exchange: Exchange, isWhole = true): void {
    if (this.originalHeaders === null) return;
    const taken = (this.taken ??= { body: this.originalBody, headers: this.originalHeaders.copy(), by: null });
    if (taken.by !== null) this.giveUpOriginal(taken.by);
    exchange.body = taken.body;
    if (!isWhole) return;
    exchange.headers = taken.headers;
    taken.by = exchange;
  }

  /** The original body, and what has become of it. */
  get latestOriginalBody(): unknown {
    return this.taken === null ? this.originalBody : this.taken.body;
  }

  /** From here on the exchange changes a message of its own. */
  giveUpOriginal(exchange: Exchange): void {
    const { taken } = this;
    if (taken === null || taken.by !== exchange) return;
    taken.by = null;
    // One whose headers are others by now has another message already.
    if (exchange.headers !== taken.headers) return;
    taken.body = exchange.body;
    exchange.headers = taken.headers.copy();
  }

  retain(): void {
    this.holders++;
  }

  release(): void {
    if (--this.holders === 0) this.finish();
  }

  get isDone(): boolean {
    return this.holders <= 0;
  }

  onCompletion(completion: Completion): void {
    (this.completions ??= []).push(completion);
  }

  /**
   * Runs when the exchange that came from the source is at its end, before the source may send the next one, whoever else still holds the unit of
   * work; where somebody waits for a reply over a network, beside that. Last first.
   */
  beforeLeaving(completion: Completion): void {
    (this.ends ??= []).push(completion);
  }

  /** The exchange is at its end; null: there is nothing to do before it leaves. */
  leaving(): Promise<void> | null {
    return this.ends === null ? null : this.end(this.ends);
  }

  private async end(ends: readonly Completion[]): Promise<void> {
    this.ends = null;
    for (let i = ends.length - 1; i >= 0; i--) await this.runGuarded(ends[i]!);
  }

  /**
   * Runs when the last holder has let go, before the completions: the place to store what is left of the delivery. What it throws fails
   * the delivery. It may retain the unit of work again (the delivery then goes on).
   */
  beforeSettling(preparation: Completion): void {
    (this.preparations ??= []).push(preparation);
  }

  /** All holders have let go, and the completions have run. */
  protected settled(): void {
    this.settle(this.exchange);
  }

  private finish(): void {
    if (this.preparations === null && this.completions === null && this.ends === null) this.settled();
    else void this.finishAll();
  }

  private async finishAll(): Promise<void> {
    this.holders = 1;
    await this.leaving();
    const preparations = this.preparations ?? [];
    this.preparations = null;
    for (const prepare of preparations) await this.runGuarded(prepare);
    if (--this.holders > 0) return;
    const completions = this.completions ?? [];
    this.completions = null;
    for (let i = completions.length - 1; i >= 0; i--) await this.runGuarded(completions[i]!);
    this.settled();
  }

  private async runGuarded(run: Completion): Promise<void> {
    try {
      await run(this.exchange);
    } catch (thrown) {
      // One that fails must not keep the others, or the delivery, from settling.
      if (!this.exchange.isFailed) this.exchange.fail(thrown);
    }
  }
}

/** What all exchanges of one runtime share: the languages and steps reach beans, properties and global variables through it. */
export interface ExchangeScope {
  readonly name: string;
  readonly clock: { now(): number };
  nextExchangeId(): string;
  property(key: string): string | undefined;
  bean(name: string): unknown;
  readonly globalVariables: Bag;
  routeVariables(routeId: string): Bag;
  /** Ids of all routes. */
  routeIds?(): string[];
}

const emptyScope: ExchangeScope = {
  name: 'none',
  clock: { now: () => 0 },
  nextExchangeId: () => '0',
  property: () => undefined,
  bean: () => undefined,
  globalVariables: new Bag(),
  routeVariables: () => new Bag(),
};

/** Failures whose step is known. */
const located = new WeakSet<ExchangeError>();

function receivedHeaders(variables: Bag, prefix: string): Record<string, unknown> {
  const found = Object.create(null) as Record<string, unknown>;
  variables.forEach((name, value) => {
    if (name.startsWith(prefix)) found[name.slice(prefix.length)] = value;
  });
  return found;
}

/**
 * One message on its way: body, headers, properties, variables, pattern and outcome. Fields in fixed order: one hidden class.
 * A copy is shallow, as in Camel.
 */
export class Exchange {
  body: unknown;
  headers: Headers;
  /** 0: may go on. Otherwise FAILED, STOPPED, HANDLED, ROLLBACK_ONLY, EXHAUSTED bits. */
  halt = 0;
  exception: ExchangeError | null = null;
  /** True for request-reply (InOut). */
  isInOut: boolean;
  private bag: Bag | null = null;
  private localVariables: Bag | null = null;
  way: Way | null = null;
  unitOfWork: UnitOfWork | null = null;
  readonly scope: ExchangeScope;
  private ownId: string | null = null;
  /** The route in which the exchange is now, and the one that it came in by. */
  routeId: string | null = null;
  fromRouteId: string | null = null;
  fromEndpoint: string | null = null;
  /** Milliseconds, from the one clock; 0 = not known. */
  created = 0;
  /** The step that failed last. */
  failedStep: StepInfo | null = null;
  /** Exchanges of one lane keep their order; null: no order is promised. */
  lane: object | null = null;
  /** Aborted when nobody waits for this exchange any more (a late branch, a stop). */
  signal: AbortSignal | null = null;
  /** The exchange in whose name it is under way: it shares completions with that; null: it has its own. */
  lead: Exchange | null = null;
  /** An error handler has dealt with a failure of it: as in Camel none does so again, whoever has caught that. Copies begin anew. */
  wasDealtWith = false;
  /** A `doTry` is under way, perhaps in a route that has called this one: as in Camel the branches of a multicast have no error handler then. */
  isTried = false;
  private ends: (() => void | Promise<void>)[] | null = null;

  get [javaClass](): string {
    return 'org.apache.camel.support.DefaultExchange';
  }

  constructor(scope: ExchangeScope = emptyScope, body: unknown = null, headers: Headers = new Headers(), isInOut = false) {
    this.scope = scope;
    this.body = body;
    this.headers = headers;
    this.isInOut = isInOut;
  }

  get id(): string {
    return (this.ownId ??= this.scope.nextExchangeId());
  }

  set id(id: string) {
    this.ownId = id;
  }

  /** Created on first use. */
  get properties(): Bag {
    return (this.bag ??= new Bag());
  }

  property(name: string): unknown {
    return this.bag === null ? undefined : this.bag.get(name);
  }

  get hasProperties(): boolean {
    return this.bag !== null && this.bag.size > 0;
  }

  replaceProperties(bag: Bag | null): void {
    this.bag = bag;
  }

  get variables(): Bag {
    return (this.localVariables ??= new Bag());
  }

  get hasVariables(): boolean {
    return this.localVariables !== null && this.localVariables.size > 0;
  }

  replaceVariables(bag: Bag | null): void {
    this.localVariables = bag;
  }

  /**
   * A variable by Camel's naming: `name` is the exchange's own, `global:name` the runtime's, `route:name` the current route's
   * (`route:routeId:name` another route's); `header:name` are all headers that `variableReceive` has put beside it.
   * @throws IllegalArgumentException when another word stands before the colon
   */
  variable(name: string): unknown {
    const colon = name.indexOf(':');
    if (colon < 0) return this.localVariables === null ? undefined : this.localVariables.get(name);
    const [bag, key] = this.repository(name, colon);
    return key.startsWith('header:') && !key.includes('.') ? (bag.size === 0 ? undefined : receivedHeaders(bag, `${key}.`)) : bag.get(key);
  }

  /** As in Camel, one that is set to null is none. */
  setVariable(name: string, value: unknown): void {
    if (value === null || value === undefined) {
      this.removeVariable(name);
      return;
    }
    const colon = name.indexOf(':');
    if (colon < 0) this.variables.set(name, value);
    else {
      const [bag, key] = this.repository(name, colon);
      bag.set(key, value);
    }
  }

  removeVariable(name: string): unknown {
    const colon = name.indexOf(':');
    if (colon < 0) return this.localVariables?.remove(name);
    const [bag, key] = this.repository(name, colon);
    return bag.remove(key);
  }

  private repository(name: string, colon: number): [Bag, string] {
    const kind = name.slice(0, colon);
    const key = name.slice(colon + 1);
    if (kind === 'global') return [this.scope.globalVariables, key];
    if (kind === 'route') {
      const second = key.indexOf(':');
      if (second >= 0) return [this.scope.routeVariables(key.slice(0, second)), key.slice(second + 1)];
      return [this.scope.routeVariables(this.routeId ?? ''), key];
    }
    if (kind !== 'header' && kind !== 'exchange') throw new ExchangeError('java.lang.IllegalArgumentException', `VariableRepository with id: ${kind} does not exist`);
    return [this.variables, name];
  }

  get isFailed(): boolean {
    return (this.halt & FAILED) !== 0;
  }

  /** Fails the exchange with anything that was thrown; keeps an error of ours as it is. */
  fail(thrown: unknown, step: StepInfo | null = null): void {
    this.exception = toExchangeError(thrown);
    this.halt = (this.halt & ~(SPENDINGS | HANDLED)) | FAILED;
    if (step !== null) this.locate(step);
  }

  /** Says which step failed, where that is not known yet: what it sent the message to may not know. */
  failedIn(step: StepInfo): void {
    if (this.exception !== null && !located.has(this.exception)) this.locate(step);
  }

  private locate(step: StepInfo): void {
    located.add(this.exception!);
    this.failedStep = step;
    if (step.statistics !== undefined) step.statistics.failed++;
  }

  /** Puts the failure into another; where it happened stays as it is. */
  wrapFailure(wrap: (failure: ExchangeError) => ExchangeError): void {
    const failure = this.exception!;
    this.exception = wrap(failure);
    if (located.has(failure)) located.add(this.exception);
  }

  /** Takes the failure away: the exchange may go on, unless it was stopped. */
  clearFailure(): void {
    this.exception = null;
    this.halt &= ~(FAILED | SPENDINGS);
  }

  /** Pops the way back and gives the exchange to whoever pushed it. */
  leave(): void {
    const { way } = this;
    if (way === null) throw new Error(`exchange ${this.id} has no way back: it left twice`);
    this.way = way.outer;
    if (way.outer === null && this.ends !== null) this.end(this.ends, 0, way);
    else way.back(this);
  }

  /**
   * Runs when the exchange has come to its end: a message when it leaves the route that it came in by, a part or branch when it is done. Who waits for
   * the exchange waits for a promise, too.
   */
  onEnd(run: () => void | Promise<void>): void {
    (this.ends ??= []).push(run);
  }

  private end(ends: readonly (() => void | Promise<void>)[], first: number, way: Way): void {
    this.ends = null;
    for (let i = first; i < ends.length; i++) {
      const ending = ends[i]!();
      if (ending === undefined) continue;
      void ending.then(() => this.end(ends, i + 1, way));
      return;
    }
    way.back(this);
  }

  /**
   * A shallow copy with the same body, headers, properties, variables, pattern and unit of work, that is under way on its own:
   * it has no way back and no outcome yet.
   */
  copy(): Exchange {
    const copy = new Exchange(this.scope, this.body, this.headers.copy(), this.isInOut);
    if (this.bag !== null) copy.bag = this.bag.copy();
    if (this.localVariables !== null) copy.localVariables = this.localVariables.copy();
    copy.unitOfWork = this.unitOfWork;
    copy.routeId = this.routeId;
    copy.fromRouteId = this.fromRouteId;
    copy.fromEndpoint = this.fromEndpoint;
    copy.created = this.created;
    copy.lane = this.lane;
    copy.signal = this.signal;
    copy.isTried = this.isTried;
    return copy;
  }

  /** A copy that is under way in the exchange's own name: what is to be done at its end is done at the exchange's. */
  facet(): Exchange {
    const copy = this.copy();
    copy.lead = this.lead ?? this;
    return copy;
  }

  /** Takes over the message, properties, variables and outcome of another exchange (Camel's copyResults). */
  takeResult(result: Exchange): void {
    if (result === this) return;
    this.body = result.body;
    this.headers = result.headers.copy();
    if (result.bag !== null) {
      const own = this.properties;
      result.bag.forEach((name, value) => own.set(name, value));
    }
    if (result.localVariables !== null) {
      const own = this.variables;
      result.localVariables.forEach((name, value) => own.set(name, value));
    }
    this.exception = result.exception;
    this.halt = result.halt;
    this.wasDealtWith = result.wasDealtWith;
    if (result.failedStep !== null) this.failedStep = result.failedStep;
  }
}

/** Exchanges that failed on a slip behind an endpoint of it: as in Camel they have that one's reply then. */
export const failedReplies = new WeakSet<Exchange>();
