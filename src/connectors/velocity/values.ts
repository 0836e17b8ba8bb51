import { isPlainObject, javaMethod } from '../../core/beans/javaTypes.ts';
import { toText } from '../../core/conversion/convert.ts';
import { nodeJson } from '../../core/conversion/jsonNode.ts';
import { compareNumbers, doubleText, ExactNumber, exactNumber, isIntegral, isNumeric, javaDouble } from '../../core/conversion/exactNumber.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Bounds } from '../template.ts';

/** Values of a template, as Velocity counts, compares and prints Java's. */

/** One of `entrySet()`. */
export class Entry {
  readonly key: unknown;
  readonly value: unknown;

  constructor(key: unknown, value: unknown) {
    this.key = key;
    this.value = value;
  }
}

export const isMap = (value: unknown): value is Record<string, unknown> | Map<unknown, unknown> =>
  value instanceof Map || isPlainObject(value);

export const entriesOf = (map: Record<string, unknown> | Map<unknown, unknown>): [unknown, unknown][] => (map instanceof Map ? [...map] : Object.entries(map));

export function valueAt(map: Record<string, unknown> | Map<unknown, unknown>, key: unknown): unknown {
  if (map instanceof Map) return map.get(key) ?? null;
  const name = String(key);
  return Object.hasOwn(map, name) ? map[name] : null;
}

/** The text of a value; what stands in each other several times counts each time. */
export function printed(value: unknown, bounds: Bounds): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : doubleText(value);
  if (value === null || value === undefined) return 'null';
  const json = nodeJson(value);
  if (json !== null) {
    bounds.write(json.length);
    return json;
  }
  if (Array.isArray(value)) return bounds.section(() => `[${value.map((item) => printed(item, bounds)).join(', ')}]`);
  if (value instanceof Entry) return `${printed(value.key, bounds)}=${printed(value.value, bounds)}`;
  if (isMap(value)) {
    return bounds.section(() => `{${entriesOf(value).map(([key, item]) => `${printed(key, bounds)}=${printed(item, bounds)}`).join(', ')}}`);
  }
  return toText(value) ?? 'null';
}

/** What a condition makes of a value: nothing, false, 0 and what is empty do not hold. */
export function holds(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return false;
  if (isNumeric(value)) return Number(value) !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  return !isMap(value) || Object.keys(value).length > 0;
}

export function areEqual(a: unknown, b: unknown, bounds: Bounds): boolean {
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null);
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b) === 0;
  return a === b || printed(a, bounds) === printed(b, bounds);
}

/** Only numbers are less or greater than others. */
export const compared = (a: unknown, b: unknown): number | null => (isNumeric(a) && isNumeric(b) ? compareNumbers(a, b) : null);

type Numeric = number | bigint | ExactNumber;

const whole = (value: Numeric): bigint => BigInt(value instanceof ExactNumber ? value.text : value);

/** Of two whole numbers a whole one, else a double; null where there is no result. */
export function computed(operator: string, a: unknown, b: unknown, bounds: Bounds): unknown {
  if (a === null || a === undefined || b === null || b === undefined) return null;
  if (!isNumeric(a) || !isNumeric(b)) return operator === '+' ? bounds.section(() => printed(a, bounds) + printed(b, bounds)) : null;
  if (isIntegral(a) && isIntegral(b)) return computedWhole(operator, a, b);
  const [x, y] = [Number(a), Number(b)];
  if ((operator === '/' || operator === '%') && y === 0) return null;
  return javaDouble(operator === '+' ? x + y : operator === '-' ? x - y : operator === '*' ? x * y : operator === '/' ? x / y : x % y);
}

function computedWhole(operator: string, a: Numeric, b: Numeric): unknown {
  const [x, y] = [Number(a), Number(b)];
  if ((operator === '/' || operator === '%') && y === 0) return null;
  const plain = operator === '+' ? x + y : operator === '-' ? x - y : operator === '*' ? x * y : operator === '/' ? Math.trunc(x / y) : x % y;
  if (typeof a === 'number' && typeof b === 'number' && Number.isSafeInteger(plain)) return plain + 0;
  const [m, n] = [whole(a), whole(b)];
  return exactNumber(String(operator === '+' ? m + n : operator === '-' ? m - n : operator === '*' ? m * n : operator === '/' ? m / n : m % n));
}

/** A member of a value without parentheses; undefined where it has none. */
export function memberOf(value: unknown, name: string): unknown {
  if (isMap(value)) return valueAt(value, name);
  if (value instanceof Entry) return name === 'key' ? value.key : name === 'value' ? value.value : undefined;
  if (name === 'length' && typeof value === 'string') return value.length;
  if (name !== 'empty' && name !== 'blank' && name !== 'bytes' && name !== 'first' && name !== 'last') return undefined;
  const capital = name.charAt(0).toUpperCase() + name.slice(1);
  const method = javaMethod(value, `is${capital}`) ?? javaMethod(value, `get${capital}`);
  return method === null ? undefined : method();
}

/** What calling a method gives; undefined where there is none of that name. */
export function calledOn(value: unknown, name: string, args: readonly unknown[], bounds: Bounds): unknown {
  bounds.use(value);
  if (value instanceof Entry) return args.length > 0 ? undefined : name === 'getKey' ? value.key : name === 'getValue' ? value.value : name === 'toString' ? printed(value, bounds) : undefined;
  if (isMap(value) && name === 'entrySet') return entriesOf(value).map(([key, item]) => new Entry(key, item));
  if (name === 'toString' && args.length === 0) return printed(value, bounds);
  const method = javaMethod(value, name);
  if (method === null) return undefined;
  try {
    const result = method(...args);
    bounds.use(result);
    // What gives nothing prints as nothing.
    return result === undefined ? '' : typeof result === 'object' && result !== null && Symbol.iterator in result && !Array.isArray(result) && !isMap(result) ? [...(result as Iterable<unknown>)] : result;
  } catch (thrown) {
    if (thrown instanceof RangeError) throw thrown;
    throw new ExchangeError('org.apache.velocity.exception.MethodInvocationException', `\`${name}\` failed: ${(thrown as Error).message}`, { cause: thrown });
  }
}
