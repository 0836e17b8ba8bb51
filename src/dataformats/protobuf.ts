import protobufjs from 'protobufjs';
import type { Enum, Field as ProtoField, MapField, Root, Type } from 'protobufjs';
import { describeValue, withBytes } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { exactNumber, javaDouble, javaFloat } from '../core/conversion/exactNumber.ts';
import { field } from '../core/field.ts';
import { hasFewValues } from '../core/conversion/fewValues.ts';
import { deepestInTurns, deepestValue, fewValues, isPlainContainer, isPlainMap, itemsTogether, plainValue, putKey, ValueCount } from '../core/conversion/plainValue.ts';
import { inTurns, stepsInTurns } from '../core/conversion/slices.ts';
import { missingOption, OptionError } from '../core/optionError.ts';

const java = 'Java only: there are no Java classes to map to here';

const wrongBytes = 'com.google.protobuf.InvalidProtocolBufferException';
const wrongValue = 'com.google.protobuf.UninitializedMessageException';

/** The files of a schema: the given one and what it imports, which is looked for beside it and below. */
function rootOf(schema: string, resource: (uri: string) => string): { root: Root; first: string | null } {
  const root = new protobufjs.Root();
  const isAddress = /^(resource|file|classpath):/.test(schema);
  const folder = isAddress ? schema.replace(/[^/:]*$/, '') : null;
  const seen = new Set<string>();
  let first: string | null = null;
  const add = (text: string, name: string): void => {
    let parsed: { package: string | undefined; imports: string[] | undefined; weakImports: string[] | undefined };
    try {
      parsed = protobufjs.parse(text, root, { keepCase: true });
    } catch (thrown) {
      throw new Error(`the Protobuf schema ${name} is wrong: ${(thrown as Error).message}`);
    }
    if (first === null) first = firstMessage(text, parsed.package);
    for (const path of [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])]) {
      if (seen.has(path)) continue;
      seen.add(path);
      const common = protobufjs.common.get(path);
      if (common !== null) root.addJSON(common.nested ?? {});
      else if (folder === null) throw new Error(`the Protobuf schema imports \`${path}\`: give its file instead of its text, \`schema: resource:file:...\``);
      else add(resource(folder + path), path);
    }
  };
  add(isAddress ? resource(schema) : schema, isAddress ? schema : 'of the route');
  try {
    root.resolveAll();
  } catch (thrown) {
    throw new Error(`the Protobuf schema is wrong: ${(thrown as Error).message}`);
  }
  return { root, first };
}

function firstMessage(text: string, inPackage: string | undefined): string | null {
  const own = protobufjs.parse(text, new protobufjs.Root(), { keepCase: true }).root;
  const space = inPackage === undefined ? own : own.lookup(inPackage);
  const found = (space as Root | null)?.nestedArray.find((one) => one instanceof protobufjs.Type);
  return found?.fullName ?? null;
}

