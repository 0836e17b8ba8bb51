import type { Duplex } from 'node:stream';
import type { BrokerAddress as Address } from '../../core/beans/rabbitBroker.ts';
import type { Channel as AmqpChannel, ChannelModel, SocketOptions } from 'amqplib';

export type { BrokerAddress as Address } from '../../core/beans/rabbitBroker.ts';

/** Properties of a message as they are on the wire. */
export interface WireProperties {
  contentType?: string | undefined;
  contentEncoding?: string | undefined;
  headers?: Record<string, unknown> | undefined;
  deliveryMode?: number | undefined;
  priority?: number | undefined;
  correlationId?: string | undefined;
  replyTo?: string | undefined;
  expiration?: string | undefined;
  messageId?: string | undefined;
  /** Seconds. */
  timestamp?: number | undefined;
  type?: string | undefined;
  userId?: string | undefined;
  appId?: string | undefined;
  clusterId?: string | undefined;
}

export interface WireMessage {
  readonly fields: { readonly deliveryTag: number; readonly redelivered: boolean; readonly exchange: string; readonly routingKey: string };
  readonly properties: WireProperties;
  readonly content: Buffer;
}

export interface QueueSettings {
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly exclusive: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What this connector needs of a channel; a channel on which something was refused is closed by the broker. */
export interface BrokerChannel {
  readonly isOpen: boolean;
  /** Called once: with the broker's reason, or null when the connection went or somebody closed it. */
  onClose(closed: (error: BrokerError | null) => void): void;
  onReturn(returned: (message: WireMessage, reason: string) => void): void;
  onDrain(drained: () => void): void;
  declareExchange(name: string, type: string, settings: Omit<QueueSettings, 'exclusive'>): Promise<void>;
  checkExchange(name: string): Promise<void>;
  declareQueue(name: string, settings: QueueSettings): Promise<void>;
  checkQueue(name: string): Promise<void>;
  deleteQueue(name: string): Promise<void>;
  bindQueue(queue: string, exchange: string, routingKey: string, args: Readonly<Record<string, unknown>>): Promise<void>;
  prefetch(count: number): Promise<void>;
  /** Gives the consumer's tag. `null` is received when the broker has ended the consumer (its queue is gone). */
  consume(
    queue: string,
    received: (message: WireMessage | null) => void,
    options: { readonly noAck: boolean; readonly exclusive: boolean; readonly noLocal: boolean; readonly arguments: Readonly<Record<string, unknown>> },
  ): Promise<string>;
  cancel(tag: string): Promise<void>;
  get(queue: string): Promise<WireMessage | null>;
  ack(tag: number, isAllUpTo: boolean): void;
  nack(tag: number, isAllUpTo: boolean, isRequeued: boolean): void;
  /** False: no more until it has drained. `done` is called when the broker has it (null) or refuses it. */
  publish(exchange: string, routingKey: string, content: Buffer, properties: WireProperties, isMandatory: boolean, done: ((error: Error | null) => void) | undefined): boolean;
  close(): Promise<void>;
}

export interface BrokerConnection {
  onClose(closed: (error: Error | null) => void): void;
  onBlocked(blocked: (reason: string) => void): void;
  onUnblocked(unblocked: () => void): void;
  channel(confirms: boolean): Promise<BrokerChannel>;
  close(): Promise<void>;
  /** Drops the connection without a word. */
  destroy(): void;
}

/** The library's words for what the broker says to a virtual host that is not there, or not for this user. */
export const isVirtualHostRefusal = ({ message }: Error): boolean => /Expected ConnectionOpenOk; got <ConnectionClose/.test(message);

/** An AMQP reply code with what the broker says. */
export interface BrokerError extends Error {
  readonly code?: number | string;
}

/** Whether the broker refused a message; the library also tells of each message that its channel was closed. */
export const isNack = (error: Error): boolean => error.message === 'message nacked';

export interface ConnectTiming {
  readonly connectTimeoutMillis: number;
  readonly heartbeatSeconds: number;
  /** Shown by the broker. */
  readonly name: string;
  /** Gives up. */
  readonly signal: AbortSignal;
}

export const connect = async (address: Address, timing: ConnectTiming): Promise<BrokerConnection> => {
  const amqplib = await import('amqplib');
  const { host, port, username, password, virtualHost, tls } = address;
  const model = await amqplib.connect(
    // amqplib unescapes the virtual host.
    { protocol: tls === null ? 'amqp' : 'amqps', hostname: host, port, username, password, vhost: encodeURIComponent(virtualHost), heartbeat: timing.heartbeatSeconds },
    { ...(tls ?? {}), noDelay: true, keepAlive: true, timeout: timing.connectTimeoutMillis, signal: timing.signal, clientProperties: { connection_name: timing.name, product: 'mecha' } } as SocketOptions,
  );
  return new Connection(model);
};

class Connection implements BrokerConnection {
  isClosing = false;
  private readonly model: ChannelModel;
  private error: Error | null = null;

  constructor(model: ChannelModel) {
    this.model = model;
    writeTogether(this.socket);
    model.on('error', (error) => (this.error = error));
    // After a silent cut the socket would wait for ever for the other end to close.
    model.on('close', () => this.socket.destroy());
  }

  private get socket(): Duplex {
    return (this.model.connection as unknown as { stream: Duplex }).stream;
  }

  onClose(closed: (error: Error | null) => void): void {
    this.model.once('close', (error?: Error) => closed(error ?? this.error));
  }

  onBlocked(blocked: (reason: string) => void): void {
    this.model.on('blocked', blocked);
  }

