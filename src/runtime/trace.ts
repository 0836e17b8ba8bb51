import { toText } from '../core/conversion/convert.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Predicate } from '../core/expression.ts';
import { maskSecrets } from '../core/mask.ts';
import { isStream, StreamCache } from '../core/conversion/stream.ts';
import type { StepSnapshot } from '../observe/snapshot.ts';
import type { StepStatistics } from '../observe/statistics.ts';
import type { Runtime } from './runtime.ts';

/** An exchange as a trace shows it: when it is about to enter a step, or when it has left a route. */
export interface TraceEntry {
  /** Milliseconds. */
  readonly time: number;
  readonly event: 'step' | 'completed' | 'handled' | 'failed';
  readonly exchange: string;
  readonly route: string;
  readonly step: string | null;
  readonly kind: string | null;
  readonly label: string | null;
  /** `file:line:column` of the step. */
  readonly at: string | null;
  readonly body: string | null;
  readonly bodyType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly error: string | null;
}

export interface TraceOptions {
  /** Only this route. */
  readonly route?: string | null;
  /** Only this step, by its id; then the ends of routes are not shown. */
  readonly step?: string | null;
  /** Only exchanges that it holds for, looked at before each step. Must not be asynchronous. */
  readonly when?: Predicate | null;
}

const longestText = 4096;

const cut = (text: string): string => (text.length > longestText ? `${text.slice(0, longestText)}... (${text.length} characters)` : text);

/** The body as text, without reading what can be read only once. */
function bodyText(body: unknown): string | null {
  if (body === null || body === undefined) return null;
  if (body instanceof StreamCache) return body.isInMemory ? cut(maskSecrets(body.text())) : `[stream of ${body.length} bytes]`;
  if (isStream(body)) return '[stream]';
  try {
    return cut(maskSecrets(toText(body) ?? ''));
  } catch (thrown) {
    return `[${(thrown as Error).message}]`;
  }
}

const typeOf = (body: unknown): string => (body === null || body === undefined ? 'null' : typeof body === 'object' ? (body.constructor?.name ?? 'Object') : typeof body);

const secretHeader = /authorization|cookie|pass|secret|token|api-?_?key|credential|signature/i;

function headerTexts(exchange: Exchange): Record<string, string> {
  const texts: Record<string, string> = {};
  exchange.headers.forEach((name, value) => {
    texts[name] = secretHeader.test(name) ? 'xxxxx' : (bodyText(value) ?? '');
  });
  return texts;
}

/** Who traces a runtime. Steps look at one field while nobody does. */
class Tracing {
  private readonly runtime: Runtime;
  private readonly options: TraceOptions;
  private readonly listener: (entry: TraceEntry) => void;
  private readonly probed = new Map<StepStatistics, (exchange: Exchange) => void>();
  private readonly offs: (() => void)[];

  constructor(runtime: Runtime, options: TraceOptions, listener: (entry: TraceEntry) => void) {
    this.runtime = runtime;
    this.options = options;
    this.listener = listener;
    this.offs = [runtime.events.on('reloaded', () => this.attach())];
    if (options.step === undefined || options.step === null) {
      this.offs.push(
        runtime.events.on('exchangeCompleted', ({ exchange, routeId }) => this.show('completed', exchange, routeId, null, null)),
        runtime.events.on('exchangeFailed', ({ exchange, routeId, step, error, isHandled }) => this.show(isHandled ? 'handled' : 'failed', exchange, routeId, step, error)),
      );
    }
    this.attach();
  }

  /** Steps of earlier generations keep their probes: exchanges are seen until they have left them. */
  private attach(): void {
    const visit = (routeId: string, steps: readonly StepSnapshot[]): void => {
      for (const { info, statistics, children } of steps) {
        if ((this.options.step == null || this.options.step === info.stepId) && !this.probed.has(statistics)) {
          const probe = (exchange: Exchange): void => this.show('step', exchange, routeId, info, null);
          addProbe(statistics, probe);
          this.probed.set(statistics, probe);
        }
        visit(routeId, children);
      }
    };
    for (const route of this.runtime.routes.values()) if (this.options.route == null || this.options.route === route.routeId) visit(route.routeId, route.current.steps);
  }

  private show(event: TraceEntry['event'], exchange: Exchange, route: string, step: { stepId: string; kind: string; label: string; at: string | null } | null, error: Error | null): void {
    try {
      if (this.options.route != null && this.options.route !== route) return;
      if (this.options.when != null && !this.options.when(exchange)) return;
    } catch {
      // What the predicate can't be asked about is not what was asked for.
      return;
    }
    this.listener({
      time: this.runtime.clock.now(),
      event,
      exchange: exchange.id,
      route,
      step: step?.stepId ?? null,
      kind: step?.kind ?? null,
      label: step === null ? null : maskSecrets(step.label),
      at: step?.at ?? null,
      body: bodyText(exchange.body),
      bodyType: typeOf(exchange.body),
      headers: headerTexts(exchange),
      error: error === null ? null : maskSecrets(error.message),
    });
  }

  end(): void {
    for (const off of this.offs) off();
    for (const [statistics, probe] of this.probed) removeProbe(statistics, probe);
    this.probed.clear();
  }
}

const probes = new WeakMap<StepStatistics, ((exchange: Exchange) => void)[]>();

function addProbe(statistics: StepStatistics, probe: (exchange: Exchange) => void): void {
  setProbes(statistics, [...(probes.get(statistics) ?? []), probe]);
}

function removeProbe(statistics: StepStatistics, probe: (exchange: Exchange) => void): void {
  setProbes(
    statistics,
    (probes.get(statistics) ?? []).filter((other) => other !== probe),
  );
}

function setProbes(statistics: StepStatistics, list: ((exchange: Exchange) => void)[]): void {
  probes.set(statistics, list);
  statistics.probe = list.length === 0 ? null : list.length === 1 ? list[0]! : (exchange) => list.forEach((probe) => probe(exchange));
}

/**
 * Tells the listener of every exchange that enters a step or leaves a route, until what is given back is called. Follows reloads. While
 * nobody traces, a step looks at one field that is null. The listener must not throw.
 */
export function traceRuntime(runtime: Runtime, options: TraceOptions, listener: (entry: TraceEntry) => void): () => void {
  const tracing = new Tracing(runtime, options, listener);
  return () => tracing.end();
}
