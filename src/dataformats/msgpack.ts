import { withBytes } from '../core/conversion/convert.ts';
import { Cursor } from '../core/conversion/cursor.ts';
import { ExactNumber, exactNumber, javaDouble, javaFloat } from '../core/conversion/exactNumber.ts';
import { deepestValue, plainValue, putKey, ValueCount } from '../core/conversion/plainValue.ts';
import { inTurns } from '../core/conversion/slices.ts';
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

function written(body: unknown): Buffer {
  const parts: Buffer[] = [];
  const value = plainValue(body, unwritable, (number) => (number.kind === 'integer' ? BigInt(number.text) : number));
  write(value, parts);
  return Buffer.concat(parts);
}

function write(value: unknown, to: Buffer[]): void {
  if (value === null) to.push(Buffer.of(0xc0));
  else if (typeof value === 'boolean') to.push(Buffer.of(value ? 0xc3 : 0xc2));
  else if (typeof value === 'number' && !Number.isSafeInteger(value)) to.push(double(value));
  else if (typeof value === 'number' || typeof value === 'bigint') to.push(integer(value));
  else if (value instanceof ExactNumber) to.push(double(exactDouble(value)));
  else if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    to.push(bytes.length < 32 ? Buffer.of(0xa0 | bytes.length) : sized(bytes.length, 0xd9, 0xda, 0xdb), bytes);
  } else if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    to.push(sized(bytes.length, 0xc4, 0xc5, 0xc6), bytes);
  } else if (Array.isArray(value)) {
    to.push(value.length < 16 ? Buffer.of(0x90 | value.length) : sized(value.length, null, 0xdc, 0xdd));
    for (const item of value) write(item, to);
  } else {
    const entries = Object.entries(value as object);
    to.push(entries.length < 16 ? Buffer.of(0x80 | entries.length) : sized(entries.length, null, 0xde, 0xdf));
    for (const [key, item] of entries) {
      write(key, to);
      write(item, to);
    }
  }
}

/** MessagePack has no decimals: what a double would round is refused. */
function exactDouble(number: ExactNumber): number {
  const value = Number(number.text);
  if (number.kind !== 'double' && String(value) !== number.text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')) throw new ExchangeError(unwritable, `${number.text} can't be written exactly: MessagePack has no decimals; write it as a text`);
  return value;
}

function double(value: number): Buffer {
  const bytes = Buffer.of(0xcb, 0, 0, 0, 0, 0, 0, 0, 0);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function integer(value: number | bigint): Buffer {
  const big = BigInt(value);
  if (big >= -32n && big < 128n) return Buffer.of(Number(big) & 0xff);
  const size = [1, 2, 4, 8].find((bytes) => (big < 0n ? BigInt.asIntN(8 * bytes, big) : BigInt.asUintN(8 * bytes, big)) === big);
  if (size === undefined) throw new ExchangeError(unwritable, `${big} does not fit into 64 bits, the most that MessagePack has`);
  const hex = BigInt.asUintN(8 * size, big).toString(16).padStart(2 * size, '0');
  return Buffer.from(((big < 0n ? 0xd0 : 0xcc) + Math.log2(size)).toString(16) + hex, 'hex');
}

function sized(length: number, one: number | null, two: number, four: number): Buffer {
  if (one !== null && length < 0x100) return Buffer.of(one, length);
  if (length < 0x10000) return Buffer.of(two, length >> 8, length & 0xff);
  const bytes = Buffer.of(four, 0, 0, 0, 0);
  bytes.writeUInt32BE(length, 1);
  return bytes;
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
