import { leaveTransaction } from '../../core/exchange/transaction.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Consumer, ConnectorContext, ConnectorDefinition, Delivery, Endpoint, PolledMessage, Producer, Sink } from '../../core/connector.ts';
import { hasNoHeaders, hasNoServer } from '../../core/connector.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange, UnitOfWork } from '../../core/exchange/exchange.ts';
import { isUnhandled } from '../../core/exchange/exchange.ts';
import { field } from '../../core/field.ts';
import type { Call } from '../../core/graph/flow.ts';
import { camelUri } from '../../core/uri.ts';

export type SedaEndpoint = Endpoint<typeof sedaOptions>;

const defaultSize = 1000;
const mostConsumers = 500;
const sliceMillis = 8;

/** One message in a queue, from when it is sent until what it became has settled. */
class Item {
  readonly exchange: Exchange;
  /** Who waits for the reply; null when the sender has gone on. */
  sender: Exchange | null;
  /** The sender's delivery, which must not settle before this item is done. */
  private unitOfWork: UnitOfWork | null;
  private timer: Timer | null = null;
  /** Consumers that have not settled it yet. */
  private open = 1;
  isGone = false;

  constructor(sent: Exchange, isWaiting: boolean) {
    this.exchange = sent.copy();
    this.exchange.properties.set('CamelCorrelationId', sent.id);
    this.exchange.unitOfWork = null;
    this.exchange.lane = null;
    leaveTransaction(this.exchange);
    this.sender = isWaiting ? sent : null;
    if (!isWaiting) this.exchange.signal = null;
    // A request is answered when its route is done; what it leaves behind here goes its own way.
    this.unitOfWork = isWaiting || sent.unitOfWork === null || sent.unitOfWork.isRequest ? null : sent.unitOfWork;
    this.unitOfWork?.retain();
  }

  get isOneWay(): boolean {
    return this.sender === null;
  }

  expectsWithin(millis: number, clock: Clock, expired: () => void): void {
    if (this.sender !== null && millis > 0) this.timer = clock.schedule(millis, expired);
  }

  goesTo(consumers: number): void {
    this.open = consumers;
  }

  /** One consumer is done with it: after the last the reply goes back, or the sender's delivery is let go. */
  done(settled: Exchange): void {
    // Of several consumers (each has a copy) none has a say in the reply, as in Camel, but a failure counts.
    if (settled !== this.exchange && settled.isFailed) this.exchange.fail(settled.exception);
    if (--this.open > 0) return;
    this.timer?.cancel();
    const result = this.exchange;
    const { sender, unitOfWork } = this;
    this.sender = null;
    this.unitOfWork = null;
    if (sender !== null) {
      sender.takeResult(result);
      sender.leave();
    }
    if (unitOfWork !== null) {
      if (isUnhandled(result) && !unitOfWork.exchange.isFailed) unitOfWork.exchange.fail(result.exception ?? new Error('rolled back'));
      unitOfWork.release();
    }
  }

  /** Nobody will work on it any more. */
  abandon(error: ExchangeError | null): void {
    this.isGone = true;
    this.open = 1;
    if (error !== null) this.exchange.fail(error);
    this.done(this.exchange);
  }

  /** The sender does not wait any longer; what comes of the item is dropped. */
  expire(error: ExchangeError): void {
    const { sender } = this;
    if (sender === null) return;
    this.sender = null;
    sender.fail(error);
    sender.leave();
  }
}

interface BlockedSender {
  readonly admit: () => void;
  readonly refuse: (error: ExchangeError) => void;
  readonly timer: Timer | null;
}

