import { ExchangeError } from '../errors.ts';
import { ExactNumber } from './exactNumber.ts';

/** How deep a value may be nested, as in JSON. */
export const deepestValue = 1000;

/** What is read at once from a binary format may have so many values; a list or a map takes the room of several. */
const mostValues = 50_000_000;
export const roomOfContainer = 8;

/** Counts what is read, so that few bytes can't become more values than there is memory for. */
export class ValueCount {
  private left = mostValues;
  private readonly failureClass: string;

  constructor(failureClass: string) {
    this.failureClass = failureClass;
  }

  /** Before as many values are read into a list or a map. */
  take(values: number): void {
    this.use(values + roomOfContainer);
  }

  use(room: number): void {
    this.left -= room;
    if (this.left < 0) throw new ExchangeError(this.failureClass, `the document has too many values to be read at once (${mostValues} are the most)`);
  }
}

/** Sets a key that may also be `__proto__`. */
export const putKey = (map: object, key: string, value: unknown): void => void Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });

/** Whether a plain value is a map: no list, no bytes. */
export const isPlainMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

/** A list or a map, as a parser or a script makes it, whose items a writer may go over by itself. */
export const isPlainContainer = (value: unknown): value is unknown[] | Record<string, unknown> => {
  if (Array.isArray(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !(Symbol.iterator in value);
};

/** So many items are written together, and so deep lists and maps are written item by item. */
export const itemsTogether = 64;
export const deepestInTurns = 4;

/** What has not more values is written at once. */
export const fewValues = 2000;

/**
 * A body as the libraries of binary formats want it: objects, lists, texts, numbers, bigints, booleans, bytes and null. Maps become objects, sets and
 * iterables lists, dates milliseconds. What stays of an ExactNumber is up to `exact`.
 * @throws ExchangeError of the class `failure` for cycles, nesting deeper than 1000, functions and symbols
 */
export function plainValue(value: unknown, failure: string, exact: (number: ExactNumber) => unknown): unknown {
  const plain = (item: unknown, depth: number): unknown => {
    switch (typeof item) {
      case 'undefined':
        return null;
      case 'function':
      case 'symbol':
        throw new ExchangeError(failure, `a ${typeof item} can't be written`);
      case 'object':
        break;
      default:
        return item;
    }
    if (item === null || item instanceof Uint8Array) return item;
    if (item instanceof ExactNumber) return exact(item);
    if (item instanceof Date) return item.getTime();
    if (depth > deepestValue) throw new ExchangeError(failure, `the value is nested deeper than ${deepestValue}`);
    if (item instanceof Map) return object(item as ReadonlyMap<unknown, unknown>, depth);
    if (typeof (item as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function') return Array.from(item as Iterable<unknown>, (part) => plain(part, depth + 1));
    return object(Object.entries(item), depth);
  };
  const object = (entries: Iterable<readonly [unknown, unknown]>, depth: number): Record<string, unknown> => {
    const made = Object.create(null) as Record<string, unknown>;
    for (const [key, item] of entries) made[String(key)] = plain(item, depth + 1);
    return made;
  };
  return plain(value, 0);
}