/** A message type by its name in the schema, or by the name of the Java class that would be made of it. */
function typeOf(root: Root, first: string | null, className: string | undefined): Type {
  const wanted = className ?? first;
  if (wanted === null || wanted === undefined) throw new OptionError(['schema', 'schemaResolver'], 'the Protobuf schema has no message');
  const names = wanted.replace(/^\./, '').split(/[.$]/);
  for (let from = 0; from < names.length; from++) {
    const found = root.lookup(names.slice(from).join('.'), [protobufjs.Type]);
    if (found instanceof protobufjs.Type) return found;
  }
  const last = names.at(-1)!;
  const anywhere = allTypes(root).filter((type) => type.name === last);
  if (anywhere.length === 1) return anywhere[0]!;
  throw new OptionError(['instanceClass', 'unmarshalType'], `the Protobuf schema has no message \`${wanted}\``, `it has ${allTypes(root).map((type) => `\`${type.fullName.slice(1)}\``).join(', ')}`);
}

const allTypes = (space: { nestedArray: readonly unknown[] }): Type[] =>
  space.nestedArray.flatMap((one) => (one instanceof protobufjs.Type ? [one, ...allTypes(one)] : one instanceof protobufjs.Namespace ? allTypes(one) : []));

/** As the library holds integers of 64 bits. */
const longOf = (number: bigint): object => ({ low: Number(BigInt.asIntN(32, number)), high: Number(BigInt.asIntN(32, number >> 32n)), unsigned: number > 2n ** 63n - 1n });

const is64 = (type: string): boolean => /^(u|s)?int64$|^s?fixed64$/.test(type);

function bodyOf(type: Type, message: Record<string, unknown>, depth: number, values: ValueCount): Record<string, unknown> {
  values.take(1);
  if (depth > deepestValue) throw new ExchangeError(wrongBytes, `nested deeper than ${deepestValue}`);
  const body = {};
  for (const one of type.fieldsArray) {
    const isSet = Object.hasOwn(message, one.name);
    if (!isSet && canBeAbsent(one)) continue;
    const value = isSet ? message[one.name] : one.map ? {} : one.repeated ? [] : one.defaultValue;
    if (one.map) {
      const map = {};
      const { keyType } = one as unknown as MapField;
      for (const [key, item] of Object.entries(value as object)) putKey(map, is64(keyType) ? keyText(key, keyType) : key, valueOf(one, item, depth, values));
      putKey(body, one.name, map);
    } else putKey(body, one.name, one.repeated ? listOf(one, value as unknown[], depth, values) : valueOf(one, value, depth, values));
  }
  return body;
}

/** Numbers and texts that are as the library has them. */
const asItIs = /^(?:s?fixed32|[su]?int32|bool|string)$/;

function listOf(one: ProtoField, list: unknown[], depth: number, values: ValueCount): unknown[] {
  values.take(list.length);
  return asItIs.test(one.type) && one.resolvedType === null ? list : list.map((item) => valueOf(one, item, depth, values));
}

const canBeAbsent = (one: ProtoField): boolean => !one.map && !one.repeated && (one.hasPresence || one.partOf !== null || one.resolvedType instanceof protobufjs.Type);

/** The library keeps keys of 64 bits as the eight characters of their bytes. */
const keyText = (key: string, type: string): string => String(protobufjs.util.longFromHash(key, type.startsWith('u') || type === 'fixed64'));

function valueOf(one: ProtoField, value: unknown, depth: number, values: ValueCount): unknown {
  const { resolvedType } = one;
  if (resolvedType instanceof protobufjs.Type) return bodyOf(resolvedType, value as Record<string, unknown>, depth + 1, values);
  if (resolvedType instanceof protobufjs.Enum) return resolvedType.valuesById[value as number] ?? value;
  if (is64(one.type)) return exactNumber(String(value));
  switch (one.type) {
    case 'float':
      return javaFloat(value as number);
    case 'double':
      return javaDouble(value as number);
    case 'bytes':
      return Buffer.from(value as Uint8Array);
    default:
      return value;
  }
}

const refusal = (path: string, value: unknown, wanted: string): ExchangeError =>
  new ExchangeError(wrongValue, `${path === '' ? 'the body' : `\`${path}\``} is ${describeValue(value)}, the Protobuf schema wants ${wanted}`);

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function messageOf(type: Type, value: unknown, path: string): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [one, item] of fieldsOf(type, value, path)) putKey(made, one.name, fieldOf(one, item, joined(path, one.name)));
  return made;
}

/** What is given for the fields of a message. */
function fieldsOf(type: Type, value: unknown, path: string): [one: ProtoField, item: unknown][] {
  if (!isPlainMap(value)) throw refusal(path, value, `a map, the message ${type.name}`);
  const given: [ProtoField, unknown][] = [];
  for (const name of Object.keys(value)) {
    const one = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
    if (one === undefined) throw new ExchangeError(wrongValue, `the message ${type.name} of the Protobuf schema has no field \`${joined(path, name)}\`; it has ${type.fieldsArray.map((known) => known.name).join(', ')}`);
    if ((value[name] ?? null) !== null) given.push([one, value[name]]);
  }
  for (const one of type.fieldsArray) {
    if (one.required && !given.some(([found]) => found === one)) throw new ExchangeError(wrongValue, `\`${joined(path, one.name)}\` is missing, the Protobuf schema requires it`);
  }
  return given;
}

function fieldOf(one: ProtoField, value: unknown, path: string): unknown {
  if (one.map) {
    if (!isPlainMap(value)) throw refusal(path, value, 'a map');
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, itemOf(one, item, `${path}.${key}`)]));
  }
  if (!one.repeated) return itemOf(one, value, path);
  if (!Array.isArray(value)) throw refusal(path, value, 'a list');
  return value.map((item, i) => itemOf(one, item, `${path}[${i}]`));
}

