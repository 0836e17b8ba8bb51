import { withBytes } from '../core/conversion/convert.ts';
import { Cursor } from '../core/conversion/cursor.ts';
import { ExactNumber, exactNumber, javaDouble, javaFloat } from '../core/conversion/exactNumber.ts';
import { hasFewValues } from '../core/conversion/fewValues.ts';
import { deepestInTurns, deepestValue, fewValues, isPlainContainer, itemsTogether, plainValue, putKey, ValueCount } from '../core/conversion/plainValue.ts';
import { inTurns, stepsInTurns } from '../core/conversion/slices.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { field } from '../core/field.ts';

const unreadable = 'org.msgpack.core.MessageFormatException';
const unwritable = 'org.msgpack.core.MessagePackException';

export const msgpack = defineDataFormat({
  name: 'msgpack',
  summary: 'MessagePack: marshal gives bytes, unmarshal maps, lists and plain values. An addition to Camel.',
  options: {
    useList: field.boolean('Unmarshals to a list; anything but a list is an error.').default(false),
  },
  create: ({ useList }) => ({
    marshal: (_exchange, body) => written(body),
    unmarshal: (exchange, body) =>
      withBytes(exchange, body, (bytes) => {
        const reader = new Reader(bytes);
        const checked = (value: unknown): unknown => {
          if (useList && !Array.isArray(value)) throw new ExchangeError(unreadable, 'the document is no list, but useList is set');
          return value;
        };
        return inTurns(
          () => reader.readSome(valuesBetweenLooks),
          () => checked(reader.value),
        );
      }),
  }),
});

// ------------------------------------------------------------------------------------------------ writing

function written(body: unknown): Buffer | Promise<Buffer> {
  const writer = new Writer();
  if (hasFewValues(body, fewValues)) {
    writer.write(plain(body));
    return writer.bytes();
  }
  return stepsInTurns(writing(body, writer, 0), () => writer.bytes());
}

const plain = (value: unknown): unknown => plainValue(value, unwritable, (number) => (number.kind === 'integer' ? BigInt(number.text) : number));

/** What is large, item by item. */
function* writing(value: unknown, writer: Writer, depth: number): Generator<undefined, void> {
  if (depth === deepestInTurns || !isPlainContainer(value)) return writer.write(plain(value));
  const keys = Array.isArray(value) ? null : Object.keys(value);
  const length = keys?.length ?? (value as unknown[]).length;
  writer.head(length, keys !== null);
  for (let i = 0; i < length; i++) {
    if (keys !== null) writer.write(keys[i]);
    const item = keys === null ? (value as unknown[])[i] : (value as Record<string, unknown>)[keys[i]!];
    if (hasFewValues(item, fewValues)) writer.write(plain(item));
    else yield* writing(item, writer, depth + 1);
    if (i % itemsTogether === 0) yield undefined;
  }
}

/** Bytes in one buffer that grows. */
class Writer {
  private buffer = Buffer.allocUnsafe(256);
  private length = 0;

  bytes(): Buffer {
    // What is kept must not hold much that is empty.
    return Buffer.from(this.buffer.subarray(0, this.length));
  }

