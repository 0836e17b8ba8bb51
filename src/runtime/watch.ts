import type { FSWatcher, Stats } from 'node:fs';
import { statSync, watch as watchFolder } from 'node:fs';
import type { FSWatcher as ChokidarWatcher } from 'chokidar';
import { basename, dirname, sep } from 'node:path';
import { Diagnostics } from '../core/diagnostics.ts';
import { routeFiles, watchedPaths } from './files.ts';
import type { Clock } from '../core/clock.ts';

/** What is watched: a Mecha, or the processes that are one. */
export interface Watched {
  readonly paths: readonly string[] | null;
  readonly folder: string;
  readonly clock: Clock;
  readonly configurationFiles: readonly string[];
  /** Whether files are not any more what they were when they were read. */
  readonly isStale: boolean;
  readonly runtime: { readonly modulePaths: readonly string[]; log(level: 'warn', logger: string, message: string): void };
  on(event: 'reloaded', listener: () => void): () => void;
}

/** Waits this long for more changes before it tells: editors write in several steps. */
const settleMillis = 15;
/** It tells after this time though changes go on. */
const longestSettleMillis = 100;
/** So often files are looked at, whatever the system tells of them. */
const lookMillis = 2000;

/**
 * Watches the files and folders of a running Mecha, the modules that its routes name, its configuration, and the links that a mounted ConfigMap
 * swaps; tells of what changed since they were read, too. What the system does not tell of these files and their folders is found within two
 * seconds. Gives what ends it.
 */
export async function watchRoutes(mecha: Watched, changed: () => void): Promise<() => Promise<void>> {
  const { watch } = await import('chokidar');
  const roots = watchedPaths(mecha.paths ?? [], mecha.folder);
  for (const path of mecha.runtime.modulePaths) roots.push(path);
  const ignored = (path: string, stats?: Stats): boolean => {
    if (roots.includes(path)) return false;
    const root = roots.find((candidate) => path.startsWith(candidate + sep));
    const below = root === undefined ? path : path.slice(root.length);
    // A ConfigMap's own folders begin with two dots; ours for state, and those of editors, with one.
    if (/[\\/](node_modules|\.(?!\.)[^\\/]*)([\\/]|$)/.test(below)) return true;
    return stats?.isFile() === true && !/\.ya?ml$/i.test(path);
  };
  let timer: { cancel(): void } | null = null;
  let since = 0;
  const look = (): void => {
    timer = null;
    if (mecha.isStale) changed();
  };
  const noticed = (): void => {
    const now = mecha.clock.now();
    if (timer === null) since = now;
    timer?.cancel();
    timer = mecha.clock.schedule(Math.max(0, Math.min(settleMillis, since + longestSettleMillis - now)), look);
  };
  /** Whether the system has told of something since files were last looked at. */
  let isTold = false;
  const told = (): void => {
    isTold = true;
    noticed();
  };
  const open = async (): Promise<ChokidarWatcher> => {
    const watcher = watch(roots, { ignoreInitial: true, ignored, followSymlinks: true });
    watcher.on('all', told);
    // It keeps a second change within 50 ms to itself; what the system tells it of does not.
    watcher.on('raw', (_event, path) => {
      if (/\.ya?ml$/i.test(path) || path.startsWith('..') || roots.some((root) => root.endsWith(path))) told();
    });
    // A watcher that fails (too many files) must not take the runtime down; reload by signal or API still works.
    watcher.on('error', (thrown) => mecha.runtime.log('warn', 'mecha.watch', `files are not watched: ${String(thrown)}`));
    await new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
    return watcher;
  };
  let watcher = await open();
  const folders = configurationFolders(mecha, noticed);
  /** Where files are looked at, whatever the system tells of them: what is read, and the folders that it stands in. */
  let places = placesOf(mecha, roots);
  const stamps = new Map<string, string>();
  const hasChanged = (): boolean => {
    let hasOther = false;
    for (const place of places) {
      const [before, now] = [stamps.get(place), stampOf(place)];
      stamps.set(place, now);
      if (before !== undefined && before !== now) hasOther = true;
    }
    return hasOther;
  };
  hasChanged();
  const off = mecha.on('reloaded', () => {
    for (const path of [...watchedPaths(mecha.paths ?? [], mecha.folder), ...mecha.runtime.modulePaths]) {
      if (roots.includes(path)) continue;
      roots.push(path);
      watcher.add(path);
    }
    places = placesOf(mecha, roots);
  });
  let isEnded = false;
  let nextLook: { cancel(): void } | null = null;
  /** A folder that was moved away and came back has no watch any more, and some file systems tell of nothing. */
  const lookAtFiles = async (): Promise<void> => {
    if (hasChanged()) {
      if (!isTold) {
        await watcher.close();
        watcher = await open();
        if (isEnded) return watcher.close();
      }
      noticed();
    }
    isTold = false;
    lookLater();
  };
  const lookLater = (): void => {
    if (!isEnded) nextLook = mecha.clock.schedule(lookMillis, () => void lookAtFiles());
  };
  lookLater();
  look();
  return async () => {
    isEnded = true;
    off();
    timer?.cancel();
    nextLook?.cancel();
    for (const folder of folders) folder.close();
    await watcher.close();
  };
}

/** Files that are read, the folders in which they stand, and what is watched. */
function placesOf(mecha: Watched, roots: readonly string[]): ReadonlySet<string> {
  const files: string[] = [];
  try {
    files.push(...routeFiles(mecha.paths ?? [], mecha.folder, new Diagnostics()));
  } catch {
    // A folder that is just being taken away, or that must not be read.
  }
  return new Set([...roots, ...files, ...files.map((file) => dirname(file))]);
}

/** What shows that a file, or a folder, is another one or has been written. */
function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
}

/** The configuration may come to be where there is none yet: its folder is watched, without what is below it. */
function configurationFolders(mecha: Watched, noticed: () => void): FSWatcher[] {
  const files = mecha.configurationFiles;
  const names = new Set(files.map((path) => basename(path)));
  return [...new Set(files.map((path) => dirname(path)))].flatMap((folder) => {
    try {
      const watcher = watchFolder(folder, (_event, name) => {
        if (name === null || names.has(name) || name.startsWith('..')) noticed();
      });
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch (thrown) {
      mecha.runtime.log('warn', 'mecha.watch', `the configuration is not watched: ${(thrown as Error).message}`);
      return [];
    }
  });
}
