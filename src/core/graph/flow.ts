import type { OperatorFunction } from 'rxjs';
import { Observable, Subscriber } from 'rxjs';
import type { Clock } from '../clock.ts';
import type { Exchange, StepInfo, Way } from '../exchange/exchange.ts';
import type { Expression } from '../expression.ts';

/** A step, or several in a row: every exchange that enters leaves exactly once. */
export type Pipe = OperatorFunction<Exchange, Exchange>;

/** Takes an exchange on whose way the caller has put itself; gives it back through `exchange.leave()`. */
export type Call = (exchange: Exchange) => void;

/**
 * What stands in the graph for a step. It is subscribed once, when the route starts, and lives as long as the route's graph.
 * A halted exchange passes through; `step` sees the others. What `step` throws fails that exchange and nothing else.
 */
export abstract class StepSubscriber extends Subscriber<Exchange> {
  protected readonly out: Subscriber<Exchange>;
  protected readonly info: StepInfo | null;
  /** Counts what the step takes; null: nobody wants to know. */
  counts: StepCounts | null = null;

  constructor(out: Subscriber<Exchange>, info: StepInfo | null = null) {
    super(out);
    this.out = out;
    this.info = info;
  }

  override next(exchange: Exchange): void {
    let goesOn = true;
    if (exchange.halt === 0) {
      const { counts } = this;
      if (counts !== null) {
        counts.total++;
        if (counts.probe !== null) counts.probe(exchange);
      }
      try {
        goesOn = this.step(exchange);
      } catch (thrown) {
        exchange.fail(thrown, this.info);
      }
    }
    if (goesOn) this.out.next(exchange);
  }

  /** Does the step's work. True: the exchange goes on now. False: the step has kept it, and sends it on later, exactly once. */
  protected abstract step(exchange: Exchange): boolean;

  /**
   * Wires a sub-pipeline that lives as long as this step. What leaves it goes to `exit`; without one, back along the
   * exchange's way (`exchange.leave()`).
   */
  branch(pipe: Pipe, exit: (exchange: Exchange) => void = leave): Inlet {
    const inlet = new Inlet();
    this.add(inlet.pipe(pipe).subscribe(new Exit(exit)));
    return inlet;
  }

  /** A branch whose exchanges go on where the step's own do. */
  protected branchToOutput(pipe: Pipe): Inlet {
    const inlet = new Inlet();
    this.add(inlet.pipe(pipe).subscribe(new Forward(this.out)));
    return inlet;
  }
}

/** What is counted of a step while it runs. */
export interface StepCounts {
  total: number;
  /** Looks at what the step is about to take; null, unless somebody traces the route. Must not throw. */
  probe: ((exchange: Exchange) => void) | null;
}

const leave = (exchange: Exchange): void => exchange.leave();

/** The end of a sub-pipeline. */
export class Exit extends Subscriber<Exchange> {
  private readonly exit: (exchange: Exchange) => void;

  constructor(exit: (exchange: Exchange) => void) {
    super();
    this.exit = exit;
  }

  override next(exchange: Exchange): void {
    this.exit(exchange);
  }
}

/** The end of a sub-pipeline whose exchanges go on with others. */
class Forward extends Subscriber<Exchange> {
  private readonly target: Subscriber<Exchange>;

  constructor(target: Subscriber<Exchange>) {
    super();
    this.target = target;
  }

  override next(exchange: Exchange): void {
    this.target.next(exchange);
  }
}

/** The start of a pipeline: a Subject with exactly one subscriber, so that emitting is one call. */
export class Inlet extends Observable<Exchange> {
  private target: Subscriber<Exchange> | null = null;

  constructor() {
    super((subscriber) => {
      if (this.target !== null) throw new Error('an inlet feeds one pipeline');
      this.target = subscriber;
    });
  }

  next(exchange: Exchange): void {
    this.target!.next(exchange);
  }
}

// What pipes are made of, where that is known: it lets them be counted in place, and work in place be done by one subscriber.
const makers = new WeakMap<Pipe, (out: Subscriber<Exchange>) => StepSubscriber>();
const works = new WeakMap<Pipe, Work>();
const sequences = new WeakMap<Pipe, readonly Pipe[]>();

