import type { PutOptions, StateStore, StoredValue, StoreOperation } from '../core/state/store.ts';
import { StoreError } from '../core/state/store.ts';

/** A state store as another process may call it. */
export interface StoreCalls {
  storeGet(key: string): Promise<StoredValue | undefined>;
  storePut(key: string, value: Buffer, options: PutOptions): Promise<void>;
  storeCompareAndSet(key: string, version: string | null, value: Buffer, options: PutOptions): Promise<boolean>;
  storeDelete(key: string): Promise<boolean>;
  /** So many at most; fewer: there are no more. */
  storeSlice(prefix: string, after: string | null, limit: number): Promise<(readonly [string, StoredValue])[]>;
  storeBatch(operations: readonly StoreOperation[]): Promise<void>;
}

const entriesPerSlice = 200;

/** The calls of other processes, answered from the store that this one has. */
export const storeCalls = (store: StateStore): StoreCalls => ({
  storeGet: (key) => store.get(key),
  storePut: (key, value, options) => store.put(key, asBuffer(value), options),
  storeCompareAndSet: (key, version, value, options) => store.compareAndSet(key, version, asBuffer(value), options),
  storeDelete: (key) => store.delete(key),
  storeSlice: async (prefix, after, limit) => {
    const found: (readonly [string, StoredValue])[] = [];
    for await (const entry of store.range(prefix, { limit, ...(after === null ? {} : { after }) })) found.push(entry);
    return found;
  },
  storeBatch: (operations) => store.batch(operations.map((operation) => (operation.type === 'put' ? { ...operation, value: asBuffer(operation.value) } : operation))),
});

const asBuffer = (bytes: Uint8Array): Buffer => (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));

const received = ({ value, version }: StoredValue): StoredValue => ({ value: asBuffer(value), version });

/**
 * The store of another process, which answers every call: it alone has the folder, and what several processes ask for is done in one order.
 */
export class RemoteStore implements StateStore {
  readonly isDurable: boolean;
  private readonly calls: StoreCalls;
  private isClosed = false;

  constructor(calls: StoreCalls, isDurable: boolean) {
    this.calls = calls;
    this.isDurable = isDurable;
  }

  async get(key: string): Promise<StoredValue | undefined> {
    const found = await this.ask((calls) => calls.storeGet(key));
    return found === undefined || found === null ? undefined : received(found);
  }

  put(key: string, value: Buffer, options: PutOptions = {}): Promise<void> {
    return this.ask((calls) => calls.storePut(key, value, options));
  }

  compareAndSet(key: string, version: string | null, value: Buffer, options: PutOptions = {}): Promise<boolean> {
    return this.ask((calls) => calls.storeCompareAndSet(key, version, value, options));
  }

  delete(key: string): Promise<boolean> {
    return this.ask((calls) => calls.storeDelete(key));
  }

  async *range(prefix: string, { after, limit = Infinity }: { readonly after?: string; readonly limit?: number } = {}): AsyncIterable<readonly [string, StoredValue]> {
    let last = after ?? null;
    for (let left = limit; left > 0; ) {
      const wanted = Math.min(left, entriesPerSlice);
      const found = await this.ask((calls) => calls.storeSlice(prefix, last, wanted));
      for (const [key, value] of found) yield [key, received(value)];
      if (found.length < wanted) return;
      last = found.at(-1)![0];
      left -= found.length;
    }
  }

  batch(operations: readonly StoreOperation[]): Promise<void> {
    return this.ask((calls) => calls.storeBatch(operations));
  }

  /** For this process: the store belongs to the one that has it. */
  async close(): Promise<void> {
    this.isClosed = true;
  }

  /** Errors come over as plain ones. */
  private async ask<T>(call: (calls: StoreCalls) => Promise<T>): Promise<T> {
    if (this.isClosed) throw new StoreError('the state store is closed');
    try {
      return await call(this.calls);
    } catch (thrown) {
      throw new StoreError((thrown as Error).message, thrown);
    }
  }
}
