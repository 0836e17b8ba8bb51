/**
 * A number that a JavaScript number can't hold as it was written: an integer beyond 2^53, a decimal with more digits than a double keeps, or
 * a whole number that is a double in Java (`5.0`). It computes like a number (`valueOf`), prints its exact text, and compares exactly with
 * `compareNumbers`.
 */
export class ExactNumber {
  readonly text: string;
  /** A double's text has a point or an exponent, an integer's has not; a decimal keeps its scale (`1.20`). */
  readonly kind: 'integer' | 'double' | 'decimal';

  constructor(text: string, kind: 'integer' | 'double' | 'decimal') {
    this.text = text;
    this.kind = kind;
  }

  valueOf(): number {
    return Number(this.text);
  }

  toString(): string {
    return this.text;
  }

  /** For JSON.stringify of others; `writeJson` writes the text. A number that would be rounded becomes a text. */
  toJSON(): number | string {
    return this.kind === 'double' && Number.isSafeInteger(Number(this.text)) ? Number(this.text) : this.text;
  }
}

/** A number that came from a text, kept exactly: a plain number where nothing is lost by it. */
export function exactNumber(text: string): number | ExactNumber {
  const value = Number(text);
  if (/^-?\d+$/.test(text)) return Number.isSafeInteger(value) ? value : new ExactNumber(text.replace(/^(-?)0+/, '$1'), 'integer');
  if (Number.isInteger(value)) return isExactDouble(text, value) ? wholeDouble(value) : new ExactNumber(text, 'decimal');
  return isExactDouble(text, value) ? value : new ExactNumber(text, 'decimal');
}

/** A BigDecimal of Java's, with the scale that its digits have: `1.50`, `1E+5`. */
export function javaDecimal(digits: string): ExactNumber {
  const [, sign, whole, fraction = '', power = '0'] = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(digits)!;
  const unscaled = `${whole}${fraction}`.replace(/^0+(?=\d)/, '');
  const scale = fraction.length - Number(power);
  const exponent = unscaled.length - 1 - scale;
  const minus = sign === '-' && /[1-9]/.test(unscaled) ? '-' : '';
  if (scale >= 0 && exponent >= -6) {
    const padded = unscaled.padStart(scale + 1, '0');
    return new ExactNumber(`${minus}${padded.slice(0, padded.length - scale)}${scale === 0 ? '' : `.${padded.slice(padded.length - scale)}`}`, 'decimal');
  }
  const mantissa = unscaled.length === 1 ? unscaled : `${unscaled[0]}.${unscaled.slice(1)}`;
  return new ExactNumber(`${minus}${mantissa}E${exponent < 0 ? '' : '+'}${exponent}`, 'decimal');
}

/** What a Java long of this value is here; it wraps around as Java's does. */
export const javaLong = (value: bigint): number | ExactNumber => exactNumber(BigInt.asIntN(64, value).toString());

/** What a Java double of this value is here: the number itself, or `5.0` for a whole one. */
export const javaDouble = (value: number): number | ExactNumber => (Number.isInteger(value) ? wholeDouble(value) : value);

/** A number of four bytes, with the fewest digits that mean it, as Java prints it: 1.1, not 1.100000023841858. */
export function javaFloat(value: number): number | ExactNumber {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return javaDouble(short);
  }
  return javaDouble(value);
}

const wholeDouble = (value: number): ExactNumber => new ExactNumber(doubleText(value), 'double');

/** A double as Java prints it: with a point, and with an exponent where it is very small or large (`1.5E10`). */
export function doubleText(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (!Number.isFinite(value)) return String(value);
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${exponent.replace('+', '')}`;
}

/** Whether the double nearest to a decimal text has, printed, the same digits. */
const isExactDouble = (text: string, value: number): boolean => Number.isFinite(value) && significantDigits(text).length <= 15 ? true : sameDigits(text, value);

const sameDigits = (text: string, value: number): boolean => Number.isFinite(value) && significantDigits(text) === significantDigits(String(value));

const significantDigits = (text: string): string => {
  const mantissa = /^-?([\d.]*)/.exec(text)![1]!.replace('.', '');
  return mantissa.replace(/^0+/, '').replace(/0+$/, '');
};

export const isNumeric = (value: unknown): value is number | bigint | ExactNumber => typeof value === 'number' || typeof value === 'bigint' || value instanceof ExactNumber;

/** Whether a number is an integer type in Java (a whole double such as `5.0` is not). */
export const isIntegral = (value: number | bigint | ExactNumber): boolean =>
  typeof value === 'number' ? Number.isInteger(value) : typeof value === 'bigint' || value.kind === 'integer';

/** -1, 0 or 1; exact also where doubles would round. NaN is greater than anything, as in Java. */
export function compareNumbers(a: number | bigint | ExactNumber, b: number | bigint | ExactNumber): number {
  if (typeof a === 'number' && typeof b === 'number') {
    if (a < b) return -1;
    if (a > b) return 1;
    return a === b ? 0 : Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  }
  const [left, right] = [decimalParts(a), decimalParts(b)];
  if (left === null || right === null) return compareNumbers(Number(a), Number(b));
  const scale = Math.max(left.scale, right.scale);
  const [x, y] = [left.digits * 10n ** BigInt(scale - left.scale), right.digits * 10n ** BigInt(scale - right.scale)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** More of them are not compared digit by digit: that takes more than linear time. */
const mostDigits = 1_000_000;

/** A decimal as digits / 10^scale; null for NaN, infinities, and exponents or lengths out of reason. */
function decimalParts(value: number | bigint | ExactNumber): { digits: bigint; scale: number } | null {
  const match = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(String(value));
  if (match === null) return null;
  const fraction = match[3] ?? '';
  const exponent = Number(match[4] ?? 0);
  if (Math.abs(exponent) > 400 || match[2]!.length + fraction.length > mostDigits) return null;
  const digits = BigInt(`${match[1]}${match[2]}${fraction}`);
  const scale = fraction.length - exponent;
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

/** The value as plain JavaScript numbers, for code that knows no ExactNumber: whole doubles become numbers, long integers bigints. */
export function plainNumber(value: ExactNumber): number | bigint | string {
  if (value.kind === 'integer') return BigInt(value.text);
  return value.kind === 'double' ? Number(value.text) : value.text;
}
