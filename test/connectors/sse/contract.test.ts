import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sse } from '../../../src/connectors/sse/definition.ts';
import type { ConnectorDefinition } from '../../../src/core/connector.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { StateStore } from '../../../src/core/state/store.ts';
import { keepsConnectorContract, Surroundings } from '../../contract/connector.ts';

const definition = sse as unknown as ConnectorDefinition<never>;

/** One who has subscribed, and the number of the event that it gets next. */
interface Subscriber {
  readonly reply: ServerResponse;
  next: number;
}

/** A server of events that gives what comes after the Last-Event-ID, and can be cut, slow or silent. It sends no faster than it is read. */
class EventServer {
  readonly events: string[] = [];
  delayMillis = 0;
  private readonly subscribers = new Set<Subscriber>();
  private readonly server = createServer((request, reply) => {
    const subscriber = { reply, next: Number(request.headers['last-event-id'] ?? 0) };
    reply.writeHead(200, { 'Content-Type': 'text/event-stream' });
    reply.write(':\n\n');
    this.subscribers.add(subscriber);
    reply.on('close', () => this.subscribers.delete(subscriber));
    reply.on('drain', () => this.write(subscriber));
    this.write(subscriber);
  });
  private port = 0;

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  cut(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  send(...events: readonly string[]): Promise<void> {
    this.events.push(...events);
    for (const subscriber of this.subscribers) this.write(subscriber);
    return Promise.resolve();
  }

  /** Connections stay, and nothing comes over them any more. */
  forget(): void {
    this.subscribers.clear();
  }

  url(query = ''): string {
    return `sse:http://127.0.0.1:${this.port}/stream?reconnectDelay=10&maxReconnectDelay=50&idleTimeout=1500${query}`;
  }

  /** How far the connector has told the store that it is: ids are the numbers of the events. */
  async settled(store: StateStore): Promise<string[]> {
    for await (const [, { value }] of store.range('')) return this.events.slice(0, Number(value.toString()));
    return [];
  }

  private write(subscriber: Subscriber): void {
    const { reply } = subscriber;
    while (this.subscribers.has(subscriber) && subscriber.next < this.events.length && !reply.writableNeedDrain) {
      const event = this.events[subscriber.next++]!;
      const text = `id: ${subscriber.next}\ndata: ${event}\n\n`;
      if (this.delayMillis === 0) reply.write(text);
      else systemClock.schedule(this.delayMillis, () => reply.write(text));
    }
  }
}

keepsConnectorContract('sse', async () => {
  const surroundings = new Surroundings();
  const server = new EventServer();
  await server.listen();
  const { store } = surroundings.context;
  const consumer = (credit = 100): ReturnType<Surroundings['consumer']> => surroundings.consumer(definition, server.url(`&maxInFlight=${credit}`));
  return {
    surroundings,
    definition,
    consumer,
    send: (...names) => server.send(...names),
    sendLarge: async (count, bytes) => {
      const event = 'x'.repeat(bytes);
      await server.send(...Array.from({ length: count }, () => event));
    },
    nameOf: ({ body }) => String(body),
    acknowledged: () => server.settled(store),
    abandon: async (dying) => {
      // Nothing is written any more.
      (dying as unknown as { context: unknown }).context = { ...surroundings.context, store: new Surroundings().context.store };
      await server.cut();
      await server.listen();
    },
    wrong: [
      ['sse:/path', /URL of an event stream/],
      ['sse:ftp://example.com/x', /URL of an event stream/],
    ],
    open: (uri) => surroundings.consumer(definition, uri),
    secret: { uri: 'sse:http://user:hunter2@127.0.0.1:1/x?reconnectDelay=10', text: 'hunter2' },
    network: {
      consumer: () => consumer(),
      cut: () => server.cut(),
      mend: () => server.listen(),
      delay: (millis) => Promise.resolve((server.delayMillis = millis)),
      stall: () => Promise.resolve(server.forget()),
      heal: async () => {
        server.delayMillis = 0;
        await Promise.resolve();
      },
    },
    server: async () => {
      const own = new EventServer();
      await own.listen();
      return {
        consumer: () => surroundings.consumer(definition, own.url('&maxInFlight=10')),
        send: (...names) => own.send(...names),
        nameOf: ({ body }) => String(body),
        acknowledged: () => own.settled(store),
        kill: () => own.cut(),
        restart: () => own.listen(),
        close: () => own.cut(),
      };
    },
    close: async () => server.cut(),
    patienceMillis: 5000,
  };
}, sse.notPromised);
