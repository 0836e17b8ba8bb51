import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Diagnostic } from '../core/diagnostics.ts';
import { Diagnostics, LoadError, Source } from '../core/diagnostics.ts';
import { Events } from '../core/events.ts';
import { systemClock } from '../core/clock.ts';
import { printDiagnostics } from '../dsl/diagnose.ts';
import type { LogSink } from '../observe/logs.ts';
import { logEvents } from '../observe/logs.ts';
import type { Configuration } from '../runtime/configuration.ts';
import { configurationFiles, readConfiguration } from '../runtime/configuration.ts';
import { readSources, routeFiles } from '../runtime/files.ts';
import type { GivenSources } from '../runtime/mecha.ts';
import { Mecha, openNow, openState } from '../runtime/mecha.ts';
import { watchRoutes } from '../runtime/watch.ts';
import type { Watched } from '../runtime/watch.ts';
import { serveAdmin } from '../sidecar/admin.ts';
import { Crew } from '../sidecar/workers/crew.ts';
import { WorkerSeat } from '../sidecar/workers/worker.ts';
import type { Terminal } from './terminal.ts';
import { hasColour } from './terminal.ts';
import { settingsOf, sinkFor, summary, workerVariable, youngGrowth } from './run.ts';
import { version } from './version.ts';

type Options = Readonly<Record<string, unknown>>;

/** A signal that comes again within this time is the echo of the first one. */
const echoMillis = 200;

const configurationSources = (paths: readonly string[], options: Options, terminal: Terminal) => ({
  folder: terminal.folder,
  paths: paths.length > 0 ? paths : null,
  file: (options['config'] as string | undefined) ?? null,
  environment: terminal.environment,
  properties: options['property'] as Record<string, string>,
  overrides: settingsOf(options),
});

const printer =
  (terminal: Terminal) =>
  (problems: readonly Diagnostic[]): string =>
    problems.length === 0 ? '' : `${printDiagnostics(problems, { color: hasColour(terminal.err, terminal.environment) })}\n`;

