import { randomUUID } from 'node:crypto';
import type { Timer } from '../../core/clock.ts';
import type { ConnectorContext, Consumer, Delivery, PolledMessage, Sink } from '../../core/connector.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { isUnhandled } from '../../core/exchange/exchange.ts';
import { Headers } from '../../core/exchange/headers.ts';
import type { HeaderFilter } from '../../core/http/headers.ts';
import { Acks } from './acks.ts';
import type { BrokerSettings, RabbitEndpoint } from './address.ts';
import { brokerOf, shownBroker } from './address.ts';
import type { BrokerChannel, BrokerConnection, BrokerError, WireMessage, WireProperties } from './client.ts';
import { attemptHeader, bodyOf, contentOf, exchangeHeader, MessageHeaders, propertiesOf, routingKeyHeader, userIdHeader, withoutRetries } from './headers.ts';
import type { Link, LinkUser } from './link.ts';
import { Links } from './link.ts';
import type { Outgoing, Publisher } from './publisher.ts';
import { brokerReason } from './publisher.ts';
import type { DeadLetters } from './topology.ts';
import { argumentsOf, checkArguments, deadLettersOf, declareRetryQueue, isDirectReply, prepareConsumer, queuesOf, retryQueueOf } from './topology.ts';

const firstDelayMillis = 200;
const longestDelayMillis = 30_000;
/** Longest that a start waits to see how the first connection comes about. */
const startPatienceMillis = 5000;
/** Deliveries that have left the route and are not settled (members of open groups) may be this many times the credit, and more than a thousand. */
const unsettledFactor = 16;
const mostPrefetched = 65_535;
const publishTimeoutMillis = 30_000;
/** Longest that stopping waits for a broker that does not answer. */
const farewellMillis = 2000;

/** One message from when it came until it has settled. */
class RabbitDelivery implements Delivery {
  readonly id?: string;
  readonly subscription: Subscription;
  readonly message: WireMessage;
  readonly queue: string;
  attempt: number;
  /** Nothing that is tried again makes it better. */
  isPoison = false;
  wantsReply = false;
  private isInterrupted = false;

  constructor(subscription: Subscription, message: WireMessage, queue: string) {
    this.subscription = subscription;
    this.message = message;
    this.queue = queue;
    const { messageId, headers } = message.properties;
    if (messageId !== undefined && messageId !== '') this.id = messageId;
    this.attempt = headers === undefined ? 1 : (Number(headers[attemptHeader] ?? 0) || 0) + 1;
  }

  get tag(): number {
    return this.message.fields.deliveryTag;
  }

  get wouldLose(): boolean {
    return !this.isInterrupted && this.subscription.consumer.wouldLose(this);
  }

  left(exchange: Exchange): void {
    this.isInterrupted = exchange.exception?.type === 'mecha.ShutdownException';
    this.subscription.left();
  }

  settle(exchange: Exchange): void | Promise<void> {
    return this.subscription.consumer.settle(this, exchange);
  }
}

interface Queued {
  readonly message: WireMessage;
  readonly queue: string;
}

/** A channel with a consumer on each queue. It ends with its channel; a reconnect makes another one. */
class Subscription {
  readonly consumer: RabbitConsumer;
  readonly channel: BrokerChannel;
  readonly acks: Acks;
  /** Its messages keep their order. */
  private readonly lane = {};
  private tags: { readonly queue: string; readonly tag: string }[] = [];
  private waiting: Queued[] = [];
  private prefetch = 0;
  private changing: Promise<void> = Promise.resolve();
  private isGrowing = false;
  private isPaused = false;
  isEnding = false;
  /** Under way in the route, and out of it but not settled. */
  underWay = 0;
  unsettled = 0;

  constructor(consumer: RabbitConsumer, channel: BrokerChannel) {
    this.consumer = consumer;
    this.channel = channel;
    this.acks = new Acks(channel, consumer.context.clock, () => this.prefetch >> 2);
  }

  get isOpen(): boolean {
    return this.channel.isOpen;
  }

