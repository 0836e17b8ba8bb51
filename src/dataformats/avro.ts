import avsc from 'avsc';
import type { types as AvroTypes, Type as AvroType } from 'avsc';
import { describeValue, withBytes } from '../core/conversion/convert.ts';
import { Cursor } from '../core/conversion/cursor.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { exactNumber, javaDouble, javaFloat } from '../core/conversion/exactNumber.ts';
import { Pieces } from '../core/conversion/pieces.ts';
import { hasFewValues } from '../core/conversion/fewValues.ts';
import { field } from '../core/field.ts';
import { stepsInTurns } from '../core/conversion/slices.ts';
import { fewValues, isPlainContainer, isPlainMap, itemsTogether, plainValue, putKey, roomOfContainer, ValueCount } from '../core/conversion/plainValue.ts';
import { missingOption, OptionError } from '../core/optionError.ts';

const java = 'Java only: there are no Java classes to map to here';

const written = 'org.apache.avro.AvroTypeException';
const read = 'org.apache.avro.AvroRuntimeException';

/** The library's own refuses integers that JavaScript's numbers can't hold. */
const long = (): AvroType =>
  avsc.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
    toBuffer: (value: number | bigint) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(value));
      return bytes;
    },
    fromJSON: (value: number) => BigInt(value),
    toJSON: Number,
    isValid: isLong,
    compare: (a: bigint, b: bigint) => Number(a > b) - Number(a < b),
  } as never) as AvroType;

const isLong = (value: unknown): boolean => (typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : typeof value === 'number' && Number.isSafeInteger(value));

