import { ExchangeError } from '../../../core/errors.ts';
import type { Exchange } from '../../../core/exchange/exchange.ts';
import { splitArguments } from '../arguments.ts';
import { toDecimal, toInteger, tryInteger } from '../conversions.ts';
import type { Call, FunctionBuilder, Value } from '../value.ts';
import { iterate } from './iterate.ts';
import { ofInput } from './input.ts';
import { notMine } from './notMine.ts';

const ofNumber = (convert: (value: unknown) => number | null, apply: (number: number) => number): FunctionBuilder =>
  ofInput((value) => {
    const number = convert(value);
    return number === null ? null : apply(number) + 0;
  });

/** Over all values and all that they hold; what is no whole number is passed over. Null when nothing is left. */
const over =
  (reduce: (numbers: readonly number[]) => number): FunctionBuilder =>
  (call) => {
    if (!call.hasParentheses) return notMine;
    const values = call.inner === '' ? [] : splitArguments(call.inner).map((part) => call.template(part));
    return (exchange) => {
      const numbers: number[] = [];
      for (const value of values) {
        for (const item of iterate(value(exchange))) {
          const number = tryInteger(item);
          if (number !== null) numbers.push(number);
        }
      }
      return numbers.length === 0 ? null : reduce(numbers);
    };
  };

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** `(max)` or `(min,max)`; gives both as numbers. */
function bounds(call: Call, least: number): (exchange: Exchange) => readonly [number, number] {
  const { name } = call;
  const syntax = `\`\${${name}(max)}\` or \`\${${name}(min,max)}\``;
  if (call.inner === '') throw call.wrong(syntax);
  const parts = call.inner.split(',');
  if (parts.length > 2) throw call.wrong(syntax);
  const [first, second] = parts.map((part) => call.template(part.trim())) as [Value, Value | undefined];
  return (exchange) => {
    const number = toInteger(first(exchange)) ?? 0;
    return second === undefined ? [least, number] : [number, toInteger(second(exchange)) ?? 0];
  };
}

const random: FunctionBuilder = (call) => {
  if (!call.hasParentheses) return notMine;
  const range = bounds(call, 0);
  return (exchange) => {
    const [min, max] = range(exchange);
    if (max <= min) throw new ExchangeError('java.lang.IllegalArgumentException', 'bound must be positive');
    return min + Math.floor(Math.random() * (max - min));
  };
};

const longestRange = 1_000_000;

const range: FunctionBuilder = (call) => {
  if (!call.hasParentheses) return notMine;
  const limits = bounds(call, 1);
  const isUpTo = !call.inner.includes(',');
  return (exchange) => {
    const [min, max] = limits(exchange);
    if (max - min > longestRange) throw new ExchangeError('java.lang.IllegalArgumentException', `range of more than ${longestRange} numbers`);
    if (min < 0 || max <= min) return isUpTo && max === 1 ? null : null;
    return Array.from({ length: max - min }, (_, i) => min + i);
  };
};

export const numberFunctions: Readonly<Record<string, FunctionBuilder>> = {
  abs: ofNumber((value) => toInteger(value, 'java.lang.Long'), Math.abs),
  ceil: ofNumber(toDecimal, Math.ceil),
  floor: ofNumber(toDecimal, Math.floor),
  sum: over(sum),
  max: over((numbers) => numbers.reduce((a, b) => Math.max(a, b))),
  min: over((numbers) => numbers.reduce((a, b) => Math.min(a, b))),
  average: over((numbers) => Math.trunc(sum(numbers) / numbers.length)),
  random,
  range,
};
