import { createHash } from 'node:crypto';
import type { EventSourceMessage } from 'eventsource-parser';
import { createParser } from 'eventsource-parser';
import type { Agent } from 'undici';
import type { Timer } from '../../core/clock.ts';
import type { ConnectorContext, Consumer, Endpoint, Sink } from '../../core/connector.ts';
import { isUnhandled } from '../../core/exchange/exchange.ts';
import { Headers } from '../../core/exchange/headers.ts';
import { Intake } from '../../core/exchange/intake.ts';
import type { sseOptions } from './options.ts';

export type SseEndpoint = Endpoint<typeof sseOptions>;

/** An event on its way through the route. */
interface Taken {
  readonly lastId: string;
  isSettled: boolean;
}

/**
 * Reads an event stream for as long as the route runs. The id up to which everything has settled is kept in the state store, and sent as
 * Last-Event-ID after a restart: an event that had not settled comes again.
 */
export class EventStreamConsumer implements Consumer {
  private readonly options: SseEndpoint['options'];
  private readonly context: ConnectorContext;
  private readonly url: URL;
  private readonly shownUrl: string;
  private readonly names: ReadonlySet<string> | null;
  private readonly key: string;
  private sink: Sink | null = null;
  private agent: Agent | null = null;
  private running: Promise<void> | null = null;
  private stopping = new AbortController();
  private timer: Timer | null = null;
  /** Ends the wait before the next connection, and that for room in the route. */
  private endPause: (() => void) | null = null;
  private readOn: (() => void) | null = null;
  private readonly intake: Intake;
  private readonly taken: Taken[] = [];
  private isSaidToWait = false;
  private failures = 0;
  private delay: number;
  /** Of the last event that came, and of the last one before which everything has settled. */
  private receivedId = '';
  private settledId = '';
  private savedId = '';
  private isSaving = false;
  private saving: Promise<void> | null = null;

  constructor({ options, rest }: SseEndpoint, context: ConnectorContext) {
    this.options = options;
    this.context = context;
    this.url = urlOf(options.address, rest);
    this.shownUrl = this.url.origin + this.url.pathname;
    this.names = options.events === undefined ? null : new Set(options.events.split(',').map((name) => name.trim()));
    this.key = `${context.routeId ?? ''}/${createHash('sha256').update(this.url.href).digest('hex')}`;
    this.intake = new Intake(options.maxInFlight, (isFull) => {
      if (!isFull) this.readOn?.();
    });
    this.delay = options.reconnectDelay;
  }

  async start(sink: Sink): Promise<void> {
    this.sink = sink;
    this.intake.start(sink);
    this.taken.length = 0;
    this.stopping = new AbortController();
    const kept = await this.context.store.get(this.key);
    this.receivedId = this.settledId = this.savedId = kept?.value.toString() ?? this.options.lastEventId ?? '';
    const { Agent } = await import('undici');
    this.agent = new Agent({ bodyTimeout: this.options.idleTimeout, headersTimeout: 30_000, connectTimeout: 10_000 });
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.timer?.cancel();
    this.endPause?.();
    this.readOn?.();
    // What has not begun comes again.
    this.intake.stop();
    await this.running;
  }

