import type { Server, ServerOptions , ServerResponse } from 'node:http';
import { createServer, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { ConnectorContext } from '../connector.ts';
import { Pieces } from '../conversion/pieces.ts';
import { hasBrokenEscape } from './headers.ts';
import { Outbox } from './outbox.ts';
import type { HttpMount, Unmatched } from './router.ts';
import { HttpRouter } from './router.ts';

export type { HttpMount } from './router.ts';

/** What a listener allows; sizes in bytes, times in milliseconds. */
export interface HttpLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  /** The whole request must have come within this time: 408 else. */
  readonly requestTimeoutMillis: number;
  readonly keepAliveMillis: number;
  /** Connections beyond this are refused; 0 = no limit. */
  readonly maxConnections: number;
  /** What the bodies of all requests may have together; one more than that gets 503. A body on its own is always taken. */
  readonly maxBufferedBytes: number;
  /** How long `close` waits for requests under way before it cuts their connections. */
  readonly closeTimeoutMillis: number;
  /** False: it takes no address of the system, only what `accept` is given. */
  readonly binds: boolean;
}

export const defaultHttpLimits: HttpLimits = {
  maxHeaderBytes: 16 * 1024,
  maxHeaders: 200,
  requestTimeoutMillis: 60_000,
  keepAliveMillis: 65_000,
  maxConnections: 0,
  maxBufferedBytes: 256 * 1024 * 1024,
  closeTimeoutMillis: 30_000,
  binds: true,
};

/** Why a request is refused, which metrics and logs say, and what it is answered with; 0: it is cut off. docs/observing.md tells of each. */
export const refusals = {
  busy: [503],
  noRoom: [503],
  suspended: [503],
  stopping: [503],
  timeout: [503],
  otherProcess: [503],
  tooLarge: [413],
  tooManyHeaders: [431],
  tooSlow: [408],
  malformed: [400],
  invalid: [400, 406, 415],
  notServed: [400, 404, 405, 406, 415, 426],
  forbidden: [403],
  tooManyConnections: [0],
} as const;

export type Refusal = keyof typeof refusals;
type StatusOf<R extends Refusal> = (typeof refusals)[R][number];

/** Told of each request that a listener answers in the place of a route. */
export type OnRefused = (listener: HttpListener, mount: HttpMount | null, status: number, reason: Refusal) => void;

const noBytes = Buffer.alloc(0);

/** Bodies up to here are not counted: they are bounded well enough by their number. */
const uncountedBytes = 16 * 1024;

/** Connections that are waiting with the system when a listener closes are taken and answered, up to here. */
const mostLastTurns = 2000;

const DISCARDING = 0;
const COLLECTING = 1;
const STREAMING = 2;

/**
 * A request at a listener. A body that is taken whole never goes through the stream that an IncomingMessage is: its pieces are
 * collected as the parser gives them (3 µs a request less). With a streaming mount it is the stream it always was.
 */
export class HttpRequest extends IncomingMessage {
  listener: HttpListener = none;
  reply: ServerResponse = none;
  mount: HttpMount = none;
  /** Without the query, dots and doubled slashes resolved, still encoded. */
  path = '';
  /** What stands after `?`, still encoded; null without a `?`. */
  query: string | null = null;
  /** Names and values of the path's parameters, decoded: name, value, name, value. */
  params: readonly string[] | null = null;
  /** The whole body; null when the request has none (neither a length nor chunks), or when it is streamed. */
  body: Buffer | null = null;
  private mode = DISCARDING;
  private pieces: Pieces | null = null;
  private size = 0;
  private counted = 0;
  private isTaken = false;

  /** Has the body collected and then `mount.handle` called. */
  collect(hasBody: boolean): void {
    this.mode = COLLECTING;
    if (hasBody) this.body = noBytes;
    // Node would read on, at the end of the reply, what it thinks nobody has consumed.
    (this as unknown as { _consumed: boolean })._consumed = true;
  }

  stream(): void {
    this.mode = STREAMING;
  }

