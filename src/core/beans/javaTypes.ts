import { lettersOf, splitText } from '../conversion/manyParts.ts';
import { systemClock } from '../clock.ts';
import { isNumeric, javaDouble, javaFloat } from '../conversion/exactNumber.ts';
import { toText } from '../conversion/convert.ts';
import { ExchangeError } from '../errors.ts';
import { RabbitConnectionFactory } from './rabbitConnectionFactory.ts';
import { BoundedRegExp } from '../boundedRegExp.ts';

/**
 * Stand-ins for the methods of Java's everyday classes, so that YAML which calls them (`method: { ref: list, method: size }`,
 * `beanType: java.lang.Integer`) means the same here. Values are JavaScript's own: String is a string, List an array, Map an object or a Map.
 */
type Method = (self: never, ...args: never[]) => unknown;

const text = (value: unknown): string => (value === null || value === undefined ? 'null' : String(value));

const equal = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]));
  return a.valueOf() !== a && a.valueOf() === b.valueOf();
};

const compareValues = (a: unknown, b: unknown): number => ((a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0);

const outOfBounds = (index: number, length: number): ExchangeError =>
  new ExchangeError('java.lang.IndexOutOfBoundsException', `Index ${index} out of bounds for length ${length}`);

const at = <T>(list: readonly T[], index: number): T => {
  if (!(index >= 0 && index < list.length)) throw outOfBounds(index, list.length);
  return list[index]!;
};

/** Java's String.hashCode. */
export function hashOfText(self: string): number {
  let hash = 0;
  for (let i = 0; i < self.length; i++) hash = (Math.imul(31, hash) + self.charCodeAt(i)) | 0;
  return hash;
}

const checkRange = (self: string, begin: number, end: number): void => {
  if (begin < 0 || end > self.length || begin > end) {
    throw new ExchangeError('java.lang.StringIndexOutOfBoundsException', `begin ${begin}, end ${end}, length ${self.length}`);
  }
};

const trimmedEnd = (parts: string[]): string[] => {
  while (parts.length > 1 && parts[parts.length - 1] === '') parts.pop();
  return parts;
};

const stringMethods: Record<string, Method> = {
  length: (self: string) => self.length,
  isEmpty: (self: string) => self === '',
  isBlank: (self: string) => self.trim() === '',
  trim: (self: string) => self.trim(),
  strip: (self: string) => self.trim(),
  stripLeading: (self: string) => self.trimStart(),
  stripTrailing: (self: string) => self.trimEnd(),
  toUpperCase: (self: string) => self.toUpperCase(),
  toLowerCase: (self: string) => self.toLowerCase(),
  toString: (self: string) => self,
  intern: (self: string) => self,
  concat: (self: string, other: unknown) => self + text(other),
  charAt: (self: string, index: number) => {
    if (!(index >= 0 && index < self.length)) throw new ExchangeError('java.lang.StringIndexOutOfBoundsException', `Index ${index} out of bounds for length ${self.length}`);
    return self[index];
  },
  substring: (self: string, begin: number, end: number = self.length) => {
    checkRange(self, begin, end);
    return self.slice(begin, end);
  },
  subSequence: (self: string, begin: number, end: number) => {
    checkRange(self, begin, end);
    return self.slice(begin, end);
  },
  indexOf: (self: string, part: unknown, from?: number) => self.indexOf(text(part), from),
  lastIndexOf: (self: string, part: unknown, from?: number) => self.lastIndexOf(text(part), from),
  contains: (self: string, part: unknown) => self.includes(text(part)),
  startsWith: (self: string, part: unknown, from?: number) => self.startsWith(text(part), from),
  endsWith: (self: string, part: unknown) => self.endsWith(text(part)),
  equals: (self: string, other: unknown) => self === other,
  equalsIgnoreCase: (self: string, other: unknown) => typeof other === 'string' && self.toLowerCase() === other.toLowerCase(),
  compareTo: (self: string, other: string) => compareText(self, other),
  compareToIgnoreCase: (self: string, other: string) => compareText(self.toLowerCase(), other.toLowerCase()),
  hashCode: (self: string) => hashOfText(self),
  replace: (self: string, what: unknown, by: unknown) => splitText(self, text(what)).join(text(by)),
  replaceAll: (self: string, pattern: unknown, by: unknown) => self.replace(new BoundedRegExp(text(pattern), 'g'), javaReplacement(text(by))),
  replaceFirst: (self: string, pattern: unknown, by: unknown) => self.replace(new BoundedRegExp(text(pattern)), javaReplacement(text(by))),
  matches: (self: string, pattern: unknown) => new BoundedRegExp(`^(?:${text(pattern)})$`).test(self),
  split: (self: string, pattern: unknown, limit = 0) => splitByPattern(self, text(pattern), limit),
  repeat: (self: string, count: number) => {
    if (!(count >= 0) || self.length * count > 1 << 28) throw new ExchangeError('java.lang.IllegalArgumentException', `can't repeat a text ${count} times`);
    return self.repeat(count);
  },
  lines: (self: string) => self.split(new BoundedRegExp(/\r\n|\r|\n/)),
  getBytes: (self: string, charset?: unknown) => Buffer.from(self, /8859|latin/i.test(text(charset)) ? 'latin1' : /utf-?16le/i.test(text(charset)) ? 'utf16le' : 'utf8'),
  toCharArray: (self: string) => lettersOf(self),
  codePointAt: (self: string, index: number) => self.codePointAt(index),
  indent: (self: string, by: number) => splitText(self, '\n').map((line) => ' '.repeat(Math.max(0, by)) + line).join('\n'),
};

function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a.charCodeAt(i) !== b.charCodeAt(i)) return a.charCodeAt(i) - b.charCodeAt(i);
  return a.length - b.length;
}