  async close(): Promise<void> {
    await this.agent?.destroy();
    this.agent = null;
    await this.saving;
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

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        if (!(await this.read(signal))) return;
        this.lost('the stream has ended');
      } catch (thrown) {
        if (signal.aborted) return;
        this.lost((thrown as Error).message);
      }
      await this.pause(Math.min(this.delay * 2 ** Math.min(this.failures++, 16), Math.max(this.delay, this.options.maxReconnectDelay)));
    }
  }

  /** One connection, to its end. False: the server wants no other. */
  private async read(signal: AbortSignal): Promise<boolean> {
    const { request } = await import('undici');
    const headers: Record<string, string> = { ...this.options.requestHeaders, accept: 'text/event-stream', 'cache-control': 'no-cache' };
    if (this.receivedId !== '') headers['last-event-id'] = this.receivedId;
    const reply = await request(this.url, { headers, signal, dispatcher: this.agent! });
    const type = reply.headers['content-type'];
    if (reply.statusCode === 204) {
      await reply.body.dump();
      this.context.log('info', `${this.shownUrl} has no more events (204): it is not asked again`);
      return false;
    }
    if (reply.statusCode !== 200 || typeof type !== 'string' || !/^\s*text\/event-stream\s*(;|$)/i.test(type)) {
      reply.body.on('error', () => undefined).destroy();
      throw new Error(reply.statusCode === 200 ? `it answers with ${typeof type === 'string' ? type.slice(0, 60) : 'no type'}, no event stream` : `it answers ${reply.statusCode}`);
    }
    if (this.isSaidToWait) this.context.ready();
    this.isSaidToWait = false;
    const parser = createParser({
      maxBufferSize: this.options.maxEventBytes,
      onEvent: (event) => this.take(event),
      onRetry: (millis) => {
        this.delay = Math.min(millis, this.options.maxReconnectDelay);
      },
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') throw new Error(`an event is larger than ${this.options.maxEventBytes} bytes (maxEventBytes)`);
      },
    });
    const decoder = new TextDecoder();
    for await (const chunk of reply.body) {
      parser.feed(decoder.decode(chunk as Buffer, { stream: true }));
      // The connection is not read meanwhile, so that the server waits.
      while (this.intake.isFull && !signal.aborted) await new Promise<void>((resolve) => (this.readOn = resolve));
      if (signal.aborted) break;
    }
    return true;
  }

  private lost(reason: string): void {
    if (this.isSaidToWait || this.stopping.signal.aborted) return;
    this.isSaidToWait = true;
    this.context.waiting(`${this.shownUrl}: ${reason}`);
  }

  private pause(millis: number): Promise<void> {
    if (this.stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.endPause = resolve;
      this.timer = this.context.clock.schedule(millis, resolve);
    });
  }

  private take({ data, event = 'message', id }: EventSourceMessage): void {
    this.failures = 0;
    // An event without an id leaves the id as it was.
    if (id !== undefined) this.receivedId = id;
    const taken: Taken = { lastId: this.receivedId, isSettled: false };
    this.taken.push(taken);
    if (this.names !== null && !this.names.has(event)) {
      this.settled(taken);
      return;
    }
    const headers = new Headers();
    headers.set('CamelSseEvent', event);
    if (this.receivedId !== '') headers.set('CamelSseId', this.receivedId);
    this.intake.take(this.sink!.exchange(data, headers, this.options.exchangePattern === 'InOut'), {
      ...(id === undefined ? {} : { id: `${this.key}/${id}` }),
      wouldLose: true,
      comesAgain: id !== undefined,
      // What a stop interrupted, or could not be kept as a dead letter, comes again after a restart.
      settle: (exchange) => {
        if (!isUnhandled(exchange)) this.settled(taken);
      },
    });
  }

  private settled(taken: Taken): void {
    taken.isSettled = true;
    while (this.taken[0]?.isSettled === true) this.settledId = this.taken.shift()!.lastId;
    if (!this.isSaving) this.saving = this.save();
  }

  /** One write at a time; what settles meanwhile is in the next. */
  private async save(): Promise<void> {
    this.isSaving = true;
    try {
      while (this.savedId !== this.settledId) {
        const id = this.settledId;
        await this.context.store.put(this.key, Buffer.from(id));
        this.savedId = id;
      }
    } catch (thrown) {
      this.context.log('error', `the place in ${this.shownUrl} can't be kept: ${(thrown as Error).message}`);
    } finally {
      this.isSaving = false;
    }
  }
}

function urlOf(address: string, rest: Readonly<Record<string, string>>): URL {
  let url: URL | null = null;
  try {
    url = new URL(address);
  } catch {
    // Said below.
  }
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw new Error(`\`sse:\` consumes from the URL of an event stream, such as \`sse:https://example.com/events\`; \`${address.replace(/\/\/[^/@]*@/, '//***@')}\` is none`);
  for (const [name, value] of Object.entries(rest)) url.searchParams.append(name, value);
  return url;
}
