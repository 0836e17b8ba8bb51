import { splitText } from '../../core/conversion/manyParts.ts';
import { compareNumbers, exactNumber, ExactNumber, isIntegral, isNumeric } from '../../core/conversion/exactNumber.ts';
import { writeJson } from '../../core/conversion/json.ts';
import { work } from './bounds.ts';

/** What a filter failed with; `value` is what `catch` sees. */
export class JqError extends Error {
  readonly value: unknown;
  /** Raised by `error`, not by a function that got the wrong value. */
  readonly isRaised: boolean;

  constructor(value: unknown, isRaised = false) {
    super(typeof value === 'string' ? value : json(value));
    this.value = value;
    this.isRaised = isRaised;
  }
}

export type Json = unknown;

/** What is read from a text without anything in it: null to all that asks, but nothing can be done with it. */
export const missing = Symbol('missing');
export type JsonMap = Record<string, unknown>;

/** JSON text of a value. As in Camel's jq, a whole double (`5.0`) is printed without its fraction. */
export const json = (value: unknown): string => writeJson(withoutFractions(value));

function withoutFractions(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof ExactNumber) return value.kind === 'double' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.some((item) => typeof item === 'object') ? value.map(withoutFractions) : value;
  const entries = Object.entries(value);
  return entries.some(([, item]) => typeof item === 'object') ? Object.fromEntries(entries.map(([key, item]) => [key, withoutFractions(item)])) : value;
}

export const isMap = (value: unknown): value is JsonMap => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);

export function typeName(value: unknown): string {
  if (value === null || value === missing) return 'null';
  if (isNumeric(value)) return 'number';
  return Array.isArray(value) ? 'array' : typeof value;
}

export const isTrue = (value: unknown): boolean => value !== null && value !== false && value !== missing;

