import type { Subscriber } from 'rxjs';
import { Bag } from '../exchange/bag.ts';
import type { Timer } from '../clock.ts';
import type { AggregationStrategy, StepContext } from '../definition.ts';
import { ExchangeError } from '../errors.ts';
import type { Completion, Way , Exchange} from '../exchange/exchange.ts';
import { depthOf, EXHAUSTED, FAILED, SPENT, UnitOfWork } from '../exchange/exchange.ts';
import { StepSubscriber, Turns, isPromise } from './flow.ts';
import type { Task, ThreadPool } from './pool.ts';
import { leaveThread, PoolThread, putOn } from '../exchange/poolThread.ts';

/** Parts or branches in flight at once under `parallelProcessing`, where no thread pool says another number. */
export const defaultParallel = 16;

/** Parts or branches in flight at once, those that wait for their turn in a pool among them. */
const mostPooled = 1000;

/** Children that missed their parent's time limit and are still under way: beyond so many of one step, new parents fail at once. */
const mostLate = 1000;

/** How split, multicast and recipientList treat their children. */
export interface FanOutOptions {
  readonly strategy: AggregationStrategy;
  /** Children in flight at once; 1: one after the other. */
  readonly limit: number;
  /** What they run in; null: nothing beside `limit` bounds them. */
  readonly pool: ThreadPool | null;
  /** A child keeps its place in the pool while it waits for something. */
  readonly isSynchronous: boolean;
  /** Results are aggregated in the order of arrival. */
  readonly isStreaming: boolean;
  readonly stopsOnException: boolean;
  /** 0: no limit. */
  readonly timeoutMillis: number;
  /** Works on each child before it is sent. */
  readonly prepare: ((child: Exchange) => unknown) | null;
}

/** What a split with `errorThreshold` or `maxFailedRecords` keeps count of. */
export interface Tolerance {
  /** Records a part that has come back. True: too many have failed. */
  add(child: Exchange, index: number): boolean;
  /** Tells the parent, at the end. */
  report(parent: Exchange, total: number): void;
}

/** A step that sends children of each exchange on, and goes on with what the strategy makes of them. */
export abstract class FanOut extends StepSubscriber {
  readonly context: StepContext;
  readonly options: FanOutOptions;
  /** Children whose parent has gone on without them. */
  late = 0;

  constructor(out: Subscriber<Exchange>, context: StepContext, options: FanOutOptions) {
    super(out, context.info);
    this.context = context;
    this.options = options;
  }

  /** Throws when too many children that nobody waits for are still under way. */
  protected refuseLate(): void {
    if (this.late < mostLate) return;
    throw new ExchangeError('java.util.concurrent.RejectedExecutionException', `${this.late} parts that missed the time limit of ${this.context.info.stepId} are still under way`);
  }

  send(exchange: Exchange): void {
    this.out.next(exchange);
  }
}

/** A child's place in a round whose children are under way side by side. */
class Seat implements Way {
  readonly outer = null;
  private readonly round: Round;
  private readonly index: number;

  constructor(round: Round, index: number) {
    this.round = round;
    this.index = index;
  }

  get depth(): number {
    return this.round.depth;
  }

  back(child: Exchange): void {
    this.round.arrive(child, this.index);
  }
}

/** What `produce` gives while the next child is not there yet; it calls `go` when it is. */
export const notYet: unique symbol = Symbol('not yet');

/**
 * The children of one parent: sent one after the other, or some at a time, each exactly once; when the last one is back the parent goes on with
 * the result. After a failure that ends the round no more are sent, and those in flight are waited for.
 */
export abstract class Round extends Turns {
  protected readonly step: FanOut;
  protected readonly parent: Exchange;
  protected readonly strategy: AggregationStrategy;
  private readonly limit: number;
  private sent = 0;
  private inFlight = 0;
  private aggregated = 0;
  private result: Exchange | null = null;
  /** Results that wait for those before them. */
  private readonly waiting: Map<number, Exchange> | null;
  /** No more children come. */
  private isExhausted = false;
  /** Nothing is aggregated any more. */
  private isOver = false;
  private hasLeft = false;
  /** Ended by a child, whose failure (or other outcome) is the parent's. */
  private isStopped = false;
  private timer: Timer | null = null;
  private controller: AbortController | null = null;
  protected tolerance: Tolerance | null = null;

  get depth(): number {
    return depthOf(this.parent.way);
  }

