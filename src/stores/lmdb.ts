import { randomInt } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readSync, rmSync, statfs, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database, RootDatabase } from 'lmdb';
import type { Clock, Timer } from '../core/clock.ts';
import type { PutOptions, StateStore, StoredValue, StoreOperation } from '../core/state/store.ts';
import { checkKey, NewerStoreError, StoreError } from '../core/state/store.ts';
import type { Reserved } from './deferred.ts';
import { FolderLock } from './folderLock.ts';
import { damagedPage, pageNumber, valueIn } from './lmdbPages.ts';
import { WriteTrouble } from './writeTrouble.ts';

type Bytes = Database<Buffer, Buffer>;

/** What callers asked for; done in order, many in one transaction. */
interface Job {
  /** Gives the answer; what it writes goes into `changes`. */
  readonly run: () => unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (reason: StoreError) => void;
}

/** A value is stored behind: when it expires (double, 0 = never), its version (a random number of this opening, a count). */
const headBytes = 16;
/**
 * How all of that is laid out, and what the keys are; a store says by which it was written. One without a number is from before there were numbers, and of the
 * first. Whatever an earlier version would read wrongly needs the next.
 */
const format = 1;
const formatKey = Buffer.from('mecha-format');
const attemptKey = Buffer.from('mecha-attempt');
const entriesPerStep = 500;
const shortestSweepMillis = 1000;
const jobsPerTransaction = 5000;

/** A commit is on the disk when it says so; several writes go together only where we ask for it (else some promises of the library can't be caught). */
const writing = { overlappingSync: false, eventTurnBatching: false } as const;

/**
 * Embedded and durable: a promise resolves when the operating system says that its write is on the disk. What callers ask for while one
 * transaction is written goes into the next one together. One process has the folder.
 */
class LmdbStore implements StateStore {
  readonly isDurable = true;
  private readonly folder: string;
  private readonly clock: Clock;
  private readonly lock: FolderLock;
  private readonly root: RootDatabase<Buffer, Buffer>;
  private readonly entries: Bytes;
  /** When entries expire: eight bytes of time, then the key. */
  private readonly expiries: Bytes;
  private jobs: Job[] = [];
  /** What the transaction in the making will write: the bytes, or null for what it removes. */
  private readonly changes = new Map<string, Buffer | null>();
  /** Expiries to be added (true) or removed, as latin1. */
  private readonly expiryChanges = new Map<string, boolean>();
  private writing: Promise<void> | null = null;
  private isClosed = false;
  private opening = randomInt(2 ** 32);
  private writes = 0;
  private sweep: { timer: Timer; due: number } | null = null;
  private nextExpiry = Infinity;
  private readonly trouble: WriteTrouble;
  /** The store says of which format it is. */
  private isMarked: boolean;
  /** What the transaction in the making tries out, whether writing works: so many bytes, or 0 to take them away again. */
  private attempt: number | null = null;

  constructor(folder: string, clock: Clock, lock: FolderLock, root: RootDatabase<Buffer, Buffer>) {
    this.folder = folder;
    this.clock = clock;
    this.lock = lock;
    this.root = root;
    const options = { encoding: 'binary', keyEncoding: 'binary' } as const;
    this.entries = root.openDB<Buffer, Buffer>('entries', options);
    this.expiries = root.openDB<Buffer, Buffer>('expiries', options);
    this.isMarked = this.root.get(formatKey) !== undefined;
    this.trouble = new WriteTrouble(clock, {
      write: async (bytes) => {
        await this.enqueue([], () => void (this.attempt = bytes));
        await this.enqueue([], () => void (this.attempt = 0));
      },
      isTight: () => new Promise((resolve) => statfs(folder, (error, found) => resolve(error !== null || found.bavail * found.bsize < tightBytes))),
    });
    this.sweepNext();
    // Where there is no room for that, it comes along with the first write that there is room for.
    if (!this.isMarked) this.enqueue([], () => undefined).catch(() => {});
  }

  get problem(): string | null {
    return this.trouble.reason;
  }

  async get(key: string): Promise<StoredValue | undefined> {
    this.check(key);
    return this.guarded(() => this.stored(key));
  }

  put(key: string, value: Buffer, options?: PutOptions): Promise<void> {
    const bytes = withHead(value);
    return this.enqueue([key], () => this.write(key, bytes, options?.ttlMillis));
  }

