import { deserialise, headersFrom } from '../core/conversion/serialise.ts';
import { Exchange } from '../core/exchange/exchange.ts';
import type { ExchangeScope } from '../core/exchange/exchange.ts';
import type { StateStore } from '../core/state/store.ts';
import type { IdempotentRepository } from '../core/state/repositories.ts';
import type { StepSnapshot } from '../observe/snapshot.ts';
import type { Mecha } from '../runtime/mecha.ts';

/** What a test may look into: the store that the routes keep their state in, and repositories in memory. */

/** The entries whose keys begin with a text, each with its value as people read it. */
export async function entriesOf(store: StateStore, prefix: string, scope: ExchangeScope): Promise<Map<string, unknown>> {
  const entries = new Map<string, unknown>();
  for await (const [key, { value }] of store.range(prefix)) entries.set(key.slice(prefix.length), readable(value, scope));
  return entries;
}

function readable(bytes: Buffer, scope: ExchangeScope): unknown {
  try {
    return deserialise(bytes, scope);
  } catch {
    // Some write texts, or JSON.
  }
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The aggregates of the routes: the ids of their steps, with what the keys of their state begin with. */
export function aggregatesOf(mecha: Mecha): Map<string, string> {
  const found = new Map<string, string>();
  for (const { steps } of mecha.snapshot.routes) {
    const visit = (list: readonly StepSnapshot[]): void => {
      for (const { info, children } of list) {
        if (info.kind === 'aggregate' && typeof info.stateKey === 'string') found.set(info.stepId, info.stateKey);
        visit(children);
      }
    };
    visit(steps);
  }
  return found;
}

/** The open groups of an aggregate by their correlation key, each with its members as they came. */
export async function groupsOf(store: StateStore, prefix: string, scope: ExchangeScope): Promise<Map<string, Exchange[]>> {
  const groups = new Map<string, Exchange[]>();
  for (const [id, value] of await entriesOf(store, `${prefix}group/`, scope)) {
    const { key, completedBy } = value as { key: string; completedBy: string | null };
    if (completedBy !== null) continue;
    const members = await entriesOf(store, `${prefix}member/${id}/`, scope);
    groups.set(key, [...members.values()].map((member) => exchangeOf(member as Parameters<typeof exchangeOf>[0], scope)));
  }
  return groups;
}

type Pairs = readonly (readonly [string, unknown])[];

function exchangeOf({ body, headers, properties, variables }: { body: unknown; headers: Pairs; properties: Pairs; variables: Pairs }, scope: ExchangeScope): Exchange {
  const exchange = new Exchange(scope, body, headersFrom(headers));
  for (const [name, value] of properties) exchange.properties.set(name, value);
  for (const [name, value] of variables) exchange.setVariable(name, value);
  return exchange;
}

/** The ids that an idempotent repository holds; null where it can't tell. */
export async function idsIn(repository: unknown): Promise<string[] | null> {
  const { ids } = (repository ?? {}) as Partial<IdempotentRepository>;
  if (typeof ids !== 'function') return null;
  const found: string[] = [];
  for await (const id of ids.call(repository as IdempotentRepository)) found.push(id);
  return found;
}
