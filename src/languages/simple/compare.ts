import { describeValue, toText } from '../../core/conversion/convert.ts';
import { StreamCache } from '../../core/conversion/stream.ts';
import { childrenOf, XML_ATTRIBUTE, XmlNode, XmlNodeList } from '../../core/conversion/xml.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { ExactNumber } from '../../core/conversion/exactNumber.ts';
import { compareNumbers, exactNumber, isIntegral, isNumeric } from '../../core/conversion/exactNumber.ts';
import { tryDecimal, tryInteger } from './conversions.ts';
import { javaClassName } from '../../core/conversion/javaClassName.ts';

/** Values equal each other without conversion: lists and maps by content. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isNumeric(a) && isNumeric(b)) return isIntegral(a) === isIntegral(b) && compareNumbers(a, b) === 0;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (Array.isArray(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

export const isMissing = (value: unknown): value is null | undefined => value === null || value === undefined;

/** Camel's `==`: the sides are converted to each other's type; missing equals only missing. */
export function isEqual(left: unknown, right: unknown): boolean {
  if (typeof left === 'string' && typeof right === 'string') return left === right;
  if (typeof left === 'number' && typeof right === 'number') return left === right || (Number.isInteger(left) !== Number.isInteger(right) && Math.trunc(left) === Math.trunc(right));
  if (isMissing(left) || isMissing(right)) return isMissing(left) && isMissing(right);
  return isEqualConverted(left, right);
}

function isEqualConverted(left: unknown, right: unknown): boolean {
  if (isSame(left, right)) return true;
  if (isNumeric(left) && isNumeric(right)) return isIntegral(left) !== isIntegral(right) && Math.trunc(Number(left)) === Math.trunc(Number(right));
  if (typeof left === 'boolean' || typeof right === 'boolean') {
    const [a, b] = [asBoolean(left), asBoolean(right)];
    return a !== undefined && a === b;
  }
  if (isNumeric(left)) return typeof right === 'string' && numberIsText(left, right);
  if (isNumeric(right)) return typeof left === 'string' && numberIsText(right, left);
  if (typeof left === 'string' || typeof right === 'string') return toText(left) === toText(right);
  return false;
}

/** A text is true when it says so, of numbers only Java's Integers are truths: those above 0. */
function asBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'string') return value.toLowerCase() === 'true';
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) <= 2147483648 ? value > 0 : undefined;
  return typeof value === 'boolean' ? value : undefined;
}

const noOrder = (left: unknown, right: unknown): ExchangeError => new ExchangeError('java.lang.ClassCastException', `${describeValue(left)} has no order with ${describeValue(right)}`);

function numberIsText(number: number | bigint | ExactNumber, text: string): boolean {
  if (tryDecimal(text) === null || (isIntegral(number) && tryInteger(text) === null)) return false;
  return compareNumbers(number, exactNumber(text.trim())) === 0;
}

/** Camel's `=~`: as `==`, but letters' case does not count between texts. */
export function isEqualIgnoringCase(left: unknown, right: unknown): boolean {
  if (typeof left === 'string' && typeof right === 'string') return left === right || left.toLowerCase() === right.toLowerCase();
  if (isMissing(left) || isMissing(right)) return isMissing(left) && isMissing(right);
  if (isEqual(left, right)) return true;
  if (typeof left !== 'string' && typeof right !== 'string') return false;
  return toText(left)?.toLowerCase() === toText(right)?.toLowerCase();
}

/** Camel's order: whole numbers, then decimals, then truths, then text. Both must be there. @throws ClassCastException */
export function compareValues(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') {
    const [a, b] = [Math.trunc(left), Math.trunc(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (isNumeric(left) && isNumeric(right) && isIntegral(left) && isIntegral(right)) return compareNumbers(left, right);
  let a = tryInteger(left);
  let b = a === null ? null : tryInteger(right);
  if (a === null || b === null) {
    a = tryDecimal(left);
    b = a === null ? null : tryDecimal(right);
  }
  if (a !== null && b !== null) return a < b ? -1 : a > b ? 1 : 0;
  if (typeof left === 'boolean' || (typeof right === 'boolean' && typeof left !== 'object')) {
    const [p, q] = [asBoolean(left), asBoolean(right)];
    if (p === undefined || q === undefined) throw noOrder(left, right);
    return Number(p) - Number(q);
  }
  if (isNumeric(left) && typeof right === 'object' && !isNumeric(right)) throw noOrder(left, right);
  // What nothing leads to the other's class from goes by the names of the classes, as in Camel.
  if (typeof left === 'object' && typeof right !== 'string') {
    const [from, to] = [javaClassName(left), javaClassName(right)];
    if (from !== to) return from < to ? -1 : 1;
  }
  const [x, y] = [toText(left) ?? '', toText(right) ?? ''];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Bytes, and streams that can be read again; a file is not looked into. */
const hasBytes = (value: unknown): boolean => value instanceof Uint8Array || value instanceof StreamCache;

/** One of several nodes is this text; attributes are none, as in Camel. */
const isAmong = (nodes: XmlNodeList, isIt: (text: string) => boolean): boolean => nodes.some((node) => node.nodeType !== XML_ATTRIBUTE && isIt(toText(node) ?? ''));

/** Camel's `contains`: an element of a list, the text of one of several nodes, a child of a node, or a part of a text; any other value contains what equals it. */
export function contains(left: unknown, right: unknown): boolean {
  if (isMissing(left) || isMissing(right)) return isMissing(left) && isMissing(right);
  if (typeof left === 'string') return left.includes(toText(right) ?? '');
  if (left instanceof XmlNodeList) return isAmong(left, (text) => text === toText(right));
  if (Array.isArray(left)) return left.some((item) => isSame(item, right));
  if (left instanceof Set) return [...left].some((item) => isSame(item, right));
  if (left instanceof XmlNode) return childrenOf(left).some((child) => toText(child) === toText(right));
  return hasBytes(left) ? (toText(left) ?? '').includes(toText(right) ?? '') : (typeof left !== 'object' || isNumeric(left)) && isEqual(left, right);
}

export function containsIgnoringCase(left: unknown, right: unknown): boolean {
  if (isMissing(left) || isMissing(right)) return isMissing(left) && isMissing(right);
  const wanted = (toText(right) ?? '').toLowerCase();
  if (left instanceof XmlNodeList) return isAmong(left, (text) => text.toLowerCase() === wanted);
  if (Array.isArray(left) || left instanceof Set) return [...(left as Iterable<unknown>)].some((item) => (toText(item) ?? 'null').toLowerCase().includes(wanted));
  if (typeof left === 'string' || hasBytes(left)) return (toText(left) ?? '').toLowerCase().includes(wanted);
  return (typeof left !== 'object' || isNumeric(left)) && isEqualIgnoringCase(left, right);
}

/** What a condition that is only a value means: empty and blank texts and lists are false, and so is "false"; 0 is true. */
export function isTrue(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (isMissing(value)) return false;
  if (typeof value === 'string') {
    const text = value.trim();
    return text !== '' && text.toLowerCase() !== 'false';
  }
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Set) return value.size > 0;
  return true;
}
