import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectorContext } from '../../core/connector.ts';
import { OptionError } from '../../core/optionError.ts';
import type { IdempotentRepository } from '../../core/state/repositories.ts';
import type { FoundFile } from './found-file.ts';
import { codeOf } from './move.ts';

/** How a file is kept from others while its message is under way. */
export interface ReadLock {
  /** Whether acquiring may take a while, so that several are begun at once. */
  readonly isSlow: boolean;
  /** True: the file is ours. May update the file's stats. */
  acquire(file: FoundFile, isStopped: () => boolean): Promise<boolean>;
  /** Once for every file that was acquired. */
  release(file: FoundFile, isDone: boolean): Promise<void>;
}

export interface LockOptions {
  readonly readLock: string;
  readonly readLockCheckInterval: number;
  readonly readLockTimeout: number;
  readonly readLockMinLength: number;
  readonly readLockMinAge: number;
  readonly readLockMarkerFile: boolean;
  readonly readLockLoggingLevel: string;
  readonly readLockRemoveOnCommit: boolean;
  readonly readLockRemoveOnRollback: boolean;
  readonly readLockIdempotentReleaseDelay: number;
}

const markerSuffix = '.camelLock';
const renameSuffix = '.camelExclusiveReadLock';

/** Files that are part of a lock are never consumed. */
export const lockSuffixes: readonly string[] = [markerSuffix, renameSuffix];

/** A file beside the file, as Camel writes it: other processes that look for it stay away. */
class MarkerLock implements ReadLock {
  readonly isSlow = false;
  private readonly owned = new Map<FoundFile, string>();

  async acquire(file: FoundFile): Promise<boolean> {
    const marker = `${file.foundPath}${markerSuffix}`;
    try {
      const handle = await open(marker, 'wx');
      await handle.close();
    } catch (thrown) {
      if (codeOf(thrown) === 'EEXIST') return false;
      throw thrown;
    }
    this.owned.set(file, marker);
    return true;
  }

  async release(file: FoundFile): Promise<void> {
    const marker = this.owned.get(file);
    if (marker === undefined) return;
    this.owned.delete(file);
    await rm(marker, { force: true });
  }
}

/** The file is ready when neither its length nor its time has changed between two looks. */
class ChangedLock implements ReadLock {
  readonly isSlow = true;
  private readonly options: LockOptions;
  private readonly context: ConnectorContext;

  constructor(options: LockOptions, context: ConnectorContext) {
    this.options = options;
    this.context = context;
  }

  async acquire(file: FoundFile, isStopped: () => boolean): Promise<boolean> {
    const { readLockCheckInterval, readLockTimeout, readLockMinLength, readLockMinAge } = this.options;
    const { clock } = this.context;
    const start = clock.now();
    let length = -1;
    let changed = -1;
    while (!isStopped()) {
      const stats = await stat(file.path).catch(() => null);
      if (stats === null) return false;
      const isLong = stats.size >= readLockMinLength;
      // A server whose clock is ahead gives its files times that are still to come.
      const isOld = readLockMinAge === 0 || clock.now() - stats.mtimeMs >= readLockMinAge;
      // Old enough, and not written since we came: no need to wait.
      const isSettled = readLockMinAge > 0 && stats.mtimeMs < start - readLockMinAge;
      if (isLong && isOld && (isSettled || (stats.size === length && stats.mtimeMs === changed))) {
        file.stats = stats;
        return true;
      }
      length = stats.size;
      changed = stats.mtimeMs;
      if (readLockTimeout > 0 && clock.now() - start + readLockCheckInterval > readLockTimeout) return false;
      await pause(this.context, readLockCheckInterval);
    }
    return false;
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}

/** The file is ready when it can be renamed (some systems refuse that for a file which somebody writes). */
class RenameLock implements ReadLock {
  readonly isSlow = true;
  private readonly options: LockOptions;
  private readonly context: ConnectorContext;

  constructor(options: LockOptions, context: ConnectorContext) {
    this.options = options;
    this.context = context;
  }

  async acquire(file: FoundFile, isStopped: () => boolean): Promise<boolean> {
    const { readLockCheckInterval, readLockTimeout } = this.options;
    const start = this.context.clock.now();
    const aside = `${file.path}${renameSuffix}`;
    while (!isStopped()) {
      try {
        await rename(file.path, aside);
        await rename(aside, file.path);
        return true;
      } catch (thrown) {
        if (codeOf(thrown) === 'ENOENT') return false;
      }
      if (readLockTimeout > 0 && this.context.clock.now() - start + readLockCheckInterval > readLockTimeout) return false;
      await pause(this.context, readLockCheckInterval);
    }
    return false;
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}

/** A key in a repository that several processes share. */
class IdempotentLock implements ReadLock {
  readonly isSlow = false;
  private readonly options: LockOptions;
  private readonly repository: IdempotentRepository;
  private readonly context: ConnectorContext;
  private readonly keyOf: (file: FoundFile) => string;
  private readonly keys = new Map<FoundFile, string>();

