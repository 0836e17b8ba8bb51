import { ExchangeError } from '../errors.ts';
import { doubleText, ExactNumber, exactNumber, plainNumber } from './exactNumber.ts';
import { hasFewValues } from './fewValues.ts';
import { roomOfContainer, ValueCount } from './plainValue.ts';
import { XML_ATTRIBUTE, XmlNode, XmlNodeList } from './xml.ts';

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
/** Whether there ever was one: mostly nothing need be looked up. */
let hasHolders = false;

function hold(container: object): void {
  hasHolders = true;
  holders.add(container);
}

/** Says that a list or map, made elsewhere than by `parseJson`, holds an ExactNumber (or something that does): see `toPlainNumbers`. */
export const noteExactNumbers = hold;

export const holdsExactNumbers = (container: object): boolean => holders.has(container);

/** What the digits of a number stand for; null: what JSON.parse makes of them. */
export type NumberReader = (digits: string) => unknown;

/** As `parseJson`, with numbers of one's own. */
export const parseJsonWith = (text: string, asNumber: NumberReader): unknown => parseJsonPiece(text, text, 0, asNumber);

/**
 * JSON text as JavaScript values; numbers that JavaScript would round become ExactNumber. A key `__proto__` is a key like any other.
 * @throws ExchangeError JsonParseException, JsonEOFException where the end is missing, or MismatchedInputException for an empty text
 */
export function parseJson(text: string): unknown {
  if (text.length > longestUncounted) countValues(text);
  return parseJsonPiece(text, text, 0);
}

/** So many letters can't have too many values in them: a list takes three at least. */
const longestUncounted = 16_000_000;

/** @throws ExchangeError for more values than there may be memory for */
function countValues(json: string): void {
  const values = new ValueCount('com.fasterxml.jackson.core.exc.StreamConstraintsException');
  for (let at = 0; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case 34: // "
        at = textEnd(json, at);
        if (at < 0) return;
        break;
      case 44: // ,
        values.use(1);
        break;
      case 91: // [
      case 123: // {
        values.use(roomOfContainer);
        break;
    }
  }
}

/** Where the quote stands that ends the text that begins there; -1 where there is none. */
export function textEnd(json: string, begin: number): number {
  for (let at = json.indexOf('"', begin + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let escapes = 0;
    while (json.charCodeAt(at - 1 - escapes) === 92) escapes++;
    if (escapes % 2 === 0) return at;
  }
  return -1;
}

/** A byte order mark belongs to the bytes: no text begins with one, as for Jackson. */
export const withoutMark = (text: string): string => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);

/** So many letters are read at once. */
const readAtOnce = 4_000_000;

export const isJsonLong = ({ length }: string | Uint8Array): boolean => length > readAtOnce;

/** As `parseJson`; a promise while what is long is read in slices. Throws, or rejects, with the same errors. */
export function parseJsonInTurns(text: string): unknown {
  return !isJsonLong(text) ? parseJson(text) : import('./jsonInTurns.ts').then(({ readInTurns }) => readInTurns(text));
}

/** As `parseJson`, a piece of a document: where it is wrong is told by the place in the whole, in which it begins at `offset`. */
export function parseJsonPiece(json: string, whole: string, offset: number, asNumber?: NumberReader): unknown {
  if (asNumber === undefined && !isSuspicious(json)) return parsed(json, whole, offset);
  let found = 0;
  const marked = json.replace(textsAndNumbers, (part) => {
    if (part.charCodeAt(0) === 34) {
      if (part.startsWith(mark, 1) || part.startsWith('\\u0001exact:', 1)) throw jsonError('a text that this runtime uses itself', json);
      return part;
    }
    if (asNumber === undefined ? typeof exactNumber(part) === 'number' : asNumber(part) === null) return part;
    found++;
    return `"\\u0001exact:${part}"`;
  });
  if (found === 0) return parsed(json, whole, offset);
  // The marks may have hidden what is no JSON (a number as a key): the text itself must be right, too.
  parsed(json, whole, offset);
  return withExactNumbers(parsed(marked, whole, offset), 0, asNumber ?? exactNumber);
}

function parsed(json: string, whole: string, offset: number): unknown {
  try {
    return JSON.parse(json);
  } catch (thrown) {
    throw json.trim() === ''
      ? new ExchangeError('com.fasterxml.jackson.databind.exc.MismatchedInputException', 'No content to map due to end-of-input')
      : jsonError((thrown as Error).message, whole, offset);
  }
}

/** What V8 says of a document, or of a piece that begins at `offset`. */
export function jsonError(message: string, json: string, offset: number | null = null): ExchangeError {
  const found = /position (\d+)/.exec(message);
  let where = '';
  if (found !== null) {
    const end = (offset ?? 0) + Number(found[1]);
    let line = 1;
    let begin = 0;
    for (let at = json.indexOf('\n'); at >= 0 && at < end; at = json.indexOf('\n', begin)) {
      line++;
      begin = at + 1;
    }
    where = ` (line ${line}, column ${end - begin + 1})`;
  }
  const isCut = message.startsWith('Unexpected end') || message.startsWith('Unterminated') || (found !== null && (offset ?? 0) + Number(found[1]) >= json.trimEnd().length);
  return new ExchangeError(isCut ? 'com.fasterxml.jackson.core.io.JsonEOFException' : 'com.fasterxml.jackson.core.JsonParseException', `not JSON: ${message.replace(/ at position \d+.*$/s, '')}${where}`, offset === null ? {} : { details: { json: json.slice(0, 200) } });
}