/** The queue behind one name, its consumers and the senders that wait for room. */
class SedaQueue {
  private readonly name: string;
  private readonly clock: Clock;
  /** What an endpoint has said, or the component; the default while nobody has. */
  private sizes: { stated: number | null; default: number };
  private items: Item[] = [];
  private head = 0;
  private count = 0;
  private consumers: SedaConsumer[] = [];
  /** Those of one endpoint together: each message goes to one endpoint, and to all consumers of it. */
  private groups: SedaConsumer[][] = [];
  private turn = 0;
  private blocked: BlockedSender[] = [];
  private receivers: ((item: Item) => void)[] = [];
  private emptyListeners: (() => void)[] = [];
  private isRunning = false;
  private isWoken = false;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.clock = clock;
    this.sizes = { stated: null, default: defaultSize };
  }

  get size(): number {
    return this.sizes.stated ?? this.sizes.default;
  }

  /**
   * An endpoint that says a size decides it for all that say none, whichever comes first.
   * @throws Error when another one has said another size
   */
  takeSize(size: number, isOfComponent: boolean): void {
    const { stated } = this.sizes;
    if (isOfComponent) this.sizes.default = size;
    else if (stated !== null && stated !== size) throw new Error(`Cannot use existing queue ${this.name} as the existing queue size ${stated} does not match given queue size ${size}`);
    // As in Camel, who says the default says nothing.
    else if (size !== defaultSize) this.sizes.stated = size;
  }

  get isFull(): boolean {
    return this.count >= this.size;
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  get hasConsumers(): boolean {
    return this.consumers.length > 0;
  }

  /** A route takes the name over from its own earlier generation. */
  join(consumer: SedaConsumer): void {
    const others = this.consumers.filter((other) => other.routeId !== consumer.routeId);
    // Endpoints that are written differently take turns at the messages of one queue, as in Camel.
    if (others.some((other) => other.uri === consumer.uri && !other.isMultiple && !consumer.isMultiple)) {
      throw new Error(`multiple consumers for the same endpoint are not allowed: ${this.name} (multipleConsumers=true allows them)`);
    }
    this.setConsumers([...others, consumer]);
    this.wake();
  }

  isOnly(consumer: SedaConsumer): boolean {
    return this.consumers.length === 1 && this.consumers[0] === consumer;
  }

  leave(consumer: SedaConsumer): void {
    this.setConsumers(this.consumers.filter((other) => other !== consumer));
  }

  private setConsumers(consumers: SedaConsumer[]): void {
    this.consumers = consumers;
    const groups = new Map<string, SedaConsumer[]>();
    for (const consumer of consumers) {
      const group = groups.get(consumer.uri);
      if (group === undefined) groups.set(consumer.uri, [consumer]);
      else group.push(consumer);
    }
    this.groups = [...groups.values()];
    this.turn = 0;
  }

  add(item: Item): void {
    const receive = this.receivers.shift();
    if (receive !== undefined) return receive(item);
    this.items.push(item);
    this.count++;
    this.wake();
  }

  /** Waits for room; `millis` 0 is for ever. */
  block(admit: () => void, refuse: (error: ExchangeError) => void, millis: number): void {
    const timer =
      millis <= 0
        ? null
        : this.clock.schedule(millis, () => {
            this.blocked = this.blocked.filter((other) => other !== waiting);
            refuse(new ExchangeError('java.lang.IllegalStateException', `Fails to insert element into queue, after timeout of ${millis} milliseconds`));
          });
    const waiting: BlockedSender = { admit, refuse, timer };
    this.blocked.push(waiting);
  }

  /** Takes an item out that nobody has begun with. */
  remove(item: Item): void {
    if (item.isGone) return;
    item.isGone = true;
    this.count--;
    this.madeRoom();
  }

  take(): Item | null {
    while (this.head < this.items.length) {
      const item = this.items[this.head]!;
      this.items[this.head++] = undefined as unknown as Item;
      if (this.head > 1024 && this.head * 2 > this.items.length) {
        this.items = this.items.slice(this.head);
        this.head = 0;
      }
      if (item.isGone) continue;
      item.isGone = true;
      this.count--;
      this.madeRoom();
      return item;
    }
    this.items = [];
    this.head = 0;
    return null;
  }

  /** Takes the next item now or when it comes. Gives what ends the waiting. */
  receive(receiver: (item: Item) => void): () => void {
    const item = this.take();
    if (item !== null) {
      receiver(item);
      return () => {};
    }
    this.receivers.push(receiver);
    return () => {
      this.receivers = this.receivers.filter((other) => other !== receiver);
    };
  }

  whenEmpty(): Promise<void> {
    return this.isEmpty ? Promise.resolve() : new Promise((resolve) => void this.emptyListeners.push(resolve));
  }

  abandonAll(error: ExchangeError | null): void {
    for (const { refuse, timer } of this.blocked.splice(0)) {
      timer?.cancel();
      refuse(error ?? stopped());
    }
    for (let item = this.take(); item !== null; item = this.take()) item.abandon(error);
  }

  wake(): void {
    if (this.isWoken || this.isRunning || this.consumers.length === 0) return;
    this.isWoken = true;
    this.clock.yield(() => {
      this.isWoken = false;
      this.run();
    });
  }

  /** Hands items to consumers while there are both; lets the event loop have its turn every few milliseconds. */
  private run(): void {
    const end = performance.now() + sliceMillis;
    this.isRunning = true;
    for (let turn = 1; this.count > 0; turn++) {
      if ((turn & 31) === 0 && performance.now() > end) break;
      const takers = this.takers();
      if (takers.length === 0) break;
      const item = this.take();
      if (item === null) break;
      item.goesTo(takers.length);
      if (takers.length === 1 && !takers[0]!.isMultiple) takers[0]!.deliver(item, item.exchange);
      else for (const taker of takers) taker.deliver(item, item.exchange.copy());
    }
    this.isRunning = false;
    if (this.count > 0 && this.takers().length > 0) this.wake();
  }

  /** Who the next item goes to: all consumers of the next endpoint whose consumers are free. Nobody when there is none. */
  private takers(): readonly SedaConsumer[] {
    const { groups } = this;
    for (let i = 0; i < groups.length; i++) {
      const at = (this.turn + i) % groups.length;
      const group = groups[at]!;
      if (group.some(isBusy)) continue;
      this.turn = at + 1;
      return group;
    }
    return nobody;
  }

  private madeRoom(): void {
    const next = this.blocked.shift();
    if (next !== undefined) {
      next.timer?.cancel();
      next.admit();
    }
    if (this.count === 0) for (const listener of this.emptyListeners.splice(0)) listener();
  }
}

