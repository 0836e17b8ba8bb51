import { createHash, randomUUID } from 'node:crypto';
import { RE2JS } from 're2js';
import { parseJson, toPlainNumbers, writeJson } from '../../core/conversion/json.ts';

/** An expression that fails on its input. */
export class JsltError extends Error {}

export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What `if`, `and`, `or` and `not` take for true. */
export const isTrue = (value: unknown): boolean => value !== null && value !== false && !(Array.isArray(value) && value.length === 0) && !(isObject(value) && Object.keys(value).length === 0);

export const text = (value: unknown): string => (typeof value === 'string' ? value : writeJson(value));

const typeName = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);

export function number(value: unknown, what: string): number {
  if (typeof value === 'number') return value;
  throw new JsltError(`${what}: cannot convert ${typeName(value)} to number: ${text(value)}`);
}

function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw new JsltError(`${what}: cannot convert ${typeName(value)} to array`);
}

export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => same(item, b[i]));
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
  }
  return a === b;
}

export function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  throw new JsltError(`cannot compare ${typeName(a)} with ${typeName(b)}`);
}

const patterns = new Map<string, RE2JS>();

/** Linear in the text, whatever the pattern. */
function pattern(source: unknown): RE2JS {
  const key = text(source);
  let known = patterns.get(key);
  if (known === undefined) {
    try {
      known = RE2JS.compile(key);
    } catch (thrown) {
      throw new JsltError(`syntax error in regular expression '${key}': ${(thrown as Error).message}`);
    }
    if (patterns.size >= 500) patterns.clear();
    patterns.set(key, known);
  }
  return known;
}

const orNull =
  (run: (first: unknown, ...more: unknown[]) => unknown) =>
  (first: unknown, ...more: unknown[]): unknown =>
    first === null ? null : run(first, ...more);

function parsedNumber(value: unknown, otherwise: unknown): unknown {
  if (value === null || typeof value === 'number') return value;
  const given = text(value);
  if (/^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(given)) return Number(given);
  if (otherwise !== undefined) return otherwise;
  throw new JsltError(`number(${writeJson(value)}) failed: not a number`);
}

function flatten(value: readonly unknown[]): unknown[] {
  return (value as unknown[]).flat(Infinity);
}

function objectOf(entries: readonly unknown[]): Record<string, unknown> {
  const object = Object.create(null) as Record<string, unknown>;
  for (const entry of entries) {
    if (!isObject(entry) || !('key' in entry)) throw new JsltError('object: array elements must be objects with `key` and `value`');
    object[text(entry['key'])] = entry['value'] ?? null;
  }
  return object;
}

export interface Native {
  readonly from: number;
  readonly to: number;
  readonly run: (...given: unknown[]) => unknown;
}

const fixed = (count: number, run: (...given: never[]) => unknown): Native => ({ from: count, to: count, run: run as Native['run'] });
const between = (from: number, to: number, run: (...given: never[]) => unknown): Native => ({ from, to, run: run as Native['run'] });