const whole: Readonly<Record<string, readonly [lowest: bigint, highest: bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};
const rangeOf = (type: string): readonly [bigint, bigint] | undefined => whole[type.replace(/^s(?=int|fixed)/, '').replace(/^fixed/, type.startsWith('s') ? 'int' : 'uint')];

function itemOf(one: ProtoField, value: unknown, path: string): unknown {
  const { resolvedType, type } = one;
  if (resolvedType instanceof protobufjs.Type) return messageOf(resolvedType, value, path);
  if (resolvedType instanceof protobufjs.Enum) return enumOf(resolvedType, value, path);
  const range = rangeOf(type);
  if (range !== undefined) {
    if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isSafeInteger(value))) throw refusal(path, value, type);
    const number = BigInt(value);
    if (number < range[0] || number > range[1]) throw refusal(path, value, type);
    return is64(type) ? longOf(number) : Number(number);
  }
  if (type === 'bytes' ? value instanceof Uint8Array : type === 'bool' ? typeof value === 'boolean' : type === 'string' && typeof value === 'string') return value;
  if ((type === 'float' || type === 'double') && (typeof value === 'number' || typeof value === 'bigint')) return Number(value);
  throw refusal(path, value, type);
}

function enumOf(type: Enum, value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  const id = typeof value === 'string' && Object.hasOwn(type.values, value) ? type.values[value] : undefined;
  if (id === undefined) throw refusal(path, value, `one of ${Object.keys(type.values).join(', ')}`);
  return id;
}

/** As the library wants it. */
const plain = (body: unknown): unknown => plainValue(body, wrongValue, (number) => (number.kind === 'integer' ? BigInt(number.text) : Number(number.text)));

const isLarge = (value: unknown): boolean => !hasFewValues(value, fewValues) && isPlainContainer(value);