  constructor(step: FanOut, parent: Exchange) {
    super(step.context.clock);
    this.step = step;
    this.parent = parent;
    this.strategy = step.options.strategy;
    this.limit = step.options.limit;
    this.waiting = this.limit > 1 && !step.options.isStreaming ? new Map() : null;
    if (step.options.timeoutMillis > 0) this.controller = new AbortController();
  }

  begin(): void {
    const { timeoutMillis } = this.step.options;
    // Whoever brought the parent goes on while its children are under way elsewhere.
    if (this.limit > 1) leaveThread(this.parent);
    if (timeoutMillis > 0) this.timer = this.step.context.clock.schedule(timeoutMillis, () => this.expire());
    this.go();
  }

  /** The next child, null after the last, or `notYet`. What it throws fails the parent. */
  protected abstract produce(): Exchange | null | typeof notYet;

  /** Sends a child on whose way the round stands. Must not throw. */
  protected abstract dispatch(child: Exchange, index: number): void;

  /** No more children are wanted, though there may be some. */
  protected abandon(): void {}

  /** How many children there are: known at the end. */
  protected get total(): number {
    return this.sent;
  }

  protected get index(): number {
    return this.sent;
  }

  /** Gives the children a signal that is aborted when the time is over. */
  protected get signal(): AbortSignal | null {
    const { signal } = this.parent;
    if (this.controller === null) return signal;
    return signal === null ? this.controller.signal : AbortSignal.any([signal, this.controller.signal]);
  }

  protected turn(): boolean {
    if (this.isExhausted || this.isOver) return this.inFlight > 0 && !this.hasLeft;
    if (this.inFlight >= this.limit) return true;
    const child = this.next();
    if (child === notYet) return true;
    if (child === null) return this.inFlight > 0;
    const index = this.sent++;
    this.inFlight++;
    child.way = this.limit === 1 ? this : new Seat(this, index);
    if (this.step.options.prepare === null) this.dispatch(child, index);
    else this.prepare(child, index, this.step.options.prepare);
    // There may be room for another one beside it.
    if (this.limit > 1) this.go();
    return true;
  }

  /** The next child; null: there is none any more. */
  private next(): Exchange | null | typeof notYet {
    try {
      if ((this.sent & 31) === 0) this.checkAborted();
      const child = this.produce();
      if (child === null) this.isExhausted = true;
      return child;
    } catch (thrown) {
      this.sourceFailed(thrown);
      return null;
    }
  }

  // In a pool, as in Camel, sending the next child is a task as well as what each of them goes through.

  private isDriving = false;

  protected override go(): void {
    const { pool } = this.step.options;
    if (pool === null) super.go();
    else if (this.isExhausted || this.isOver) {
      if (this.inFlight === 0) this.over();
    } else if (!this.isDriving && this.inFlight < mostPooled) {
      this.isDriving = true;
      if (!this.enter(pool, this.drive)) this.drive(new PoolThread('main', () => {}));
    }
  }

  /** False: the pool is full, and who asks is to do it. */
  private enter(pool: ThreadPool, task: Task): boolean {
    if (pool.offer(task)) return true;
    switch (pool.settings.rejectedPolicy) {
      case 'CallerRuns':
        return false;
      case 'Block':
        pool.take(task);
        return true;
      default:
        throw new ExchangeError('java.util.concurrent.RejectedExecutionException', 'Task rejected executing from ExecutorService');
    }
  }

  private readonly drive: Task = (thread) => {
    const { pool } = this.step.options;
    for (;;) {
      const child = this.isExhausted || this.isOver ? null : this.next();
      if (child === null || child === notYet) return this.rest(thread);
      const index = this.sent++;
      this.inFlight++;
      child.way = new Seat(this, index);
      const run: Task = (own) => {
        putOn(this.step.options.isSynchronous ? own.kept() : own, child);
        if (this.step.options.prepare === null) this.dispatch(child, index);
        else this.prepare(child, index, this.step.options.prepare);
      };
      try {
        if (!this.enter(pool!, run)) {
          // The child goes first; it may keep the thread while it waits.
          let isDone = false;
          let isAway = false;
          run(
            new PoolThread(thread.name, () => {
              isDone = true;
              if (isAway) this.driveOn(thread);
            }),
          );
          if (!isDone) {
            isAway = true;
            return;
          }
        }
      } catch (thrown) {
        this.inFlight--;
        this.sourceFailed(thrown);
        return this.rest(thread);
      }
      if (!this.goesOn(thread)) return;
    }
  };

  private driveOn(thread: PoolThread): void {
    if (this.goesOn(thread)) this.drive(thread);
  }