  /** Begins to consume, or goes on with another prefetch count. */
  consume(prefetch: number): Promise<void> {
    return (this.changing = this.changing.catch(() => undefined).then(() => this.change(prefetch)));
  }

  private async change(prefetch: number): Promise<void> {
    if (!this.isOpen || this.isEnding) return;
    const { options } = this.consumer.endpoint;
    const tags = this.tags.splice(0);
    await Promise.all(tags.map(({ tag }) => this.channel.cancel(tag)));
    this.prefetch = prefetch;
    await this.channel.prefetch(prefetch);
    const args = argumentsOf(this.consumer.endpoint, 'consumer.');
    for (const queue of this.consumer.queues) {
      const tag = await this.channel.consume(queue, (message) => this.received(message, queue), {
        noAck: options.acknowledgeMode === 'NONE',
        exclusive: options.exclusive,
        noLocal: options.noLocal,
        arguments: args,
      });
      this.tags.push({ queue, tag });
    }
  }

  /** Takes no more, and gives back what nobody has begun with. */
  end(): Promise<void> {
    this.isEnding = true;
    return (this.changing = this.changing
      .catch(() => undefined)
      .then(async () => {
        if (this.isOpen) await this.consumer.inTime(Promise.all(this.tags.splice(0).map(({ tag }) => this.channel.cancel(tag))), farewellMillis);
      })
      .catch(() => undefined)
      .then(() => {
        const waiting = this.waiting.splice(0);
        // The broker has forgotten what it sent to a consumer without acknowledgements.
        if (!this.consumer.isAcknowledged) for (const { message, queue } of waiting) this.push(message, queue);
        else for (const { message } of waiting.reverse()) this.acks.giveBack(message.fields.deliveryTag, true);
      }));
  }

  async close(): Promise<void> {
    await this.end();
    this.acks.flush();
    if (!this.isOpen) return;
    const closed = new Promise<void>((resolve) => this.channel.onClose(() => resolve()));
    this.channel.close().catch(() => undefined);
    await this.consumer.inTime(closed, farewellMillis);
  }

  private received(message: WireMessage | null, queue: string): void {
    if (message === null) return this.consumer.cancelled(this, queue);
    if (this.consumer.isAcknowledged) this.acks.received(message.fields.deliveryTag);
    if (this.waiting.length > 0 || !this.consumer.hasCredit || this.isEnding) this.waiting.push({ message, queue });
    else this.push(message, queue);
    // Without acknowledgements the broker knows no bound.
    if (this.waiting.length > 2 * this.consumer.prefetch && !this.isPaused && !this.consumer.isAcknowledged) this.pause();
  }

  private pause(): void {
    this.isPaused = true;
    this.changing = this.changing
      .then(async () => {
        if (!this.isEnding) await Promise.all(this.tags.splice(0).map(({ tag }) => this.channel.cancel(tag)));
      })
      .catch(() => undefined);
  }

  private push(message: WireMessage, queue: string): void {
    this.underWay++;
    this.consumer.push(new RabbitDelivery(this, message, queue), this.lane);
  }

  /** One that has failed before. */
  pushAgain(delivery: RabbitDelivery): void {
    this.underWay++;
    this.consumer.push(delivery, this.lane);
  }

  /** Hands on one message that waits. */
  pushNext(): boolean {
    if (this.isEnding || this.waiting.length === 0 || !this.isOpen) return false;
    const { message, queue } = this.waiting.shift()!;
    this.push(message, queue);
    if (this.isPaused && this.waiting.length === 0) {
      this.isPaused = false;
      this.consume(this.prefetch).catch(() => undefined);
    }
    return true;
  }

  left(): void {
    this.underWay--;
    this.unsettled++;
    this.consumer.freed();
    // All that the broker sends at once has left the route and waits for something to settle (a group that is not full): there must be more.
    if (this.unsettled >= this.prefetch && this.underWay === 0 && !this.isGrowing && !this.isEnding && this.consumer.isAcknowledged) this.grow();
  }