  write(value: unknown): void {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        return Number.isSafeInteger(value) ? this.integer(value) : this.double(value);
      case 'bigint':
        return Number.isSafeInteger(Number(value)) ? this.integer(Number(value)) : this.long(value);
      case 'boolean':
        return this.one(value ? 0xc3 : 0xc2);
      default:
    }
    if (value === null) this.one(0xc0);
    else if (value instanceof ExactNumber) this.double(exactDouble(value));
    else if (value instanceof Uint8Array) {
      this.sized(value.length, 0xc4, 0xc5, 0xc6);
      this.raw(value);
    } else if (Array.isArray(value)) {
      this.head(value.length, false);
      for (const item of value) this.write(item);
    } else {
      const keys = Object.keys(value as object);
      this.head(keys.length, true);
      for (const key of keys) {
        this.text(key);
        this.write((value as Record<string, unknown>)[key]);
      }
    }
  }

  /** Of a list or a map. */
  head(length: number, isMap: boolean): void {
    if (length < 16) this.one((isMap ? 0x80 : 0x90) | length);
    else this.sized(length, null, isMap ? 0xde : 0xdc, isMap ? 0xdf : 0xdd);
  }

  private room(size: number): number {
    const at = this.length;
    this.length += size;
    if (this.length > this.buffer.length) {
      const larger = Buffer.allocUnsafe(2 * this.length);
      this.buffer.copy(larger, 0, 0, at);
      this.buffer = larger;
    }
    return at;
  }

  private one(byte: number): void {
    const at = this.room(1);
    this.buffer[at] = byte;
  }

  private raw(bytes: Uint8Array): void {
    const at = this.room(bytes.length);
    this.buffer.set(bytes, at);
  }

  private text(text: string): void {
    const length = Buffer.byteLength(text);
    if (length < 32) this.one(0xa0 | length);
    else this.sized(length, 0xd9, 0xda, 0xdb);
    const at = this.room(length);
    this.buffer.write(text, at);
  }

  private double(value: number): void {
    const at = this.room(9);
    this.buffer[at] = 0xcb;
    this.buffer.writeDoubleBE(value, at + 1);
  }

  private integer(value: number): void {
    if (value >= -32 && value < 128) return this.one(value & 0xff);
    if (value >= 0 && value <= 0xffffffff) return this.sized(value, 0xcc, 0xcd, 0xce);
    if (value < -0x80000000 || value > 0) return this.long(BigInt(value));
    const power = value >= -0x80 ? 0 : value >= -0x8000 ? 1 : 2;
    const at = this.room(1 + (1 << power));
    this.buffer[at] = 0xd0 + power;
    this.buffer.writeIntBE(value, at + 1, 1 << power);
  }

  private long(value: bigint): void {
    if (value < -(2n ** 63n) || value >= 2n ** 64n) throw new ExchangeError(unwritable, `${value} does not fit into 64 bits, the most that MessagePack has`);
    const at = this.room(9);
    this.buffer[at] = value < 0n ? 0xd3 : 0xcf;
    this.buffer.writeBigUInt64BE(BigInt.asUintN(64, value), at + 1);
  }

  /** A length, or another unsigned number, in as few bytes as it takes behind the code that says so. */
  private sized(length: number, one: number | null, two: number, four: number): void {
    if (one !== null && length < 0x100) {
      const at = this.room(2);
      this.buffer[at] = one;
      this.buffer[at + 1] = length;
    } else if (length < 0x10000) {
      const at = this.room(3);
      this.buffer[at] = two;
      this.buffer.writeUInt16BE(length, at + 1);
    } else {
      const at = this.room(5);
      this.buffer[at] = four;
      this.buffer.writeUInt32BE(length, at + 1);
    }
  }
}

