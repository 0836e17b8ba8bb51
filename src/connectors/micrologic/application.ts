import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../../core/clock.ts';
import type { ConnectorContext } from '../../core/connector.ts';
import type { ExchangeError } from '../../core/errors.ts';
import { asNetworkError, HttpPools, ReplyHandler, shownUrl } from '../../core/http/client.ts';
import { joinPaths } from '../../core/http/rest-operation.ts';

const firstBackoffMillis = 100;
const longestBackoffMillis = 5000;
const probeTimeoutMillis = 2000;
const defaultConcurrency = 64;
const defaultMaxWaiting = 1000;

interface Waiter {
  readonly done: (isReady: boolean) => void;
  readonly timer: Timer;
}

/**
 * The application beside the runtime: where it is, whether it is ready, and the connections to it. One for all endpoints of a runtime. It may be
 * absent when the runtime starts, and go away and come back later: it is asked with growing pauses, and calls wait.
 */
export class Application {
  readonly url: string;
  readonly origin: string;
  readonly basePath: string;
  private readonly clock: Clock;
  private readonly readiness: string | null;
  private readonly pools: HttpPools;
  readonly connections: number;
  private readonly connectTimeoutMillis: number;
  private readonly maxWaiting: number;
  private readonly headers: readonly string[];
  private readonly contexts = new Set<ConnectorContext>();
  private pool: { key: string; dispatcher: Dispatcher } | null = null;
  private waiters: Waiter[] = [];
  private isReady = false;
  /** What each endpoint was told that it waits for. */
  private readonly told = new Map<ConnectorContext, string>();
  private isProbing = false;
  private backoffMillis = firstBackoffMillis;
  private timer: Timer | null = null;

  /** @throws when `micrologic.url` is missing or no URL */
  constructor(context: ConnectorContext, pools: HttpPools) {
    const url = context.setting('micrologic.url');
    if (typeof url !== 'string' || url === '') throw new Error('`micrologic:` endpoints need the setting `micrologic.url`, such as http://127.0.0.1:3000');
    const match = /^(https?:\/\/[^/?#@]+)(\/[^?#]*)?$/i.exec(url);
    if (match === null) throw new Error(`micrologic.url: \`${shownUrl(url)}\` is no URL such as http://127.0.0.1:3000`);
    this.url = url;
    this.origin = match[1]!;
    this.basePath = (match[2] ?? '').replace(/\/+$/, '');
    this.clock = context.clock;
    this.pools = pools;
    const number = (name: string, otherwise: number): number => {
      const value = context.setting(`micrologic.${name}`);
      return value === undefined || value === null ? otherwise : Number(value);
    };
    const readiness = context.setting('micrologic.readiness');
    this.readiness = typeof readiness === 'string' && readiness !== '' ? joinPaths(this.basePath, readiness) : null;
    this.connections = number('concurrency', defaultConcurrency);
    this.connectTimeoutMillis = number('connectTimeoutMillis', 5000);
    this.maxWaiting = number('maxWaiting', defaultMaxWaiting);
    this.headers = configuredHeaders(context);
  }

  /** Headers that every call carries: name, value, name, value. */
  get fixedHeaders(): readonly string[] {
    return this.headers;
  }

  get dispatcher(): Dispatcher {
    return this.pool!.dispatcher;
  }

  join(context: ConnectorContext): void {
    this.contexts.add(context);
    this.pool ??= this.pools.acquire(this.origin, {
      connections: this.connections,
      connectTimeoutMillis: this.connectTimeoutMillis,
      headersTimeoutMillis: 0,
      bodyTimeoutMillis: 0,
    });
    if (this.isReady) return;
    if (this.timer === null && !this.isProbing) this.probe();
  }

  /** The last endpoint that leaves ends the asking and closes the connections. */
  async leave(context: ConnectorContext): Promise<void> {
    this.told.delete(context);
    if (!this.contexts.delete(context) || this.contexts.size > 0) return;
    this.timer?.cancel();
    this.timer = null;
    this.isReady = false;
    this.release(false);
    const { pool } = this;
    this.pool = null;
    if (pool !== null) await this.pools.release(pool.key);
  }

  /** Calls `done` once: at once when the application is ready, when it becomes so, or with false after `millis`. */
  whenReady(millis: number, done: (isReady: boolean) => void): void {
    if (this.isReady) return done(true);
    if (millis === 0 || this.waiters.length >= this.maxWaiting) return done(false);
    const timer = this.clock.schedule(millis, () => {
      this.waiters = this.waiters.filter((waiter) => waiter.timer !== timer);
      done(false);
    });
    this.waiters.push({ done, timer });
  }

  /** A call found nobody there: the next ones wait until it is back. */
  lost(error: ExchangeError): void {
    if (!this.isReady) return;
    this.isReady = false;
    this.backoffMillis = firstBackoffMillis;
    this.say(error.message);
    this.timer = this.clock.schedule(this.backoffMillis, () => this.probe());
  }

  private probe(): void {
    const { pool } = this;
    this.timer = null;
    if (pool === null) return;
    this.isProbing = true;
    const path = this.readiness ?? (this.basePath === '' ? '/' : this.basePath);
    const handler = new ReplyHandler((error, reply) => {
      this.isProbing = false;
      if (this.contexts.size === 0) return;
      // Without a readiness path any answer is one.
      if (error === null && (this.readiness === null || (reply!.status >= 200 && reply!.status < 300))) return this.becomeReady();
      this.retry(error === null ? `${this.origin}${path} answers ${reply!.status}` : asNetworkError(error, `${this.origin}${path}`).message);
    }, 1024 * 1024);
    pool.dispatcher.dispatch(
      { origin: this.origin, path, method: 'GET', headers: [...this.headers], headersTimeout: probeTimeoutMillis, bodyTimeout: probeTimeoutMillis },
      handler,
    );
  }

  private retry(reason: string): void {
    this.say(reason);
    this.timer = this.clock.schedule(this.backoffMillis, () => this.probe());
    this.backoffMillis = Math.min(this.backoffMillis * 2, longestBackoffMillis);
  }

  private becomeReady(): void {
    this.isReady = true;
    this.told.clear();
    this.backoffMillis = firstBackoffMillis;
    for (const context of this.contexts) context.ready();
    this.release(true);
  }

  /** Once, not at each attempt. */
  private say(reason: string): void {
    for (const context of this.contexts) {
      if (this.told.get(context) === reason) continue;
      this.told.set(context, reason);
      context.waiting(`the application is not ready: ${reason}`);
    }
  }

  private release(isReady: boolean): void {
    for (const { done, timer } of this.waiters.splice(0)) {
      timer.cancel();
      done(isReady);
    }
  }
}

/** `micrologic.headers` as a map or as `Name: value, Name: value`, and `micrologic.token` as a bearer token. */
function configuredHeaders(context: ConnectorContext): string[] {
  const headers: string[] = [];
  const given = context.setting('micrologic.headers');
  if (typeof given === 'object' && given !== null) for (const [name, value] of Object.entries(given)) headers.push(name, String(value));
  else if (typeof given === 'string') {
    for (const line of given.split(/[,\n]/)) {
      const colon = line.indexOf(':');
      if (colon > 0) headers.push(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
    }
  }
  const token = context.setting('micrologic.token');
  if (typeof token === 'string' && token !== '') headers.push('Authorization', `Bearer ${token}`);
  return headers;
}

/** The application of a runtime. */
export async function applicationOf(context: ConnectorContext): Promise<Application> {
  const pools = context.shared('http-pools', () => new HttpPools());
  await pools.prepare();
  return context.shared('micrologic', () => new Application(context, pools));
}
