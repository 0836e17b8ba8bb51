import type { ConnectorContext, Consumer, Endpoint, Producer } from '../../core/connector.ts';
import { toText } from '../../core/conversion/convert.ts';
import { isNumeric } from '../../core/conversion/exactNumber.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { isPlainMap } from '../../core/http/headers.ts';
import { httpOptions } from '../http/options.ts';
import { HttpProducer } from '../http/producer.ts';
import { networkBytes } from '../../core/conversion/network-bytes.ts';
import type { RequestBinding } from '../platform-http/consumer.ts';
import { PlatformHttpConsumer } from '../platform-http/consumer.ts';
import { platformHttpOptions } from '../platform-http/options.ts';
import { RequestHeaders } from '../platform-http/request.ts';
import { withDefaults } from '../rest/consumer.ts';
import type { httpServerOptions, servletOptions } from './definition.ts';

type ServerEndpoint = Endpoint<typeof httpServerOptions>;
type ServletEndpoint = Endpoint<typeof servletOptions>;

interface Address {
  readonly host?: string;
  readonly port?: number;
  readonly path: string;
}

/** @throws Error for what is no address, or one of TLS */
function addressOf(uri: string): Address {
  const [, protocol, host, port, path = '/'] = /^(?:(https?|ssl|tcp):)?(?:\/\/)?(\[[^\]]+\]|[^/:]+)(?::(\d+))?(\/.*)?$/.exec(uri) ?? [];
  if (host === undefined) throw new Error(`\`${uri}\` is no address: write \`http://0.0.0.0:8080/path\``);
  if (protocol !== undefined && protocol !== 'http') throw new Error(`\`${protocol}:\` is not served: write \`http:\`, and let a proxy before it speak TLS`);
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: port === undefined ? 80 : Number(port), path };
}

function mappedPath(contextPath: string, context: ConnectorContext): string {
  const mapping = context.property('camel.servlet.mapping.context-path') ?? context.property('camel.servlet.mapping.contextPath') ?? '/camel/*';
  return `${mapping.replace(/\/*\**$/, '')}/${contextPath.replace(/^\/+/, '')}`;
}

/** Headers as Camel's other servers give them: the path behind the endpoint's, addresses without the query. What a reply can't be made of is its text there. */
const bindingOf = (path: string): RequestBinding => ({
  before: (exchange: Exchange) => {
    const { headers } = exchange;
    // Nothing is an empty stream, and a form its text, besides the headers that its fields are.
    exchange.body ??= networkBytes((headers.origin instanceof RequestHeaders ? headers.origin.request.body : null) ?? Buffer.alloc(0));
    const whole = toText(headers.get('CamelHttpPath')) ?? '';
    const url = toText(headers.get('CamelHttpUrl'));
    headers.set('CamelHttpPath', whole.startsWith(path) ? whole.slice(path === '/' ? 0 : path.length) : whole);
    headers.set('CamelHttpUri', whole);
    if (url !== null) headers.set('CamelHttpUrl', url.replace(/\?.*/s, ''));
    headers.remove('CamelHttpRawQuery');
    headers.remove('*');
    return true;
  },
  after: (exchange: Exchange) => {
    const { body } = exchange;
    if (isPlainMap(body) || Array.isArray(body) || isNumeric(body) || typeof body === 'boolean') exchange.body = toText(body);
  },
});

export function consumerOf(endpoint: ServerEndpoint | ServletEndpoint, context: ConnectorContext): Consumer {
  const { options, rest } = endpoint;
  const { host, port, path } = 'httpUri' in options ? addressOf(options.httpUri) : { path: mappedPath((options as ServletEndpoint['options']).contextPath, context) } as Address;
  const without = Object.keys(rest);
  if (without.length > 0) context.log('warn', `${without.map((name) => `\`${name}\``).join(', ')} of \`${endpoint.scheme}\` ${without.length === 1 ? 'has' : 'have'} no effect here: the server is that of \`platform-http\``);
  const given = withDefaults(platformHttpOptions, { ...options, host, port, path, populateBodyWithForm: false });
  return new PlatformHttpConsumer({ ...endpoint, options: given, rest: {} }, context, bindingOf(path));
}

export function producerOf(endpoint: ServerEndpoint, context: ConnectorContext): Promise<Producer> {
  const [, scheme = 'http', uri] = /^(?:(https?):)?\/*(.+)$/.exec(endpoint.options.httpUri)!;
  const { throwExceptionOnFailure, bridgeEndpoint } = endpoint.options;
  return HttpProducer.open({ ...endpoint, scheme, path: `//${uri!}`, options: withDefaults(httpOptions, { httpUri: uri!, throwExceptionOnFailure, bridgeEndpoint }) }, context);
}
