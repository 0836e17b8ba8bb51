import type { Span } from '../core/diagnostics.ts';
import { toText } from '../core/conversion/convert.ts';
import { classDistance, qualifiedClassName, simpleClassName } from '../core/errors.ts';
import { ExactNumber, plainNumber } from '../core/conversion/exactNumber.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { FAILED, HANDLED } from '../core/exchange/exchange.ts';
import type { Predicate } from '../core/expression.ts';
import type { ExpressionModel } from '../dsl/model.ts';
import type { ExceptionSaid, MessageSaid } from './format.ts';

/** Something that is not as the test says. */
export interface Mismatch {
  /** Starts in lower case, stands alone. */
  readonly message: string;
  /** Where the test says otherwise. */
  readonly at: Span | null;
  readonly expected?: unknown;
  readonly actual?: unknown;
  /** Expected and actual are compared line by line. */
  readonly hasDiff?: boolean;
  /** Where routes have made it so: `file:line:column`. */
  readonly route?: readonly string[];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value as JSON has it: bytes and other bodies as texts, exact numbers as numbers, dates as texts. */
export function plainValue(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object') return typeof value === 'bigint' ? Number(value) : value;
  if (value instanceof ExactNumber) return plainValue(plainNumber(value));
  if (Array.isArray(value)) return value.map(plainValue);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), plainValue(item)]));
  if (value instanceof Set) return [...value].map(plainValue);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return toText(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item)]));
}

