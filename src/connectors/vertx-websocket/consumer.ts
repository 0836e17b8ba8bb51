import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Timer } from '../../core/clock.ts';
import type { ConnectorContext, Consumer, Endpoint, Sink } from '../../core/connector.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { isUnhandled } from '../../core/exchange/exchange.ts';
import { Headers } from '../../core/exchange/headers.ts';
import { Intake } from '../../core/exchange/intake.ts';
import { isCamelHeader, parseQuery } from '../../core/http/headers.ts';
import type { HttpListener, HttpMount, HttpRequest } from '../../core/http/listener.ts';
import { httpListeners } from '../../core/http/listener.ts';
import type { WebSocketAddress } from './address.ts';
import { addressOf, urlOf } from './address.ts';
import type { webSocketOptions } from './options.ts';
import { frameOf, peersOf, write } from './peers.ts';
import type { Peer } from './peers.ts';
import { BoundedRegExp } from '../../core/boundedRegExp.ts';

export type WebSocketEndpoint = Endpoint<typeof webSocketOptions>;

/** Headers that only the handshake itself is about. */
const ofHandshake: ReadonlySet<string> = new Set(['connection', 'host', 'upgrade', 'sec-websocket-extensions', 'sec-websocket-key', 'sec-websocket-protocol', 'sec-websocket-version']);

/** How long a start waits for a server that does not answer. */
const firstMillis = 2000;

/** How long a peer may take to answer a close. */
const goodbyeMillis = 1000;

/** What clients and servers have in common: sockets whose messages become exchanges. */
abstract class SocketConsumer implements Consumer {
  protected readonly options: WebSocketEndpoint['options'];
  protected readonly context: ConnectorContext;
  protected readonly address: WebSocketAddress;
  protected readonly sockets = new Set<WebSocket>();
  /** While the route is full the sockets are not read, so that their senders wait. */
  private readonly intake: Intake;
  private sink: Sink | null = null;
  protected isStopped = false;

  constructor({ options, rest }: WebSocketEndpoint, context: ConnectorContext) {
    this.options = options;
    this.context = context;
    this.address = addressOf(options, rest, context);
    this.intake = new Intake(options.maxInFlight, (isFull) => {
      for (const socket of this.sockets) {
        if (isFull) socket.pause();
        else socket.resume();
      }
    });
  }

  protected abstract open(): Promise<void>;

  start(sink: Sink): Promise<void> {
    this.sink = sink;
    this.intake.start(sink);
    this.isStopped = false;
    return this.open();
  }

  stop(): Promise<void> {
    this.isStopped = true;
    this.intake.stop();
    for (const socket of this.sockets) socket.close(1001);
    return Promise.resolve();
  }

  /** Those that have not said goodbye by then are cut. */
  async close(): Promise<void> {
    if (this.sockets.size === 0) return;
    const { clock } = this.context;
    await new Promise<void>((resolve) => {
      const cut = clock.schedule(goodbyeMillis, () => {
        for (const socket of this.sockets) socket.terminate();
      });
      let left = this.sockets.size;
      for (const socket of this.sockets) {
        // A socket that is not read hears no goodbye.
        socket.resume();
        socket.once('close', () => {
          if (--left > 0) return;
          cut.cancel();
          resolve();
        });
      }
    });
  }

  suspend(): Promise<void> {
    this.intake.suspend();
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.intake.resume();
    return Promise.resolve();
  }

  setCredit(credit: number): void {
    this.intake.setCredit(credit);
  }

  /** What came of a request goes back by the socket that it came by; a failure is no frame, it is logged. */
  private async answer(socket: WebSocket, key: string, exchange: Exchange): Promise<void> {
    if (isUnhandled(exchange) || socket.readyState !== WebSocket.OPEN) return;
    try {
      const frame = await frameOf(exchange.body);
      if (frame !== null) await write(socket, frame);
    } catch (thrown) {
      this.context.log('warn', `WebSocket ${key}: the reply could not be sent: ${(thrown as Error).message}`);
    }
  }

  protected take(socket: WebSocket, key: string, headers: () => Headers): void {
    this.sockets.add(socket);
    if (this.intake.isFull) socket.pause();
    const push = (event: string, body: unknown): void => {
      const all = headers();
      all.set('CamelVertxWebsocket.connectionKey', key);
      all.set('CamelVertxWebsocket.event', event);
      const isRequest = this.options.exchangePattern === 'InOut' && event === 'MESSAGE';
      this.intake.take(this.sink!.exchange(body, all, isRequest), {
        wouldLose: true,
        answersFirst: isRequest,
        settle: (exchange) => (isRequest ? this.answer(socket, key, exchange) : undefined),
      });
    };
    const tells = this.options.fireWebSocketConnectionEvents;
    if (tells) push('OPEN', null);
    socket.on('message', (data, isBinary) => {
      if (!this.isStopped) push('MESSAGE', isBinary ? data : (data as Buffer).toString('utf8'));
    });
    // `close` follows, which is where the socket is let go.
    socket.on('error', (error) => this.context.log('debug', `WebSocket ${key}: ${error.message}`));
    socket.on('close', () => {
      this.sockets.delete(socket);
      if (tells && !this.isStopped) push('CLOSE', null);
    });
  }
}

