import type { ServerResponse } from 'node:http';
import { decodeText, isCharset } from '../../core/conversion/charset.ts';
import type { Timer } from '../../core/clock.ts';
import type { Consumer, ConnectorContext, Delivery, Endpoint, Sink } from '../../core/connector.ts';
import type { Attachment } from '../../core/exchange/attachments.ts';
import { setAttachments } from '../../core/exchange/attachments.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { Headers } from '../../core/exchange/headers.ts';
import type { HeaderFilter } from '../../core/http/headers.ts';
import { isCamelHeader } from '../../core/http/headers.ts';
import type { Form } from '../../core/http/form.ts';
import { MalformedForm, readMultipartForm, readTextForm } from '../../core/http/form.ts';
import type { HttpListener, HttpMount, HttpRequest } from '../../core/http/listener.ts';
import { httpListeners } from '../../core/http/listener.ts';
import { mediaTypeOf, mediaTypes, writtenCharsetOf } from '../../core/conversion/media-type.ts';
import { networkBytes } from '../../core/conversion/network-bytes.ts';
import { CookieHandler } from './cookies.ts';
import type { platformHttpOptions } from './options.ts';
import type { ReplyOptions } from './reply.ts';
import { UnwritableReply, writeReply } from './reply.ts';
import { RequestHeaders } from './request.ts';

type PlatformHttpEndpoint = Endpoint<typeof platformHttpOptions>;

const defaultMaxBodyBytes = 16 * 1024 * 1024;
const defaultMaxInFlight = 1000;
const defaultMaxQueued = 1000;

/** What stands between a request and its route: checks, conversions, headers of the reply. */
export interface RequestBinding {
  /** False: the exchange does not enter the route, and is the reply as it is. A promise, which is never rejected, where the body is large. */
  before(exchange: Exchange): boolean | Promise<boolean>;
  /** Called for what the route has made of the exchange, a failure too, before it is answered. What it throws fails the exchange. */
  after(exchange: Exchange, accept: string | undefined): void | Promise<void>;
  readonly tellsMethods?: boolean;
}

/** The requests of one path as exchanges. */
export class PlatformHttpConsumer implements Consumer, HttpMount {
  readonly path: string;
  readonly methods: readonly string[] | null;
  readonly consumes: readonly string[] | null;
  readonly produces: readonly string[] | null;
  readonly maxBodyBytes: number;
  readonly isStreaming: boolean;
  readonly context: ConnectorContext;
  readonly options: PlatformHttpEndpoint['options'];
  readonly replyOptions: ReplyOptions;
  readonly binding: RequestBinding | null;
  readonly tellsMethods: boolean;
  private readonly filter: HeaderFilter | null;
  private readonly extensions: ReadonlySet<string> | null;
  private readonly listener: HttpListener;
  private readonly isInOut: boolean;
  private readonly queue: HttpRequest[] = [];
  /** What the binding still works on. */
  private readonly entering = new Set<Promise<void>>();
  private readonly maxQueued: number;
  private credit: number;
  private inFlight = 0;
  private sink: Sink | null = null;
  private isSuspended = false;
  private takeEvent: ((exchange: Exchange) => void) | null = null;

  constructor(endpoint: PlatformHttpEndpoint, context: ConnectorContext, binding: RequestBinding | null = null) {
    const { options } = endpoint;
    this.binding = binding;
    this.tellsMethods = binding?.tellsMethods === true;
    this.context = context;
    this.options = options;
    this.path = options.matchOnUriPrefix && !options.path.endsWith('*') ? `${options.path}*` : options.path;
    this.methods = options.httpMethodRestrict === undefined ? null : options.httpMethodRestrict.split(',').map((method) => method.trim().toUpperCase());
    this.consumes = options.serverRequestValidation ? mediaTypes(options.consumes) : null;
    this.produces = options.serverRequestValidation ? mediaTypes(options.produces) : null;
    // An event in structured mode is read whole.
    this.isStreaming = (options.useStreaming || !options.useBodyHandler) && !options.cloudEvents;
    this.maxBodyBytes = options.maxRequestSize ?? numberSetting(context, 'http.maxBodyBytes') ?? (this.isStreaming ? Infinity : defaultMaxBodyBytes);
    this.credit = options.maxInFlight ?? numberSetting(context, 'http.maxInFlight') ?? defaultMaxInFlight;
    this.maxQueued = options.maxQueued ?? numberSetting(context, 'http.maxQueued') ?? defaultMaxQueued;
    this.extensions = extensionsIn(options.fileNameExtWhitelist);
    this.filter = options.headerFilterStrategy === undefined ? null : context.bean<HeaderFilter>(options.headerFilterStrategy);
    this.replyOptions = { filter: this.filter, isMuted: options.muteException, returnsRequestHeaders: options.returnHttpRequestHeaders };
    this.isInOut = options.exchangePattern === 'InOut';
    const host = options.host ?? textSetting(context, 'http.host') ?? context.property('camel.server.host') ?? '127.0.0.1';
    const port = options.port ?? numberSetting(context, 'http.port') ?? Number(context.property('camel.server.port') ?? 8080);
    this.listener = httpListeners(context).at(host, port);
  }

