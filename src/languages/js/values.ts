import { toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import { ExactNumber, exactNumber } from '../../core/conversion/exactNumber.ts';
import { noteExactNumbers } from '../../core/conversion/json.ts';
import { mark } from './prelude.ts';

const deepest = 500;
/** An integer with more digits takes too long to be read, and to be written. */
const mostDigits = 10_000;

/** A value as JSON for the sandbox: what JSON has no form for is a list that begins with the mark. */
export const toSandbox = (value: unknown): string => JSON.stringify(outward(value, 0));

function integer(text: string): unknown {
  if (text.length > mostDigits) throw new ExchangeError('java.lang.NumberFormatException', `js: an integer of ${text.length} digits is longer than ${mostDigits}`);
  return [mark, 'integer', text];
}

function outward(value: unknown, depth: number): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : [mark, 'number', String(value)];
  if (typeof value === 'bigint') return integer(value.toString());
  if (value instanceof ExactNumber) return value.kind === 'integer' ? integer(value.text) : Number(value.text);
  if (value instanceof Date) return [mark, 'date', value.getTime()];
  if (value instanceof Uint8Array) return [mark, 'bytes', Array.from(value)];
  if (depth > deepest) throw new ExchangeError('java.lang.IllegalArgumentException', `js: the value is nested deeper than ${deepest}`);
  if (Array.isArray(value) || value instanceof Set) return Array.from(value as Iterable<unknown>, (item) => outward(item, depth + 1));
  if (value instanceof Map) return outward(Object.fromEntries(value), depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return toText(value);
  const plain = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) plain[key] = outward(item, depth + 1);
  return plain;
}

/** What the sandbox gave, as a value of the message. */
export const fromSandbox = (json: string): unknown => inward(JSON.parse(json));

function inward(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) {
    const plain = value as Record<string, unknown>;
    for (const key of Object.keys(plain)) {
      const item = plain[key];
      const inner = inward(item);
      if (inner !== item) Object.defineProperty(plain, key, { value: inner, enumerable: true, writable: true, configurable: true });
      if (inner instanceof ExactNumber) noteExactNumbers(plain);
    }
    return plain;
  }
  if (value[0] !== mark) {
    for (let i = 0; i < value.length; i++) {
      value[i] = inward(value[i]);
      if (value[i] instanceof ExactNumber) noteExactNumbers(value);
    }
    return value;
  }
  const [, kind, written] = value as [string, string, unknown];
  switch (kind) {
    case 'integer':
      return exactNumber(String(written));
    case 'number':
      return Number(written);
    case 'date':
      return new Date(Number(written));
    default:
      return Buffer.from(written as number[]);
  }
}
