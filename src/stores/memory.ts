import type { Clock, Timer } from '../core/clock.ts';
import type { PutOptions, StateStore, StoredValue, StoreOperation } from '../core/state/store.ts';
import { checkKey, compareKeys, StoreError } from '../core/state/store.ts';

interface Entry extends StoredValue {
  /** Milliseconds of the clock at which the entry is gone; 0 = it stays. */
  readonly expires: number;
}

const entriesPerSweep = 1000;
const shortestSweepMillis = 1000;

/** Keeps everything in this process: for tests, and where nothing needs to outlive it. */
export class MemoryStore implements StateStore {
  readonly isDurable: boolean = false;
  private readonly clock: Clock;
  private readonly entries = new Map<string, Entry>();
  /** All keys in order; null when keys came or went since. */
  private order: string[] | null = [];
  private version = 0;
  private isClosed = false;
  private sweep: { timer: Timer; due: number } | null = null;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** How many entries take memory, expired ones that are not yet swept included. */
  get size(): number {
    return this.entries.size;
  }

  async get(key: string): Promise<StoredValue | undefined> {
    this.check(key);
    return this.live(key);
  }

  async put(key: string, value: Buffer, options?: PutOptions): Promise<void> {
    this.check(key);
    this.write(key, value, options?.ttlMillis);
  }

  async compareAndSet(key: string, version: string | null, value: Buffer, options?: PutOptions): Promise<boolean> {
    this.check(key);
    if ((this.live(key)?.version ?? null) !== version) return false;
    this.write(key, value, options?.ttlMillis);
    return true;
  }

  async delete(key: string): Promise<boolean> {
    this.check(key);
    return this.remove(key);
  }

  async *range(prefix: string, { after = '', limit = Infinity }: { readonly after?: string; readonly limit?: number } = {}): AsyncIterable<readonly [string, StoredValue]> {
    this.check(prefix === '' ? '-' : prefix);
    const keys = this.sorted();
    let count = 0;
    for (let i = firstAfter(keys, prefix, after); i < keys.length && count < limit; i++) {
      const key = keys[i]!;
      if (!key.startsWith(prefix)) break;
      const entry = this.live(key);
      if (entry === undefined) continue;
      count++;
      yield [key, entry];
    }
  }

  async batch(operations: readonly StoreOperation[]): Promise<void> {
    for (const { key } of operations) this.check(key);
    for (const operation of operations) {
      if (operation.type === 'put') this.write(operation.key, operation.value, operation.ttlMillis);
      else this.remove(operation.key);
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.sweep?.timer.cancel();
    this.sweep = null;
    this.entries.clear();
    this.order = [];
  }

  private check(key: string): void {
    if (this.isClosed) throw new StoreError('the state store is closed');
    checkKey(key);
  }

  private live(key: string): Entry | undefined {
    const entry = this.entries.get(key);
    return entry === undefined || (entry.expires !== 0 && entry.expires <= this.clock.now()) ? undefined : entry;
  }

  private write(key: string, value: Buffer, ttlMillis = 0): void {
    const expires = ttlMillis > 0 ? this.clock.now() + ttlMillis : 0;
    if (!this.entries.has(key)) this.order = null;
    // A copy: whoever gave the bytes may go on writing into them.
    this.entries.set(key, { value: Buffer.from(value), version: String(++this.version), expires });
    if (expires !== 0) this.sweepAt(expires);
  }

  private remove(key: string): boolean {
    const wasThere = this.live(key) !== undefined;
    if (this.entries.delete(key)) this.order = null;
    return wasThere;
  }

  private sorted(): string[] {
    return (this.order ??= [...this.entries.keys()].sort(compareKeys));
  }

  private sweepAt(due: number): void {
    if (this.sweep !== null && this.sweep.due <= due) return;
    this.sweep?.timer.cancel();
    const wait = Math.max(shortestSweepMillis, due - this.clock.now());
    this.sweep = { due: this.clock.now() + wait, timer: this.clock.schedule(wait, () => this.sweepFrom(this.entries.entries(), Infinity)) };
  }

  /** Looks at so many entries, lets others have their turn, and goes on. */
  private sweepFrom(entries: IterableIterator<[string, Entry]>, earliest: number): void {
    if (this.isClosed) return;
    const now = this.clock.now();
    for (let count = 0; count < entriesPerSweep; count++) {
      const { value, done } = entries.next();
      if (done === true) {
        this.sweep = null;
        if (earliest !== Infinity) this.sweepAt(earliest);
        return;
      }
      const [key, { expires }] = value;
      if (expires === 0) continue;
      if (expires <= now) this.remove(key);
      else earliest = Math.min(earliest, expires);
    }
    this.clock.yield(() => this.sweepFrom(entries, earliest));
  }
}

/** Where the first key stands that is not below `prefix` and comes after `after`. */
function firstAfter(keys: readonly string[], prefix: string, after: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const key = keys[middle]!;
    if (compareKeys(key, prefix) < 0 || compareKeys(key, after) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const memoryStore = (clock: Clock): MemoryStore => new MemoryStore(clock);
