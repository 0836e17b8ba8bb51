import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { HttpListener } from '../core/http/listener.ts';

/** One end of a connection within this process: what is written to it is read at the other. */
class End extends Duplex {
  other: End | null = null;
  private wake: (() => void) | null = null;

  override _read(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }

  override _write(piece: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const { other } = this;
    if (other === null || other.destroyed) return done();
    if (other.push(piece)) done();
    else other.wake = done;
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { other } = this;
    this.other = null;
    if (other !== null && !other.destroyed) {
      other.other = null;
      other.destroy();
    }
    done(error);
  }

  // What Node's HTTP asks of a socket.
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  get remoteAddress(): string {
    return '127.0.0.1';
  }
}

export interface HttpReply {
  readonly status: number;
  /** Names as they came. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

/** Sends a request to a listener over a connection of its own, without the network: its bytes need no time but turns of the event loop. */
export function sendTo(listener: HttpListener, method: string, path: string, headers: Readonly<Record<string, string | string[]>>, body: Buffer | null): Promise<HttpReply> {
  const [client, server] = [new End(), new End()];
  client.other = server;
  server.other = client;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { method, path, headers: { Host: `${listener.host}:${listener.port}`, Connection: 'close', ...(body === null ? {} : { 'Content-Length': String(body.length) }), ...headers }, createConnection: () => client as unknown as Socket },
      (reply: IncomingMessage) => {
        const pieces: Buffer[] = [];
        reply.on('data', (piece: Buffer) => pieces.push(piece));
        reply.on('end', () => {
          const pairs: (readonly [string, string])[] = [];
          for (let i = 0; i < reply.rawHeaders.length; i += 2) pairs.push([reply.rawHeaders[i]!, reply.rawHeaders[i + 1]!]);
          client.destroy();
          resolve({ status: reply.statusCode!, headers: pairs, body: Buffer.concat(pieces) });
        });
        reply.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body ?? undefined);
    listener.accept(server);
  });
}
