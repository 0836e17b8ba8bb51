import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
    clean: () => rm(folder, { recursive: true, force: true }),
  };
}
