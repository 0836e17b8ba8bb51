import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer as createNetServer } from 'node:net';
import { systemClock } from '../../src/core/clock.ts';
import { Events } from '../../src/core/events.ts';
import type { ConnectorContext, ConnectorDefinition, Delivery, Endpoint, Producer, Sink } from '../../src/core/connector.ts';
import { Exchange, UnitOfWork } from '../../src/core/exchange/exchange.ts';
import { Headers } from '../../src/core/exchange/headers.ts';
import { isPromise } from '../../src/core/graph/flow.ts';
import type { PlatformHttpConsumer } from '../../src/connectors/platform-http/consumer.ts';
import { platformHttp } from '../../src/connectors/platform-http/definition.ts';
import { resolveEndpoint } from '../../src/dsl/uri.ts';

export { eventually } from '../eventually.ts';

export interface RigOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly beans?: Readonly<Record<string, unknown>>;
}

/** What connectors need of a runtime, without one. */
export class HttpRig {
  readonly logs: string[] = [];
  readonly waits: string[] = [];
  readonly events = new Events();
  private readonly shared = new Map<string, unknown>();
  private readonly closers: (() => unknown)[] = [];
  readonly context: ConnectorContext;

  constructor({ settings = {}, beans = {} }: RigOptions = {}) {
    this.context = {
      routeId: 'test',
      clock: systemClock,
      events: this.events,
      shared: <T>(name: string, make: () => T): T => {
        if (!this.shared.has(name)) this.shared.set(name, make());
        return this.shared.get(name) as T;
      },
      bean: <T>(reference: string): T => beans[reference.replace(/^#(bean:)?/, '')] as T,
      waiting: (reason: string) => this.waits.push(reason),
      ready: () => this.waits.push('ready'),
      log: (level: string, message: string) => this.logs.push(`${level} ${message}`),
      setting: (key: string) => settings[key],
      property: () => undefined,
    } as unknown as ConnectorContext;
  }

  endpoint(definition: ConnectorDefinition, uri: string): Endpoint {
    return resolveEndpoint(uri, { [definition.scheme]: definition }).endpoint;
  }

  /** Serves a path with `route`; gives the consumer, started. */
  async serve(uri: string, route: (exchange: Exchange) => unknown): Promise<PlatformHttpConsumer> {
    const separator = uri.includes('?') ? '&' : '?';
    const endpoint = this.endpoint(platformHttp as unknown as ConnectorDefinition, `platform-http:${uri}${separator}port=0`);
    const consumer = (await platformHttp.consumer!(endpoint as never, this.context)) as PlatformHttpConsumer;
    await consumer.start(sinkOf(route));
    this.closers.push(async () => {
      await consumer.stop();
      await consumer.close();
    });
    return consumer;
  }

  async producer(definition: ConnectorDefinition, uri: string): Promise<Producer> {
    const producer = await definition.producer!(this.endpoint(definition, uri) as never, this.context);
    await producer.start?.();
    this.closers.push(() => producer.close?.());
    return producer;
  }

  /** A server that answers as `listener` says; gives its port. */
  async backend(listener: RequestListener): Promise<number> {
    const server = createServer(listener);
    return this.listening(server);
  }

  /** A server that has no manners: gets each socket. */
  async rudeBackend(handle: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createNetServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      handle(socket);
    });
    const port = await this.listening(server as unknown as Server);
    this.closers.push(() => sockets.forEach((socket) => socket.destroy()));
    return port;
  }

  async close(): Promise<void> {
    for (const close of this.closers.splice(0).reverse()) await close();
  }

  private async listening(server: Server): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.closers.push(
      () =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          (server as Partial<Server>).closeAllConnections?.();
        }),
    );
    return (server.address() as AddressInfo).port;
  }
}

/** A route of one function: what it throws fails the exchange. */
export function sinkOf(route: (exchange: Exchange) => unknown): Sink {
  let inFlight = 0;
  return {
    routeId: 'test',
    exchange: (body: unknown, headers?: Headers, isInOut?: boolean) => new Exchange(undefined, body, headers, isInOut),
    call: () => {},
    get inFlight() {
      return inFlight;
    },
    push: (exchange: Exchange, delivery: Delivery) => {
      inFlight++;
      const unitOfWork = new UnitOfWork(exchange, (settled) => void delivery.settle(settled));
      exchange.unitOfWork = unitOfWork;
      const leave = (): void => {
        inFlight--;
        delivery.left?.(exchange);
        unitOfWork.release();
      };
      let result: unknown;
      try {
        result = route(exchange);
      } catch (thrown) {
        exchange.fail(thrown);
      }
      if (isPromise(result)) {
        result.then(leave, (thrown: unknown) => {
          exchange.fail(thrown);
          leave();
        });
      } else leave();
    },
  } as unknown as Sink;
}

/** Sends one exchange through a producer; resolves when it has come back. */
export function send(producer: Producer, body: unknown, headers: Record<string, unknown> = {}): Promise<Exchange> {
  const exchange = new Exchange(undefined, body, Headers.from(headers), true);
  return sendExchange(producer, exchange);
}

export function sendExchange(producer: Producer, exchange: Exchange): Promise<Exchange> {
  return new Promise((resolve) => {
    exchange.way = { outer: null, back: resolve };
    if (producer.call !== undefined) producer.call(exchange);
    else {
      void Promise.resolve(producer.send!(exchange)).then(
        () => exchange.leave(),
        (thrown: unknown) => {
          exchange.fail(thrown);
          exchange.leave();
        },
      );
    }
  });
}

export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** One request written by hand; resolves with what came until the connection closed. */
export function rawRequest(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (piece) => (received += piece.toString('latin1')));
    socket.on('close', () => resolve(received));
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(received) : reject(error)));
  });
}

export const readBody = async (request: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
};

/** Answers with what was asked, as JSON. */
export const echo = (request: IncomingMessage, reply: ServerResponse): void => {
  void readBody(request).then((body) => {
    reply.writeHead(200, { 'Content-Type': 'application/json', 'X-Server': 's' });
    reply.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, raw: request.rawHeaders, body }));
  });
};