  /** Somebody works with it: its body counts until `done`, whether or not the client is still there. */
  taken(): void {
    this.isTaken = true;
  }

  done(): void {
    if (this.counted === 0) return;
    this.listener.buffered -= this.counted;
    this.counted = 0;
  }

  /** False: with this body there would be more in memory than the listener may have. */
  private count(): boolean {
    const { listener } = this;
    const others = listener.buffered - this.counted;
    if (others > 0 && others + this.size > listener.maxBufferedBytes) return false;
    if (this.counted === 0) this.reply.once('close', () => (this.isTaken ? undefined : this.done()));
    this.counted = this.size;
    listener.buffered = others + this.size;
    return true;
  }

  private discard<R extends Refusal>(status: StatusOf<R>, reason: R): true {
    this.mode = DISCARDING;
    this.pieces = null;
    this.body = null;
    this.done();
    this.listener.refuse(this, status, reason, true);
    return true;
  }

  // The parser's callbacks give every piece of the body, and null at its end, through `push`.
  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    if (this.mode === STREAMING) return super.push(chunk, encoding);
    if (this.mode === DISCARDING) return chunk === null ? super.push(null) : true;
    if (chunk !== null) {
      this.size += chunk.length;
      if (this.size > this.mount.maxBodyBytes) return this.discard(413, 'tooLarge');
      if (this.size > uncountedBytes && !this.count()) return this.discard(503, 'noRoom');
      if (this.body === noBytes || this.body === null) this.body = chunk;
      else {
        if (this.pieces === null) {
          this.pieces = new Pieces();
          this.pieces.push(this.body);
        }
        this.pieces.push(chunk);
      }
      return true;
    }
    if (this.pieces !== null) this.body = this.pieces.bytes();
    this.pieces = null;
    // Read to its end: Node forgets the request when the reply is out.
    (this as unknown as { _readableState: { endEmitted: boolean } })._readableState.endEmitted = true;
    this.mount.handle(this);
    return true;
  }
}

// Stands in until the listener has filled the fields in: they are always there, so requests have one hidden class.
const none = null as never;

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  408: 'Request Timeout',
  413: 'Payload Too Large',
  426: 'Upgrade Required',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/**
 * One address with everything that is served on it. Routes come and go while it listens: each change makes a new router, which takes the
 * place of the old one between two requests. It is bound with its first mount and closes with its last.
 */
export class HttpListener {
  readonly host: string;
  readonly outbox: Outbox;
  readonly maxBufferedBytes: number;
  /** What the longer bodies of its requests have together. */
  buffered = 0;
  /** The one that it was asked for: 0 for any. */
  readonly wantedPort: number;
  private readonly clock: Clock;
  private readonly limits: HttpLimits;
  private readonly onClosed: (listener: HttpListener) => void;
  private readonly onRefused: OnRefused;
  private readonly mounts: HttpMount[] = [];
  private router: HttpRouter | null = null;
  private server: Server | null = null;
  private listening: Promise<void> | null = null;
  private closing: Promise<void> | null = null;
  private isDraining = false;
  /** Connections, ever. */
  private accepted = 0;

  constructor(host: string, port: number, clock: Clock, limits: HttpLimits = defaultHttpLimits, onClosed: (listener: HttpListener) => void = () => {}, onRefused: OnRefused = () => {}) {
    this.host = host;
    this.wantedPort = port;
    this.clock = clock;
    this.outbox = new Outbox(clock);
    this.limits = limits;
    this.maxBufferedBytes = limits.maxBufferedBytes;
    this.onClosed = onClosed;
    this.onRefused = onRefused;
  }

  /** Where it listens; with port 0 the one that the system gave, once a mount has resolved. */
  get port(): number {
    const address = this.server?.address() as AddressInfo | null | undefined;
    return address?.port ?? this.wantedPort;
  }

  /** Such as `http://127.0.0.1:8080`. */
  get url(): string {
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return `http://${host}:${this.port}`;
  }

