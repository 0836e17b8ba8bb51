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
