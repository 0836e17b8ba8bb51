import type { ConnectorContext } from '../../core/connector.ts';
import { bytesOfBody, conversionError, toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import { jsonText, parseJson, writeJson } from '../../core/conversion/json.ts';

export type Deserialise = (topic: string, bytes: Buffer | null) => unknown;
/** Bytes, or a text that goes out as UTF-8; null is a tombstone. */
export type Serialise = (topic: string, value: unknown) => Buffer | string | null;

const failed = (what: string, cause?: unknown): ExchangeError => new ExchangeError('org.apache.kafka.common.errors.SerializationException', what, { cause });

// ------------------------------------------------------------------------------------------------ in

const sized =
  (type: string, size: number, read: (bytes: Buffer) => unknown): Deserialise =>
  (_topic, bytes) => {
    if (bytes === null) return null;
    if (bytes.length !== size) throw failed(`Size of data received by ${type}Deserializer is not ${size}, but ${bytes.length}`);
    return read(bytes);
  };

const safe = (value: bigint): number | bigint => (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value);

const asJson: Deserialise = (_topic, bytes) => {
  if (bytes === null) return null;
  try {
    return parseJson(jsonText(bytes));
  } catch (thrown) {
    throw failed(`the value is no JSON: ${(thrown as Error).message}`, thrown);
  }
};

/** Deserialisers by the first part of their Java class name. */
const deserialisers: Readonly<Record<string, Deserialise>> = {
  String: (_topic, bytes) => (bytes === null ? null : bytes.toString('utf8')),
  ByteArray: (_topic, bytes) => bytes,
  Bytes: (_topic, bytes) => bytes,
  ByteBuffer: (_topic, bytes) => bytes,
  Void: () => null,
  Boolean: sized('Boolean', 1, (bytes) => bytes[0] !== 0),
  Short: sized('Short', 2, (bytes) => bytes.readInt16BE(0)),
  Integer: sized('Integer', 4, (bytes) => bytes.readInt32BE(0)),
  Long: sized('Long', 8, (bytes) => safe(bytes.readBigInt64BE(0))),
  Float: sized('Float', 4, (bytes) => bytes.readFloatBE(0)),
  Double: sized('Double', 8, (bytes) => bytes.readDoubleBE(0)),
  UUID: (_topic, bytes) => (bytes === null ? null : bytes.toString('utf8')),
  Json: asJson,
  KafkaJson: asJson,
  JsonPOJO: asJson,
};

const { String: text, ByteArray, Bytes, ByteBuffer, Void, UUID } = deserialisers;
const careless: ReadonlySet<Deserialise | undefined> = new Set([text, ByteArray, Bytes, ByteBuffer, Void, UUID]);

/** Whether it reads whatever bytes there are. */
export const readsAnything = (deserialise: Deserialise): boolean => careless.has(deserialise);

// ------------------------------------------------------------------------------------------------ out

const bytesOf: Serialise = (_topic, value) => (value === null || value === undefined ? null : Buffer.isBuffer(value) || typeof value === 'string' ? value : bytesOfBody(value));

/** As Camel does it: bytes stay bytes, everything else becomes text. */
const textOf: Serialise = (_topic, value) => (typeof value === 'string' || Buffer.isBuffer(value) ? value : value instanceof Uint8Array ? bytesOfBody(value) : toText(value));

const binary =
  (type: string, size: number, write: (bytes: Buffer, value: number, exact: unknown) => void): Serialise =>
  (_topic, value) => {
    if (value === null || value === undefined) return null;
    const number = Number(toText(value));
    if (Number.isNaN(number)) throw conversionError(value, type);
    const bytes = Buffer.alloc(size);
    try {
      write(bytes, number, value);
    } catch (thrown) {
      throw conversionError(value, type, thrown);
    }
    return bytes;
  };

const jsonOf: Serialise = (_topic, value) => (value === null || value === undefined ? null : Buffer.isBuffer(value) ? value : writeJson(value));

const serialisers: Readonly<Record<string, Serialise>> = {
  String: textOf,
  ByteArray: bytesOf,
  Bytes: bytesOf,
  ByteBuffer: bytesOf,
  Void: () => null,
  Boolean: (_topic, value) => (value === null || value === undefined ? null : Buffer.from([toText(value) === 'true' ? 1 : 0])),
  Short: binary('Short', 2, (bytes, value) => bytes.writeInt16BE(value)),
  Integer: binary('Integer', 4, (bytes, value) => bytes.writeInt32BE(value)),
  Long: binary('Long', 8, (bytes, _value, exact) => bytes.writeBigInt64BE(BigInt(toText(exact)!))),
  Float: binary('Float', 4, (bytes, value) => bytes.writeFloatBE(value)),
  Double: binary('Double', 8, (bytes, value) => bytes.writeDoubleBE(value)),
  UUID: textOf,
  Json: jsonOf,
  KafkaJson: jsonOf,
  JsonPOJO: jsonOf,
};

// ------------------------------------------------------------------------------------------------ by name

/**
 * A deserialiser by the name of a Java class, or of a bean with `deserialize(topic, bytes)`.
 * @throws Error naming the option, when there is none
 */
export const deserialiser = (option: string, name: string, context: ConnectorContext): Deserialise => named(option, name, /Deserializer$/, deserialisers, 'deserialize', context);

/** @throws Error naming the option, when there is none */
export const serialiser = (option: string, name: string, context: ConnectorContext): Serialise => named(option, name, /Serializer$/, serialisers, 'serialize', context);

function named<T>(option: string, name: string, suffix: RegExp, known: Readonly<Record<string, T>>, method: string, context: ConnectorContext): T {
  if (name.startsWith('#') && !name.startsWith('#class:')) {
    const bean = context.bean<unknown>(name);
    if (typeof bean === 'function') return bean as T;
    const run = (bean as Record<string, unknown>)[method];
    if (typeof run !== 'function') throw new Error(`the bean ${name} of \`${option}\` has no method ${method}(topic, value)`);
    return ((topic: string, value: unknown) => (run as (topic: string, value: unknown) => unknown).call(bean, topic, value)) as T;
  }
  const kind = name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf('$'), name.lastIndexOf(':')) + 1).replace(suffix, '');
  const found = Object.hasOwn(known, kind) ? known[kind] : undefined;
  if (found === undefined) throw new Error(`\`${option}\`: there is no ${name} here; there are ${Object.keys(known).join(', ')}, and beans with a method ${method} (#name)`);
  return found;
}
