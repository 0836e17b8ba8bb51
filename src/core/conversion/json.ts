import { ExchangeError } from '../errors.ts';
import { ExactNumber, exactNumber, plainNumber } from './exactNumber.ts';

/** Nesting that is read or written at most. */
export const deepest = 1000;

const wholeDouble = /\.0+(?:[\s,\]}]|$)/;
const maybeExponent = /\d[eE][-+\d]/;
const exponent = /(?:^|[:[,\s])-?\d[\d.]*[eE]/;
const longestSafe = 15;

/**
 * Whether there may be numbers that JSON.parse would round or that Java tells apart (`5.0`, `1e5`, seventeen digits). What is found may
 * also stand in a text: the slow path then finds that out. Each question is one that a text without such numbers answers fast.
 */
const isSuspicious = (json: string): boolean => hasLongNumber(json) || (json.includes('.0') && wholeDouble.test(json)) || (maybeExponent.test(json) && exponent.test(json));

/** Whether more than fifteen digits and points stand in a row: looks at every sixteenth letter, and around those that are one. */
function hasLongNumber(json: string): boolean {
  for (let at = longestSafe; at < json.length; at += longestSafe + 1) {
    if (!isNumeral(json.charCodeAt(at))) continue;
    let from = at;
    let to = at + 1;
    while (isNumeral(json.charCodeAt(from - 1))) from--;
    while (isNumeral(json.charCodeAt(to))) to++;
    if (to - from > longestSafe) return true;
  }
  return false;
}

const isNumeral = (letter: number): boolean => (letter >= 48 && letter <= 57) || letter === 46;

const textsAndNumbers = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const mark = '\u0001exact:';

/** Containers that hold an ExactNumber somewhere. */
const holders = new WeakSet<object>();

/** Says that a list or map, made elsewhere than by `parseJson`, holds an ExactNumber (or something that does): see `toPlainNumbers`. */
export const noteExactNumbers = (container: object): void => void holders.add(container);

/**
 * JSON text as JavaScript values; numbers that JavaScript would round become ExactNumber. A key `__proto__` is a key like any other.
 * @throws ExchangeError JsonParseException, or MismatchedInputException for an empty text
 */
export function parseJson(text: string): unknown {
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (!isSuspicious(json)) return parsed(json);
  let found = 0;
  const marked = json.replace(textsAndNumbers, (part) => {
    if (part.charCodeAt(0) === 34) {
      if (part.startsWith(mark, 1) || part.startsWith('\\u0001exact:', 1)) throw parseError('a text that this runtime uses itself', json, null);
      return part;
    }
    if (typeof exactNumber(part) === 'number') return part;
    found++;
    return `"\\u0001exact:${part}"`;
  });
  if (found === 0) return parsed(json);
  // The marks may have hidden what is no JSON (a number as a key): the text itself must be right, too.
  parsed(json);
  return withExactNumbers(parsed(marked), 0);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (thrown) {
    throw json.trim() === ''
      ? new ExchangeError('com.fasterxml.jackson.databind.exc.MismatchedInputException', 'No content to map due to end-of-input')
      : parseError((thrown as Error).message, json, thrown);
  }
}

function parseError(message: string, json: string, cause: unknown): ExchangeError {
  const at = /position (\d+)/.exec(message);
  let where = '';
  if (at !== null) {
    const before = json.slice(0, Number(at[1]));
    const line = before.split('\n').length;
    where = ` (line ${line}, column ${before.length - before.lastIndexOf('\n')})`;
  }
  return new ExchangeError('com.fasterxml.jackson.core.JsonParseException', `not JSON: ${message.replace(/ at position \d+.*$/s, '')}${where}`, cause === null ? {} : { details: { json: json.slice(0, 200) } });
}

function withExactNumbers(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.startsWith(mark) ? exactNumber(value.slice(mark.length)) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepest) throw new ExchangeError('com.fasterxml.jackson.core.JsonParseException', `not JSON: nested deeper than ${deepest}`);
  let holds = false;
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    const exact = withExactNumbers(item, depth + 1);
    if (exact !== item) Object.defineProperty(value, key, { value: exact, writable: true, enumerable: true, configurable: true });
    if (exact instanceof ExactNumber || (typeof exact === 'object' && exact !== null && holders.has(exact))) holds = true;
  }
  if (holds) holders.add(value);
  return value;
}

/**
 * Replaces, in place, the ExactNumbers of what `parseJson` gave by JavaScript's own (numbers, bigints, texts for decimals that would be
 * rounded), for code that expects those. Costs nothing for a value that holds none.
 */
export function toPlainNumbers(value: unknown): unknown {
  if (value instanceof ExactNumber) return plainNumber(value);
  if (typeof value !== 'object' || value === null || !holders.has(value)) return value;
  holders.delete(value);
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    const plain = toPlainNumbers(item);
    if (plain !== item) Object.defineProperty(value, key, { value: plain, writable: true, enumerable: true, configurable: true });
  }
  return value;
}

export interface JsonStyle {
  /** As Jackson prints: two blanks a level, ` : ` after keys, lists of plain values on one line. */
  readonly isPretty?: boolean;
  /** Leaves out keys with null. */
  readonly skipsNull?: boolean;
  /** Leaves out keys with null, empty texts, lists and maps. */
  readonly skipsEmpty?: boolean;
  readonly formatDate?: (date: Date) => string | number;
  readonly sortsKeys?: boolean;
  /** A list of one is written as its only element. */
  readonly unwrapsSingles?: boolean;
}

