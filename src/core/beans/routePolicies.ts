import type { Clock, Timer } from '../clock.ts';
import { causeChain, classDistance, toExchangeError } from '../errors.ts';
import type { Exchange } from '../exchange/exchange.ts';

/** The route that a policy looks after. */
export interface PolicyRoute {
  readonly id: string;
  readonly clock: Clock;
  /** The source takes nothing until it is let go on; the route stays started. */
  pauseSource(): Promise<void>;
  resumeSource(): Promise<void>;
}

/** What `routePolicyRef` names: a bean with any of these. */
export interface RoutePolicy {
  onStart?(route: PolicyRoute): void | Promise<void>;
  onStop?(route: PolicyRoute): void | Promise<void>;
  onExchangeBegin?(route: PolicyRoute, exchange: Exchange): void | Promise<void>;
  onExchangeDone?(route: PolicyRoute, exchange: Exchange): void | Promise<void>;
}

const hooks: readonly (keyof RoutePolicy)[] = ['onStart', 'onStop', 'onExchangeBegin', 'onExchangeDone'];

export const isRoutePolicy = (bean: unknown): bean is RoutePolicy => typeof bean === 'object' && bean !== null && hooks.some((hook) => typeof (bean as RoutePolicy)[hook] === 'function');

/** Pauses a route's source while more messages than so many are in the route. Properties are texts or numbers, as they are declared. */
class ThrottlingInflightRoutePolicy implements RoutePolicy {
  maxInflightExchanges: unknown = 1000;
  /** How far it must go down until the source goes on. */
  resumePercentOfMax: unknown = 70;
  /** `Route`, or `Context`: all routes that name this bean. */
  scope: unknown = 'Route';
  loggingLevel: unknown = 'INFO';
  private readonly counts = new Map<string, number>();
  private readonly paused = new Set<string>();

  onExchangeBegin({ id }: PolicyRoute): void {
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
  }

  async onExchangeDone(route: PolicyRoute): Promise<void> {
    const { id } = route;
    this.counts.set(id, Math.max(0, (this.counts.get(id) ?? 0) - 1));
    const max = Number(this.maxInflightExchanges);
    const size = String(this.scope).toLowerCase() === 'context' ? [...this.counts.values()].reduce((sum, count) => sum + count, 0) : this.counts.get(id)!;
    if (max > 0 && size > max && !this.paused.has(id)) {
      this.paused.add(id);
      await route.pauseSource();
    }
    if (this.paused.has(id) && size <= (max * Number(this.resumePercentOfMax)) / 100) {
      this.paused.delete(id);
      await route.resumeSource();
    }
  }
}

/** What it knows of one route. */
interface Circuit {
  state: 'closed' | 'open' | 'half open';
  failures: number;
  lastFailure: number;
  timer: Timer | null;
}

/** Pauses a route's source after so many failures, lets it try again after a while, and lets it go on when that goes well. */
class ThrottlingExceptionRoutePolicy implements RoutePolicy {
  failureThreshold: unknown;
  failureWindow: unknown;
  halfOpenAfter: unknown;
  keepOpen: unknown;
  /** Classes of exceptions, a list or a text with commas; all when there are none. */
  exceptions: unknown;
  private readonly circuits = new Map<string, Circuit>();

  constructor([threshold = 50, window = 60_000, halfOpenAfter = 30_000, exceptions = [], keepOpen = false]: readonly unknown[]) {
    this.failureThreshold = threshold;
    this.failureWindow = window;
    this.halfOpenAfter = halfOpenAfter;
    this.exceptions = exceptions;
    this.keepOpen = keepOpen;
  }

  async onStart(route: PolicyRoute): Promise<void> {
    if (String(this.keepOpen) === 'true') await this.open(route, this.circuit(route));
  }

  onStop(route: PolicyRoute): void {
    this.circuit(route).timer?.cancel();
    this.circuits.delete(route.id);
  }

  async onExchangeDone(route: PolicyRoute, exchange: Exchange): Promise<void> {
    const circuit = this.circuit(route);
    if (this.isFailure(exchange)) {
      circuit.failures++;
      circuit.lastFailure = route.clock.now();
    }
    const isTooMuch = circuit.failures >= Number(this.failureThreshold) && circuit.lastFailure >= route.clock.now() - Number(this.failureWindow);
    if (circuit.state !== 'open' && isTooMuch) await this.open(route, circuit);
    else if (circuit.state === 'half open') {
      circuit.state = 'closed';
      circuit.failures = 0;
    }
  }

  private circuit({ id }: PolicyRoute): Circuit {
    let circuit = this.circuits.get(id);
    if (circuit === undefined) this.circuits.set(id, (circuit = { state: 'closed', failures: 0, lastFailure: -Infinity, timer: null }));
    return circuit;
  }

  private isFailure({ exception }: Exchange): boolean {
    if (exception === null) return false;
    const given = Array.isArray(this.exceptions) ? (this.exceptions as readonly unknown[]) : String(this.exceptions ?? '').split(',');
    const classes = given.map((name) => String(name).trim()).filter((name) => name !== '');
    return classes.length === 0 || causeChain(toExchangeError(exception)).some(({ type }) => classes.some((wanted) => classDistance(type, wanted) >= 0));
  }

  private async open(route: PolicyRoute, circuit: Circuit): Promise<void> {
    circuit.state = 'open';
    await route.pauseSource();
    if (String(this.keepOpen) === 'true') return;
    circuit.timer = route.clock.schedule(Number(this.halfOpenAfter), () => {
      circuit.state = 'half open';
      void route.resumeSource();
    });
  }
}

const packageName = 'org.apache.camel.throttling.';

/** Camel's policies, by class name. */
export const routePolicyClasses: Readonly<Record<string, (args: readonly unknown[], properties: Readonly<Record<string, unknown>>) => RoutePolicy>> = {
  [`${packageName}ThrottlingInflightRoutePolicy`]: () => new ThrottlingInflightRoutePolicy(),
  [`${packageName}ThrottlingExceptionRoutePolicy`]: (args) => new ThrottlingExceptionRoutePolicy(args),
};