export const functions: Readonly<Record<string, Native>> = {
  contains: fixed(2, (part: unknown, value: unknown) => {
    if (value === null) return false;
    if (Array.isArray(value)) return value.some((item) => same(item, part));
    return isObject(value) ? Object.hasOwn(value, text(part)) : text(value).includes(text(part));
  }),
  size: fixed(1, (value: unknown) => {
    if (value === null) return null;
    if (typeof value === 'string' || Array.isArray(value)) return value.length;
    if (isObject(value)) return Object.keys(value).length;
    throw new JsltError(`size(): cannot take the size of ${typeName(value)}`);
  }),
  error: fixed(1, (message: unknown) => {
    throw new JsltError(`error: ${text(message)}`);
  }),
  min: fixed(2, (a: unknown, b: unknown) => (a === null || b === null ? null : compare(a, b) < 0 ? a : b)),
  max: fixed(2, (a: unknown, b: unknown) => (a === null || b === null ? null : compare(a, b) > 0 ? a : b)),
  'is-number': fixed(1, (value: unknown) => typeof value === 'number'),
  'is-integer': fixed(1, (value: unknown) => Number.isInteger(value)),
  'is-decimal': fixed(1, (value: unknown) => typeof value === 'number' && !Number.isInteger(value)),
  'is-string': fixed(1, (value: unknown) => typeof value === 'string'),
  'is-boolean': fixed(1, (value: unknown) => typeof value === 'boolean'),
  'is-array': fixed(1, (value: unknown) => Array.isArray(value)),
  'is-object': fixed(1, isObject),
  not: fixed(1, (value: unknown) => !isTrue(value)),
  boolean: fixed(1, isTrue),
  number: between(1, 2, parsedNumber),
  round: fixed(1, orNull((value) => Math.round(number(value, 'round')))),
  floor: fixed(1, orNull((value) => Math.floor(number(value, 'floor')))),
  ceiling: fixed(1, orNull((value) => Math.ceil(number(value, 'ceiling')))),
  random: fixed(0, () => Math.random()),
  sum: fixed(1, orNull((value) => list(value, 'sum').reduce<number>((sum, item) => sum + number(item, 'sum'), 0))),
  mod: fixed(2, (a: unknown, b: unknown) => {
    if (a === null || b === null) return null;
    const divisor = number(b, 'mod');
    if (divisor === 0) throw new JsltError('mod(): cannot divide by zero');
    const rest = number(a, 'mod') % divisor;
    return rest < 0 ? rest + Math.abs(divisor) : rest;
  }),
  'hash-int': fixed(1, (value: unknown) => [...text(value)].reduce((hash, char) => (Math.imul(31, hash) + char.charCodeAt(0)) | 0, 0)),
  test: fixed(2, (value: unknown, source: unknown) => (value === null ? false : pattern(source).matcher(text(value)).find())),
  capture: fixed(2, (value: unknown, source: unknown) => {
    if (value === null) return null;
    const matcher = pattern(source).matcher(text(value));
    const found = Object.create(null) as Record<string, unknown>;
    if (matcher.find()) for (const name of Object.keys(pattern(source).namedGroups())) if (matcher.group(name) !== null) found[name] = matcher.group(name);
    return found;
  }),
  split: fixed(2, (value: unknown, source: unknown) => {
    if (value === null) return null;
    const parts = pattern(source).split(text(value));
    // As Java's split: empty parts at the end are dropped.
    while (parts.length > 1 && parts.at(-1) === '') parts.pop();
    return parts;
  }),
  join: fixed(2, (value: unknown, between: unknown) => (value === null ? null : list(value, 'join').map(text).join(text(between)))),
  lowercase: fixed(1, orNull((value) => text(value).toLowerCase())),
  uppercase: fixed(1, orNull((value) => text(value).toUpperCase())),
  'sha256-hex': fixed(1, orNull((value) => createHash('sha256').update(text(value)).digest('hex'))),
  'starts-with': fixed(2, (value: unknown, part: unknown) => value !== null && text(value).startsWith(text(part))),
  'ends-with': fixed(2, (value: unknown, part: unknown) => value !== null && text(value).endsWith(text(part))),
  'from-json': between(1, 2, (value: unknown, otherwise?: unknown) => {
    if (value === null) return null;
    try {
      return toPlainNumbers(parseJson(text(value)));
    } catch (thrown) {
      if (otherwise !== undefined) return otherwise;
      throw new JsltError(`from-json can't parse ${text(value)}: ${(thrown as Error).message}`);
    }
  }),
  'to-json': fixed(1, (value: unknown) => writeJson(value)),
  replace: fixed(3, (value: unknown, source: unknown, by: unknown) => (value === null ? null : pattern(source).matcher(text(value)).replaceAll(text(by)))),
  trim: fixed(1, orNull((value) => (typeof value === 'string' ? value.trim() : text(value)))),
  uuid: between(0, 2, () => randomUUID()),
  string: fixed(1, (value: unknown) => text(value)),
  array: fixed(1, (value: unknown) => {
    if (value === null || Array.isArray(value)) return value;
    if (isObject(value)) return Object.entries(value).map(([key, item]) => ({ key, value: item }));
    throw new JsltError(`array() cannot convert ${typeName(value)}`);
  }),
  flatten: fixed(1, orNull((value) => flatten(list(value, 'flatten')))),
  all: fixed(1, orNull((value) => list(value, 'all').every(isTrue))),
  any: fixed(1, orNull((value) => list(value, 'any').some(isTrue))),
  zip: fixed(2, (a: unknown, b: unknown) => {
    if (a === null || b === null) return null;
    const [left, right] = [list(a, 'zip'), list(b, 'zip')];
    if (left.length !== right.length) throw new JsltError('zip: arrays were of unequal size');
    return left.map((item, i) => [item, right[i]]);
  }),
  'zip-with-index': fixed(1, orNull((value) => list(value, 'zip-with-index').map((item, index) => ({ value: item, index })))),
  'index-of': fixed(2, (value: unknown, item: unknown) => (value === null ? null : list(value, 'index-of').findIndex((candidate) => same(candidate, item)))),
  object: fixed(1, orNull((value) => objectOf(list(value, 'object')))),
  'get-key': between(2, 3, (value: unknown, key: unknown, otherwise: unknown = null) => {
    if (value === null) return null;
    if (!isObject(value)) throw new JsltError(`get-key: can't look up keys in ${typeName(value)}`);
    return Object.hasOwn(value, text(key)) ? value[text(key)] : otherwise;
  }),
  'parse-url': fixed(1, orNull((value) => {
    const url = new URL(text(value));
    return {
      host: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: url.pathname,
      scheme: url.protocol.slice(0, -1),
      ...(url.search === '' ? {} : { query: url.search.slice(1), parameters: Object.fromEntries([...new Set(url.searchParams.keys())].map((key) => [key, url.searchParams.getAll(key)])) }),
      ...(url.hash === '' ? {} : { fragment: url.hash.slice(1) }),
      ...(url.username === '' ? {} : { userinfo: `${url.username}${url.password === '' ? '' : `:${url.password}`}` }),
    };
  })),
};