/** `mecha run --workers N`: this process starts the others, and has what must be single. */
export async function runWorkers(paths: readonly string[], options: Options, terminal: Terminal): Promise<number> {
  const clock = systemClock;
  const print = printer(terminal);
  if (options['dev'] === true) {
    terminal.err.write('error: --dev shows what one process does\nhelp: leave --workers away while you develop\n');
    return 2;
  }
  const started = performance.now();
  const readSettings = (problems: Diagnostics): Configuration => readConfiguration(configurationSources(paths, options, terminal), problems);
  const read = (problems: Diagnostics, routes?: string): GivenSources => {
    const of = readSettings(problems);
    const named = paths.length > 0 ? paths : ((of.get('routes') as readonly string[] | undefined) ?? []);
    const sources = routes === undefined ? readSources(routeFiles(named, terminal.folder, problems), terminal.folder, problems, of.get('routeFiles.maxBytes') as number, named) : [new Source('routes', routes)];
    const configuration: Record<string, string> = {};
    for (const path of of.files) if (existsSync(path)) configuration[path] = readFileSync(path, 'utf8');
    return { sources: sources.map(({ file, text }) => ({ file, text })), configuration };
  };
  const problems = new Diagnostics();
  const configuration = readSettings(problems);
  const given = problems.hasErrors ? null : read(problems);
  if (given === null || problems.hasErrors) {
    terminal.err.write(print(problems.sorted()));
    return 2;
  }
  const sink = await sinkFor(configuration.get('log.format') as string | undefined, terminal);
  const log = (level: 'info' | 'warn' | 'error', message: string): void => sink({ time: clock.now(), level, logger: 'mecha.workers', message });
  let store;
  try {
    store = await openState(configuration, terminal.folder, clock);
  } catch (thrown) {
    if (!(thrown instanceof LoadError)) throw thrown;
    terminal.err.write(print(thrown.diagnostics));
    return 2;
  }
  const reloaded = new Set<() => void>();
  const count = Number(options['workers']);
  const crew = new Crew(
    {
      count,
      clock,
      store,
      configuration,
      folder: terminal.folder,
      program: { version, pid: terminal.pid ?? 0 },
      environment: { [workerVariable]: '1' },
      read,
      print,
      newDiagnostics: () => new Diagnostics(),
      log,
    },
    given,
  );
  let early: string | null = null;
  let stop = (signal: string): void => void (early ??= signal);
  let reload = (_reason: string): Promise<void> => Promise.resolve();
  const offs = [terminal.onSignal('SIGTERM', () => stop('SIGTERM')), terminal.onSignal('SIGINT', () => stop('SIGINT')), terminal.onSignal('SIGHUP', () => void reload('SIGHUP'))];
  const giveUp = async (message: string): Promise<number> => {
    for (const off of offs) off();
    crew.kill();
    await store.close();
    terminal.err.write(message);
    return 2;
  };
  const problem = await crew.start();
  if (problem !== null) return giveUp(problem.endsWith('\n') ? problem : `error: ${problem}\n`);
  try {
    // Whether it can be written is known from now on.
    await openNow(store, configuration, terminal.folder);
  } catch (thrown) {
    if (!(thrown instanceof LoadError)) throw thrown;
    return giveUp(print(thrown.diagnostics));
  }
  let closeAdmin: () => Promise<void>;
  try {
    closeAdmin = await serveAdmin(crew);
  } catch (thrown) {
    return giveUp(`error: the admin API can't be served: ${(thrown as Error).message}\n`);
  }
  const { port } = await crew.info();
  terminal.out.write(summary({ routes: (await crew.snapshot()).routes, configuration, port, isDev: false, workers: count }, performance.now() - started, terminal));
  reload = async (reason) => {
    const { printed } = await crew.reload(reason);
    if (printed !== '') terminal.err.write(printed);
    for (const tell of reloaded) tell();
  };
  const watched: Watched = {
    paths: paths.length > 0 ? paths : ((configuration.get('routes') as readonly string[] | undefined) ?? []),
    folder: terminal.folder,
    clock,
    configurationFiles: [...new Set([...configurationFiles(terminal.folder, options['config'] as string | undefined, configuration.profile, paths), ...configuration.files])],
    get isStale() {
      return crew.isStale;
    },
    runtime: {
      get modulePaths() {
        return crew.modulePaths;
      },
      log: (level, _logger, message) => log(level, message),
    },
    on: (_event, listener) => {
      reloaded.add(listener);
      return () => void reloaded.delete(listener);
    },
  };
  const unwatch = configuration.get('watch') === true ? await watchRoutes(watched, () => void reload('file changed')) : null;
  return new Promise((done) => {
    let stoppedAt: number | null = null;
    stop = (signal) => {
      const now = clock.now();
      if (stoppedAt !== null) {
        if (now - stoppedAt < echoMillis) return;
        terminal.err.write('stopped at once: what was in flight is not acknowledged\n');
        crew.kill();
        terminal.exit(130);
        return;
      }
      stoppedAt = now;
      void (async () => {
        await unwatch?.();
        log('info', `${signal}: stopping ${count} workers`);
        const isDrained = await crew.stop();
        await closeAdmin();
        await store.close();
        log('info', isDrained ? 'stopped' : 'stopped; what did not finish in time was not acknowledged');
        for (const off of offs) off();
        done(isDrained ? 0 : 1);
      })();
    };
    if (early !== null) stop(early);
  });
}

/** One of the processes that `runWorkers` starts. */
export async function runWorker(paths: readonly string[], options: Options, terminal: Terminal): Promise<number> {
  // A terminal sends its signals to the whole group; when to stop is the primary's to say.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) terminal.onSignal(signal, () => undefined);
  const print = printer(terminal);
  const seat = await WorkerSeat.take(print, { version, pid: terminal.pid ?? 0 });
  const events = new Events();
  const pending: Parameters<LogSink>[0][] = [];
  let sink: LogSink = (line) => void pending.push(line);
  // What concerns all of them the primary says.
  logEvents(events, () => systemClock.now(), (line) => sink(line), { reloads: false });
  youngGrowth(1);
  let mecha: Mecha;
  try {
    mecha = await Mecha.start({
      ...(paths.length === 0 ? {} : { routes: paths }),
      folder: resolve(terminal.folder),
      environment: terminal.environment,
      properties: options['property'] as Record<string, string>,
      settings: settingsOf(options),
      events,
      store: seat.store,
      seat,
      ...(options['config'] === undefined ? {} : { configuration: String(options['config']) }),
    });
  } catch (thrown) {
    if (!(thrown instanceof LoadError)) throw thrown;
    await seat.failed(print(thrown.diagnostics));
    return 2;
  } finally {
    youngGrowth(2);
  }
  const takeLevel = (): void => void (events.logThreshold = mecha.configuration.get('log.level') as 'info');
  takeLevel();
  mecha.on('reloaded', takeLevel);
  sink = await sinkFor(mecha.configuration.get('log.format') as string | undefined, terminal);
  for (const line of pending) sink(line);
  await seat.started(mecha);
  return (await seat.stopped) ? 0 : 1;
}
