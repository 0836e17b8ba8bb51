import type { Clock } from '../clock.ts';
import type { StepContext } from '../definition.ts';
import { ExchangeError } from '../errors.ts';
import { OptionError } from '../optionError.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { PoolSettings } from '../exchange/poolThread.ts';
import { PoolThread, putOn, SharedPool } from '../exchange/poolThread.ts';

export const camelsPool: PoolSettings = { poolSize: 10, maxPoolSize: 20, maxQueueSize: 1000, keepAliveMillis: 60_000, allowCoreThreadTimeOut: true, rejectedPolicy: 'CallerRuns' };

export type Task = (thread: PoolThread) => void;

interface Waiting {
  readonly task: Task;
  /** Called when it has found room. */
  readonly entered: (() => void) | null;
}

/**
 * So many pieces of work at a time, as a thread pool of Java's would have them under way: up to `poolSize` at once, then up to `maxQueueSize` wait,
 * then up to `maxPoolSize` run. A place that has become free stays for `keepAliveMillis` before only `poolSize` are left.
 */
export class ThreadPool {
  readonly name: string;
  settings: PoolSettings;
  private readonly clock: Clock;
  private threads = 0;
  private made = 0;
  /** Since when the threads that have nothing to do are idle, the longest first. */
  private readonly idle: number[] = [];
  private queue: Task[] = [];
  /** Work that waits for room in the queue. */
  private readonly blocked: Waiting[] = [];
  private due: { task: Task; thread: PoolThread }[] = [];

  constructor(name: string, settings: PoolSettings, clock: Clock) {
    this.name = name;
    this.settings = settings;
    this.clock = clock;
  }

  /** Takes a task that runs in a later turn of the event loop; false: there is no room for it. */
  offer(task: Task): boolean {
    const { poolSize, maxPoolSize, maxQueueSize } = this.settings;
    this.endIdle();
    if (this.threads < poolSize) this.startNew(task);
    else if (this.idle.length > 0) {
      this.idle.pop();
      this.start(task);
    } else if (maxQueueSize < 0 || this.queue.length < maxQueueSize) {
      this.queue.push(task);
      // Without a core nobody would take it.
      if (this.threads === 0) this.startNew(this.queue.shift()!);
    } else if (this.threads < maxPoolSize) this.startNew(task);
    else return false;
    return true;
  }

  private planned = 0;

  /** Work that comes later; false: as in Camel's pools for such, no more of it may be planned. `taken`: places that who plans has taken for itself. */
  plan(taken: number): boolean {
    const { maxQueueSize } = this.settings;
    if (maxQueueSize > 0 && this.planned + this.queue.length + taken >= maxQueueSize) return false;
    this.planned++;
    return true;
  }

  /** The time of planned work has come. */
  takePlanned(task: Task): void {
    this.planned--;
    // It was let in when it was planned.
    if (this.threads < this.settings.poolSize || this.idle.length > 0) this.offer(task);
    else this.queue.push(task);
  }

  /** Takes a task that waits for room where there is none; `entered` is called when it has found some. */
  take(task: Task, entered: (() => void) | null = null): void {
    if (this.blocked.length === 0 && this.offer(task)) entered?.();
    else this.blocked.push({ task, entered });
  }

  private startNew(task: Task): void {
    this.threads++;
    this.start(task);
  }