/** An operator from its subscriber. */
export const operator = (make: (out: Subscriber<Exchange>) => StepSubscriber): Pipe => {
  const pipe: Pipe = (source) => new Observable((out) => source.subscribe(make(out)));
  makers.set(pipe, make);
  return pipe;
};

/** Several steps in a row. Neighbours that work in place become one operator. */
export const sequence = (pipes: readonly Pipe[]): Pipe => {
  const parts = fused(pipes.flatMap((pipe) => sequences.get(pipe) ?? [pipe]));
  if (parts.length === 1) return parts[0]!;
  const pipe: Pipe = (source) => parts.reduce((stream, part) => part(stream), source);
  sequences.set(pipe, parts);
  return pipe;
};

function fused(pipes: readonly Pipe[]): Pipe[] {
  const parts: Pipe[] = [];
  let row: Pipe[] = [];
  const close = (): void => {
    if (row.length < 2) parts.push(...row);
    else {
      const all = row.map((pipe) => works.get(pipe)!);
      parts.push((source) => new Observable((out) => source.subscribe(new PerformAll(out, all))));
    }
    row = [];
  };
  for (const pipe of pipes) {
    if (works.has(pipe)) row.push(pipe);
    else {
      close();
      parts.push(pipe);
    }
  }
  close();
  return parts;
}

/** Whether there is no step in it. */
export const isNothing = (pipe: Pipe): boolean => sequences.get(pipe)?.length === 0;

class Counted extends StepSubscriber {
  protected step(): boolean {
    return true;
  }
}

/** Counts the exchanges that enter a step, halted ones excepted. */
export function counted(pipe: Pipe, counts: StepCounts): Pipe {
  const work = works.get(pipe);
  if (work !== undefined) return inPlace({ ...work, counts });
  const parts = sequences.get(pipe);
  if (parts !== undefined && parts.length > 0) return sequence([counted(parts[0]!, counts), ...parts.slice(1)]);
  const make = makers.get(pipe);
  const counting = operator((out) => {
    const step = make === undefined ? new Counted(out) : make(out);
    const counter = step.next === StepSubscriber.prototype.next ? step : new Counted(step);
    counter.counts = counts;
    return counter;
  });
  return make === undefined ? sequence([counting, pipe]) : counting;
}


/** What a step does with an exchange in place. */
interface Work {
  readonly run: (exchange: Exchange) => unknown;
  readonly info: StepInfo | null;
  readonly counts: StepCounts | null;
}

class Perform extends StepSubscriber {
  private readonly run: (exchange: Exchange) => unknown;

  constructor(out: Subscriber<Exchange>, { run, info, counts }: Work) {
    super(out, info);
    this.run = run;
    this.counts = counts;
  }

  protected step(exchange: Exchange): boolean {
    const result = this.run(exchange);
    if (!isPromise(result)) return true;
    result.then(
      () => this.out.next(exchange),
      (thrown: unknown) => {
        exchange.fail(thrown, this.info);
        this.out.next(exchange);
      },
    );
    return false;
  }
}

/** Several steps that work in place, each guarded and counted as if it stood alone. */
class PerformAll extends StepSubscriber {
  private readonly works: readonly Work[];

  constructor(out: Subscriber<Exchange>, all: readonly Work[]) {
    super(out);
    this.works = all;
  }

  override next(exchange: Exchange): void {
    this.goOn(exchange, 0);
  }

  protected step(): boolean {
    return true;
  }

  private goOn(exchange: Exchange, first: number): void {
    const all = this.works;
    for (let i = first; i < all.length && exchange.halt === 0; i++) {
      const work = all[i]!;
      const { counts } = work;
      if (counts !== null) {
        counts.total++;
        if (counts.probe !== null) counts.probe(exchange);
      }
      let result: unknown;
      try {
        result = work.run(exchange);
      } catch (thrown) {
        exchange.fail(thrown, work.info);
        break;
      }
      if (result === undefined || !isPromise(result)) continue;
      result.then(
        () => this.goOn(exchange, i + 1),
        (thrown: unknown) => {
          exchange.fail(thrown, work.info);
          this.out.next(exchange);
        },
      );
      return;
    }
    this.out.next(exchange);
  }
}

