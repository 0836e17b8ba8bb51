import { toText } from '../../../core/conversion/convert.ts';
import type { Exchange } from '../../../core/exchange/exchange.ts';
import { removeQuotes } from '../arguments.ts';
import type { Call, FunctionBuilder, Value } from '../value.ts';
import { body } from '../value.ts';
import { notMine } from './notMine.ts';

/** The one argument of `name(exp)`, quotes taken off; the body when there is none. */
export const inputOf = (call: Call): Value => (call.inner === '' ? body : call.template(removeQuotes(call.inner)));

/** A function `name()` or `name(exp)` of one value. */
export const ofInput =
  (apply: (value: unknown, exchange: Exchange) => unknown): FunctionBuilder =>
  (call) => {
    if (!call.hasParentheses) return notMine;
    const input = inputOf(call);
    return (exchange) => apply(input(exchange), exchange);
  };

/** The same for functions of a text: null stays null. */
export const ofText = (apply: (text: string) => unknown): FunctionBuilder =>
  ofInput((value, exchange) => {
    const text = toText(value, exchange);
    return text === null ? null : apply(text);
  });

export const textOf = (value: Value): ((exchange: Exchange) => string | null) => (exchange) => toText(value(exchange), exchange);
