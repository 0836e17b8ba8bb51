import { WebSocket } from 'ws';
import { vertxWebsocket } from '../../../src/connectors/vertx-websocket/definition.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { httpListeners } from '../../../src/core/http/listener.ts';
import type { ConnectorDefinition } from '../../../src/core/connector.ts';
import { keepsConnectorContract, Surroundings } from '../../contract/connector.ts';

const definition = vertxWebsocket as unknown as ConnectorDefinition<never>;
const pause = (): Promise<void> => new Promise((resolve) => void systemClock.schedule(3, resolve));

// Nothing is masked, so that the client copies nothing: the memory that is measured is the consumer's.
const generateMask = (mask: Buffer): void => void mask.fill(0);

// A client that connects until it is let in, and says one thing after the other: what a WebSocket has in place of a source that keeps messages.
keepsConnectorContract(
  'vertx-websocket',
  async () => {
    const surroundings = new Surroundings();
    const listener = httpListeners(surroundings.context).at('127.0.0.1', 0);
    const keeper = { path: '/keeper', methods: null, consumes: null, produces: null, maxBodyBytes: 1, handle: () => {} };
    await listener.mount(keeper);
    const sockets = new Set<WebSocket>();
    const queue: { frame: Buffer; headers: Readonly<Record<string, string>> }[] = [];
    let isOpen = true;
    let pump: Promise<void> | null = null;

    const connect = async (headers: Readonly<Record<string, string>>): Promise<WebSocket | null> => {
      while (isOpen) {
        const socket = new WebSocket(`${listener.url.replace('http', 'ws')}/in`, { headers: { ...headers }, generateMask });
        const isIn = await new Promise<boolean>((resolve) => {
          socket.once('open', () => resolve(true));
          socket.once('error', () => resolve(false));
        });
        if (isIn) {
          sockets.add(socket);
          socket.on('close', () => sockets.delete(socket));
          return socket;
        }
        await pause();
      }
      return null;
    };
    const work = async (): Promise<void> => {
      while (queue.length > 0 && isOpen) {
        const socket = await connect(queue[0]!.headers);
        if (socket === null) return;
        const closed = new Promise((resolve) => socket.once('close', resolve));
        while (queue.length > 0 && socket.readyState === WebSocket.OPEN) {
          await new Promise((resolve) => socket.send(queue.shift()!.frame, { binary: false }, resolve));
        }
        // What is said later comes over a connection of its own, after this one: the server closes it when it has everything.
        socket.close();
        await closed;
      }
    };
    const say = (frame: Buffer, headers: Readonly<Record<string, string>> = {}): void => {
      queue.push({ frame, headers });
      pump ??= work().finally(() => {
        pump = null;
      });
    };
    return {
      surroundings,
      definition,
      consumer: async (credit) => surroundings.consumer(definition, `vertx-websocket:127.0.0.1:0/in?maxInFlight=${credit ?? 100}`),
      send: (...names) => {
        for (const name of names) say(Buffer.from(name));
        return Promise.resolve();
      },
      sendWith: (name, headers) => {
        say(Buffer.from(name), headers);
        return Promise.resolve();
      },
      sendLarge: (count, bytes) => {
        const frame = Buffer.alloc(bytes, 'x');
        for (let i = 0; i < count; i++) say(frame);
        return Promise.resolve();
      },
      nameOf: ({ body }) => String(body),
      acknowledged: () => Promise.resolve([]),
      wrong: [
        ['vertx-websocket:127.0.0.1:70000/in', /`port`.*65535/],
        ['vertx-websocket:127.0.0.1:0/in?allowedOriginPattern=(', /allowedOriginPattern|[Rr]egular/],
        [`vertx-websocket:127.0.0.1:${listener.port}/in`, /is in use/],
      ],
      open: (uri) => surroundings.consumer(definition, uri),
      close: async () => {
        isOpen = false;
        for (const socket of sockets) socket.terminate();
        listener.unmount(keeper);
        await listener.closed();
      },
    };
  },
  vertxWebsocket.notPromised,
);
