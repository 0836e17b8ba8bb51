import { setFlagsFromString } from 'node:v8';
import type { Diagnostic } from '../core/diagnostics.ts';
import { LoadError } from '../core/diagnostics.ts';
import { printDiagnostics } from '../dsl/diagnose.ts';
import { logEvents, textLine } from '../observe/logs.ts';
import type { LogSink } from '../observe/logs.ts';
import type { RouteSnapshot } from '../observe/snapshot.ts';
import type { Configuration } from '../runtime/configuration.ts';
import { Mecha } from '../runtime/mecha.ts';
import { watchRoutes } from '../runtime/watch.ts';
import { Events } from '../core/events.ts';
import { openAdmin } from '../sidecar/admin.ts';
import type { Terminal } from './terminal.ts';
import { devKeys } from './devKeys.ts';
import { hasColour } from './terminal.ts';
import { kameletsGiven } from './checked.ts';
import { version } from './version.ts';
import { systemClock } from '../core/clock.ts';

/** Lines for people on a terminal, JSON for machines. */
export async function sinkFor(format: string | undefined, terminal: Terminal): Promise<LogSink> {
  const isText = format === 'text' || (format === undefined && terminal.out.isTTY === true);
  if (isText) {
    const colour = hasColour(terminal.out, terminal.environment);
    return (line) => void terminal.out.write(textLine(line, colour));
  }
  const { pino } = await import('pino');
  const logger = pino({ base: null, timestamp: false, level: 'trace' }, terminal.out as never);
  return ({ time, level, logger: name, message, more, ...ids }) => logger[level]({ time, logger: name, ...ids, ...more }, message);
}

/**
 * By how much V8 lets its young generation grow when it is full. What loading routes allocates is kept, or gone at once: a large young generation takes no
 * less time for it and stays resident (1,000 routes: 165 MB, with a small one 143). Messages are what a large one is for.
 */
export const youngGrowth = (factor: 1 | 2): void => setFlagsFromString(`--semi-space-growth-factor=${factor}`);

/** Settings that the command line says. */
export function settingsOf(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  if (options['port'] !== undefined) settings['http.port'] = options['port'];
  if (options['logLevel'] !== undefined) settings['log.level'] = options['logLevel'];
  if (options['logFormat'] !== undefined) settings['log.format'] = options['logFormat'];
  if (options['json'] === true) settings['log.format'] = 'json';
  const kamelets = kameletsGiven(options);
  if (kamelets !== null) settings['kamelets'] = kamelets;
  if (options['watch'] === false) settings['watch'] = false;
  return settings;
}

/** Set where the process is one of several workers. */
export const workerVariable = 'MECHA_WORKER';

