import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Stands between the program and a server, reads along, and lets everything through. */
export abstract class Tap {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  /** Connections that were made so far. */
  connections = 0;

  constructor(target: () => { host: string; port: number }) {
    this.server = createServer((client) => {
      this.connections++;
      const server = connect(target());
      const talk = this.talk();
      for (const socket of [client, server]) {
        this.sockets.add(socket);
        socket.setNoDelay(true);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.sockets.delete(socket);
          client.destroy();
          server.destroy();
          talk.closed();
        });
      }
      client.on('data', (data) => talk.sent(data));
      server.on('data', (data) => talk.received(data));
      client.pipe(server);
      server.pipe(client);
    });
  }

  protected abstract talk(): Talk;

  async open(): Promise<string> {
    await new Promise<void>((resolve) => void this.server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

interface Talk {
  sent(data: Buffer): void;
  received(data: Buffer): void;
  closed(): void;
}

// ------------------------------------------------------------------------------------------------ AMQP

const basic = 60;
const deliver = 60;
const ack = 80;
const reject = 90;
const nack = 120;

/** Deliveries of RabbitMQ that are not settled. */
export class AmqpTap extends Tap {
  private readonly open_ = new Set<Set<string>>();

  get unsettled(): number {
    let count = 0;
    for (const deliveries of this.open_) count += deliveries.size;
    return count;
  }

  protected talk(): Talk {
    const deliveries = new Set<string>();
    this.open_.add(deliveries);
    const received = frames(0, (frame) => {
      if (!isMethod(frame, deliver)) return;
      const tagAt = 12 + frame[11]!;
      deliveries.add(`${frame.readUInt16BE(1)}/${frame.readBigUInt64BE(tagAt)}`);
    });
    const sent = frames(8, (frame) => {
      if (!isMethod(frame, ack) && !isMethod(frame, nack) && !isMethod(frame, reject)) return;
      const channel = `${frame.readUInt16BE(1)}/`;
      const tag = frame.readBigUInt64BE(11);
      const isMultiple = frame.readUInt16BE(9) !== reject && (frame[19]! & 1) === 1;
      if (!isMultiple) {
        deliveries.delete(`${channel}${tag}`);
        return;
      }
      // Deliveries are there in the order in which they came.
      for (const each of deliveries) {
        if (!each.startsWith(channel)) continue;
        if (BigInt(each.slice(channel.length)) > tag) break;
        deliveries.delete(each);
      }
    });
    return { sent, received, closed: () => void this.open_.delete(deliveries) };
  }
}

const isMethod = (frame: Buffer, method: number): boolean => frame[0] === 1 && frame.readUInt16BE(7) === basic && frame.readUInt16BE(9) === method;

/** Cuts a stream into frames of AMQP, after a greeting of `skip` bytes. */
function frames(skip: number, each: (frame: Buffer) => void): (data: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let left = skip;
  return (data) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
    if (left > 0) {
      if (rest.length < left) return;
      rest = rest.subarray(left);
      left = 0;
    }
    let at = 0;
    while (rest.length - at >= 7) {
      const length = rest.readUInt32BE(at + 3) + 8;
      if (rest.length - at < length) break;
      each(rest.subarray(at, at + length));
      at += length;
    }
    rest = rest.subarray(at);
  };
}

// ------------------------------------------------------------------------------------------------ S3

/** Objects below a prefix that were read and are not deleted. */
export class S3Tap extends Tap {
  private readonly pattern: RegExp;
  private readonly taken = new Set<string>();
  /** Objects that were deleted so far, each counted once. */
  readonly deleted = new Set<string>();

  constructor(target: () => { host: string; port: number }, prefix: string) {
    super(target);
    this.pattern = new RegExp(`(GET|DELETE|HEAD) /[^/ ]+/${prefix}([^ ?&]+)|<Key>${prefix}([^<]+)</Key>`, 'g');
  }

  get unsettled(): number {
    return this.taken.size;
  }

  /** What the process that is gone had under way will be taken again. */
  forget(): void {
    this.taken.clear();
  }

  protected talk(): Talk {
    const sent = (data: Buffer): void => {
      for (const [, method, single, listed] of data.toString('latin1').matchAll(this.pattern)) {
        if (method === 'GET') this.taken.add(single!);
        else if (method !== 'HEAD') {
          this.taken.delete((single ?? listed)!);
          this.deleted.add((single ?? listed)!);
        }
      }
    };
    return { sent, received: () => undefined, closed: () => undefined };
  }
}
