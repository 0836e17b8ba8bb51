import type { Clock, Timer } from '../../core/clock.ts';
import type { ConnectorContext } from '../../core/connector.ts';
import type { ExchangeError } from '../../core/errors.ts';
import type { BrokerSettings } from './address.ts';
import { connectionError } from './address.ts';
import type { BrokerConnection } from './client.ts';
import { connect } from './client.ts';
import { Publisher } from './publisher.ts';

const longestDelayMillis = 30_000;
const closeTimeoutMillis = 2000;

/** Who uses a link. None of these may throw. */
export interface LinkUser {
  /** There is a connection: the first, or a new one after a cut. */
  connected(connection: BrokerConnection): void;
  /** The connection went, or could not be made: it is tried again. */
  lost(reason: ExchangeError): void;
  blocked?(reason: string): void;
  unblocked?(): void;
}

/** One connection to the broker that comes back by itself, shared by all that want the same one. */
export class Link {
  private readonly settings: BrokerSettings;
  private readonly clock: Clock;
  private readonly name: string;
  private readonly users = new Set<LinkUser>();
  private connection: BrokerConnection | null = null;
  private blockedBy: string | null = null;
  private connecting: { readonly done: Promise<void>; readonly giveUp: AbortController } | null = null;
  private isClosed = false;
  private delayMillis: number;
  private next = 0;
  private timer: Timer | null = null;
  private failure: ExchangeError | null = null;
  private attempts: ((error: ExchangeError | null) => void)[] = [];
  private readonly closing: Promise<void>[] = [];

  constructor(settings: BrokerSettings, clock: Clock, name: string) {
    this.settings = settings;
    this.clock = clock;
    this.name = name;
    this.delayMillis = settings.reconnectDelayMillis;
  }

  get isBlocked(): boolean {
    return this.blockedBy !== null;
  }

  get isUnused(): boolean {
    return this.users.size === 0;
  }

  join(user: LinkUser): void {
    this.users.add(user);
    if (this.connection !== null) {
      user.connected(this.connection);
      if (this.blockedBy !== null) user.blocked?.(this.blockedBy);
    } else if (this.failure !== null) user.lost(this.failure);
    if (this.connection === null && this.connecting === null && this.timer === null) this.connect();
  }

  leave(user: LinkUser): void {
    this.users.delete(user);
  }

  /** How the attempt under way, or the next one, ends: null = connected. */
  attempt(): Promise<ExchangeError | null> {
    return this.connection !== null ? Promise.resolve(null) : new Promise((resolve) => void this.attempts.push(resolve));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.timer?.cancel();
    this.timer = null;
    const { connection, connecting } = this;
    this.connection = null;
    connecting?.giveUp.abort();
    await connecting?.done;
    for (const tried of this.attempts.splice(0)) tried(connectionError(null, this.settings));
    if (connection !== null) this.closing.push(this.closeSoftly(connection));
    await Promise.all(this.closing);
  }

  /** A broker that does not answer any more is not waited for. */
  private async closeSoftly(connection: BrokerConnection): Promise<void> {
    const timer = this.clock.schedule(closeTimeoutMillis, () => connection.destroy());
    const gone = new Promise<void>((resolve) => connection.onClose(() => resolve()));
    connection.close().catch(() => connection.destroy());
    await gone;
    timer.cancel();
  }

  private connect(): void {
    const giveUp = new AbortController();
    const connecting = { done: this.connectOnce(giveUp.signal).finally(() => (this.connecting = null)), giveUp };
    this.connecting = connecting;
  }

  private async connectOnce(signal: AbortSignal): Promise<void> {
    const { addresses, connectTimeoutMillis, heartbeatSeconds } = this.settings;
    const address = addresses[this.next++ % addresses.length]!;
    let connection: BrokerConnection;
    try {
      connection = await connect(address, { connectTimeoutMillis, heartbeatSeconds, name: this.name, signal });
    } catch (thrown) {
      this.lost(connectionError(thrown as Error, this.settings, address));
      return;
    }
    if (this.isClosed) {
      this.closing.push(this.closeSoftly(connection));
      return;
    }
    this.connection = connection;
    this.failure = null;
    this.delayMillis = this.settings.reconnectDelayMillis;
    this.next--;
    connection.onClose((error) => {
      if (this.connection !== connection) return;
      this.connection = null;
      this.blockedBy = null;
      this.next++;
      this.lost(connectionError(error, this.settings, address));
    });
    connection.onBlocked((reason) => {
      this.blockedBy = reason;
      for (const user of this.users) user.blocked?.(reason);
    });
    connection.onUnblocked(() => {
      this.blockedBy = null;
      for (const user of this.users) user.unblocked?.();
    });
    for (const tried of this.attempts.splice(0)) tried(null);
    for (const user of [...this.users]) user.connected(connection);
  }

  private lost(reason: ExchangeError): void {
    if (this.isClosed) return;
    this.failure = reason;
    for (const user of [...this.users]) user.lost(reason);
    for (const tried of this.attempts.splice(0)) tried(reason);
    // The brokers of a cluster are tried one right after the other.
    const isRound = this.next % this.settings.addresses.length === 0;
    const delayMillis = isRound ? this.delayMillis : 0;
    if (isRound) this.delayMillis = Math.min(this.delayMillis * 2, longestDelayMillis);
    this.timer = this.clock.schedule(delayMillis, () => {
      this.timer = null;
      this.connect();
    });
  }
}

interface Shared<T> {
  readonly thing: T;
  users: number;
}

/** All connections of a runtime: one a broker for consumers, one for publishers. */
export class Links {
  private readonly clock: Clock;
  private readonly links = new Map<string, Shared<Link>>();
  private readonly publishers = new Map<string, Shared<Publisher>>();

  static of(context: ConnectorContext): Links {
    return context.shared('spring-rabbitmq', () => new Links(context.clock));
  }

  private constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Gives the link and what lets go of it. */
  acquire(settings: BrokerSettings, purpose: 'consumers' | 'publishers'): { readonly link: Link; release(): Promise<void> } {
    const key = `${purpose} ${JSON.stringify(settings)}`;
    let shared = this.links.get(key);
    if (shared === undefined) this.links.set(key, (shared = { thing: new Link(settings, this.clock, `mecha ${purpose}`), users: 0 }));
    shared.users++;
    const { thing: link } = shared;
    return { link, release: once(async () => this.release(this.links, key, () => link.close())) };
  }

  /** The one publisher of a broker; `requests`: the one for messages that want a reply. */
  publisher(settings: BrokerSettings, kind: 'messages' | 'requests'): { readonly publisher: Publisher; release(): Promise<void> } {
    const key = `${kind} ${JSON.stringify(settings)}`;
    let shared = this.publishers.get(key);
    if (shared === undefined) {
      const { link, release } = this.acquire(settings, 'publishers');
      const publisher = new Publisher(link, this.clock, kind === 'requests', release);
      this.publishers.set(key, (shared = { thing: publisher, users: 0 }));
    }
    shared.users++;
    const { thing: publisher } = shared;
    return { publisher, release: once(async () => this.release(this.publishers, key, () => publisher.close())) };
  }

  private async release<T>(all: Map<string, Shared<T>>, key: string, close: () => Promise<void>): Promise<void> {
    const shared = all.get(key)!;
    if (--shared.users > 0) return;
    all.delete(key);
    await close();
  }
}

const once = (run: () => Promise<void>): (() => Promise<void>) => {
  let running: Promise<void> | null = null;
  return () => (running ??= run());
};
