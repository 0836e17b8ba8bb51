import { defineConnector, hasNoServer } from '../../core/connector.ts';
import { field } from '../../core/field.ts';

const java = 'there are no Java objects here';
const noAcks = 'a WebSocket has no acknowledgements';

export const webSocketOptions = {
  host: field.string('Host; for a consumer that serves, the address to listen at. By default the setting `http.host`.').inPath(),
  port: field.integer('Port. By default the setting `http.port`, or 8080.').inPath().atLeast(0).atMost(65_535),
  path: field.string('Path; for a consumer that serves it may hold parameters (`room/{name}`).').inPath(),
  secure: field.boolean('Client: speaks TLS (`wss:`).').default(false).since('0.2'),
  consumeAsClient: field.boolean('Consumer: connects to that address as a client, instead of serving it.').default(false),
  allowedOriginPattern: field.string('Consumer that serves: a regular expression that the header Origin must match.'),
  fireWebSocketConnectionEvents: field.boolean('Consumer: a connection that opens or closes is a message, too, without a body.').default(false),
  maxReconnectAttempts: field.count('Client: how often it tries to connect again in a row; 0 = without end.').default(0),
  reconnectInitialDelay: field.millis('Client: wait before the first of these; `reconnectInterval` when absent.'),
  reconnectInterval: field.millis('Client: wait between two of these.').default(1000),
  maxInFlight: field.count('Consumer: messages under way at once; while there are so many, nothing is read from the connections.').default(1).atLeast(1),
  maxMessageBytes: field.count('Larger messages close their connection.').default(16 * 1024 * 1024).atLeast(1),
  clientSubProtocols: field.string('Client: subprotocols that it offers, separated by commas.'),
  sendToAll: field.boolean('Producer: sends to all clients that are connected to this path of this runtime.').default(false),
  allowOriginHeader: field.boolean('Client: sends the header Origin.').default(true),
  originHeaderUrl: field.string('Client: its value; absent, none is sent.'),
  handshakeHeaders: field.map('Client: headers of its handshake: `handshake.Authorization=...`.', field.string('Value.').secret()).prefixed('handshake.'),
  exchangePattern: field.enum('Pattern of new exchanges. Consumer: with InOut the body that a message ends with is sent back by its connection.', ['InOnly', 'InOut']),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').ignored('a connection that fails is no message: it is logged, and made again'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('errors of connections are logged'),
  lazyStartProducer: field.boolean('Connects with the first message.').ignored('it always does'),
  headerFilterStrategy: field.string('Bean that filters headers.').ignored('headers of Camel are never taken from a handshake, and none are sent'),
  router: field.string('Java object.').ignored(java),
  serverOptions: field.string('Java object.').ignored(java),
  clientOptions: field.string('Java object.').ignored(java),
  sslContextParameters: field.string('Java object.').ignored('`secure` trusts the certificates that Node does'),
} as const;

export const vertxWebsocket = defineConnector({
  scheme: 'vertx-websocket',
  syntax: 'vertx-websocket:host:port/path',
  summary: 'WebSockets: serves clients on the listener of HTTP, sends to those that are connected, or connects to a server.',
  isRemote: true,
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
