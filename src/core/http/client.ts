import { Readable } from 'node:stream';
import { brotliDecompress, createBrotliDecompress, createGunzip, createInflate, gunzip, inflate } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { ExchangeError } from '../errors.ts';
import { Pieces } from '../conversion/pieces.ts';
import { networkBytes } from '../conversion/network-bytes.ts';

/** A reply, its body whole or, when it is longer than wanted, as a stream. */
export interface HttpReply {
  readonly status: number;
  readonly statusText: string;
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly Buffer[];
  /** Null when there is none: 204, 304, HEAD, or nothing came. */
  readonly body: Buffer | Readable | null;
}

export type HttpDone = (error: Error | null, reply: HttpReply | null) => void;

const noBytes = Buffer.alloc(0);

/**
 * Takes one reply from undici and calls `done` once. What fails after the reply has been given as a stream fails that stream.
 * It speaks undici's plain handler interface, which hands raw headers over and allocates nothing of its own.
 */
export class ReplyHandler {
  private readonly done: HttpDone;
  private readonly streamAboveBytes: number;
  private isDone = false;
  private cut: ((reason?: Error) => void) | null = null;
  private cutReason: Error | null = null;
  private status = 0;
  private statusText = '';
  private rawHeaders: readonly Buffer[] = [];
  private first: Buffer | null = null;
  private pieces: Pieces | null = null;
  private size = 0;
  private stream: Readable | null = null;
  private resume: (() => void) | null = null;

  /** @param streamAboveBytes bodies up to here are collected; longer ones are given as a stream */
  constructor(done: HttpDone, streamAboveBytes: number) {
    this.done = done;
    this.streamAboveBytes = streamAboveBytes;
  }

  /** The request has been given to a connection: the server may have seen it. */
  get isSent(): boolean {
    return this.cut !== null;
  }

  /** The head of the reply has come. */
  get hasHead(): boolean {
    return this.status !== 0;
  }

  /** Ends the exchange with the server, whether it has begun or not; `done` gets the reason. */
  abort(reason: Error): void {
    this.cutReason = reason;
    this.cut?.(reason);
    this.onError(reason);
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.cut = abort;
    if (this.cutReason !== null) abort(this.cutReason);
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean {
    // 1xx: the reply itself comes later.
    if (status < 200) return true;
    this.status = status;
    this.statusText = statusText;
    // The blanks behind a value are none of it.
    for (let i = 1; i < rawHeaders.length; i += 2) if (isBlank(rawHeaders[i]!.at(-1))) rawHeaders[i] = withoutBlanks(rawHeaders[i]!);
    this.rawHeaders = rawHeaders;
    this.resume = resume;
    return true;
  }

  onData(piece: Buffer): boolean {
    if (this.stream !== null) return this.stream.push(piece);
    this.size += piece.length;
    if (this.first === null) this.first = piece;
    else {
      if (this.pieces === null) {
        this.pieces = new Pieces();
        this.pieces.push(this.first);
      }
      this.pieces.push(piece);
    }
    return this.size > this.streamAboveBytes ? this.startStream() : true;
  }

  onComplete(): void {
    if (this.stream !== null) {
      this.stream.push(null);
      return;
    }
    if (this.isDone) return;
    this.isDone = true;
    this.done(null, this.reply(this.collected()));
  }

  onUpgrade(): void {
    throw new Error('the server switched protocols');
  }

  onError(error: Error): void {
    if (this.stream !== null && !this.stream.destroyed) this.stream.destroy(asNetworkError(error, ''));
    if (this.isDone) return;
    this.isDone = true;
    this.done(error, null);
  }

  private collected(): Buffer | null {
    if (this.pieces !== null) return this.pieces.bytes();
    if (this.first !== null) return this.first;
    return this.status === 204 || this.status === 304 ? null : noBytes;
  }

  private startStream(): boolean {
    // Who reads at once asks for more before the connection has been told to pause.
    let isStarting = true;
    let isAsked = false;
    const stream = new Readable({
      read: () => {
        if (isStarting) isAsked = true;
        else this.resume!();
      },
      destroy: (error, callback) => {
        if (!stream.readableEnded) this.cut?.(error ?? new Error('the reply is not wanted any more'));
        callback(error);
      },
    });
    const wantsMore = stream.push(this.collected());
    this.pieces = null;
    this.stream = stream;
    this.isDone = true;
    this.done(null, this.reply(stream));
    isStarting = false;
    return wantsMore || isAsked;
  }

  private reply(body: Buffer | Readable | null): HttpReply {
    return { status: this.status, statusText: this.statusText, rawHeaders: this.rawHeaders, body: Buffer.isBuffer(body) ? networkBytes(body) : body };
  }
}

/** A handler for a pool that follows redirects: between those, headers are handed on in lower case and several values as one; these are as they came. */
export const behindRedirects = (handler: ReplyHandler): Dispatcher.DispatchHandler => ({
  onRequestStart: (controller) => handler.onConnect((reason) => controller.abort(reason ?? new Error('the reply is not wanted any more'))),
  onResponseStart: (controller, status, _headers, statusText) => void handler.onHeaders(status, ((controller as { rawHeaders?: Buffer[] | null }).rawHeaders ?? []).slice(), () => controller.resume(), statusText ?? ''),
  onResponseData: (controller, piece) => {
    if (!handler.onData(piece)) controller.pause();
  },
  onResponseEnd: () => handler.onComplete(),
  onResponseError: (_controller, error) => handler.onError(error),
});

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09;

function withoutBlanks(value: Buffer): Buffer {
  let { length } = value;
  while (length > 0 && isBlank(value[length - 1])) length--;
  return value.subarray(0, length);
}

/** The first value of a raw header, by its name in lower case. */
export function rawHeader(rawHeaders: readonly Buffer[], folded: string): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === folded.length && name.toString('latin1').toLowerCase() === folded) return rawHeaders[i + 1]!.toString('latin1');
  }
  return undefined;
}