export async function run(paths: readonly string[], options: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<number> {
  if (terminal.environment[workerVariable] !== undefined) return (await import('./workers.ts')).runWorker(paths, options, terminal);
  if (Number(options['workers'] ?? 1) > 1) return (await import('./workers.ts')).runWorkers(paths, options, terminal);
  const events = new Events();
  const settings = settingsOf(options);
  const colour = hasColour(terminal.err, terminal.environment);
  const started = performance.now();
  let mecha: Mecha;
  const pending: Parameters<LogSink>[0][] = [];
  let sink: LogSink = (line) => void pending.push(line);
  logEvents(events, () => systemClock.now(), (line) => sink(line));
  // A signal that comes while the routes start is kept until they have.
  let early: string | null = null;
  let stop = (signal: string): void => void (early ??= signal);
  let reload = (_reason: string): Promise<void> => Promise.resolve();
  const offs = [terminal.onSignal('SIGTERM', () => stop('SIGTERM')), terminal.onSignal('SIGINT', () => stop('SIGINT')), terminal.onSignal('SIGHUP', () => void reload('SIGHUP'))];
  youngGrowth(1);
  try {
    mecha = await Mecha.start({
      ...(paths.length === 0 ? {} : { routes: paths }),
      folder: terminal.folder,
      environment: terminal.environment,
      properties: options['property'] as Record<string, string>,
      settings,
      events,
      ...(options['config'] === undefined ? {} : { configuration: String(options['config']) }),
    });
  } catch (thrown) {
    for (const off of offs) off();
    if (!(thrown instanceof LoadError)) throw thrown;
    terminal.err.write(`${printDiagnostics(thrown.diagnostics, { color: colour })}\n`);
    return 2;
  } finally {
    youngGrowth(2);
  }
  const startMillis = performance.now() - started;
  // Who waits at the door is served before the rest is loaded.
  await new Promise<void>((resolve) => systemClock.schedule(10, resolve));
  const takeLevel = (): void => {
    const { configuration } = mecha;
    events.logThreshold = options['dev'] === true && !configuration.settings.has('log.level') ? 'debug' : (configuration.get('log.level') as 'info');
  };
  takeLevel();
  mecha.on('reloaded', takeLevel);
  sink = await sinkFor(mecha.configuration.get('log.format') as string | undefined, terminal);
  for (const line of pending) sink(line);
  let closeAdmin: () => Promise<void>;
  try {
    closeAdmin = await openAdmin(mecha, { version, pid: terminal.pid ?? 0 });
  } catch (thrown) {
    for (const off of offs) off();
    terminal.err.write(`error: the admin API can't be served: ${(thrown as Error).message}\n`);
    await mecha.stop();
    return 2;
  }
  const undevelop = options['dev'] === true ? (await import('./dev.ts')).develop(mecha, terminal, { reload: () => void reload('asked for'), stop: () => stop('q') }) : null;
  terminal.out.write(summary({ routes: mecha.snapshot.routes, configuration: mecha.configuration, port: mecha.port, isDev: options['dev'] === true, workers: 1 }, startMillis, terminal));
  const show = (problems: readonly Diagnostic[]): void => {
    if (problems.length > 0) terminal.err.write(`${printDiagnostics(problems, { color: colour })}\n`);
  };
  show(mecha.runtime.lastReload?.problems ?? []);

  reload = async (reason: string): Promise<void> => {
    show((await mecha.reload(undefined, reason)).problems);
  };
  const unwatch = mecha.configuration.get('watch') === true && mecha.paths !== null ? await watchRoutes(mecha, () => void reload('file changed')) : null;

  return new Promise((resolve) => {
    let isStopping = false;
    let stoppedAt = 0;
    stop = (signal: string): void => {
      const now = systemClock.now();
      if (isStopping) {
        // A Ctrl-C comes from the terminal and, at once, once more from npm.
        if (now - stoppedAt < 200) return;
        terminal.err.write('stopped at once: what was in flight is not acknowledged\n');
        terminal.exit(130);
        return;
      }
      isStopping = true;
      stoppedAt = now;
      events.emit('log', { level: 'info', logger: 'mecha.runtime', message: `${signal}: stopping, ${mecha.runtime.inFlight} in flight`, routeId: null, stepId: null, exchangeId: null });
      void (async () => {
        const stopped = mecha.stop();
        undevelop?.();
        await unwatch?.();
        const isDrained = await stopped;
        await closeAdmin();
        events.emit('log', { level: 'info', logger: 'mecha.runtime', message: isDrained ? 'stopped' : 'stopped; what did not finish in time was not acknowledged', routeId: null, stepId: null, exchangeId: null });
        for (const off of offs) off();
        resolve(isDrained ? 0 : 1);
      })();
    };
    if (early !== null) stop(early);
  });
}

/** Lines of the summary beside those of the routes, and room for what comes next. */
const otherLines = 8;

const cutTo = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 3)}...` : text);

/** What a start tells about. */
export interface Started {
  readonly routes: readonly RouteSnapshot[];
  readonly configuration: Configuration;
  readonly port: number | null;
  readonly isDev: boolean;
  /** Processes that share the work; 1: this one alone. */
  readonly workers: number;
}

/** What runs, and where; it fits a screen. A terminal that does not know its size says 0. */
export function summary({ routes, configuration, port, isDev, workers }: Started, millis: number, terminal: Terminal): string {
  if (terminal.out.isTTY !== true && configuration.get('log.format') !== 'text' && terminal.environment['MECHA_SUMMARY'] === undefined) return '';
  const lines = [`mecha runs ${routes.length} route${routes.length === 1 ? '' : 's'}${workers > 1 ? ` in ${workers} workers` : ''}, started in ${Math.round(millis)} ms`];
  // What waits for something comes first.
  const sorted = [...routes].sort((a, b) => Number(b.waitingFor !== null) - Number(a.waitingFor !== null));
  const shown = sorted.slice(0, Math.max(3, (terminal.out.rows || 24) - otherLines));
  const width = Math.max(...shown.map(({ routeId }) => routeId.length), 0);
  for (const { routeId, fromUri, state, waitingFor, alone } of shown) {
    lines.push(`  ${routeId.padEnd(width)}  ${fromUri.replace(/\?.*/s, '')}${state === 'Started' ? '' : `  (${state})`}${alone === null ? '' : `  (first worker: ${alone})`}${waitingFor === null ? '' : `  waits: ${waitingFor}`}`);
  }
  if (routes.length > shown.length) lines.push(`  ... and ${routes.length - shown.length} more`);
  if (port !== null) lines.push(`http     http://${String(configuration.get('http.host'))}:${port}  (/health/ready, /metrics)`);
  if (configuration.get('state.store') === 'lmdb') lines.push(`state    ${String(configuration.get('state.path'))}`);
  if (configuration.get('admin.enabled') === true && configuration.get('state.store') !== 'memory') lines.push('look     mecha get routes, mecha trace, mecha get health (from another terminal)');
  if (isDev && terminal.in?.isTTY === true) lines.push(`keys     ${devKeys}`);
  return `${lines.map((line) => cutTo(line, terminal.out.columns || 200)).join('\n')}\n`;
}
