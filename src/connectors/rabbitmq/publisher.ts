import type { Clock, Timer } from '../../core/clock.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { BrokerChannel, BrokerConnection, BrokerError, WireMessage, WireProperties } from './client.ts';
import { isNack } from './client.ts';
import type { Link, LinkUser } from './link.ts';

/** Written and not confirmed at most; more wait. */
const mostUnconfirmed = 2000;
const replyQueue = 'amq.rabbitmq.reply-to';

/** A message that is published, and what is to be told of it: `done` is called exactly once, and must not throw. */
export interface Outgoing {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: WireProperties;
  readonly isMandatory: boolean;
  /** False: it is done when it has been written. */
  readonly isConfirmed: boolean;
  /** Until it is confirmed, or replied to; negative = for ever. */
  readonly timeoutMillis: number;
  /** `reply` is there where one was wanted. */
  done(error: ExchangeError | null, reply: WireMessage | null): void;
  /** Shown in errors; no secrets. */
  readonly shownUri: string;
}

class Entry {
  readonly message: Outgoing;
  deadline: number;
  isOver = false;
  isWritten = false;
  isConfirmed = false;
  returned: string | null = null;
  /** The channel that it was written to; what another one says does not count. */
  channel: BrokerChannel | null = null;
  /** Joins request and reply. */
  correlationId: string | null = null;

  constructor(message: Outgoing, deadline: number) {
    this.message = message;
    this.deadline = deadline;
  }
}

/** A list whose front moves on without copying. */
class Line {
  private items: (Entry | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(entry: Entry): void {
    this.items.push(entry);
  }

  unshift(entries: readonly Entry[]): void {
    this.items = [...entries, ...(this.items.slice(this.head) as Entry[])];
    this.head = 0;
  }

  shift(): Entry | undefined {
    const entry = this.items[this.head];
    if (entry === undefined) return undefined;
    this.items[this.head++] = undefined;
    if (this.head === this.items.length) {
      this.items = [];
      this.head = 0;
    }
    return entry;
  }

  prune(): void {
    this.items = this.items.slice(this.head).filter((entry) => !entry!.isOver);
    this.head = 0;
  }

  forEach(visit: (entry: Entry) => void): void {
    for (let i = this.head; i < this.items.length; i++) visit(this.items[i]!);
  }
}

/**
 * What was written and is not confirmed, in order. A ring and no set: a set that much goes in and out of is copied again and again, and V8 chains
 * the copies, so that all that was ever in one of them stays until the next full collection.
 */
class Written {
  private ring: (Entry | undefined)[] = new Array<Entry | undefined>(512).fill(undefined);
  /** Of the oldest that may be there, and behind the newest: they only grow. */
  private head = 0;
  private tail = 0;
  size = 0;

  add(entry: Entry): void {
    if (this.tail - this.head === this.ring.length) this.grow();
    entry.isWritten = true;
    this.ring[this.tail++ & (this.ring.length - 1)] = entry;
    this.size++;
  }

  remove(entry: Entry): void {
    if (!entry.isWritten) return;
    entry.isWritten = false;
    this.size--;
    const { ring } = this;
    const mask = ring.length - 1;
    while (this.head < this.tail && !ring[this.head & mask]!.isWritten) ring[this.head++ & mask] = undefined;
  }

  clear(): void {
    this.forEach((entry) => (entry.isWritten = false));
    this.ring.fill(undefined);
    this.head = this.tail;
    this.size = 0;
  }

  forEach(visit: (entry: Entry) => void): void {
    for (let at = this.head; at < this.tail; at++) {
      const entry = this.ring[at & (this.ring.length - 1)]!;
      if (entry.isWritten) visit(entry);
    }
  }

  find(isIt: (entry: Entry) => boolean): Entry | undefined {
    for (let at = this.head; at < this.tail; at++) {
      const entry = this.ring[at & (this.ring.length - 1)]!;
      if (entry.isWritten && isIt(entry)) return entry;
    }
    return undefined;
  }

  entries(): Entry[] {
    const all: Entry[] = [];
    this.forEach((entry) => all.push(entry));
    return all;
  }