  compareAndSet(key: string, version: string | null, value: Buffer, options?: PutOptions): Promise<boolean> {
    const bytes = withHead(value);
    return this.enqueue([key], () => {
      if ((this.current(key)?.version ?? null) !== version) return false;
      this.write(key, bytes, options?.ttlMillis);
      return true;
    });
  }

  delete(key: string): Promise<boolean> {
    return this.enqueue([key], () => {
      const wasThere = this.current(key) !== undefined;
      this.changes.set(key, null);
      return wasThere;
    });
  }

  async *range(prefix: string, { after = '', limit = Infinity }: { readonly after?: string; readonly limit?: number } = {}): AsyncIterable<readonly [string, StoredValue]> {
    const start = Buffer.from(prefix);
    let from: { key: Buffer; isIncluded: boolean } = { key: start, isIncluded: true };
    const skipped = Buffer.from(after);
    if (skipped.compare(start) >= 0) from = { key: skipped, isIncluded: false };
    for (let left = limit; left > 0; ) {
      this.check('-');
      const step = this.guarded(() => this.slice(start, from, Math.min(left, entriesPerStep)));
      for (const found of step.found) {
        yield found;
        left--;
      }
      if (step.last === null) return;
      from = { key: step.last, isIncluded: false };
      await new Promise<void>((resolve) => this.clock.yield(resolve));
    }
  }

  batch(operations: readonly StoreOperation[]): Promise<void> {
    const steps = operations.map((operation) => ({ key: operation.key, bytes: operation.type === 'put' ? withHead(operation.value) : null, ttlMillis: operation.type === 'put' ? operation.ttlMillis : 0 }));
    return this.enqueue(
      steps.map(({ key }) => key),
      () => {
        for (const { key, bytes, ttlMillis } of steps) {
          if (bytes === null) this.changes.set(key, null);
          else this.write(key, bytes, ttlMillis);
        }
      },
    );
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.sweep?.timer.cancel();
    this.trouble.end();
    try {
      while (this.writing !== null) await this.writing;
      await this.root.close();
    } finally {
      this.lock.release();
    }
  }

  private check(key: string): void {
    if (this.isClosed) throw new StoreError('the state store is closed');
    checkKey(key);
  }

  private guarded<T>(read: () => T): T {
    try {
      return read();
    } catch (thrown) {
      throw this.explained('read', thrown);
    }
  }

  private explained(what: 'read' | 'write', thrown: unknown): StoreError {
    if (thrown instanceof StoreError) return thrown;
    return new StoreError(`can't ${what} the state store in ${this.folder}: ${reason(thrown as Error, this.folder)}`, thrown);
  }

  private stored(key: string): StoredValue | undefined {
    const bytes = this.entries.get(Buffer.from(key));
    return bytes === undefined ? undefined : this.live(bytes);
  }

  /** What the transaction in the making will leave. */
  private current(key: string): StoredValue | undefined {
    const bytes = this.changes.get(key);
    if (bytes === undefined) return this.stored(key);
    return bytes === null ? undefined : this.live(bytes);
  }

  private live(bytes: Buffer): StoredValue | undefined {
    const expires = bytes.readDoubleBE(0);
    if (expires !== 0 && expires <= this.clock.now()) return undefined;
    return { value: bytes.subarray(headBytes), version: bytes.toString('hex', 8, headBytes) };
  }

  private slice(prefix: Buffer, from: { key: Buffer; isIncluded: boolean }, limit: number): { found: [string, StoredValue][]; last: Buffer | null } {
    const found: [string, StoredValue][] = [];
    let last: Buffer | null = null;
    let count = 0;
    for (const { key, value } of this.entries.getRange({ start: from.key, exclusiveStart: !from.isIncluded, limit, snapshot: false })) {
      if (!key.subarray(0, prefix.length).equals(prefix)) return { found, last: null };
      last = Buffer.from(key);
      count++;
      const entry = this.live(value);
      if (entry !== undefined) found.push([last.toString(), entry]);
    }
    return { found, last: count < limit ? null : last };
  }