/** `$1` stays a group, `\$` is a dollar sign. */
const javaReplacement = (by: string): string => by.replace(/\\(.)|\$(?=\{)/gs, (whole, escaped?: string) => (escaped === undefined ? '$$' : escaped === '$' ? '$$' : escaped || whole));

function splitByPattern(self: string, pattern: string, limit: number): string[] {
  const parts = limit > 0 ? limited(self, new BoundedRegExp(pattern, 'g'), limit) : self.split(new BoundedRegExp(pattern));
  return limit === 0 ? trimmedEnd(parts) : parts;
}

function limited(self: string, pattern: RegExp, limit: number): string[] {
  const parts: string[] = [];
  let from = 0;
  for (const match of self.matchAll(pattern)) {
    if (parts.length === limit - 1) break;
    if (match[0] === '' && match.index === 0) continue;
    parts.push(self.slice(from, match.index));
    from = match.index + match[0].length;
  }
  parts.push(self.slice(from));
  return parts;
}

const listMethods: Record<string, Method> = {
  size: (self: unknown[]) => self.length,
  toString: (self: unknown[]) => toText(self),
  length: (self: unknown[]) => self.length,
  isEmpty: (self: unknown[]) => self.length === 0,
  get: (self: unknown[], index: number) => at(self, Number(index)),
  getFirst: (self: unknown[]) => firstOrLast(self, 0),
  getLast: (self: unknown[]) => firstOrLast(self, self.length - 1),
  add: (self: unknown[], ...args: unknown[]) => {
    if (args.length > 1) return void self.splice(Number(args[0]), 0, args[1]);
    self.push(args[0]);
    return true;
  },
  addAll: (self: unknown[], items: Iterable<unknown>) => self.push(...items) > 0,
  set: (self: unknown[], index: number, value: unknown) => {
    const before = at(self, Number(index));
    self[Number(index)] = value;
    return before;
  },
  remove: (self: unknown[], what: unknown) => {
    if (typeof what === 'number') {
      at(self, what);
      return self.splice(what, 1)[0];
    }
    const index = self.findIndex((item) => equal(item, what));
    if (index >= 0) self.splice(index, 1);
    return index >= 0;
  },
  clear: (self: unknown[]) => void (self.length = 0),
  contains: (self: unknown[], what: unknown) => self.some((item) => equal(item, what)),
  indexOf: (self: unknown[], what: unknown) => self.findIndex((item) => equal(item, what)),
  lastIndexOf: (self: unknown[], what: unknown) => self.findLastIndex((item) => equal(item, what)),
  subList: (self: unknown[], from: number, to: number) => {
    if (from < 0 || to > self.length || from > to) throw outOfBounds(from < 0 ? from : to, self.length);
    return self.slice(from, to);
  },
  iterator: (self: unknown[]) => self[Symbol.iterator](),
  toArray: (self: unknown[]) => self.slice(),
  reversed: (self: unknown[]) => self.slice().reverse(),
  equals: (self: unknown[], other: unknown) => equal(self, other),
  hashCode: (self: unknown[]) => self.length,
};

function firstOrLast(self: readonly unknown[], index: number): unknown {
  if (self.length === 0) throw new ExchangeError('java.util.NoSuchElementException', 'the list is empty');
  return self[index];
}

type Mapping = Map<unknown, unknown> | Record<string, unknown>;
const keysOf = (self: Mapping): unknown[] => (self instanceof Map ? [...self.keys()] : Object.keys(self));
const valuesOf = (self: Mapping): unknown[] => (self instanceof Map ? [...self.values()] : Object.values(self));
const hasKey = (self: Mapping, key: unknown): boolean => (self instanceof Map ? self.has(key) : Object.hasOwn(self, text(key)));
const valueAt = (self: Mapping, key: unknown): unknown => (self instanceof Map ? self.get(key) : hasKey(self, key) ? self[text(key)] : undefined) ?? null;
const putAt = (self: Mapping, key: unknown, value: unknown): unknown => {
  const before = valueAt(self, key);
  if (self instanceof Map) self.set(key, value);
  else Object.defineProperty(self, text(key), { value, writable: true, enumerable: true, configurable: true });
  return before;
};
const removeAt = (self: Mapping, key: unknown): unknown => {
  const before = valueAt(self, key);
  if (self instanceof Map) self.delete(key);
  else delete self[text(key)];
  return before;
};
const entriesOf = (self: Mapping): [unknown, unknown][] => (self instanceof Map ? [...self] : Object.entries(self));

const mapMethods: Record<string, Method> = {
  size: (self: Mapping) => keysOf(self).length,
  isEmpty: (self: Mapping) => keysOf(self).length === 0,
  get: (self: Mapping, key: unknown) => valueAt(self, key),
  getOrDefault: (self: Mapping, key: unknown, other: unknown) => (hasKey(self, key) ? valueAt(self, key) : other),
  containsKey: (self: Mapping, key: unknown) => hasKey(self, key),
  containsValue: (self: Mapping, value: unknown) => valuesOf(self).some((item) => equal(item, value)),
  put: (self: Mapping, key: unknown, value: unknown) => putAt(self, key, value),
  replace: (self: Mapping, key: unknown, value: unknown) => (hasKey(self, key) ? putAt(self, key, value) : null),
  putIfAbsent: (self: Mapping, key: unknown, value: unknown) => (valueAt(self, key) === null ? putAt(self, key, value) : valueAt(self, key)),
  putAll: (self: Mapping, other: Mapping) => {
    for (const [key, value] of entriesOf(other)) putAt(self, key, value);
  },
  remove: (self: Mapping, key: unknown) => removeAt(self, key),
  clear: (self: Mapping) => {
    for (const key of keysOf(self)) removeAt(self, key);
  },
  keySet: (self: Mapping) => keysOf(self),
  values: (self: Mapping) => valuesOf(self),
  entrySet: (self: Mapping) => entriesOf(self).map(([key, value]) => ({ key, value })),
  equals: (self: Mapping, other: unknown) => self === other,
};

const setMethods: Record<string, Method> = {
  size: (self: Set<unknown>) => self.size,
  isEmpty: (self: Set<unknown>) => self.size === 0,
  contains: (self: Set<unknown>, value: unknown) => self.has(value),
  add: (self: Set<unknown>, value: unknown) => {
    if (self.has(value)) return false;
    self.add(value);
    return true;
  },
  remove: (self: Set<unknown>, value: unknown) => self.delete(value),
  clear: (self: Set<unknown>) => self.clear(),
  iterator: (self: Set<unknown>) => self.values(),
  toArray: (self: Set<unknown>) => [...self],
};

/** What a method takes must be of its kind. */
function bound<K extends 'number' | 'boolean'>(kind: K, value: unknown): K extends 'number' ? number : boolean {
  if (typeof value !== kind && !(kind === 'number' && isNumeric(value))) throw new ExchangeError('org.apache.camel.component.bean.ParameterBindingException', `${String(value)} is no ${kind}`);
  return value as never;
}

const numberMethods: Record<string, Method> = {
  intValue: (self: number) => Math.trunc(Number(self)) | 0,
  longValue: (self: number) => Math.trunc(Number(self)),
  shortValue: (self: number) => (Math.trunc(Number(self)) << 16) >> 16,
  byteValue: (self: number) => (Math.trunc(Number(self)) << 24) >> 24,
  doubleValue: (self: number) => javaDouble(Number(self)),
  floatValue: (self: number) => javaFloat(Math.fround(Number(self))),
  toString: (self: number) => String(self),
  equals: (self: number, other: unknown) => equal(self, other),
  compareTo: (self: number, other: unknown) => compareValues(self, bound('number', other)),
  hashCode: (self: number) => Number(self) | 0,
  isNaN: (self: number) => Number.isNaN(self),
};

const booleanMethods: Record<string, Method> = {
  booleanValue: (self: boolean) => self,
  toString: (self: boolean) => String(self),
  equals: (self: boolean, other: unknown) => self === other,
  compareTo: (self: boolean, other: unknown) => Number(self) - Number(bound('boolean', other)),
};

const dateMethods: Record<string, Method> = {
  getTime: (self: Date) => self.getTime(),
  before: (self: Date, other: Date) => self.getTime() < other.getTime(),
  after: (self: Date, other: Date) => self.getTime() > other.getTime(),
  equals: (self: Date, other: unknown) => other instanceof Date && self.getTime() === other.getTime(),
  compareTo: (self: Date, other: Date) => compareValues(self.getTime(), other.getTime()),
};

const bytesMethods: Record<string, Method> = {
  length: (self: Uint8Array) => self.length,
  size: (self: Uint8Array) => self.length,
};

/** `java.util.concurrent.atomic.AtomicInteger` and `AtomicLong`: a counter that beans and routes share. */
export class AtomicNumber {
  private value: number;

  constructor(value: unknown = 0) {
    this.value = Math.trunc(Number(value)) || 0;
  }

  get(): number {
    return this.value;
  }
  set(value: unknown): void {
    this.value = Math.trunc(Number(value));
  }
  incrementAndGet(): number {
    return ++this.value;
  }
  decrementAndGet(): number {
    return --this.value;
  }
  getAndIncrement(): number {
    return this.value++;
  }
  getAndDecrement(): number {
    return this.value--;
  }
  addAndGet(by: unknown): number {
    return (this.value += Math.trunc(Number(by)));
  }
  getAndAdd(by: unknown): number {
    const before = this.value;
    this.value += Math.trunc(Number(by));
    return before;
  }
  getAndSet(value: unknown): number {
    const before = this.value;
    this.set(value);
    return before;
  }
  compareAndSet(expected: unknown, value: unknown): boolean {
    if (this.value !== Number(expected)) return false;
    this.set(value);
    return true;
  }
  intValue(): number {
    return this.value;
  }
  longValue(): number {
    return this.value;
  }
  valueOf(): number {
    return this.value;
  }
  toString(): string {
    return String(this.value);
  }
  toJSON(): number {
    return this.value;
  }
}

/** `java.lang.Thread` as a bean: a name that can be read and set. */
class NamedThread {
  name = 'thread';

  getName(): string {
    return this.name;
  }

  setName(name: unknown): void {
    this.name = text(name);
  }
}

function methodsOf(value: unknown): Record<string, Method> | null {
  switch (typeof value) {
    case 'string':
      return stringMethods;
    case 'number':
    case 'bigint':
      return numberMethods;
    case 'boolean':
      return booleanMethods;
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value)) return listMethods;
      if (value instanceof Map) return mapMethods;
      if (value instanceof Set) return setMethods;
      if (value instanceof Date) return dateMethods;
      if (value instanceof Uint8Array) return bytesMethods;
      if (isPlainObject(value)) return mapMethods;
      return typeof value.valueOf() === 'number' || typeof value.valueOf() === 'bigint' ? numberMethods : null;
    default:
      return null;
  }
}

