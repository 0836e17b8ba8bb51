import type { Subscriber } from 'rxjs';
import type { Timer } from '../core/clock.ts';
import { convertTo } from '../core/conversion/convert.ts';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { StepSubscriber, operator, settled } from '../core/graph/flow.ts';
import { stepAside } from '../core/exchange/poolThread.ts';
import type { PlannedWaits } from '../core/graph/pool.ts';
import { plannedWaits } from '../core/graph/pool.ts';
import { shutdownError } from '../core/exchange/waits.ts';

/** What a group of exchanges (one correlation key) has used of its share. It outlives a reload. */
interface Share {
  limit: number | null;
  /** Total requests: when each permit that was taken is free again, earliest first. */
  readonly free: number[];
  /** Concurrent requests: how many hold a permit. */
  held: number;
  /** Concurrent requests: called when a permit comes back. */
  readonly released: Set<() => void>;
}

const newShare = (): Share => ({ limit: null, free: [], held: 0, released: new Set() });

/** Exchanges of one key that wait for a permit, first come first served. */
class Line {
  readonly share: Share;
  readonly waiting: Exchange[] = [];
  timer: Timer | null = null;
  isServing = false;

  constructor(share: Share) {
    this.share = share;
  }
}

interface ThrottleOptions {
  readonly limit: Expression;
  readonly key: Expression | null;
  readonly periodMillis: number;
  readonly rejects: boolean;
  readonly isAsync: boolean;
  readonly pool: PlannedWaits | null;
}

/** Beyond so many keys the ones at rest are forgotten. */
const mostKeys = 1000;

abstract class Throttle extends StepSubscriber {
  protected readonly options: ThrottleOptions;
  protected readonly context: StepContext;
  private readonly shares: Map<unknown, Share>;
  private readonly lines = new Map<unknown, Line>();
  /** So many lines are looked through for those at rest: twice as many as were left the last time. */
  private sweptAt = mostKeys;
  private readonly wakeAll = (): void => {
    for (const line of this.lines.values()) for (const exchange of line.waiting.splice(0)) this.giveUp(exchange);
  };

  constructor(out: Subscriber<Exchange>, options: ThrottleOptions, shares: Map<unknown, Share>, context: StepContext) {
    super(out, context.info);
    this.options = options;
    this.context = context;
    this.shares = shares;
    context.stopping.addEventListener('abort', this.wakeAll);
    this.add(() => {
      context.stopping.removeEventListener('abort', this.wakeAll);
      for (const line of this.lines.values()) this.forget(line);
    });
  }

  protected step(exchange: Exchange): boolean {
    const { key, rejects, limit } = this.options;
    const line = this.line(key === null ? null : this.keyOf(key(exchange)));
    this.setLimit(line.share, limit(exchange));
    if (line.waiting.length === 0 && this.take(line.share, exchange)) return true;
    if (rejects) throw this.rejection(line.share.limit!);
    if (this.context.stopping.aborted) throw shutdownError();
    const { isAsync, pool } = this.options;
    if (isAsync && (pool === null || pool.begin(exchange))) stepAside(exchange);
    line.waiting.push(exchange);
    this.awaitPermit(line);
    return false;
  }

  /** Lets those through for whom there are permits now. */
  protected serve(line: Line): void {
    // One that ends at once frees its permit while it is being served: the loop below sees it, the stack must not grow.
    if (line.isServing) return;
    line.isServing = true;
    while (line.waiting.length > 0) {
      if (line.waiting[0]!.signal?.aborted === true) this.giveUp(line.waiting.shift()!);
      else if (this.take(line.share, line.waiting[0]!)) this.resume(line.waiting.shift()!);
      else {
        this.awaitPermit(line);
        break;
      }
    }
    line.isServing = false;
  }

  private resume(exchange: Exchange): void {
    const { pool } = this.options;
    if (pool === null) this.out.next(exchange);
    else pool.goOn(exchange, (waited) => this.out.next(waited));
  }

  protected abstract take(share: Share, exchange: Exchange): boolean;
  protected abstract resize(share: Share, limit: number): void;
  protected abstract awaitPermit(line: Line): void;
  protected abstract forget(line: Line): void;
  protected abstract isAtRest(share: Share): boolean;
  protected abstract rejection(limit: number): ExchangeError;

  private setLimit(share: Share, value: unknown): void {
    const limit = convertTo(value, 'java.lang.Integer') as number | null;
    if (limit === null) {
      if (share.limit === null) throw new ExchangeError('org.apache.camel.RuntimeExchangeException', `the limit of the throttle is null: ${this.options.limit.label ?? ''}`);
      return;
    }
    if (limit < 0) throw new ExchangeError('java.lang.IllegalStateException', `the limit of a throttle must be a positive number, was: ${limit}`);
    if (share.limit === limit) return;
    this.resize(share, limit);
    share.limit = limit;
  }

  /** As in Camel, what has no key has no share: it would be one for all that lack it. */
  private keyOf(key: unknown): unknown {
    if (key === null || key === undefined) throw new ExchangeError('java.lang.NullPointerException', 'the correlation key of the throttle is null');
    return key;
  }

  private line(key: unknown): Line {
    let line = this.lines.get(key);
    if (line !== undefined) return line;
    if (this.lines.size >= this.sweptAt) this.sweep();
    let share = this.shares.get(key);
    if (share === undefined) this.shares.set(key, (share = newShare()));
    this.lines.set(key, (line = new Line(share)));
    return line;
  }

  private sweep(): void {
    for (const [key, line] of this.lines) {
      if (line.waiting.length > 0 || !this.isAtRest(line.share)) continue;
      this.forget(line);
      this.lines.delete(key);
      this.shares.delete(key);
    }
    this.sweptAt = Math.max(mostKeys, 2 * this.lines.size);
  }