/** MessagePack has no decimals: what a double would round is refused. */
function exactDouble(number: ExactNumber): number {
  const value = Number(number.text);
  if (number.kind !== 'double' && String(value) !== number.text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')) throw new ExchangeError(unwritable, `${number.text} can't be written exactly: MessagePack has no decimals; write it as a text`);
  return value;
}

// ------------------------------------------------------------------------------------------------ reading

const valuesBetweenLooks = 2000;

/** A list or a map that is not read to its end. */
interface Open {
  readonly into: unknown[] | Record<string, unknown>;
  /** Keys and values of a map, each counted. */
  left: number;
  key: string | null;
}

class Reader {
  private readonly from: Cursor;
  private readonly count = new ValueCount(unreadable);
  private readonly open: Open[] = [];
  /** The innermost that is open. */
  private level: Open | null = null;
  private hasBegun = false;
  value: unknown = null;

  constructor(bytes: Buffer) {
    this.from = new Cursor(bytes, unreadable, 'MessagePack');
  }

  /** Reads so many values at most. @returns whether the document is read */
  readSome(most: number): boolean {
    const { from, open } = this;
    for (let i = 0; i < most; i++) {
      const value = this.next();
      let level = this.level;
      if (level !== null && value !== level.into) this.put(level, value);
      // What is full is a value of what it stands in.
      while (level !== null && level.left === 0) {
        const { into } = level;
        open.pop();
        this.level = level = open.length === 0 ? null : open[open.length - 1]!;
        if (level !== null) this.put(level, into);
        else this.value = into;
      }
      if (level !== null) continue;
      if (!this.hasBegun) this.value = value;
      if (from.left > 0) throw from.failure(`${from.left} bytes are left over`);
      return true;
    }
    return false;
  }

  private put(level: Open, value: unknown): void {
    const { into } = level;
    level.left--;
    if (Array.isArray(into)) into.push(value);
    else if (level.key === null) {
      if (typeof value === 'object' && value !== null && !(value instanceof ExactNumber)) throw this.from.failure('a key is a list, a map or bytes');
      level.key = String(value);
    } else {
      putKey(into, level.key, value);
      level.key = null;
    }
  }

  private begin(into: Open['into'], values: number): Open['into'] {
    if (this.open.length >= deepestValue) throw new ExchangeError(unreadable, `nested deeper than ${deepestValue}`);
    if (values > this.from.left) throw this.from.failure(`${values} values are said to follow, ${this.from.left} bytes do`);
    this.count.take(values);
    this.open.push((this.level = { into, left: values, key: null }));
    this.hasBegun = true;
    return into;
  }

  /** The next value; of a list or a map what it is read into. */
  private next(): unknown {
    const { from } = this;
    const code = from.byte();
    if (code < 0x80) return code;
    if (code >= 0xe0) return code - 0x100;
    if (code < 0x90) return this.begin({}, 2 * (code & 0x0f));
    if (code < 0xa0) return this.begin([], code & 0x0f);
    if (code < 0xc0) return from.take(code & 0x1f).toString();
    switch (code) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return javaFloat(from.take(4).readFloatBE());
      case 0xcb:
        return javaDouble(from.take(8).readDoubleBE());
      case 0xcf:
        return exactNumber(from.take(8).readBigUInt64BE().toString());
      case 0xd3:
        return exactNumber(from.take(8).readBigInt64BE().toString());
    }
    if (code >= 0xc4 && code <= 0xc6) return Buffer.from(from.take(size(from, code - 0xc4)));
    if (code >= 0xc7 && code <= 0xc9) return extension(from, size(from, code - 0xc7));
    if (code >= 0xcc && code <= 0xce) return size(from, code - 0xcc);
    if (code >= 0xd0 && code <= 0xd2) return from.take(1 << (code - 0xd0)).readIntBE(0, 1 << (code - 0xd0));
    if (code >= 0xd4 && code <= 0xd8) return extension(from, 1 << (code - 0xd4));
    if (code >= 0xd9 && code <= 0xdb) return from.take(size(from, code - 0xd9)).toString();
    if (code === 0xdc || code === 0xdd) return this.begin([], size(from, code - 0xdb));
    if (code === 0xde || code === 0xdf) return this.begin({}, 2 * size(from, code - 0xdd));
    throw from.failure(`no value begins with the byte ${code}`);
  }
}

/** An unsigned number of 1, 2 or 4 bytes. */
const size = (from: Cursor, power: number): number => from.take(1 << power).readUIntBE(0, 1 << power);

/** Of the extensions, the standard has one: points in time. */
function extension(from: Cursor, length: number): Date {
  const type = from.take(1).readInt8();
  const bytes = from.take(length);
  if (type === -1) {
    if (length === 4) return new Date(bytes.readUInt32BE() * 1000);
    if (length === 8) {
      const whole = bytes.readBigUInt64BE();
      return new Date(Number(whole & 0x3ffffffffn) * 1000 + Math.floor(Number(whole >> 34n) / 1e6));
    }
    if (length === 12) return new Date(Number(bytes.readBigInt64BE(4)) * 1000 + Math.floor(bytes.readUInt32BE() / 1e6));
  }
  throw from.failure(`an extension of type ${type} with ${length} bytes can't be read`);
}