export const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

/** Methods of lists that take any object. */
const listObjects: Readonly<Record<string, number>> = { contains: 0, indexOf: 0, lastIndexOf: 0, add: 0, set: 1 };

/**
 * From which argument on a method of a list or a map takes any object: as in Camel, what is written there in a route is a text then. Infinity: none is.
 */
export function objectsFrom(value: unknown, name: string, count: number): number {
  if (Array.isArray(value)) return name === 'add' && count > 1 ? 1 : (Object.hasOwn(listObjects, name) ? listObjects[name]! : Infinity);
  if (value instanceof Set) return 0;
  return (value instanceof Map || isPlainObject(value)) && Object.hasOwn(mapMethods, name) ? 0 : Infinity;
}

/** What Java's method of this name would do with the value, or null when its class has none. */
export function javaMethod(value: unknown, name: string): ((...args: unknown[]) => unknown) | null {
  const methods = methodsOf(value);
  if (methods === null || !Object.hasOwn(methods, name)) return null;
  const method = methods[name] as (self: unknown, ...args: unknown[]) => unknown;
  return (...args) => method(value, ...args);
}

const parseInteger = (value: unknown, base?: unknown): number => {
  const radix = base === undefined ? 10 : Number(base);
  const digits = text(value);
  const valid = radix === 10 ? /^[+-]?\d+$/ : /^[+-]?[0-9a-z]+$/i;
  const parsed = valid.test(digits) ? Number.parseInt(digits, radix) : Number.NaN;
  if (Number.isNaN(parsed)) throw new ExchangeError('java.lang.NumberFormatException', `For input string: "${digits}"`);
  return parsed;
};