const decoders: Readonly<Record<string, { whole: typeof gunzip; stream: () => NodeJS.ReadWriteStream }>> = {
  gzip: { whole: gunzip, stream: () => createGunzip() },
  'x-gzip': { whole: gunzip, stream: () => createGunzip() },
  deflate: { whole: inflate, stream: () => createInflate() },
  br: { whole: brotliDecompress, stream: () => createBrotliDecompress() },
};

export const isCompressed = (contentEncoding: string): boolean => contentEncoding.trim().toLowerCase() in decoders;

/** A body unpacked; fails when it is longer than `maxBytes` then, or broken. */
export function unpack(body: Buffer | Readable, contentEncoding: string, maxBytes: number, done: (error: Error | null, body: Buffer | Readable | null) => void): void {
  const decoder = decoders[contentEncoding.trim().toLowerCase()]!;
  if (!Buffer.isBuffer(body)) {
    const unpacked = body.pipe(decoder.stream() as never) as unknown as Readable;
    body.once('error', (error: Error) => unpacked.destroy(error));
    done(null, unpacked);
    return;
  }
  if (body.length === 0) return done(null, body);
  decoder.whole(body, { maxOutputLength: maxBytes }, (error, unpacked) => {
    if (error !== null) done(new ExchangeError('java.io.IOException', `the reply can't be unpacked (${contentEncoding}): ${error.message}`, { cause: error }), null);
    else done(null, networkBytes(unpacked));
  });
}

const classes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'java.net.ConnectException',
  EHOSTUNREACH: 'java.net.NoRouteToHostException',
  ENETUNREACH: 'java.net.NoRouteToHostException',
  ECONNRESET: 'java.net.SocketException',
  EPIPE: 'java.net.SocketException',
  UND_ERR_SOCKET: 'java.net.SocketException',
  UND_ERR_CONNECT_TIMEOUT: 'java.net.SocketTimeoutException',
  UND_ERR_HEADERS_TIMEOUT: 'java.net.SocketTimeoutException',
  UND_ERR_BODY_TIMEOUT: 'java.net.SocketTimeoutException',
  ETIMEDOUT: 'java.net.SocketTimeoutException',
  ENOTFOUND: 'java.net.UnknownHostException',
  EAI_AGAIN: 'java.net.UnknownHostException',
};

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no way to the host',
  ENETUNREACH: 'no way to the network',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the server closed the connection without a whole reply',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no reply in time',
  UND_ERR_BODY_TIMEOUT: 'the reply stopped coming',
  ETIMEDOUT: 'no answer in time',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'the name of the host could not be looked up',
};

