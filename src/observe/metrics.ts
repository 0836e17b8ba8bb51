import type { RuntimeSnapshot, StepSnapshot } from './snapshot.ts';
import { durationBuckets } from './statistics.ts';

type Client = typeof import('prom-client');

/**
 * Metrics in Prometheus' text format. Routes count in plain fields; they are read when somebody asks, so that messages pay
 * nothing for it. The library is loaded with the first request.
 */
export class Metrics {
  private client: Client | null = null;
  private readonly runtime: () => RuntimeSnapshot;
  private registry: import('prom-client').Registry | null = null;

  constructor(runtime: () => RuntimeSnapshot) {
    this.runtime = runtime;
  }

  /** @param processes the processes' own figures (`ofProcess`) where several share the work: they are added up */
  async text(snapshot = this.runtime(), processes: readonly unknown[] | null = null): Promise<{ contentType: string; text: string }> {
    const own = await this.ownRegistry();
    const registry = processes === null ? own : this.client!.AggregatorRegistry.aggregate(processes as object[]);
    const text = `${routeMetrics(snapshot)}\n${await registry.metrics()}`;
    return { contentType: own.contentType, text };
  }

  /** What this process is like: memory, time, event loop. */
  async ofProcess(): Promise<unknown> {
    return (await this.ownRegistry()).getMetricsAsJSON();
  }

  private async ownRegistry(): Promise<import('prom-client').Registry> {
    this.client ??= await import('prom-client');
    return (this.registry ??= this.processMetrics(this.client));
  }

  private processMetrics({ Registry, collectDefaultMetrics }: Client): import('prom-client').Registry {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    return registry;
  }
}

function routeMetrics({ routes, name, generation, refusals, stateProblem }: RuntimeSnapshot): string {
  const lines: string[] = [];
  const metric = (id: string, type: 'counter' | 'gauge', help: string, values: Iterable<readonly [Readonly<Record<string, string>>, number]>): void => {
    lines.push(`# HELP ${id} ${help}`, `# TYPE ${id} ${type}`);
    for (const [labels, value] of values) lines.push(`${id}${labelText(labels)} ${value}`);
  };
  const perRoute = (value: (route: (typeof routes)[number]) => number): (readonly [Readonly<Record<string, string>>, number])[] => routes.map((route) => [{ route: route.routeId }, value(route)] as const);
  metric('mecha_info', 'gauge', 'The runtime and its generation of routes.', [[{ name, generation: String(generation) }, 1]]);
  metric('mecha_state_store_up', 'gauge', '1 while the state store can be written.', [[{}, stateProblem === null ? 1 : 0]]);
  metric('mecha_route_up', 'gauge', '1 while the route takes messages.', perRoute(({ state }) => (state === 'Started' ? 1 : 0)));
  metric('mecha_route_exchanges_in_flight', 'gauge', 'Exchanges under way, with what they started.', perRoute(({ inFlight }) => inFlight));
  metric('mecha_route_exchanges_completed_total', 'counter', 'Exchanges that ended well (handled failures too).', perRoute(({ statistics }) => statistics.completed));
  metric('mecha_route_exchanges_failed_total', 'counter', 'Exchanges that ended with a failure nobody handled.', perRoute(({ statistics }) => statistics.failed));
  metric('mecha_route_failures_handled_total', 'counter', 'Failures that an error handler dealt with.', perRoute(({ statistics }) => statistics.handled));
  metric('mecha_route_redeliveries_total', 'counter', 'Attempts after the first one.', perRoute(({ statistics }) => statistics.redelivered));
  metric('mecha_route_dead_letters_total', 'counter', 'Messages that went to dead letters.', perRoute(({ statistics }) => statistics.deadLettered));
  metric('mecha_route_exchanges_parked', 'gauge', 'Messages put aside in the state store until their next attempt.', perRoute(({ statistics }) => statistics.parked));
  lines.push('# HELP mecha_route_exchange_duration_seconds Time from entering to leaving the route.', '# TYPE mecha_route_exchange_duration_seconds histogram');
  for (const { routeId, statistics } of routes) {
    let cumulative = 0;
    durationBuckets.forEach((millis, at) => {
      cumulative += statistics.buckets[at]!;
      lines.push(`mecha_route_exchange_duration_seconds_bucket${labelText({ route: routeId, le: String(millis / 1000) })} ${cumulative}`);
    });
    cumulative += statistics.buckets.at(-1)!;
    lines.push(
      `mecha_route_exchange_duration_seconds_bucket${labelText({ route: routeId, le: '+Inf' })} ${cumulative}`,
      `mecha_route_exchange_duration_seconds_sum${labelText({ route: routeId })} ${statistics.totalMillis / 1000}`,
      `mecha_route_exchange_duration_seconds_count${labelText({ route: routeId })} ${cumulative}`,
    );
  }
  const steps = routes.flatMap(({ routeId, steps: own }) => flatSteps(own).map((step) => ({ routeId, step })));
  metric('mecha_step_exchanges_total', 'counter', 'Exchanges that entered the step.', steps.map(({ routeId, step }) => [{ route: routeId, step: step.info.stepId, kind: step.info.kind }, step.statistics.total] as const));
  metric('mecha_step_failures_total', 'counter', 'Exchanges that failed in the step.', steps.map(({ routeId, step }) => [{ route: routeId, step: step.info.stepId, kind: step.info.kind }, step.statistics.failed] as const));
  metric(
    'mecha_http_requests_refused_total',
    'counter',
    'Requests that a listener has answered by itself, in the place of a route; status 0: without an answer.',
    refusals.map(({ listener, routeId, status, reason, count }) => [{ listener, route: routeId ?? '', status: String(status), reason }, count] as const),
  );
  return lines.join('\n');
}

const flatSteps = (steps: readonly StepSnapshot[]): StepSnapshot[] => steps.flatMap((step) => [step, ...flatSteps(step.children)]);

const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.keys(labels).length === 0 ? '' : `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`)
    .join(',')}}`;
