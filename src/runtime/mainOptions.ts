import { mainProperty } from '../dsl/mainProperties.ts';
import type { RoutePlan } from './plan.ts';
import { matchesPattern } from './plan.ts';
import { matchesEndpoint } from './scopes.ts';

// All that reads properties of Camel's main program is loaded together, where there are any.
export { checkComponentProperties } from '../dsl/componentChecks.ts';
export { declaredByProperties, groupOptions } from '../dsl/declaredProperties.ts';
export { checkMainProperties } from '../dsl/mainProperties.ts';

/** What options of `camel.main` do to the routes: which there are, and which of them are started. */
export function asPropertiesSay(plans: readonly RoutePlan[], properties: { get(key: string): string | undefined }): RoutePlan[] {
  const option = (name: string): string | undefined => mainProperty(properties, 'main', name);
  const patterns = (name: string): readonly string[] | null => {
    const text = option(name)?.trim();
    return text === undefined || text === '' ? null : text.split(',').map((pattern) => pattern.trim());
  };
  let count = 0;
  // Routes without an id have the one that they get.
  const ids = new Map(plans.map((plan) => [plan, plan.id ?? `route${(count += (plan.unusedIds ?? 0) + 1)}`]));
  const isAmong = (plan: RoutePlan, wanted: readonly string[]): boolean => wanted.some((pattern) => matchesPattern(ids.get(plan)!, pattern) || matchesEndpoint(plan.from.uri, pattern));
  const included = patterns('routeFilterIncludePattern');
  const excluded = patterns('routeFilterExcludePattern');
  const unstarted = patterns('autoStartupExcludePattern');
  const startsNone = option('autoStartup')?.trim() === 'false';
  return plans
    .filter((plan) => (included === null || isAmong(plan, included)) && (excluded === null || !isAmong(plan, excluded)))
    // As in Camel this one looks at ids alone.
    .map((plan) => (startsNone || unstarted?.some((pattern) => matchesPattern(ids.get(plan)!, pattern)) === true ? { ...plan, autoStartup: false } : plan));
}
