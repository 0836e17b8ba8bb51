import type * as Cborg from 'cborg';
import { withBytes } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { ExactNumber, exactNumber, javaDouble } from '../core/conversion/exactNumber.ts';
import { field } from '../core/field.ts';
import { Slices, stepsInTurns } from '../core/conversion/slices.ts';
import { hasFewValues } from '../core/conversion/fewValues.ts';
import { deepestInTurns as deepestWritten, deepestValue, fewValues, isPlainContainer, itemsTogether, plainValue, putKey, ValueCount } from '../core/conversion/plainValue.ts';

const java = 'Java only: there are no Java classes to map to here';

const unreadable = 'com.fasterxml.jackson.core.JsonParseException';

const longestNumber = 10_000;

const countedTogether = 1000;

/** Tags that only say what a text, a number or bytes are: dates, base64, URIs, CBOR itself. */
const plainTags = [0, 1, 21, 22, 23, 32, 33, 34, 36, 55799];

interface Codec {
  encode(value: unknown): Buffer;
  /** The body that bytes hold. */
  decode(bytes: Buffer): unknown;
  /** The same, in slices. */
  decodeInTurns(bytes: Buffer): Promise<unknown>;
}

function codecOf({ decode, encode, Token, Tokenizer, tokensToObject, Type }: typeof Cborg): Codec {
  /** Keeps apart 5 and 5.0, as Java does, and puts texts and bytes together that come in pieces, as Jackson writes long ones. */
  class Tokens extends Tokenizer {
    private readonly values = new ValueCount(unreadable);
    private plain = 0;

    get isAtBreak(): boolean {
      return this.data[this._pos] === 0xff;
    }

    get isAtContainer(): boolean {
      const major = (this.data[this._pos] ?? 0) >> 5;
      return major === 4 || major === 5;
    }

    override next(): Cborg.Token {
      const first = this.data[this._pos];
      if (first === 0x5f || first === 0x7f) return this.joined(first === 0x5f ? Type.bytes : Type.string);
      const token = super.next();
      if (token.type === Type.array || token.type === Type.map) this.values.take(1);
      else if (++this.plain >= countedTogether) {
        this.values.take(this.plain);
        this.plain = 0;
      }
      return token.type === Type.float ? new Token(Type.float, javaDouble(token.value as number), token.encodedLength) : token;
    }

    private joined(type: Cborg.Type): Cborg.Token {
      this._pos++;
      const pieces: (string | Uint8Array)[] = [];
      for (;;) {
        if (this.done()) throw new Error('a text or bytes in pieces do not end');
        const token = super.next();
        if (token.type === Type.break) break;
        if (token.type !== type) throw new Error(`a piece of ${type.name} is a ${token.type.name}`);
        pieces.push(token.value as string | Uint8Array);
      }
      return new Token(type, type === Type.string ? pieces.join('') : new Uint8Array(Buffer.concat(pieces as Uint8Array[])), 0);
    }
  }
  const digits = (bytes: Uint8Array): bigint => {
    // As a text, a number of many digits takes far more than linear time.
    if (bytes.length > longestNumber) throw new Error(`a number has more than ${longestNumber} bytes`);
    return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  };
  const bytesOf = (value: bigint): Buffer => {
    const hex = value.toString(16);
    return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  };
  const tags: Record<number, Cborg.TagDecoder> = {
    2: (read) => digits(read() as Uint8Array),
    3: (read) => -1n - digits(read() as Uint8Array),
    4: (read) => {
      const [exponent, mantissa] = read() as [number, number | bigint];
      if (typeof exponent !== 'number' || Math.abs(exponent) > 10_000) throw new RangeError('a decimal has an exponent that is no number or too large');
      return new ExactNumber(decimalText(BigInt(mantissa), exponent), 'decimal');
    },
  };
  for (const tag of plainTags) tags[tag] = (read) => read();
  const typeEncoders: Record<string, Cborg.TypeEncoder> = {
    Object: (value: unknown) => {
      if (!(value instanceof ExactNumber)) return null;
      if (value.kind === 'double') return [new Token(Type.float, Number(value.text))];
      const [mantissa, scale] = decimalParts(value.text);
      const whole = mantissa < 0n ? [new Token(Type.tag, 3), new Token(Type.bytes, bytesOf(-1n - mantissa))] : [new Token(Type.tag, 2), new Token(Type.bytes, bytesOf(mantissa))];
      const exponent = scale > 0 ? new Token(Type.negint, -scale) : new Token(Type.uint, -scale);
      return [new Token(Type.tag, 4), new Token(Type.array, 2), exponent, ...whole];
    },
    bigint: (value: unknown) => {
      const number = value as bigint;
      if (number >= -(2n ** 63n) && number < 2n ** 64n) return null;
      return number < 0n ? [new Token(Type.tag, 3), new Token(Type.bytes, bytesOf(-1n - number))] : [new Token(Type.tag, 2), new Token(Type.bytes, bytesOf(number))];
    },
  };
  const reading: Cborg.DecodeOptions = { useMaps: true, coerceUndefinedToNull: true, allowIndefinite: true, allowUndefined: true, allowInfinity: true, allowNaN: true, allowBigInt: true, tags };
  const tokensOf = (bytes: Buffer): Tokens => new Tokens(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), reading);
  const whole = (tokens: Tokens): unknown => {
    const value: unknown = tokensToObject(tokens, reading);
    if (typeof value === 'symbol') throw new Error('a list or a map has less or more than it says');
    return value;
  };
  const readInTurns = async (tokens: Tokens, depth: number, slices: Slices): Promise<unknown> => {
    if (depth > deepestInTurns || !tokens.isAtContainer) return bodyValue(whole(tokens), depth);
    const { type, value: length } = tokens.next();
    const list: unknown[] = [];
    const map = {};
    for (let i = 0; i < (length as number); i++) {
      if (length === Infinity && tokens.isAtBreak) {
        tokens.next();
        break;
      }
      const key = type === Type.map ? keyOf(whole(tokens)) : '';
      // Of many items each is small, or most are.
      const item = i < itemsInTurns ? await readInTurns(tokens, depth + 1, slices) : bodyValue(whole(tokens), depth + 1);
      if (type === Type.map) putKey(map, key, item);
      else list.push(item);
      if (i % itemsInTurns === 0 && slices.isOver) await slices.next();
    }
    return type === Type.map ? map : list;
  };
  return {
    encode: (value) => {
      const bytes = encode(value, { float64: true, mapSorter: undefined, typeEncoders });
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    decode: (bytes) => bodyValue(decode(bytes, { ...reading, tokenizer: tokensOf(bytes) }), 0),
    decodeInTurns: async (bytes) => {
      const tokens = tokensOf(bytes);
      const value = await readInTurns(tokens, 0, new Slices());
      if (!tokens.done()) throw new Error('too many terminals, data makes no sense');
      return value;
    },
  };
}