function inPlace(work: Work): Pipe {
  const pipe: Pipe = (source) => new Observable((out) => source.subscribe(new Perform(out, work)));
  works.set(pipe, work);
  return pipe;
}

export const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

/** Goes on with a value at once, or with what a promise gives. */
export const whenKnown = <T, R>(value: T | Promise<T>, then: (value: T) => R | Promise<R>): R | Promise<R> => (isPromise(value) ? value.then(then) : then(value));

/** A step that works on the exchange in place, at once or (when it gives a promise) later. */
export const perform = (run: (exchange: Exchange) => void | Promise<void>, info: StepInfo | null = null): Pipe => inPlace({ run, info, counts: null });

/** A step that evaluates an expression, of either kind, and does something with its value. */
export const performWith = <T>(expression: Expression<T>, run: (exchange: Exchange, value: T) => void | Promise<void>, info: StepInfo | null = null): Pipe => {
  if (expression.isAsync !== true) return perform((exchange) => run(exchange, expression(exchange)), info);
  return perform((exchange) => whenKnown(expression(exchange), (value) => run(exchange, value)) as void | Promise<void>, info);
};

/**
 * Builds a step from an expression of either kind: an asynchronous one is evaluated by a step before it, and the step
 * itself reads the value. For steps that evaluate once per exchange.
 */
export const settled = <T>(expression: Expression<T>, info: StepInfo | null, build: (expression: Expression<T>) => Pipe): Pipe => {
  if (expression.isAsync !== true) return build(expression);
  const values = new WeakMap<Exchange, T>();
  const evaluate = perform((exchange) => whenKnown(expression(exchange), (value) => void values.set(exchange, value)), info);
  const read: Expression<T> = Object.assign((exchange: Exchange) => values.get(exchange) as T, { label: expression.label ?? '' });
  return sequence([evaluate, build(read)]);
};

class Detour extends StepSubscriber {
  private readonly inner: Inlet;
  private readonly takes: (exchange: Exchange) => boolean;

  constructor(out: Subscriber<Exchange>, steps: Pipe, takes: (exchange: Exchange) => boolean, info: StepInfo | null) {
    super(out, info);
    this.takes = takes;
    this.inner = this.branchToOutput(steps);
  }

  protected step(exchange: Exchange): boolean {
    if (!this.takes(exchange)) return true;
    this.inner.next(exchange);
    return false;
  }
}

/** Sends the exchanges that `takes` accepts through `steps`, the others past them. */
export const detour = (steps: Pipe, takes: (exchange: Exchange) => boolean, info: StepInfo | null = null): Pipe =>
  operator((out) => new Detour(out, steps, takes, info));

// ------------------------------------------------------------------------------------------------ calls

const deepestCall = 64;
let callDepth = 0;
const postponed: { exchange: Exchange; go: Call }[] = [];

/**
 * Runs `go(exchange)` so that calls and returns that nest without end do not grow the stack: deeper than 64 they are postponed to
 * the outermost call, which works them off before it returns.
 */
export function pumped(exchange: Exchange, go: Call): void {
  if (callDepth >= deepestCall) {
    postponed.push({ exchange, go });
    return;
  }
  callDepth++;
  try {
    go(exchange);
  } finally {
    callDepth--;
  }
  if (callDepth === 0 && postponed.length > 0) drainPostponed();
}

function drainPostponed(): void {
  while (callDepth === 0 && postponed.length > 0) {
    const { exchange, go } = postponed.shift()!;
    callDepth++;
    try {
      go(exchange);
    } finally {
      callDepth--;
    }
  }
}

/** Hands the exchange on to the step's output when it comes back. */
export class WayBack implements Way {
  readonly outer: Way | null;
  private readonly output: Subscriber<Exchange>;
  private readonly info: StepInfo | null;

  constructor(output: Subscriber<Exchange>, outer: Way | null, info: StepInfo | null = null) {
    this.output = output;
    this.outer = outer;
    this.info = info;
  }

