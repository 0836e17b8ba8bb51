import type { Call } from '../core/flow.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { Consumer, ConnectorContext, Endpoint, Producer, Sink } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import { field } from '../core/field.ts';
import { camelUri } from '../core/uri.ts';

/** Who sends, and is told when nobody came. */
interface Sender {
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

const target = (context: ConnectorContext, name: string): RouteTarget => {
  const targets = context.shared('direct', () => new Map<string, RouteTarget>());
  let found = targets.get(name);
  if (found === undefined) targets.set(name, (found = new RouteTarget()));
  return found;
};

class DirectConsumer implements Consumer {
  private readonly name: string;
  private readonly target: RouteTarget;
  private sink: Sink | null = null;

  constructor(name: string, context: ConnectorContext) {
    this.name = name;
    this.target = target(context, name);
  }

  start(sink: Sink): Promise<void> {
    try {
      this.target.take(sink, `direct://${this.name}`);
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

class DirectProducer implements Producer {
  private readonly endpoint: Endpoint<typeof options>;
  private readonly clock: Clock;
  private readonly target: RouteTarget;
  readonly call: Call;

  constructor(endpoint: Endpoint<typeof options>, context: ConnectorContext) {
    this.endpoint = endpoint;
    this.clock = context.clock;
    const cell = target(context, endpoint.options.name);
    this.target = cell;
    this.call = (exchange) => {
      const { sink } = cell;
      if (sink !== null) sink.call(exchange);
      else this.withoutConsumer(exchange);
    };
  }

  private withoutConsumer(exchange: Exchange): void {
    const { block, timeout } = this.endpoint.options;
    if (block && timeout > 0) this.target.wait(exchange, this, this.clock, timeout);
    else this.giveUp(exchange);
  }

  /** As in Camel, without `failIfNoConsumers` the exchange just goes on. */
  giveUp(exchange: Exchange): void {
    if (this.endpoint.options.failIfNoConsumers) {
      exchange.fail(
        new ExchangeError('org.apache.camel.component.direct.DirectConsumerNotAvailableException', `No consumers available on endpoint: ${camelUri(this.endpoint.shownUri)}. Exchange[]`),
      );
    }
    exchange.leave();
  }

  close(): Promise<void> {
    this.target.abandon(this);
    return Promise.resolve();
  }
}

const options = {
  name: field.string('Name by which producers and the one consumer find each other.').required().inPath(),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').default(false).ignored('nothing can fail before the route has the exchange'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('nothing can fail before the route has the exchange'),
  exchangePattern: field.enum('Pattern of new exchanges.', ['InOnly', 'InOut']).ignored('the exchange comes from the caller with its own pattern'),
  block: field.boolean('Waits for a consumer when there is none yet.').default(true),
  failIfNoConsumers: field.boolean('Fails the exchange when there is still no consumer; else it goes on as if it had been called.').default(true),
  timeout: field.millis('How long to wait for a consumer.').default(30_000),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
  synchronous: field.boolean('Works in the thread of the caller.').default(false).ignored('calls are always made in place'),
};

export const direct = defineConnector({
  scheme: 'direct',
  syntax: 'direct:name',
  summary: 'Calls another route of this runtime, in place and with the same exchange.',
  isInternal: true,
  needsRoute: true,
  options,
  consumer: (endpoint, context) => new DirectConsumer(endpoint.options.name, context),
  producer: (endpoint, context) => new DirectProducer(endpoint, context),
});
