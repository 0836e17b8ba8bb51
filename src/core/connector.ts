import type { Clock } from './clock.ts';
import type { Events } from './events.ts';
import type { DataFormat } from './definition.ts';
import type { Exchange, ExchangeScope } from './exchange/exchange.ts';
import type { Expression } from './expression.ts';
import type { Fields, Options } from './field.ts';
import type { Call } from './graph/flow.ts';
import type { Headers } from './exchange/headers.ts';
import type { StateStore } from './state/store.ts';

/** An endpoint URI resolved against its connector: options typed, checked and defaulted. */
export interface Endpoint<F extends Fields = Fields> {
  /** Normalised, with secrets: never show it. */
  readonly uri: string;
  /** Fit for logs and errors: secrets masked. */
  readonly shownUri: string;
  readonly scheme: string;
  /** What stands between the scheme and the query. */
  readonly path: string;
  readonly options: Options<F>;
  /** Query parameters that are no options of the connector, where it is lenient (`http:` passes them on). */
  readonly rest: Readonly<Record<string, string>>;
  /** Options that the endpoint leaves to properties of its component. */
  readonly ofComponent?: ReadonlySet<string>;
}

/**
 * One delivery of a source. The events of an exchange's end are apart: `left` (the exchange has left the route: the credit is
 * back) and `settle` (its unit of work is done: acknowledge, answer the request, move the file; it runs exactly once).
 */
export interface Delivery {
  /** The source's own name for the message, the same when it is delivered again (topic, partition and offset): what counts it only once. */
  readonly id?: string;
  /**
   * The source would drop the message, or be blocked by it, when it fails and no error handler took it (a timer, seda, Kafka, a file without
   * moveFailed): the runtime then keeps it in the dead-letter store first, and the exchange comes to `settle` as handled.
   */
  readonly wouldLose?: boolean;
  /** What is not acknowledged is delivered again, after a restart at the latest: a message that a stop interrupted is left to its source. */
  readonly comesAgain?: boolean;
  /**
   * A step lets the exchange wait without holding the source up (`delay`), at most once: the credit may be back before the exchange has left. Who
   * heeds it says how many may wait so.
   */
  aside?(): void;
  left?(exchange: Exchange): void;
  /** Somebody waits for the reply who need not wait for what the route does at its end (`onCompletion`). */
  readonly answersFirst?: boolean;
  /** Acknowledges, unless the exchange failed and nobody handled it (`isUnhandled(exchange)` of exchange.ts): then gives back. */
  settle(exchange: Exchange): void | Promise<void>;
}

/** Where a consumer puts what it takes from its source: the route's start. */
export interface Sink {
  readonly routeId: string;
  /** A new exchange of this route. */
  exchange(body: unknown, headers?: Headers, isInOut?: boolean): Exchange;
  /** Feeds the route; must not be called after the consumer's `stop` has resolved. */
  push(exchange: Exchange, delivery: Delivery): void;
  /** Feeds the route with an exchange that another route goes on with: it comes back along its way (`direct:`). */
  readonly call: Call;
  /** Exchanges pushed or called that have not left yet. */
  readonly inFlight: number;
}

/**
 * The end of an endpoint that feeds a route. It outlives the graph behind the sink: on reload the sink gets a new graph and the
 * consumer does not notice.
 */
export interface Consumer {
  /**
   * Resolves when it takes messages. A server that is down is no failure: the consumer says so once (`context.waiting`) and goes on
   * trying. What can never work (port in use, unknown option value) rejects.
   */
  start(sink: Sink): Promise<void>;
  /** Takes no more; resolves when nothing more will be pushed. What is in flight may still settle. */
  stop(): Promise<void>;
  /** Lets go of sockets, files and timers, after everything has settled. */
  close?(): Promise<void>;
  suspend?(): Promise<void>;
  resume?(): Promise<void>;
  /** How many exchanges may be under way at once. */
  setCredit?(credit: number): void;
  /** Polls one message, for `pollEnrich`: negative = wait for ever, 0 = only what is there now, else milliseconds. */
  receive?(timeoutMillis: number): Promise<PolledMessage | null>;
}

export interface PolledMessage {
  readonly body: unknown;
  readonly headers: Headers;
  readonly properties?: Readonly<Record<string, unknown>>;
  settle(exchange: Exchange): void | Promise<void>;
}

/** The end of an endpoint that a step sends to. */
export interface Producer {
  start?(): Promise<void>;
  /** Puts the reply, if there is one, on the exchange. Throws what failed. Synchronous where it can be. */
  send?(exchange: Exchange): void | Promise<void>;
  /** Instead of `send`, for those that give the exchange away (`direct:`). */
  readonly call?: Call;
  close?(): Promise<void>;
}