const nobody: readonly SedaConsumer[] = [];

const isBusy = (consumer: SedaConsumer): boolean => !consumer.canTake;

const stopped = (): ExchangeError => new ExchangeError('mecha.ShutdownException', 'the queue was stopped before this message was handled');

function queueOf(endpoint: SedaEndpoint, context: ConnectorContext): SedaQueue {
  const queues = context.shared(endpoint.scheme, () => new Map<string, SedaQueue>());
  const { name, size } = endpoint.options;
  const uri = `${endpoint.scheme}://${name}`;
  let queue = queues.get(name);
  if (queue === undefined) queues.set(name, (queue = new SedaQueue(uri, context.clock)));
  if (size !== undefined) queue.takeSize(size, endpoint.ofComponent?.has('size') === true);
  return queue;
}

class SedaDelivery implements Delivery {
  readonly wouldLose: boolean;
  private isAside = false;
  private readonly item: Item;
  private readonly consumer: SedaConsumer;

  constructor(item: Item, consumer: SedaConsumer) {
    this.wouldLose = item.isOneWay;
    this.item = item;
    this.consumer = consumer;
  }

  aside(): void {
    this.isAside = this.consumer.letWait();
  }

  left(): void {
    if (this.isAside) this.consumer.waited();
    else this.consumer.freed();
  }

  settle(exchange: Exchange): void {
    this.item.done(exchange);
  }
}

export class SedaConsumer implements Consumer {
  readonly isMultiple: boolean;
  private readonly endpoint: SedaEndpoint;
  private readonly queue: SedaQueue;
  private readonly context: ConnectorContext;
  private sink: Sink | null = null;
  private isTaking = false;
  private underWay = 0;
  /** Those that wait in a step, beyond the credit. */
  private aside = 0;
  private credit: number;

  constructor(endpoint: SedaEndpoint, context: ConnectorContext) {
    const { concurrentConsumers, limitConcurrentConsumers, multipleConsumers, virtualThreadPerTask } = endpoint.options;
    if (limitConcurrentConsumers && concurrentConsumers > mostConsumers) {
      throw new Error(
        `The limitConcurrentConsumers flag in set to true. ConcurrentConsumers cannot be set at a value greater than ${mostConsumers} was ${concurrentConsumers}`,
      );
    }
    this.endpoint = endpoint;
    this.context = context;
    this.isMultiple = multipleConsumers;
    this.credit = virtualThreadPerTask && concurrentConsumers <= 1 ? mostConsumers : Math.max(1, concurrentConsumers);
    this.queue = queueOf(endpoint, context);
  }

  get routeId(): string {
    return this.sink!.routeId;
  }

  get uri(): string {
    return this.endpoint.uri;
  }

  get canTake(): boolean {
    return this.isTaking && this.underWay < this.credit;
  }

