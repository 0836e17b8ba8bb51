import type { Exchange } from './exchange.ts';

/** Sizes of a thread pool, and what it does with work that is too much for it. */
export interface PoolSettings {
  /** So many tasks run before any waits. */
  readonly poolSize: number;
  /** So many tasks run when no more may wait. */
  readonly maxPoolSize: number;
  /** Tasks that may wait; negative: any number. */
  readonly maxQueueSize: number;
  readonly keepAliveMillis: number;
  readonly allowCoreThreadTimeOut: boolean;
  readonly rejectedPolicy: 'Abort' | 'CallerRuns' | 'Block';
}

/** A pool that is a bean, as `java.util.concurrent.Executors` makes them: all steps that name it share it. */
export class SharedPool {
  readonly settings: PoolSettings;
  readonly isScheduled: boolean;

  constructor(poolSize: number, maxPoolSize: number, hasQueue: boolean, isScheduled = false) {
    this.settings = { poolSize, maxPoolSize, maxQueueSize: hasQueue ? -1 : 0, keepAliveMillis: 60_000, allowCoreThreadTimeOut: false, rejectedPolicy: 'Abort' };
    this.isScheduled = isScheduled;
  }
}

/** A place in a pool, held by a piece of work until that is done or has something else to wait for. */
export class PoolThread {
  readonly name: string;
  private free: (() => void) | null;
  /** Who works on it waits on it, too. */
  private readonly isKept: boolean;

  constructor(name: string, free: () => void, isKept = false) {
    this.name = name;
    this.free = free;
    this.isKept = isKept;
  }

  /** The work is done. */
  done(): void {
    const { free } = this;
    this.free = null;
    free?.();
  }

  /** The work has something to wait for that needs no thread. */
  leave(): void {
    if (!this.isKept) this.done();
  }

  /** The same place for work that keeps it while it waits. */
  kept(): PoolThread {
    return new PoolThread(this.name, () => this.done(), true);
  }

  toString(): string {
    return this.name;
  }
}

const property = 'MechaThread';

export const threadOf = (exchange: Exchange): PoolThread | null => (exchange.property(property) as PoolThread | undefined) ?? null;

/** The exchange is worked on by a thread until it comes to its end, or waits. */
export function putOn(thread: PoolThread, exchange: Exchange): void {
  exchange.properties.set(property, thread);
  exchange.onEnd(() => thread.done());
}

/** The exchange waits for something that no thread waits for. */
export function leaveThread(exchange: Exchange): void {
  threadOf(exchange)?.leave();
}

/** The exchange waits, and who brought it need not: its thread has other work to do, and its source may send the next one. */
export function stepAside(exchange: Exchange): void {
  leaveThread(exchange);
  exchange.unitOfWork?.whole.stepAside();
}

/** A copy that goes its own way is nothing that the thread of its original works on. */
export function offThread(copy: Exchange): void {
  if (copy.property(property) !== undefined) copy.properties.remove(property);
}