  private write(key: string, bytes: Buffer, ttlMillis = 0): void {
    const expires = ttlMillis > 0 ? this.clock.now() + ttlMillis : 0;
    bytes.writeDoubleBE(expires, 0);
    bytes.writeUInt32BE(this.opening, 8);
    bytes.writeUInt32BE(this.countWrite(), 12);
    this.changes.set(key, bytes);
    if (expires === 0) return;
    this.expiryChanges.set(expiryKey(expires, key), true);
    this.nextExpiry = Math.min(this.nextExpiry, expires);
  }

  private countWrite(): number {
    if (++this.writes === 2 ** 32) {
      this.writes = 0;
      this.opening = randomInt(2 ** 32);
    }
    return this.writes;
  }

  private async enqueue<T>(keys: readonly string[], run: () => T): Promise<T> {
    if (keys.length === 0) this.check('-');
    for (const key of keys) this.check(key);
    return new Promise<T>((resolve, reject) => {
      this.jobs.push({ run, resolve: resolve as (answer: unknown) => void, reject });
      this.writing ??= this.writeAll();
    });
  }

  private async writeAll(): Promise<void> {
    const end = this.clock.pending();
    // Whoever writes in the same turn of the event loop comes along.
    await Promise.resolve();
    while (this.jobs.length > 0) await this.writeSome(this.jobs.splice(0, jobsPerTransaction));
    this.writing = null;
    end();
    if (this.nextExpiry !== Infinity) this.sweepAt(this.nextExpiry);
  }

  private async writeSome(jobs: readonly Job[]): Promise<void> {
    try {
      const answers = jobs.map(({ run }) => run());
      await this.commit();
      jobs.forEach(({ resolve }, index) => resolve(answers[index]));
    } catch (thrown) {
      this.changes.clear();
      this.expiryChanges.clear();
      this.attempt = null;
      const error = this.explained('write', thrown);
      for (const { reject } of jobs) reject(error);
    }
  }

  /** Writes all changes in one transaction, in the library's own thread, and waits until they are on the disk. */
  private async commit(): Promise<void> {
    const { changes, expiryChanges, attempt, isMarked } = this;
    if (changes.size === 0 && expiryChanges.size === 0 && attempt === null && isMarked) return;
    let size = attempt ?? 0;
    // Each failing commit rejects several promises; one that nobody looks at would end the process.
    const parts = new Set<Promise<boolean>>();
    const batch = this.root.batch(() => {
      for (const [key, bytes] of changes) {
        size += bytes?.length ?? 0;
        parts.add(bytes === null ? this.entries.remove(Buffer.from(key)) : this.entries.put(Buffer.from(key), bytes));
      }
      for (const [key, isAdded] of expiryChanges) {
        const bytes = Buffer.from(key, 'latin1');
        parts.add(isAdded ? this.expiries.put(bytes, nothing) : this.expiries.remove(bytes));
      }
      if (!isMarked) parts.add(this.root.put(formatKey, Buffer.from([format])));
      if (attempt !== null) parts.add(attempt === 0 ? this.root.remove(attemptKey) : this.root.put(attemptKey, Buffer.alloc(attempt)));
    });
    changes.clear();
    expiryChanges.clear();
    this.attempt = null;
    try {
      await Promise.all(parts.add(batch));
      this.isMarked = true;
    } catch (thrown) {
      // What went wrong comes a moment after the fact that something did.
      const { commitError } = thrown as { commitError?: Promise<never> };
      let error = thrown;
      await Promise.race([commitError, new Promise<void>((resolve) => this.clock.yield(resolve))]).catch((cause: unknown) => (error = cause));
      this.trouble.failed(reason(error as Error, this.folder), size);
      throw error;
    }
    this.root.resetReadTxn();
  }

  private sweepAt(due: number): void {
    if (this.isClosed || (this.sweep !== null && this.sweep.due <= due)) return;
    this.sweep?.timer.cancel();
    const wait = Math.max(shortestSweepMillis, due - this.clock.now());
    this.sweep = { due: this.clock.now() + wait, timer: this.clock.schedule(wait, () => this.sweepSome()) };
  }

