import { toText } from '../../../core/conversion/convert.ts';
import { classDistance, ExchangeError, isKnownExceptionClass, qualifiedClassName } from '../../../core/errors.ts';
import { isNumeric } from '../../../core/conversion/exactNumber.ts';
import { isPlainObject } from '../../../core/beans/javaTypes.ts';
import { removeQuotes, splitArguments } from '../arguments.ts';
import { isTrue } from '../compare.ts';
import type { FunctionBuilder } from '../value.ts';
import { ofInput } from './input.ts';
import { notMine } from './notMine.ts';

const called =
  (build: FunctionBuilder): FunctionBuilder =>
  (call) =>
    call.hasParentheses ? build(call) : notMine;

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Set || value instanceof Map) return value.size === 0;
  return isPlainObject(value) && Object.keys(value).length === 0;
}

/** Every letter of a text is of a kind; an empty text is of none. */
const isAll = (letter: RegExp): FunctionBuilder =>
  ofInput((value, exchange) => {
    const text = toText(value, exchange);
    if (text === null || text === '') return false;
    for (const char of text) if (!letter.test(char)) return false;
    return true;
  });

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (isNumeric(value)) return 'number';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) || value instanceof Set || value instanceof Map || value instanceof Uint8Array || isPlainObject(value) ? 'array' : 'object';
}

const not = called((call) => {
  const condition = call.inner === '' ? null : call.predicate(call.inner);
  return condition === null ? (exchange) => !isTrue(exchange.body) : (exchange) => !condition(exchange);
});

const iif = called((call) => {
  const syntax = '`${iif(predicate,trueExp,falseExp)}`';
  if (call.inner === '') throw call.wrong(syntax);
  const parts = splitArguments(call.inner, { keepQuotes: true });
  if (parts.length > 3) throw call.wrong(syntax);
  if (parts.length < 3) throw call.wrong(syntax);
  const holds = call.predicate(parts[0]!.trim());
  const [yes, no] = [call.template(parts[1]!), call.template(parts[2]!)];
  return (exchange) => (holds(exchange) ? yes(exchange) : no(exchange));
});

const assertion = called((call) => {
  const parts = call.inner === '' ? [] : splitArguments(call.inner, { keepQuotes: true });
  if (parts.length !== 2) throw call.wrong('`${assert(exp,msg)}`');
  const holds = call.predicate(parts[0]!);
  const message = call.template(removeQuotes(parts[1]!));
  return (exchange) => {
    const holding = holds(exchange);
    // As in Camel, what the message fails with is seen whether it is needed or not.
    const text = toText(message(exchange), exchange) ?? '';
    if (!holding) throw new ExchangeError('org.apache.camel.language.simple.SimpleAssertionException', text);
    return null;
  };
});

const throwException = called((call) => {
  const syntax = '`${throwException(msg)}` or `${throwException(msg,type)}`';
  if (call.inner === '') throw call.wrong(syntax);
  const parts = call.inner.includes(',') ? splitArguments(call.inner, { keepQuotes: true }).map(removeQuotes) : [removeQuotes(call.inner)];
  if (parts.length === 0 || parts.length > 2) throw call.wrong(syntax);
  const message = call.template(parts[0]!);
  const type = parts[1] ?? 'java.lang.IllegalArgumentException';
  if (!isKnownExceptionClass(type) && !/^[a-z_]\w*(?:\.\w+)+$/.test(type)) throw call.wrong(`${syntax}: there is no exception class \`${type}\``);
  const qualified = qualifiedClassName(type);
  const isChecked = classDistance(qualified, 'java.lang.RuntimeException') < 0;
  return (exchange) => {
    const error = new ExchangeError(qualified, toText(message(exchange), exchange) ?? '');
    // Camel wraps what Java makes a method declare.
    throw isChecked ? new ExchangeError('org.apache.camel.RuntimeCamelException', `${qualified}: ${error.message}`, { cause: error }) : error;
  };
});

export const conditionFunctions: Readonly<Record<string, FunctionBuilder>> = {
  isEmpty: ofInput(isEmpty),
  isAlpha: isAll(/\p{L}/u),
  isAlphaNumeric: isAll(/[\p{L}\p{Nd}]/u),
  isNumeric: isAll(/\p{Nd}/u),
  kindOfType: ofInput(kindOf),
  not,
  iif,
  assert: assertion,
  throwException,
};