  get isClosing(): boolean {
    return this.closing !== null || this.isDraining;
  }

  /** It will close: connections end with their next reply, and what is not served any more is answered with 503 instead of 404. */
  drain(): void {
    this.isDraining = true;
  }

  /** What is mounted, in the order in which requests are offered to it. */
  get mounted(): readonly HttpMount[] {
    return this.mounts;
  }

  /**
   * Serves a path. Resolves when the address is bound.
   * @throws Error with `code` EADDRINUSE or EACCES when the address can't be had
   */
  async mount(mount: HttpMount): Promise<void> {
    if (this.closing !== null) await this.closing;
    this.mounts.push(mount);
    this.router = null;
    this.listening ??= this.listen();
    try {
      await this.listening;
      if (mount.upgrade !== undefined && this.server?.listenerCount('upgrade') === 0) this.server.on('upgrade', (request: HttpRequest, connection: Duplex, first: Buffer) => this.takeUpgrade(request, connection, first));
    } catch (thrown) {
      this.drop(mount);
      if (this.mounts.length === 0) {
        this.listening = null;
        this.onClosed(this);
      }
      throw thrown;
    }
  }

  /** Serves it no more: the next request finds the router without it. The last one lets the address go, see `closed`. */
  unmount(mount: HttpMount): void {
    if (!this.drop(mount) || this.mounts.length > 0 || this.server === null) return;
    this.closing = this.close(this.server);
  }

  /** Resolves when the address is free and every connection is gone; at once while something is mounted. */
  async closed(): Promise<void> {
    if (this.closing !== null) await this.closing;
  }

  /** Takes a connection that did not come by the network. */
  accept(connection: Duplex): void {
    if (this.server === null) connection.destroy(new Error(`nothing is served at ${this.host}:${this.wantedPort}`));
    else this.server.emit('connection', connection);
  }