/** What failed on the network, as the Java class by which routes catch it. `where` is the URL, fit to be shown. */
export function asNetworkError(error: Error, where: string): ExchangeError {
  if (error instanceof ExchangeError) return error;
  const code = codeOf(error);
  const isGarbage = error.name === 'HTTPParserError' || code.startsWith('HPE_');
  const what = words[code] ?? (isGarbage ? 'the reply is no HTTP' : error.message);
  return new ExchangeError(classes[code] ?? 'java.io.IOException', where === '' ? what : `${where}: ${what}`, { cause: error });
}

/** An error's code; of several tries (IPv4, IPv6) the last one's. */
function codeOf(error: Error): string {
  const own = (error as { code?: unknown }).code;
  if (typeof own === 'string') return own;
  const { errors } = error as { errors?: Error[] };
  return errors === undefined || errors.length === 0 ? '' : codeOf(errors[errors.length - 1]!);
}

export interface HttpPoolOptions {
  /** Connections to one server at most. */
  readonly connections: number;
  readonly connectTimeoutMillis: number;
  /** Until the head of the reply has come; 0 = for ever. */
  readonly headersTimeoutMillis: number;
  /** Between two pieces of the reply; 0 = for ever. */
  readonly bodyTimeoutMillis: number;
  readonly connectionTtlMillis?: number;
  readonly tls?: Readonly<Record<string, unknown>>;
  readonly proxy?: { readonly url: string; readonly token?: string };
  readonly followsRedirects?: boolean;
}

interface SharedPool {
  readonly dispatcher: Dispatcher;
  users: number;
}

/** Connections to servers, shared by all producers of a runtime that want the same of them. */
export class HttpPools {
  private readonly pools = new Map<string, SharedPool>();
  private undici: typeof import('undici') | null = null;

  /** Loads the library; the first thing that a producer waits for. */
  async prepare(): Promise<void> {
    this.undici ??= await import('undici');
  }

  /** The pool for an origin (`http://host:port`). Whoever takes one gives it back with `release`. */
  acquire(origin: string, options: HttpPoolOptions): { readonly key: string; readonly dispatcher: Dispatcher } {
    const key = `${origin} ${JSON.stringify(options, (_, value: unknown) => (typeof value === 'function' ? String(value) : value))}`;
    let pool = this.pools.get(key);
    if (pool === undefined) {
      pool = { dispatcher: this.open(origin, options), users: 0 };
      this.pools.set(key, pool);
    }
    pool.users++;
    return { key, dispatcher: pool.dispatcher };
  }

  /** Closes the pool when nobody else uses it; what is under way ends first. */
  async release(key: string): Promise<void> {
    const pool = this.pools.get(key);
    if (pool === undefined || --pool.users > 0) return;
    this.pools.delete(key);
    await pool.dispatcher.close();
  }

  private open(origin: string, options: HttpPoolOptions): Dispatcher {
    const { Pool, Agent, ProxyAgent, interceptors } = this.undici!;
    const connect = { timeout: options.connectTimeoutMillis, ...options.tls };
    const common = {
      connections: options.connections,
      headersTimeout: options.headersTimeoutMillis,
      bodyTimeout: options.bodyTimeoutMillis,
      ...(options.connectionTtlMillis === undefined ? {} : { clientTtl: options.connectionTtlMillis }),
    };
    let dispatcher: Dispatcher;
    if (options.proxy !== undefined) dispatcher = new ProxyAgent({ uri: options.proxy.url, token: options.proxy.token, requestTls: connect, proxyTls: connect, proxyTunnel: origin.startsWith('https:'), ...common });
    else if (options.followsRedirects === true) dispatcher = new Agent({ connect, ...common });
    else return new Pool(origin, { connect, ...common });
    if (options.followsRedirects !== true) return dispatcher;
    return dispatcher.compose(interceptors.redirect({ maxRedirections: 50 }));
  }
}

/** A URL fit for logs and errors: without user and password, secrets in its query masked. */
export const shownUrl = (url: string): string =>
  url
    .replace(/\/\/[^/@?#]*@/, '//xxxxxx@')
    .replace(/([?&][\w.-]*(?:password|passphrase|secret|token|api_?key|credentials|signature|authorization)[\w.-]*=)[^&]*/gi, '$1xxxxxx');