  private grow(): void {
    const ring = new Array<Entry | undefined>(this.ring.length * 2).fill(undefined);
    for (let at = this.head; at < this.tail; at++) ring[at & (ring.length - 1)] = this.ring[at & (this.ring.length - 1)];
    this.ring = ring;
  }
}

/**
 * Publishes over one channel, in order, and knows of each message whether the broker has it. What is not confirmed when the connection goes is
 * sent again over the next one. When the broker closes the channel because of one message, the others are sent again, and only that one fails.
 */
export class Publisher implements LinkUser {
  private readonly link: Link;
  private readonly clock: Clock;
  private readonly isForRequests: boolean;
  private readonly releaseLink: () => Promise<void>;
  private channel: BrokerChannel | null = null;
  private connection: BrokerConnection | null = null;
  private failure: ExchangeError | null = null;
  private readonly waiting = new Line();
  /** Those in front may be over already. */
  private readonly written = new Written();
  /** Confirmed, without a reply yet. */
  private readonly requests = new Map<string, Entry>();
  /** Messages that were under way when the broker closed the channel because of one of them: sent one at a time. */
  private suspects = 0;
  private isFull = false;
  private isBlocked = false;
  private isClosed = false;
  private sweep: Timer | null = null;
  private sweepAt = Infinity;
  private correlations = 0;
  private readonly correlationPrefix: string;
  private readonly known = new Set<string>();
  private readonly checks = new Map<string, Promise<BrokerError | null>>();
  private readonly listeners = new Set<PublisherListener>();

  constructor(link: Link, clock: Clock, isForRequests: boolean, releaseLink: () => Promise<void>) {
    this.link = link;
    this.clock = clock;
    this.isForRequests = isForRequests;
    this.releaseLink = releaseLink;
    this.correlationPrefix = `${clock.now().toString(36)}-`;
    link.join(this);
  }

  /** Told when the broker goes, comes back or blocks. */
  listen(listener: PublisherListener): () => void {
    this.listeners.add(listener);
    if (this.failure !== null) listener.waiting(this.failure.message);
    return () => void this.listeners.delete(listener);
  }

  /** How the first connection came about. */
  attempt(): ReturnType<Link['attempt']> {
    return this.link.attempt();
  }

  publish(message: Outgoing): void {
    const entry = new Entry(message, message.timeoutMillis < 0 ? Infinity : this.clock.now() + message.timeoutMillis);
    if (this.isClosed) return this.end(entry, new ExchangeError('java.util.concurrent.RejectedExecutionException', `${message.shownUri}: the producer is closed`));
    if (entry.deadline < this.sweepAt) this.sweepBy(entry.deadline);
    if (this.waiting.length > 0 || !this.canWrite()) this.waiting.push(entry);
    else this.write(entry);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.sweep?.cancel();
    this.sweep = null;
    const error = new ExchangeError('org.springframework.amqp.AmqpConnectException', 'the connection was closed before the broker had the message');
    for (const entry of [...this.written.entries(), ...this.requests.values()]) this.end(entry, error);
    for (let entry = this.waiting.shift(); entry !== undefined; entry = this.waiting.shift()) this.end(entry, error);
    this.written.clear();
    this.requests.clear();
    this.link.leave(this);
    const { channel } = this;
    this.channel = null;
    // Nothing is under way on it any more; the link closes it with the connection.
    if (channel !== null) channel.close().catch(() => undefined);
    await this.releaseLink();
  }

  // ---------------------------------------------------------------------------------------------- the link's user

  connected(connection: BrokerConnection): void {
    this.connection = connection;
    void this.open(connection);
  }

  lost(reason: ExchangeError): void {
    this.connection = null;
    this.channel = null;
    if (this.failure === null) for (const listener of this.listeners) listener.waiting(reason.message);
    this.failure = reason;
    this.isBlocked = false;
    this.again();
  }

  blocked(reason: string): void {
    if (this.isBlocked) return;
    this.isBlocked = true;
    for (const listener of this.listeners) listener.blocked(reason);
  }

  unblocked(): void {
    if (!this.isBlocked) return;
    this.isBlocked = false;
    const now = this.clock.now();
    const prolong = (entry: Entry): void => {
      if (entry.message.timeoutMillis >= 0) entry.deadline = now + entry.message.timeoutMillis;
    };
    this.written.forEach(prolong);
    this.requests.forEach(prolong);
    this.waiting.forEach(prolong);
    for (const listener of this.listeners) listener.ready();
    this.pump();
  }

  private async open(connection: BrokerConnection): Promise<void> {
    let channel: BrokerChannel;
    try {
      channel = await connection.channel(true);
      if (this.isForRequests) {
        await channel.consume(replyQueue, (message) => message !== null && this.replied(message), { noAck: true, exclusive: false, noLocal: false, arguments: {} });
      }
    } catch {
      // The connection went again: its next one opens another channel.
      return;
    }
    if (this.connection !== connection || this.isClosed) {
      if (this.isClosed) channel.close().catch(() => undefined);
      return;
    }
    channel.onClose((error) => this.channelClosed(channel, error));
    channel.onReturn((message, reason) => this.returned(message, reason));
    channel.onDrain(() => {
      this.isFull = false;
      this.pump();
    });
    this.channel = channel;
    this.isFull = false;
    this.known.clear();
    if (this.failure !== null && !this.isBlocked) for (const listener of this.listeners) listener.ready();
    this.failure = null;
    this.pump();
  }