  get routeId(): string | null {
    return this.sink?.routeId ?? this.context.routeId;
  }

  /** Where the listener is bound, once `start` has resolved. */
  get port(): number {
    return this.listener.port;
  }

  async start(sink: Sink): Promise<void> {
    this.sink = sink;
    if (this.options.cloudEvents) ({ takeEvent: this.takeEvent } = await import('../../core/http/cloudEvents.ts'));
    await this.listener.mount(this);
  }

  stop(): Promise<void> {
    this.listener.unmount(this);
    // Taken, but not begun: the client may try again elsewhere.
    for (const request of this.queue.splice(0)) this.listener.refuse(request, 503, 'stopping', true);
    return Promise.all(this.entering).then(() => undefined);
  }

  close(): Promise<void> {
    return this.listener.closed();
  }

  suspend(): Promise<void> {
    this.isSuspended = true;
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.isSuspended = false;
    return Promise.resolve();
  }

  setCredit(credit: number): void {
    this.credit = credit;
    this.takeWaiting();
  }

  handle(request: HttpRequest): void {
    if (this.inFlight < this.credit && !this.isSuspended) this.take(request);
    else if (this.isSuspended || this.queue.length >= this.maxQueued) this.listener.refuse(request, 503, this.isSuspended ? 'suspended' : 'busy');
    else this.queue.push(request);
  }

  /** The exchange of a request has left: its place is free. */
  free(): void {
    this.inFlight--;
    if (this.queue.length > 0) this.takeWaiting();
  }

  private takeWaiting(): void {
    while (this.queue.length > 0 && this.inFlight < this.credit) {
      const request = this.queue.shift()!;
      // Who has gone away in the meantime is not served.
      if (!request.reply.destroyed) this.take(request);
    }
  }

  private take(request: HttpRequest): void {
    let form: Form | null;
    try {
      form = this.isStreaming || request.body === null ? null : formIn(request, request.body);
    } catch (thrown) {
      if (!(thrown instanceof MalformedForm)) throw thrown;
      this.context.log('debug', `${request.method ?? ''} ${request.path}: ${thrown.message}`);
      return this.listener.refuse(request, 400, 'malformed');
    }
    this.inFlight++;
    request.taken();
    const headers = new RequestHeaders(request, this.filter);
    const sink = this.sink!;
    const attached = form === null ? null : this.attachmentsIn(form);
    const exchange = sink.exchange(form === null ? this.bodyOf(request) : this.bodyOfForm(form, attached, headers), new Headers(headers), this.isInOut);
    // Bytes of the body become text by the charset of their type, where there is one of that name.
    const charset = writtenCharsetOf(request.headers['content-type'] ?? '');
    if (charset !== null && isCharset(charset)) exchange.properties.set('CamelCharsetName', charset);
    if (attached !== null && attached.size > 0) setAttachments(exchange, attached);
    if (this.options.useCookieHandler) exchange.properties.set('CamelCookieHandler', new CookieHandler(request, this.options));
    const delivery = new RequestDelivery(this, request.reply, headers);
    if (this.options.requestTimeout !== undefined) delivery.expireAfter(this.options.requestTimeout);
    if (this.takeEvent !== null && request.method !== 'OPTIONS') {
      try {
        this.takeEvent(exchange);
      } catch (thrown) {
        exchange.headers.set('CamelHttpResponseCode', 400);
        exchange.headers.set('Content-Type', 'text/plain; charset=utf-8');
        exchange.body = (thrown as Error).message;
        return this.enter(exchange, delivery, request, false);
      }
    }
    const enters = this.binding === null || this.binding.before(exchange);
    if (typeof enters === 'boolean') return this.enter(exchange, delivery, request, enters);
    const entering = enters.then((does) => {
      this.entering.delete(entering);
      this.enter(exchange, delivery, request, does);
    });
    this.entering.add(entering);
  }

  private enter(exchange: Exchange, delivery: RequestDelivery, request: HttpRequest, does: boolean): void {
    if (does) return this.sink!.push(exchange, delivery);
    delivery.left();
    delivery.answer(exchange);
    const { statusCode } = request.reply;
    if (statusCode === 400 || statusCode === 406 || statusCode === 415) this.listener.countRefused(request, statusCode, 'invalid');
  }

  private bodyOf(request: HttpRequest): unknown {
    if (this.isStreaming) return bounded(request, this.maxBodyBytes);
    return request.body === null ? null : networkBytes(request.body);
  }