function decimalParts(text: string): [mantissa: bigint, scale: number] {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)!;
  return [BigInt(`${sign}${whole}${fraction}`), fraction.length - Number(exponent)];
}

function decimalText(mantissa: bigint, exponent: number): string {
  if (exponent > 0) return `${mantissa}E+${exponent}`;
  const digits = (mantissa < 0n ? -mantissa : mantissa).toString().padStart(1 - exponent, '0');
  const at = digits.length + exponent;
  return `${mantissa < 0n ? '-' : ''}${digits.slice(0, at)}${exponent === 0 ? '' : `.${digits.slice(at)}`}`;
}

/** What was read as bodies have it: maps with texts as keys, numbers that JavaScript would round as ExactNumber. */
function bodyValue(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return exactNumber(value.toString());
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (depth >= deepestValue) throw new ExchangeError('com.fasterxml.jackson.core.exc.StreamConstraintsException', `the document is nested deeper than ${deepestValue}`);
  if (Array.isArray(value)) return value.map((item) => bodyValue(item, depth + 1));
  const map = {};
  for (const [key, item] of value as Map<unknown, unknown>) {
    putKey(map, keyOf(key), bodyValue(item, depth + 1));
  }
  return map;
}

function keyOf(key: unknown): string {
  if (typeof key === 'object' && key !== null && !(key instanceof ExactNumber)) throw new ExchangeError(unreadable, 'not CBOR that can be read: a key is a list, a map or bytes');
  return String(key);
}

const plain = (value: unknown): unknown => plainValue(value, 'com.fasterxml.jackson.databind.JsonMappingException', (number) => (number.kind === 'integer' ? BigInt(number.text) : number));

/** What is large, item by item. */
function* writing(value: unknown, encode: (value: unknown) => Buffer, parts: Buffer[], depth: number): Generator<undefined, void> {
  if (depth === deepestWritten || !isPlainContainer(value) || hasFewValues(value, fewValues)) {
    parts.push(encode(value));
    return;
  }
  if (Array.isArray(value)) {
    parts.push(headOf(value.length, 0x80));
    for (let from = 0; from < value.length; from += itemsTogether) {
      const items: unknown[] = value.slice(from, from + itemsTogether);
      // Their list, without its head, which is one byte or two.
      if (hasFewValues(items, fewValues)) parts.push(encode(items).subarray(items.length < 24 ? 1 : 2));
      else for (const item of items) yield* writing(item, encode, parts, depth + 1);
      yield undefined;
    }
    return;
  }
  const keys = Object.keys(value);
  parts.push(headOf(keys.length, 0xa0));
  for (const [i, key] of keys.entries()) {
    parts.push(encode(key));
    yield* writing(value[key], encode, parts, depth + 1);
    if (i % itemsTogether === 0) yield undefined;
  }
}