const plain: JsonStyle = {};

/**
 * JSON text of a value. What is plain already goes through JSON.stringify; dates become milliseconds, bytes base64, sets and iterables lists, Maps
 * objects, ExactNumbers and bigints their digits, NaN and infinities texts (as Jackson has it).
 * @throws ExchangeError JsonMappingException for cycles, nesting deeper than 1000 and functions
 */
export function writeJson(value: unknown, style: JsonStyle = plain): string {
  if (style === plain && isPlainJson(value, 0)) return JSON.stringify(value);
  const isPlain = style.isPretty !== true && style.skipsNull !== true && style.skipsEmpty !== true && style.sortsKeys !== true && style.unwrapsSingles !== true;
  if (isPlain && isPlainJson(value, 0)) return JSON.stringify(value);
  const normal = normalised(value, style, 0);
  if (normal === undefined) return 'null';
  return style.isPretty === true ? pretty(normal, '') : compact(normal);
}

/** Whether JSON.stringify says it right. */
function isPlainJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return value - value === 0;
    case 'object': {
      if (value === null) return true;
      if (depth > deepest) return false;
      if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) if (!isPlainJson(value[i], depth + 1)) return false;
        return true;
      }
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null) return false;
      for (const key in value) if (!isPlainJson((value as Record<string, unknown>)[key], depth + 1) || key === 'toJSON') return false;
      return true;
    }
    default:
      return false;
  }
}

/** Digits that go into the JSON as they are. */
class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const unmappable = (message: string): ExchangeError => new ExchangeError('com.fasterxml.jackson.databind.JsonMappingException', message);

function normalised(value: unknown, style: JsonStyle, depth: number): unknown {
  if (value === null || value === undefined) return null;
  if (depth > deepest) throw unmappable(`nested deeper than ${deepest}, or in a cycle`);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return new Raw(value.toString());
    case 'object':
      return normalisedObject(value, style, depth);
    default:
      throw unmappable(`a ${typeof value} can't be written as JSON`);
  }
}

function normalisedObject(value: object, style: JsonStyle, depth: number): unknown {
  if (value instanceof ExactNumber) return new Raw(value.text);
  if (value instanceof Date) return style.formatDate === undefined ? value.getTime() : style.formatDate(value);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (Array.isArray(value)) return style.unwrapsSingles === true && value.length === 1 ? normalised(value[0], style, depth + 1) : value.map((item) => normalised(item, style, depth + 1));
  if (value instanceof Map) return normalisedEntries([...value].map(([key, item]) => [String(key), item]), style, depth);
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return normalised(toJSON.call(value), style, depth + 1);
  if (Symbol.iterator in value) return [...(value as Iterable<unknown>)].map((item) => normalised(item, style, depth + 1));
  return normalisedEntries(Object.entries(value).filter(([, item]) => typeof item !== 'function'), style, depth);
}

function normalisedEntries(entries: (readonly [string, unknown])[], style: JsonStyle, depth: number): Map<string, unknown> {
  const kept = new Map<string, unknown>();
  if (style.sortsKeys === true) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, item] of entries) {
    if ((style.skipsNull === true || style.skipsEmpty === true) && (item === null || item === undefined)) continue;
    if (item === undefined) continue;
    const written = normalised(item, style, depth + 1);
    if (style.skipsEmpty === true && isEmpty(written)) continue;
    kept.set(key, written);
  }
  return kept;
}

const isEmpty = (value: unknown): boolean => value === '' || (Array.isArray(value) && value.length === 0) || (value instanceof Map && value.size === 0);

function compact(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(compact).join(',')}]`;
  if (value instanceof Map) return `{${[...(value as Map<string, unknown>)].map(([key, item]) => `${JSON.stringify(key)}:${compact(item)}`).join(',')}}`;
  return JSON.stringify(value);
}

function pretty(value: unknown, indent: string): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return value.length === 0 ? '[ ]' : `[ ${value.map((item) => pretty(item, indent)).join(', ')} ]`;
  if (value instanceof Map) {
    if (value.size === 0) return '{ }';
    const inner = `${indent}  `;
    const lines = [...(value as Map<string, unknown>)].map(([key, item]) => `${inner}${JSON.stringify(key)} : ${pretty(item, inner)}`);
    return `{\n${lines.join(',\n')}\n${indent}}`;
  }
  return JSON.stringify(value);
}

/** Text of JSON bytes: UTF-8, or UTF-16 and UTF-32 by their marks or zeros, as JSON parsers tell them apart. */
export function jsonText(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length >= 2) {
    if ((buffer[0] === 0xff && buffer[1] === 0xfe) || (buffer[0] !== 0 && buffer[1] === 0)) return buffer.toString('utf16le');
    if ((buffer[0] === 0xfe && buffer[1] === 0xff) || (buffer[0] === 0 && buffer[1] !== 0)) return Buffer.from(buffer.subarray(0, buffer.length & ~1)).swap16().toString('utf16le');
  }
  return buffer.toString('utf8');
}
