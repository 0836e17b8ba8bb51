import { conversionError, toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import { ExactNumber, javaDouble } from '../../core/conversion/exactNumber.ts';
import { XmlNode, XmlNodeList } from '../../core/conversion/xml.ts';

const integerText = /^[+-]?\d+$/;
const decimalText = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?\s*$/;

const notANumber = (text: string): ExchangeError => new ExchangeError('java.lang.NumberFormatException', `For input string: "${text}"`);

function textOrNumber(value: unknown): string | number | null {
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.getTime();
  if (value instanceof Uint8Array || value instanceof XmlNode || value instanceof XmlNodeList) return toText(value);
  return value instanceof ExactNumber ? Number(value.text) : null;
}

/** A whole number, as Java's Integer and Long take it: decimals are cut off, texts must be whole numbers. Null when it is none. */
export function tryInteger(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : null;
  const plain = textOrNumber(value);
  if (plain === null) return null;
  if (typeof plain === 'number') return Math.trunc(plain);
  return integerText.test(plain) ? Number(plain) : null;
}

export function tryDecimal(value: unknown): number | null {
  if (typeof value === 'number') return value;
  const plain = textOrNumber(value);
  if (plain === null) return null;
  if (typeof plain === 'number') return plain;
  return decimalText.test(plain) ? Number(plain.trim().replace(/[dDfF]$/, '')) : null;
}

/** Truths, lists and maps have no conversion to a number: Camel gives null for them. */
const isComposite = (value: unknown): boolean => typeof value === 'boolean' || (typeof value === 'object' && value !== null && tryDecimal(value) === null && !(value instanceof Uint8Array));

/** @throws TypeConversionException when it is no whole number; null stays null */
export function toInteger(value: unknown, type = 'java.lang.Integer'): number | null {
  if (value === null || value === undefined) return null;
  if (isComposite(value)) return null;
  const number = tryInteger(value);
  const isWide = type === 'java.lang.Long' || type === 'long';
  if (number === null || (typeof value === 'string' && !isWide && Math.abs(number) > 2147483648)) throw conversionError(value, type, notANumber(toText(value) ?? ''));
  return number;
}

export function toDecimal(value: unknown, type = 'java.lang.Double'): number | null {
  if (value === null || value === undefined) return null;
  if (isComposite(value)) return null;
  const number = tryDecimal(value);
  if (number === null) throw conversionError(value, type, notANumber(toText(value) ?? ''));
  return number;
}

/** "true" and "false" in any case, numbers but 0 are true; undefined when it is neither. */
export function tryBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value !== 'string') return undefined;
  const text = value.toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

const qualified: Readonly<Record<string, string>> = {
  Integer: 'java.lang.Integer',
  Long: 'java.lang.Long',
  Short: 'java.lang.Short',
  Byte: 'java.lang.Byte',
  Double: 'java.lang.Double',
  Float: 'java.lang.Float',
  Boolean: 'java.lang.Boolean',
  String: 'java.lang.String',
  Character: 'java.lang.Character',
  Object: 'java.lang.Object',
  'java.lang.Object[]': 'Object[]',
};

type Conversion = (value: unknown, type: string) => unknown;

const whole: Conversion = (value, type) => toInteger(value, type);
const decimal: Conversion = (value, type) => {
  const number = toDecimal(value, type);
  return number === null ? null : javaDouble(number);
};
/** A number that is asked to be Java's small `double` stays what it is, as in Camel. */
const smallDecimal: Conversion = (value, type) => (typeof value === 'number' ? value : decimal(value, type));
const bool: Conversion = (value) => strictBoolean(value) ?? null;

/** Of numbers only Java's Integers are truths: those above 0. */
const strictBoolean = (value: unknown): boolean | undefined =>
  typeof value === 'number' ? (Number.isInteger(value) && Math.abs(value) <= 2147483648 ? value > 0 : undefined) : tryBoolean(value);

/** What Java's small `boolean` is made of: there is no null to give. */
const primitiveBoolean: Conversion = (value, type) => {
  const truth = strictBoolean(value);
  if (truth === undefined) throw conversionError(value, type, new ExchangeError('java.lang.IllegalArgumentException', 'neither true nor false'));
  return truth;
};
const same: Conversion = (value) => value;
const list: Conversion = (value) => (Array.isArray(value) ? value : value instanceof Set ? [...value] : null);

const conversions: Readonly<Record<string, Conversion>> = {
  int: whole,
  long: whole,
  short: whole,
  byte: whole,
  double: smallDecimal,
  float: smallDecimal,
  boolean: primitiveBoolean,
  'java.lang.Integer': whole,
  'java.lang.Long': whole,
  'java.lang.Short': whole,
  'java.lang.Byte': whole,
  'java.lang.Number': (value, type) => toDecimal(value, type),
  'java.math.BigInteger': whole,
  'java.lang.Double': decimal,
  'java.lang.Float': decimal,
  'java.math.BigDecimal': (value, type) => toDecimal(value, type),
  'java.lang.Boolean': bool,
  'java.lang.String': toText,
  'java.lang.CharSequence': toText,
  'java.lang.Character': (value) => toText(value)?.[0] ?? null,
  'java.lang.Object': same,
  'byte[]': toBytes,
  'java.io.InputStream': toBytes,
  'java.util.List': list,
  'java.util.ArrayList': list,
  'java.util.Collection': list,
  'java.lang.Iterable': list,
  'Object[]': list,
  'java.util.Set': (value) => (value instanceof Set ? value : Array.isArray(value) ? new Set(value) : null),
  'java.util.Map': (value) => (typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array) ? value : null),
  'java.util.LinkedHashMap': (value) => (typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array) ? value : null),
  'java.util.Date': (value) => (value instanceof Date ? value : typeof value === 'number' ? new Date(value) : null),
};

/** What null is as one of Java's small types. */
export const primitiveDefaults: Readonly<Record<string, unknown>> = { int: 0, long: 0, short: 0, byte: 0, double: 0, float: 0, boolean: false };

export function toBytes(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  const text = typeof value === 'string' ? value : null;
  return text === null ? null : Buffer.from(text);
}

export const isKnownType = (type: string): boolean => Object.hasOwn(conversions, qualified[type] ?? type);

/** The conversion to a Java class by name, with or without its package. Null stays null. @throws ClassNotFoundException */
export function conversionTo(type: string): (value: unknown) => unknown {
  const name = qualified[type] ?? type;
  const conversion = Object.hasOwn(conversions, name) ? conversions[name]! : null;
  if (conversion === null) throw new ExchangeError('java.lang.ClassNotFoundException', type);
  return (value) => (value === null || value === undefined ? null : conversion(value, name));
}
