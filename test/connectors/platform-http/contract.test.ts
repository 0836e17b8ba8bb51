import { platformHttp } from '../../../src/connectors/platform-http/definition.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { httpListeners } from '../../../src/core/http/listener.ts';
import type { ConnectorDefinition } from '../../../src/core/connector.ts';
import { keepsConnectorContract, Surroundings, TestRoute } from '../../contract/connector.ts';

const definition = platformHttp as unknown as ConnectorDefinition<never>;
const pause = (): Promise<void> => new Promise((resolve) => void systemClock.schedule(3, resolve));

// A client that goes on asking until it is answered: what HTTP has in place of a source that keeps messages.
keepsConnectorContract(
  'platform-http',
  async () => {
    const surroundings = new Surroundings();
    const listener = httpListeners(surroundings.context).at('127.0.0.1', 0);
    // Keeps the port while consumers come and go.
    const keeper = { path: '/keeper', methods: null, consumes: null, produces: null, maxBodyBytes: 1, handle: () => {} };
    await listener.mount(keeper);
    const acknowledged: string[] = [];
    let isOpen = true;
    const post = async (name: string, headers: Readonly<Record<string, string>> = {}): Promise<void> => {
      while (isOpen) {
        const reply = await fetch(`${listener.url}/in`, { method: 'POST', body: name, headers: { ...headers } }).catch(() => null);
        await reply?.arrayBuffer().catch(() => null);
        if (reply?.ok === true) return void acknowledged.push(name);
        if (reply?.status === 500) return;
        await pause();
      }
    };
    return {
      surroundings,
      definition,
      consumer: async (credit) => surroundings.consumer(definition, `platform-http:/in?port=0${credit === undefined ? '' : `&maxInFlight=${credit}`}`),
      send: (...names) => {
        for (const name of names) void post(name);
        return Promise.resolve();
      },
      sendWith: (name, headers) => {
        void post(name, headers);
        return Promise.resolve();
      },
      // What it sends is its reply.
      sendOut: async (headers) => {
        const consumer = await surroundings.consumer(definition, 'platform-http:/out?port=0');
        await consumer.start(
          new TestRoute(surroundings.scope, (exchange) => {
            for (const [name, value] of Object.entries(headers)) exchange.headers.set(name, value);
          }),
        );
        const reply = await fetch(`${listener.url}/out`, { method: 'POST', body: 'x' });
        await reply.arrayBuffer();
        await consumer.stop();
        return Object.fromEntries(reply.headers);
      },
      nameOf: ({ body }) => String(body),
      acknowledged: () => Promise.resolve(acknowledged),
      wrong: [
        ['platform-http:/in?headerFilterStrategy=#nosuch', /nosuch/],
        ['platform-http:/in?port=70000', /port|70000/],
        [`platform-http:/in?port=${listener.port}`, /is in use/],
      ],
      open: (uri) => surroundings.consumer(definition, uri),
      close: async () => {
        isOpen = false;
        listener.unmount(keeper);
        await listener.closed();
      },
    };
  },
  platformHttp.notPromised,
);