/** What a connector gets from the runtime. */
export interface ConnectorContext {
  /** The route that the endpoint belongs to; null for producers that several share. */
  readonly routeId: string | null;
  readonly clock: Clock;
  readonly events: Events;
  readonly scope: ExchangeScope;
  /** Aborted when the time for stopping is over; absent where a connector runs without a runtime around it. */
  readonly stopping?: AbortSignal;
  /** State of its own: keys are prefixed with the scheme. */
  readonly store: StateStore;
  /** Files may be read and written below these folders; relative paths start at the first. */
  readonly baseDir: string;
  /** Something that all endpoints of one runtime share, such as direct's targets or an HTTP listener. Made once. */
  shared<T>(name: string, make: () => T): T;
  /** A bean by reference (`#name`, `#bean:name`); throws when there is none. */
  bean<T>(reference: string): T;
  /** The name of the only bean of a kind; null where there is none, or are several. Absent where a connector runs without a runtime around it. */
  onlyBean?(isOne: (bean: unknown) => boolean): string | null;
  /** Says once that the source can't be reached yet; `ready` says that it now can. Both show in health. */
  waiting(reason: string): void;
  ready(): void;
  /** Logs under the connector's name. */
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string): void;
  /** Configuration of `mecha.yaml` by dotted key, such as `micrologic.url`. */
  setting(key: string): unknown;
  property(key: string): string | undefined;
  /** A compiled expression, for options that hold one (`fileName=${header.x}.txt`). */
  simple(source: string): (exchange: Exchange) => unknown;
  predicate(source: string): (exchange: Exchange) => boolean;
  /** Absent where a connector runs without a runtime around it. */
  readonly runtime?: RuntimeAccess;
}

/** What a resource is read as: a text, or a letter for each byte (`latin1`) of what is none. */
export type ResourceEncoding = 'utf8' | 'latin1';

/** What a connector may ask of the runtime beyond its own endpoint. */
export interface RuntimeAccess {
  /** An expression of any language. @throws ExpressionSyntaxError */
  expression(language: string, source: string, options?: Readonly<Record<string, unknown>>): Expression;
  /** The text behind `file:...`, `classpath:...` (the routes' folder), with or without `resource:` before it. @throws when it can't be read */
  resource(uri: string, encoding?: ResourceEncoding): string;
  /** A data format by its name in YAML; options may be texts. @throws when there is none, or an option is wrong */
  dataFormat(name: string, options: Readonly<Record<string, string>>): DataFormat;
  /** Sends to an endpoint that is only known now; the exchange comes back along its way, failed when it can't be sent. */
  send(uri: string, exchange: Exchange): void;
  /** The key of the route that stands for a kamelet which only a message names; it is made the first time. @throws ExchangeError where it can't be made */
  kamelet(uri: string): Promise<string>;
  /** The consumer of another endpoint, for a route of this connector. */
  consumer(uri: string): Promise<Consumer>;
  readonly routes: RouteControl;
}

/** Starts and stops routes by id. Each rejects when there is no such route. */
export interface RouteControl {
  /** `Started`, `Stopped`, `Suspended`, ...; null when there is no such route. */
  state(routeId: string): string | null;
  start(routeId: string): Promise<void>;
  /** Resolves when the route is idle, unless `caller` is an exchange of that route itself. */
  stop(routeId: string, caller: Exchange): Promise<void>;
  suspend(routeId: string): Promise<void>;
  resume(routeId: string): Promise<void>;
  /** Figures of one route, or of all: name and value. */
  statistics(routeId: string | null): Readonly<Record<string, string | number>> | null;
}

/** @throws Error for a connector that can't do its work without a runtime */
export function runtimeOf({ runtime }: ConnectorContext): RuntimeAccess {
  if (runtime === undefined) throw new Error('this connector needs a runtime around it');
  return runtime;
}

/** What consumers promise. `test/contract/connector.ts` has a check for each line. */
export const consumerPromises = [
  'delivers each message once, in the order in which they came',
  'acknowledges a message after it has settled, and not before',
  'has no more messages under way than it has credit for',
  'delivers again what failed',
  'goes on with the next message when one has failed',
  'delivers again what had not settled when its process died',
  'takes nothing any more once it has been stopped',
  'stops while a message is under way, which settles all the same',
  'pauses when it is suspended, and goes on when it is resumed',
  'waits for a slow route, and holds no more in memory meanwhile',
  'leaves no timer, socket or listener behind',
  'refuses wrong options when it is loaded, with their line',
  'shows no secret in what it says',
  'starts while its server is down, says so once, and delivers when it comes',
  'delivers everything over a cut connection',
  'is only slower over a slow line',
  'notices a half-open connection, and goes on by another',
  'delivers everything over a restart of its server',
  'keeps the order of each key, with orderBy and lanes',
  'hands headers on, and lets none of Camel in',
  'sends headers by the rule by which it takes them, and lets none of Camel out',
  'hands the trace context on',
] as const;

export type ConsumerPromise = (typeof consumerPromises)[number];

/** What is promised about a server, for connectors that have none. */
export const hasNoServer = (why: string): Partial<Record<ConsumerPromise, string>> => ({
  'starts while its server is down, says so once, and delivers when it comes': why,
  'delivers everything over a cut connection': why,
  'is only slower over a slow line': why,
  'notices a half-open connection, and goes on by another': why,
  'delivers everything over a restart of its server': why,
});

