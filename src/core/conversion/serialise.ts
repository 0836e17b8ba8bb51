import type { Bag } from '../exchange/bag.ts';
import { Bag as NamedValues } from '../exchange/bag.ts';
import { ExchangeError, toExchangeError } from '../errors.ts';
import { Pieces } from './pieces.ts';
import { ExactNumber } from './exactNumber.ts';
import type { ExchangeScope } from '../exchange/exchange.ts';
import { Exchange } from '../exchange/exchange.ts';
import type { Headers } from '../exchange/headers.ts';
import { Headers as MessageHeaders } from '../exchange/headers.ts';
import { noteExactNumbers } from './json.ts';
import { Message } from '../exchange/message.ts';
import { parseXml, XmlAttribute, XmlDocument, XmlElement, XmlNode, XmlNodeList, XmlText } from './xml.ts';
import { StoreError } from '../state/store.ts';

/**
 * How values of messages are stored: a byte with the version, four with the length of a JSON text, the text, and behind it all bytes that
 * the text refers to. In the text, what JSON has no form for is an object with the one key `$`, whose value is a list of a tag and what
 * belongs to it; such an object of somebody's own is stored as its entries.
 */
const version = 1;
const headBytes = 5;
const deepest = 1000;
/** A stream that is longer can't be stored. */
export const longestStoredStream = 64 * 1024 * 1024;

type Pair = readonly [string, unknown];

interface Writing {
  readonly blobs: Uint8Array[];
  length: number;
}

/**
 * Bytes of a value: text, number, boolean, null, plain object or list, bytes, date, exact number, map, set, node of XML, message, exchange, file body.
 * @throws StoreError for what can't be stored: functions, unread streams, objects of other classes, cycles
 */
export function serialise(value: unknown): Buffer {
  const writing: Writing = { blobs: [], length: 0 };
  const text = JSON.stringify(encoded(value, writing, 0)) ?? 'null';
  const textBytes = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(headBytes + textBytes + writing.length);
  bytes.writeUInt8(version, 0);
  bytes.writeUInt32BE(textBytes, 1);
  bytes.write(text, headBytes, 'utf8');
  let at = headBytes + textBytes;
  for (const blob of writing.blobs) {
    bytes.set(blob, at);
    at += blob.length;
  }
  return bytes;
}

/**
 * The value behind stored bytes.
 * @param scope for exchanges inside the value
 * @throws StoreError when the bytes are damaged or were written by a later version
 */
export function deserialise(bytes: Buffer, scope?: ExchangeScope): unknown {
  if (bytes.length < headBytes) throw new StoreError('a stored value is damaged: it is too short');
  const written = bytes.readUInt8(0);
  if (written !== version) throw new StoreError(`a stored value has format ${written}; this version of the program reads ${version}`);
  const end = headBytes + bytes.readUInt32BE(1);
  try {
    if (end > bytes.length) throw new Error('it is cut off');
    return new Reading(bytes.subarray(end), scope).decoded(JSON.parse(bytes.toString('utf8', headBytes, end)));
  } catch (thrown) {
    if (thrown instanceof StoreError) throw thrown;
    throw new StoreError(`a stored value is damaged: ${(thrown as Error).message}`, thrown);
  }
}

/** What `serialise` takes of a body: the body itself, or what a stream gives. The stream has been read then: use the result as the body. */
export function storableBody(body: unknown, maxBytes = longestStoredStream): unknown {
  if (typeof body !== 'object' || body === null) return body;
  if (typeof (body as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === 'function') return readAll(body as AsyncIterable<unknown>, maxBytes);
  return body;
}

async function readAll(stream: AsyncIterable<unknown>, maxBytes: number): Promise<unknown> {
  const pieces = new Pieces();
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (!(bytes instanceof Uint8Array)) throw new StoreError('a stream of objects can not be stored');
    if (pieces.length + bytes.length > maxBytes) throw new StoreError(`a stream of more than ${maxBytes} bytes can not be stored`);
    pieces.push(bytes);
  }
  return pieces.bytes();
}

/** Whether `serialise` takes the value. */
export function isStorable(value: unknown): boolean {
  if (typeof value !== 'object') return typeof value !== 'function' && typeof value !== 'symbol';
  try {
    encoded(value, { blobs: [], length: 0 }, 0);
    return true;
  } catch {
    return false;
  }
}

/** Headers, properties or variables as a list that can be stored. What can't be (a bean, a stream) is left out, as Camel's stores do. */
export function storablePairs(named: Headers | Bag): Pair[] {
  const pairs: Pair[] = [];
  named.forEach((name, value) => {
    if (isStorable(value)) pairs.push([name, value]);
  });
  return pairs;
}

export const headersFrom = (pairs: readonly Pair[]): Headers => MessageHeaders.from(pairs);

export function bagFrom(pairs: readonly Pair[]): Bag {
  const bag = new NamedValues();
  for (const [name, value] of pairs) bag.set(name, value);
  return bag;
}

const unstorable = (what: string): StoreError => new StoreError(`${what} can not be stored: convert the body to text, bytes or plain data before`);

function encoded(value: unknown, writing: Writing, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $: ['number', Object.is(value, -0) ? '-0' : String(value)] };
    case 'undefined':
      return { $: ['undefined'] };
    case 'bigint':
      return { $: ['bigint', String(value)] };
    case 'object':
      return value === null ? null : encodedObject(value, writing, depth);
    default:
      throw unstorable(`a ${typeof value}`);
  }
}