  private grow(): void {
    const most = Math.min(mostPrefetched, Math.max(1000, this.consumer.prefetch * unsettledFactor));
    if (this.prefetch >= most) return;
    this.isGrowing = true;
    // What settles in this turn of the event loop needs no more.
    this.consumer.context.clock.yield(() => {
      if (this.unsettled < this.prefetch || !this.isOpen) {
        this.isGrowing = false;
        return;
      }
      const grown = this.consume(Math.min(most, this.prefetch * 2));
      void grown.catch(() => undefined).then(() => (this.isGrowing = false));
    });
  }
}

/** Feeds a route from queues; comes back after a cut, with all that it had declared. */
export class RabbitConsumer implements Consumer, LinkUser {
  readonly endpoint: RabbitEndpoint;
  readonly context: ConnectorContext;
  readonly queues: readonly string[];
  readonly isAcknowledged: boolean;
  private readonly ownQueue: string | null;
  private readonly settings: BrokerSettings;
  private readonly links: Links;
  private readonly filter: HeaderFilter | null;
  private readonly deadLetters: DeadLetters | null;
  private readonly isDeliveredInOrder: boolean;
  private held: { readonly link: Link; release(): Promise<void> } | null = null;
  private publishing: { readonly publisher: Publisher; release(): Promise<void> } | null = null;
  private sink: Sink | null = null;
  private subscriptions: Subscription[] = [];
  private connection: BrokerConnection | null = null;
  private isOn = false;
  private isWaiting = false;
  private isPumping = false;
  private credit: number;
  private underWay = 0;
  private delayMillis = firstDelayMillis;
  private timer: Timer | null = null;
  private opening: Promise<void> = Promise.resolve();
  private retryChannel: BrokerChannel | null = null;
  /** When each retry queue was declared last. */
  private readonly declaredAt = new Map<string, number>();
  private polling: BrokerChannel | null = null;
  private opened: ((error: ExchangeError | null) => void) | null = null;
  /** Failed messages that wait in memory to be tried again, or given back. */
  private readonly retries = new Map<RabbitDelivery, { readonly timer: Timer; readonly cancel: () => void }>();

  /** @throws Error when an option can't be used */
  constructor(endpoint: RabbitEndpoint, context: ConnectorContext) {
    const { options } = endpoint;
    this.endpoint = endpoint;
    this.context = context;
    checkArguments(endpoint);
    for (const kind of ['queue.', 'exchange.', 'dlq.queue.', 'consumer.']) argumentsOf(endpoint, kind);
    const named = queuesOf(endpoint);
    if (named.length === 0 && !options.autoDeclare) throw new Error('`queues` is missing: with autoDeclare=false the consumer makes no queue of its own');
    this.ownQueue = named.length === 0 ? `mecha.${endpoint.options.exchangeName}.${randomUUID()}` : null;
    this.queues = this.ownQueue === null ? named : [this.ownQueue];
    this.isAcknowledged = options.acknowledgeMode !== 'NONE';
    this.settings = brokerOf(endpoint, context);
    this.links = Links.of(context);
    this.filter = options.headerFilterStrategy === undefined ? null : context.bean<HeaderFilter>(options.headerFilterStrategy);
    this.deadLetters = deadLettersOf(endpoint);
    this.isDeliveredInOrder = !options.asyncConsumer;
    this.credit = options.prefetchCount * options.concurrentConsumers;
  }

  /** What the broker may send at once to each consumer. */
  get prefetch(): number {
    const { concurrentConsumers } = this.endpoint.options;
    return Math.max(1, Math.min(mostPrefetched, Math.ceil(this.credit / (concurrentConsumers * this.queues.length))));
  }

  get hasCredit(): boolean {
    return this.isOn && this.underWay < this.credit;
  }

  // ---------------------------------------------------------------------------------------------- life

  async start(sink: Sink): Promise<void> {
    this.sink = sink;
    if (this.endpoint.options.autoStartup) await this.begin();
  }

  async stop(): Promise<void> {
    await this.halt();
  }

  async suspend(): Promise<void> {
    await this.halt();
  }

  async resume(): Promise<void> {
    if (!this.isOn) await this.begin();
  }

