import { bytesOfBody, conversionError, convertTo, isConvertibleType, notANumber, toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import { FileBody } from '../../core/conversion/file-body.ts';
import { StreamCache } from '../../core/conversion/stream.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { ExactNumber, javaLong } from '../../core/conversion/exactNumber.ts';
import { XmlNode, XmlNodeList } from '../../core/conversion/xml.ts';

const integerText = /^[+-]?\d+$/;
const decimalText = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?\s*$/;

/** Of a number that is written as a text: the pattern would end by its stack for millions. */
const mostDigits = 100_000;

function textOrNumber(value: unknown): string | number | bigint | null {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'bigint') return value;
  if (value === null || value === undefined) return null;
  if (value instanceof ExactNumber) return value.kind === 'integer' ? BigInt(value.text) : Number(value.text);
  if (value instanceof Date) return value.getTime();
  if (value instanceof Uint8Array || value instanceof XmlNode || value instanceof XmlNodeList) return toText(value);
  return null;
}

/** A whole number, as Java's Long takes it: decimals are cut off, texts must be whole numbers. A bigint where a number would round; null when it is none. */
export function tryInteger(value: unknown): number | bigint | null {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : null;
  const plain = textOrNumber(value);
  if (plain === null) return null;
  if (typeof plain === 'number') return Math.trunc(plain);
  if (typeof plain === 'string' && (plain.length > mostDigits || !integerText.test(plain))) return null;
  const number = Number(plain);
  if (Number.isSafeInteger(number)) return number;
  // Far beyond a long: millions of digits need not be read for that.
  if (!(Math.abs(number) <= 2 ** 64)) return null;
  const exact = BigInt(typeof plain === 'string' ? plain.replace('+', '') : plain);
  return BigInt.asIntN(64, exact) === exact ? exact : null;
}

export function tryDecimal(value: unknown): number | null {
  if (typeof value === 'number') return value;
  const plain = textOrNumber(value);
  if (plain === null) return null;
  if (typeof plain !== 'string') return Number(plain);
  return plain.length <= mostDigits && decimalText.test(plain) ? Number(plain.trim().replace(/[dDfF]$/, '')) : null;
}

/** Truths, lists and maps have no conversion to a number: Camel gives null for them. */
const isComposite = (value: unknown): boolean => typeof value === 'boolean' || (typeof value === 'object' && value !== null && tryDecimal(value) === null && !(value instanceof Uint8Array));

/** @throws TypeConversionException when it is no whole number; null stays null */
export function toLong(value: unknown, type = 'java.lang.Long'): number | ExactNumber | null {
  const number = wholeOf(value, type);
  return typeof number === 'bigint' ? javaLong(number) : number;
}

/** The same for numbers that count something: not exact beyond 2^53. */
export function toInteger(value: unknown, type = 'java.lang.Integer'): number | null {
  const number = wholeOf(value, type);
  return number === null ? null : Number(number);
}

function wholeOf(value: unknown, type: string): number | bigint | null {
  if (value === null || value === undefined || isComposite(value)) return null;
  const number = tryInteger(value);
  const isWide = type === 'java.lang.Long' || type === 'long';
  if (number === null || (typeof value === 'string' && !isWide && (number > 2147483648 || number < -2147483648))) throw conversionError(value, type, notANumber(toText(value) ?? ''));
  return number;
}

export function toDecimal(value: unknown, type = 'java.lang.Double'): number | null {
  if (value === null || value === undefined) return null;
  if (isComposite(value)) return null;
  const number = tryDecimal(value);
  if (number === null) throw conversionError(value, type, notANumber(toText(value) ?? '', type));
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

/** Camel makes none of a list that has something in it. */
export const bytesOfList = (list: readonly unknown[]): Uint8Array => {
  if (list.length === 0) return new Uint8Array(0);
  throw conversionError(list, 'byte[]', new ExchangeError('java.lang.IllegalArgumentException', 'argument type mismatch'));
};

/** Bytes and texts have some; anything else gives nothing. */
export const toBytes = (value: unknown, exchange: Exchange): Uint8Array | null =>
  value instanceof Uint8Array || typeof value === 'string' || value instanceof StreamCache || value instanceof FileBody ? bytesOfBody(value, exchange) : null;

/**
 * The conversion to a Java class by name, with or without its package. Null stays null, and what nothing leads to that class from gives null.
 * @throws ClassNotFoundException
 */
export function conversionTo(type: string): (value: unknown, exchange?: Exchange) => unknown {
  if (!isConvertibleType(type)) throw new ExchangeError('java.lang.ClassNotFoundException', type);
  // A number stays what it is where Java's small decimals are asked for; a list has bytes only when it has none.
  const isSmallDecimal = type === 'double' || type === 'float';
  return (value, exchange) => {
    if (isSmallDecimal && typeof value === 'number') return value;
    if (type === 'byte[]' && Array.isArray(value)) return bytesOfList(value);
    try {
      return convertTo(value, type, exchange);
    } catch (thrown) {
      if (thrown instanceof ExchangeError && thrown.type === 'org.apache.camel.NoTypeConversionAvailableException') return null;
      throw thrown;
    }
  };
}
