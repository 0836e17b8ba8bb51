import type { ConnectorContext, Producer } from '../../core/connector.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { brokerKey } from '../../core/beans/rabbitBroker.ts';
import { transactionOf } from '../../core/exchange/transaction.ts';
import type { Transaction } from '../../core/exchange/transaction.ts';
import { isPromise } from '../../core/graph/flow.ts';
import type { HeaderFilter } from '../../core/http/headers.ts';
import type { BrokerSettings, RabbitEndpoint } from './address.ts';
import { brokerOf } from './address.ts';
import type { BrokerError, WireMessage, WireProperties } from './client.ts';
import { bodyOf, contentOf, exchangeOverride, MessageHeaders, propertiesOf, routingOverride, takeOverride } from './headers.ts';
import type { HeldMessage } from './held.ts';
import { HeldMessages } from './held.ts';
import type { LinkUser } from './link.ts';
import { Links } from './link.ts';
import type { Outgoing, Publisher } from './publisher.ts';
import { refused } from './publisher.ts';
import { checkArguments, exchangeNameOf, isDirectReply, prepareProducer } from './topology.ts';

/** Longest that a start waits to see how the first connection comes about. */
const startPatienceMillis = 5000;

/** Publishers of transactions that are open. */
const kept = new WeakMap<Transaction, Map<RabbitProducer, Publisher>>();

/** A message on its way to the broker, and the exchange that waits for it. */
class Sending implements Outgoing {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: WireProperties;
  readonly isMandatory: boolean;
  readonly isConfirmed: boolean;
  readonly timeoutMillis: number;
  readonly shownUri: string;
  private readonly sender: Exchange;
  private readonly filter: HeaderFilter | null;

  constructor(message: Omit<Outgoing, 'done'>, sender: Exchange, filter: HeaderFilter | null) {
    this.exchange = message.exchange;
    this.routingKey = message.routingKey;
    this.content = message.content;
    this.properties = message.properties;
    this.isMandatory = message.isMandatory;
    this.isConfirmed = message.isConfirmed;
    this.timeoutMillis = message.timeoutMillis;
    this.shownUri = message.shownUri;
    this.sender = sender;
    this.filter = filter;
  }

  done(error: ExchangeError | null, reply: WireMessage | null): void {
    const { sender } = this;
    if (error !== null) sender.fail(error);
    else if (reply !== null) {
      sender.body = bodyOf(reply);
      new MessageHeaders(reply, this.filter).forEach((name, value) => sender.headers.set(name, value));
    }
    sender.leave();
  }
}

/** Publishes each exchange; goes on when the broker has it, or, for a request, when the reply has come. */
export class RabbitProducer implements Producer {
  private readonly endpoint: RabbitEndpoint;
  private readonly context: ConnectorContext;
  private readonly settings: BrokerSettings;
  private readonly links: Links;
  private readonly resource: string;
  private readonly filter: HeaderFilter | null;
  private readonly exchangeName: string;
  private readonly routingKey: string;
  private readonly isMandatory: boolean | undefined;
  private readonly isConfirmed: boolean;
  private messages: { readonly publisher: Publisher; release(): Promise<void> } | null = null;
  private requests: { readonly publisher: Publisher; release(): Promise<void> } | null = null;
  private declaring: { readonly release: () => Promise<void>; readonly leave: () => void } | null = null;
  private stopListening: (() => void) | null = null;
  private isWaiting = false;

  /** @throws Error when an option can't be used */
  constructor(endpoint: RabbitEndpoint, context: ConnectorContext) {
    const { options } = endpoint;
    this.endpoint = endpoint;
    this.context = context;
    checkArguments(endpoint);
    this.settings = brokerOf(endpoint, context);
    this.resource = brokerKey(this.settings.addresses);
    this.links = Links.of(context);
    this.filter = options.headerFilterStrategy === undefined ? null : context.bean<HeaderFilter>(options.headerFilterStrategy);
    this.exchangeName = exchangeNameOf(options.exchangeName);
    this.routingKey = options.routingKey ?? '';
    this.isMandatory = options.mandatory;
    this.isConfirmed = options.confirm !== 'disabled';
  }

  async start(): Promise<void> {
    if (!this.endpoint.options.lazyStartProducer) await this.open();
  }

  readonly call = (exchange: Exchange): void => {
    try {
      const { headers } = exchange;
      const name = takeOverride(headers, exchangeOverride);
      const target = name === null ? this.exchangeName : exchangeNameOf(name);
      const routingKey = takeOverride(headers, routingOverride) ?? this.routingKey;
      if (Buffer.byteLength(routingKey) > 255) throw new ExchangeError('java.lang.IllegalArgumentException', `${this.endpoint.shownUri}: a routing key may have 255 bytes at most`);
      const properties = propertiesOf(headers, this.filter);
      if (properties.userId !== undefined && properties.userId !== this.settings.addresses[0]!.username) {
        throw new ExchangeError(
          'java.lang.IllegalArgumentException',
          `${this.endpoint.shownUri}: the header \`CamelSpringRabbitmqUserId\` is \`${properties.userId}\`, but the user of the connection is another: remove the header`,
        );
      }
      const content = contentOf(exchange, properties, this.endpoint.options.allowNullBody);
      if (!isPromise(content)) return this.transmit(exchange, target, routingKey, content as Buffer, properties);
      (content as Promise<Buffer>).then(
        (bytes) => this.sendGuarded(exchange, target, routingKey, bytes, properties),
        (thrown: unknown) => this.fail(exchange, thrown),
      );
    } catch (thrown) {
      this.fail(exchange, thrown);
    }
  };