function withExactNumbers(value: unknown, depth: number, read: NumberReader): unknown {
  if (typeof value === 'string') return value.startsWith(mark) ? read(value.slice(mark.length)) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepest) throw new ExchangeError('com.fasterxml.jackson.core.JsonParseException', `not JSON: nested deeper than ${deepest}`);
  let holds = false;
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    const exact = withExactNumbers(item, depth + 1, read);
    if (exact !== item) Object.defineProperty(value, key, { value: exact, writable: true, enumerable: true, configurable: true });
    if (exact instanceof ExactNumber || (typeof exact === 'object' && exact !== null && holders.has(exact))) holds = true;
  }
  if (holds) hold(value);
  return value;
}

/**
 * Replaces, in place, the ExactNumbers of what `parseJson` gave by JavaScript's own (numbers, bigints, texts for decimals that would be
 * rounded), for code that expects those. Costs nothing for a value that holds none.
 */
export function toPlainNumbers(value: unknown): unknown {
  if (value instanceof ExactNumber) return plainNumber(value);
  if (!hasHolders || typeof value !== 'object' || value === null || !holders.has(value)) return value;
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
 * JSON text of a value. What is plain already goes through JSON.stringify; dates become milliseconds, bytes base64, nodes of XML their text, sets and iterables lists, Maps
 * objects, ExactNumbers and bigints their digits, NaN and infinities texts (as Jackson has it).
 * @throws ExchangeError JsonMappingException for cycles, nesting deeper than 1000 and functions
 */
export const writeJson = (value: unknown, style: JsonStyle = plain): string => plainText(value, style, Infinity) ?? writeJsonWithin(value, style, '', 0);

/** The text of what JSON.stringify says right; null for all else, and for what has more values than that (`plainLeft` is below zero then). */
function plainText(value: unknown, style: JsonStyle, most: number): string | null {
  plainLeft = most;
  const isPlain = style === plain || (style.isPretty !== true && style.skipsNull !== true && style.skipsEmpty !== true && style.sortsKeys !== true && style.unwrapsSingles !== true);
  return isPlain && isPlainJson(value, 0) ? JSON.stringify(value) : null;
}

/** The text of a value that stands so deep in a document. */
export function writeJsonWithin(value: unknown, style: JsonStyle, indent: string, depth: number): string {
  const normal = normalised(value, style, depth);
  if (normal === undefined) return 'null';
  return style.isPretty === true ? pretty(normal, indent) : compact(normal);
}

/** What has more values in it is written in slices. */
const writtenAtOnce = 20_000;

/** How many more values `isPlainJson` looks at before it says no. */
let plainLeft = Infinity;

/** As `writeJson`; a promise while what is large is written in slices. Throws, or rejects, with the same errors. */
export function writeJsonInTurns(value: unknown, style: JsonStyle = plain): string | Promise<string> {
  const text = plainText(value, style, writtenAtOnce);
  if (text !== null) return text;
  const hasMany = plainLeft < 0;
  if (!hasFewValues(value, writtenAtOnce)) return import('./jsonInTurns.ts').then(({ writeInTurns }) => writeInTurns(value, style));
  return hasMany ? writeJson(value, style) : writeJsonWithin(value, style, '', 0);
}

/** The text of a list's items, without the brackets, where they are few and plain; else null. */
export const fewPlainItems = (items: readonly unknown[]): string | null => plainText(items, plain, writtenAtOnce)?.slice(1, -1) ?? null;

/** Whether JSON.stringify says it right. */
function isPlainJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number': {
      // As Java prints a double (`1.0E-4`), JSON.stringify does not.
      const size = value < 0 ? -value : value;
      return (size < 1e7 && size >= 1e-3) || value === 0 || Number.isSafeInteger(value);
    }
    case 'object': {
      if (value === null) return true;
      if (depth > deepest || plainLeft < 0) return false;
      if (Array.isArray(value)) {
        if ((plainLeft -= value.length) < 0) return false;
        for (let i = 0; i < value.length; i++) if (!isPlainJson(value[i], depth + 1)) return false;
        return true;
      }
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null) return false;
      let room = 8;
      for (const key in value) {
        if (!isPlainJson((value as Record<string, unknown>)[key], depth + 1) || key === 'toJSON') return false;
        room++;
      }
      return (plainLeft -= room) >= 0;
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
      return !Number.isFinite(value) ? String(value) : Number.isSafeInteger(value) ? value : new Raw(doubleText(value));
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
  if (value instanceof XmlNode) return value.nodeType === XML_ATTRIBUTE ? '' : value.toString();
  if (value instanceof XmlNodeList) throw new ExchangeError('com.fasterxml.jackson.databind.exc.InvalidDefinitionException', 'a list of XML nodes can not be written as JSON: `split` it, or convert it to a text first');
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
    if ((buffer[0] === 0xff && buffer[1] === 0xfe) || (buffer[0] !== 0 && buffer[1] === 0)) return withoutMark(buffer.toString('utf16le'));
    if ((buffer[0] === 0xfe && buffer[1] === 0xff) || (buffer[0] === 0 && buffer[1] !== 0)) return withoutMark(Buffer.from(buffer.subarray(0, buffer.length & ~1)).swap16().toString('utf16le'));
  }
  return withoutMark(buffer.toString('utf8'));
}
