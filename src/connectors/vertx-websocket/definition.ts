import { defineConnector, hasNoServer } from '../../core/connector.ts';
import { webSocketOptions } from './options.ts';

const noAcks = 'a WebSocket has no acknowledgements';

export const vertxWebsocket = defineConnector({
  scheme: 'vertx-websocket',
  syntax: 'vertx-websocket:host:port/path',
  summary: 'WebSockets: serves clients on the listener of HTTP, sends to those that are connected, or connects to a server.',
  isRemote: true,
  isLenient: true,
  componentOptions: { defaultHost: 'host', defaultPort: 'port' },
  serves: true,
  isHttpServer: ({ consumeAsClient }) => !consumeAsClient,
  isOfProcess: true,
  options: webSocketOptions,
  headers: {
    'CamelVertxWebsocket.connectionKey': 'The connection that a message came by. Set by the route: keys, separated by commas, of those to send to.',
    'CamelVertxWebsocket.sendToAll': 'Set by the route: sends to all that are connected to the path.',
    'CamelVertxWebsocket.remoteAddress': 'Address of the client.',
    'CamelVertxWebsocket.event': 'MESSAGE; with `fireWebSocketConnectionEvents` also OPEN and CLOSE.',
  },
  notPromised: {
    ...hasNoServer('it is the server; as a client it connects again, and what was sent meanwhile is gone: a WebSocket keeps nothing'),
    'acknowledges a message after it has settled, and not before': noAcks,
    'delivers again what failed': `${noAcks}: whoever sent it is not asked to send it again`,
    'delivers again what had not settled when its process died': noAcks,
    'sends headers by the rule by which it takes them, and lets none of Camel out': 'a frame has no headers: those that come in are of the handshake',
    'shows no secret in what it says': 'a server has no secrets; those of a handshake are not shown',
  },
  consumer: async (endpoint, context) => {
    const { ClientConsumer, ServerConsumer } = await import('./consumer.ts');
    return endpoint.options.consumeAsClient ? new ClientConsumer(endpoint, context) : new ServerConsumer(endpoint, context);
  },
  producer: async (endpoint, context) => {
    const { WebSocketProducer } = await import('./producer.ts');
    return new WebSocketProducer(endpoint, context);
  },
});
