import { emitWarning } from 'node:process';
import type { Exchange, StepInfo } from './exchange/exchange.ts';

/** What happens in a runtime, emitted once; logs, metrics, traces and the console come from it. */
export interface EventMap {
  routeStarted: { routeId: string; from: string; generation: number };
  routeStopped: { routeId: string; generation: number };
  routeFailed: { routeId: string; reason: string };
  reloaded: { generation: number; reason: string; result: 'applied' | 'unchanged' | 'rejected'; changed: string[]; added: string[]; removed: string[]; millis: number; problem: string | null };
  exchangeCompleted: { exchange: Exchange; routeId: string; millis: number };
  exchangeFailed: { exchange: Exchange; routeId: string; step: StepInfo | null; error: Error; millis: number; isHandled: boolean };
  exchangeRedelivered: { exchange: Exchange; routeId: string; step: StepInfo; attempt: number; delayMillis: number; error: Error };
  /** Put aside in the state store until `due` (milliseconds since 1970). */
  exchangeParked: { exchange: Exchange; routeId: string; step: StepInfo; due: number };
  exchangeDeadLettered: { exchange: Exchange; routeId: string; step: StepInfo | null; error: Error; to: string };
  connectorWaiting: { uri: string; routeId: string; reason: string };
  connectorReady: { uri: string; routeId: string };
  /** A server of ours has answered by itself, before a route got to see the request. `reason` is one of few words; `status` 0: the connection was cut without an answer. */
  requestRefused: { listener: string; routeId: string | null; status: number; reason: string };
  /** `isNull`: the message is that of a step whose expression gave nothing; it is printed as `null`. */
  log: { level: LogLevel; logger: string; message: string; isNull?: boolean; routeId: string | null; stepId: string | null; exchangeId: string | null; marker?: string | undefined };
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export type EventName = keyof EventMap;
type Listener<N extends EventName> = (event: EventMap[N]) => void;

/** A list of listeners an event; emitting to nobody costs one look-up. */
export class Events {
  private readonly listeners: { [N in EventName]?: Listener<N>[] } = {};

  /** Log lines below this level are not put together at all. */
  logThreshold: LogLevel = 'trace';

  /** Whether anybody wants log lines of this level: ask before a message is put together. */
  logs(level: LogLevel): boolean {
    return this.has('log') && logLevels.indexOf(level) >= logLevels.indexOf(this.logThreshold);
  }

  on<N extends EventName>(name: N, listener: Listener<N>): () => void {
    const list = ((this.listeners[name] as Listener<N>[] | undefined) ?? []).concat(listener);
    (this.listeners as Record<string, unknown>)[name] = list;
    return () => {
      (this.listeners as Record<string, unknown>)[name] = (this.listeners[name] as Listener<N>[]).filter((other) => other !== listener);
    };
  }

  /** Whether anybody listens: ask before an event is put together on the hot path. */
  has(name: EventName): boolean {
    const list = this.listeners[name];
    return list !== undefined && list.length > 0;
  }

  emit<N extends EventName>(name: N, event: EventMap[N]): void {
    const list = this.listeners[name] as Listener<N>[] | undefined;
    if (list === undefined) return;
    for (const listener of list) {
      try {
        listener(event);
      } catch (thrown) {
        // A listener must not take the runtime down with it.
        emitWarning(`a listener of ${name} threw: ${String(thrown)}`);
      }
    }
  }
}