  /** Answers with a status of the listener's own, and counts that. `endsConnection`: what comes after can't be trusted, or is not wanted. */
  refuse<R extends Refusal>(request: HttpRequest, status: StatusOf<R>, reason: R, endsConnection = false): void {
    const { reply } = request;
    if (reply.headersSent) return;
    this.countRefused(request, status, reason);
    const text = reasons[status] ?? '';
    const headers = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(text.length)];
    if (status === 503) headers.push('Retry-After', '1');
    if (endsConnection || this.isClosing) reply.shouldKeepAlive = false;
    reply.writeHead(status, headers);
    reply.end(text);
  }

  /** For what has been answered already, in a form of its own. */
  countRefused<R extends Refusal>(request: HttpRequest, status: StatusOf<R>, reason: R): void {
    this.onRefused(this, request.mount ?? null, status, reason);
  }

  private drop(mount: HttpMount): boolean {
    const at = this.mounts.indexOf(mount);
    if (at < 0) return false;
    this.mounts.splice(at, 1);
    this.router = null;
    return true;
  }

  private listen(): Promise<void> {
    const { limits } = this;
    const options: ServerOptions<typeof HttpRequest, typeof ServerResponse> = {
      IncomingMessage: HttpRequest,
      maxHeaderSize: limits.maxHeaderBytes,
      requestTimeout: limits.requestTimeoutMillis,
      headersTimeout: limits.requestTimeoutMillis === 0 ? 0 : Math.min(limits.requestTimeoutMillis, 30_000),
      keepAliveTimeout: limits.keepAliveMillis,
      connectionsCheckingInterval: Math.min(5_000, Math.max(50, limits.requestTimeoutMillis / 4)),
      noDelay: true,
    };
    const server = createServer(options, (request, reply) => this.take(request, reply));
    server.maxHeadersCount = limits.maxHeaders + 1;
    if (limits.maxConnections > 0) {
      server.maxConnections = limits.maxConnections;
      server.on('drop', () => this.onRefused(this, null, 0, 'tooManyConnections'));
    }
    server.on('connection', () => this.accepted++);
    server.on('clientError', (error: NodeJS.ErrnoException, connection: Socket) => this.refuseUnreadable(error, connection));
    this.server = server;
    if (!limits.binds) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        this.server = null;
        reject(error.code === 'EADDRINUSE' ? Object.assign(new Error(`port ${this.wantedPort} on ${this.host} is in use by another program`), { code: error.code }) : error);
      };
      server.once('error', failed);
      server.listen(this.wantedPort, this.host, () => {
        server.off('error', failed);
        // Errors of single connections; the listener itself goes on.
        server.on('error', () => {});
        resolve();
      });
    });
  }

  private locate(request: HttpRequest): void {
    const url = request.url!;
    const mark = url.indexOf('?');
    request.listener = this;
    request.path = normalPath(mark < 0 ? url : url.slice(0, mark));
    request.query = mark < 0 ? null : url.slice(mark + 1);
  }

  /** Only where something takes upgrades does a request for one come here; else it is an ordinary request. */
  private takeUpgrade(request: HttpRequest, connection: Duplex, first: Buffer): void {
    this.locate(request);
    connection.on('error', () => connection.destroy());
    let status: 503 | StatusOf<'notServed'> = 503;
    if (this.isClosing) this.countRefused(request, status, 'stopping');
    else {
      const found = (this.router ??= new HttpRouter(this.mounts)).find(request);
      if (found === 200 && request.mount.upgrade !== undefined) return request.mount.upgrade(request, connection, first);
      status = found === 200 ? 400 : found;
      this.countRefused(request, status, 'notServed');
    }
    connection.end(`HTTP/1.1 ${status} ${reasons[status] ?? 'Refused'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  /** What can't be read as a request, is too slow to come, or whose head is too large: Node's own answers. */
  private refuseUnreadable(error: NodeJS.ErrnoException, connection: Socket): void {
    const { _httpMessage: reply } = connection as { _httpMessage?: ServerResponse | null };
    const isOurs = error.code?.startsWith('HPE_') === true || error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
    if (isOurs && connection.writable && reply?.headersSent !== true) {
      const reason = error.code === 'HPE_HEADER_OVERFLOW' ? 'tooManyHeaders' : error.code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW' ? 'tooLarge' : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'tooSlow' : 'malformed';
      const [status] = refusals[reason];
      this.onRefused(this, (reply?.req as HttpRequest | undefined)?.mount ?? null, status, reason);
      connection.write(`HTTP/1.1 ${status} ${reasons[status]}\r\nConnection: close\r\n\r\n`);
    }
    connection.destroy(error);
  }

  private take(request: HttpRequest, reply: ServerResponse): void {
    this.locate(request);
    request.reply = reply;
    if (request.rawHeaders.length > this.limits.maxHeaders * 2) return this.refuse(request, 431, 'tooManyHeaders', true);
    if (this.closing !== null) return this.refuse(request, 503, 'stopping', true);
    if (hasBrokenEscape(request.url!)) return this.refuse(request, 400, 'malformed');
    const status = (this.router ??= new HttpRouter(this.mounts)).find(request);
    if (status !== 200) return this.answerUnmatched(request, reply, status);
    const { mount } = request;
    const length = request.headers['content-length'];
    if (length !== undefined && Number(length) > mount.maxBodyBytes) return this.refuse(request, 413, 'tooLarge', true);
    if (mount.isStreaming === true) {
      request.stream();
      mount.handle(request);
    } else request.collect(length !== undefined || request.headers['transfer-encoding'] !== undefined);
  }

  private answerUnmatched(request: HttpRequest, reply: ServerResponse, status: Unmatched): void {
    if (status === 404 && this.isDraining) return this.refuse(request, 503, 'stopping', true);
    if (status === 404) return this.refuse(request, 404, 'notServed');
    this.countRefused(request, status, 'notServed');
    if (this.isClosing) reply.shouldKeepAlive = false;
    // Camel's server leaves `Allow` empty, but for paths of a contract.
    const allowed = status === 405 ? this.router!.allowed(request.path) : '';
    const head = ['Content-Length', '0'];
    if (allowed !== '' || (status === 405 && request.method !== 'HEAD')) head.push('Allow', allowed);
    reply.writeHead(status, head);
    reply.end();
  }

  private async close(server: Server): Promise<void> {
    // Whose reply is out is idle.
    this.outbox.send();
    const cut = this.clock.schedule(this.limits.closeTimeoutMillis, () => server.closeAllConnections());
    // Who is connected already, to us or only to the system, is answered: to cut him off would be a failure that he can't tell from a lost request.
    let { accepted } = this;
    for (let turns = 0, quiet = 0; turns < mostLastTurns && quiet < 2; turns++) {
      await this.turn();
      // The system gives one a turn, and none in a turn that had begun.
      quiet = this.accepted > accepted ? 0 : quiet + 1;
      ({ accepted } = this);
    }
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
    await this.turn();
    await this.turn();
    server.close();
    await closed;
    cut.cancel();
    this.server = null;
    this.listening = null;
    this.closing = null;
    this.onClosed(this);
  }

  /** What has come is read. */
  private turn(): Promise<void> {
    return new Promise((resolve) => this.clock.yield(resolve));
  }
}

/** All listeners of one runtime, by address. */
export class HttpListeners {
  private readonly clock: Clock;
  private readonly limits: HttpLimits;
  private readonly onRefused: OnRefused | undefined;
  private readonly listeners = new Map<string, HttpListener>();

  constructor(clock: Clock, limits: Partial<HttpLimits> = {}, onRefused?: OnRefused) {
    this.clock = clock;
    this.onRefused = onRefused;
    this.limits = { ...defaultHttpLimits, ...limits };
  }

  /** The listener at an address; made when there is none yet. Port 0 is one listener, too: mounts share it. */
  at(host: string, port: number): HttpListener {
    const key = `${host}:${port}`;
    let listener = this.listeners.get(key);
    if (listener === undefined) {
      listener = new HttpListener(host, port, this.clock, this.limits, (closed) => {
        if (closed.mounted.length === 0) this.listeners.delete(key);
      }, this.onRefused);
      this.listeners.set(key, listener);
    }
    return listener;
  }

  /** For when everything is about to stop. */
  drain(): void {
    for (const listener of this.listeners.values()) listener.drain();
  }

  all(): HttpListener[] {
    return [...this.listeners.values()];
  }
}

/** The listeners of a runtime, with the bounds that its configuration says (`http.maxHeaderBytes`, `http.requestTimeoutMillis`, ...). */
export function httpListeners(context: Pick<ConnectorContext, 'clock' | 'shared' | 'setting' | 'events'>): HttpListeners {
  return context.shared('http-listeners', () => {
    const limits: Record<string, number> = {};
    for (const name of Object.keys(defaultHttpLimits)) {
      if (name === 'binds') continue;
      const value = context.setting(`http.${name}`);
      if (value !== undefined && value !== null) limits[name] = Number(value);
    }
    const { events } = context;
    return new HttpListeners(context.clock, limits, ({ host, port }, mount, status, reason) => events.emit('requestRefused', { listener: `${host}:${port}`, routeId: mount?.routeId ?? null, status, reason }));
  });
}

const oddPath = /%|\/\.|\/\//;
const unreserved = /[A-Za-z0-9\-._~]/;

/** A path with dots and doubled slashes resolved and needless escapes undone, as servers compare it. */
export function normalPath(path: string): string {
  if (!oddPath.test(path)) return path;
  const plain = path.replace(/%([0-9a-f]{2})/gi, (escape, hex: string) => {
    const letter = String.fromCharCode(parseInt(hex, 16));
    return unreserved.test(letter) ? letter : escape;
  });
  const segments: string[] = [];
  const parts = plain.split('/');
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i]!;
    const isLast = i === parts.length - 1;
    if (part === '..') segments.pop();
    if (part === '.' || part === '..' || part === '') {
      if (isLast) segments.push('');
    } else segments.push(part);
  }
  return `/${segments.join('/')}`;
}
