import { defineConnector, hasNoServer } from '../../core/connector.ts';
import { field } from '../../core/field.ts';

export const platformHttpOptions = {
  path: field.string('Path to serve: parameters as `{name}`, a `*` at the end for everything that begins so.').required().inPath(),
  httpMethodRestrict: field.string('Methods to serve, separated by commas; all when absent. Others get 405.'),
  matchOnUriPrefix: field.boolean('Serves every path that begins with this one.').default(false),
  consumes: field.string('Content types that requests may have, separated by commas. Others get 415.'),
  produces: field.string('Content types that replies have, separated by commas. Clients that accept none of them get 406.'),
  serverRequestValidation: field.boolean('Whether `consumes` and `produces` are checked.').default(true),
  muteException: field.boolean('Keeps what went wrong out of the reply; it stands in the log.').default(true),
  populateBodyWithForm: field.boolean('A form becomes a map; its fields are headers either way. Files of a `multipart/form-data` form are attachments; a form with one file has it for its body.').default(true),
  returnHttpRequestHeaders: field.boolean('Sends the headers of the request back with the reply.').default(false),
  useStreaming: field.boolean('Gives the route the body as it comes, instead of whole.').default(false),
  useBodyHandler: field.boolean('Reads the body whole; `false` is the same as `useStreaming`.').default(true),
  maxRequestSize: field.bytes('Longest body; longer ones get 413. By default the setting `http.maxBodyBytes`, or 16 MB.').atLeast(1),
  requestTimeout: field.millis('Time for the route to answer; then the client gets 503.').atLeast(1),
  useCookieHandler: field.boolean('Puts an object on the property `CamelCookieHandler` by which modules read, set and remove cookies.').default(false),
  cookieDomain: field.string('Host that cookies are for.'),
  cookiePath: field.string('Path that cookies are for.').default('/'),
  cookieMaxAge: field.integer('Seconds that cookies live.'),
  cookieHttpOnly: field.boolean('Keeps cookies from scripts in the browser.').default(false),
  cookieSecure: field.boolean('Cookies are only for encrypted requests.').default(false),
  cookieSameSite: field.enum('Whether cookies go with requests from other sites.', ['Strict', 'Lax', 'None', 'STRICT', 'LAX', 'NONE']).default('Lax'),
  headerFilterStrategy: field.string('Bean that decides which headers come in and go out: `applyFilterToExternalHeaders(name, value)` and `applyFilterToCamelHeaders(name, value)`, true = not.'),
  exchangePattern: field.enum('InOnly or InOut; the client gets a reply either way.', ['InOnly', 'InOut']).default('InOut'),
  host: field.string('Address to listen on. By default the setting `http.host`, or loopback.'),
  port: field.integer('Port to listen on; 0 = any free one. By default the setting `http.port`, the property `camel.server.port`, or 8080.').atLeast(0).atMost(65_535),
  maxInFlight: field.count('Requests under way at once. By default the setting `http.maxInFlight`, or 1000.').atLeast(1),
  maxQueued: field.count('Requests that wait for their turn; more get 503 with Retry-After. By default the setting `http.maxQueued`, or 1000.'),
  handleWriteResponseError: field.boolean('Notes a reply that could not be written in the log as a warning.').default(false),
  bridgeErrorHandler: field.boolean('Has errors of the consumer itself handled by the route.').ignored('a request that can not be read is answered by the listener and never becomes an exchange'),
  exceptionHandler: field.string('Bean for errors of the consumer itself.').ignored('errors of the consumer go to the log'),
  fileNameExtWhitelist: field.string('Extensions that uploaded files may have, separated by commas; others are not attached.'),
  platformHttpEngine: field.string('The server behind it.').ignored('there is one server, node:http'),
  oauthProfile: field.string('Profile that checks bearer tokens.').ignored('tokens are checked in the route'),
} as const;

const noOrder = 'requests come over several connections, which have no order among them';

export const platformHttp = defineConnector({
  scheme: 'platform-http',
  syntax: 'platform-http:path',
  summary: 'Serves HTTP requests. Routes share one listener an address; without further settings it is only reachable from this machine.',
  isShareable: true,
  isHttpServer: true,
  options: platformHttpOptions,
  headers: {
    CamelHttpMethod: 'Method of the request.',
    CamelHttpPath: 'Path of the request, without the query.',
    CamelHttpQuery: 'Query of the request, still encoded.',
    CamelHttpRawQuery: 'The same.',
    CamelHttpUri: 'Path and query.',
    CamelHttpUrl: 'The whole URL.',
    CamelHttpCharacterEncoding: 'Charset of the content type.',
    CamelHttpResponseCode: 'Set by the route: status of the reply. A failure is never answered with one below 400.',
    CamelAttachmentsSize: 'How many files a form came with.',
    CamelFileName: 'Of a form with one file: what the client calls it, without folders.',
    CamelFileLength: 'Of a form with one file: its bytes.',
    CamelFileContentType: 'Of a form with one file: its type.',
    'Content-Type': 'Type of the body; the reply has the one that the message has at the end.',
  },
  notPromised: {
    ...hasNoServer('it is the server'),
    'delivers each message once, in the order in which they came': noOrder,
    'keeps the order of each key, with orderBy and lanes': `${noOrder}; those that came keep it`,
    'delivers again what failed': 'HTTP can not deliver again: a failure is answered with 500',
    'delivers again what had not settled when its process died': 'whoever sent a request sees its connection break, and knows',
    'waits for a slow route, and holds no more in memory meanwhile': 'a request waits with its client: maxInFlight bounds those that are taken',
    'shows no secret in what it says': 'its options have no secrets',
  },
  consumer: async (endpoint, context) => {
    const { PlatformHttpConsumer } = await import('./consumer.ts');
    return new PlatformHttpConsumer(endpoint, context);
  },
});