  /** Asks the pool for the turn of the next child; true: it is to be had at once. */
  private goesOn(thread: PoolThread): boolean {
    if (this.isExhausted || this.isOver || this.inFlight >= mostPooled) {
      this.rest(thread);
      return false;
    }
    try {
      if (!this.enter(this.step.options.pool!, this.drive)) return true;
      thread.done();
    } catch (thrown) {
      // Only where there is another one.
      if (this.next() !== null) this.sourceFailed(thrown);
      this.rest(thread);
    }
    return false;
  }

  private rest(thread: PoolThread): void {
    this.isDriving = false;
    thread.done();
    if ((this.isExhausted || this.isOver) && this.inFlight === 0) this.over();
  }

  private prepare(child: Exchange, index: number, prepare: (child: Exchange) => unknown): void {
    const failed = (thrown: unknown): void => {
      child.fail(thrown, this.step.context.info);
      this.dispatch(child, index);
    };
    let prepared: unknown;
    try {
      prepared = prepare(child);
    } catch (thrown) {
      return failed(thrown);
    }
    if (isPromise(prepared)) prepared.then(() => this.dispatch(child, index), failed);
    else this.dispatch(child, index);
  }

  private checkAborted(): void {
    if (this.step.context.stopping.aborted) throw new ExchangeError('mecha.ShutdownException', 'the time for stopping is over');
    if (this.parent.signal?.aborted === true) throw new ExchangeError('java.util.concurrent.TimeoutException', 'nobody waits for this exchange any more');
  }

  back(child: Exchange): void {
    this.arrive(child, this.sent - 1);
  }

  /** Takes a child that has left its steps. */
  arrive(child: Exchange, index: number): void {
    this.inFlight--;
    if (this.hasLeft) {
      this.dismiss();
      return;
    }
    if (!this.isOver) this.take(child, index);
    this.go();
  }

  private take(child: Exchange, index: number): void {
    const isTooMuch = this.tolerance !== null ? this.tolerance.add(child, index) : this.step.options.stopsOnException && child.halt !== 0;
    if (isTooMuch) {
      if (child.exception !== null) child.exception = failedAt(index, child);
      this.result = child;
      this.isStopped = true;
      this.end();
      return;
    }
    if (this.tolerance !== null && child.isFailed) child.clearFailure();
    if (this.waiting === null) {
      this.aggregate(child);
      return;
    }
    if (index !== this.aggregated) {
      this.waiting.set(index, child);
      return;
    }
    let next: Exchange | undefined = child;
    while (next !== undefined && !this.isOver) {
      this.waiting.delete(this.aggregated);
      this.aggregate(next);
      next = this.waiting.get(this.aggregated);
    }
  }

  private aggregate(child: Exchange): void {
    this.aggregated++;
    try {
      this.result = this.strategy.aggregate(this.result, child, this.parent) ?? null;
    } catch (thrown) {
      this.parentFailed(thrown);
    }
  }

  private end(): void {
    this.isOver = true;
    if (!this.isExhausted) this.abandoned();
  }

  private abandoned(): void {
    this.isExhausted = true;
    try {
      this.abandon();
    } catch {
      // What can't be closed must not keep the parent.
    }
  }

  private sourceFailed(thrown: unknown): void {
    this.isExhausted = true;
    this.parentFailed(thrown);
  }

  /** Fails the parent itself; its error handler may run the step again. */
  private parentFailed(thrown: unknown): void {
    this.parent.fail(thrown, this.step.context.info);
    this.result = null;
    this.end();
  }

  /** The time limit has passed: the parent goes on with what there is. */
  private expire(): void {
    this.timer = null;
    if (this.hasLeft) return;
    const { timeoutMillis } = this.step.options;
    const total = this.sent;
    const missing = (index: number): void => {
      try {
        this.strategy.timeout?.(this.result ?? this.parent, index, total, timeoutMillis);
      } catch (thrown) {
        this.parentFailed(thrown);
      }
    };
    if (!this.isOver && this.waiting !== null) {
      for (let index = this.aggregated; index < total && !this.isOver; index++) {
        const child = this.waiting.get(index);
        if (child === undefined) missing(index);
        else this.aggregate(child);
      }
    } else for (let index = this.aggregated; index < total && !this.isOver; index++) missing(index);
    this.end();
    this.release();
    this.over();
    this.controller!.abort();
  }