const parseDecimal = (value: unknown): number => {
  const digits = text(value).trim();
  if (digits === '' || Number.isNaN(Number(digits))) throw new ExchangeError('java.lang.NumberFormatException', `For input string: "${digits}"`);
  return Number(digits);
};

const numbers = (args: readonly unknown[]): number[] => args.map((arg) => parseDecimal(arg));

type Statics = Record<string, (...args: unknown[]) => unknown>;

const numberStatics: Statics = {
  max: (...args) => Math.max(...numbers(args)),
  min: (...args) => Math.min(...numbers(args)),
  sum: (...args) => numbers(args).reduce((total, item) => total + item, 0),
  compare: (a: unknown, b: unknown) => compareValues(parseDecimal(a), parseDecimal(b)),
  toString: (value: unknown, radix: unknown) => (radix === undefined ? text(value) : parseDecimal(value).toString(Number(radix))),
  signum: (value: unknown) => Math.sign(parseDecimal(value)),
};

const integerStatics: Statics = {
  ...numberStatics,
  parseInt: parseInteger,
  parseLong: parseInteger,
  valueOf: parseInteger,
  toHexString: (value: unknown) => (parseInteger(value) >>> 0).toString(16),
  toBinaryString: (value: unknown) => (parseInteger(value) >>> 0).toString(2),
};

