import type { Readable } from 'node:stream';
import type { ConnectorContext, Endpoint, Producer } from '../../core/connector.ts';
import { toText } from '../../core/conversion/convert.ts';
import { ExchangeError, toExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { Headers } from '../../core/exchange/headers.ts';
import type { HttpReply } from '../../core/http/client.ts';
import { asNetworkError, isCompressed, rawHeader, ReplyHandler, unpack } from '../../core/http/client.ts';
import { encodeQueryComponent, isPlainMap } from '../../core/http/headers.ts';
import { ReplyHeaders, requestBody, requestHeaders } from '../../core/http/message.ts';
import { jsonText, parseJson, writeJson } from '../../core/conversion/json.ts';
import { isJsonType, mediaTypeOf } from '../../core/conversion/media-type.ts';
import type { Application } from './application.ts';
import { applicationOf } from './application.ts';
import type { micrologicOptions } from './options.ts';

type Events = typeof import('../../core/http/cloudEvents.ts');

type MicrologicEndpoint = Endpoint<typeof micrologicOptions>;

const defaultTimeoutMillis = 30_000;
const defaultWaitMillis = 10_000;
const defaultMaxResponseBytes = 16 * 1024 * 1024;
/** JSON up to here is looked through, so that garbage is a failure here and not three steps on. */
const checkedJsonBytes = 1024 * 1024;

/** Calls the application beside the runtime. */
export class MicrologicProducer implements Producer {
  private readonly options: MicrologicEndpoint['options'];
  private readonly context: ConnectorContext;
  private readonly application: Application;
  private readonly path: string;
  private readonly shown: string;
  private readonly timeoutMillis: number;
  private readonly waitMillis: number;
  private readonly maxResponseBytes: number;
  /** Null: messages are no events. */
  private readonly events: Events | null;

  /** @throws when `micrologic.url` is not configured */
  static async open(endpoint: MicrologicEndpoint, context: ConnectorContext): Promise<MicrologicProducer> {
    const application = await applicationOf(context);
    application.join(context);
    const events = endpoint.options.cloudEvents ? await import('../../core/http/cloudEvents.ts') : null;
    return new MicrologicProducer(endpoint, context, application, events);
  }

  private constructor(endpoint: MicrologicEndpoint, context: ConnectorContext, application: Application, events: Events | null) {
    const { options, rest } = endpoint;
    this.events = events;
    this.options = options;
    this.context = context;
    this.application = application;
    const names = Object.keys(rest).sort();
    const query = names.map((name) => `${encodeQueryComponent(name)}=${encodeQueryComponent(rest[name]!)}`).join('&');
    const path = encodeURI(decodeURI(`${application.basePath}/${options.path.replace(/^\/+/, '')}`));
    this.path = query === '' ? path : `${path}?${query}`;
    this.shown = `micrologic:/${options.path.replace(/^\/+/, '')}`;
    const number = (name: string, otherwise: number): number => {
      const value = context.setting(`micrologic.${name}`);
      return value === undefined || value === null ? otherwise : Number(value);
    };
    this.timeoutMillis = options.timeout ?? number('timeoutMillis', defaultTimeoutMillis);
    this.waitMillis = options.waitMillis ?? number('waitMillis', defaultWaitMillis);
    this.maxResponseBytes = options.maxResponseSize ?? number('maxResponseBytes', defaultMaxResponseBytes);
  }

  readonly call = (exchange: Exchange): void =>
    this.application.whenReady(this.waitMillis, (isReady) => {
      if (isReady) return this.ask(exchange);
      this.fail(exchange, new ExchangeError('mecha.MicrologicUnavailableException', `${this.shown}: the application was not ready within ${this.waitMillis} ms`, { details: { uri: this.shown } }));
    });

  close(): Promise<void> {
    return this.application.leave(this.context);
  }

  private ask(exchange: Exchange): void {
    const { options, application, context } = this;
    let headers: string[];
    let body: string | Buffer | Readable | null;
    let method: string;
    try {
      headers = options.skipRequestHeaders ? [] : requestHeaders(exchange.headers, null);
      body = this.bodyOf(exchange, headers);
      method = options.method ?? (body === null ? 'GET' : 'POST');
      if (this.events !== null) {
        const defaults = this.eventDefaults(exchange);
        if (options.ceMode === 'binary') this.events.addEventHeaders(headers, exchange, defaults);
        else if (body !== null && typeof body !== 'string' && !Buffer.isBuffer(body)) throw new ExchangeError('org.apache.camel.InvalidPayloadException', 'a stream can\'t be the data of an event in structured mode: convert it to bytes first, or send it in binary mode');
        else {
          body = this.events.structuredEvent(headers, exchange, defaults, body);
          method = options.method ?? 'POST';
        }
      }
      withFixed(headers, application.fixedHeaders);
    } catch (thrown) {
      return this.fail(exchange, toExchangeError(thrown));
    }
    const timer = context.clock.schedule(this.timeoutMillis, () => {
      const what = handler.isSent ? 'no reply' : `never sent: all ${application.connections} connections (micrologic.concurrency) were busy, or none could be made,`;
      handler.abort(new ExchangeError('java.net.SocketTimeoutException', `${this.shown}: ${what} within ${this.timeoutMillis} ms`));
    });
    const handler = new ReplyHandler((error, reply) => {
      timer.cancel();
      if (error !== null) return this.unanswered(exchange, asNetworkError(error, this.shown));
      this.received(exchange, reply!);
    }, this.maxResponseBytes);
    exchange.signal?.addEventListener('abort', () => handler.abort(toExchangeError(exchange.signal!.reason)), { once: true });
    application.dispatcher.dispatch({ origin: application.origin, path: this.path, method, headers, body }, handler);
  }

  /** Maps, lists, numbers and truth values go as JSON, the rest as it is. */
  private bodyOf(exchange: Exchange, headers: string[]): string | Buffer | Readable | null {
    const { body } = exchange;
    const type = exchange.headers.lookup('content-type');
    const isData = typeof body === 'number' || typeof body === 'boolean' || typeof body === 'bigint' || Array.isArray(body) || isPlainMap(body);
    if (isData) {
      if (typeof type !== 'string' || !isJsonType(mediaTypeOf(type))) replace(headers, 'Content-Type', 'application/json');
      return writeJson(body);
    }
    return requestBody(body, type);
  }

  private eventDefaults(exchange: Exchange): Readonly<Record<string, string | undefined>> {
    const { options, context } = this;
    return {
      id: exchange.id,
      source: options.ceSource ?? `/${context.scope.name}/${exchange.routeId ?? ''}`,
      type: options.ceType,
      subject: options.ceSubject,
      time: new Date(context.clock.now()).toISOString(),
    };
  }

  private unanswered(exchange: Exchange, cause: ExchangeError): void {
    if (cause.type === 'java.net.ConnectException' || cause.type === 'java.net.UnknownHostException' || cause.type === 'java.net.NoRouteToHostException') this.application.lost(cause);
    this.fail(exchange, new ExchangeError('mecha.MicrologicException', cause.message, { cause, details: { uri: this.shown, reason: reasonOf(cause) } }));
  }

  private received(exchange: Exchange, reply: HttpReply): void {
    if (reply.body !== null && !Buffer.isBuffer(reply.body)) {
      reply.body.destroy();
      return this.garbage(exchange, reply, `the reply is longer than ${this.maxResponseBytes} bytes`);
    }
    const encoding = rawHeader(reply.rawHeaders, 'content-encoding');
    if (encoding === undefined || !isCompressed(encoding) || reply.body === null) return this.accept(exchange, reply, false);
    unpack(reply.body, encoding, this.maxResponseBytes, (error, body) => {
      if (error !== null) this.garbage(exchange, reply, error.message);
      else this.accept(exchange, { ...reply, body }, true);
    });
  }

  private accept(exchange: Exchange, reply: HttpReply, isUnpacked: boolean): void {
    const { options } = this;
    const bytes = reply.body as Buffer | null;
    if (options.throwExceptionOnFailure && (reply.status < 200 || reply.status > 299)) return this.refused(exchange, reply, bytes);
    let body: unknown = bytes;
    const type = rawHeader(reply.rawHeaders, 'content-type');
    if (bytes !== null && bytes.length > 0 && type !== undefined && isJsonType(mediaTypeOf(type)) && (options.parse || bytes.length <= checkedJsonBytes)) {
      try {
        const text = jsonText(bytes);
        if (options.parse) body = parseJson(text);
        else JSON.parse(text);
      } catch {
        return this.garbage(exchange, reply, 'the reply says that it is JSON, and is not');
      }
    }
    exchange.headers = new Headers(new ReplyHeaders(reply.rawHeaders, options.copyHeaders ? exchange.headers : null, reply.status, reply.statusText, null, isUnpacked));
    exchange.body = bytes !== null && bytes.length === 0 ? null : body;
    if (this.events !== null) {
      try {
        this.takeEvent(this.events, exchange, type, bytes);
      } catch (thrown) {
        return this.garbage(exchange, reply, (thrown as Error).message);
      }
    }
    exchange.leave();
  }

  /** A reply that is an event, in whichever mode; others are what they are. */
  private takeEvent({ isStructured, isEvent, readEventHeaders, readStructured }: Events, exchange: Exchange, type: string | undefined, bytes: Buffer | null): void {
    if (!isStructured(type)) {
      if (isEvent(exchange)) readEventHeaders(exchange);
      return;
    }
    for (const [name, value] of Object.entries(readStructured(exchange, bytes === null ? '' : jsonText(bytes)))) exchange.headers.set(`ce-${name}`, value);
    if (this.options.parse && typeof exchange.body === 'string' && isJsonType(mediaTypeOf(toText(exchange.headers.get('Content-Type')) ?? ''))) exchange.body = parseJson(exchange.body);
  }

  private refused(exchange: Exchange, reply: HttpReply, bytes: Buffer | null): void {
    const isRejected = reply.status >= 400 && reply.status < 500;
    const type = isRejected ? 'mecha.MicrologicRejectedException' : 'mecha.MicrologicException';
    this.fail(exchange, new ExchangeError(type, `${this.shown}: the application answered ${reply.status} ${reply.statusText}`, { details: { ...this.detailsOf(reply, bytes), reason: 'status' } }));
  }

  private garbage(exchange: Exchange, reply: HttpReply, what: string): void {
    const bytes = Buffer.isBuffer(reply.body) ? reply.body : null;
    this.fail(exchange, new ExchangeError('mecha.MicrologicException', `${this.shown}: ${what}`, { details: { ...this.detailsOf(reply, bytes), reason: 'garbage' } }));
  }

  private detailsOf(reply: HttpReply, bytes: Buffer | null): Record<string, unknown> {
    const responseHeaders = Object.create(null) as Record<string, string>;
    for (let i = 0; i < reply.rawHeaders.length; i += 2) responseHeaders[reply.rawHeaders[i]!.toString('latin1')] = reply.rawHeaders[i + 1]!.toString('latin1');
    return { uri: this.shown, statusCode: reply.status, statusText: reply.statusText, responseHeaders, responseBody: bytes === null ? null : bytes.subarray(0, 64 * 1024).toString('utf8') };
  }

  private fail(exchange: Exchange, error: ExchangeError): void {
    exchange.fail(error);
    exchange.leave();
  }
}

const reasonOf = (cause: ExchangeError): string => (cause.type.endsWith('TimeoutException') ? 'timeout' : cause.type.endsWith('ConnectException') ? 'refused' : cause.type.endsWith('UnknownHostException') ? 'unknownHost' : 'network');

function replace(lines: string[], name: string, value: string): void {
  const folded = name.toLowerCase();
  for (let i = lines.length - 2; i >= 0; i -= 2) if (lines[i]!.toLowerCase() === folded) lines.splice(i, 2);
  lines.push(name, value);
}

function withFixed(lines: string[], fixed: readonly string[]): void {
  for (let i = 0; i < fixed.length; i += 2) replace(lines, fixed[i]!, fixed[i + 1]!);
}
