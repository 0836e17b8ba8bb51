import type { Call } from './flow.ts';

/**
 * Every use of a kamelet has a key, which stands behind the name in its URIs (`kamelet:upper/to-1f0c9e`): the routes made from its template,
 * and the steps that use them, meet by it. It begins with the kind of use:
 * `to` is sent to, `from` feeds a route, `step` has nested steps where the template says `kamelet:sink`.
 */
export type KameletUse = 'to' | 'from' | 'step';

const keys = /^(to|from|step)-[0-9a-f]{12}(-\d+)?$/;

/** What kind of use a key stands for; null for a text that is none. */
export const kameletUse = (key: string | undefined): KameletUse | null => (key === undefined ? null : ((keys.exec(key)?.[1] as KameletUse | undefined) ?? null));

/** The nested steps of one `kamelet` step; during a reload those of both generations, the newest last. */
export interface KameletCell {
  readonly nested: Call[];
}

/** The cells of all kamelet steps of a runtime, by key. */
export function kameletCell(context: { shared<T>(name: string, make: () => T): T }, key: string): KameletCell {
  const cells = context.shared('kamelet steps', () => new Map<string, KameletCell>());
  let cell = cells.get(key);
  if (cell === undefined) cells.set(key, (cell = { nested: [] }));
  return cell;
}
