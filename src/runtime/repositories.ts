import type { Clock } from '../core/clock.ts';
import type { StateStore } from '../core/store.ts';

export const repositoryClasses: readonly string[] = [];

export function makeRepository(className: string, args: readonly unknown[], properties: Readonly<Record<string, unknown>>, store: StateStore, clock: Clock): unknown {
  void [className, args, properties, store, clock];
  return undefined;
}
