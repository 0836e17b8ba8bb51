import type { Clock, Timer } from '../core/clock.ts';
import { causeChain, classDistance, toExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { ElementModel } from '../dsl/model.ts';
import type { StepCompiler } from './compiler.ts';
import type { ExitWork } from './graph.ts';
import { textField } from './plan.ts';
import type { Route } from './route.ts';

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

const isRoutePolicy = (bean: unknown): bean is RoutePolicy => typeof bean === 'object' && bean !== null && hooks.some((hook) => typeof (bean as RoutePolicy)[hook] === 'function');

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

/** The policies that a route names; reports those that are not there. */
function policiesOf({ services, problems }: StepCompiler, route: ElementModel): RoutePolicy[] {
  const names = (textField(route, 'routePolicyRef') ?? '').split(',').map((name) => name.trim());
  const at = route.fieldsAt['routePolicyRef'] ?? route.at;
  const policies: RoutePolicy[] = [];
  for (const name of names.filter((one) => one !== '')) {
    try {
      const bean = services.bean(name, 'route policy');
      if (isRoutePolicy(bean)) policies.push(bean);
      else problems.report('M0501', `the bean \`${name}\` is no route policy`, at, { help: 'export `onExchangeBegin(route, exchange)`, `onExchangeDone(route, exchange)`, `onStart(route)` or `onStop(route)` from a module' });
    } catch (thrown) {
      problems.report('M0501', (thrown as Error).message, at);
    }
  }
  return policies;
}

/** What is done at a route's exit, with the policies of the route told of its exchanges, and of its start and stop. */
export function withPolicies(work: ExitWork, compiler: StepCompiler, element: ElementModel, owner: () => Route): ExitWork {
  const policies = policiesOf(compiler, element);
  if (policies.length === 0) return work;
  const { clock, events } = compiler.services;
  const route: PolicyRoute = {
    get id() {
      return owner().routeId;
    },
    clock,
    pauseSource: () => owner().pauseSource(),
    resumeSource: () => owner().resumeSource(),
  };
  const failed = (thrown: unknown): void => events.emit('log', { level: 'warn', logger: compiler.routeId, message: `a route policy failed: ${(thrown as Error).message}`, routeId: compiler.routeId, stepId: null, exchangeId: null });
  const tell = (hook: keyof RoutePolicy, exchange?: Exchange): void => {
    for (const policy of policies) {
      try {
        const told = (policy[hook] as ((route: PolicyRoute, exchange?: Exchange) => void | Promise<void>) | undefined)?.call(policy, route, exchange);
        if (told instanceof Promise) told.catch(failed);
      } catch (thrown) {
        failed(thrown);
      }
    }
  };
  const { subscription } = compiler.wiring;
  subscription.add(events.on('routeStarted', ({ routeId }) => void (routeId === compiler.routeId && tell('onStart'))));
  subscription.add(events.on('routeStopped', ({ routeId }) => void (routeId === compiler.routeId && tell('onStop'))));
  return {
    enter: (exchange) => {
      tell('onExchangeBegin', exchange);
      work.enter?.(exchange);
    },
    beforeLeaving: (exchange, done) => {
      const end = (finished: Exchange): void => {
        tell('onExchangeDone', finished);
        done(finished);
      };
      if (work.beforeLeaving === undefined) end(exchange);
      else work.beforeLeaving(exchange, end);
    },
  };
}
