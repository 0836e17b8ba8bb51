import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RootDatabase } from 'lmdb';
import { open } from 'lmdb';
import type { VirtualClock } from '../../src/core/clock.ts';
import type { StateStore } from '../../src/core/state/store.ts';
import { readsTypeScript } from '../command.ts';
import type { StoreRig } from '../contract/store.ts';

const writer = fileURLToPath(new URL('./lmdbWriter.ts', import.meta.url));

export const inAnotherProcess = (folder: string, what: string, count = 0, before = ''): Promise<string> =>
  new Promise((resolve) => {
    const command = `${before} exec ${[process.execPath, ...readsTypeScript].map((part) => JSON.stringify(part)).join(' ')} ${JSON.stringify(writer)} ${JSON.stringify(folder)} ${what} ${count}`;
    execFile('sh', ['-c', command], (_, stdout) => resolve(stdout.trim()));
  });

const formatKey = Buffer.from('mecha-format');

/** A store's own number, read and written past it. */
async function rootOf<T>(folder: string, use: (root: RootDatabase<Buffer, Buffer>) => T): Promise<T> {
  const root = open<Buffer, Buffer>({ path: folder, noSubdir: false, encoding: 'binary', keyEncoding: 'binary', maxDbs: 4 });
  try {
    return use(root);
  } finally {
    await root.close();
  }
}

export const formatIn = (folder: string): Promise<number | null> => rootOf(folder, (root) => root.get(formatKey)?.[0] ?? null);

export const setFormat = (folder: string, format: number | null): Promise<unknown> => rootOf(folder, (root) => (format === null ? root.removeSync(formatKey) : root.putSync(formatKey, Buffer.from([format]))));

export const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'mecha-lmdb-'));

/** `open`: how a store is opened in a folder. */
export function lmdbRig(open: (folder: string, clock: VirtualClock) => Promise<StateStore>): StoreRig {
  let folder = '';
  return {
    open: async (clock) => open((folder = await newFolder()), clock),
    // Its own count of entries, whatever they are.
    occupied: async (store) => (store as unknown as { entries: { getKeysCount(): number } }).entries.getKeysCount(),
    reopen: (clock) => open(folder, clock),
    writeAndKill: async (count) => void (await inAnotherProcess(folder, 'write', count)),
    openElsewhere: () => inAnotherProcess(folder, 'open'),
    breakWriting: (store, reason) => {
      const { root } = store as unknown as { root: { batch: unknown } };
      const { batch } = root;
      root.batch = () => Promise.reject(new Error(reason));
      return Promise.resolve(() => void (root.batch = batch));
    },
    clean: () => rm(folder, { recursive: true, force: true }),
  };
}
