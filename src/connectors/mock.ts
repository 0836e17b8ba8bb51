import type { Clock } from '../core/clock.ts';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';

/** What a mock endpoint is told to expect; -1 and 0 durations mean nothing in particular. */
export interface MockExpectations {
  readonly expectedCount: number;
  readonly assertPeriod: number;
  readonly failFast: boolean;
  readonly resultWaitTime: number;
  readonly resultMinimumWaitTime: number;
  readonly sleepForEmptyTest: number;
}

const noExpectations: MockExpectations = { expectedCount: -1, assertPeriod: 0, failFast: true, resultWaitTime: 0, resultMinimumWaitTime: 0, sleepForEmptyTest: 0 };

/**
 * What one mock endpoint has received: shallow copies of the exchanges at their arrival, in order. All are kept, unless
 * `retainFirst` or `retainLast` says how many.
 */
export class MockEndpoint {
  /** As routes name it: `mock:out`. */
  readonly uri: string;
  /** How many arrived, kept or not. */
  count = 0;
  retainFirst = -1;
  retainLast = -1;
  isCopying = true;
  expectations = noExpectations;
  private first: Exchange[] = [];
  private last: Exchange[] = [];
  private watchers: ((exchange: Exchange) => void)[] = [];
  private readonly clock: Clock;

  constructor(uri: string, clock: Clock) {
    this.uri = uri;
    this.clock = clock;
  }

  get received(): readonly Exchange[] {
    return this.last.length === 0 ? this.first : [...this.first, ...this.last];
  }

  get bodies(): unknown[] {
    return this.received.map(({ body }) => body);
  }

  receive(exchange: Exchange): void {
    this.count++;
    this.keep(exchange);
    for (const watch of this.watchers) watch(exchange);
  }

  reset(): void {
    this.count = 0;
    this.first = [];
    this.last = [];
  }

  /** Is told of each arrival. Gives what ends it. */
  watch(watcher: (exchange: Exchange) => void): () => void {
    this.watchers = this.watchers.concat(watcher);
    return () => {
      this.watchers = this.watchers.filter((other) => other !== watcher);
    };
  }

  /** Resolves with what was kept as soon as `count` exchanges have arrived; rejects when they have not within `timeoutMillis`. */
  waitFor(count: number, timeoutMillis = 10_000): Promise<readonly Exchange[]> {
    if (this.count >= count) return Promise.resolve(this.received);
    return new Promise((resolve, reject) => {
      const timer = this.clock.schedule(timeoutMillis, () => {
        unwatch();
        reject(new Error(`${this.uri} got ${this.count} of ${count} expected exchanges within ${timeoutMillis} ms`));
      });
      const unwatch = this.watch(() => {
        if (this.count < count) return;
        timer.cancel();
        unwatch();
        resolve(this.received);
      });
    });
  }

  /** Checks `expectedCount` as Camel's mock does. Rejects with what is missing or too much. */
  async assertSatisfied(): Promise<void> {
    const { expectedCount, assertPeriod, failFast, resultWaitTime, resultMinimumWaitTime, sleepForEmptyTest } = this.expectations;
    if (expectedCount < 0) return;
    const start = this.clock.now();
    if (expectedCount === 0) await this.pause(sleepForEmptyTest);
    else await this.waitFor(expectedCount, resultWaitTime > 0 ? resultWaitTime : 10_000);
    if (!failFast || this.count === expectedCount) await this.pause(Math.max(assertPeriod, resultMinimumWaitTime - (this.clock.now() - start)));
    // As in Camel, more than expected counts as satisfied unless nothing was expected or a grace period says that it matters.
    const isTooMany = this.count > expectedCount && (expectedCount === 0 || assertPeriod > 0);
    if (this.count < expectedCount || isTooMany) throw new Error(`${this.uri} got ${this.count} exchanges, expected ${expectedCount}`);
  }

  private pause(millis: number): Promise<void> {
    if (millis <= 0) return Promise.resolve();
    return new Promise((resolve) => void this.clock.schedule(millis, resolve));
  }

  private keep(exchange: Exchange): void {
    const { retainFirst, retainLast } = this;
    const isUnlimited = retainFirst < 0 && retainLast < 0;
    const fitsFirst = isUnlimited || this.first.length < retainFirst;
    if (!fitsFirst && retainLast <= 0) return;
    const kept = this.isCopying ? snapshot(exchange) : exchange;
    if (fitsFirst) this.first.push(kept);
    else {
      this.last.push(kept);
      if (this.last.length > retainLast) this.last.shift();
    }
  }
}