function written(type: Type, body: unknown): Buffer | Promise<Buffer> {
  if (isLarge(body)) {
    const into = new PieceWriter();
    return stepsInTurns(writing(type, body, '', into, 0), () => Buffer.concat(into.pieces()));
  }
  const bytes = type.encode(messageOf(type, plain(body), '')).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The bytes of a large message, which are put together at the end. */
class PieceWriter {
  private writer = protobufjs.Writer.create();
  private readonly full: Uint8Array[] = [];

  get last(): protobufjs.Writer {
    if (this.writer.len > pieceLength) this.pieces();
    return this.writer;
  }

  pieces(): Uint8Array[] {
    this.full.push(this.writer.finish());
    this.writer = protobufjs.Writer.create();
    return this.full;
  }

  add(pieces: readonly Uint8Array[]): void {
    this.pieces();
    for (const piece of pieces) this.full.push(piece);
  }
}

/** A large message as the library writes it, field by field as they are numbered, and what is long in it item by item. */
function* writing(type: Type, value: unknown, path: string, into: PieceWriter, depth: number): Generator<undefined, void> {
  for (const [one, item] of fieldsOf(type, value, path).sort(([a], [b]) => a.id - b.id)) {
    const inner = joined(path, one.name);
    if (one.map && isPlainContainer(item) && isPlainMap(item)) {
      const keys = Object.keys(item);
      for (let i = 0; i < keys.length; i++) {
        writeEntry(one as OneOfMap, keys[i]!, itemOf(one, plain(item[keys[i]!]), `${inner}.${keys[i]}`), into.last);
        if (i % itemsTogether === 0) yield undefined;
      }
    } else if (one.repeated && !isPacked(one) && Array.isArray(item)) {
      for (let i = 0; i < item.length; i++) {
        yield* writingItem(one, item[i], `${inner}[${i}]`, into, depth);
        if (i % itemsTogether === 0) yield undefined;
      }
    } else if (!one.repeated && !one.map) yield* writingItem(one, item, inner, into, depth);
    else writeField(one, fieldOf(one, plain(item), inner), into.last);
    yield undefined;
  }
}

function* writingItem(one: ProtoField, item: unknown, path: string, into: PieceWriter, depth: number): Generator<undefined, void> {
  const { resolvedType } = one;
  if (!(resolvedType instanceof protobufjs.Type) || one.delimited || depth === deepestInTurns || !isLarge(item)) {
    const value = itemOf(one, plain(item), path);
    if (one.repeated || one.required || one.hasPresence || !isDefault(one, value)) writeItem(one, value, into.last);
    return;
  }
  const inner = new PieceWriter();
  yield* writing(resolvedType, item, path, inner, depth + 1);
  const pieces = inner.pieces();
  into.last.uint32(tagOf(one, 2)).uint32(pieces.reduce((sum, { length }) => sum + length, 0));
  into.add(pieces);
}

/** What is not written where the schema does not tell it from what is not there. */
function isDefault({ resolvedType, type, typeDefault }: ProtoField, value: unknown): boolean {
  if (resolvedType instanceof protobufjs.Enum) return value === typeDefault;
  if (is64(type)) return (value as { low: number }).low === 0 && (value as { high: number }).high === 0;
  if (type === 'bytes') return (value as Uint8Array).length === 0;
  return type === 'string' ? value === '' : type === 'bool' ? value === false : Object.is(value, 0);
}

const { basic, mapKey, packed } = protobufjs.types as Readonly<Record<'basic' | 'mapKey' | 'packed', Readonly<Record<string, number | undefined>>>>;

const basicType = ({ resolvedType, type }: ProtoField): string => (resolvedType instanceof protobufjs.Enum ? 'int32' : type);
const isPacked = (one: ProtoField): boolean => one.packed && packed[basicType(one)] !== undefined;
const tagOf = (one: ProtoField, wireType: number): number => ((one.id << 3) | wireType) >>> 0;

type OneOfMap = ProtoField & Pick<MapField, 'keyType'>;

const writeBasic = (type: string, value: unknown, into: protobufjs.Writer): protobufjs.Writer => (into as unknown as Record<string, (value: unknown) => protobufjs.Writer>)[type]!(value);

function writeItem(one: ProtoField, value: unknown, into: protobufjs.Writer): void {
  const { resolvedType } = one;
  if (!(resolvedType instanceof protobufjs.Type)) writeBasic(basicType(one), value, into.uint32(tagOf(one, basic[basicType(one)]!)));
  else if (one.delimited) resolvedType.encode(value as object, into.uint32(tagOf(one, 3))).uint32(tagOf(one, 4));
  else resolvedType.encode(value as object, into.uint32(tagOf(one, 2)).fork()).ldelim();
}

function writeEntry(one: OneOfMap, key: string, value: unknown, into: protobufjs.Writer): void {
  const { keyType, resolvedType } = one;
  const isUnsigned = keyType === 'uint64' || keyType === 'fixed64';
  const entry = into.uint32(tagOf(one, 2)).fork().uint32(8 | mapKey[keyType]!);
  writeBasic(keyType, keyType === 'bool' ? protobufjs.util.boolFromKey(key) : is64(keyType) ? protobufjs.util.longFromKey(key, isUnsigned) : key, entry);
  if (resolvedType instanceof protobufjs.Type) resolvedType.encode(value as object, entry.uint32(18).fork()).ldelim();
  else writeBasic(basicType(one), value, entry.uint32(16 | basic[basicType(one)]!));
  entry.ldelim();
}

/** A list or a map that is written at once. */
function writeField(one: ProtoField, value: unknown, into: protobufjs.Writer): void {
  if (one.map) for (const [key, item] of Object.entries(value as object)) writeEntry(one as OneOfMap, key, item, into);
  else if (!isPacked(one)) for (const item of value as unknown[]) writeItem(one, item, into);
  else if ((value as unknown[]).length > 0) writeBasic(`${basicType(one)}s`, value, into.uint32(tagOf(one, 2)));
}

function decoded(type: Type, bytes: Buffer, isWhole: boolean): Record<string, unknown> {
  try {
    return type.decode(bytes) as unknown as Record<string, unknown>;
  } catch (thrown) {
    // What is required may stand in another piece.
    if (!isWhole && thrown instanceof protobufjs.util.ProtocolError) return thrown.instance as unknown as Record<string, unknown>;
    throw new ExchangeError(wrongBytes, `not a message ${type.name}: ${(thrown as Error).message}`);
  }
}

/** What has not more bytes is read at once, and so many bytes of a message's fields. */
const readAtOnce = 100_000;
const pieceLength = 1 << 15;

/** A long message, whose fields are read some by some: two messages behind each other are one with the fields of both. */
class Pieces {
  private readonly type: Type;
  private readonly bytes: Buffer;
  private readonly values: ValueCount;
  private readonly depth: number;
  private readonly fields: protobufjs.Reader;
  /** As the library has them. */
  private readonly single: Record<string, unknown> = {};
  /** As bodies have them: lists, and what was read in pieces itself. */
  private readonly read = new Map<string, unknown>();
  private inner: { readonly one: ProtoField; readonly pieces: Pieces } | null = null;

  constructor(type: Type, bytes: Buffer, values: ValueCount, depth = 0) {
    if (depth > deepestValue) throw new ExchangeError(wrongBytes, `nested deeper than ${deepestValue}`);
    this.type = type;
    this.bytes = bytes;
    this.values = values;
    this.depth = depth;
    this.fields = protobufjs.Reader.create(bytes);
  }

  /** @returns whether all fields are read */
  readSome(): boolean {
    const { bytes, fields, inner } = this;
    if (inner !== null) {
      if (!inner.pieces.readSome()) return false;
      this.inner = null;
      this.take(inner.one, inner.pieces.body());
    } else {
      const from = fields.pos;
      const large = this.skipSome();
      if (large === null) this.takeAll(bytes.subarray(from, fields.pos));
      else this.inner = large;
    }
    return this.inner === null && fields.pos >= bytes.length;
  }

  /** Goes on to where a piece ends; gives the message that stands there, where it is too long for one. */
  private skipSome(): { readonly one: ProtoField; readonly pieces: Pieces } | null {
    const { bytes, depth, fields, type, values } = this;
    const from = fields.pos;
    try {
      while (fields.pos < bytes.length && fields.pos - from < pieceLength) {
        const before = fields.pos;
        const tag = fields.uint32();
        const begin = fields.pos;
        fields.skipType(tag & 7);
        if (fields.pos - before < pieceLength) continue;
        const one = type.fieldsById[tag >>> 3];
        if ((tag & 7) !== 2 || one === undefined || one.map || !(one.resolvedType instanceof protobufjs.Type)) continue;
        if (before > from) {
          fields.pos = before;
          return null;
        }
        const end = fields.pos;
        fields.pos = begin;
        const length = fields.uint32();
        fields.pos = end;
        return { one, pieces: new Pieces(one.resolvedType, bytes.subarray(end - length, end), values, depth + 1) };
      }
    } catch (thrown) {
      if (thrown instanceof ExchangeError) throw thrown;
      throw new ExchangeError(wrongBytes, `not a message ${type.name}: ${(thrown as Error).message}`);
    }
    return null;
  }

  private takeAll(bytes: Buffer): void {
    const { depth, read, single, type, values } = this;
    const piece = decoded(type, bytes, false);
    for (const one of type.fieldsArray) {
      const { name } = one;
      if (!Object.hasOwn(piece, name)) continue;
      if (one.repeated && !one.map) for (const item of listOf(one, piece[name] as unknown[], depth, values)) this.take(one, item);
      else if (one.map && Object.hasOwn(single, name)) Object.assign(single[name] as object, piece[name]);
      else {
        this.forgetOthers(one);
        read.delete(name);
        putKey(single, name, piece[name]);
      }
    }
  }

  private take(one: ProtoField, value: unknown): void {
    const { read, single } = this;
    if (!one.repeated) {
      this.forgetOthers(one);
      delete single[one.name];
      read.set(one.name, value);
      return;
    }
    const list = read.get(one.name) as unknown[] | undefined;
    if (list === undefined) read.set(one.name, [value]);
    else list.push(value);
  }

  /** Of alternatives the last one counts. */
  private forgetOthers(one: ProtoField): void {
    for (const { name } of one.partOf?.fieldsArray ?? []) {
      delete this.single[name];
      this.read.delete(name);
    }
  }

  body(): Record<string, unknown> {
    const { depth, read, single, type, values } = this;
    for (const { name, required } of type.fieldsArray) {
      if (required && !Object.hasOwn(single, name) && !read.has(name)) throw new ExchangeError(wrongBytes, `not a message ${type.name}: missing required '${name}'`);
    }
    const others = bodyOf(type, single, depth, values);
    const body = {};
    for (const { name } of type.fieldsArray) {
      if (read.has(name)) putKey(body, name, read.get(name));
      else if (Object.hasOwn(others, name)) putKey(body, name, others[name]);
    }
    return body;
  }
}

const noSchema = (): never => {
  throw new ExchangeError(wrongValue, 'there is no Protobuf schema: give the parameter `schema`');
};

export const protobuf = defineDataFormat({
  name: 'protobuf',
  summary: 'Protocol Buffers: marshal writes a map as a message of a schema, unmarshal gives a map; fields that can be absent are only there when they are set.',
  shorthand: 'instanceClass',
  options: {
    schema: field.string('The schema: the text of a `.proto` file, or `resource:file:order.proto`. An addition to Camel, where the Java class has it.'),
    schemaResolver: field.string('Bean that has the schema: its text, or something with a `schema`.'),
    library: field.enum('Which library Camel would use; they mean the same here.', ['GoogleProtobuf', 'Jackson', 'protobufJackson']).default('GoogleProtobuf'),
    instanceClass: field.string('Message: its name in the schema, or of the Java class. The first one of the schema without it.'),
    unmarshalType: field.string('As `instanceClass`.'),
    contentTypeHeader: field.boolean('Marshalling sets the header `Content-Type` to `application/octet-stream`.').default(true),
    contentTypeFormat: field.enum('Only `native` is there: for JSON, marshal with `json`.', ['native', 'json']).default('native'),
    objectMapper: field.string('Object mapper of the registry.').ignored(java),
    useDefaultObjectMapper: field.boolean('Looks for an object mapper in the registry.').default(true).ignored(java),
    autoDiscoverObjectMapper: field.boolean('Looks for an object mapper in the registry.').default(false).ignored(java),
    jsonView: field.string('Class that marks which fields to write.').ignored(java),
    include: field.string('Leaves out what is null.').ignored('null is never written'),
    allowJmsType: field.boolean('Lets the header JMSType name the class to unmarshal to.').default(false).ignored(java),
    collectionType: field.string('Class of collections.').ignored(java),
    useList: field.boolean('Unmarshals to a list.').default(false).ignored('a message is never a list'),
    moduleClassNames: field.string('Jackson modules.').ignored(java),
    moduleRefs: field.string('Jackson modules of the registry.').ignored(java),
    enableFeatures: field.string('Jackson features to switch on.').ignored(java),
    disableFeatures: field.string('Jackson features to switch off.').ignored(java),
    allowUnmarshallType: field.boolean('Lets a header name the class to unmarshal to.').default(false).ignored(java),
    timezone: field.string('Time zone of dates.').ignored('Protobuf has no dates of its own'),
    autoDiscoverSchemaResolver: field.boolean('Looks for a schema resolver in the registry.').default(true).ignored('name it in `schemaResolver`'),
  },
  create: ({ schema, schemaResolver, instanceClass, unmarshalType, contentTypeHeader, contentTypeFormat }, context) => {
    if (contentTypeFormat === 'json') throw new OptionError('contentTypeFormat', '`contentTypeFormat: json` is not there', 'the body is a map: marshal and unmarshal it with `json`');
    if (schema === undefined && schemaResolver === undefined) {
      throw missingOption('`protobuf` needs a schema, there are no Java classes that have one', 'write `schema: resource:file:order.proto`, or name a bean in `schemaResolver`');
    }
    const bean = schema === undefined ? context.bean<string | { schema: string }>(schemaResolver!) : schema;
    const text = typeof bean === 'string' ? bean : bean.schema;
    // A kamelet that was given none: each message says so.
    if (text === '') return { marshal: noSchema, unmarshal: noSchema };
    const { root, first } = rootOf(text, (uri) => context.resource(uri));
    // `JsonNode` names no message: it says that the value is what JSON could say.
    const type = typeOf(root, first, [instanceClass, unmarshalType].find((name) => name !== undefined && !/(?:^|\.)JsonNode$/.test(name)));
    const read = (bytes: Buffer): unknown => {
      const values = new ValueCount(wrongBytes);
      if (bytes.length <= readAtOnce) return bodyOf(type, decoded(type, bytes, true), 0, values);
      const pieces = new Pieces(type, bytes, values);
      return inTurns(
        () => pieces.readSome(),
        () => pieces.body(),
      );
    };
    return {
      marshal: (exchange, body) => {
        const bytes = written(type, body);
        if (contentTypeHeader) exchange.headers.set('Content-Type', 'application/octet-stream');
        return bytes;
      },
      unmarshal: (exchange, body) => withBytes(exchange, body, read),
    };
  },
});