  /** A form with one file has that file for its body, others a map of their fields. */
  private bodyOfForm(form: Form, attached: ReadonlyMap<string, Attachment> | null, headers: RequestHeaders): unknown {
    headers.form = form;
    if (form.files?.size === 1) {
      const [only = null] = attached?.values() ?? [];
      if (only !== null) {
        headers.upload = only;
        return networkBytes(only.content);
      }
    }
    const { fields } = form;
    return this.options.populateBodyWithForm && fields.length > 0 ? formOf(fields) : null;
  }

  private attachmentsIn({ files }: Form): ReadonlyMap<string, Attachment> | null {
    const { extensions } = this;
    if (files === null || extensions === null) return files;
    return new Map([...files].filter(([, { name }]) => extensions.has(extensionOf(name ?? ''))));
  }
}

/** Null: the body is no form. */
function formIn(request: HttpRequest, body: Buffer): Form | null {
  const type = request.headers['content-type'];
  if (type === undefined) return null;
  switch (mediaTypeOf(type)) {
    case 'application/x-www-form-urlencoded':
      return readTextForm(decodeText(body, null));
    case 'multipart/form-data':
      return readMultipartForm(body, type);
    default:
      return null;
  }
}

/** In lower case, without its dot. */
const extensionOf = (name: string): string => (name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : '');

/** Null allows all. */
function extensionsIn(list: string | undefined): ReadonlySet<string> | null {
  const extensions = (list ?? '*').split(/[\s,]+/).filter((extension) => extension !== '');
  return extensions.length === 0 || extensions.includes('*') ? null : new Set(extensions.map((extension) => extension.toLowerCase().replace(/^\./, '')));
}

/** One request on its way, until it is answered. */
class RequestDelivery implements Delivery {
  readonly answersFirst = true;
  private readonly consumer: PlatformHttpConsumer;
  private readonly reply: ServerResponse;
  private readonly request: RequestHeaders;
  private timer: Timer | null = null;

  constructor(consumer: PlatformHttpConsumer, reply: ServerResponse, request: RequestHeaders) {
    this.consumer = consumer;
    this.reply = reply;
    this.request = request;
  }

  expireAfter(millis: number): void {
    this.timer = this.consumer.context.clock.schedule(millis, () => this.request.request.listener.refuse(this.request.request, 503, 'timeout', true));
  }

  left(): void {
    this.consumer.free();
  }

  settle(exchange: Exchange): void {
    try {
      const made = this.consumer.binding?.after(exchange, this.request.request.headers.accept);
      if (made instanceof Promise) return void made.catch((thrown: unknown) => exchange.fail(thrown)).then(() => this.answer(exchange));
    } catch (thrown) {
      exchange.fail(thrown);
    }
    this.answer(exchange);
  }

  answer(exchange: Exchange): void {
    this.timer?.cancel();
    this.request.request.done();
    const { reply } = this;
    // Timed out, or the client has gone.
    if (reply.headersSent || reply.destroyed) return;
    if (this.request.request.listener.isClosing) reply.shouldKeepAlive = false;
    try {
      writeReply(reply, exchange, this.request, this.consumer.replyOptions);
    } catch (thrown) {
      const { context } = this.consumer;
      context.log('warn', `${this.request.request.method ?? ''} ${this.request.request.path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      if (reply.headersSent) reply.destroy();
      else {
        const text = 'Internal Server Error';
        reply.writeHead(500, [...(thrown instanceof UnwritableReply ? thrown.head : []), 'Content-Length', String(text.length)]);
        reply.end(text);
      }
    }
  }
}

/** The request's own stream, which fails when it gets longer than allowed. */
function bounded(request: HttpRequest, maxBytes: number): HttpRequest {
  if (maxBytes === Infinity) return request;
  let size = 0;
  const { push } = request;
  request.push = function (this: HttpRequest, chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    if (chunk !== null) size += chunk.length;
    if (size > maxBytes) {
      this.listener.refuse(this, 413, 'tooLarge', true);
      this.destroy(new Error(`the body is longer than ${maxBytes} bytes`));
      return false;
    }
    return push.call(this, chunk, encoding);
  };
  return request;
}

function formOf(fields: readonly string[]): Record<string, unknown> {
  const form = Object.create(null) as Record<string, unknown>;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (isCamelHeader(name)) continue;
    const earlier = form[name];
    form[name] = earlier === undefined ? fields[i + 1] : Array.isArray(earlier) ? [...(earlier as unknown[]), fields[i + 1]] : [earlier, fields[i + 1]];
  }
  return form;
}

const textSetting = (context: ConnectorContext, key: string): string | undefined => {
  const value = context.setting(key);
  return value === undefined || value === null ? undefined : String(value);
};

const numberSetting = (context: ConnectorContext, key: string): number | undefined => {
  const value = textSetting(context, key);
  return value === undefined ? undefined : Number(value);
};