  private giveUp(exchange: Exchange): void {
    exchange.fail(shutdownError(), this.info);
    this.out.next(exchange);
  }
}

/** Each permit comes back when a period has passed since it was taken. */
class PerPeriod extends Throttle {
  protected take({ free, limit }: Share): boolean {
    const now = this.context.clock.now();
    const latest = now + this.options.periodMillis;
    // No permit is away longer than a period: the system's clock has been set back.
    if (free.length > 0 && free[free.length - 1]! > latest) free.forEach((due, i) => (free[i] = Math.min(due, latest)));
    if (free.length >= limit!) {
      if (free.length === 0 || free[0]! > now) return false;
      free.shift();
    } else if (free.length > 0 && free[0]! <= now) free.shift();
    free.push(latest);
    return true;
  }

  protected resize({ free }: Share, limit: number): void {
    free.splice(0, Math.max(0, free.length - limit));
  }

  protected awaitPermit(line: Line): void {
    const { clock } = this.context;
    const [next] = line.share.free;
    if (line.timer !== null || next === undefined) return;
    line.timer = clock.schedule(Math.max(0, next - clock.now()), () => {
      line.timer = null;
      this.serve(line);
    });
  }

  protected forget(line: Line): void {
    line.timer?.cancel();
    line.timer = null;
  }

  protected isAtRest({ free }: Share): boolean {
    return free.every((due) => due <= this.context.clock.now());
  }

  protected rejection(limit: number): ExchangeError {
    return new ExchangeError('org.apache.camel.processor.ThrottlerRejectedExecutionException', `Exceeded the max throttle rate of ${limit} within ${this.options.periodMillis}ms`);
  }
}

/** A permit is held until the exchange has come to its end. */
class AtOnce extends Throttle {
  private readonly serves = new WeakMap<Line, () => void>();

  protected take(share: Share, exchange: Exchange): boolean {
    if (share.held >= share.limit!) return false;
    share.held++;
    exchange.onEnd(() => {
      share.held--;
      for (const serve of [...share.released]) serve();
    });
    return true;
  }

  protected resize(): void {}

  protected awaitPermit(line: Line): void {
    if (this.serves.has(line)) return;
    const serve = (): void => this.serve(line);
    this.serves.set(line, serve);
    line.share.released.add(serve);
  }

  protected forget(line: Line): void {
    const serve = this.serves.get(line);
    if (serve !== undefined) line.share.released.delete(serve);
    this.serves.delete(line);
  }

  protected isAtRest({ held }: Share): boolean {
    return held === 0;
  }

  protected rejection(limit: number): ExchangeError {
    return new ExchangeError('org.apache.camel.processor.ThrottlerRejectedExecutionException', `Exceeded the max throttle rate of ${limit}`);
  }
}

/**
 * Limits how many exchanges go on.
 * Shape: every exchange goes on, in its order among those with the same correlation key; when its turn has not come, later. Total requests: a
 * permit is free again one period after it was taken. Concurrent requests: when the exchange that took it has come to its end.
 * @throws ThrottlerRejectedExecutionException with rejectExecution, when there is no permit
 */
export const throttle = defineEip({
  name: 'throttle',
  keepsState: true,
  summary: 'Lets only so many exchanges through per period, or only so many be under way at once; the others wait their turn.',
  options: {
    expression: field.expression('How many; evaluated for each exchange, so it may change.').required(),
    mode: field.enum('What is counted: exchanges per period, or exchanges under way.', ['TotalRequests', 'ConcurrentRequests']).default('TotalRequests'),
    correlationExpression: field.expression('Exchanges with the same value share a limit; each value has its own.').notInline(),
    rejectExecution: field.boolean('Fails an exchange at once when its turn has not come.').default(false),
    timePeriodMillis: field.millis('The period that the limit is for.').atLeast(1).default(1000),
    asyncDelayed: field.boolean('The source goes on with the next message while one waits, where it is a queue (`seda`), a folder or a scheduler.').default(false),
    callerRunsWhenRejected: field.boolean('What to do when the pool is full: the source waits with the exchange; false: the exchange fails.').default(true),
    executorService: field.string('With asyncDelayed, the pool in which exchanges go on: a bean of `java.util.concurrent.Executors` (newScheduledThreadPool), or a profile (`camel.threadpool.config[name]`).'),
  },
  examples: [
    {
      title: 'Two a second',
      route: `- from:
    uri: direct:start
    steps:
      - throttle: { constant: 2, timePeriodMillis: 50 }
      - to: mock:out
`,
      in: [1, 2, 3],
      out: { 'mock:out': [1, 2, 3] },
    },
  ],
  operator: (given, context) => {
    const { expression, mode, correlationExpression, rejectExecution, timePeriodMillis, asyncDelayed } = given;
    // As in Camel, where it looks after its permits in the same pool.
    const pool = plannedWaits(given, context, 'Throttle', 1);
    const make = (): Map<unknown, Share> => new Map();
    const shares = context.carry?.(make) ?? make();
    const Kind = mode === 'TotalRequests' ? PerPeriod : AtOnce;
    const build = (limit: Expression, key: Expression | null) =>
      operator((out) => new Kind(out, { limit, key, periodMillis: timePeriodMillis, rejects: rejectExecution, isAsync: asyncDelayed, pool }, shares, context));
    return settled(expression, context.info, (limit) =>
      correlationExpression === undefined ? build(limit, null) : settled(correlationExpression, context.info, (key) => build(limit, key)),
    );
  },
});
