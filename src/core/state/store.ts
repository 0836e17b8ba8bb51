import { ExchangeError } from '../errors.ts';

/** What a store keeps under a key: bytes, and a version that changes at every write. */
export interface StoredValue {
  readonly value: Buffer;
  /** Opaque; equal only while the value was not written again. */
  readonly version: string;
}

export interface PutOptions {
  /** Milliseconds after which the entry is gone; none = it stays. */
  readonly ttlMillis?: number;
}

export type StoreOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Buffer; readonly ttlMillis?: number }
  | { readonly type: 'delete'; readonly key: string };

/**
 * Where durable state lives: aggregations, idempotency keys, dead letters, offsets, locks. Keys are texts of at most 1,500 bytes,
 * ordered by their UTF-8 bytes; `/` separates their parts by convention. A promise resolves when the write is as durable
 * as the engine promises (`isDurable`).
 */
export interface StateStore {
  /** True when what was written survives a crash of the process and of the machine. */
  readonly isDurable: boolean;
  /** Why nothing can be written at present, such as a full disk; null or absent: nothing is known to be wrong. It finds out by itself when that is over. */
  readonly problem?: string | null;
  get(key: string): Promise<StoredValue | undefined>;
  put(key: string, value: Buffer, options?: PutOptions): Promise<void>;
  /** Writes only when the entry still has `version` (null: only when there is none). Gives whether it wrote. */
  compareAndSet(key: string, version: string | null, value: Buffer, options?: PutOptions): Promise<boolean>;
  /** Gives whether there was something to delete. */
  delete(key: string): Promise<boolean>;
  /** Entries whose keys begin with `prefix`, in key order; `after` skips keys up to and including it. */
  range(prefix: string, options?: { readonly after?: string; readonly limit?: number }): AsyncIterable<readonly [string, StoredValue]>;
  /** All or nothing, in order. */
  batch(operations: readonly StoreOperation[]): Promise<void>;
  /** Waits until all that was written is safe, and lets go of files and connections. */
  close(): Promise<void>;
}

/** Why state can't be read or written: disk full, folder taken, file damaged. Routes can catch it as `java.io.IOException`. */
export class StoreError extends ExchangeError {
  constructor(message: string, cause?: unknown) {
    super('mecha.StoreException', message, { cause });
  }
}

/** What lies there was written by a later version of the program, in a form that this one does not know: it is left alone. */
export class NewerStoreError extends StoreError {
  readonly format: number;
  readonly known: number;

  constructor(format: number, known: number) {
    super(`it has format ${format}, and this version of the program knows none beyond ${known}`);
    this.format = format;
    this.known = known;
  }
}

export const longestKeyBytes = 1500;

/** Throws when a key is empty or too long to be stored. */
export function checkKey(key: string): void {
  // A UTF-16 unit is at most three bytes of UTF-8: short keys need no counting.
  if (key.length === 0) throw new StoreError('a key of the state store must not be empty');
  if (key.length * 3 > longestKeyBytes && Buffer.byteLength(key) > longestKeyBytes) {
    throw new StoreError(`a key of the state store is too long: ${Buffer.byteLength(key)} bytes, ${longestKeyBytes} are possible ("${key.slice(0, 40)}...")`);
  }
}

/** Orders texts as their UTF-8 bytes. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    let left = a.charCodeAt(i);
    let right = b.charCodeAt(i);
    if (left === right) continue;
    // In UTF-16 surrogate pairs sort below U+E000 to U+FFFF, in UTF-8 above them.
    if (left >= 0xd800 && right >= 0xd800) {
      left = left >= 0xe000 ? left - 0x800 : left + 0x2000;
      right = right >= 0xe000 ? right - 0x800 : right + 0x2000;
    }
    return left - right;
  }
  return a.length - b.length;
}

class Prefixed implements StateStore {
  readonly isDurable: boolean;
  private readonly store: StateStore;
  private readonly prefix: string;

  constructor(store: StateStore, prefix: string) {
    this.store = store;
    this.prefix = prefix;
    this.isDurable = store.isDurable;
  }

  get(key: string): Promise<StoredValue | undefined> {
    return this.store.get(this.prefix + key);
  }

  put(key: string, value: Buffer, options?: PutOptions): Promise<void> {
    return this.store.put(this.prefix + key, value, options);
  }

  compareAndSet(key: string, version: string | null, value: Buffer, options?: PutOptions): Promise<boolean> {
    return this.store.compareAndSet(this.prefix + key, version, value, options);
  }

  delete(key: string): Promise<boolean> {
    return this.store.delete(this.prefix + key);
  }

  async *range(prefix: string, options: { readonly after?: string; readonly limit?: number } = {}): AsyncIterable<readonly [string, StoredValue]> {
    const after = options.after === undefined ? undefined : this.prefix + options.after;
    for await (const [key, value] of this.store.range(this.prefix + prefix, { ...options, after })) yield [key.slice(this.prefix.length), value];
  }

  batch(operations: readonly StoreOperation[]): Promise<void> {
    return this.store.batch(operations.map((operation) => ({ ...operation, key: this.prefix + operation.key })));
  }

  /** The store belongs to whoever opened it. */
  async close(): Promise<void> {}
}

/** A part of a store as a store of its own: what it does concerns only keys that begin with `prefix`. */
export const prefixed = (store: StateStore, prefix: string): StateStore => new Prefixed(store, prefix);
