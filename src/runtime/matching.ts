import type { EndpointModel } from '../dsl/model.ts';
import type { RoutePlan } from './plan.ts';
import type { Route } from './route.ts';

/** What a reload does with each route. */
export interface RouteMatch {
  /** They are the same, and go on as they are. */
  readonly kept: readonly { readonly route: Route; readonly plan: RoutePlan }[];
  /** In the order of the plans. `route` is null where it is a new one. */
  readonly compile: readonly { readonly plan: RoutePlan; readonly route: Route | null; readonly id: string }[];
  readonly removed: readonly Route[];
}

/** Camel's automatic ids of routes, `route3`: none comes twice in the life of a runtime. */
export class RouteIds {
  private count = 0;

  /** As in Camel, what has been numbered and is not a route takes numbers as well. */
  skip(count: number): void {
    this.count += count;
  }

  next(): string {
    return `route${++this.count}`;
  }
}

/** Which live routes stay as they are, which get a new graph, which are new, which go. */
export function matchRoutes(plans: readonly RoutePlan[], live: ReadonlyMap<string, Route>, ids: RouteIds): RouteMatch {
  const left = new Set(live.values());
  const take = (route: Route | undefined): Route | undefined => {
    if (route !== undefined) left.delete(route);
    return route;
  };
  const kept: { route: Route; plan: RoutePlan }[] = [];
  const compile: { plan: RoutePlan; route: Route | null; id: string }[] = [];

  const byHash = groups(live.values(), ({ current }) => current.plan.hash);
  const changed = plans.filter((plan) => {
    const route = take(byHash.get(plan.hash)?.find((candidate) => left.has(candidate) && (plan.id === null || plan.id === candidate.routeId) && isAsElsewhere(candidate, plan)));
    if (route !== undefined) kept.push({ route, plan });
    return route === undefined;
  });

  const unnamed = changed.filter((plan) => {
    const named = plan.id === null ? undefined : live.get(plan.id);
    // One that is to start by itself now, and did not before, is a new one.
    const isSame = named !== undefined && left.has(named) && source(named.current.plan.from) === source(plan.from) && isAsElsewhere(named, plan) && (named.current.plan.autoStartup || !plan.autoStartup);
    if (isSame) compile.push({ plan, route: take(named)!, id: plan.id! });
    return !isSame;
  });

  const bySource = groups(left, ({ current }) => source(current.plan.from));
  const fresh = unnamed.filter((plan) => {
    const route = take(bySource.get(source(plan.from))?.find((candidate) => left.has(candidate) && candidate.current.plan.autoStartup === plan.autoStartup && isAsElsewhere(candidate, plan)));
    if (route !== undefined) compile.push({ plan, route, id: plan.id ?? route.routeId });
    return route === undefined;
  });

  const taken = new Set([...kept.map(({ route }) => route.routeId), ...compile.map(({ id }) => id), ...fresh.map(({ id }) => id ?? '')]);
  for (const plan of fresh) {
    ids.skip(plan.unusedIds ?? 0);
    let { id } = plan;
    while (id === null || (plan.id === null && taken.has(id))) id = ids.next();
    taken.add(id);
    compile.push({ plan, route: null, id });
  }
  const position = new Map(plans.map((plan, at) => [plan, at]));
  compile.sort((a, b) => position.get(a.plan)! - position.get(b.plan)!);
  return { kept, compile, removed: [...left] };
}

const isAsElsewhere = (route: Route, plan: RoutePlan): boolean => route.current.plan.isElsewhere === plan.isElsewhere;

const source = ({ uri, parameters }: EndpointModel): string => JSON.stringify([uri, parameters]);

/** In the order given, by what `key` says. */
function groups(routes: Iterable<Route>, key: (route: Route) => string): ReadonlyMap<string, readonly Route[]> {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    const name = key(route);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [route]);
    else group.push(route);
  }
  return groups;
}
