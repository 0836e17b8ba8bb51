import { classDistance, ExchangeError } from '../../core/errors.ts';
import { javaClass } from '../../core/conversion/javaClass.ts';
import { javaClassName } from '../../core/conversion/javaClassName.ts';
import { isNetworkBytes } from '../../core/conversion/network-bytes.ts';
import { ByteStream } from '../../core/conversion/stream.ts';
import { isStreamed } from '../../core/conversion/convert.ts';
import { ExactNumber, isNumeric } from '../../core/conversion/exactNumber.ts';
import { isPlainObject } from '../../core/beans/javaTypes.ts';
import { isMissing } from './compare.ts';

/** What `getClass()` gives: the Java class that a value stands for. */
export class JavaClass {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  get [javaClass](): string {
    return 'java.lang.Class';
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

const isInteger = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2147483648;

const isDouble = (value: unknown): boolean => (typeof value === 'number' && !Number.isInteger(value)) || (value instanceof ExactNumber && value.kind === 'double');
const isLong = (value: unknown): boolean => (typeof value === 'number' && Number.isInteger(value) && !isInteger(value)) || (value instanceof ExactNumber && value.kind === 'integer');

type Check = (value: unknown) => boolean;

const isMap: Check = (value) => value instanceof Map || isPlainObject(value);
const isLinkedList: Check = (value) => Array.isArray(value) && javaClassName(value) === 'java.util.LinkedList';
const never: Check = () => false;

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
  'java.lang.Object': (value) => !isMissing(value),
  'java.lang.Iterable': (value) => Array.isArray(value) || value instanceof Set,
  'java.math.BigDecimal': (value) => value instanceof ExactNumber && value.kind === 'decimal',
  'java.math.BigInteger': (value) => typeof value === 'bigint',
  'java.io.InputStream': isStreamed,
  'org.apache.camel.StreamCache': (value) => isStreamed(value) && !(value instanceof ByteStream),
  'java.io.Serializable': (value) => !isMissing(value),
  'java.util.Collection': (value) => Array.isArray(value) || value instanceof Set,
  'java.util.List': Array.isArray,
  'java.util.ArrayList': (value) => Array.isArray(value) && !isLinkedList(value),
  'java.util.LinkedList': isLinkedList,
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
  if (Object.hasOwn(checks, name)) return !isMissing(value) && checks[name]!(value);
  if (/^(?:java|org)\..*(?:Exception|Error|Throwable)$/.test(name)) return value instanceof ExchangeError && classDistance(value.type, name) >= 0;
  return /^(?:java|javax|org\.w3c\.dom|org\.apache\.camel)\.(?:\w+\.)*[A-Z]\w*$/.test(name) ? false : null;
}