/** Clients connect to a path of the listener. */
export class ServerConsumer extends SocketConsumer implements HttpMount {
  readonly path: string;
  readonly methods = ['GET'];
  readonly consumes = null;
  readonly produces = null;
  readonly maxBodyBytes = 0;
  private readonly listener: HttpListener;
  private readonly server: WebSocketServer;
  private readonly origin: RegExp | null;
  private readonly peers: Set<Peer>;

  constructor(endpoint: WebSocketEndpoint, context: ConnectorContext) {
    super(endpoint, context);
    const { allowedOriginPattern, maxMessageBytes } = endpoint.options;
    this.path = this.address.path;
    this.origin = allowedOriginPattern === undefined ? null : new BoundedRegExp(`^(?:${allowedOriginPattern})$`);
    this.server = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, clientTracking: false });
    this.listener = httpListeners(context).at(this.address.host, this.address.port);
    this.peers = peersOf(context);
  }

  get routeId(): string | null {
    return this.context.routeId;
  }

  protected open(): Promise<void> {
    return this.listener.mount(this);
  }

  override stop(): Promise<void> {
    this.listener.unmount(this);
    return super.stop();
  }

  override async close(): Promise<void> {
    await super.close();
    await this.listener.closed();
  }

  handle(request: HttpRequest): void {
    request.listener.refuse(request, 426, 'notServed', true);
  }

  upgrade(request: HttpRequest, connection: Duplex, first: Buffer): void {
    if (this.origin !== null && !this.origin.test(request.headers.origin ?? '')) {
      request.listener.countRefused(request, 403, 'forbidden');
      connection.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.server.handleUpgrade(request, connection, first, (socket) => {
      const key = randomUUID();
      const peer: Peer = { key, path: this.path, address: `${this.address.host}:${this.address.port}`, socket };
      this.peers.add(peer);
      socket.on('close', () => this.peers.delete(peer));
      this.take(socket, key, () => this.headers(request));
      if (this.isStopped) socket.close(1001);
    });
  }

  private headers(request: HttpRequest): Headers {
    const headers = new Headers();
    const take = (name: string, value: unknown): void => {
      if (!isCamelHeader(name) && !ofHandshake.has(name)) headers.set(name, value);
    };
    for (const [name, value] of Object.entries(request.headers)) take(name, Array.isArray(value) ? value.join(', ') : value);
    const pairs = [...(request.query === null ? [] : parseQuery(request.query)), ...(request.params ?? [])];
    for (let i = 0; i < pairs.length; i += 2) take(pairs[i]!, pairs[i + 1]);
    headers.set('CamelVertxWebsocket.remoteAddress', `${request.socket.remoteAddress}:${request.socket.remotePort}`);
    return headers;
  }
}

/** Connects to a server itself, and again when the connection is lost. */
export class ClientConsumer extends SocketConsumer {
  private timer: Timer | null = null;
  private attempts = 0;
  private isWaiting = false;

  /** What is sent to the server at once is heard; one that is not there is waited for behind the start. */
  protected open(): Promise<void> {
    return new Promise((done) => {
      const timer = this.context.clock.schedule(firstMillis, done);
      const known = (): void => {
        timer.cancel();
        done();
      };
      this.connect().once('open', known).once('close', known);
    });
  }

  override stop(): Promise<void> {
    this.timer?.cancel();
    return super.stop();
  }

  private connect(): WebSocket {
    const socket = openSocket(this.address, this.options);
    this.sockets.add(socket);
    const key = randomUUID();
    socket.once('open', () => {
      if (this.isWaiting) this.context.ready();
      this.isWaiting = false;
      this.attempts = 0;
      this.take(socket, key, () => new Headers());
    });
    socket.on('error', (error) => this.lost(error.message));
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.lost('the connection was closed');
      this.again();
    });
    return socket;
  }

  private lost(reason: string): void {
    if (this.isWaiting || this.isStopped) return;
    this.isWaiting = true;
    this.context.waiting(`${urlOf(this.address)}: ${reason}`);
  }

  private again(): void {
    const { maxReconnectAttempts, reconnectInitialDelay, reconnectInterval } = this.options;
    if (this.isStopped || (maxReconnectAttempts > 0 && this.attempts >= maxReconnectAttempts)) return;
    const wait = this.attempts++ === 0 ? (reconnectInitialDelay ?? reconnectInterval) : reconnectInterval;
    this.timer = this.context.clock.schedule(wait, () => void this.connect());
  }
}

/** A connection to a server, being made. */
export function openSocket(address: WebSocketAddress, { clientSubProtocols, handshakeHeaders, maxMessageBytes, allowOriginHeader, originHeaderUrl }: WebSocketEndpoint['options']): WebSocket {
  const protocols = clientSubProtocols === undefined ? [] : clientSubProtocols.split(',').map((name) => name.trim());
  const origin = allowOriginHeader && originHeaderUrl !== undefined ? { origin: originHeaderUrl } : {};
  return new WebSocket(urlOf(address) + address.query, protocols, { headers: handshakeHeaders ?? {}, maxPayload: maxMessageBytes, handshakeTimeout: 30_000, ...origin });
}
