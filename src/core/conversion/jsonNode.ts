import { ExchangeError } from '../errors.ts';
import { isNumeric } from './exactNumber.ts';
import { deepest, writeJson } from './json.ts';

/**
 * Objects and lists that are nodes of a JSON document, and lists of such nodes, in Java's terms: their text is JSON, where a map's is `{a=1}`.
 * A property that no copy takes along and nothing counts or writes: a fifth of what a WeakMap takes for each of a large document's objects.
 */
const kind = Symbol('node of a JSON document');

const kindOf = (value: object): unknown => (Object.hasOwn(value, kind) ? (value as { readonly [kind]?: 'node' | 'list' })[kind] : undefined);

const mark = <T extends object>(value: T, as: 'node' | 'list'): T => Object.defineProperty(value, kind, { value: as, configurable: true });

export const tooDeep = (): ExchangeError => new ExchangeError('com.fasterxml.jackson.core.exc.StreamConstraintsException', `JSON that is nested deeper than ${deepest}`);

/**
 * The value itself, plain JSON.
 * @throws ExchangeError StreamConstraintsException where it is nested deeper than what is read of JSON
 */
export function notTooDeep(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || isNumeric(value)) return value;
  if (depth >= deepest) throw tooDeep();
  if (Array.isArray(value)) for (const item of value) notTooDeep(item, depth + 1);
  else for (const key in value) notTooDeep((value as Record<string, unknown>)[key], depth + 1);
  return value;
}

/**
 * Marks a value, and all that is in it, as nodes of a JSON document.
 * @param copies what is shared with values that are none
 * @throws ExchangeError StreamConstraintsException where it is nested deeper than what is read or written of JSON
 */
export function asJsonNode(value: unknown, copies = false, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || isNumeric(value) || kindOf(value) === 'node') return value;
  if (depth >= deepest) throw tooDeep();
  const prototype: unknown = Object.getPrototypeOf(value);
  const isList = Array.isArray(value);
  if (!isList && prototype !== null && prototype !== Object.prototype) return value;
  // What is frozen can't be marked.
  const own = copies || !Object.isExtensible(value) ? (isList ? [...(value as unknown[])] : { ...value }) : value;
  if (Array.isArray(own)) for (let i = 0; i < own.length; i++) own[i] = asJsonNode(own[i], copies, depth + 1);
  else {
    for (const key of Object.keys(own)) {
      const item = (own as Record<string, unknown>)[key];
      const node = asJsonNode(item, copies, depth + 1);
      if (node !== item) (own as Record<string, unknown>)[key] = node;
    }
  }
  return mark(own, 'node');
}

/** Marks a list as one of nodes: not itself JSON, only what is in it. */
export function asNodeList(values: readonly unknown[], copies = false): unknown[] {
  return mark(
    values.map((value) => asJsonNode(value, copies)),
    'list',
  );
}

export const isJsonNode = (value: object): boolean => kindOf(value) === 'node';

/** What is written of a node where bytes are wanted; null for what is none. */
export const nodeJson = (value: unknown): string | null => (typeof value === 'object' && value !== null && isJsonNode(value) ? writeJson(value) : null);

/** What a filter found for an exchange where that is a number or a truth value, which nothing can be marked on. */
const scalars = new WeakMap<object, unknown>();

/** Notes a result that is a node of a document, for as long as it is the body: unlike other numbers and truth values it has bytes. */
export function noteScalarNode(exchange: object, result: unknown): void {
  if (isNumeric(result) || typeof result === 'boolean') scalars.set(exchange, result);
}

/** What is written of a body that is such a node, where bytes are wanted; null for any other. */
export const scalarNodeText = (exchange: object, body: unknown): string | null => ((isNumeric(body) || typeof body === 'boolean') && scalars.get(exchange) === body ? writeJson(body) : null);

/** The text of what has been marked; null for what has not. A node is laid out, nodes in a list are not. */
export function nodeText(value: object): string | null {
  const as = kindOf(value);
  if (as === undefined) return null;
  if (as === 'node') return writeJson(value, { isPretty: true });
  return `[${(value as unknown[]).map((item) => writeJson(item)).join(', ')}]`;
}
