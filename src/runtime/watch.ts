import { watchedPaths } from './files.ts';
import type { Mecha } from './mecha.ts';

/** Waits this long for more changes before it tells: editors write in several steps. */
const settleMillis = 15;

/** Watches the files and folders of a running Mecha (and the links that a mounted ConfigMap swaps). Gives what ends it. */
export async function watchRoutes(mecha: Mecha, changed: () => void): Promise<() => Promise<void>> {
  const { watch } = await import('chokidar');
  const paths = watchedPaths(mecha.paths ?? [], mecha.folder);
  const watcher = watch(paths, { ignoreInitial: true, ignored: (path) => /(^|[\\/])node_modules([\\/]|$)/.test(path), followSymlinks: true });
  let timer: { cancel(): void } | null = null;
  watcher.on('all', () => {
    timer?.cancel();
    timer = mecha.clock.schedule(settleMillis, () => {
      timer = null;
      changed();
    });
  });
  // A watcher that fails (too many files) must not take the runtime down; reload by signal or API still works.
  watcher.on('error', (thrown) => mecha.runtime.log('warn', 'mecha.watch', `files are not watched: ${String(thrown)}`));
  await new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
  return async () => {
    timer?.cancel();
    await watcher.close();
  };
}