function encodedObject(value: object, writing: Writing, depth: number): unknown {
  if (depth > deepest) throw unstorable(`a value that is nested deeper than ${deepest}, or contains itself,`);
  const inner = (item: unknown): unknown => encoded(item, writing, depth + 1);
  if (value instanceof XmlNodeList) return { $: ['nodes', Array.from(value, inner)] };
  if (Array.isArray(value)) return Array.from(value, inner);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return encodedMap(value as Record<string, unknown>, inner);
  if (value instanceof Uint8Array) return encodedBytes(value, writing);
  if (value instanceof Date) return { $: ['date', value.getTime()] };
  if (value instanceof ExactNumber) return { $: ['exact', value.kind, value.text] };
  if (value instanceof Map) return { $: ['map', Array.from(value, ([key, item]) => [inner(key), inner(item)])] };
  if (value instanceof Set) return { $: ['set', Array.from(value, inner)] };
  const pairs = (named: Headers | Bag): unknown => storablePairs(named).map(([name, item]) => [name, inner(item)]);
  if (value instanceof Message) return { $: ['message', inner(value.body), pairs(value.headers)] };
  if (value instanceof Exchange) return { $: ['exchange', inner(value.body), pairs(value.headers), value.hasProperties ? pairs(value.properties) : []] };
  if (value instanceof Error) return { $: ['error', toExchangeError(value).type, value.message] };
  if (value instanceof XmlNode) return { $: encodedNode(value) };
  const content = value as { bytes?: unknown; text?: unknown };
  if (typeof content.bytes === 'function' && typeof content.text === 'function') return encodedBytes((value as { bytes(): Buffer }).bytes(), writing);
  throw unstorable(typeof (value as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === 'function' ? 'a stream that has not been read' : `an object of class ${value.constructor?.name ?? 'unknown'}`);
}

/** A node is stored by itself, with what is in it. */
function encodedNode(node: XmlNode): unknown[] {
  if (node instanceof XmlDocument || node instanceof XmlElement) return [node instanceof XmlDocument ? 'document' : 'element', node.toString()];
  if (node instanceof XmlAttribute) return ['attribute', node.name, node.value];
  return ['text', node.stringValue];
}

function encodedMap(value: Record<string, unknown>, inner: (item: unknown) => unknown): unknown {
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0] === '$') return { $: ['entries', [['$', inner(value['$'])]]] };
  const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const key of keys) {
    // JSON.stringify would call it.
    if (key === 'toJSON') return { $: ['entries', keys.map((name) => [name, inner(value[name])])] };
    copy[key] = inner(value[key]);
  }
  return copy;
}

function encodedBytes(bytes: Uint8Array, writing: Writing): unknown {
  const at = writing.length;
  writing.blobs.push(bytes);
  writing.length += bytes.length;
  return { $: ['bytes', at, bytes.length] };
}

class Reading {
  private readonly blobs: Buffer;
  private readonly scope: ExchangeScope | undefined;

  constructor(blobs: Buffer, scope: ExchangeScope | undefined) {
    this.blobs = blobs;
    this.scope = scope;
  }

  /** In place, of what JSON.parse gave. */
  decoded(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const keys = Object.keys(value);
    if (keys.length === 1 && keys[0] === '$') return this.special((value as { $: unknown[] }).$);
    for (const key of keys) {
      const item = (value as Record<string, unknown>)[key];
      if (typeof item !== 'object' || item === null) continue;
      this.set(value, key, this.decoded(item));
    }
    return value;
  }

  /** A key `__proto__` is a key like any other. */
  private set(container: object, key: string, value: unknown): void {
    if (value instanceof ExactNumber || (typeof value === 'object' && value !== null && this.exact.has(value))) {
      this.exact.add(container);
      noteExactNumbers(container);
    }
    Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true });
  }

  private readonly exact = new WeakSet<object>();

  private special([tag, ...rest]: unknown[]): unknown {
    switch (tag) {
      case 'number':
        return Number(rest[0]);
      case 'undefined':
        return undefined;
      case 'bigint':
        return BigInt(rest[0] as string);
      case 'bytes': {
        const [at, length] = rest as [number, number];
        if (at + length > this.blobs.length) throw new Error('bytes are missing');
        return Buffer.from(this.blobs.subarray(at, at + length));
      }
      case 'date':
        return new Date((rest[0] as number | null) ?? NaN);
      case 'exact':
        return new ExactNumber(rest[1] as string, rest[0] as ExactNumber['kind']);
      case 'map':
        return new Map((rest[0] as [unknown, unknown][]).map(([key, item]) => [this.decoded(key), this.decoded(item)]));
      case 'set':
        return new Set((rest[0] as unknown[]).map((item) => this.decoded(item)));
      case 'entries': {
        const object: Record<string, unknown> = {};
        for (const [key, item] of rest[0] as [string, unknown][]) this.set(object, key, this.decoded(item));
        return object;
      }
      case 'nodes':
        return XmlNodeList.from((rest[0] as unknown[]).map((item) => this.decoded(item)) as XmlNode[]);
      case 'document':
        return parseXml(rest[0] as string);
      case 'element':
        return parseXml(rest[0] as string).root;
      case 'attribute':
        return new XmlAttribute(rest[0] as string, rest[1] as string);
      case 'text':
        return new XmlText(rest[0] as string);
      case 'message':
        return new Message(this.decoded(rest[0]), headersFrom(this.pairs(rest[1])));
      case 'exchange': {
        const exchange = new Exchange(this.scope, this.decoded(rest[0]), headersFrom(this.pairs(rest[1])));
        exchange.replaceProperties(bagFrom(this.pairs(rest[2])));
        return exchange;
      }
      case 'error':
        return new ExchangeError(rest[0] as string, rest[1] as string);
      default:
        throw new Error(`it holds a ${String(tag)}, which is not known here`);
    }
  }

  private pairs(list: unknown): Pair[] {
    return (list as [string, unknown][]).map(([name, item]) => [name, this.decoded(item)]);
  }
}
