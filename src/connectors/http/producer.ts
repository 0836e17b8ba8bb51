import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { scalarNodeText } from '../../core/conversion/jsonNode.ts';
import { BoundedRegExp } from '../../core/boundedRegExp.ts';
import type { Timer } from '../../core/clock.ts';
import { decodeText } from '../../core/conversion/charset.ts';
import type { ConnectorContext, Endpoint, Producer } from '../../core/connector.ts';
import { conversionError, isStreamed, toText } from '../../core/conversion/convert.ts';
import { ExchangeError, toExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { Headers } from '../../core/exchange/headers.ts';
import type { HttpPoolOptions, HttpReply } from '../../core/http/client.ts';
import { asNetworkError, behindRedirects, HttpPools, isCompressed, rawHeader, ReplyHandler, shownUrl, unpack } from '../../core/http/client.ts';
import type { HeaderFilter } from '../../core/http/headers.ts';
import { parseQuery } from '../../core/http/headers.ts';
import { ReplyHeaders, requestBody, requestHeaders } from '../../core/http/message.ts';
import { charsetOf } from '../../core/conversion/media-type.ts';
import { cacheBody } from '../../core/conversion/stream.ts';
import { CookieJar } from './cookies.ts';
import type { httpOptions } from './options.ts';
import { Tokens } from './oauth2.ts';
import type { Target } from './target.ts';
import { appendPath, parseTarget, queryOf, urlOfEndpoint } from './target.ts';

type HttpEndpoint = Endpoint<typeof httpOptions>;

const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PATCH']);
const withoutBody: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const defaultMaxResponseBytes = 16 * 1024 * 1024;
/** Servers that one endpoint keeps connections to, when `CamelHttpUri` sends it to many. */
const mostOrigins = 100;

const longestPrecise = 30_000;

/** What is sent, kept so that it can be sent again with a password. */
interface Request {
  readonly target: Target;
  readonly pool: Dispatcher;
  readonly method: string;
  readonly headers: string[];
  readonly body: string | Buffer | Readable | null;
}

/** Calls an HTTP server with each exchange and puts the reply on it. */
export class HttpProducer implements Producer {
  private readonly endpoint: HttpEndpoint;
  private readonly context: ConnectorContext;
  private readonly pools: HttpPools;
  private readonly poolOptions: HttpPoolOptions;
  private readonly acquired = new Map<string, { key: string; dispatcher: Dispatcher }>();
  private readonly url: string;
  private readonly query: string | null;
  private readonly target: Target;
  private readonly targetPool: Dispatcher;
  /** Until the head of a reply must have come, where that is short: the pool's own limit is up to a second late. 0 = the pool's will do. */
  private readonly headMillis: number;
  private last: { readonly url: string; readonly path: string | null; readonly query: string | null; readonly target: Target } | null = null;
  private readonly isOk: (status: number) => boolean;
  private readonly filter: HeaderFilter | null;
  private readonly streamAboveBytes: number;
  private readonly maxUnpackedBytes: number;
  private readonly authorization: string | null;
  private readonly basic: string | null;
  private isBasicWanted: boolean;
  private readonly tokens: Tokens | null;
  private readonly cookies: CookieJar | null;

  /** @throws when an option's value can't be used */
  static async open(endpoint: HttpEndpoint, context: ConnectorContext, filter: HeaderFilter | null = null): Promise<HttpProducer> {
    const pools = context.shared('http-pools', () => new HttpPools());
    await pools.prepare();
    return new HttpProducer(endpoint, context, pools, filter);
  }

  private constructor(endpoint: HttpEndpoint, context: ConnectorContext, pools: HttpPools, filter: HeaderFilter | null) {
    const { options } = endpoint;
    this.endpoint = endpoint;
    this.context = context;
    this.pools = pools;
    this.url = urlOfEndpoint(endpoint.scheme, endpoint.path);
    this.query = queryOf(endpoint.rest);
    this.target = parseTarget(this.url, this.query);
    this.isOk = statusRange(options.okStatusCodeRange);
    this.filter = options.headerFilterStrategy === undefined ? filter : context.bean<HeaderFilter>(options.headerFilterStrategy);
    const maxResponse = options.maxResponseSize ?? Number(context.setting('http.maxResponseBytes') ?? defaultMaxResponseBytes);
    this.streamAboveBytes = options.disableStreamCache ? options.responsePayloadStreamingThreshold : maxResponse;
    this.maxUnpackedBytes = Math.max(maxResponse, defaultMaxResponseBytes);
    const method = options.authMethod?.trim().toLowerCase();
    const user = options.authUsername ?? userOf(this.url)?.user;
    const password = options.authPassword ?? userOf(this.url)?.password ?? '';
    this.basic = user !== undefined && (method === undefined || method.includes('basic')) ? `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` : null;
    this.isBasicWanted = options.authenticationPreemptive;
    this.authorization = options.authBearerToken !== undefined ? `Bearer ${options.authBearerToken}` : null;
    this.tokens = tokensOf(options, context);
    this.cookies = options.cookieStore !== undefined || options.cookieHandler !== undefined ? new CookieJar(context.clock) : null;
    const patience = options.responseTimeout ?? options.soTimeout;
    this.headMillis = patience <= longestPrecise ? patience : 0;
    this.poolOptions = {
      connections: Math.min(options.connectionsPerRoute, options.maxTotalConnections),
      connectTimeoutMillis: options.connectTimeout,
      headersTimeoutMillis: patience,
      bodyTimeoutMillis: options.soTimeout,
      connectionTtlMillis: options.connectionTimeToLive,
      tls: tlsOf(options, context),
      proxy: proxyOf(options, this.target.origin),
      followsRedirects: options.followRedirects,
    };
    this.targetPool = this.pool(this.target.origin);
  }

  readonly call = (exchange: Exchange): void => {
    if (this.tokens === null) return this.begin(exchange, this.authorization ?? (this.isBasicWanted ? this.basic : null));
    this.tokens.get().then(
      (token) => this.begin(exchange, `Bearer ${token}`),
      (thrown: unknown) => {
        exchange.fail(thrown);
        exchange.leave();
      },
    );
  };

  async close(): Promise<void> {
    const keys = [...this.acquired.values()].map(({ key }) => key);
    this.acquired.clear();
    await Promise.all(keys.map((key) => this.pools.release(key)));
  }

  private begin(exchange: Exchange, authorization: string | null): void {
    let request: Request;
    try {
      request = this.request(exchange, authorization);
    } catch (thrown) {
      exchange.fail(thrown);
      return exchange.leave();
    }
    this.exchangeWith(exchange, request);
  }

  private request(exchange: Exchange, authorization: string | null): Request {
    const { options } = this.endpoint;
    const { headers } = exchange;
    const target = options.skipControlHeaders ? this.target : this.targetOf(headers);
    const method = this.methodOf(exchange, target);
    const lines = options.skipRequestHeaders ? [] : requestHeaders(headers, this.filter);
    if (options.bridgeEndpoint) this.dropParameters(lines, headers.lookup('camelhttpquery'));
    const carriesBody = !withoutBody.has(method) && method !== 'DELETE';
    const sendsBody = carriesBody || (method === 'GET' && options.getWithBody) || (method === 'DELETE' && options.deleteWithBody);
    let body = sendsBody ? requestBody(scalarNodeText(exchange, exchange.body) ?? exchange.body, options.contentTypeCharsetEnabled ? headers.lookup('content-type') : null) : null;
    if (body === null || options.multipartUpload) dropHeader(lines, 'content-type');
    if (options.skipRequestHeaders && body !== null) {
      const type = headers.lookup('content-type');
      if (typeof type === 'string') lines.push('Content-Type', type);
    }
    else tidyContentType(lines);
    if (options.multipartUpload && body !== null) body = multipart(body, options.multipartUploadName, lines);
    // What is handed on with bridgeEndpoint is packed already.
    if (body !== null && !options.bridgeEndpoint && isGzip(headers.lookup('content-encoding'))) body = packed(body);
    if (authorization !== null) replaceHeader(lines, 'Authorization', authorization);
    if (options.userAgent !== undefined) replaceHeader(lines, 'User-Agent', options.userAgent);
    const host = options.customHostHeader ?? (options.preserveHostHeader ? headers.lookup('host') : undefined);
    if (typeof host === 'string') lines.push('Host', host);
    if (this.cookies !== null) {
      const cookie = this.cookies.header(target.url);
      if (cookie !== null) replaceHeader(lines, 'Cookie', cookie);
    }
    const pool = target.origin === this.target.origin ? this.targetPool : this.pool(target.origin);
    return { target, pool, method, headers: lines, body };
  }

  /** Parameters of the request that is handed on go with its query: those that came as headers, too, would be there twice. */
  private dropParameters(lines: string[], query: unknown): void {
    if (typeof query !== 'string' || query === '') return;
    const pairs = parseQuery(query);
    for (let i = lines.length - 2; i >= 0; i -= 2) for (let k = 0; k < pairs.length; k += 2) if (pairs[k] === lines[i]) lines.splice(i, 2);
  }

  /** Camel's headers decide what is called; those for one call of a `rest:` producer are used up. */
  private targetOf(headers: Headers): Target {
    const restUri = headers.lookup('camelresthttpuri') ?? null;
    const restQuery = headers.lookup('camelresthttpquery') ?? null;
    if (restUri !== null) headers.remove('CamelRestHttpUri');
    if (restQuery !== null) headers.remove('CamelRestHttpQuery');
    const uri = restUri ?? (this.endpoint.options.bridgeEndpoint ? null : (headers.lookup('camelhttpuri') ?? null));
    const path = headers.lookup('camelhttppath') ?? null;
    const query = restQuery ?? headers.lookup('camelhttprawquery') ?? headers.lookup('camelhttpquery') ?? null;
    if (uri === null && (path === null || path === '') && query === null) return this.target;
    const url = uri === null ? this.url : this.withProperties(toText(uri) ?? '');
    return this.parsed(url, path === null ? null : (toText(path) ?? ''), query === null ? this.query : toText(query));
  }

  /** The same as for the last message, mostly. */
  private parsed(url: string, path: string | null, query: string | null): Target {
    const { last } = this;
    if (last !== null && last.url === url && last.path === path && last.query === query) return last.target;
    const target = parseTarget(path === null ? url : appendPath(url, path), query);
    this.last = { url, path, query, target };
    return target;
  }

  /** As Camel does, `{{key}}` in the header's URL is a property. */
  private withProperties(url: string): string {
    return url.includes('{{') ? url.replace(/\{\{([^{}]+)\}\}/g, (whole, key: string) => this.context.property(key.trim()) ?? whole) : url;
  }

  private methodOf(exchange: Exchange, target: Target): string {
    const { options } = this.endpoint;
    if (options.httpMethod !== undefined) return options.httpMethod;
    const wanted = options.skipControlHeaders ? undefined : exchange.headers.lookup('camelhttpmethod');
    if (wanted !== undefined && wanted !== null) {
      const method = (toText(wanted) ?? '').trim().toUpperCase();
      if (!methods.has(method)) throw conversionError(wanted, 'an HTTP method');
      return method;
    }
    if (target.path.includes('?')) return 'GET';
    return isNothing(exchange.body) ? 'GET' : 'POST';
  }

  private exchangeWith(exchange: Exchange, request: Request, isSecondTry = false): void {
    const { options } = this.endpoint;
    const { target } = request;
    const started = options.logHttpActivity ? this.context.clock.now() : 0;
    let timer: Timer | null = null;
    let headTimer: Timer | null = null;
    const handler = new ReplyHandler(
      (error, reply) => {
        timer?.cancel();
        headTimer?.cancel();
        if (options.logHttpActivity) {
          this.context.log('info', `${request.method} ${shownUrl(target.url)}: ${error === null ? reply!.status : error.message} after ${this.context.clock.now() - started} ms`);
        }
        if (error !== null) this.fail(exchange, asNetworkError(error, shownUrl(target.url)));
        else this.received(exchange, request, reply!, isSecondTry);
      },
      this.streamAboveBytes,
    );
    if (options.connectionRequestTimeout !== undefined && options.connectionRequestTimeout > 0) {
      const millis = options.connectionRequestTimeout;
      timer = this.context.clock.schedule(millis, () =>
        handler.abort(new ExchangeError('java.net.SocketTimeoutException', `${shownUrl(target.url)}: ${handler.isSent ? 'no reply' : 'never sent: no connection was free or could be made'} within ${millis} ms`)),
      );
    }
    if (this.headMillis > 0) {
      headTimer = this.context.clock.schedule(this.headMillis, () => {
        if (!handler.hasHead) handler.abort(new ExchangeError('java.net.SocketTimeoutException', `${shownUrl(target.url)}: no reply in time`));
      });
    }
    exchange.signal?.addEventListener('abort', () => handler.abort(toExchangeError(exchange.signal!.reason)), { once: true });
    request.pool.dispatch(
      { origin: target.origin, path: target.path, method: request.method, headers: request.headers, body: request.body, reset: options.connectionClose },
      options.followRedirects ? behindRedirects(handler) : handler,
    );
  }

  private received(exchange: Exchange, request: Request, reply: HttpReply, isSecondTry: boolean): void {
    if (this.cookies !== null) this.takeCookies(request.target.url, reply);
    if (reply.status === 401 && this.basic !== null && !isSecondTry && !hasHeader(request.headers, 'authorization') && canRepeat(request.body)) {
      if (/\bbasic\b/i.test(rawHeader(reply.rawHeaders, 'www-authenticate') ?? '')) {
        this.isBasicWanted = true;
        discard(reply);
        request.headers.push('Authorization', this.basic);
        return this.exchangeWith(exchange, request, true);
      }
    }
    const encoding = this.endpoint.options.contentCompressionDisabled || reply.body === null ? undefined : rawHeader(reply.rawHeaders, 'content-encoding');
    if (encoding === undefined || !isCompressed(encoding)) return this.accept(exchange, request, reply, false);
    unpack(reply.body!, encoding, this.maxUnpackedBytes, (error, body) => {
      if (error !== null) this.fail(exchange, toExchangeError(error));
      else this.accept(exchange, request, { ...reply, body }, true);
    });
  }

  private accept(exchange: Exchange, request: Request, reply: HttpReply, isUnpacked: boolean): void {
    const { options } = this.endpoint;
    if (options.throwExceptionOnFailure && !this.isOk(reply.status)) {
      exchange.headers.set('CamelHttpResponseCode', reply.status);
      exchange.headers.set('CamelHttpResponseText', reply.statusText);
      return this.fail(exchange, failedOperation(request.target, reply));
    }
    const raw = options.skipResponseHeaders ? [] : reply.rawHeaders;
    exchange.headers = new Headers(new ReplyHeaders(raw, options.copyHeaders ? exchange.headers : null, reply.status, reply.statusText, this.filter, isUnpacked));
    if (options.ignoreResponseBody || request.method === 'HEAD') {
      discard(reply);
      exchange.body = null;
      return exchange.leave();
    }
    exchange.body = reply.body;
    const kept = options.disableStreamCache || Buffer.isBuffer(reply.body) ? null : cacheBody(exchange, { instead: '`disableStreamCache=true` gives it as it comes' });
    if (kept === null) return exchange.leave();
    kept.then(
      () => exchange.leave(),
      (thrown: unknown) => this.fail(exchange, toExchangeError(thrown)),
    );
  }

  private fail(exchange: Exchange, error: ExchangeError): void {
    exchange.fail(error);
    exchange.leave();
  }

  private pool(origin: string): Dispatcher {
    let pool = this.acquired.get(origin);
    if (pool === undefined) {
      if (this.acquired.size >= mostOrigins) {
        const [oldest, { key }] = [...this.acquired].find(([used]) => used !== this.target.origin)!;
        this.acquired.delete(oldest);
        void this.pools.release(key);
      }
      pool = this.pools.acquire(origin, this.poolOptions);
      this.acquired.set(origin, pool);
    }
    return pool.dispatcher;
  }

  private takeCookies(url: string, reply: HttpReply): void {
    for (let i = 0; i < reply.rawHeaders.length; i += 2) {
      if (reply.rawHeaders[i]!.toString('latin1').toLowerCase() === 'set-cookie') this.cookies!.take(url, reply.rawHeaders[i + 1]!.toString('latin1'));
    }
  }
}

/** As in Camel, a stream that has nothing in it (a request without a body) is no body; an empty text is one. */
const isNothing = (body: unknown): boolean => body === null || body === undefined || (isStreamed(body) && (body as { readonly length?: unknown }).length === 0);

const canRepeat = (body: unknown): boolean => body === null || typeof body === 'string' || Buffer.isBuffer(body);

const discard = ({ body }: HttpReply): void => {
  if (body !== null && !Buffer.isBuffer(body)) body.destroy();
};

function failedOperation(target: Target, reply: HttpReply): ExchangeError {
  const uri = shownUrl(target.url);
  const location = reply.status >= 300 && reply.status < 400 ? rawHeader(reply.rawHeaders, 'location') : undefined;
  const charset = charsetOf(rawHeader(reply.rawHeaders, 'content-type') ?? '');
  const responseHeaders = Object.create(null) as Record<string, string>;
  for (let i = 0; i < reply.rawHeaders.length; i += 2) responseHeaders[reply.rawHeaders[i]!.toString('latin1')] = reply.rawHeaders[i + 1]!.toString('latin1');
  discard(reply);
  return new ExchangeError(
    'org.apache.camel.http.base.HttpOperationFailedException',
    `HTTP operation failed invoking ${uri} with statusCode: ${reply.status}${location === undefined ? '' : `, redirectLocation: ${location}`}`,
    {
      details: {
        uri,
        statusCode: reply.status,
        statusText: reply.statusText,
        redirectLocation: location ?? null,
        responseHeaders,
        responseBody: Buffer.isBuffer(reply.body) ? textOf(reply.body, charset) : null,
      },
    },
  );
}

function textOf(bytes: Buffer, charset: string | null): string {
  try {
    return decodeText(bytes, charset);
  } catch {
    return bytes.toString('utf8');
  }
}

function statusRange(ranges: string): (status: number) => boolean {
  const bounds = ranges.split(',').map((range) => {
    const match = /^\s*(\d{3})\s*(?:-\s*(\d{3})\s*)?$/.exec(range);
    if (match === null) throw new Error(`okStatusCodeRange: \`${range.trim()}\` is no status and no range such as 200-299`);
    return [Number(match[1]), Number(match[2] ?? match[1])] as const;
  });
  if (bounds.length === 1) {
    const [[from, to]] = bounds as [readonly [number, number]];
    return (status) => status >= from && status <= to;
  }
  return (status) => bounds.some(([from, to]) => status >= from && status <= to);
}

function userOf(url: string): { user: string; password: string } | null {
  const match = /^[a-z]+:\/\/([^/@?#:]*)(?::([^/@?#]*))?@/i.exec(url);
  return match === null ? null : { user: decodeURIComponent(match[1]!), password: decodeURIComponent(match[2] ?? '') };
}

function hasHeader(lines: readonly string[], folded: string): boolean {
  for (let i = 0; i < lines.length; i += 2) if (lines[i]!.length === folded.length && lines[i]!.toLowerCase() === folded) return true;
  return false;
}

const isGzip = (encoding: unknown): boolean => typeof encoding === 'string' && /^\s*gzip\s*$/i.test(encoding);

/** The body as its header Content-Encoding says it is, unless a step has packed it. */
function packed(body: string | Buffer | Readable): Buffer | Readable {
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) return body.pipe(createGzip());
  return Buffer.isBuffer(body) && body[0] === 0x1f && body[1] === 0x8b ? body : gzipSync(body);
}

/** As Camel's client writes it: one space before each parameter, and quotes only where a value needs them. */
function tidyContentType(lines: string[]): void {
  for (let i = 0; i < lines.length; i += 2) {
    const value = lines[i + 1]!;
    if (lines[i]!.length !== 12 || !value.includes(';') || lines[i]!.toLowerCase() !== 'content-type') continue;
    const parts = value.match(/(?:[^;"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
    lines[i + 1] = parts.map((part) => part.trim().replace(/^([^="]+)="([!#$%&'*+\-.^_`|~0-9A-Za-z]+)"$/, '$1=$2')).filter((part) => part !== '').join('; ');
  }
}

function dropHeader(lines: string[], folded: string): void {
  for (let i = lines.length - 2; i >= 0; i -= 2) if (lines[i]!.length === folded.length && lines[i]!.toLowerCase() === folded) lines.splice(i, 2);
}

function replaceHeader(lines: string[], name: string, value: string): void {
  dropHeader(lines, name.toLowerCase());
  lines.push(name, value);
}

/** The body as the one part of a form; its content type goes to `lines`. */
function multipart(body: string | Buffer | Readable, name: string, lines: string[]): Buffer {
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) throw new ExchangeError('org.apache.camel.InvalidPayloadException', 'a stream can\'t be sent as multipart/form-data: convert it to bytes first');
  const boundary = `mecha-${randomUUID()}`;
  const quoted = name.replace(/["\r\n]/g, (letter) => encodeURIComponent(letter));
  const type = typeof body === 'string' ? 'text/plain; charset=UTF-8' : 'application/octet-stream';
  const file = typeof body === 'string' ? '' : `; filename="${quoted}"`;
  lines.push('Content-Type', `multipart/form-data; boundary=${boundary}`);
  return Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${quoted}"${file}\r\nContent-Type: ${type}\r\n\r\n`),
    typeof body === 'string' ? Buffer.from(body) : body,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
}

function tokensOf(options: HttpEndpoint['options'], context: ConnectorContext): Tokens | null {
  if (options.oauth2TokenEndpoint === undefined) return null;
  if (options.oauth2ClientId === undefined || options.oauth2ClientSecret === undefined) throw new Error('oauth2TokenEndpoint needs oauth2ClientId and oauth2ClientSecret beside it');
  return new Tokens(
    {
      endpoint: options.oauth2TokenEndpoint,
      clientId: options.oauth2ClientId,
      clientSecret: options.oauth2ClientSecret,
      scope: options.oauth2Scope ?? null,
      resource: options.oauth2ResourceIndicator ?? null,
      isCached: options.oauth2CacheTokens,
      defaultExpiryMillis: options.oauth2CachedTokensDefaultExpirySeconds * 1000,
      marginMillis: options.oauth2CachedTokensExpirationMarginSeconds * 1000,
      isInBody: options.oauth2BodyAuthentication,
    },
    context.clock,
  );
}

function tlsOf(options: HttpEndpoint['options'], context: ConnectorContext): Record<string, unknown> | undefined {
  const tls: Record<string, unknown> = options.sslContextParameters === undefined ? {} : { ...context.bean<Record<string, unknown>>(options.sslContextParameters) };
  const verifier = options.x509HostnameVerifier;
  if (verifier !== undefined) {
    if (/noop/i.test(verifier)) tls['checkServerIdentity'] = () => undefined;
    else if (!/default/i.test(verifier)) tls['checkServerIdentity'] = context.bean(verifier);
  }
  return Object.keys(tls).length === 0 ? undefined : tls;
}

function proxyOf(options: HttpEndpoint['options'], origin: string): { url: string; token?: string } | undefined {
  if (options.proxyHost === undefined) return undefined;
  const { hostname } = new URL(origin);
  const excluded = (options.nonProxyHosts ?? '')
    .split(/[,|]/)
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '');
  const isExcluded = excluded.some((pattern) => new BoundedRegExp(`^${pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 'i').test(hostname));
  if (isExcluded) return undefined;
  const scheme = options.proxyAuthScheme;
  const url = `${scheme}://${options.proxyHost}:${options.proxyPort ?? (scheme === 'https' ? 443 : 80)}`;
  if (options.proxyAuthUsername === undefined) return { url };
  return { url, token: `Basic ${Buffer.from(`${options.proxyAuthUsername}:${options.proxyAuthPassword ?? ''}`).toString('base64')}` };
}