/** What is promised about headers, for connectors whose messages have none. */
export const hasNoHeaders = (why: string): Partial<Record<ConsumerPromise, string>> => ({
  'hands headers on, and lets none of Camel in': why,
  'sends headers by the rule by which it takes them, and lets none of Camel out': why,
  'hands the trace context on': why,
});

/** What is promised by a source that makes its messages itself (`timer:`). */
export const makesMessages = (what: string): Partial<Record<ConsumerPromise, string>> => ({
  ...hasNoServer(`${what} has no server`),
  ...hasNoHeaders(`${what} brings none`),
  'acknowledges a message after it has settled, and not before': `${what} has no source that could keep a message`,
  'has no more messages under way than it has credit for': 'there is one at a time, whatever the credit',
  'delivers again what failed': 'a message is made once; what fails is kept as a dead letter',
  'delivers again what had not settled when its process died': 'a message is made once',
  'waits for a slow route, and holds no more in memory meanwhile': 'there is nothing to hold: a message is made when it is due',
  'shows no secret in what it says': 'it has no secrets',
  'keeps the order of each key, with orderBy and lanes': 'its messages have no keys',
});

/** The same, where nothing tells one of them from the others. */
export const makesLikeMessages = (what: string): Partial<Record<ConsumerPromise, string>> => ({
  ...makesMessages(what),
  'delivers each message once, in the order in which they came': 'its messages are alike: there is no order that could be kept or not',
});

export interface ConnectorDefinition<F extends Fields = Fields> {
  readonly scheme: string;
  readonly aliases?: readonly string[];
  /** As in Camel's catalogue: `timer:timerName`, `kafka:topic`. */
  readonly syntax: string;
  readonly summary: string;
  readonly options: F;
  /** Names that options have, besides their own, as properties of the component (`camel.component.seda.queueSize`). */
  readonly componentOptions?: Readonly<Record<string, string>>;
  /** Headers that it sets or reads, with what they mean. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Query parameters that are no options are kept in `endpoint.rest` instead of being an error. */
  readonly isLenient?: boolean;
  /** Absent: the scheme can't be consumed from (or produced to). Loaded on first use. */
  readonly consumer?: (endpoint: Endpoint<F>, context: ConnectorContext) => Consumer | Promise<Consumer>;
  readonly producer?: (endpoint: Endpoint<F>, context: ConnectorContext) => Producer | Promise<Producer>;
  /** Where there is no producer: what to do in place of sending to it. */
  readonly insteadOfSending?: string;
  /** Its exchanges have lanes (partitions), whose order every step of the route keeps. */
  readonly isOrdered?: boolean;
  /** What takes part in a transaction when something is sent to an endpoint: the same text for the same database or brokers. @throws when it can't be told */
  readonly resource?: (endpoint: Endpoint<F>, context: ConnectorContext) => string;
  /** Reaches other hosts, so that dynamic endpoints need it on the allow-list. */
  readonly isRemote?: boolean;
  /** Consumed from, it is a server that others call: it reaches nobody itself. */
  readonly serves?: boolean;
  /** Talks to programs outside of this one, though not to a host that a message may name (`micrologic:`): tests put mocks in their place. */
  readonly reachesOut?: boolean;
  /** Fed by routes of the same runtime (`direct:`, `seda:`): its consumers stop last, when the routes that feed them are idle. */
  readonly isInternal?: boolean;
  /** What its consumers can't promise, and why; the others are kept, and shown by the contract's tests. Every consumer has it, or `promisesOfOthers`. */
  readonly notPromised?: Partial<Readonly<Record<ConsumerPromise, string>>>;
  /** Its consumers take from no source of their own: whose promises hold in their place. */
  readonly promisesOfOthers?: string;
  /**
   * Milliseconds that its messages, unless somebody waits for a reply, can wait with their source for another attempt of a failing step. One that
   * has longer to wait is put aside in the state store, and its source is settled. A minute when absent.
   */
  readonly longestWaitMillis?: number;
  /**
   * Several processes may consume from the same endpoint at once, and each message goes to one of them: with `mecha run --workers` every worker does.
   * Absent: one does.
   */
  readonly isShareable?: boolean | ((options: Options<F>) => boolean);
  /** Its consumers are served by the runtime's HTTP listeners (`httpListeners`). */
  readonly isHttpServer?: boolean | ((options: Options<F>) => boolean);
  /** What is sent to it meets what this process has (sockets, routes): of several processes, one runs the routes that do. */
  readonly isOfProcess?: boolean;
  /** What is sent to it is served by the runtime's HTTP listeners: a process that does not run the route hands on who asks for it. */
  readonly servesProducers?: boolean;
  /** Looks, before anything is opened, whether what an endpoint names is there, such as its bean. @throws Error that says what to write */
  readonly check?: (endpoint: Endpoint<F>, context: ConnectorContext) => void;
  /** What is not part of the program, and its endpoints need. */
  readonly library?: { readonly name: string; check(): void };
  /** What is sent to it needs a route that consumes from the same path, now (`direct:`). */
  readonly needsRoute?: boolean;
}

/** Defines a connector; the type of its options follows from its fields. */
export const defineConnector = <F extends Fields>(definition: ConnectorDefinition<F>): ConnectorDefinition<F> => definition;