const decimalStatics: Statics = {
  ...numberStatics,
  parseDouble: parseDecimal,
  parseFloat: parseDecimal,
  valueOf: parseDecimal,
};

const list = (items: unknown): unknown[] => (items === null || items === undefined ? [] : typeof items === 'object' && Symbol.iterator in items ? [...(items as Iterable<unknown>)] : []);
const mapping = (entries: unknown): Record<string, unknown> => Object.assign(Object.create(null) as Record<string, unknown>, isPlainObject(entries) ? entries : {});

/** What stands here for a Java class: both parts are there only where the class has them. */
interface JavaType {
  readonly construct?: (...args: unknown[]) => unknown;
  readonly statics?: Readonly<Statics>;
}

const mathStatics: Statics = {
  ...Object.fromEntries(
    (['abs', 'max', 'min', 'round'] as const).map((name) => [name, (...args: unknown[]) => (Math[name] as (...values: number[]) => number)(...numbers(args))]),
  ),
  // These give a double, whatever they are given: 4.0.
  ...Object.fromEntries(
    (['ceil', 'floor', 'sqrt', 'cbrt', 'exp', 'log', 'log10', 'sin', 'cos', 'tan', 'pow', 'hypot'] as const).map((name) => [
      name,
      (...args: unknown[]) => javaDouble((Math[name] as (...values: number[]) => number)(...numbers(args))),
    ]),
  ),
  random: () => Math.random(),
  signum: (value: unknown) => Math.sign(parseDecimal(value)),
  floorMod: (a: unknown, b: unknown) => ((parseDecimal(a) % parseDecimal(b)) + parseDecimal(b)) % parseDecimal(b),
  floorDiv: (a: unknown, b: unknown) => Math.floor(parseDecimal(a) / parseDecimal(b)),
};

const jsse = 'org.apache.camel.support.jsse.';

/** Parameters of TLS: what they say is made into options of Node's when all of it is known. */
export const tlsParametersClass = `${jsse}SSLContextParameters`;

