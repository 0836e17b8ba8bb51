import type { RouteSnapshot, RuntimeSnapshot } from '../observe/snapshot.ts';
import { textField } from './plan.ts';
import type { Route } from './route.ts';
import { showSpan } from '../core/diagnostics.ts';
import type { Runtime } from './runtime.ts';

const routeSnapshot = (route: Route): RouteSnapshot => ({
  routeId: route.routeId,
  state: route.state,
  fromUri: route.fromUri,
  waitingFor: route.waitingFor,
  inFlight: route.inFlight,
  statistics: route.statistics,
  steps: route.current.steps,
  description: textField(route.current.plan.element, 'description'),
  autoStartup: route.current.plan.autoStartup,
  generation: route.current.graph.generation,
  at: showSpan(route.current.plan.at),
  alone: route.current.plan.alone ?? null,
});

/** What the outside may see of a runtime. */
export const snapshotOf = (runtime: Runtime): RuntimeSnapshot => ({
  name: runtime.name,
  isStopping: runtime.isStopping,
  isRunning: runtime.isRunning,
  generation: runtime.generation,
  routes: [...runtime.routes.values()].map(routeSnapshot),
  refusals: runtime.refusals.all,
  stateProblem: runtime.stateProblem,
});