  constructor(options: LockOptions, repository: IdempotentRepository, keyOf: (file: FoundFile) => string, context: ConnectorContext) {
    this.options = options;
    this.repository = repository;
    this.keyOf = keyOf;
    this.context = context;
  }

  async acquire(file: FoundFile): Promise<boolean> {
    const key = this.keyOf(file);
    if (!(await this.repository.add(key))) return false;
    this.keys.set(file, key);
    return true;
  }

  async release(file: FoundFile, isDone: boolean): Promise<void> {
    const key = this.keys.get(file);
    if (key === undefined) return;
    this.keys.delete(file);
    const { readLockRemoveOnCommit, readLockRemoveOnRollback, readLockIdempotentReleaseDelay } = this.options;
    const isRemoved = isDone ? readLockRemoveOnCommit : readLockRemoveOnRollback;
    if (!isRemoved) {
      await this.repository.confirm(key);
      return;
    }
    if (readLockIdempotentReleaseDelay > 0) await pause(this.context, readLockIdempotentReleaseDelay);
    await this.repository.remove(key);
  }
}

/** Several locks, taken in order and given back in the opposite order. */
class LockChain implements ReadLock {
  readonly isSlow: boolean;
  private readonly locks: readonly ReadLock[];

  constructor(locks: readonly ReadLock[]) {
    this.locks = locks;
    this.isSlow = locks.some((lock) => lock.isSlow);
  }

  async acquire(file: FoundFile, isStopped: () => boolean): Promise<boolean> {
    for (let i = 0; i < this.locks.length; i++) {
      let isOurs = false;
      try {
        isOurs = await this.locks[i]!.acquire(file, isStopped);
      } finally {
        if (!isOurs) await this.giveBack(file, false, i);
      }
      if (!isOurs) return false;
    }
    return true;
  }

  release(file: FoundFile, isDone: boolean): Promise<void> {
    return this.giveBack(file, isDone, this.locks.length);
  }

  private async giveBack(file: FoundFile, isDone: boolean, count: number): Promise<void> {
    for (let i = count - 1; i >= 0; i--) await this.locks[i]!.release(file, isDone);
  }
}

const pause = (context: ConnectorContext, millis: number): Promise<void> => new Promise((resolve) => void context.clock.schedule(millis, resolve));

/**
 * The lock that the options ask for; null for none.
 * @throws Error when they don't fit together
 */
export function readLockOf(options: LockOptions, repository: IdempotentRepository | null, keyOf: (file: FoundFile) => string, context: ConnectorContext): ReadLock | null {
  const { readLock, readLockCheckInterval, readLockTimeout, readLockMarkerFile } = options;
  if (readLock === 'none') return null;
  if (readLockTimeout > 0 && readLockTimeout <= readLockCheckInterval) {
    throw new OptionError(['readLockTimeout', 'readLockCheckInterval'], `\`readLockTimeout\` (${readLockTimeout} ms) must be more than \`readLockCheckInterval\` (${readLockCheckInterval} ms)`);
  }
  if (readLock.startsWith('idempotent') && repository === null) throw new OptionError('readLock', `\`readLock=${readLock}\` needs a repository`, 'name a bean in `idempotentRepository`');
  if (readLock === 'fileLock') context.log('warn', 'readLock=fileLock: Node has no file locks, so the file counts as ready when it no longer changes (as with readLock=changed)');
  const marker = readLockMarkerFile ? [new MarkerLock()] : [];
  switch (readLock) {
    case 'markerFile':
      return new MarkerLock();
    case 'changed':
      return new LockChain([...marker, new ChangedLock(options, context)]);
    case 'fileLock':
      return new LockChain([...marker, new ChangedLock({ ...options, readLockMinLength: 0, readLockMinAge: 0 }, context)]);
    case 'rename':
      return new LockChain([...marker, new RenameLock(options, context)]);
    case 'idempotent':
      return new IdempotentLock(options, repository!, keyOf, context);
    case 'idempotent-changed':
      return new LockChain([new IdempotentLock(options, repository!, keyOf, context), new ChangedLock(options, context)]);
    default:
      return new LockChain([new IdempotentLock(options, repository!, keyOf, context), new RenameLock(options, context)]);
  }
}

/** Removes marker files that a crash has left in a folder. */
export async function removeOrphanedMarkers(folder: string, isRecursive: boolean): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (isRecursive) await removeOrphanedMarkers(path, true);
    } else if (entry.name.endsWith(markerSuffix)) await rm(path, { force: true });
    else if (entry.name.endsWith(renameSuffix)) await rename(path, path.slice(0, -renameSuffix.length));
  }
}

/** A name that nobody else has: for files that are being written. */
export const uniqueSuffix = (): string => randomBytes(6).toString('hex');
