import type { EventMap, Events, LogLevel } from '../core/events.ts';

/** One line of the log. */
export interface LogLine {
  readonly time: number;
  readonly level: LogLevel;
  readonly logger: string;
  readonly message: string;
  readonly route?: string;
  readonly step?: string;
  readonly exchange?: string;
  /** More fields, such as the error's stack. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export type LogSink = (line: LogLine) => void;

/** Writes what happens in a runtime as log lines: the one subscriber of its events for logging. Gives what ends it. */
export function logEvents(events: Events, now: () => number, sink: LogSink, { reloads = true }: { reloads?: boolean } = {}): () => void {
  const write = (level: LogLevel, logger: string, message: string, ids: { route?: string | null; step?: string | null; exchange?: string | null } = {}, more?: Record<string, unknown>): void => {
    if (!events.logs(level)) return;
    sink({
      time: now(),
      level,
      logger,
      message,
      ...(ids.route ? { route: ids.route } : {}),
      ...(ids.step ? { step: ids.step } : {}),
      ...(ids.exchange ? { exchange: ids.exchange } : {}),
      ...(more === undefined ? {} : { more }),
    });
  };
  const failure = ({ exchange, routeId, step, error, isHandled }: EventMap['exchangeFailed']): void => {
    const place = step === null ? '' : ` at ${step.stepId}${step.at === null ? '' : ` (${step.at})`}`;
    write(isHandled ? 'debug' : 'error', 'mecha.route', `${isHandled ? 'handled' : 'failed'}${place}: ${error.name}: ${error.message}`, { route: routeId, step: step?.stepId ?? null, exchange: exchange.id });
  };
  const offs = [
    events.on('log', ({ level, logger, message, routeId, stepId, exchangeId, marker }) => write(level, logger, message, { route: routeId, step: stepId, exchange: exchangeId }, marker === undefined ? undefined : { marker })),
    events.on('exchangeFailed', failure),
    events.on('exchangeRedelivered', ({ exchange, routeId, step, attempt, delayMillis, error }) =>
      write('warn', 'mecha.route', `attempt ${attempt} in ${delayMillis} ms at ${step.stepId}${step.at === null ? '' : ` (${step.at})`}: ${error.message}`, { route: routeId, step: step.stepId, exchange: exchange.id }),
    ),
    events.on('exchangeParked', ({ exchange, routeId, step, due }) => write('info', 'mecha.route', `put aside until ${new Date(due).toISOString()} at ${step.stepId}: its source is settled`, { route: routeId, step: step.stepId, exchange: exchange.id })),
    events.on('exchangeDeadLettered', ({ exchange, routeId, step, error, to }) => write('warn', 'mecha.route', `to dead letters ${to}: ${error.message}`, { route: routeId, step: step?.stepId ?? null, exchange: exchange.id })),
    events.on('routeFailed', ({ routeId, reason }) => write('error', 'mecha.runtime', `route can't run: ${reason}`, { route: routeId })),
    events.on('connectorWaiting', ({ uri, routeId, reason }) => write('warn', 'mecha.runtime', `${uri} can't be reached yet: ${reason}`, { route: routeId })),
    events.on('requestRefused', ({ listener, routeId, status, reason }) => write('debug', 'mecha.http', `a request at ${listener} was ${status === 0 ? 'cut off' : `answered with ${status}`}: ${reason}`, { route: routeId })),
    events.on('connectorReady', ({ uri, routeId }) => write('info', 'mecha.runtime', `${uri} is ready`, { route: routeId })),
    events.on('reloaded', ({ generation, reason, result, changed, added, removed, millis, problem }) => {
      const what = [changed.length > 0 ? `${changed.length} changed` : '', added.length > 0 ? `${added.length} added` : '', removed.length > 0 ? `${removed.length} removed` : ''].filter(Boolean).join(', ');
      if (reason === 'start' || !reloads) return;
      if (result === 'rejected') write('error', 'mecha.runtime', `reload (${reason}) rejected, generation ${generation} goes on: ${problem ?? 'see the problems'}`);
      else write('info', 'mecha.runtime', result === 'unchanged' ? `reload (${reason}): nothing has changed, generation ${generation}` : `reload (${reason}): generation ${generation}, ${what}, in ${Math.round(millis)} ms`);
    }),
  ];
  return () => offs.forEach((off) => off());
}

const colours: Readonly<Record<LogLevel, string>> = { trace: '\u001b[90m', debug: '\u001b[90m', info: '\u001b[32m', warn: '\u001b[33m', error: '\u001b[31m' };

/** A line for people: `12:03:04.123 INFO  orders  message`. */
export function textLine({ time, level, logger, message, route, exchange }: LogLine, hasColour: boolean): string {
  const clock = new Date(time).toISOString().slice(11, 23);
  const shownLevel = hasColour ? `${colours[level]}${level.toUpperCase().padEnd(5)}\u001b[0m` : level.toUpperCase().padEnd(5);
  const place = route ?? logger;
  return `${clock} ${shownLevel} ${hasColour ? `\u001b[36m${place}\u001b[0m` : place}: ${message}${level === 'error' && exchange !== undefined ? ` [${exchange}]` : ''}\n`;
}
