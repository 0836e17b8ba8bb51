import { resolve } from 'node:path';
import { systemClock } from '../core/clock.ts';
import type { TestReport } from '../testing/index.ts';
import type { Terminal } from './terminal.ts';

/** Runs the tests again whenever a test file, its routes or a module beside them changes; until a signal comes. */
export async function watchTests(first: TestReport, paths: readonly string[], terminal: Terminal, run: () => Promise<TestReport>): Promise<number> {
  const { watch } = await import('chokidar');
  const watched = (report: TestReport): string[] => [...(paths.length === 0 ? ['.'] : paths), ...report.files.flatMap(({ file, routes }) => [file, ...routes])].map((path) => resolve(terminal.folder, path));
  const watcher = watch(watched(first), { ignoreInitial: true, ignored: (path) => /(^|[/\\])(node_modules|\.[^/\\.][^/\\]*)([/\\]|$)/.test(path) || /\.snapshots\.json$/.test(path) });
  let timer: { cancel(): void } | null = null;
  let running: Promise<unknown> = Promise.resolve();
  const again = (): void => {
    timer?.cancel();
    timer = systemClock.schedule(50, () => {
      running = running.then(async () => {
        terminal.out.write('\n');
        watcher.add(watched(await run()));
        terminal.out.write('watching; Ctrl-C ends it\n');
      });
    });
  };
  watcher.on('all', again);
  await new Promise<void>((ready) => watcher.once('ready', () => ready()));
  terminal.out.write('watching; Ctrl-C ends it\n');
  return new Promise((done) => {
    const offs: (() => void)[] = [];
    const stop = (): void => {
      for (const off of offs) off();
      timer?.cancel();
      void running.then(() => watcher.close()).then(() => done(0));
    };
    offs.push(terminal.onSignal('SIGINT', stop), terminal.onSignal('SIGTERM', stop));
  });
}