/** A copy that holds no delivery back. */
function snapshot(exchange: Exchange): Exchange {
  const copy = exchange.copy();
  copy.unitOfWork = null;
  copy.id = exchange.id;
  copy.exception = exchange.exception;
  return copy;
}

/** All mock endpoints of a runtime, by the URI that routes name them with: `mock:out`, `mock:out?retainFirst=1`. */
export class Mocks {
  private readonly endpoints = new Map<string, MockEndpoint>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** The endpoint of a name or URI; it is made when no route has it (yet). */
  get(uri: string): MockEndpoint {
    const key = mockUri(uri);
    let found = this.endpoints.get(key);
    if (found === undefined) this.endpoints.set(key, (found = new MockEndpoint(key, this.clock)));
    return found;
  }

  all(): MockEndpoint[] {
    return [...this.endpoints.values()];
  }
}

/** The mock endpoints that a runtime's connectors share; embedders read them through it. */
export const mocksOf = (context: Pick<ConnectorContext, 'shared' | 'clock'>): Mocks => context.shared('mocks', () => new Mocks(context.clock));

const mockUri = (uri: string): string => `mock:${uri.replace(/^mock:/, '').replace(/^\/\//, '')}`;

class MockProducer implements Producer {
  private readonly mock: MockEndpoint;
  private readonly context: ConnectorContext;
  private readonly options: Endpoint<typeof options>['options'];
  private groupStart = 0;

  constructor(endpoint: Endpoint<typeof options>, context: ConnectorContext) {
    const { options } = endpoint;
    this.context = context;
    this.options = options;
    this.mock = mocksOf(context).get(endpoint.uri);
    this.mock.retainFirst = options.retainFirst;
    this.mock.retainLast = options.retainLast;
    this.mock.isCopying = options.copyOnExchange;
    this.mock.expectations = options;
  }

  send(exchange: Exchange): void {
    if (this.options.log) this.context.log('info', `${this.mock.uri} received #${this.mock.count + 1}: ${toText(exchange.body) ?? 'null'}`);
    this.mock.receive(exchange);
    if (this.options.reportGroup > 0) this.report(this.options.reportGroup);
  }

  private report(size: number): void {
    const now = this.context.clock.now();
    if (this.groupStart === 0) this.groupStart = now;
    if (this.mock.count % size !== 0) return;
    this.context.log('info', `${this.mock.uri} received ${this.mock.count} messages, the last ${size} in ${now - this.groupStart} ms`);
    this.groupStart = now;
  }
}

const options = {
  name: field.string('Name by which tests read what has arrived.').required().inPath(),
  assertPeriod: field.millis('How long no further exchange may arrive once the expected number has.').default(0),
  expectedCount: field.integer('How many exchanges a test expects; -1 for any number.').default(-1),
  copyOnExchange: field.boolean('Keeps a copy of the exchange as it arrived; else the exchange itself, with what later steps do to it.').default(true),
  failFast: field.boolean('Ends an assertion at the first expectation that fails.').default(true),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
  log: field.boolean('Logs each arrival.').default(false),
  reportGroup: field.count('Logs the throughput after every so many exchanges; 0 for never.').default(0),
  resultMinimumWaitTime: field.millis('Shortest time that an assertion takes.').default(0),
  resultWaitTime: field.millis('Longest time that an assertion waits; 0 for ten seconds.').default(0),
  retainFirst: field.integer('Keeps only so many of the first exchanges; -1 for all.').default(-1),
  retainLast: field.integer('Keeps only so many of the last exchanges; -1 for all.').default(-1),
  sleepForEmptyTest: field.millis('How long an assertion that expects nothing waits before it is satisfied.').default(0),
  browseLimit: field.count('Exchanges kept for browsing.').default(100).ignored('retainFirst and retainLast say what is kept'),
};

export const mock = defineConnector({
  scheme: 'mock',
  syntax: 'mock:name',
  summary: 'Keeps what it receives so that tests can look at it.',
  options,
  isLenient: true,
  producer: (endpoint, context) => new MockProducer(endpoint, context),
});
