import type { RuntimeSnapshot } from './snapshot.ts';

export interface Health {
  readonly status: 'UP' | 'DOWN';
  readonly routes: Readonly<Record<string, { readonly status: 'UP' | 'DOWN'; readonly state: string; readonly reason?: string }>>;
  readonly reason?: string;
}

/** Alive: the process answers. Only a runtime that has ended is not. */
export const live = (runtime: RuntimeSnapshot): Health => ({ status: 'UP', routes: {}, ...(runtime.isStopping ? { reason: 'stopping' } : {}) });

/** Ready: every route that starts by itself runs and reaches its source, and what must be kept can be. */
export function ready(runtime: RuntimeSnapshot): Health {
  const routes: Record<string, { status: 'UP' | 'DOWN'; state: string; reason?: string }> = {};
  const { stateProblem } = runtime;
  let isUp = runtime.isRunning && !runtime.isStopping && stateProblem === null;
  for (const { routeId, state, waitingFor, autoStartup } of runtime.routes) {
    const isRouteUp = (state === 'Started' || state === 'Suspended' || !autoStartup) && waitingFor === null;
    if (!isRouteUp) isUp = false;
    routes[routeId] = { status: isRouteUp ? 'UP' : 'DOWN', state, ...(waitingFor === null ? {} : { reason: waitingFor }) };
  }
  const reason = runtime.isStopping ? 'stopping' : !runtime.isRunning ? 'starting' : stateProblem === null ? undefined : `the state store can't be written: ${stateProblem}`;
  return { status: isUp ? 'UP' : 'DOWN', routes, ...(reason === undefined ? {} : { reason }) };
}
