import { field } from '../../core/field.ts';

const java = 'there are no Java objects here';

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
