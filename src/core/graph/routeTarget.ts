import type { Clock, Timer } from '../clock.ts';
import type { Consumer, Producer, Sink } from '../connector.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Call } from './flow.ts';

/** Who sends, and is told when nobody came. */
export interface Sender {
  giveUp(exchange: Exchange): void;
}

interface Waiter {
  readonly exchange: Exchange;
  readonly timer: Timer;
  readonly owner: Sender;
}

/** What stands behind one name. Producers hold on to it and read the route in it at every call. */
export class RouteTarget {
  sink: Sink | null = null;
  private waiters: Waiter[] = [];

  /** A route takes the name over from its own earlier generation only. */
  take(sink: Sink, name: string): void {
    if (this.sink !== null && this.sink.routeId !== sink.routeId) {
      throw new Error(`multiple consumers for the same endpoint are not allowed: ${name} feeds route \`${this.sink.routeId}\` already`);
    }
    this.sink = sink;
    const { waiters } = this;
    this.waiters = [];
    for (const { exchange, timer } of waiters) {
      timer.cancel();
      sink.call(exchange);
    }
  }

  release(sink: Sink): void {
    if (this.sink === sink) this.sink = null;
  }

  wait(exchange: Exchange, owner: Sender, clock: Clock, timeoutMillis: number): void {
    const timer = clock.schedule(timeoutMillis, () => {
      this.waiters = this.waiters.filter((waiter) => waiter.exchange !== exchange);
      owner.giveUp(exchange);
    });
    this.waiters.push({ exchange, timer, owner });
  }

  /** Ends the waiting of one producer's exchanges. */
  abandon(owner: Sender): void {
    const left = this.waiters.filter((waiter) => waiter.owner === owner);
    if (left.length === 0) return;
    this.waiters = this.waiters.filter((waiter) => waiter.owner !== owner);
    for (const { exchange, timer } of left) {
      timer.cancel();
      owner.giveUp(exchange);
    }
  }
}

/** The start of a route that others call by name. */
export class TargetConsumer implements Consumer {
  private readonly name: string;
  private readonly target: RouteTarget;
  private sink: Sink | null = null;

  /** @param name for messages */
  constructor(name: string, target: RouteTarget) {
    this.name = name;
    this.target = target;
  }

  start(sink: Sink): Promise<void> {
    try {
      this.target.take(sink, this.name);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
    this.sink = sink;
    return Promise.resolve();
  }

  stop(): Promise<void> {
    if (this.sink !== null) this.target.release(this.sink);
    return Promise.resolve();
  }

  suspend(): Promise<void> {
    return this.stop();
  }

  resume(): Promise<void> {
    return this.sink === null ? Promise.resolve() : this.start(this.sink);
  }
}

export interface TargetOptions {
  /** Waits for a route, so long, when there is none. */
  readonly block: boolean;
  readonly timeout: number;
  /** Fails the exchange when there is still none; null: it goes on as if it had been called, as in Camel. */
  readonly missing: (() => Error) | null;
  /** Sees the exchange before the route does. */
  readonly before?: (exchange: Exchange, sink: Sink) => void;
}

/** Calls the route behind a name. */
export class TargetProducer implements Producer, Sender {
  readonly call: Call;
  private readonly target: RouteTarget;
  private readonly missing: (() => Error) | null;

  constructor(target: RouteTarget, { block, timeout, missing, before }: TargetOptions, clock: Clock) {
    this.target = target;
    this.missing = missing;
    this.call = (exchange) => {
      const { sink } = target;
      if (sink !== null) {
        if (before !== undefined) before(exchange, sink);
        sink.call(exchange);
      } else if (block && timeout > 0) target.wait(exchange, this, clock, timeout);
      else this.giveUp(exchange);
    };
  }

  giveUp(exchange: Exchange): void {
    if (this.missing !== null) exchange.fail(this.missing());
    exchange.leave();
  }

  close(): Promise<void> {
    this.target.abandon(this);
    return Promise.resolve();
  }
}

/** The target of a name, the same for all who ask for it in one runtime. */
export function routeTarget(context: { shared<T>(name: string, make: () => T): T }, kind: string, name: string): RouteTarget {
  const targets = context.shared(kind, () => new Map<string, RouteTarget>());
  let found = targets.get(name);
  if (found === undefined) targets.set(name, (found = new RouteTarget()));
  return found;
}