  async close(): Promise<void> {
    await this.halt();
    const subscriptions = this.subscriptions.splice(0);
    for (const channel of [this.retryChannel, this.polling]) if (channel?.isOpen === true) await this.inTime(channel.close(), farewellMillis).catch(() => undefined);
    await Promise.all(subscriptions.map((subscription) => subscription.close()));
    if (this.ownQueue !== null && this.connection !== null) {
      await this.inTime(deleteQueue(this.connection, this.ownQueue), farewellMillis);
    }
    this.connection = null;
    const { held, publishing } = this;
    this.held = null;
    this.publishing = null;
    held?.link.leave(this);
    await held?.release();
    await publishing?.release();
  }

  setCredit(credit: number): void {
    this.credit = Math.max(1, credit);
    for (const subscription of this.subscriptions) if (subscription.isOpen && this.isOn) subscription.consume(this.prefetch).catch(() => undefined);
    this.pump();
  }

  private async begin(): Promise<void> {
    this.isOn = true;
    this.delayMillis = firstDelayMillis;
    const opened = new Promise<ExchangeError | null>((resolve) => (this.opened = resolve));
    if (this.held === null) {
      const held = (this.held = this.links.acquire(this.settings, 'consumers'));
      const connecting = held.link.attempt();
      held.link.join(this);
      const failure = await this.inTime(connecting, startPatienceMillis);
      if (failure !== null && failure !== 'late') {
        if (this.endpoint.options.testConnectionOnStartup) await this.giveUp(failure);
        return;
      }
      if (failure === 'late') return this.wait(`${shownBroker(this.settings)}: no connection yet`);
    } else if (this.connection !== null) this.open(this.connection);
    else return;
    const error = await this.inTime(opened, startPatienceMillis);
    if (error === null || error === 'late') return;
    // What is declared otherwise already, or not allowed, does not change by waiting; what is missing may come.
    const code = (error.cause as BrokerError | undefined)?.code;
    if (code === 406 || code === 403 || code === 503 || code === 540) await this.giveUp(error);
  }

  private async giveUp(error: ExchangeError): Promise<never> {
    await this.close();
    throw error;
  }

  inTime<T>(promise: Promise<T>, millis: number): Promise<T | 'late'> {
    return new Promise((resolve, reject) => {
      const timer = this.context.clock.schedule(millis, () => resolve('late'));
      promise.then(
        (value) => {
          timer.cancel();
          resolve(value);
        },
        (thrown: unknown) => {
          timer.cancel();
          reject(thrown as Error);
        },
      );
    });
  }

  private async halt(): Promise<void> {
    this.isOn = false;
    this.timer?.cancel();
    this.timer = null;
    this.tell(null);
    for (const { cancel } of [...this.retries.values()]) cancel();
    await this.opening.catch(() => undefined);
    await Promise.all(this.subscriptions.map((subscription) => subscription.end()));
  }

  // ---------------------------------------------------------------------------------------------- the link's user

  connected(connection: BrokerConnection): void {
    this.connection = connection;
    if (this.isOn) this.open(connection);
  }

  lost(reason: ExchangeError): void {
    this.connection = null;
    this.timer?.cancel();
    this.timer = null;
    this.forgetClosed();
    if (this.isOn) this.wait(reason.message);
  }

