import { ExchangeError } from './errors.ts';

/** Text of a value as Camel gives it: null stays null. */
export function toText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (Array.isArray(value)) return `[${value.map(nestedText).join(', ')}]`;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') {
    if (value instanceof Map) return `{${[...value].map(([key, item]) => `${nestedText(key)}=${nestedText(item)}`).join(', ')}}`;
    if (Object.hasOwn(value, 'toString') || (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null)) return String(value);
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}=${nestedText(item)}`)
      .join(', ')}}`;
  }
  return String(value as number | boolean | bigint);
}

const nestedText = (value: unknown): string => toText(value) ?? 'null';

/** A truth value as Camel's predicates take it: "true"/"false" by text, null false, empty text and list false, everything else true. */
export function toTruth(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === null || value === undefined) return false;
  if (typeof value === 'string') return value !== '' && value.toLowerCase() !== 'false';
  if (Array.isArray(value)) return value.length > 0;
  return true;
}

export const conversionError = (value: unknown, type: string, cause?: unknown): ExchangeError =>
  new ExchangeError('org.apache.camel.TypeConversionException', `can't convert ${describeValue(value)} to ${type}`, { cause });

/** A value for an error message: its kind and the start of its text. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  const text = toText(value) ?? 'null';
  const kind = Buffer.isBuffer(value) ? 'bytes' : Array.isArray(value) ? 'list' : typeof value === 'object' ? 'map' : typeof value;
  return `${kind} "${text.length > 60 ? `${text.slice(0, 57)}...` : text}"`;
}