  /** The broker did not like something that was published, or the connection went (`lost` deals with that). */
  private channelClosed(channel: BrokerChannel, error: BrokerError | null): void {
    if (this.channel !== channel) return;
    this.channel = null;
    if (error !== null) this.blame(error);
    this.again();
    const { connection } = this;
    if (connection !== null && !this.isClosed) this.clock.yield(() => this.connection === connection && void this.open(connection));
  }

  /** Finds the message that the broker closed the channel for. */
  private blame(error: BrokerError): void {
    const missing = /no exchange '(.*?)' in vhost/.exec(error.message)?.[1];
    const open = this.written.entries().filter((entry) => !entry.isOver);
    const guilty = missing !== undefined ? open.filter(({ message }) => message.exchange === missing) : open.length === 1 ? open : [];
    for (const entry of guilty) {
      this.written.remove(entry);
      this.end(entry, refused(error, entry.message));
    }
    this.suspects = guilty.length === 0 ? open.length : Math.max(0, this.suspects - guilty.length);
  }

  /** What was written and not confirmed waits, in front of the others, for the next channel. */
  private again(): void {
    const entries: Entry[] = [];
    this.written.forEach((entry) => {
      if (entry.isOver) return;
      entry.channel = null;
      entries.push(entry);
    });
    this.written.clear();
    if (entries.length > 0) this.waiting.unshift(entries);
    const requests = [...this.requests.values()];
    this.requests.clear();
    for (const entry of requests) {
      this.end(entry, new ExchangeError('org.springframework.amqp.AmqpConnectException', `${entry.message.shownUri}: the connection went before the reply came`, { cause: this.failure ?? undefined }));
    }
  }

  // ---------------------------------------------------------------------------------------------- messages

  private canWrite(): boolean {
    return this.channel !== null && !this.isFull && !this.isBlocked && this.written.size < (this.suspects > 0 ? 1 : mostUnconfirmed);
  }

  private pump(): void {
    while (this.waiting.length > 0 && this.canWrite()) {
      const entry = this.waiting.shift()!;
      if (!entry.isOver) this.write(entry);
    }
  }

  private write(entry: Entry): void {
    const channel = this.channel!;
    const { message } = entry;
    if (this.isForRequests && !this.known.has(message.exchange)) return void this.check(entry, channel);
    if (this.isForRequests) this.address(entry);
    entry.channel = channel;
    this.written.add(entry);
    try {
      if (!channel.publish(message.exchange, message.routingKey, message.content, message.properties, message.isMandatory, (error) => this.confirmed(entry, channel, error))) this.isFull = true;
    } catch (thrown) {
      this.written.remove(entry);
      this.end(entry, new ExchangeError('org.springframework.amqp.AmqpIOException', `${message.shownUri}: ${(thrown as Error).message}`, { cause: thrown }));
      return;
    }
    if (!message.isConfirmed && !this.isForRequests) this.end(entry, null);
  }

  private address(entry: Entry): void {
    const { properties } = entry.message;
    const wanted = entry.correlationId ?? properties.correlationId;
    entry.correlationId = wanted === undefined || this.isTaken(wanted, entry) ? `${this.correlationPrefix}${++this.correlations}` : wanted;
    properties.correlationId = entry.correlationId;
    properties.replyTo = replyQueue;
  }

  private isTaken(correlationId: string, entry: Entry): boolean {
    return this.requests.has(correlationId) || this.written.find((other) => other !== entry && other.correlationId === correlationId) !== undefined;
  }

  /** A missing exchange would close the channel that the replies of all others come by: it is looked for on another one first. */
  private async check(entry: Entry, channel: BrokerChannel): Promise<void> {
    const { exchange } = entry.message;
    let checking = this.checks.get(exchange);
    if (checking === undefined) {
      checking = exchangeProblem(this.connection!, exchange);
      this.checks.set(exchange, checking);
      void checking.then(() => this.checks.delete(exchange));
    }
    const error = await checking;
    if (error !== null) return this.end(entry, refused(error, entry.message));
    if (this.channel === channel) this.known.add(exchange);
    if (entry.isOver) return;
    this.waiting.unshift([entry]);
    this.pump();
  }

