import { randomUUID } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import { connect as connectSocket, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { ChannelModel, ConfirmChannel, GetMessage, Options } from 'amqplib';
import { connect } from 'amqplib';

export const amqpUrl = process.env['AMQP_URL'] ?? '';

/** Tests against the real broker: pending where there is none, but a failure where there must be one. */
export function describeWithBroker(title: string, define: () => void, needs: Readonly<Record<string, string | undefined>> = {}): void {
  const missing = Object.entries({ AMQP_URL: process.env['AMQP_URL'], ...needs }).filter(([, value]) => value === undefined || value === '');
  if (missing.length === 0) {
    describe(title, define);
    return;
  }
  const names = missing.map(([name]) => name).join(' and ');
  const isNeeded = process.env['CI'] === 'true' && process.env['MECHA_SERVICES'] === '1';
  describe(title, () => {
    it(`needs a RabbitMQ server: ${names} not set`, isNeeded ? () => { throw new Error(`${names} must be set here`); } : undefined);
  });
}

/** A client of its own, apart from the connector, that makes queues and takes them away again. */
export class Broker {
  private readonly model: ChannelModel;
  readonly channel: ConfirmChannel;
  private readonly queues: string[] = [];
  private readonly exchanges: string[] = [];

  static async open(url = amqpUrl): Promise<Broker> {
    const model = await connect(url);
    model.on('error', () => undefined);
    return new Broker(model, await model.createConfirmChannel());
  }

  private constructor(model: ChannelModel, channel: ConfirmChannel) {
    this.model = model;
    this.channel = channel;
    channel.on('error', () => undefined);
  }

  name(kind = 'queue'): string {
    const name = `mecha-test-${kind}-${randomUUID().slice(0, 8)}`;
    (kind === 'exchange' ? this.exchanges : this.queues).push(name);
    return name;
  }

  async queue(options: Options.AssertQueue = { durable: true }): Promise<string> {
    const name = this.name();
    await this.channel.assertQueue(name, options);
    return name;
  }

  async send(queue: string, text: string | Buffer, options: Options.Publish = { contentType: 'text/plain', persistent: true }, exchange = ''): Promise<void> {
    await new Promise<void>((resolve, reject) => this.channel.publish(exchange, queue, Buffer.from(text), options, (error: Error | null) => (error === null ? resolve() : reject(error))));
  }

  async get(queue: string): Promise<GetMessage | null> {
    const message = await this.channel.get(queue, { noAck: true });
    return message === false ? null : message;
  }

  async count(queue: string): Promise<number> {
    const channel = await this.model.createChannel();
    channel.on('error', () => undefined);
    try {
      return (await channel.checkQueue(queue)).messageCount;
    } finally {
      await channel.close().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    for (const queue of this.queues) {
      await this.channel.deleteQueue(queue);
      await this.channel.deleteQueue(`${queue}.retry.10`);
      await this.channel.deleteQueue(`${queue}.retry.50`);
    }
    for (const exchange of this.exchanges) await this.channel.deleteExchange(exchange);
    await this.model.close();
  }
}

interface Conversation {
  readonly deliveries: Map<string, string>;
  pending: { tag: string; size: number; text: string } | null;
}

/** Stands between the connector and the broker and reads along which deliveries are acknowledged on the wire. */
export class Wiretap {
  readonly acknowledged: string[] = [];
  /** Confirms of the broker that have come here. */
  confirms = 0;
  /** What the broker sends from its first confirm on waits for `letThrough`. */
  holdsConfirms = false;
  private readonly held: (() => void)[] = [];
  /** Connections that were ever made. */
  connections = 0;
  private readonly talks = new Set<Conversation>();
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  static async open(url = amqpUrl): Promise<Wiretap> {
    const tap = new Wiretap(url);
    await new Promise<void>((resolve) => tap.server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  private constructor(to: string) {
    const { hostname, port } = new URL(to);
    this.server = createServer((client) => {
      this.connections++;
      const broker = connectSocket({ host: hostname, port: Number(port || 5672) });
      const talk: Conversation = { deliveries: new Map(), pending: null };
      this.talks.add(talk);
      const [sent, received] = [new Frames((frame) => this.sent(talk, frame), 8), new Frames((frame) => this.received(talk, frame), 0)];
      for (const socket of [client, broker]) {
        this.sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.sockets.delete(socket);
          this.talks.delete(talk);
          client.destroy();
          broker.destroy();
        });
      }
      client.on('data', (data) => {
        sent.add(data);
        broker.write(data);
      });
      broker.on('data', (data) => {
        received.add(data);
        if (this.holdsConfirms && this.confirms > 0) this.held.push(() => void client.write(data));
        else client.write(data);
      });
    });
  }

  get url(): string {
    const url = new URL(amqpUrl);
    url.host = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return url.toString();
  }

  /** Deliveries that were sent to clients and are not acknowledged. */
  get unsettled(): number {
    let count = 0;
    for (const { deliveries } of this.talks) count += deliveries.size;
    return count;
  }

  letThrough(): void {
    this.holdsConfirms = false;
    for (const write of this.held.splice(0)) write();
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private received(talk: Conversation, frame: Buffer): void {
    const [type, channel] = [frame[0]!, frame.readUInt16BE(1)];
    if (type === 1 && frame.readUInt16BE(7) === 60 && frame.readUInt16BE(9) === 80) this.confirms++;
    if (type === 1 && frame.readUInt16BE(7) === 60 && frame.readUInt16BE(9) === 60) {
      const tagAt = 12 + frame[11]!;
      talk.pending = { tag: `${channel}/${frame.readBigUInt64BE(tagAt)}`, size: -1, text: '' };
    } else if (type === 2 && talk.pending !== null) {
      talk.pending.size = Number(frame.readBigUInt64BE(11));
    } else if (type === 3 && talk.pending !== null) {
      talk.pending.text += frame.toString('utf8', 7, frame.length - 1);
    } else return;
    const { pending } = talk;
    if (pending !== null && pending.size >= 0 && Buffer.byteLength(pending.text) >= pending.size) {
      talk.deliveries.set(pending.tag, pending.text);
      talk.pending = null;
    }
  }

  private sent(talk: Conversation, frame: Buffer): void {
    if (frame[0] !== 1 || frame.readUInt16BE(7) !== 60 || frame.readUInt16BE(9) !== 80) return;
    const channel = frame.readUInt16BE(1);
    const tag = Number(frame.readBigUInt64BE(11));
    const isMultiple = (frame[19]! & 1) === 1;
    for (let each = isMultiple ? 1 : tag; each <= tag; each++) {
      const name = talk.deliveries.get(`${channel}/${each}`);
      if (name === undefined) continue;
      talk.deliveries.delete(`${channel}/${each}`);
      this.acknowledged.push(name);
    }
  }
}

/** Cuts a stream of bytes into AMQP frames. */
class Frames {
  private rest = Buffer.alloc(0);
  private skip: number;
  private readonly each: (frame: Buffer) => void;

  constructor(each: (frame: Buffer) => void, skip: number) {
    this.each = each;
    this.skip = skip;
  }

  add(data: Buffer): void {
    this.rest = Buffer.concat([this.rest, data]);
    if (this.skip > 0 && this.rest.length >= this.skip) {
      this.rest = this.rest.subarray(this.skip);
      this.skip = 0;
    }
    while (this.skip === 0 && this.rest.length >= 7) {
      const length = this.rest.readUInt32BE(3) + 8;
      if (this.rest.length < length) return;
      this.each(this.rest.subarray(0, length));
      this.rest = this.rest.subarray(length);
    }
  }
}

/** The endpoint of a queue, with the broker's URL. */
export const endpointOf = (exchange: string, options: Readonly<Record<string, string | number | boolean>>, url = amqpUrl): string =>
  `spring-rabbitmq:${exchange}?url=RAW(${url})${Object.entries(options)
    .map(([name, value]) => `&${name}=${encodeURIComponent(String(value))}`)
    .join('')}`;