  start(sink: Sink): Promise<void> {
    this.sink = sink;
    try {
      this.queue.join(this);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
    this.isTaking = true;
    return Promise.resolve();
  }

  /** Works off what is in the queue first, unless another generation of the route, or another consumer, goes on with it. */
  async stop(): Promise<void> {
    if (this.sink === null) return;
    if (this.endpoint.options.purgeWhenStopping) this.queue.abandonAll(null);
    else if (this.isTaking && this.queue.isOnly(this)) await this.queue.whenEmpty();
    this.isTaking = false;
    this.queue.leave(this);
  }

  close(): Promise<void> {
    this.isTaking = false;
    this.queue.leave(this);
    if (!this.queue.hasConsumers) this.queue.abandonAll(stopped());
    return Promise.resolve();
  }

  suspend(): Promise<void> {
    this.isTaking = false;
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.isTaking = true;
    this.queue.wake();
    return Promise.resolve();
  }

  setCredit(credit: number): void {
    this.credit = credit;
    this.queue.wake();
  }

  deliver(item: Item, exchange: Exchange): void {
    const sink = this.sink!;
    exchange.fromEndpoint = camelUri(this.endpoint.shownUri);
    exchange.fromRouteId = sink.routeId;
    exchange.created = this.context.clock.now();
    this.underWay++;
    sink.push(exchange, new SedaDelivery(item, this));
  }

  freed(): void {
    this.underWay--;
    this.queue.wake();
  }

  /** One waits, and the next may come; false: as many wait as the queue is long. */
  letWait(): boolean {
    if (this.aside >= this.queue.size) return false;
    this.aside++;
    this.freed();
    return true;
  }

  waited(): void {
    this.aside--;
  }

  receive(timeoutMillis: number): Promise<PolledMessage | null> {
    return new Promise((resolve) => {
      let timer: Timer | null = null;
      let isOver = false;
      const end = this.queue.receive((item) => {
        isOver = true;
        timer?.cancel();
        const { body, headers, properties } = item.exchange;
        resolve({ body, headers, properties: properties.toObject(), settle: (exchange) => item.done(exchange) });
      });
      if (isOver || timeoutMillis < 0) return;
      if (timeoutMillis === 0) {
        end();
        resolve(null);
        return;
      }
      timer = this.context.clock.schedule(timeoutMillis, () => {
        end();
        resolve(null);
      });
    });
  }
}

export class SedaProducer implements Producer {
  private readonly endpoint: SedaEndpoint;
  private readonly queue: SedaQueue;
  private readonly clock: Clock;

  constructor(endpoint: SedaEndpoint, context: ConnectorContext) {
    const { discardIfNoConsumers, failIfNoConsumers } = endpoint.options;
    if (discardIfNoConsumers && failIfNoConsumers) throw new Error('only one of discardIfNoConsumers and failIfNoConsumers can be true');
    this.endpoint = endpoint;
    this.clock = context.clock;
    this.queue = queueOf(endpoint, context);
  }

  readonly call: Call = (exchange) => {
    const { discardIfNoConsumers, failIfNoConsumers, discardWhenFull, blockWhenFull, offerTimeout } = this.endpoint.options;
    const { queue } = this;
    if (!queue.hasConsumers && (failIfNoConsumers || discardIfNoConsumers)) {
      if (discardIfNoConsumers) return this.discard(exchange);
      exchange.fail(this.noConsumers());
      return exchange.leave();
    }
    if (!queue.isFull) return this.enqueue(exchange);
    if (discardWhenFull) return this.discard(exchange);
    if (!blockWhenFull) {
      exchange.fail(new ExchangeError('java.lang.IllegalStateException', 'Queue full'));
      return exchange.leave();
    }
    queue.block(
      () => this.enqueue(exchange),
      (error) => {
        exchange.fail(error);
        exchange.leave();
      },
      offerTimeout,
    );
  };

  private pattern(exchange: Exchange): boolean {
    const { exchangePattern } = this.endpoint.options;
    return exchangePattern === undefined ? exchange.isInOut : exchangePattern === 'InOut';
  }

  private isWaiting(isInOut: boolean): boolean {
    const { waitForTaskToComplete } = this.endpoint.options;
    return waitForTaskToComplete === 'Always' || (waitForTaskToComplete === 'IfReplyExpected' && isInOut);
  }

