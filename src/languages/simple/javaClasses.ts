import { classDistance, ExchangeError } from '../../core/errors.ts';
import { Exchange } from '../../core/exchange/exchange.ts';
import { MapEntry } from '../../core/graph/iterate.ts';
import { isNetworkBytes, streamClass } from '../../core/conversion/network-bytes.ts';
import { ByteStream, StreamCache } from '../../core/conversion/stream.ts';
import { ExactNumber, isNumeric } from '../../core/conversion/exactNumber.ts';
import { isPlainObject } from '../../core/beans/javaTypes.ts';

/** What `getClass()` gives: the Java class that a value stands for. */
export class JavaClass {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  get simpleName(): string {
    if (this.name === '[B') return 'byte[]';
    return this.name.slice(Math.max(this.name.lastIndexOf('.'), this.name.lastIndexOf('$')) + 1);
  }

  /** As Java prints a class. */
  toString(): string {
    return `class ${this.name}`;
  }
}

export function className(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'java.lang.String';
    case 'boolean':
      return 'java.lang.Boolean';
    case 'bigint':
      return 'java.math.BigInteger';
    case 'number':
      return !Number.isInteger(value) ? 'java.lang.Double' : Math.abs(value) > 2147483647 ? 'java.lang.Long' : 'java.lang.Integer';
    case 'object':
      break;
    default:
      return 'java.lang.Object';
  }
  if (value instanceof ExactNumber) return value.kind === 'double' ? 'java.lang.Double' : value.kind === 'decimal' ? 'java.math.BigDecimal' : 'java.lang.Long';
  if (value instanceof ExchangeError) return value.type;
  if (value instanceof Exchange) return 'org.apache.camel.support.DefaultExchange';
  if (value instanceof Uint8Array) return streamClass(value) ?? '[B';
  if (value instanceof StreamCache) return 'org.apache.camel.converter.stream.ByteArrayInputStreamCache';
  if (value instanceof ByteStream) return 'java.io.ByteArrayInputStream';
  if (value instanceof Date) return 'java.util.Date';
  if (Array.isArray(value)) return 'java.util.ArrayList';
  if (value instanceof Set) return 'java.util.LinkedHashSet';
  if (value instanceof JavaClass) return 'java.lang.Class';
  if (value instanceof Map || isPlainObject(value)) return 'java.util.LinkedHashMap';
  if (value instanceof MapEntry) return 'java.util.LinkedHashMap$Entry';
  return (value)?.constructor?.name ?? 'java.lang.Object';
}

const isInteger = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2147483648;

const isDouble = (value: unknown): boolean => (typeof value === 'number' && !Number.isInteger(value)) || (value instanceof ExactNumber && value.kind === 'double');
const isLong = (value: unknown): boolean => (typeof value === 'number' && Number.isInteger(value) && !isInteger(value)) || (value instanceof ExactNumber && value.kind === 'integer');

type Check = (value: unknown) => boolean;

const isMap: Check = (value) => value instanceof Map || isPlainObject(value);
const never: Check = () => false;
const isStreamed: Check = (value) => value instanceof StreamCache || value instanceof ByteStream || isNetworkBytes(value);

const checks: Readonly<Record<string, Check>> = {
  String: (value) => typeof value === 'string',
  Integer: isInteger,
  Long: (value) => isLong(value),
  Double: (value) => isDouble(value),
  Float: never,
  Boolean: (value) => typeof value === 'boolean',
  Byte: never,
  Short: never,
  Character: never,
  'String[]': never,
  'Object[]': never,
  int: never,
  long: never,
  short: never,
  byte: never,
  double: never,
  float: never,
  boolean: never,
  char: never,
  'byte[]': (value) => value instanceof Uint8Array && !isNetworkBytes(value),
  'java.lang.String': (value) => typeof value === 'string',
  'java.lang.CharSequence': (value) => typeof value === 'string',
  'java.lang.Character': never,
  'java.lang.Integer': isInteger,
  'java.lang.Long': (value) => isLong(value),
  'java.lang.Double': (value) => isDouble(value),
  'java.lang.Float': never,
  'java.lang.Short': never,
  'java.lang.Byte': never,
  'java.lang.Number': isNumeric,
  'java.lang.Boolean': (value) => typeof value === 'boolean',
  'java.lang.Comparable': (value) => ['string', 'number', 'boolean'].includes(typeof value) || value instanceof Date,
  'java.lang.Object': (value) => value !== null && value !== undefined,
  'java.lang.Iterable': (value) => Array.isArray(value) || value instanceof Set,
  'java.math.BigDecimal': (value) => value instanceof ExactNumber && value.kind === 'decimal',
  'java.math.BigInteger': (value) => typeof value === 'bigint',
  'java.io.InputStream': isStreamed,
  'org.apache.camel.StreamCache': (value) => isStreamed(value) && !(value instanceof ByteStream),
  'java.io.Serializable': (value) => value !== null && value !== undefined,
  'java.util.Collection': (value) => Array.isArray(value) || value instanceof Set,
  'java.util.List': Array.isArray,
  'java.util.ArrayList': Array.isArray,
  'java.util.LinkedList': never,
  'java.util.Set': (value) => value instanceof Set,
  'java.util.LinkedHashSet': (value) => value instanceof Set,
  'java.util.HashSet': (value) => value instanceof Set,
  'java.util.Map': isMap,
  'java.util.HashMap': isMap,
  'java.util.LinkedHashMap': isMap,
  'java.util.TreeMap': never,
  'java.util.Date': (value) => value instanceof Date,
};

/** Whether a value is of a Java class; null when there is no such class here. Missing values are of none. */
export function isInstance(value: unknown, name: string): boolean | null {
  const isMissing = value === null || value === undefined;
  if (Object.hasOwn(checks, name)) return !isMissing && checks[name]!(value);
  if (/^(?:java|org)\..*(?:Exception|Error|Throwable)$/.test(name)) return value instanceof ExchangeError && classDistance(value.type, name) >= 0;
  return /^(?:java|javax|org\.w3c\.dom|org\.apache\.camel)\.(?:\w+\.)*[A-Z]\w*$/.test(name) ? false : null;
}
