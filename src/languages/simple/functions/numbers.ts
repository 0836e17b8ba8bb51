import { ExchangeError } from '../../../core/errors.ts';
import type { Exchange } from '../../../core/exchange/exchange.ts';
import { splitArguments } from '../arguments.ts';
import { ExactNumber, javaLong } from '../../../core/conversion/exactNumber.ts';
import { toDecimal, toInteger, toLong, tryInteger } from '../conversions.ts';
import type { Call, FunctionBuilder, Value } from '../value.ts';
import { iterate } from './iterate.ts';
import { ofInput } from './input.ts';
import { notMine } from './notMine.ts';

type Whole = number | bigint;

/** A double as a long: it ends at the largest and the smallest one, and what is no number is 0. */
const asLong = (whole: number): unknown => (Number.isNaN(whole) ? 0 : Number.isSafeInteger(whole) ? whole + 0 : whole >= 2 ** 63 ? javaLong(2n ** 63n - 1n) : whole <= -(2 ** 63) ? javaLong(-(2n ** 63n)) : javaLong(BigInt(whole)));

const ofDecimal = (apply: (number: number) => number): FunctionBuilder =>
  ofInput((value) => {
    const number = toDecimal(value);
    return number === null ? null : asLong(apply(number));
  });

const abs = ofInput((value) => {
  const number = toLong(value);
  if (number instanceof ExactNumber) return javaLong(number.text.startsWith('-') ? -BigInt(number.text) : BigInt(number.text));
  return number === null ? null : Math.abs(number) + 0;
});

/** Over all values and all that they hold; what is no whole number is passed over. Null when nothing is left. */
const over =
  (reduce: (numbers: readonly Whole[]) => Whole): FunctionBuilder =>
  (call) => {
    if (!call.hasParentheses) return notMine;
    const values = call.inner === '' ? [] : splitArguments(call.inner).map((part) => call.template(part));
    return (exchange) => {
      const numbers: Whole[] = [];
      for (const value of values) {
        for (const item of iterate(value(exchange))) {
          const number = tryInteger(item);
          if (number !== null) numbers.push(number);
        }
      }
      if (numbers.length === 0) return null;
      const result = reduce(numbers);
      return typeof result === 'bigint' ? javaLong(result) : result;
    };
  };

/** As numbers while that is exact. */
function sum(numbers: readonly Whole[]): Whole {
  let total = 0;
  for (const number of numbers) {
    if (typeof number === 'bigint' || !Number.isSafeInteger(total + number)) return numbers.reduce<bigint>((all, one) => all + BigInt(one), 0n);
    total += number;
  }
  return total;
}

function average(numbers: readonly Whole[]): Whole {
  const total = sum(numbers);
  return typeof total === 'bigint' ? total / BigInt(numbers.length) : Math.trunc(total / numbers.length) + 0;
}

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
  abs,
  ceil: ofDecimal(Math.ceil),
  floor: ofDecimal(Math.floor),
  sum: over(sum),
  max: over((numbers) => numbers.reduce((a, b) => (b > a ? b : a))),
  min: over((numbers) => numbers.reduce((a, b) => (b < a ? b : a))),
  average: over(average),
  random,
  range,
};