function typeOf(text: string): AvroType {
  let schema: unknown = text.trim();
  if (/^[[{"]/.test(text.trim())) {
    try {
      schema = JSON.parse(text);
    } catch (thrown) {
      throw new OptionError(['schema', 'schemaResolver'], `the Avro schema is not JSON: ${(thrown as Error).message}`);
    }
  }
  let type: AvroType;
  try {
    type = avsc.Type.forSchema(schema as never, { registry: { long: long() }, wrapUnions: true });
  } catch (thrown) {
    throw new OptionError(['schema', 'schemaResolver'], `the Avro schema is wrong: ${(thrown as Error).message}`);
  }
  return type;
}

/** What has not more bytes is read at once. */
const readAtOnce = 100_000;

const itemsBetweenLooks = 64;

/** Of seven bytes: what they hold is exact in a number. */
const largestFactor = 128 ** 6;

/** One message as it is read. */
class AvroCursor extends Cursor {
  private readonly values = new ValueCount(read);

  constructor(bytes: Buffer) {
    super(bytes, read, 'of this Avro schema');
  }

  private longFrom(first: bigint, from: bigint): bigint {
    let value = first;
    for (let shift = from; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw this.failure('an integer has more than ten bytes');
  }

  size(): number {
    return Number(this.integer());
  }

  integer(): number | bigint {
    let value = 0;
    for (let factor = 1; factor <= largestFactor; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    return this.longFrom(BigInt(value), 49n);
  }

  /** How many items the next block of an array or a map has, each of so many values. */
  private block(room: number): number {
    let count = this.size();
    if (count < 0) {
      count = -count;
      this.size();
    }
    this.values.take(count * room);
    return count;
  }

  /** The items in slices. */
  *blocksInTurns(room: number, item: () => void | Generator<undefined, void>): Generator<undefined, void> {
    for (let free = this.bytes.length; ; ) {
      let count = this.block(room);
      if (count === 0) return;
      for (; count > 0; count--) {
        const before = this.position;
        const slow = item();
        if (slow !== undefined) yield* slow;
        if (count % itemsBetweenLooks === 0) yield undefined;
        if (this.position === before && --free < 0) throw this.failure('a list has more empty items than the message has bytes');
      }
    }
  }

  /** Arrays and maps come in blocks; items of no bytes at all are counted as if they had one. */
  blocks(room: number, item: () => void): void {
    for (let free = this.bytes.length; ; ) {
      let count = this.block(room);
      if (count === 0) return;
      for (; count > 0; count--) {
        const before = this.position;
        item();
        if (this.position === before && --free < 0) throw this.failure('a list has more empty items than the message has bytes');
      }
    }
  }
}

type Reader = (from: AvroCursor) => unknown;

function readerOf(type: AvroType, known: Map<AvroType, Reader>): Reader {
  const before = known.get(type);
  if (before !== undefined) return before;
  let made: Reader | null = null;
  known.set(type, (from) => made!(from));
  made = newReader(type, (inner) => readerOf(inner, known));
  known.set(type, made);
  return made;
}

function newReader(type: AvroType, readerFor: (inner: AvroType) => Reader): Reader {
  switch (type.typeName as string) {
    case 'null':
      return () => null;
    case 'boolean':
      return (from) => from.byte() !== 0;
    case 'int':
      return (from) => from.size();
    case 'abstract:long':
      return (from) => {
        const number = from.integer();
        return typeof number === 'number' ? number : exactNumber(number.toString());
      };
    case 'float':
      return (from) => javaFloat(from.take(4).readFloatLE());
    case 'double':
      return (from) => javaDouble(from.take(8).readDoubleLE());
    case 'bytes':
      return (from) => Buffer.from(from.take(from.size()));
    case 'string':
      return (from) => from.take(from.size()).toString();
    case 'fixed': {
      const { size } = type as AvroTypes.FixedType;
      return (from) => Buffer.from(from.take(size));
    }
    case 'enum': {
      const { symbols } = type as AvroTypes.EnumType;
      return (from) => chosen(symbols, from.size());
    }
    case 'array': {
      const { itemsType } = type as AvroTypes.ArrayType;
      const item = readerFor(itemsType);
      const room = roomOf(itemsType, 0);
      return (from) =>
        from.within(() => {
          const list: unknown[] = [];
          from.blocks(room, () => list.push(item(from)));
          return list;
        });
    }
    case 'map': {
      const { valuesType } = type as AvroTypes.MapType;
      const item = readerFor(valuesType);
      const room = 1 + roomOf(valuesType, 0);
      return (from) =>
        from.within(() => {
          const map = {};
          from.blocks(room, () => putKey(map, from.take(from.size()).toString(), item(from)));
          return map;
        });
    }
    case 'union:wrapped': {
      const branches = (type as AvroTypes.WrappedUnionType).types.map((branch) => readerFor(branch));
      return (from) => chosen(branches, from.size())(from);
    }
    case 'record':
    case 'error': {
      const fields = (type as AvroTypes.RecordType).fields.map((one) => ({ name: one.name, read: readerFor(one.type) }));
      return (from) =>
        from.within(() => {
          const record = {};
          for (const one of fields) putKey(record, one.name, one.read(from));
          return record;
        });
    }
    default:
      throw new Error(`the Avro type ${type.typeName} can't be read`);
  }
}

/** What is in it is read in slices while it stands not deeper than this. */
const deepestInTurns = 3;

type SlowReader = (from: AvroCursor) => Generator<undefined, unknown>;

/** Reads a type with lists or maps in it in slices; null for one without. */
function slowReaderOf(type: AvroType, known: Map<AvroType, Reader>, depth = 0): SlowReader | null {
  if (depth > deepestInTurns) return null;
  const slowly = (inner: AvroType): SlowReader | null => slowReaderOf(inner, known, depth + 1);
  switch (type.typeName as string) {
    case 'array': {
      const { itemsType } = type as AvroTypes.ArrayType;
      const room = roomOf(itemsType, 0);
      const item = readerOf(itemsType, known);
      const slow = slowly(itemsType);
      return function* (from) {
        const list: unknown[] = [];
        yield* from.blocksInTurns(room, slow === null ? () => void list.push(item(from)) : () => given(slow(from), (value) => list.push(value)));
        return list;
      };
    }
    case 'map': {
      const { valuesType } = type as AvroTypes.MapType;
      const room = 1 + roomOf(valuesType, 0);
      const item = readerOf(valuesType, known);
      const slow = slowly(valuesType);
      return function* (from) {
        const map = {};
        yield* from.blocksInTurns(room, () => {
          const key = from.take(from.size()).toString();
          if (slow !== null) return given(slow(from), (value) => putKey(map, key, value));
          putKey(map, key, item(from));
          return undefined;
        });
        return map;
      };
    }
    case 'union:wrapped': {
      const branches = (type as AvroTypes.WrappedUnionType).types.map((branch) => ({ read: readerOf(branch, known), slow: slowly(branch) }));
      if (branches.every(({ slow }) => slow === null)) return null;
      return function* (from) {
        const { read: fast, slow } = chosen(branches, from.size());
        return slow === null ? fast(from) : yield* slow(from);
      };
    }
    case 'record':
    case 'error': {
      const fields = (type as AvroTypes.RecordType).fields.map((one) => ({ name: one.name, read: readerOf(one.type, known), slow: slowly(one.type) }));
      if (fields.every(({ slow }) => slow === null)) return null;
      return function* (from) {
        const record = {};
        for (const { name, read: fast, slow } of fields) putKey(record, name, slow === null ? fast(from) : yield* slow(from));
        return record;
      };
    }
    default:
      return null;
  }
}

function* given(slow: Generator<undefined, unknown>, take: (value: unknown) => void): Generator<undefined, void> {
  take(yield* slow);
}

/** How many values an item is at least: what few bytes may stand for many times. */
function roomOf(type: AvroType, depth: number): number {
  const name = type.typeName as string;
  if (name === 'array' || name === 'map') return roomOfContainer;
  if ((name !== 'record' && name !== 'error') || depth > deepestInTurns) return 1;
  return (type as AvroTypes.RecordType).fields.reduce((room, one) => room + roomOf(one.type, depth + 1), roomOfContainer);
}

function chosen<T>(from: readonly T[], index: number): T {
  const found = from[index];
  if (found === undefined) throw new ExchangeError(read, `not of this Avro schema: choice ${index} of ${from.length}`);
  return found;
}

const nameOf = (type: AvroType): string => (type.typeName as string).replace(/^\w+:(?=long)/, '');

/** The value as the library writes it, a union's with the branch that it fits. */
function fitted(type: AvroType, value: unknown, path: string): unknown {
  const refuse = (what = nameOf(type)): never => {
    throw new ExchangeError(written, `${path === '' ? 'the body' : `\`${path}\``} is ${describeValue(value)}, the Avro schema wants ${what}`);
  };
  switch (type.typeName as string) {
    case 'array': {
      const { itemsType } = type as AvroTypes.ArrayType;
      return Array.isArray(value) ? value.map((item, i) => fitted(itemsType, item, `${path}[${i}]`)) : refuse('a list');
    }
    case 'map': {
      const { valuesType } = type as AvroTypes.MapType;
      return isPlainMap(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fitted(valuesType, item, joined(path, key))])) : refuse('a map');
    }
    case 'record':
    case 'error': {
      const { fields, name } = type as AvroTypes.RecordType;
      if (!isPlainMap(value)) return refuse(`a map, the record ${name}`);
      const made: Record<string, unknown> = {};
      for (const one of fields) {
        const item = value[one.name];
        if (item !== undefined) putKey(made, one.name, fitted(one.type, item, joined(path, one.name)));
        else defaultOf(one, path);
      }
      return made;
    }
    case 'union:wrapped': {
      const { types: branches } = type as AvroTypes.WrappedUnionType;
      const branch = branches.find((candidate) => fits(candidate, value));
      if (branch === undefined) return refuse(`one of ${branches.map((candidate) => candidate.branchName).join(', ')}`);
      return value === null ? null : { [branch.branchName!]: fitted(branch, value, path) };
    }
    case 'bytes':
    case 'fixed':
      return type.isValid(value) ? value : refuse('bytes');
    case 'int':
    case 'float':
    case 'double': {
      const number = typeof value === 'bigint' ? Number(value) : value;
      return type.isValid(number) ? number : refuse();
    }
    default:
      return type.isValid(value) ? value : refuse();
  }
}

function defaultOf(one: AvroTypes.Field, path: string): unknown {
  const value: unknown = one.defaultValue();
  if (value === undefined) throw new ExchangeError(written, `\`${joined(path, one.name)}\` is missing, the Avro schema has no default for it`);
  return value;
}

const joined = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

function fits(type: AvroType, value: unknown): boolean {
  switch (type.typeName as string) {
    case 'array':
      return Array.isArray(value);
    case 'map':
      return isPlainMap(value);
    case 'record':
    case 'error':
      return isPlainMap(value) && (type as AvroTypes.RecordType).fields.every((one) => value[one.name] !== undefined || one.defaultValue() !== undefined);
    default:
      return type.isValid(value);
  }
}

// ------------------------------------------------------------------------------------------------ writing what is large

const plain = (body: unknown): unknown => plainValue(body, written, (number) => (number.kind === 'integer' ? BigInt(number.text) : Number(number.text)));

/** Counts of items and numbers of branches; lists and maps end with a count of zero. */
const number = avsc.Type.forSchema('long');
const end = number.toBuffer(0);
const text = avsc.Type.forSchema('string');

/** As the library writes it, item by item where there are many. */
function* writing(type: AvroType, value: unknown, path: string, into: Pieces, depth: number): Generator<undefined, void> {
  const isLarge = depth <= deepestInTurns && !hasFewValues(value, fewValues) && isPlainContainer(value);
  switch (isLarge ? (type.typeName as string) : '') {
    case 'array': {
      if (!Array.isArray(value)) break;
      const { itemsType } = type as AvroTypes.ArrayType;
      into.push(number.toBuffer(value.length));
      for (let i = 0; i < value.length; i++) {
        yield* writing(itemsType, value[i], `${path}[${i}]`, into, depth + 1);
        if (i % itemsTogether === 0) yield undefined;
      }
      into.push(end);
      return;
    }
    case 'map': {
      if (!isPlainMap(value)) break;
      const { valuesType } = type as AvroTypes.MapType;
      const keys = Object.keys(value);
      into.push(number.toBuffer(keys.length));
      for (let i = 0; i < keys.length; i++) {
        into.push(text.toBuffer(keys[i]));
        yield* writing(valuesType, value[keys[i]!], joined(path, keys[i]!), into, depth + 1);
        if (i % itemsTogether === 0) yield undefined;
      }
      into.push(end);
      return;
    }
    case 'record':
    case 'error': {
      if (!isPlainMap(value)) break;
      for (const one of (type as AvroTypes.RecordType).fields) {
        const item = value[one.name];
        if (item === undefined) into.push(one.type.toBuffer(defaultOf(one, path)));
        else yield* writing(one.type, item, joined(path, one.name), into, depth + 1);
      }
      return;
    }
    case 'union:wrapped': {
      const { types: branches } = type as AvroTypes.WrappedUnionType;
      const index = branches.findIndex((branch) => fits(branch, value));
      if (index < 0) break;
      into.push(number.toBuffer(index));
      return yield* writing(branches[index]!, value, path, into, depth);
    }
  }
  into.push(type.toBuffer(fitted(type, plain(value), path)));
}

function codec(text: string): { write(value: unknown): Buffer | Promise<Buffer>; read(bytes: Buffer): unknown } {
  const type = typeOf(text);
  const known = new Map<AvroType, Reader>();
  const reader = readerOf(type, known);
  const slowReader = slowReaderOf(type, known);
  return {
    write: (body) => {
      if (hasFewValues(body, fewValues)) return type.toBuffer(fitted(type, plain(body), ''));
      const into = new Pieces();
      return stepsInTurns(writing(type, body, '', into, 0), () => into.bytes());
    },
    read: (bytes) => {
      const from = new AvroCursor(bytes);
      const checked = (value: unknown): unknown => {
        if (from.left > 0) throw new ExchangeError(read, `not of this Avro schema: ${from.left} bytes are left over`);
        return value;
      };
      if (bytes.length <= readAtOnce || slowReader === null) return checked(reader(from));
      return stepsInTurns(slowReader(from), checked);
    },
  };
}

export const avro = defineDataFormat({
  name: 'avro',
  summary: 'Avro binary: marshal writes maps, lists and plain values by a schema, unmarshal reads them. One value a message, without the schema in it.',
  shorthand: 'instanceClassName',
  options: {
    schema: field.string('The schema: its JSON, or `resource:file:order.avsc`. An addition to Camel, where the Java class has it.'),
    schemaResolver: field.string('Bean that has the schema: a text or a map, or something with a `schema`.'),
    library: field.enum('Which library Camel would use; they mean the same here.', ['ApacheAvro', 'Jackson', 'avroJackson']).default('ApacheAvro'),
    instanceClassName: field.string('Class of the value.').ignored(java),
    unmarshalType: field.string('Class to unmarshal to.').ignored(java),
    objectMapper: field.string('Object mapper of the registry.').ignored(java),
    useDefaultObjectMapper: field.boolean('Looks for an object mapper in the registry.').default(true).ignored(java),
    jsonView: field.string('Class that marks which fields to write.').ignored(java),
    include: field.string('Leaves out what is null.').ignored('the schema says which fields there are'),
    allowJmsType: field.boolean('Lets the header JMSType name the class to unmarshal to.').default(false).ignored(java),
    collectionType: field.string('Class of collections.').ignored(java),
    useList: field.boolean('Unmarshals to a list.').default(false).ignored('the schema says whether there is a list'),
    moduleClassNames: field.string('Jackson modules.').ignored(java),
    moduleRefs: field.string('Jackson modules of the registry.').ignored(java),
    enableFeatures: field.string('Jackson features to switch on.').ignored(java),
    disableFeatures: field.string('Jackson features to switch off.').ignored(java),
    allowUnmarshallType: field.boolean('Lets a header name the class to unmarshal to.').default(false).ignored(java),
    timezone: field.string('Time zone of dates.').ignored('dates are written as milliseconds'),
    autoDiscoverObjectMapper: field.boolean('Looks for an object mapper in the registry.').default(false).ignored(java),
    contentTypeHeader: field.boolean('Sets the header Content-Type.').default(true).ignored('Camel sets none for Avro'),
    autoDiscoverSchemaResolver: field.boolean('Looks for a schema resolver in the registry.').default(true).ignored('name it in `schemaResolver`'),
  },
  create: ({ schema, schemaResolver }, context) => {
    const text = schemaText(schema, schemaResolver, context);
    // A kamelet that was given none: each message says so.
    if (text === '') return { marshal: noSchema, unmarshal: noSchema };
    const { read: reading, write } = codec(text);
    return { marshal: (_exchange, body) => write(body), unmarshal: (exchange, body) => withBytes(exchange, body, reading) };
  },
});

const noSchema = (): never => {
  throw new ExchangeError(read, 'there is no Avro schema: give the parameter `schema`');
};

function schemaText(schema: string | undefined, resolver: string | undefined, context: { bean<T>(reference: string): T; resource(uri: string): string }): string {
  if (schema !== undefined) return /^(resource|file|classpath):/.test(schema) ? context.resource(schema) : schema;
  if (resolver === undefined) throw missingOption('`avro` needs a schema, there are no Java classes that have one', 'write `schema: resource:file:order.avsc`, or name a bean in `schemaResolver`');
  const bean = context.bean<unknown>(resolver);
  const found = isPlainMap(bean) && bean['type'] === undefined && bean['schema'] !== undefined ? bean['schema'] : bean;
  return typeof found === 'string' ? found : JSON.stringify(found);
}
