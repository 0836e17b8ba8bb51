import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { causeChain } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { deserialise, serialise, storableBody, storablePairs } from '../core/conversion/serialise.ts';
import type { StateStore, StoredValue, StoreOperation } from '../core/state/store.ts';
import { StoreError } from '../core/state/store.ts';

export interface DeadLetterCause {
  /** Camel's or Java's class name. */
  readonly type: string;
  readonly message: string;
}

/** A step that the message went through, oldest first. */
export interface HistoryStep {
  readonly routeId: string;
  readonly stepId: string;
  readonly label: string;
  readonly millis: number;
}

/** A message that nobody could handle, with what is needed to understand it and to try again. */
export interface DeadLetter {
  /** Sorts by time. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The route that the message came in by: where it is sent to again. */
  readonly routeId: string;
  readonly fromEndpoint: string | null;
  readonly exchangeId: string;
  /** The step that failed, and where it stands in its file. */
  readonly failedRouteId: string | null;
  readonly stepId: string | null;
  readonly at: string | null;
  readonly exception: DeadLetterCause | null;
  /** Causes of the exception, outermost first. */
  readonly causes: readonly DeadLetterCause[];
  /** How often the failing step was tried. */
  readonly attempts: number;
  readonly history: readonly HistoryStep[];
  readonly body: unknown;
  readonly headers: readonly (readonly [string, unknown])[];
  readonly properties: readonly (readonly [string, unknown])[];
  readonly isInOut: boolean;
  /** The message as its source gave it; else as it was when it failed. */
  readonly isOriginal: boolean;
  /** When it was last edited or replayed, null = never. */
  readonly edited: number | null;
  readonly replayed: number | null;
  readonly replays: number;
}

/** Without the message, for lists. */
export type DeadLetterSummary = Omit<DeadLetter, 'body' | 'headers' | 'properties' | 'history'>;

export interface DeadLetterPage {
  readonly entries: readonly DeadLetterSummary[];
  /** Give it as `after` to get the next page; null: this was the last. */
  readonly next: string | null;
}

const entryPrefix = 'entry/';
const routePrefix = 'route/';
/** The index has no value of its own. */
const marker = Buffer.alloc(0);

const routeKey = (routeId: string, id: string): string => `${routePrefix}${encodeURIComponent(routeId).slice(0, 1000)}/${id}`;

/** Steps of Camel's message history that an exchange carries. */
function historyOf(exchange: Exchange): HistoryStep[] {
  const history = exchange.property('CamelMessageHistory');
  if (!Array.isArray(history)) return [];
  return history.flatMap((step: Partial<HistoryStep> | null) =>
    step !== null && typeof step === 'object' && typeof step.stepId === 'string'
      ? [{ routeId: String(step.routeId ?? ''), stepId: step.stepId, label: String(step.label ?? ''), millis: Number(step.millis ?? 0) }]
      : [],
  );
}

/** Properties that say what the entry says already, or mean nothing in another process. */
const uninteresting = new Set(['CamelExceptionCaught', 'CamelMessageHistory', 'CamelFailureEndpoint', 'CamelFailureRouteId']);

/**
 * Messages that no error handler took, kept until a person looks at them. Entries are written whole; a list reads only as many as it
 * shows.
 */
export class DeadLetterStore {
  private readonly store: StateStore;
  private readonly clock: Clock;
  private readonly ttlMillis: number | undefined;
  private lastTime = 0;

  /** @param ttlMillis after which an entry is forgotten; none = never */
  constructor(store: StateStore, clock: Clock, ttlMillis?: number) {
    this.store = store;
    this.clock = clock;
    this.ttlMillis = ttlMillis;
  }

  /**
   * Keeps a failed exchange; resolves with the entry's id when it is as safe as the store makes it.
   * @throws StoreError when the body can't be stored, or the store can't write
   */
  async put(exchange: Exchange, details: { readonly attempts?: number; readonly history?: readonly HistoryStep[] } = {}): Promise<string> {
    const { unitOfWork, failedStep } = exchange;
    const isOriginal = unitOfWork !== null && unitOfWork.originalHeaders !== null;
    const chain = causeChain(exchange.exception).map(({ type, message }) => ({ type, message }));
    const counted = Number(exchange.headers.get('CamelRedeliveryCounter'));
    const time = this.clock.now();
    const entry: DeadLetter = {
      id: this.nextId(time),
      time,
      routeId: exchange.fromRouteId ?? exchange.routeId ?? '',
      fromEndpoint: exchange.fromEndpoint,
      exchangeId: exchange.id,
      failedRouteId: failedStep?.routeId ?? exchange.routeId,
      stepId: failedStep?.stepId ?? null,
      at: failedStep?.at ?? null,
      exception: chain[0] ?? null,
      causes: chain.slice(1),
      attempts: details.attempts ?? (Number.isFinite(counted) ? counted + 1 : 1),
      history: details.history ?? historyOf(exchange),
      body: await storableBody(isOriginal ? unitOfWork.originalBody : exchange.body),
      headers: storablePairs(isOriginal ? unitOfWork.originalHeaders! : exchange.headers),
      properties: exchange.hasProperties ? storablePairs(exchange.properties).filter(([name]) => !uninteresting.has(name)) : [],
      isInOut: exchange.isInOut,
      isOriginal,
      edited: null,
      replayed: null,
      replays: 0,
    };
    await this.store.batch([this.operation(entryPrefix + entry.id, serialise(entry)), this.operation(routeKey(entry.routeId, entry.id), marker)]);
    return entry.id;
  }

