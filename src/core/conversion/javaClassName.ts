import { ExchangeError } from '../errors.ts';
import { ExactNumber } from './exactNumber.ts';
import { isJsonNode } from './jsonNode.ts';
import { javaClass } from './javaClass.ts';

/** The Java class that a value has in Camel. */
export function javaClassName(value: unknown): string {
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
      return value === null ? 'null' : classOfObject(value);
    default:
      return 'java.lang.Object';
  }
}

const isLong = (digits: string): boolean => digits.length < 19 || (digits.length <= 20 && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits));

function classOfObject(value: object): string {
  const named = (value as { readonly [javaClass]?: string })[javaClass];
  if (named !== undefined) return named;
  if (value instanceof ExactNumber) return value.kind === 'double' ? 'java.lang.Double' : value.kind === 'decimal' ? 'java.math.BigDecimal' : isLong(value.text) ? 'java.lang.Long' : 'java.math.BigInteger';
  if (value instanceof ExchangeError) return value.type;
  if (value instanceof Uint8Array) return '[B';
  if (value instanceof Date) return 'java.util.Date';
  if (Array.isArray(value)) return isJsonNode(value) ? 'com.fasterxml.jackson.databind.node.ArrayNode' : 'java.util.ArrayList';
  if (value instanceof Set) return 'java.util.LinkedHashSet';
  if (value instanceof Map) return 'java.util.LinkedHashMap';
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null;
  if (prototype === null || prototype === Object.prototype) return isJsonNode(value) ? 'com.fasterxml.jackson.databind.node.ObjectNode' : 'java.util.LinkedHashMap';
  return prototype.constructor?.name ?? 'java.lang.Object';
}