  private enqueue(exchange: Exchange): void {
    const isInOut = this.pattern(exchange);
    const isWaiting = this.isWaiting(isInOut);
    const item = new Item(exchange, isWaiting);
    item.exchange.isInOut = isInOut;
    item.expectsWithin(this.endpoint.options.timeout, this.clock, () => {
      this.queue.remove(item);
      item.expire(this.noReply(exchange));
    });
    this.queue.add(item);
    if (!isWaiting) exchange.leave();
  }

  /** Drops the message; whoever waits for its reply learns in time that there is none. */
  private discard(exchange: Exchange): void {
    const { timeout } = this.endpoint.options;
    if (!this.isWaiting(this.pattern(exchange)) || timeout <= 0) return exchange.leave();
    this.clock.schedule(timeout, () => {
      exchange.fail(this.noReply(exchange));
      exchange.leave();
    });
  }

  private noReply(exchange: Exchange): ExchangeError {
    const { timeout } = this.endpoint.options;
    return new ExchangeError('org.apache.camel.ExchangeTimedOutException', `The OUT message was not received within: ${timeout} millis. Exchange[${exchange.id}]`);
  }

  private noConsumers(): ExchangeError {
    return new ExchangeError(
      'org.apache.camel.component.seda.SedaConsumerNotAvailableException',
      `No consumers available on endpoint: ${camelUri(this.endpoint.shownUri)}. Exchange[]`,
    );
  }
}

/** Names that they have as properties of the component. */
export const sedaComponentOptions = { queueSize: 'size', defaultBlockWhenFull: 'blockWhenFull', defaultDiscardWhenFull: 'discardWhenFull', defaultOfferTimeout: 'offerTimeout', defaultPollTimeout: 'pollTimeout' };

export const sedaOptions = {
  name: field.string('Name of the queue.').required().inPath(),
  size: field.integer('Most messages that the queue holds; 1000 when no endpoint says otherwise.').atLeast(1),
  concurrentConsumers: field.count('Messages that the route works on at the same time.').default(1).atLeast(1),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').default(false).ignored('nothing can fail before the route has the exchange'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('nothing can fail before the route has the exchange'),
  exchangePattern: field.enum('Pattern of the messages that are sent: InOut waits for the reply.', ['InOnly', 'InOut']),
  limitConcurrentConsumers: field.boolean('Refuses more than 500 concurrent consumers.').default(true),
  multipleConsumers: field.boolean('Several routes may consume; each gets a copy of every message.').default(false),
  pollTimeout: field.millis('Wait between looks at the queue.').default(1000).ignored('the queue wakes its consumers'),
  purgeWhenStopping: field.boolean('Throws away what is in the queue when the route stops, instead of working it off.').default(false),
  virtualThreadPerTask: field.boolean('Works on as many messages at the same time as there are, up to concurrentConsumers or 500.').default(false),
  timeout: field.millis('How long a sender waits for the reply; 0 for ever.').default(30_000),
  waitForTaskToComplete: field.enum('When the sender waits until the message has been handled.', ['Never', 'IfReplyExpected', 'Always']).default('IfReplyExpected'),
  blockWhenFull: field.boolean('The sender waits for room in a full queue, instead of failing.').default(false),
  discardIfNoConsumers: field.boolean('Drops the message when nobody consumes.').default(false),
  discardWhenFull: field.boolean('Drops the message when the queue is full.').default(false),
  failIfNoConsumers: field.boolean('Fails the sender when nobody consumes.').default(false),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
  offerTimeout: field.millis('Longest wait for room with blockWhenFull; 0 for ever.').default(0),
  browseLimit: field.count('Messages kept for browsing.').default(100).ignored('the queue itself is what there is to browse'),
  queue: field.string('Bean that is the queue.').ignored('queues are always the ones of this runtime'),
};

/** What its consumers can't promise; those of `stub:` are the same. */
export const sedaNotPromised: ConnectorDefinition['notPromised'] = {
  ...hasNoServer('it is in memory'),
  'delivers again what failed': "what fails is kept as a dead letter, or fails the sender's own delivery",
  'delivers again what had not settled when its process died': 'what waits is in memory: the source that it came from delivers it again',
  'waits for a slow route, and holds no more in memory meanwhile': 'what waits is in memory: `size` bounds it, and senders wait',
  'shows no secret in what it says': 'it has no secrets',
  ...hasNoHeaders('messages of this runtime keep all of their headers'),
};