  async close(): Promise<void> {
    this.stopListening?.();
    this.stopListening = null;
    this.declaring?.leave();
    const held = [this.messages, this.requests, this.declaring];
    this.messages = this.requests = this.declaring = null;
    await Promise.all(held.map((one) => one?.release()));
  }

  private fail(exchange: Exchange, thrown: unknown): void {
    exchange.fail(thrown);
    exchange.leave();
  }

  private sendGuarded(exchange: Exchange, target: string, routingKey: string, content: Buffer, properties: WireProperties): void {
    try {
      this.transmit(exchange, target, routingKey, content, properties);
    } catch (thrown) {
      this.fail(exchange, thrown);
    }
  }

  private transmit(exchange: Exchange, target: string, routingKey: string, content: Buffer, properties: WireProperties): void {
    const { options, shownUri } = this.endpoint;
    if (content.length > options.maxMessageSize) {
      throw new ExchangeError('org.springframework.amqp.AmqpIOException', `${shownUri}: a message of ${content.length} bytes, more than maxMessageSize (${options.maxMessageSize})`);
    }
    const isRequest = exchange.isInOut && !options.disableReplyTo;
    const isMandatory = isRequest || ((this.isMandatory ?? (target === '' || options.exchangeType === 'direct')) && !isDirectReply(target, routingKey));
    const timeoutMillis = isRequest ? options.replyTimeout : options.confirmTimeout === 0 ? -1 : options.confirmTimeout;
    const message = { exchange: target, routingKey, content, properties, isMandatory, isConfirmed: this.isConfirmed, timeoutMillis, shownUri };
    const block = exchange.hasProperties ? transactionOf(exchange, this.resource) : null;
    if (block !== null) return this.hold(block, message, isRequest, exchange);
    (isRequest ? this.requester() : this.publisher()).publish(new Sending(message, exchange, this.filter));
  }

  /** Within a transaction of a step: it leaves when that has gone well. */
  private hold(block: Transaction, message: HeldMessage, isRequest: boolean, exchange: Exchange): void {
    if (isRequest) {
      throw new ExchangeError(
        'org.springframework.transaction.IllegalTransactionStateException',
        `${this.endpoint.shownUri}: a request in a transaction would never be answered, because it leaves only at the commit: send it one way (\`pattern: InOnly\`, or \`disableReplyTo=true\`), or outside of the transaction`,
      );
    }
    const wait = block.joining(() => Promise.resolve(new HeldMessages()));
    if (wait === null) {
      (block.joined as HeldMessages).hold(message, this.keptPublisher(block));
      return exchange.leave();
    }
    wait.then(
      () => {
        try {
          this.hold(block, message, isRequest, exchange);
        } catch (thrown) {
          this.fail(exchange, thrown);
        }
      },
      (thrown: unknown) => this.fail(exchange, thrown),
    );
  }

  /** Stays open until the transaction is over, whatever becomes of this endpoint meanwhile. */
  private keptPublisher(block: Transaction): Publisher {
    let publishers = kept.get(block);
    if (publishers === undefined) kept.set(block, (publishers = new Map()));
    let publisher = publishers.get(this);
    if (publisher === undefined) {
      const held = this.links.publisher(this.settings, 'messages');
      publishers.set(this, (publisher = held.publisher));
      block.onEnd(() => void held.release());
    }
    return publisher;
  }

  private publisher(): Publisher {
    if (this.messages === null) {
      this.messages = this.links.publisher(this.settings, 'messages');
      const say = (reason: string): void => {
        if (this.isWaiting) return;
        this.isWaiting = true;
        this.context.waiting(reason);
      };
      this.stopListening = this.messages.publisher.listen({
        waiting: say,
        blocked: (reason) => say(`the broker takes no messages for now (${reason}): sending waits`),
        ready: () => {
          if (this.isWaiting) this.context.ready();
          this.isWaiting = false;
        },
      });
    }
    return this.messages.publisher;
  }

  private requester(): Publisher {
    this.requests ??= this.links.publisher(this.settings, 'requests');
    return this.requests.publisher;
  }

  /** Connects, and declares what is to be declared; a broker that is down is waited for. */
  private async open(): Promise<void> {
    const publisher = this.publisher();
    const attempt = publisher.attempt();
    const failure = await this.soon(attempt);
    if (failure !== null && failure !== 'late' && this.endpoint.options.testConnectionOnStartup) {
      await this.close();
      throw failure;
    }
    if (this.endpoint.options.autoDeclareProducer) await this.declare();
  }

  /** Declares now, and again whenever the connection has come back. */
  private async declare(): Promise<void> {
    const { link, release } = this.links.acquire(this.settings, 'publishers');
    let declared: (error: ExchangeError | null) => void = () => undefined;
    const first = new Promise<ExchangeError | null>((resolve) => (declared = resolve));
    const user: LinkUser = {
      connected: (connection) => {
        void (async () => {
          try {
            const channel = await connection.channel(false);
            await prepareProducer(channel, this.endpoint);
            await channel.close();
            declared(null);
          } catch (thrown) {
            const error = refused(thrown as BrokerError, this.endpoint);
            if ((thrown as BrokerError).code !== undefined) this.context.log('error', error.message);
            declared((thrown as BrokerError).code === undefined ? null : error);
          }
        })();
      },
      lost: () => declared(null),
    };
    this.declaring = { release, leave: () => link.leave(user) };
    link.join(user);
    const error = await first;
    if (error === null) return;
    await this.close();
    throw error;
  }

  private soon<T>(promise: Promise<T>): Promise<T | 'late'> {
    return new Promise((resolve) => {
      const timer = this.context.clock.schedule(startPatienceMillis, () => resolve('late'));
      void promise.then((value) => {
        timer.cancel();
        resolve(value);
      });
    });
  }
}