  private start(task: Task): void {
    const thread = new PoolThread(`${this.name.replace('#', `#${++this.made}`)}`, () => this.freed());
    this.due.push({ task, thread });
    if (this.due.length === 1) this.clock.yield(() => this.run());
  }

  private run(): void {
    const { due } = this;
    this.due = [];
    for (const { task, thread } of due) task(thread);
  }

  private freed(): void {
    const next = this.queue.shift() ?? this.blocked.shift();
    if (next === undefined) {
      this.idle.push(this.clock.now());
      return;
    }
    if (typeof next === 'function') this.start(next);
    else {
      this.start(next.task);
      next.entered?.();
    }
    const { maxQueueSize } = this.settings;
    while (this.blocked.length > 0 && (maxQueueSize < 0 || this.queue.length < maxQueueSize)) {
      const { task, entered } = this.blocked.shift()!;
      this.queue.push(task);
      entered?.();
    }
  }

  private endIdle(): void {
    const { poolSize, keepAliveMillis, allowCoreThreadTimeOut } = this.settings;
    const before = this.clock.now() - keepAliveMillis;
    while (this.idle.length > 0 && (allowCoreThreadTimeOut || this.threads > poolSize) && this.idle[0]! <= before) {
      this.idle.shift();
      this.threads--;
    }
  }
}

const units: Readonly<Record<string, number>> = { NANOSECONDS: 1e-6, MICROSECONDS: 1e-3, MILLISECONDS: 1, SECONDS: 1000, MINUTES: 60_000, HOURS: 3_600_000, DAYS: 86_400_000 };

/** What a step, a profile or the defaults of the program say of a pool; what is not said comes from elsewhere. */
export interface GivenPool {
  readonly poolSize?: number | undefined;
  readonly maxPoolSize?: number | undefined;
  readonly maxQueueSize?: number | undefined;
  readonly keepAliveTime?: number | undefined;
  readonly timeUnit?: string | undefined;
  readonly allowCoreThreadTimeOut?: boolean | undefined;
  readonly rejectedPolicy?: string | undefined;
}

/** @throws Error when no pool can be of these sizes */
export function poolSettings(given: GivenPool, others: PoolSettings): PoolSettings {
  const settings: PoolSettings = {
    poolSize: given.poolSize ?? others.poolSize,
    maxPoolSize: given.maxPoolSize ?? others.maxPoolSize,
    maxQueueSize: given.maxQueueSize ?? others.maxQueueSize,
    keepAliveMillis: given.keepAliveTime === undefined ? others.keepAliveMillis : given.keepAliveTime * (units[given.timeUnit ?? 'SECONDS'] ?? 1000),
    allowCoreThreadTimeOut: given.allowCoreThreadTimeOut ?? others.allowCoreThreadTimeOut,
    rejectedPolicy: (given.rejectedPolicy as PoolSettings['rejectedPolicy'] | undefined) ?? others.rejectedPolicy,
  };
  if (settings.poolSize < 0) throw new OptionError('poolSize', `\`poolSize\` must not be negative: ${settings.poolSize}`);
  if (settings.maxPoolSize < settings.poolSize) throw new OptionError(['maxPoolSize', 'poolSize'], `\`maxPoolSize\` must be at least \`poolSize\`: ${settings.maxPoolSize} is less than ${settings.poolSize}`, `write \`maxPoolSize: ${settings.poolSize}\`, or more`);
  if (settings.maxPoolSize < 1) throw new OptionError('maxPoolSize', '`maxPoolSize` must be at least 1');
  if (settings.allowCoreThreadTimeOut && settings.keepAliveMillis <= 0) throw new OptionError('keepAliveTime', '`keepAliveTime` must be more than 0 where `allowCoreThreadTimeOut` is true', 'write `allowCoreThreadTimeOut: false`');
  return settings;
}

const shared = new WeakMap<SharedPool, ThreadPool>();

const profileKeys = ['poolSize', 'maxPoolSize', 'maxQueueSize', 'keepAliveTime', 'timeUnit', 'allowCoreThreadTimeOut', 'rejectedPolicy'] as const;

const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function given(read: (key: string) => unknown): GivenPool {
  const found: Record<string, unknown> = {};
  for (const key of profileKeys) {
    const value = read(key) ?? read(dashed(key));
    if (value === undefined || value === null || value === '') continue;
    const text = String(value);
    if (key === 'timeUnit') found[key] = text.toUpperCase();
    else if (key === 'rejectedPolicy') found[key] = (['Abort', 'CallerRuns', 'Block'] as const).find((policy) => policy.toLowerCase() === text.toLowerCase().replace(/[-_]/g, '')) ?? 'CallerRuns';
    else found[key] = key === 'allowCoreThreadTimeOut' ? text === 'true' : Number(text);
  }
  return found;
}

type Surroundings = Pick<StepContext, 'beans' | 'languages' | 'clock' | 'scope'>;

/** The sizes of pools for which nobody says others: Camel's, and what `camel.threadpool` says. */
export const defaultPool = ({ languages }: Surroundings): PoolSettings => poolSettings(given((key) => languages.property(`camel.threadpool.${key}`)), camelsPool);

const nameless = (reference: string): string => reference.replace(/^#(bean:)?/, '');

/** The pool that a step's `executorService` names, or one of its own with the settings of a profile; null when there is none of that name. */
export function namedPool(reference: string, context: Surroundings, name: string): ThreadPool | null {
  const id = nameless(reference);
  const bean = context.beans.get(id);
  if (bean instanceof SharedPool) {
    let pool = shared.get(bean);
    if (pool === undefined) shared.set(bean, (pool = new ThreadPool('pool-1-thread-#', bean.settings, context.clock)));
    return pool;
  }
  const property = (key: string): unknown => context.languages.property(`camel.threadpool.config[${id}].${key}`) ?? context.languages.property(`camel.threadpool.config.${id}.${key}`);
  const profile = typeof bean === 'object' && bean !== null ? (bean as Readonly<Record<string, unknown>>) : null;
  if (bean !== undefined && profile === null) return null;
  return ownPool(given(profile === null ? property : (key) => profile[key]), context, name);
}

/** Exchanges that go on in a pool when their wait is over. */
export class PlannedWaits {
  private readonly pool: ThreadPool;
  private readonly callerRuns: boolean;
  private readonly taken: number;
  private readonly planned = new WeakSet<Exchange>();

  constructor(pool: ThreadPool, callerRuns: boolean, taken: number) {
    this.pool = pool;
    this.callerRuns = callerRuns;
    this.taken = taken;
  }

  /** Before the wait; false: who brought the exchange waits with it. @throws ExchangeError when the pool is full, and nobody is to */
  begin(exchange: Exchange): boolean {
    if (this.pool.plan(this.taken)) {
      this.planned.add(exchange);
      return true;
    }
    if (this.callerRuns) return false;
    throw new ExchangeError('java.util.concurrent.RejectedExecutionException', 'Task rejected due queue size limit reached');
  }

  /** After it. */
  goOn(exchange: Exchange, resume: (exchange: Exchange) => void): void {
    if (!this.planned.delete(exchange)) return resume(exchange);
    this.pool.takePlanned((thread) => {
      putOn(thread, exchange);
      resume(exchange);
    });
  }
}

/** The pool of a step whose waits are planned. @throws Error when what is named plans nothing */
export function plannedWaits(given: { readonly executorService?: string | undefined; readonly callerRunsWhenRejected: boolean }, context: Surroundings, name: string, taken = 0): PlannedWaits | null {
  const { executorService } = given;
  if (executorService === undefined) return null;
  const bean = context.beans.get(nameless(executorService));
  if (bean instanceof SharedPool && !bean.isScheduled) throw new OptionError('executorService', `\`${executorService}\` is a pool that can't wait for a time`, 'make it by `newScheduledThreadPool`');
  const pool = namedPool(executorService, context, name);
  return pool === null ? null : new PlannedWaits(pool, given.callerRunsWhenRejected, taken);
}

/** A pool of one step. */
export const ownPool = (settings: GivenPool, context: Surroundings, name: string): ThreadPool =>
  new ThreadPool(`${context.scope.name} thread # - ${name}`, poolSettings(settings, defaultPool(context)), context.clock);
