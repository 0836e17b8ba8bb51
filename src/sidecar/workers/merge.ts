import type { RouteSnapshot, RuntimeSnapshot, StepSnapshot } from '../../observe/snapshot.ts';
import { addedUp } from '../../observe/refusals.ts';
import type { RouteStatistics } from '../../observe/statistics.ts';

/** Figures added up; of the rest, what the later one says where it says something. */
function statistics(a: RouteStatistics, b: RouteStatistics): RouteStatistics {
  return {
    ...a,
    completed: a.completed + b.completed,
    failed: a.failed + b.failed,
    handled: a.handled + b.handled,
    redelivered: a.redelivered + b.redelivered,
    deadLettered: a.deadLettered + b.deadLettered,
    parked: a.parked + b.parked,
    totalMillis: a.totalMillis + b.totalMillis,
    buckets: a.buckets.map((count, at) => count + (b.buckets[at] ?? 0)),
    lastExchange: Math.max(a.lastExchange, b.lastExchange),
    lastFailure: a.lastFailure ?? b.lastFailure,
  } as RouteStatistics;
}

/** Steps of one that runs the route, with the figures of both. */
function steps(a: readonly StepSnapshot[], b: readonly StepSnapshot[]): readonly StepSnapshot[] {
  if (a.length === 0) return b;
  return a.map((step, at) => {
    const other = b[at];
    if (other === undefined || other.info.stepId !== step.info.stepId) return step;
    return { ...step, statistics: { total: step.statistics.total + other.statistics.total, failed: step.statistics.failed + other.statistics.failed, probe: null }, children: steps(step.children, other.children) };
  });
}

const merged = (a: RouteSnapshot, b: RouteSnapshot): RouteSnapshot => ({
  ...a,
  waitingFor: a.waitingFor ?? b.waitingFor,
  inFlight: a.inFlight + b.inFlight,
  statistics: statistics(a.statistics, b.statistics),
  steps: steps(a.steps, b.steps),
});

/** Snapshots of several processes as one. The first of them is that which runs every route. */
export function mergeSnapshots(snapshots: readonly RuntimeSnapshot[], { name, generation, isStopping, stateProblem }: Pick<RuntimeSnapshot, 'name' | 'generation' | 'isStopping' | 'stateProblem'>): RuntimeSnapshot {
  const routes = new Map<string, RouteSnapshot>();
  for (const snapshot of snapshots) {
    for (const route of snapshot.routes) {
      const before = routes.get(route.routeId);
      routes.set(route.routeId, before === undefined ? route : merged(before, route));
    }
  }
  return { name, generation, isStopping, isRunning: snapshots.some(({ isRunning }) => isRunning), routes: [...routes.values()], stateProblem, refusals: addedUp(snapshots.map(({ refusals }) => refusals)) };
}
