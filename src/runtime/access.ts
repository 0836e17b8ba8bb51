import type { Clock } from '../core/clock.ts';
import type { Consumer, ResourceEncoding, RouteControl, RuntimeAccess } from '../core/connector.ts';
import type { DataFormat, DataFormatDefinition } from '../core/definition.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { parseScalar } from '../dsl/scalars.ts';
import type { Endpoints } from './endpoints.ts';
import type { Languages } from './languages.ts';
import type { Route } from './route.ts';

/** The parts of a runtime that connectors reach through `ConnectorContext.runtime`. */
export interface Served {
  readonly clock: Clock;
  readonly routes: ReadonlyMap<string, Route>;
  readonly languages: Languages;
  readonly endpoints: Endpoints;
  readonly dataformats: Readonly<Record<string, DataFormatDefinition>>;
  resource(uri: string, encoding?: ResourceEncoding): string;
  dataFormat(name: string, options: Readonly<Record<string, unknown>>): DataFormat;
  consumer(uri: string): Promise<Consumer>;
  kamelet(uri: string): Promise<string>;
  /** The route takes no more and is idle: open groups and the like may be finished. */
  stopped(routeId: string): Promise<void>;
}

/** How long a stop waits for a route that does not become idle. */
const longestWaitMillis = 45_000;

const step = { routeId: '', stepId: 'send', kind: 'send', label: 'send', at: null };

export const runtimeAccess = (served: Served): RuntimeAccess => ({
  expression: (language, source, options = {}) => served.languages.context.expression(language, source, options),
  resource: (uri, encoding) => served.resource(uri, encoding),
  dataFormat: (name, options) => served.dataFormat(name, scalarOptions(served.dataformats[name], options)),
  send: (uri, exchange) => served.endpoints.trustedCall(uri, exchange, [], step),
  consumer: (uri) => served.consumer(uri),
  kamelet: (uri) => served.kamelet(uri),
  routes: new Routes(served),
});

/** Texts as the options of a data format want them. @throws Error that names the option that is wrong */
function scalarOptions(definition: DataFormatDefinition | undefined, given: Readonly<Record<string, string>>): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(given)) {
    const field = definition?.options[name];
    if (field === undefined) throw new Error(`the data format has no option \`${name}\``);
    const result = parseScalar(field.shape, text);
    if ('wrong' in result) throw new Error(`\`${name}\` must be ${result.wrong.wanted}`);
    options[name] = result.value;
  }
  return options;
}

class Routes implements RouteControl {
  private readonly served: Served;

  constructor(served: Served) {
    this.served = served;
  }

  private route(routeId: string): Route {
    const route = this.served.routes.get(routeId);
    if (route === undefined) throw new Error(`there is no route \`${routeId}\``);
    return route;
  }

  state(routeId: string): string | null {
    return this.served.routes.get(routeId)?.state ?? null;
  }

  async start(routeId: string): Promise<void> {
    const route = this.route(routeId);
    await (route.state === 'Suspended' ? route.resume() : route.start());
  }

  async stop(routeId: string, caller: Exchange): Promise<void> {
    const route = this.route(routeId);
    await route.stop();
    // A route that stops itself would wait for the exchange that waits here.
    if (caller.routeId === routeId || caller.fromRouteId === routeId) {
      void route.whenIdle().then(() => this.served.stopped(routeId));
      return;
    }
    let timer: { cancel(): void } | undefined;
    const late = new Promise<void>((resolve) => (timer = this.served.clock.schedule(longestWaitMillis, resolve)));
    await Promise.race([route.whenIdle().then(() => this.served.stopped(routeId)), late]);
    timer?.cancel();
  }

  async suspend(routeId: string): Promise<void> {
    await this.route(routeId).suspend();
  }

  async resume(routeId: string): Promise<void> {
    await this.route(routeId).resume();
  }

  statistics(routeId: string | null): Readonly<Record<string, string | number>> | null {
    if (routeId !== null && !this.served.routes.has(routeId)) return null;
    const routes = routeId === null ? [...this.served.routes.values()] : [this.route(routeId)];
    const sum = (of: (route: Route) => number): number => routes.reduce((total, route) => total + of(route), 0);
    const completed = sum(({ statistics }) => statistics.completed);
    const failed = sum(({ statistics }) => statistics.failed);
    const millis = sum(({ statistics }) => statistics.totalMillis);
    return {
      id: routeId ?? 'all',
      state: routeId === null ? 'Started' : this.route(routeId).state,
      exchangesTotal: completed + failed,
      exchangesCompleted: completed,
      exchangesFailed: failed,
      failuresHandled: sum(({ statistics }) => statistics.handled),
      exchangesInflight: sum(({ inFlight }) => inFlight),
      redeliveries: sum(({ statistics }) => statistics.redelivered),
      totalProcessingTime: Math.round(millis),
      meanProcessingTime: completed + failed === 0 ? 0 : Math.round(millis / (completed + failed)),
    };
  }
}