  onUnblocked(unblocked: () => void): void {
    this.model.on('unblocked', unblocked);
  }

  async channel(confirms: boolean): Promise<BrokerChannel> {
    return new Channel(confirms ? await this.model.createConfirmChannel() : await this.model.createChannel(), confirms, this);
  }

  async close(): Promise<void> {
    this.isClosing = true;
    await this.model.close();
  }

  destroy(): void {
    // Without an error the library would not notice, and its heartbeat would go on.
    this.socket.destroy(new Error('given up'));
  }
}

/** The library writes frame by frame; those of one turn of the event loop leave in one go here. See bench/rabbitmq.ts */
function writeTogether(socket: Duplex): void {
  let isCorked = false;
  const write = socket.write.bind(socket) as (chunk: unknown) => boolean;
  const uncork = (): void => {
    isCorked = false;
    socket.uncork();
  };
  socket.write = ((chunk: unknown) => {
    if (!isCorked) {
      isCorked = true;
      socket.cork();
      queueMicrotask(uncork);
    }
    return write(chunk);
  }) as typeof socket.write;
}

/** What the library's `publish` is made of. */
interface WritableChannel extends AmqpChannel {
  sendMessage(
    fields: { readonly exchange: string; readonly routingKey: string; readonly mandatory: boolean; readonly immediate: boolean; readonly ticket: number },
    properties: WireProperties,
    content: Buffer,
  ): boolean;
  pushConfirmCallback(done: ((error: Error | null) => void) | undefined): void;
}

class Channel implements BrokerChannel {
  isOpen = true;
  private isClosing = false;
  private readonly connection: Connection;
  private readonly channel: WritableChannel;
  private readonly confirms: boolean;
  private error: BrokerError | null = null;
  private readonly closers: ((error: BrokerError | null) => void)[] = [];

  constructor(channel: AmqpChannel, confirms: boolean, connection: Connection) {
    this.channel = channel as WritableChannel;
    this.connection = connection;
    this.confirms = confirms;
    channel.on('error', (error) => (this.error = error));
    channel.once('close', () => {
      this.isOpen = false;
      for (const closed of this.closers.splice(0)) closed(this.error);
    });
  }

  onClose(closed: (error: BrokerError | null) => void): void {
    if (this.isOpen) this.closers.push(closed);
    else closed(this.error);
  }

  onReturn(returned: (message: WireMessage, reason: string) => void): void {
    this.channel.on('return', (message) => returned(message, (message.fields as unknown as { replyText: string }).replyText));
  }

  onDrain(drained: () => void): void {
    this.channel.on('drain', drained);
  }

  async declareExchange(name: string, type: string, { durable, autoDelete, arguments: args }: Omit<QueueSettings, 'exclusive'>): Promise<void> {
    await this.channel.assertExchange(name, type, { durable, autoDelete, arguments: args });
  }

  async checkExchange(name: string): Promise<void> {
    await this.channel.checkExchange(name);
  }

  async declareQueue(name: string, settings: QueueSettings): Promise<void> {
    await this.channel.assertQueue(name, { ...settings });
  }

  async checkQueue(name: string): Promise<void> {
    await this.channel.checkQueue(name);
  }

  async deleteQueue(name: string): Promise<void> {
    await this.channel.deleteQueue(name);
  }

  async bindQueue(queue: string, exchange: string, routingKey: string, args: Readonly<Record<string, unknown>>): Promise<void> {
    await this.channel.bindQueue(queue, exchange, routingKey, args);
  }

  async prefetch(count: number): Promise<void> {
    await this.channel.prefetch(count);
  }

  async consume(queue: string, received: (message: WireMessage | null) => void, options: Parameters<BrokerChannel['consume']>[2]): Promise<string> {
    const { consumerTag } = await this.channel.consume(queue, received, options);
    return consumerTag;
  }

  async cancel(tag: string): Promise<void> {
    await this.channel.cancel(tag);
  }

  async get(queue: string): Promise<WireMessage | null> {
    const message = await this.channel.get(queue, { noAck: false });
    return message === false ? null : (message);
  }

  ack(tag: number, isAllUpTo: boolean): void {
    if (this.canSettle) this.channel.ack({ fields: { deliveryTag: tag } } as never, isAllUpTo);
  }

  nack(tag: number, isAllUpTo: boolean, isRequeued: boolean): void {
    if (this.canSettle) this.channel.nack({ fields: { deliveryTag: tag } } as never, isAllUpTo, isRequeued);
  }

  /** On a channel that is about to close the library throws; the broker sends again what was not settled before. */
  private get canSettle(): boolean {
    return this.isOpen && !this.isClosing && !this.connection.isClosing;
  }

  publish(exchange: string, routingKey: string, content: Buffer, properties: WireProperties, isMandatory: boolean, done: ((error: Error | null) => void) | undefined): boolean {
    // What the library's own `publish` does, but that one makes the table of headers the prototype of another object, which costs V8 a new
    // hidden class for each message: a fifth of the CPU time of a relay.
    const goesOn = this.channel.sendMessage({ exchange, routingKey, mandatory: isMandatory, immediate: false, ticket: 0 }, properties, content);
    if (this.confirms) this.channel.pushConfirmCallback(done);
    return goesOn;
  }

  async close(): Promise<void> {
    if (!this.isOpen || this.isClosing) return;
    this.isClosing = true;
    // The library only waits for the broker's answer, for ever when the connection goes before it comes.
    const closed = new Promise<void>((resolve) => this.onClose(() => resolve()));
    await Promise.race([closed, this.channel.close()]);
  }
}