  /** A page of entries, oldest first. */
  async list({ routeId, after, limit = 100 }: { readonly routeId?: string; readonly after?: string; readonly limit?: number } = {}): Promise<DeadLetterPage> {
    const entries: DeadLetterSummary[] = [];
    let next: string | null = null;
    const prefix = routeId === undefined ? entryPrefix : routeKey(routeId, '');
    for await (const [key, stored] of this.store.range(prefix, { ...(after === undefined ? {} : { after: prefix + after }), limit: limit + 1 })) {
      if (entries.length === limit) {
        next = entries[limit - 1]?.id ?? null;
        break;
      }
      const entry = routeId === undefined ? read(stored) : await this.get(key.slice(prefix.length));
      if (entry !== null) entries.push(summary(entry));
    }
    return { entries, next };
  }

  /** How many there are. */
  async count(routeId?: string): Promise<number> {
    let count = 0;
    for await (const _ of this.store.range(routeId === undefined ? routePrefix : routeKey(routeId, ''))) count++;
    return count;
  }

  async get(id: string): Promise<DeadLetter | null> {
    const stored = await this.store.get(entryPrefix + id);
    return stored === undefined ? null : read(stored);
  }

  /** Changes body, headers or both; gives the entry as it is now, null when there is none. */
  edit(id: string, change: { readonly body?: unknown; readonly headers?: readonly (readonly [string, unknown])[] }): Promise<DeadLetter | null> {
    return this.update(id, (entry) => ({
      ...entry,
      ...('body' in change ? { body: change.body } : {}),
      ...(change.headers === undefined ? {} : { headers: change.headers }),
      edited: this.clock.now(),
    }));
  }

  /** Says that the entry was sent to its route again. It stays until it is removed. */
  markReplayed(id: string): Promise<DeadLetter | null> {
    return this.update(id, (entry) => ({ ...entry, replayed: this.clock.now(), replays: entry.replays + 1 }));
  }

  /** Gives whether there was such an entry. */
  async remove(id: string): Promise<boolean> {
    const entry = await this.get(id);
    if (entry === null) return false;
    await this.store.batch([
      { type: 'delete', key: entryPrefix + id },
      { type: 'delete', key: routeKey(entry.routeId, id) },
    ]);
    return true;
  }

  private async update(id: string, change: (entry: DeadLetter) => DeadLetter): Promise<DeadLetter | null> {
    for (;;) {
      const stored = await this.store.get(entryPrefix + id);
      if (stored === undefined) return null;
      const changed = change(read(stored));
      const options = this.ttlMillis === undefined ? {} : { ttlMillis: Math.max(1, changed.time + this.ttlMillis - this.clock.now()) };
      if (await this.store.compareAndSet(entryPrefix + id, stored.version, serialise(changed), options)) return changed;
    }
  }

  private operation(key: string, value: Buffer): StoreOperation {
    return { type: 'put', key, value, ...(this.ttlMillis === undefined ? {} : { ttlMillis: this.ttlMillis }) };
  }

  /** Sorts by time, also within a millisecond. */
  private nextId(time: number): string {
    this.lastTime = Math.max(this.lastTime + 1, time * 1000);
    return `${this.lastTime.toString(36).padStart(11, '0')}-${randomBytes(3).toString('hex')}`;
  }
}

function read({ value }: StoredValue): DeadLetter {
  const entry = deserialise(value) as DeadLetter;
  if (typeof entry !== 'object' || entry === null || typeof entry.id !== 'string') throw new StoreError('a stored dead letter is damaged');
  return entry;
}

function summary({ body: _body, headers: _headers, properties: _properties, history: _history, ...rest }: DeadLetter): DeadLetterSummary {
  return rest;
}
