import type { ServerResponse } from 'node:http';
import type { Timer } from '../../core/clock.ts';
import type { ConnectorContext } from '../../core/connector.ts';
import type { HttpListener, HttpMount, HttpRequest } from '../../core/http/listener.ts';
import { httpListeners } from '../../core/http/listener.ts';

export interface HubOptions {
  readonly history: number;
  readonly keepAlive: number;
  readonly retry: number | undefined;
  readonly maxBufferedBytes: number;
  readonly maxSubscribers: number;
  readonly allowedOrigin: string | undefined;
}

interface Sent {
  readonly id: string;
  readonly text: string;
}

/** One stream at one path of a listener: all producers of a runtime that name the path send into it. */
export class Hub implements HttpMount {
  readonly path: string;
  readonly methods = ['GET'];
  readonly consumes = null;
  readonly produces = null;
  readonly maxBodyBytes = 0;
  private readonly options: HubOptions;
  private readonly context: ConnectorContext;
  private readonly listener: HttpListener;
  private readonly subscribers = new Set<ServerResponse>();
  private readonly kept: Sent[] = [];
  /** Ids tell one run of the program from another. */
  private readonly run: string;
  private count = 0;
  private users = 0;
  private mounting: Promise<void> | null = null;
  private timer: Timer | null = null;

  constructor(host: string, port: number, path: string, options: HubOptions, context: ConnectorContext) {
    this.path = path;
    this.options = options;
    this.context = context;
    this.run = context.clock.now().toString(36);
    this.listener = httpListeners(context).at(host, port);
  }

  async open(): Promise<void> {
    this.users++;
    try {
      await (this.mounting ??= this.listener.mount(this));
    } catch (thrown) {
      this.users--;
      this.mounting = null;
      throw thrown;
    }
  }

  async close(): Promise<void> {
    if (--this.users > 0) return;
    this.mounting = null;
    this.timer?.cancel();
    this.timer = null;
    this.listener.unmount(this);
    for (const reply of this.subscribers) reply.end();
    this.subscribers.clear();
    await this.listener.closed();
  }

  handle(request: HttpRequest): void {
    const { headers, listener, reply } = request;
    if (this.subscribers.size >= this.options.maxSubscribers) {
      listener.refuse(request, 503, 'busy');
      return;
    }
    reply.shouldKeepAlive = false;
    const head = ['Content-Type', 'text/event-stream; charset=utf-8', 'Cache-Control', 'no-store', 'X-Accel-Buffering', 'no'];
    if (this.options.allowedOrigin !== undefined) head.push('Access-Control-Allow-Origin', this.options.allowedOrigin);
    reply.writeHead(200, head);
    // A comment at once, so that the client knows that it is heard.
    reply.write(this.options.retry === undefined ? ':\n\n' : `retry: ${this.options.retry}\n\n`);
    const last = headers['last-event-id'];
    if (typeof last === 'string' && last !== '') for (const { text } of this.after(last)) reply.write(text);
    this.subscribers.add(reply);
    reply.on('error', () => reply.destroy());
    reply.on('close', () => this.subscribers.delete(reply));
    this.beat();
  }

  /** Gives to how many it went. */
  send(id: string | null, event: string | null, data: string): number {
    const sent: Sent = { id: id ?? `${this.run}-${++this.count}`, text: '' };
    const lines = data.split(/\r\n|\n|\r/).map((line) => `data: ${line}\n`);
    const text = `id: ${sent.id}\n${event === null ? '' : `event: ${event}\n`}${lines.join('')}\n`;
    if (this.options.history > 0) {
      this.kept.push({ ...sent, text });
      if (this.kept.length > this.options.history) this.kept.shift();
    }
    let reached = 0;
    for (const reply of this.subscribers) {
      // It comes back with the id of what it had, and gets the rest.
      if (reply.writableLength > this.options.maxBufferedBytes) reply.destroy();
      else {
        reply.write(text);
        reached++;
      }
    }
    return reached;
  }

  /** What came after an id; all that is kept when nobody remembers it. */
  private after(id: string): readonly Sent[] {
    return this.kept.slice(this.kept.findLastIndex((sent) => sent.id === id) + 1);
  }

  private beat(): void {
    if (this.timer !== null || this.options.keepAlive === 0) return;
    this.timer = this.context.clock.schedule(this.options.keepAlive, () => {
      this.timer = null;
      for (const reply of this.subscribers) reply.write(':\n\n');
      if (this.subscribers.size > 0) this.beat();
    });
  }
}