  /** Lets the parent go on while children are under way: they count for the route, and for the delivery unless somebody waits for its reply. */
  private release(): void {
    const { unitOfWork } = this.parent;
    for (let i = 0; i < this.inFlight; i++) {
      this.step.late++;
      this.step.context.begin();
      if (unitOfWork !== null && !unitOfWork.isRequest) unitOfWork.retain();
    }
  }

  private dismiss(): void {
    const { unitOfWork } = this.parent;
    this.step.late--;
    if (unitOfWork !== null && !unitOfWork.isRequest) unitOfWork.release();
    this.step.context.end();
  }

  protected over(): void {
    if (this.hasLeft) return;
    this.hasLeft = true;
    this.timer?.cancel();
    const { parent, result } = this;
    try {
      if (result !== null) this.strategy.onCompletion?.(result, parent);
    } catch (thrown) {
      parent.fail(thrown, this.step.context.info);
    }
    if (result !== null && !(parent.isFailed && result !== parent && !result.isFailed)) this.copyResult(parent, result);
    this.tolerance?.report(parent, this.total);
    this.leave(parent);
  }

  /** Lets the parent go on, with its result. */
  protected leave(parent: Exchange): void {
    this.step.send(parent);
  }

  private copyResult(parent: Exchange, result: Exchange): void {
    const isFailure = result.exception !== null;
    if (isFailure && this.isStopped && this.step.options.stopsOnException) {
      // Only the failure: the message is the one of before.
      parent.exception = result.exception;
      parent.halt |= FAILED;
      parent.failedStep = result.failedStep;
    } else parent.takeResult(result);
    // The children's own error handlers have done what they could.
    if (isFailure) parent.halt |= EXHAUSTED | SPENT;
  }
}

const failedAt = (index: number, child: Exchange): ExchangeError => {
  const cause = child.exception!;
  return new ExchangeError('org.apache.camel.CamelExchangeException', `Multicast processing failed for number ${index}. Exchange[${child.id}]. Caused by: [${cause.type} - ${cause.message}]`, { cause });
};

// ------------------------------------------------------------------------------------------------ children

/** The unit of work of a child whose error handlers restore the child's own original message. */
class ChildOfWork extends UnitOfWork {
  private readonly outer: UnitOfWork;

  constructor(outer: UnitOfWork, child: Exchange) {
    super(outer.exchange, () => {});
    this.outer = outer;
    this.originalBody = child.body;
    this.originalHeaders = child.headers.copy();
    this.deliveryId = outer.deliveryId;
  }

  override get whole(): UnitOfWork {
    return this.outer.whole;
  }

  override retain(): void {
    this.outer.retain();
  }

  override release(): void {
    this.outer.release();
  }

  override get isDone(): boolean {
    return this.outer.isDone;
  }

  override onCompletion(completion: Completion): void {
    this.outer.onCompletion(completion);
  }

  override beforeLeaving(completion: Completion): void {
    this.outer.beforeLeaving(completion);
  }

  override beforeSettling(preparation: Completion): void {
    this.outer.beforeSettling(preparation);
  }
}

/** Gives a child an original message of its own, where an error handler asks for original messages at all. */
export function ownOriginal(child: Exchange): void {
  const { unitOfWork } = child;
  if (unitOfWork !== null && unitOfWork.originalHeaders !== null) child.unitOfWork = new ChildOfWork(unitOfWork, child);
}

/** Properties that differ from child to child at known places of one array, so that giving a child its own is one copy. */
export class ChildBag extends Bag {
  private readonly places: readonly number[];

  /** `outer` with `names` added (null so far). */
  constructor(outer: Bag | null, names: readonly string[]) {
    super();
    outer?.forEach((name, value) => this.pairs.push(name, value));
    for (const name of names) this.set(name, null);
    this.places = names.map((name) => this.pairs.indexOf(name) + 1);
  }

  /** A bag for a child: values in the order of the names. */
  child(first: unknown, second: unknown, third?: unknown): Bag {
    const pairs = this.pairs.slice();
    const { places } = this;
    pairs[places[0]!] = first;
    pairs[places[1]!] = second;
    if (places.length > 2) pairs[places[2]!] = third;
    return new Bag(pairs);
  }
}

/** What all children of a parent begin as: a copy without properties (they come per child), linked to the parent by its id. */
export function childModel(parent: Exchange, signal: AbortSignal | null): { readonly model: Exchange; readonly properties: Bag } {
  const properties = parent.hasProperties ? parent.properties.copy() : new Bag();
  properties.set('CamelCorrelationId', parent.id);
  const model = parent.copy();
  model.replaceProperties(null);
  model.signal = signal;
  return { model, properties };
}