  back(exchange: Exchange): void {
    if (exchange.halt !== 0 && this.info !== null) exchange.failedIn(this.info);
    pumped(exchange, (returned) => this.output.next(returned));
  }

  /** What exchanges go on to, with nothing done between. */
  get target(): Subscriber<Exchange> {
    return this.output;
  }
}

class CallStep extends StepSubscriber {
  private readonly call: Call;

  constructor(out: Subscriber<Exchange>, call: Call, info: StepInfo | null) {
    super(out, info);
    this.call = call;
  }

  protected step(exchange: Exchange): boolean {
    exchange.way = new WayBack(this.out, exchange.way, this.info);
    pumped(exchange, this.call);
    return false;
  }
}

/** A step, and who wants to know what its exchanges go on to. Where that can't be told, nobody is. */
export function withOutput(pipe: Pipe, tell: (output: Subscriber<Exchange>) => void): Pipe {
  const make = makers.get(pipe);
  if (make === undefined) return pipe;
  return operator((out) => {
    tell(out);
    return make(out);
  });
}

/** A step that gives the exchange away and goes on when it comes back. The call must not throw. */
export const callStep = (call: Call, info: StepInfo | null = null): Pipe => operator((out) => new CallStep(out, call, info));

class ReplaceableStep extends CallStep {
  constructor(out: Subscriber<Exchange>, pipe: Pipe, replace: (itself: Call) => Call, info: StepInfo | null) {
    super(out, (exchange) => call(exchange), info);
    const inlet = this.branch(pipe);
    const call = replace((exchange) => inlet.next(exchange));
  }
}

/** A step that a call does in its place, or gives on to the step itself. */
export const replaceableStep = (pipe: Pipe, replace: (itself: Call) => Call, info: StepInfo | null = null): Pipe => operator((out) => new ReplaceableStep(out, pipe, replace, info));

/** A call from work that is done on the exchange in place. */
export const callFrom =
  (run: (exchange: Exchange) => void | Promise<void>, info: StepInfo | null = null): Call =>
  (exchange) => {
    let result: void | Promise<void>;
    try {
      result = run(exchange);
    } catch (thrown) {
      exchange.fail(thrown, info);
      return exchange.leave();
    }
    if (!isPromise(result)) return exchange.leave();
    result.then(
      () => exchange.leave(),
      (thrown: unknown) => {
        exchange.fail(thrown, info);
        exchange.leave();
      },
    );
  };

// ------------------------------------------------------------------------------------------------ turns

const sliceMillis = 8;
let sliceEnd = 0;
let pumpDepth = 0;

/**
 * Repeats a turn whose exchange comes back at once or later, in constant stack, and lets the event loop have its turn every few
 * milliseconds. Whoever starts one pushes it on the exchange's way; `back` must call `go`.
 */
export abstract class Turns implements Way {
  readonly outer: Way | null;
  private readonly clock: Clock;
  private isRunning = false;
  private isAway = false;
  private count = 0;

  constructor(clock: Clock, outer: Way | null = null) {
    this.clock = clock;
    this.outer = outer;
  }

  abstract back(exchange: Exchange): void;

  /** Starts the next turn, if there is one: true. False: there is none, and the turns are over for now. Must not throw. */
  protected abstract turn(): boolean;

  /** Called when `turn` gave false. */
  protected abstract over(): void;

  /** Runs turns until one stays away, there are no more, or the event loop is due. */
  protected go(): void {
    this.isAway = false;
    if (this.isRunning) return;
    this.isRunning = true;
    if (pumpDepth === 0) sliceEnd = performance.now() + sliceMillis;
    pumpDepth++;
    let isOver = false;
    for (;;) {
      this.isAway = true;
      if (!this.turn()) {
        isOver = true;
        break;
      }
      if (this.isAway) break;
      if ((++this.count & 31) === 0 && performance.now() >= sliceEnd) {
        this.isAway = true;
        this.clock.yield(() => this.go());
        break;
      }
    }
    pumpDepth--;
    this.isRunning = false;
    if (isOver) this.over();
  }
}