const excerpt = (value: unknown): string => {
  const text = json(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

export const describe = (value: unknown): string => (value === missing ? 'missing (null)' : `${typeName(value)} (${excerpt(value)})`);

const ranks: Readonly<Record<string, number>> = { null: 0, boolean: 1, number: 3, string: 4, array: 5, object: 6 };
const rank = (value: unknown): number => (value === true ? 2 : ranks[typeName(value)]!);

/** The order of all values: null, false, true, numbers, texts, lists, maps. */
export function compare(a: unknown, b: unknown): number {
  work();
  if (a === b) return 0;
  const difference = rank(a) - rank(b);
  if (difference !== 0) return difference;
  if (isNumeric(a)) {
    // As in jq, nan is less than any number.
    if (Number.isNaN(Number(a))) return -1;
    if (Number.isNaN(Number(b))) return 1;
    return compareNumbers(a, b as number);
  }
  if (typeof a === 'string') return a < (b as string) ? -1 : 1;
  if (Array.isArray(a)) {
    const other = b as unknown[];
    for (let i = 0; i < a.length && i < other.length; i++) {
      const item = compare(a[i], other[i]);
      if (item !== 0) return item;
    }
    return a.length - other.length;
  }
  if (!isMap(a)) return 0;
  const [keys, otherKeys] = [Object.keys(a).sort(), Object.keys(b as JsonMap).sort()];
  const byKeys = compare(keys, otherKeys);
  if (byKeys !== 0) return byKeys;
  work(keys.length);
  for (const key of keys) {
    const item = compare(a[key], (b as JsonMap)[key]);
    if (item !== 0) return item;
  }
  return 0;
}

export function put(map: JsonMap, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
  else map[key] = value;
}

/** A copy of a map, and the work that it is. */
function copyOf(map: JsonMap): JsonMap {
  const copy: JsonMap = { ...map };
  work(Object.keys(copy).length >> 1);
  return copy;
}

export const own = (map: JsonMap, key: string): unknown => (Object.hasOwn(map, key) ? map[key] : undefined);

/** Texts and lists that an operator makes are at most so long. */
const longest = 64 * 1024 * 1024;

const wrongOperands = (a: unknown, b: unknown, what: string): JqError => new JqError(`${describe(a)} and ${describe(b)} cannot be ${what}`);

type Numeric = number | bigint | ExactNumber;

const isWhole = (value: Numeric): boolean => (typeof value === 'number' ? Number.isSafeInteger(value) : isIntegral(value) && String(value).length <= 40);
const whole = (value: Numeric): bigint => BigInt(String(value));

/** Of whole numbers what is too large for a double is computed exactly. */
function computed(a: Numeric, b: Numeric, run: (x: number, y: number) => number, runExactly: (x: bigint, y: bigint) => bigint): number | ExactNumber {
  const result = run(Number(a), Number(b));
  if (typeof a === 'number' && typeof b === 'number' && Number.isSafeInteger(result)) return result;
  return isWhole(a) && isWhole(b) ? exactNumber(runExactly(whole(a), whole(b)).toString()) : result;
}

export function add(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number' && Math.abs(a) < 2 ** 52 && Math.abs(b) < 2 ** 52) return a + b;
  if (a === null) return b;
  if (b === null) return a;
  if (isNumeric(a) && isNumeric(b)) return computed(a, b, (x, y) => x + y, (x, y) => x + y);
  if (typeof a === 'string' && typeof b === 'string') {
    if (a.length + b.length > longest) throw new JqError(`a text would be longer than ${longest}`);
    return a + b;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    work((a.length + b.length) >> 3);
    return [...(a as unknown[]), ...(b as unknown[])];
  }
  if (isMap(a) && isMap(b)) {
    const sum = copyOf(a);
    for (const key of Object.keys(b)) put(sum, key, b[key]);
    return sum;
  }
  throw wrongOperands(a, b, 'added');
}

const isSimple = (value: unknown): boolean => typeof value === 'string' || typeof value === 'boolean' || value === null || (typeof value === 'number' && !Number.isNaN(value));

function without(list: readonly unknown[], others: readonly unknown[]): unknown[] {
  const simple = new Set(others.filter(isSimple));
  // Numbers that are kept exactly may equal those that are not.
  const hasExact = list.some((item) => item instanceof ExactNumber) || others.some((item) => item instanceof ExactNumber);
  const rest = hasExact ? others : others.filter((item) => !isSimple(item));
  const left = list.filter((item) => !(isSimple(item) && simple.has(item)));
  return rest.length === 0 ? left : left.filter((item) => !rest.some((other) => compare(item, other) === 0));
}

export function subtract(a: unknown, b: unknown): unknown {
  if (isNumeric(a) && isNumeric(b)) return computed(a, b, (x, y) => x - y, (x, y) => x - y);
  if (Array.isArray(a) && Array.isArray(b)) return without(a, b);
  throw wrongOperands(a, b, 'subtracted');
}

export function multiply(a: unknown, b: unknown): unknown {
  if (isNumeric(a) && isNumeric(b)) return computed(a, b, (x, y) => x * y, (x, y) => x * y);
  const [text, times] = typeof a === 'string' ? [a, b] : [b, a];
  if (typeof text === 'string' && isNumeric(times)) {
    const count = Number(times);
    if (!(count > 0)) return null;
    if (text.length * count > longest) throw new JqError(`a text would be longer than ${longest}`);
    return text.repeat(Math.max(1, Math.ceil(count)));
  }
  if (isMap(a) && isMap(b)) return deepMerge(a, b);
  throw wrongOperands(a, b, 'multiplied');
}

function deepMerge(a: JsonMap, b: JsonMap): JsonMap {
  const merged = copyOf(a);
  for (const key of Object.keys(b)) {
    const [mine, other] = [own(merged, key), b[key]];
    put(merged, key, isMap(mine) && isMap(other) ? deepMerge(mine, other) : other);
  }
  return merged;
}

export function divide(a: unknown, b: unknown): unknown {
  if (isNumeric(a) && isNumeric(b)) {
    if (Number(b) === 0) throw wrongOperands(a, b, 'divided because the divisor is zero');
    return Number(a) / Number(b);
  }
  if (typeof a === 'string' && typeof b === 'string') return a === '' ? [] : splitText(a, b);
  throw wrongOperands(a, b, 'divided');
}

export function remainder(a: unknown, b: unknown): unknown {
  if (!isNumeric(a) || !isNumeric(b)) throw wrongOperands(a, b, 'divided');
  const [x, y] = [Number(a), Number(b)];
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  const divisor = Math.abs(Math.trunc(y));
  if (divisor === 0) throw wrongOperands(a, b, 'divided (remainder) because the divisor is zero');
  if ((typeof a !== 'number' || typeof b !== 'number') && isWhole(a) && isWhole(b)) return exactNumber((whole(a) % whole(b)).toString());
  const rest = Math.trunc(x) % divisor;
  return rest === 0 ? 0 : rest;
}

/** `.[key]`: of a map by a text, of a list by a number, a slice's map, or a list that is looked for. */
export function getKey(value: unknown, key: unknown): unknown {
  if (typeof key === 'string') {
    if (value === null) return null;
    if (isMap(value)) return own(value, key) ?? null;
    throw new JqError(`Cannot index ${typeName(value)} with string "${key}"`);
  }
  if (isNumeric(key)) {
    if (value === null) return null;
    if (Array.isArray(value)) {
      const index = Number(key);
      return (value as unknown[])[index < 0 ? index + value.length : index] ?? null;
    }
  }
  if (isMap(key) && (value === null || Array.isArray(value) || typeof value === 'string')) return slice(value, key['start'] ?? null, key['end'] ?? null);
  if (Array.isArray(value) && Array.isArray(key)) return indexesOf(value, key as unknown[]);
  throw new JqError(`Cannot index ${typeName(value)} with ${typeName(key)}`);
}

export function indexesOf(list: readonly unknown[], wanted: readonly unknown[]): number[] | null {
  if (wanted.length === 0) return null;
  const found: number[] = [];
  for (let at = 0; at + wanted.length <= list.length; at++) if (wanted.every((item, i) => compare(item, list[at + i]) === 0)) found.push(at);
  return found;
}

function sliceBounds(length: number, start: unknown, end: unknown): [number, number] {
  for (const bound of [start, end]) if (bound !== null && !isNumeric(bound)) throw new JqError('Start and end indices of an array slice must be numbers');
  const from = start === null ? 0 : Math.floor(Number(start));
  const to = end === null ? length : Math.ceil(Number(end));
  const inside = (index: number): number => Math.min(length, Math.max(0, index < 0 ? index + length : index));
  return [inside(from), inside(to)];
}

export function slice(value: unknown, start: unknown, end: unknown): unknown {
  if (value === null) return null;
  if (typeof value === 'string') {
    const letters = Array.from(value);
    return letters.slice(...sliceBounds(letters.length, start, end)).join('');
  }
  if (Array.isArray(value)) {
    const part = value.slice(...sliceBounds(value.length, start, end));
    work(part.length >> 3);
    return part;
  }
  throw new JqError(`Cannot index ${typeName(value)} with object`);
}

/** Copies that one evaluation has made and nobody else has seen: they are changed, not copied again. */
export type Owned = Set<unknown>;

function ownMap(value: JsonMap | null, owned: Owned): JsonMap {
  if (owned.has(value)) return value!;
  const copy = copyOf(value ?? {});
  owned.add(copy);
  return copy;
}

function ownList(value: readonly unknown[] | null, owned: Owned): unknown[] {
  if (owned.has(value)) return value as unknown[];
  const copy = [...(value ?? [])];
  work(copy.length >> 3);
  owned.add(copy);
  return copy;
}

/** The sum, as `add` gives it; a list or map that is owned becomes it. */
export function addTo(a: unknown, b: unknown, owned: Owned): unknown {
  if (Array.isArray(a) && Array.isArray(b)) {
    const list = ownList(a, owned);
    for (const item of b) list.push(item);
    work(b.length >> 3);
    return list;
  }
  if (!isMap(a) || !isMap(b)) return add(a, b);
  const map = ownMap(a, owned);
  for (const key of Object.keys(b)) put(map, key, b[key]);
  return map;
}

/**
 * A copy of the value in which what stands at the path is replaced.
 * @param owned copies that the same change has made before
 */
export function setPath(value: unknown, path: readonly unknown[], item: unknown, owned: Owned = new Set(), at = 0): unknown {
  if (at === path.length) return item;
  const key = path[at];
  if (typeof key === 'string') {
    if (value !== null && !isMap(value)) throw new JqError(`Cannot index ${typeName(value)} with string "${key}"`);
    const copy = ownMap(value, owned);
    put(copy, key, setPath(own(copy, key) ?? null, path, item, owned, at + 1));
    return copy;
  }
  if (isNumeric(key)) {
    if (value !== null && !Array.isArray(value)) throw new JqError(`Cannot index ${typeName(value)} with number`);
    const copy = ownList(value, owned);
    let index = Math.floor(Number(key));
    if (index < 0) index += copy.length;
    if (index < 0) throw new JqError('Out of bounds negative array index');
    if (index > longest) throw new JqError('Array index too large');
    while (copy.length < index) copy.push(null);
    copy[index] = setPath(copy[index] ?? null, path, item, owned, at + 1);
    return copy;
  }
  if (isMap(key)) {
    if (value !== null && !Array.isArray(value)) throw new JqError(`Cannot update field at object index of ${typeName(value)}`);
    const list = (value ?? []) as unknown[];
    const [from, to] = sliceBounds(list.length, key['start'] ?? null, key['end'] ?? null);
    const part = setPath(value === null ? null : list.slice(from, Math.max(from, to)), path, item, owned, at + 1);
    if (!Array.isArray(part)) throw new JqError('A slice of an array can only be assigned another array');
    work((list.length + part.length) >> 3);
    // What is in a part is in the list, too.
    owned.clear();
    return [...list.slice(0, from), ...(part as unknown[]), ...list.slice(Math.max(from, to))];
  }
  throw new JqError(`Invalid path component: ${typeName(key)}`);
}

export function getPath(value: unknown, path: readonly unknown[]): unknown {
  let current = value;
  for (const key of path) {
    if (current === null) return null;
    current = getKey(current, key);
  }
  return current;
}

const isPlace = (key: unknown): key is number => typeof key === 'number' && Number.isInteger(key) && key >= 0;

const haveOneParent = (a: readonly unknown[], b: readonly unknown[]): boolean => a.length === b.length && a.every((key, i) => i === a.length - 1 || compare(key, b[i]) === 0);

/** The path with places that count from the start. */
function fromStart(value: unknown, path: readonly unknown[]): readonly unknown[] {
  let at = value;
  let found: unknown[] | null = null;
  for (let i = 0; i < path.length; i++) {
    let key = path[i];
    if (isNumeric(key) && Number(key) < 0 && Array.isArray(at) && at.length + Number(key) >= 0) (found ??= [...path])[i] = key = at.length + Math.floor(Number(key));
    if (typeof key === 'string' && isMap(at)) at = own(at, key);
    else if (isNumeric(key) && Array.isArray(at)) at = at[Math.floor(Number(key))] as unknown;
    else break;
  }
  return found ?? path;
}

/** Without what stands at the paths. */
export function deletePaths(value: unknown, paths: readonly (readonly unknown[])[]): unknown {
  // From the last to the first, so that places do not move; places are those of the value as it was, and what is named twice goes once.
  const sorted = paths
    .map((path) => fromStart(value, path))
    .sort((a, b) => compare(b, a))
    .filter((path, i, all) => i === 0 || compare(path, all[i - 1]) !== 0);
  const owned: Owned = new Set();
  let left = value;
  for (let i = 0; i < sorted.length; i++) {
    const path = sorted[i]!;
    // Different places of one list go at once.
    const places = new Set([path.at(-1)]);
    for (let next = sorted[i + 1]; isPlace(path.at(-1)) && next !== undefined && isPlace(next.at(-1)) && !places.has(next.at(-1)) && haveOneParent(path, next); next = sorted[i + 1]) {
      places.add(next.at(-1));
      i++;
    }
    left = deletePath(left, path, 0, places, owned);
  }
  return left;
}

function deletePath(value: unknown, path: readonly unknown[], at: number, places: ReadonlySet<unknown>, owned: Owned): unknown {
  if (value === null || path.length === 0) return null;
  const key = path[at];
  const isLast = at === path.length - 1;
  if (typeof key === 'string' && isMap(value)) {
    if (!Object.hasOwn(value, key)) return value;
    const copy = ownMap(value, owned);
    if (isLast) delete copy[key];
    else put(copy, key, deletePath(copy[key], path, at + 1, places, owned));
    return copy;
  }
  if (isNumeric(key) && Array.isArray(value)) {
    if (isLast && places.size > 1) return kept(value, (_item, i) => !places.has(i));
    let index = Math.floor(Number(key));
    if (index < 0) index += value.length;
    if (index < 0 || index >= value.length) return value;
    if (isLast) return kept(value, (_item, i) => i !== index);
    const copy = ownList(value, owned);
    copy[index] = deletePath(copy[index], path, at + 1, places, owned);
    return copy;
  }
  if (isMap(key) && Array.isArray(value)) {
    const [from, to] = sliceBounds(value.length, key['start'] ?? null, key['end'] ?? null);
    const list = value as unknown[];
    if (to <= from) return value;
    if (isLast) return kept(list, (_item, i) => i < from || i >= to);
    work(list.length >> 3);
    return [...list.slice(0, from), ...(deletePath(list.slice(from, to), path, at + 1, places, owned) as unknown[]), ...list.slice(to)];
  }
  throw new JqError(`Cannot delete field at ${typeof key === 'string' ? 'object' : 'array'} index of ${typeName(value)}`);
}

function kept(list: readonly unknown[], keeps: (item: unknown, index: number) => boolean): unknown[] {
  work(list.length >> 3);
  return list.filter(keeps);
}