  private confirmed(entry: Entry, channel: BrokerChannel, error: Error | null): void {
    // A channel that was closed says so of all its messages.
    if (entry.channel !== channel || (error !== null && !isNack(error))) return;
    this.written.remove(entry);
    if (this.suspects > 0) this.suspects--;
    entry.isConfirmed = true;
    const { message } = entry;
    if (error !== null) this.end(entry, new ExchangeError('org.springframework.amqp.AmqpException', `${message.shownUri}: the broker did not take the message (nack): ${reached(message)}`, { cause: error }));
    else if (entry.returned !== null) this.end(entry, new ExchangeError('org.springframework.amqp.core.AmqpMessageReturnedException', `${message.shownUri}: no queue for the message (${entry.returned}): ${reached(message)}`));
    else if (this.isForRequests && !entry.isOver) this.requests.set(entry.correlationId!, entry);
    else this.end(entry, null);
    if (this.waiting.length > 0) this.pump();
  }

  /** Comes before the confirm of the same message, and does not say of which one. */
  private returned(message: WireMessage, reason: string): void {
    const { exchange, routingKey } = message.fields;
    const entry = this.written.find(({ returned, message: sent }) => {
      if (returned !== null || sent.exchange !== exchange || sent.routingKey !== routingKey || !sent.isMandatory) return false;
      return sent.properties.messageId === message.properties.messageId && sent.properties.correlationId === message.properties.correlationId && sent.content.equals(message.content);
    });
    if (entry !== undefined) entry.returned = reason;
  }

  private replied(message: WireMessage): void {
    const correlationId = message.properties.correlationId ?? '';
    // The reply may overtake the confirm.
    const entry = this.requests.get(correlationId) ?? this.written.find((other) => other.correlationId === correlationId);
    if (entry === undefined) return;
    this.requests.delete(correlationId);
    this.end(entry, null, message);
  }

  private end(entry: Entry, error: ExchangeError | null, reply: WireMessage | null = null): void {
    if (entry.isOver) return;
    entry.isOver = true;
    entry.message.done(error, reply);
  }

  // ---------------------------------------------------------------------------------------------- time

  private sweepBy(deadline: number): void {
    this.sweep?.cancel();
    this.sweepAt = deadline;
    this.sweep = this.clock.schedule(Math.max(10, deadline - this.clock.now()), () => this.expire());
  }

  private expire(): void {
    this.sweep = null;
    this.sweepAt = Infinity;
    const now = this.clock.now();
    let next = Infinity;
    const look = (entry: Entry): void => {
      if (entry.isOver) return;
      if (entry.deadline > now || this.isBlocked) next = Math.min(next, this.isBlocked ? now + 1000 : entry.deadline);
      else this.end(entry, this.late(entry));
    };
    this.written.forEach(look);
    for (const [id, entry] of this.requests) {
      look(entry);
      if (entry.isOver) this.requests.delete(id);
    }
    this.waiting.forEach(look);
    this.waiting.prune();
    if (next < Infinity && next < this.sweepAt) this.sweepBy(next);
  }

  private late({ message, isConfirmed }: Entry): ExchangeError {
    const { timeoutMillis, shownUri } = message;
    if (this.failure !== null) {
      return new ExchangeError('org.springframework.amqp.AmqpConnectException', `${shownUri}: no connection within ${timeoutMillis} ms: ${this.failure.message}`, { cause: this.failure });
    }
    if (this.isForRequests) {
      return new ExchangeError('org.springframework.amqp.core.AmqpReplyTimeoutException', `${shownUri}: no reply within ${timeoutMillis} ms${isConfirmed ? '' : ', and no confirm either'}: ${reached(message)}`);
    }
    return new ExchangeError('java.util.concurrent.TimeoutException', `${shownUri}: the broker has not confirmed the message within ${timeoutMillis} ms`);
  }
}

/** Why nothing can be published to an exchange; null also when the connection went over the question. */
async function exchangeProblem(connection: BrokerConnection, exchange: string): Promise<BrokerError | null> {
  if (exchange === '') return null;
  try {
    const channel = await connection.channel(false);
    await channel.checkExchange(exchange);
    await channel.close();
    return null;
  } catch (thrown) {
    return (thrown as BrokerError).code === undefined ? null : (thrown as BrokerError);
  }
}

/** Who wants to know how the publishers' connection is. */
export interface PublisherListener {
  waiting(reason: string): void;
  blocked(reason: string): void;
  ready(): void;
}

const reached = ({ exchange, routingKey }: Outgoing): string =>
  exchange === '' ? `there is no queue \`${routingKey}\`` : `exchange \`${exchange}\`, routing key \`${routingKey}\``;

/** What the broker did not allow, in plain words. */
export function refused(error: BrokerError, { shownUri }: { readonly shownUri: string }): ExchangeError {
  return new ExchangeError('org.springframework.amqp.AmqpIOException', `${shownUri}: ${brokerReason(error)}`, { cause: error });
}

/** The broker's own words, without the library's around them. */
export const brokerReason = ({ message }: Error): string => /with message "(.*)"$/s.exec(message)?.[1] ?? message.replace(/^Channel closed by server: /, '');
