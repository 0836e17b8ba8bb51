import type { PutOptions, StateStore, StoredValue, StoreOperation } from '../core/state/store.ts';
import { StoreError } from '../core/state/store.ts';

/** A store that somebody has a right to, and that is not open yet. */
export interface Reserved {
  /** Nothing was ever stored there: reading needs no opening. */
  readonly isEmpty: boolean;
  /** @throws StoreError; whoever reserved it still releases it */
  open(): Promise<StateStore>;
  /** Gives it up unopened. */
  release(): void;
}

/**
 * A store that opens at the first write, at the first look at something that may be there, or when it is told to: a start does not wait for an engine that
 * its routes do not need yet. What is written before that is copied: whoever gave the bytes may go on writing into them.
 */
export class DeferredStore implements StateStore {
  readonly isDurable: boolean;
  private readonly reserved: Reserved;
  private store: StateStore | null = null;
  private opening: Promise<StateStore> | null = null;
  private isClosed = false;
  private openingProblem: string | null = null;

  constructor(reserved: Reserved, isDurable: boolean) {
    this.reserved = reserved;
    this.isDurable = isDurable;
  }

  /** The store itself. @throws StoreError when it can't be opened, or was closed before */
  open(): Promise<StateStore> {
    if (this.isClosed) return Promise.reject(new StoreError('the state store is closed'));
    this.opening ??= this.tryToOpen();
    return this.opening;
  }

  /** What stood in the way (a full disk) may be gone when it is tried again. */
  private async tryToOpen(): Promise<StateStore> {
    try {
      this.store = await this.reserved.open();
      this.openingProblem = null;
      return this.store;
    } catch (thrown) {
      this.opening = null;
      this.openingProblem = (thrown as Error).message;
      throw thrown;
    }
  }

  get problem(): string | null {
    return this.store === null ? this.openingProblem : (this.store.problem ?? null);
  }

  private get isBlank(): boolean {
    return this.opening === null && this.reserved.isEmpty && !this.isClosed;
  }

  get(key: string): Promise<StoredValue | undefined> {
    if (this.store !== null) return this.store.get(key);
    if (this.isBlank) return Promise.resolve(undefined);
    return this.open().then((store) => store.get(key));
  }

  put(key: string, value: Buffer, options?: PutOptions): Promise<void> {
    if (this.store !== null) return this.store.put(key, value, options);
    const bytes = Buffer.from(value);
    return this.open().then((store) => store.put(key, bytes, options));
  }

  compareAndSet(key: string, version: string | null, value: Buffer, options?: PutOptions): Promise<boolean> {
    if (this.store !== null) return this.store.compareAndSet(key, version, value, options);
    const bytes = Buffer.from(value);
    return this.open().then((store) => store.compareAndSet(key, version, bytes, options));
  }

  delete(key: string): Promise<boolean> {
    return this.store?.delete(key) ?? this.open().then((store) => store.delete(key));
  }

  async *range(prefix: string, options?: { readonly after?: string; readonly limit?: number }): AsyncIterable<readonly [string, StoredValue]> {
    if (this.store === null && this.isBlank) return;
    yield* (this.store ?? (await this.open())).range(prefix, options);
  }

  batch(operations: readonly StoreOperation[]): Promise<void> {
    if (this.store !== null) return this.store.batch(operations);
    const copies = operations.map((operation) => (operation.type === 'put' ? { ...operation, value: Buffer.from(operation.value) } : operation));
    return this.open().then((store) => store.batch(copies));
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.opening === null) this.reserved.release();
    else {
      const store = await this.opening.catch(() => null);
      if (store === null) this.reserved.release();
      else await store.close();
    }
  }
}