  private wait(reason: string): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.context.waiting(reason);
  }

  private open(connection: BrokerConnection): void {
    this.opening = this.opening.catch(() => undefined).then(() => this.openAll(connection));
  }

  /** Declares everything and consumes. What the broker refuses is tried again later. */
  private async openAll(connection: BrokerConnection): Promise<void> {
    if (!this.isOn || this.connection !== connection) return;
    this.forgetClosed();
    const { concurrentConsumers } = this.endpoint.options;
    try {
      // On a channel of its own, since what is refused closes it.
      const preparing = await connection.channel(false);
      await prepareConsumer(preparing, this.endpoint, this.queues, this.ownQueue);
      await preparing.close();
      for (const idle of this.subscriptions.filter(({ isEnding, acks }) => isEnding && acks.open === 0)) await idle.close();
      this.forgetClosed();
      const missing = concurrentConsumers - this.subscriptions.filter((subscription) => subscription.isOpen && !subscription.isEnding).length;
      for (let i = 0; i < missing; i++) await this.subscribe(connection);
    } catch (thrown) {
      if (this.connection !== connection) return;
      this.again(connection, thrown as BrokerError);
      return;
    }
    this.delayMillis = firstDelayMillis;
    if (this.isWaiting) this.context.ready();
    this.isWaiting = false;
    this.tell(null);
  }

  private async subscribe(connection: BrokerConnection): Promise<void> {
    const channel = await connection.channel(false);
    const subscription = new Subscription(this, channel);
    channel.onClose((error) => {
      this.forgetClosed();
      if (error !== null && this.isOn && this.connection === connection) this.again(connection, error);
    });
    this.subscriptions.push(subscription);
    await subscription.consume(this.prefetch);
  }

  private again(connection: BrokerConnection, error: BrokerError): void {
    const reason = this.explain(error);
    this.wait(reason);
    this.tell(this.refusal(error));
    this.timer?.cancel();
    this.timer = this.context.clock.schedule(this.delayMillis, () => {
      this.timer = null;
      if (this.isOn && this.connection === connection) this.open(connection);
    });
    this.delayMillis = Math.min(this.delayMillis * 2, longestDelayMillis);
  }

  private explain(error: BrokerError): string {
    const reason = brokerReason(error);
    const help = error.code === 404 && !this.endpoint.options.autoDeclare ? ' (autoDeclare=true would declare it)' : '';
    return `${reason}${help}`;
  }

  private refusal(error: BrokerError): ExchangeError {
    const { routeId } = this.context;
    return new ExchangeError('org.springframework.amqp.AmqpIOException', `${routeId === null ? '' : `route ${routeId}: `}${this.endpoint.shownUri}: ${this.explain(error)}`, { cause: error });
  }

  private tell(error: ExchangeError | null): void {
    const { opened } = this;
    this.opened = null;
    opened?.(error);
  }

  private forgetClosed(): void {
    this.subscriptions = this.subscriptions.filter((subscription) => subscription.isOpen);
  }

  /** The broker has ended a consumer: its queue was deleted, or moved to another node. */
  cancelled(subscription: Subscription, queue: string): void {
    if (!this.isOn) return;
    const { connection } = this;
    void subscription.end();
    if (connection !== null) this.again(connection, Object.assign(new Error(`the queue '${queue}' is gone`), { code: 404 }));
  }

  // ---------------------------------------------------------------------------------------------- messages

  push(delivery: RabbitDelivery, lane: object): void {
    const { message } = delivery;
    const { options } = this.endpoint;
    const { replyTo } = message.properties;
    const wantsReply = options.exchangePattern === undefined ? replyTo !== undefined && replyTo !== '' && !options.disableReplyTo : options.exchangePattern === 'InOut';
    const exchange = this.sink!.exchange(null, new Headers(new MessageHeaders(message, this.filter)), wantsReply);
    delivery.wantsReply = wantsReply && replyTo !== undefined && replyTo !== '';
    if (this.isDeliveredInOrder) exchange.lane = lane;
    this.underWay++;
    if (message.content.length > options.maxMessageSize) {
      exchange.body = message.content;
      delivery.isPoison = true;
      exchange.fail(new ExchangeError('org.springframework.amqp.support.converter.MessageConversionException', `${this.endpoint.shownUri}: a message of ${message.content.length} bytes, more than maxMessageSize (${options.maxMessageSize})`));
    } else exchange.body = bodyOf(message);
    if (options.acknowledgeMode === 'MANUAL') exchange.properties.set('CamelSpringRabbitmqChannel', new ManualChannel(delivery));
    this.sink!.push(exchange, delivery);
  }

  /** A message has left the route: the next one may enter. */
  freed(): void {
    this.underWay--;
    this.pump();
  }

  private pump(): void {
    if (this.isPumping) return;
    this.isPumping = true;
    while (this.hasCredit && this.subscriptions.some((subscription) => subscription.pushNext()));
    this.isPumping = false;
  }

  /** Whether a failure would lose the message, if the runtime did not keep it. */
  wouldLose({ attempt, isPoison }: RabbitDelivery): boolean {
    const { maximumRetryAttempts, rejectAndDontRequeue, acknowledgeMode } = this.endpoint.options;
    if (acknowledgeMode === 'MANUAL') return false;
    if (acknowledgeMode === 'NONE') return true;
    return (isPoison || attempt >= maximumRetryAttempts) && rejectAndDontRequeue === undefined && this.deadLetters === null;
  }

  /** Acknowledges a message that the route is done with, answers a request, and deals with what failed. */
  settle(delivery: RabbitDelivery, exchange: Exchange): void | Promise<void> {
    const { acknowledgeMode } = this.endpoint.options;
    if (isUnhandled(exchange)) {
      if (acknowledgeMode === 'AUTO') return this.failed(delivery, exchange.exception ?? new ExchangeError('org.apache.camel.RollbackExchangeException', 'the exchange was rolled back'));
      return this.settled(delivery);
    }
    if (delivery.wantsReply && exchange.exception === null) return this.reply(delivery, exchange);
    if (acknowledgeMode === 'AUTO') delivery.subscription.acks.done(delivery.tag);
    this.settled(delivery);
  }

  private settled(delivery: RabbitDelivery): void {
    delivery.subscription.unsettled--;
  }

  private async reply(delivery: RabbitDelivery, exchange: Exchange): Promise<void> {
    const { properties: request } = delivery.message;
    const { headers } = exchange;
    let content: Buffer;
    let properties: WireProperties;
    try {
      // What came with the request does not go back with the reply.
      properties = propertiesOf(headers, this.filter, (visit) => {
        const { origin } = headers;
        if (origin === null || !headers.forEachExcept(origin, visit)) headers.forEach(visit);
      });
      properties.correlationId = request.correlationId ?? request.messageId;
      properties.replyTo = undefined;
      properties.userId = undefined;
      content = await contentOf(exchange, properties, true);
    } catch (thrown) {
      exchange.fail(thrown);
      return this.failed(delivery, exchange.exception!);
    }
    const error = await this.publish({ exchange: '', routingKey: request.replyTo!, content, properties });
    if (error !== null) this.context.log('warn', `no reply to \`${request.replyTo!}\`: ${error.message}`);
    const { acks } = delivery.subscription;
    // Who waits no longer does not want the request done once more; who could not be reached does.
    if (this.endpoint.options.acknowledgeMode === 'AUTO') {
      if (error === null || /Returned/.test(error.type)) acks.done(delivery.tag);
      else acks.giveBack(delivery.tag, true);
    }
    this.settled(delivery);
  }

  // ---------------------------------------------------------------------------------------------- failures

  private async failed(delivery: RabbitDelivery, reason: ExchangeError): Promise<void> {
    const { subscription, attempt } = delivery;
    // On a channel that is gone nothing can be acknowledged: the broker sends the message again anyway.
    if (subscription.isOpen) {
      if (reason.type === 'mecha.ShutdownException') subscription.acks.giveBack(delivery.tag, true);
      else if (!delivery.isPoison && attempt < this.endpoint.options.maximumRetryAttempts) await this.retry(delivery, reason);
      else await this.giveAway(delivery, reason);
    }
    this.settled(delivery);
  }

  /** The message waits in a queue whose messages come back by themselves; where none may be declared, it waits here. */
  private async retry(delivery: RabbitDelivery, reason: ExchangeError): Promise<void> {
    const { autoDeclare, retryDelay } = this.endpoint.options;
    const { subscription, queue, attempt, tag } = delivery;
    if (autoDeclare && retryDelay > 0 && (await this.hasRetryQueue(queue, retryDelay))) {
      const { fields, properties } = delivery.message;
      const before = properties.headers ?? {};
      const headers = withoutRetries(before);
      headers[attemptHeader] = attempt;
      headers[exchangeHeader] = before[exchangeHeader] ?? fields.exchange;
      headers[routingKeyHeader] = before[routingKeyHeader] ?? fields.routingKey;
      if (properties.userId !== undefined) headers[userIdHeader] = properties.userId;
      else if (before[userIdHeader] !== undefined) headers[userIdHeader] = before[userIdHeader];
      headers['x-exception-message'] = shownReason(reason);
      const error = await this.publish({
        exchange: '',
        routingKey: retryQueueOf(queue, retryDelay),
        content: delivery.message.content,
        properties: { ...properties, headers, userId: undefined, expiration: undefined },
      });
      if (error === null) return subscription.acks.done(tag);
    }
    await this.later(delivery, () => {
      const again = new RabbitDelivery(subscription, delivery.message, queue);
      again.attempt = attempt + 1;
      subscription.pushAgain(again);
    });
  }

  /** Whether the retry queue is there, and stays for as long as a message waits in it. */
  private async hasRetryQueue(queue: string, delayMillis: number): Promise<boolean> {
    const now = this.context.clock.now();
    if (this.retryChannel?.isOpen === true && now - (this.declaredAt.get(queue) ?? 0) < 30_000) return true;
    try {
      if (this.retryChannel?.isOpen !== true) {
        this.declaredAt.clear();
        this.retryChannel = await this.connection!.channel(false);
      }
      await declareRetryQueue(this.retryChannel, queue, delayMillis);
      this.declaredAt.set(queue, now);
      return true;
    } catch {
      return false;
    }
  }

  /** The last attempt has failed. */
  private async giveAway(delivery: RabbitDelivery, reason: ExchangeError): Promise<void> {
    const { deadLetters } = this;
    const { acks } = delivery.subscription;
    if (deadLetters !== null) {
      const { fields, properties } = delivery.message;
      const before = properties.headers ?? {};
      const headers = withoutRetries(before);
      const routingKey = String(before[routingKeyHeader] ?? fields.routingKey);
      headers['x-exception-message'] = shownReason(reason);
      headers['x-exception-type'] = reason.type;
      headers['x-original-exchange'] = before[exchangeHeader] ?? fields.exchange;
      headers['x-original-routingKey'] = routingKey;
      headers['x-original-queue'] = delivery.queue;
      headers['x-attempts'] = delivery.attempt;
      const error = await this.publish({
        exchange: deadLetters.exchange,
        routingKey: deadLetters.routingKey ?? routingKey,
        content: delivery.message.content,
        properties: { ...properties, headers, userId: undefined, expiration: undefined },
      });
      if (error === null) return acks.done(delivery.tag);
      this.context.log('error', `${this.endpoint.shownUri}: a failed message stays in \`${delivery.queue}\`, since it can't be dead-lettered: ${error.message}`);
    } else if (this.endpoint.options.rejectAndDontRequeue === true) {
      this.context.log('warn', `${this.endpoint.shownUri}: a message is rejected after ${delivery.attempt} attempts: ${shownReason(reason)}`);
      return acks.giveBack(delivery.tag, false);
    }
    await this.later(delivery, () => acks.giveBack(delivery.tag, true));
  }

  /** Does it after the retry delay; when the consumer stops before, the message goes back to its queue. */
  private later(delivery: RabbitDelivery, run: () => void): Promise<void> {
    const { acks } = delivery.subscription;
    if (!this.isOn) {
      acks.giveBack(delivery.tag, true);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timer = this.context.clock.schedule(this.endpoint.options.retryDelay, () => {
        this.retries.delete(delivery);
        run();
        resolve();
      });
      this.retries.set(delivery, {
        timer,
        cancel: () => {
          timer.cancel();
          this.retries.delete(delivery);
          acks.giveBack(delivery.tag, true);
          resolve();
        },
      });
    });
  }

  /** Null when the broker has confirmed it. */
  private publish(message: Pick<Outgoing, 'exchange' | 'routingKey' | 'content' | 'properties'>): Promise<ExchangeError | null> {
    this.publishing ??= this.links.publisher(this.settings, 'messages');
    const { publisher } = this.publishing;
    return new Promise((resolve) =>
      publisher.publish({ ...message, isMandatory: !isDirectReply(message.exchange, message.routingKey), isConfirmed: true, timeoutMillis: publishTimeoutMillis, shownUri: this.endpoint.shownUri, done: (error) => resolve(error) }),
    );
  }

  // ---------------------------------------------------------------------------------------------- polling

  async receive(timeoutMillis: number): Promise<PolledMessage | null> {
    const channel = await this.pollingChannel();
    for (const queue of this.queues) {
      const message = await channel.get(queue);
      if (message !== null) return this.polled(channel, message);
    }
    if (timeoutMillis === 0) return null;
    return new Promise((resolve, reject) => {
      let isOver = false;
      let timer: Timer | null = null;
      const tags: string[] = [];
      const end = (message: WireMessage | null): void => {
        isOver = true;
        timer?.cancel();
        void Promise.all(tags.map((tag) => channel.cancel(tag)))
          .catch(() => undefined)
          .then(() => resolve(message === null ? null : this.polled(channel, message)));
      };
      const received = (message: WireMessage | null): void => {
        if (message === null) return;
        if (isOver) channel.nack(message.fields.deliveryTag, false, true);
        else end(message);
      };
      const consume = async (): Promise<void> => {
        await channel.prefetch(1);
        for (const queue of this.queues) if (!isOver) tags.push(await channel.consume(queue, received, { noAck: false, exclusive: false, noLocal: false, arguments: {} }));
        if (!isOver && timeoutMillis > 0) timer = this.context.clock.schedule(timeoutMillis, () => !isOver && end(null));
      };
      channel.onClose((error) => isOver || reject(error ?? new ExchangeError('org.springframework.amqp.AmqpConnectException', `${this.endpoint.shownUri}: the connection was cut`)));
      consume().catch(reject);
    });
  }

  private polled(channel: BrokerChannel, message: WireMessage): PolledMessage {
    const tag = message.fields.deliveryTag;
    return {
      body: bodyOf(message),
      headers: new Headers(new MessageHeaders(message, this.filter)),
      settle: (exchange) => {
        if (isUnhandled(exchange)) channel.nack(tag, false, true);
        else channel.ack(tag, false);
      },
    };
  }

  private async pollingChannel(): Promise<BrokerChannel> {
    if (this.polling?.isOpen === true) return this.polling;
    if (this.held === null) {
      this.held = this.links.acquire(this.settings, 'consumers');
      this.held.link.join(this);
    }
    const failure = await this.held.link.attempt();
    if (failure !== null || this.connection === null) throw failure ?? new ExchangeError('org.springframework.amqp.AmqpConnectException', `${this.endpoint.shownUri}: no connection`);
    try {
      const preparing = await this.connection.channel(false);
      await prepareConsumer(preparing, this.endpoint, this.queues, this.ownQueue);
      await preparing.close();
      return (this.polling = await this.connection.channel(false));
    } catch (thrown) {
      throw this.refusal(thrown as BrokerError);
    }
  }
}

