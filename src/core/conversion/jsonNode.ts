import { ExchangeError } from '../errors.ts';
import { isNumeric } from './exactNumber.ts';
import { deepest, writeJson } from './json.ts';

/** Objects and lists that are nodes of a JSON document, and lists of such nodes, in Java's terms: their text is JSON, where a map's is `{a=1}`. */
const nodes = new WeakMap<object, 'node' | 'list'>();

/**
 * Marks a value, and all that is in it, as nodes of a JSON document.
 * @param copies what is shared with values that are none
 * @throws ExchangeError StreamConstraintsException where it is nested deeper than what is read or written of JSON
 */
export function asJsonNode(value: unknown, copies = false, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || isNumeric(value) || nodes.get(value) === 'node') return value;
  if (depth >= deepest) throw new ExchangeError('com.fasterxml.jackson.core.exc.StreamConstraintsException', `JSON that is nested deeper than ${deepest}`);
  if (Array.isArray(value)) {
    const list: unknown[] = copies ? new Array<unknown>(value.length) : value;
    for (let i = 0; i < value.length; i++) list[i] = asJsonNode(value[i], copies, depth + 1);
    nodes.set(list, 'node');
    return list;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return value;
  const given = value as Record<string, unknown>;
  const object = copies ? (Object.create(null) as Record<string, unknown>) : given;
  for (const key of Object.keys(given)) {
    const item = asJsonNode(given[key], copies, depth + 1);
    if (item !== object[key]) object[key] = item;
  }
  nodes.set(object, 'node');
  return object;
}

/** Marks a list as one of nodes: not itself JSON, only what is in it. */
export function asNodeList(values: readonly unknown[], copies = false): unknown[] {
  const list = values.map((value) => asJsonNode(value, copies));
  nodes.set(list, 'list');
  return list;
}

export const isJsonNode = (value: object): boolean => nodes.get(value) === 'node';

/** What is written of a node where bytes are wanted; null for what is none. */
export const nodeJson = (value: unknown): string | null => (typeof value === 'object' && value !== null && isJsonNode(value) ? writeJson(value) : null);

/** The text of what has been marked; null for what has not. A node is laid out, nodes in a list are not. */
export function nodeText(value: object): string | null {
  const kind = nodes.get(value);
  if (kind === undefined) return null;
  if (kind === 'node') return writeJson(value, { isPretty: true });
  return `[${(value as unknown[]).map((item) => writeJson(item)).join(', ')}]`;
}
