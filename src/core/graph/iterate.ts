import { isJsonNode } from '../conversion/jsonNode.ts';
import { javaBytes, toText } from '../conversion/convert.ts';
import { childrenOf, XmlNode } from '../conversion/xml.ts';
import { javaClass } from '../conversion/javaClass.ts';
import { isNetworkBytes } from '../conversion/network-bytes.ts';

/** One entry of a map that is iterated over; its text is `key=value`. */
export class MapEntry {
  readonly key: string;
  readonly value: unknown;

  constructor(key: string, value: unknown) {
    this.key = key;
    this.value = value;
  }

  get [javaClass](): string {
    return 'java.util.LinkedHashMap$Entry';
  }

  toString(): string {
    return `${this.key}=${toText(this.value) ?? 'null'}`;
  }

  toJSON(): Record<string, unknown> {
    return { [this.key]: this.value };
  }
}

/** A text cut at a delimiter, piece by piece. */
export class TextParts implements Iterable<string> {
  private readonly text: string;
  private readonly delimiter: string;
  private readonly start: number;
  private readonly end: number;
  private readonly honoursParentheses: boolean;

  /** One delimiter at the start and one at the end make no part. */
  constructor(text: string, delimiter: string) {
    this.text = text;
    this.delimiter = delimiter;
    this.start = text.startsWith(delimiter) ? delimiter.length : 0;
    this.end = text.length > this.start && text.endsWith(delimiter) ? text.length - delimiter.length : text.length;
    this.honoursParentheses = delimiter === ',' && text.includes('(');
  }

  get size(): number {
    let size = 0;
    for (let at = this.start; at <= this.end && this.start < this.text.length; at = this.cut(at) + this.delimiter.length) size++;
    return size;
  }

  *[Symbol.iterator](): Generator<string> {
    if (this.start >= this.text.length) return;
    for (let at = this.start; at <= this.end; ) {
      const cut = this.cut(at);
      yield this.text.slice(at, cut);
      at = cut + this.delimiter.length;
    }
  }

  /** Where the part that begins at `from` ends. */
  private cut(from: number): number {
    let cut = this.text.indexOf(this.delimiter, from);
    if (this.honoursParentheses) {
      let depth = 0;
      for (let at = from; cut >= 0 && at < cut; at++) {
        const letter = this.text.charCodeAt(at);
        if (letter === 40) depth++;
        else if (letter === 41 && depth > 0) depth--;
        if (at === cut - 1 && depth > 0 && this.text.indexOf(')', cut) >= 0) cut = this.text.indexOf(this.delimiter, cut + 1);
      }
    }
    return cut < 0 || cut > this.end ? this.end : cut;
  }
}

export type Parts = readonly unknown[] | Iterable<unknown> | AsyncIterable<unknown>;

const nothing: readonly unknown[] = [];

/**
 * What split, recipientList and the like iterate over, as Camel sees it: lists, sets and iterators by element, maps by entry, bytes one
 * by one, nodes of XML by child, text cut at the delimiter (blank text gives nothing), null nothing, anything else as the one part.
 * @param delimiter null (or `false`): text is not cut; `single`: nothing is taken apart
 */
export function toIterable(value: unknown, delimiter: string | null = ','): Parts {
  if (delimiter !== null && delimiter.toLowerCase() === 'single') return [value];
  if (value === null || value === undefined) return nothing;
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') {
    if (value.trim() === '') return nothing;
    if (delimiter === null || delimiter === '' || delimiter.toLowerCase() === 'false' || !value.includes(delimiter)) return [value];
    return new TextParts(value, delimiter);
  }
  if (typeof value !== 'object') return [value];
  if (value instanceof Map) return mapEntries(value as Map<unknown, unknown>);
  if (value instanceof Uint8Array) return isNetworkBytes(value) ? [value] : javaBytes(value);
  if (value instanceof XmlNode) return childrenOf(value);
  if (isIterable(value)) return value;
  if (isAsyncIterable(value)) return isByteStream(value) ? [value] : value;
  if (isIterator(value)) return { [Symbol.iterator]: () => value };
  if (Object.getPrototypeOf(value) === null || Object.getPrototypeOf(value) === Object.prototype) {
    // The parts of a JSON object are its values.
    if (isJsonNode(value)) return Object.values(value);
    return Object.entries(value).map(([key, item]) => new MapEntry(key, item));
  }
  return [value];
}

function* mapEntries(map: Map<unknown, unknown>): Generator<MapEntry> {
  for (const [key, value] of map) yield new MapEntry(toText(key) ?? 'null', value);
}

export const isIterable = (value: object): value is Iterable<unknown> => typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function';

export const isAsyncIterable = (value: object): value is AsyncIterable<unknown> =>
  typeof (value as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === 'function';

const isIterator = (value: object): value is Iterator<unknown> => typeof (value as { next?: unknown }).next === 'function';

/** A stream of bytes or text is one value; only a stream of objects has elements. */
const isByteStream = (value: object): boolean => typeof (value as { pipe?: unknown }).pipe === 'function' && (value as { readableObjectMode?: boolean }).readableObjectMode !== true;

/** All parts at once; a promise where they come asynchronously. */
export function allParts(parts: Parts): readonly unknown[] | Promise<readonly unknown[]> {
  if (Array.isArray(parts)) return parts as readonly unknown[];
  if (!isAsyncIterable(parts)) return [...(parts as Iterable<unknown>)];
  return (async () => {
    const all: unknown[] = [];
    for await (const part of parts) all.push(part);
    return all;
  })();
}