/** What says how many items follow. */
function headOf(length: number, kind: number): Buffer {
  if (length < 24) return Buffer.of(kind | length);
  if (length < 0x100) return Buffer.of(kind | 24, length);
  if (length < 0x10000) return Buffer.of(kind | 25, length >> 8, length & 0xff);
  const bytes = Buffer.of(kind | 26, 0, 0, 0, 0);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

/** What has not more bytes is read at once. */
const readAtOnce = 100_000;

/** Lists and maps are read in slices while they stand not deeper than this, and so many of their first items. */
const deepestInTurns = 3;
const itemsInTurns = 16;

function refused(thrown: unknown): never {
  if (thrown instanceof ExchangeError) throw thrown;
  const { message } = thrown as Error;
  if (/call stack/.test(message)) throw new ExchangeError('com.fasterxml.jackson.core.exc.StreamConstraintsException', `the document is nested deeper than ${deepestValue}`);
  throw new ExchangeError(/not enough data|end of data/.test(message) ? 'com.fasterxml.jackson.core.io.JsonEOFException' : unreadable, `not CBOR: ${message.replace(/^CBOR decode error: /, '')}`);
}

const mismatched = (message: string): ExchangeError => new ExchangeError('com.fasterxml.jackson.databind.exc.MismatchedInputException', message);

export const cbor = defineDataFormat({
  name: 'cbor',
  summary: 'CBOR (RFC 8949): marshal gives bytes, unmarshal maps, lists and plain values.',
  options: {
    useList: field.boolean('Unmarshals to a list; anything but a list is an error.').default(false),
    objectMapper: field.string('Object mapper of the registry.').ignored(java),
    useDefaultObjectMapper: field.boolean('Looks for an object mapper in the registry.').default(true).ignored(java),
    unmarshalType: field.string('Class to unmarshal to: maps and lists are checked, a class of your own gives a map.'),
    collectionType: field.string('Class of collections.').ignored(java),
    allowUnmarshallType: field.boolean('Lets a header name the class to unmarshal to.').default(false).ignored(java),
    prettyPrint: field.boolean('Writes in lines.').default(false).ignored('CBOR has no lines'),
    allowJmsType: field.boolean('Lets the header JMSType name the class to unmarshal to.').default(false).ignored(java),
    enableFeatures: field.string('Jackson features to switch on.').ignored(java),
    disableFeatures: field.string('Jackson features to switch off.').ignored(java),
  },
  create: ({ useList, unmarshalType }) => {
    const wantsList = useList || /(?:List|Set|Collection)$/.test(unmarshalType ?? '');
    const wantsMap = !wantsList && /Map$/.test(unmarshalType ?? '');
    let codec: Codec | Promise<Codec> | null = null;
    const withCodec = <T>(run: (loaded: Codec) => T): T | Promise<T> => {
      codec ??= import('cborg').then((library) => (codec = codecOf(library)));
      return codec instanceof Promise ? codec.then(run) : run(codec);
    };
    const write = (value: unknown): Buffer | Promise<Buffer> => {
      if (!hasFewValues(value, fewValues)) {
        return withCodec(({ encode }) => {
          const parts: Buffer[] = [];
          return stepsInTurns(writing(value, (item) => encode(plain(item)), parts, 0), () => Buffer.concat(parts));
        }) as Buffer | Promise<Buffer>;
      }
      const all = plain(value);
      return withCodec(({ encode }) => encode(all));
    };
    const read = (bytes: Buffer): unknown =>
      withCodec(({ decode, decodeInTurns }) => {
        if (bytes.length === 0) throw mismatched('No content to map due to end-of-input');
        if (bytes.length > readAtOnce) return decodeInTurns(bytes).then(checked, refused);
        let value: unknown;
        try {
          value = decode(bytes);
        } catch (thrown) {
          return refused(thrown);
        }
        return checked(value);
      });
    const checked = (value: unknown): unknown => {
      if (wantsList && !Array.isArray(value)) throw mismatched('the document is no list, but useList or unmarshalType wants one');
      if (wantsMap && (value === null || typeof value !== 'object' || Array.isArray(value))) throw mismatched(`the document is no ${unmarshalType}`);
      return value;
    };
    return { marshal: (_exchange, body) => write(body), unmarshal: (exchange, body) => withBytes(exchange, body, read) };
  },
});