  /** Removes what has expired, so many at a time, and lets others have their turn in between. */
  private sweepSome(): void {
    this.sweep = null;
    const now = this.clock.now();
    const sweeping = this.enqueue([], () => {
      let count = 0;
      for (const due of this.expiries.getKeys({ limit: entriesPerStep })) {
        const expires = due.readDoubleBE(0);
        if (expires > now) break;
        count++;
        this.expiryChanges.set(due.toString('latin1'), false);
        const key = due.toString('utf8', 8);
        // The entry may have been written again since, with another time.
        if (!this.changes.has(key) && this.entries.get(Buffer.from(key))?.readDoubleBE(0) === expires) this.changes.set(key, null);
      }
      return count === entriesPerStep;
    });
    sweeping.then(
      (hasMore) => {
        if (this.isClosed) return;
        if (hasMore) this.clock.yield(() => this.sweepSome());
        else this.sweepNext();
      },
      () => this.sweepAt(now + 60 * shortestSweepMillis),
    );
  }

  private sweepNext(): void {
    this.nextExpiry = Infinity;
    for (const key of this.expiries.getKeys({ limit: 1 })) this.nextExpiry = key.readDoubleBE(0);
    if (this.nextExpiry !== Infinity) this.sweepAt(this.nextExpiry);
  }
}

const nothing = Buffer.alloc(0);

/** A copy with room for the head: whoever gave the bytes may go on writing into them. */
function withHead(value: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + value.length);
  value.copy(bytes, headBytes);
  return bytes;
}

function expiryKey(expires: number, key: string): string {
  const time = Buffer.allocUnsafe(8);
  time.writeDoubleBE(expires, 0);
  return Buffer.concat([time, Buffer.from(key)]).toString('latin1');
}

const reasons: readonly (readonly [RegExp, string])[] = [
  [/ENOSPC|No space left/i, 'the disk is full'],
  [/EDQUOT|Disk quota/i, 'the disk quota is used up'],
  [/EFBIG|File too large/i, 'the file would be larger than the system allows'],
  [/MDB_MAP_FULL/i, 'it has grown to the largest size possible here'],
  [/EACCES|EPERM|EROFS|Permission denied|Read-only/i, 'the folder can not be written to'],
  [/MDB_CORRUPTED|MDB_PAGE_NOTFOUND|MDB_BAD_TXN|MDB_PANIC/i, 'the file is damaged: restore it from a backup, or move it away to start with empty state'],
  [/MDB_INVALID|MDB_VERSION_MISMATCH|not an LMDB/i, 'data.mdb is no database of this kind: restore it from a backup, or move it away to start with empty state'],
];

function reason({ message: whole }: Error, folder: string): string {
  // Behind that stand numbers of pages and buffers.
  const message = whole.replace(/: Attempting to write page at position.*/s, '');
  const known = reasons.find(([pattern]) => pattern.test(message));
  if (known !== undefined) return `${known[1]} (${message})`;
  // LMDB reports a page that was written only in part as an input/output error.
  if (/Input\/output/.test(message)) return `${isFull(folder) ? 'the disk is full' : 'the disk is full, failing, or files may not grow as large'} (${message})`;
  return message;
}

/** With less room than this a write may fail for it. */
const tightBytes = 1024 * 1024;

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < tightBytes;
  } catch {
    return false;
  }
}

/** Where LMDB's first meta page says how large its pages are, where its trees begin and how many pages the file must have; the second page is its twin, of the commit before or after. */
const meta = { bytes: 160, magic: 24, pageSize: 48, freeRoot: 88, mainRoot: 136, lastPage: 144, transaction: 152, magicValue: 0xbeefc0de } as const;

/** More than the engine asks for. */
const lockBytes = 16 * 1024;

const leastPages = 2;
const leastPageSize = 4096;

/** Stands beside a file that its first opening has not written yet. */
const beginning = 'beginning';

/** So many pages are looked at even where the last process ended well: half a millisecond, and all of a small store. What was put there from a backup may be torn. */
const pagesOfAnyStart = 50;

/**
 * A file that was cut off, or has a page that is none, would take the process down when that is read: better to see it before.
 * @param isUnclean the last process that had it did not let go of it: every page that is in use is looked at
 * @throws NewerStoreError for what only a later version can read
 */