/** The JSON in a text, where an object or a list is wanted; else the value itself. */
function asWanted(actual: unknown, expected: unknown): unknown {
  const value = plainValue(actual);
  if (typeof expected !== 'object' || expected === null || typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

export function isEqual(actual: unknown, expected: unknown): boolean {
  if (actual === expected) return true;
  if (Array.isArray(actual)) return Array.isArray(expected) && actual.length === expected.length && actual.every((item, at) => isEqual(item, expected[at]));
  if (!isObject(actual) || !isObject(expected)) return false;
  const keys = Object.keys(actual);
  return keys.length === Object.keys(expected).length && keys.every((key) => Object.hasOwn(expected, key) && isEqual(actual[key], expected[key]));
}

/** Whether a value has all that another one has: members of objects, lists item by item. */
export function hasSubset(actual: unknown, part: unknown): boolean {
  if (Array.isArray(part)) return Array.isArray(actual) && actual.length === part.length && part.every((item, at) => hasSubset(actual[at], item));
  if (isObject(part)) return isObject(actual) && Object.entries(part).every(([key, item]) => Object.hasOwn(actual, key) && hasSubset(actual[key], item));
  return isEqual(actual, part);
}

/** The members of `actual` that `part` names, to compare with it line by line. */
function likeSubset(actual: unknown, part: unknown): unknown {
  if (Array.isArray(part) && Array.isArray(actual)) return actual.map((item, at) => likeSubset(item, part[at]));
  if (isObject(part) && isObject(actual)) return Object.fromEntries(Object.keys(part).flatMap((key) => (Object.hasOwn(actual, key) ? [[key, likeSubset(actual[key], part[key])]] : [])));
  return actual;
}

/** A value on one line. */
export function shown(value: unknown): string {
  const text = JSON.stringify(plainValue(value)) ?? 'null';
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

export const bodyIs = (actual: unknown, expected: unknown): boolean => isEqual(asWanted(actual, expected), plainValue(expected));

/** What makes predicates; async ones give promises. */
export type CompilePredicate = (model: ExpressionModel) => Predicate;

const differs = (what: string, at: Span | null, expected: unknown, actual: unknown): Mismatch => {
  const [wanted, got] = [plainValue(expected), asWanted(actual, expected)];
  const isLong = (typeof wanted === 'object' && wanted !== null) || (typeof wanted === 'string' && wanted.includes('\n'));
  const kinds = typeof wanted !== typeof got && String(wanted) === String(got) ? ` (${typeof got === 'string' ? 'a text' : `a ${typeof got}`}, not ${typeof wanted === 'string' ? 'a text' : `a ${typeof wanted}`})` : '';
  return { message: isLong ? `${what} is not as expected` : `${what} is ${shown(got)}${kinds}, not ${shown(wanted)}`, at, expected: wanted, actual: got, hasDiff: isLong };
};

function containing(what: string, at: Span | null, part: unknown, actual: unknown): Mismatch | null {
  if (typeof part !== 'object' || part === null) {
    const text = toText(plainValue(actual)) ?? '';
    const full = typeof plainValue(actual) === 'object' ? JSON.stringify(plainValue(actual)) : text;
    return full.includes(String(part)) ? null : { message: `${what} does not contain ${shown(part)}: it is ${shown(actual)}`, at, expected: part, actual: plainValue(actual) };
  }
  const value = asWanted(actual, part);
  const wanted = plainValue(part);
  return hasSubset(value, wanted) ? null : { message: `${what} does not contain what is expected`, at, expected: wanted, actual: likeSubset(value, wanted), hasDiff: true };
}

/** All in which a message is not as the test says. `what` names it: `the reply`. */
export async function checkMessage(what: string, said: MessageSaid, exchange: Exchange, compile: CompilePredicate): Promise<Mismatch[]> {
  const found: Mismatch[] = [];
  const at = (key: string): Span => said.places[key] ?? said.at;
  const { body } = exchange;
  if (said.body !== undefined && !bodyIs(body, said.body)) found.push(differs(`the body of ${what}`, at('body'), said.body, body));
  if (said.contains !== undefined) {
    const missing = containing(`the body of ${what}`, at('contains'), said.contains, body);
    if (missing !== null) found.push(missing);
  }
  if (said.matches !== undefined) {
    const value = plainValue(body);
    const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
    if (!new RegExp(said.matches, 's').test(text)) found.push({ message: `the body of ${what} does not match /${said.matches}/: it is ${shown(text)}`, at: at('matches'), expected: said.matches, actual: text });
  }
  const named = (kind: string, entries: MessageSaid['headers'], read: (name: string) => unknown): void => {
    for (const [name, wanted] of entries?.of ?? []) {
      const value = read(name);
      const place = entries!.places[name] ?? said.at;
      if (value === undefined) found.push({ message: `${what} has no ${kind} \`${name}\``, at: place, expected: plainValue(wanted), actual: null });
      else if (!bodyIs(value, wanted)) found.push(differs(`the ${kind} \`${name}\` of ${what}`, place, wanted, value));
    }
  };
  named('header', said.headers, (name) => exchange.headers.get(name));
  named('property', said.properties, (name) => exchange.property(name));
  named('variable', said.variables, (name) => exchange.variable(name));
  for (const name of said.absentHeaders ?? []) {
    if (exchange.headers.has(name)) found.push({ message: `${what} has a header \`${name}\`: ${shown(exchange.headers.get(name))}`, at: at('absentHeaders'), actual: plainValue(exchange.headers.get(name)) });
  }
  if (said.expression !== undefined) {
    const { language, source } = said.expression;
    let isTrue = false;
    let reason = '';
    try {
      isTrue = await compile(said.expression)(exchange);
    } catch (thrown) {
      reason = ` (${(thrown as Error).message})`;
    }
    if (!isTrue) found.push({ message: `${language} \`${source}\` is not true for ${what}${reason}; its body is ${shown(body)}`, at: at('expression'), actual: plainValue(body) });
  }
  return found;
}

/** In which an exchange did not fail as the test says; null: it did. */
export function checkException(what: string, said: ExceptionSaid | undefined, exchange: Exchange, at: Span | null, isFailed = (exchange.halt & (FAILED | HANDLED)) === FAILED): Mismatch | null {
  const { exception } = exchange;
  const route = exchange.failedStep?.at == null ? [] : [exchange.failedStep.at];
  if (said === undefined) {
    if (exception === null || !isFailed) return null;
    return { message: `${what} failed: ${simpleClassName(exception.type)}: ${exception.message}`, at, actual: `${exception.type}: ${exception.message}`, route };
  }
  if (exception === null || !isFailed) return { message: `${what} did not fail${said.type === undefined ? '' : ` with ${said.type}`}: the body is ${shown(exchange.body)}`, at: said.at, expected: said.type ?? said.message ?? said.contains, actual: plainValue(exchange.body) };
  const found = `${exception.type}: ${exception.message}`;
  if (said.type !== undefined && simpleClassName(exception.type) !== said.type && classDistance(exception.type, qualifiedClassName(said.type)) < 0) return { message: `${what} failed with ${found}, not with ${said.type}`, at: said.places['type'] ?? said.at, expected: said.type, actual: found, route };
  if (said.message !== undefined && exception.message !== said.message) return { message: `${what} failed with the message ${shown(exception.message)}, not ${shown(said.message)}`, at: said.places['message'] ?? said.at, expected: said.message, actual: exception.message, route };
  if (said.contains !== undefined && !exception.message.includes(said.contains)) return { message: `${what} failed with ${found}, which does not contain ${shown(said.contains)}`, at: said.places['contains'] ?? said.at, expected: said.contains, actual: exception.message, route };
  return null;
}

export { containing, differs };