async function deleteQueue(connection: BrokerConnection, queue: string): Promise<void> {
  try {
    const channel = await connection.channel(false);
    await channel.deleteQueue(queue);
    await channel.close();
  } catch {
    // The broker drops it by itself when nobody has used it for a while.
  }
}

/** What a route with acknowledgeMode=MANUAL acknowledges by, named as in Java. */
class ManualChannel {
  private readonly delivery: RabbitDelivery;

  constructor(delivery: RabbitDelivery) {
    this.delivery = delivery;
  }

  basicAck(tag: unknown = this.delivery.tag, isMultiple: unknown = false): void {
    const { acks } = this.delivery.subscription;
    if (isMultiple !== true && isMultiple !== 'true') acks.done(Number(tag));
    else acks.doneUpTo(Number(tag));
  }

  basicNack(tag: unknown = this.delivery.tag, _isMultiple: unknown = false, isRequeued: unknown = true): void {
    this.delivery.subscription.acks.giveBack(Number(tag), isRequeued === true || isRequeued === 'true');
  }

  basicReject(tag: unknown = this.delivery.tag, isRequeued: unknown = true): void {
    this.basicNack(tag, false, isRequeued);
  }

  toString(): string {
    return 'Channel';
  }
}

const shownReason = ({ message }: ExchangeError): string => (message.length > 2000 ? `${message.slice(0, 2000)}...` : message);
