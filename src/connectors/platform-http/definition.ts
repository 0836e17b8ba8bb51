import { defineConnector, hasNoServer } from '../../core/connector.ts';
import { platformHttpOptions } from './options.ts';

const noOrder = 'requests come over several connections, which have no order among them';

export const platformHttp = defineConnector({
  scheme: 'platform-http',
  syntax: 'platform-http:path',
  summary: 'Serves HTTP requests. Routes share one listener an address; without further settings it is only reachable from this machine.',
  insteadOfSending: 'call it over HTTP, with `http:` in a route or with curl, or put the steps into a route from `direct:`',
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
    CamelCloudEventID: 'With `cloudEvents`: id of the event; the same with `Source`, `Type`, `Version`, `Subject`, `Time` and `SchemaURL`.',
    CamelCloudEventExtensions: 'With `cloudEvents`: a map of its further attributes, where it has some.',
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
