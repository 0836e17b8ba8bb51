import type { PolicyRoute, RoutePolicy } from '../core/beans/routePolicies.ts';
import { isRoutePolicy } from '../core/beans/routePolicies.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { ElementModel } from '../dsl/model.ts';
import type { StepCompiler } from './compiler.ts';
import type { ExitWork } from './graph.ts';
import { textField } from './plan.ts';
import type { Route } from './route.ts';

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