function checkFile(folder: string, isUnclean: boolean): void {
  const path = join(folder, 'data.mdb');
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size === 0) {
      // Made by the first opening, which writes its head at once.
      if (isUnclean || existsSync(join(folder, 'lock.mdb'))) throw new Error('MDB_CORRUPTED: data.mdb is empty, and the files beside it say that it was in use');
      return;
    }
    const head = Buffer.alloc(meta.bytes);
    if (readSync(file, head, 0, head.length, 0) < head.length || head.readUInt32LE(meta.magic) !== meta.magicValue) throw new Error('MDB_INVALID: it does not begin as one');
    const pageSize = head.readUInt32LE(meta.pageSize);
    if (pageSize < 512 || pageSize > 65_536) throw new Error(`MDB_CORRUPTED: impossible page size ${pageSize}`);
    const second = Buffer.alloc(meta.bytes);
    readSync(file, second, 0, second.length, pageSize);
    if (size >= 2 * pageSize && second.readUInt32LE(meta.magic) !== meta.magicValue) throw new Error('MDB_CORRUPTED: page 1 does not begin as it should');
    const lastPage = Math.max(pageNumber(head, meta.lastPage), pageNumber(second, meta.lastPage));
    const pages = lastPage + 1;
    if (size < pages * pageSize) throw new Error(`MDB_CORRUPTED: ${pages * pageSize} bytes are needed, it has ${size}`);
    const latest = second.readBigUInt64LE(meta.transaction) > head.readBigUInt64LE(meta.transaction) ? second : head;
    const mainRoot = pageNumber(latest, meta.mainRoot);
    const found = valueIn(file, pageSize, pages, mainRoot, formatKey)?.[0] ?? format;
    if (found > format) throw new NewerStoreError(found, format);
    const wrong = damagedPage(file, pageSize, pages, [mainRoot, pageNumber(latest, meta.freeRoot)], isUnclean ? Infinity : pagesOfAnyStart);
    if (wrong !== null) throw new Error(`MDB_CORRUPTED: ${wrong}`);
  } finally {
    closeSync(file);
  }
}

/** A first opening that was killed, or had no room for the head, leaves a file that was never a store: it must not look like damage to the next. */
function forgetBegun(folder: string): void {
  const path = join(folder, 'data.mdb');
  if (!existsSync(join(folder, beginning))) return;
  // The head, twice, is written at once: where it is whole, so is the store.
  if (existsSync(path) && statSync(path).size < leastPages * leastPageSize) {
    rmSync(path, { force: true });
    rmSync(join(folder, 'lock.mdb'), { force: true });
  }
  rmSync(join(folder, beginning), { force: true });
}

const refusal = (folder: string, thrown: unknown): StoreError =>
  thrown instanceof NewerStoreError ? thrown : new StoreError(`can't open the state store in ${folder}: ${reason(thrown as Error, folder)}`, thrown);

/**
 * Takes a folder, which is made when it isn't there, for a store that may be opened later.
 * @throws StoreError when another process has the folder (named), or what lies there is no store
 */
export function reserveLmdb(folder: string, clock: Clock): Reserved {
  const lock = new FolderLock(folder, clock);
  try {
    forgetBegun(folder);
    checkFile(folder, lock.isTakenOver);
  } catch (thrown) {
    lock.release(false);
    throw refusal(folder, thrown);
  }
  return {
    isEmpty: !existsSync(join(folder, 'data.mdb')),
    open: async () => {
      let root: RootDatabase<Buffer, Buffer> | null = null;
      try {
        const { open } = await import('lmdb');
        if (!existsSync(join(folder, 'data.mdb'))) writeFileSync(join(folder, beginning), '');
        // The engine maps this file, and makes it with holes: one that it steps into on a full disk ends the process. Nobody else has the folder.
        writeFileSync(join(folder, 'lock.mdb'), Buffer.alloc(lockBytes));
        root = open<Buffer, Buffer>({ path: folder, noSubdir: false, encoding: 'binary', keyEncoding: 'binary', maxDbs: 4, ...writing });
        const store = new LmdbStore(folder, clock, lock, root);
        rmSync(join(folder, beginning), { force: true });
        return store;
      } catch (thrown) {
        await root?.close().catch(() => {});
        forgetBegun(folder);
        throw refusal(folder, thrown);
      }
    },
    release: () => lock.release(),
  };
}

/**
 * Opens the store in a folder, which is made when it isn't there.
 * @throws StoreError when another process has the folder (named), or the files can't be used
 */
export async function lmdbStore(folder: string, clock: Clock): Promise<StateStore> {
  const reserved = reserveLmdb(folder, clock);
  try {
    return await reserved.open();
  } catch (thrown) {
    reserved.release();
    throw thrown;
  }
}