const types: Readonly<Record<string, JavaType>> = {
  'java.lang.String': {
    construct: (value = '') => text(value),
    statics: {
      valueOf: (value: unknown) => text(value),
      join: (separator, ...items) => (items.length === 1 && typeof items[0] === 'object' ? list(items[0]) : items).map(text).join(text(separator)),
    },
  },
  'java.lang.StringBuilder': { construct: (value = '') => text(value) },
  'java.lang.Integer': { construct: parseInteger, statics: integerStatics },
  'java.lang.Long': { construct: parseInteger, statics: integerStatics },
  'java.lang.Short': { construct: parseInteger, statics: integerStatics },
  'java.lang.Byte': { construct: parseInteger, statics: integerStatics },
  'java.lang.Double': { construct: parseDecimal, statics: decimalStatics },
  'java.lang.Float': { construct: parseDecimal, statics: decimalStatics },
  'java.math.BigDecimal': { construct: parseDecimal, statics: { valueOf: parseDecimal } },
  'java.math.BigInteger': { construct: parseInteger, statics: { valueOf: parseInteger } },
  'java.lang.Boolean': {
    construct: (value) => text(value).toLowerCase() === 'true',
    statics: { parseBoolean: (value) => text(value).toLowerCase() === 'true', valueOf: (value: unknown) => text(value).toLowerCase() === 'true' },
  },
  'java.lang.Object': { construct: () => mapping(null) },
  'java.lang.Math': { statics: mathStatics },
  'java.lang.System': { statics: { currentTimeMillis: () => systemClock.now() } },
  'java.lang.Thread': { construct: () => new NamedThread() },
  'org.springframework.amqp.rabbit.connection.CachingConnectionFactory': { construct: (...args) => new RabbitConnectionFactory(...args) },
  'org.springframework.amqp.rabbit.connection.ThreadChannelConnectionFactory': { construct: (...args) => new RabbitConnectionFactory(...args) },
  'org.springframework.amqp.rabbit.connection.PooledChannelConnectionFactory': { construct: (...args) => new RabbitConnectionFactory(...args) },
  'org.springframework.amqp.rabbit.connection.RabbitConnectionFactoryBean': { construct: () => new RabbitConnectionFactory() },
  'com.rabbitmq.client.ConnectionFactory': { construct: () => new RabbitConnectionFactory() },
  'java.util.ArrayList': { construct: list },
  'java.util.LinkedList': { construct: list },
  'java.util.Vector': { construct: list },
  'java.util.concurrent.CopyOnWriteArrayList': { construct: list },
  'java.util.HashSet': { construct: (items) => new Set(list(items)) },
  'java.util.LinkedHashSet': { construct: (items) => new Set(list(items)) },
  'java.util.TreeSet': { construct: (items) => new Set(list(items)) },
  'java.util.HashMap': { construct: mapping },
  'java.util.LinkedHashMap': { construct: mapping },
  'java.util.TreeMap': { construct: mapping },
  'java.util.Properties': { construct: mapping },
  'java.util.concurrent.ConcurrentHashMap': { construct: mapping },
  ...Object.fromEntries(['SSLContext', 'KeyStore', 'KeyManagers', 'TrustManagers', 'CipherSuites'].map((name) => [`${jsse}${name}Parameters`, { construct: () => mapping(null) }])),
  'java.util.Date': { construct: (millis = systemClock.now()) => new Date(Number(millis)) },
  'java.util.concurrent.atomic.AtomicInteger': { construct: (value) => new AtomicNumber(value) },
  'java.util.concurrent.atomic.AtomicLong': { construct: (value) => new AtomicNumber(value) },
  'java.util.Collections': {
    statics: { reverseOrder: () => (a: unknown, b: unknown) => compareValues(b, a), emptyList: () => [], emptyMap: () => mapping(null), emptySet: () => new Set(), singletonList: (item) => [item], max: (items) => Math.max(...numbers(list(items))), min: (items) => Math.min(...numbers(list(items))) },
  },
  'java.util.Comparator': { statics: { naturalOrder: () => compareValues, reverseOrder: () => (a: unknown, b: unknown) => compareValues(b, a) } },
  'java.util.List': { statics: { of: (...items) => items } },
  'java.util.Set': { statics: { of: (...items) => new Set(items) } },
  'java.util.Arrays': { statics: { asList: (...items) => items } },
  'java.util.Objects': { statics: { toString: (value: unknown) => text(value), equals: equal, isNull: (value) => value === null, nonNull: (value) => value !== null } },
  'java.util.UUID': { statics: { randomUUID: () => crypto.randomUUID() } },
};

/** The class of a name, with or without its package; null when there is no stand-in for it. */
export function javaType(name: string): { readonly name: string } & JavaType | null {
  if (Object.hasOwn(types, name)) return { name, ...types[name]! };
  for (const packageName of ['java.lang.', 'java.util.', 'java.util.concurrent.atomic.']) {
    const qualified = packageName + name;
    if (Object.hasOwn(types, qualified)) return { name: qualified, ...types[qualified]! };
  }
  return null;
}

/** The names of all classes that have a stand-in: for "did you mean". */
export const javaTypeNames = (): string[] => Object.keys(types);
