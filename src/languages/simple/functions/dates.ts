import { ExchangeError } from '../../../core/errors.ts';
import type { Exchange } from '../../../core/exchange/exchange.ts';
import { toText } from '../../../core/conversion/convert.ts';
import { dateFormat } from '../../../core/conversion/dateFormat.ts';
import { ExpressionSyntaxError } from '../../../core/expression.ts';
import type { Call, FunctionBuilder, Value } from '../value.ts';
import { constantOf, illegalSyntax } from '../value.ts';
import { notMine } from './notMine.ts';

const illegal = (message: string): ExchangeError => new ExchangeError('java.lang.IllegalArgumentException', message);

const units: readonly (readonly [unit: RegExp, millis: number])[] = [
  [/d/, 86_400_000],
  [/h/, 3_600_000],
  [/m(?!s)/, 60_000],
  [/(?<!m)s/, 1000],
  [/ms/, 1],
];

/** `1d2h3m4s250ms`, in this order, or milliseconds; as in Camel, letters that are no unit, and what stands before them, count for nothing. */
function offsetOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  let millis = 0;
  let rest = text;
  for (const [unit, size] of units) {
    const at = unit.exec(rest);
    if (at === null) continue;
    const number = rest.slice(0, at.index);
    if (!/^\d+$/.test(number)) throw new ExpressionSyntaxError(`\`${text}\` is no span of time`, 0, 1, 'write it as `1d2h30m15s`: days, hours, minutes, seconds');
    millis += Number(number) * size;
    rest = rest.slice(at.index + at[0].length);
  }
  return millis;
}

/** The date of a command such as `now`, `header.birthday`, with its offsets taken off: `now-24h`, `header.x+1h30m`. */
function moment(source: string): (exchange: Exchange) => Date {
  const match = /^([^+-]*?)\s*((?:[+-].*)?)$/s.exec(/^(?:now|exchangeCreated|file|millis)/.test(source) ? source : splitName(source))!;
  let shift = 0;
  for (const [, sign, amount] of (match[2] ?? '').matchAll(/([+-])\s*([^+-]+)/g)) shift += (sign === '-' ? -1 : 1) * offsetOf(amount!.trim());
  const command = match[1]!.replaceAll('\0', '-').trim();
  const read = reader(command);
  return (exchange) => {
    const value = read(exchange);
    const date = value instanceof Date ? value : isLong(value) || command === 'now' || command === 'exchangeCreated' ? new Date(value as number) : null;
    if (date === null) throw illegal(`Cannot find Date/long object at command: ${command}`);
    return shift === 0 ? date : new Date(date.getTime() + shift);
  };
}

/** The same of a command that is known only when it runs. */
function momentOf(source: string): (exchange: Exchange) => Date {
  try {
    return moment(source);
  } catch (thrown) {
    throw thrown instanceof ExpressionSyntaxError ? illegalSyntax(thrown.message, thrown) : thrown;
  }
}

/** Camel takes dates and Java's Longs: a number that is an Integer there is no date. */
const isLong = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) > 2147483648;

/** Header names may have dashes: only what looks like an offset ends a name. */
const splitName = (source: string): string => source.replace(/-(?!\s*\d)/g, '\0');

function reader(command: string): (exchange: Exchange) => unknown {
  if (command === 'now') return (exchange) => exchange.scope.clock.now();
  if (command === 'exchangeCreated') return (exchange) => (exchange.created === 0 ? exchange.scope.clock.now() : exchange.created);
  const name = command.slice(command.indexOf('.') + 1);
  if (command.startsWith('header.')) return (exchange) => exchange.headers.get(name);
  if (command.startsWith('variable.')) return (exchange) => exchange.variable(name);
  if (command.startsWith('exchangeProperty.')) return (exchange) => exchange.property(name);
  if (command === 'file') return (exchange) => exchange.headers.get('CamelFileLastModified');
  return () => {
    throw illegal(`Command not supported for dateExpression: ${command}`);
  };
}

function compile(call: Call, command: string, zone: Value | null, pattern: Value | null): Value {
  if (command === 'millis' && pattern === null) return (exchange) => exchange.scope.clock.now();
  const isDynamic = command.includes('${');
  const dynamicCommand = isDynamic ? call.template(command) : null;
  const fixed = isDynamic ? null : moment(command);
  const date = fixed ?? ((exchange: Exchange) => momentOf(toText(dynamicCommand!(exchange), exchange) ?? '')(exchange));
  if (pattern === null) return date;
  if (pattern.isConstant && (zone === null || zone.isConstant)) {
    const text = toText(constantOf(pattern)) ?? '';
    const zoneName = zone === null ? null : (toText(constantOf(zone)) ?? '');
    let format: ((date: Date) => string) | null = null;
    return (exchange) => (format ??= dateFormat(text, zoneName))(date(exchange));
  }
  return (exchange) => dateFormat(toText(pattern(exchange), exchange) ?? '', zone === null ? null : toText(zone(exchange), exchange))(date(exchange));
}

function colons(text: string, most: number): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length && parts.length < most - 1; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}') depth--;
    else if (text[i] === ':' && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

export const dateFunctions: Readonly<Record<string, FunctionBuilder>> = {
  date: (call) => {
    if (!call.tail.startsWith(':') || call.tail.length === 1) return notMine;
    const [command, pattern] = colons(call.tail.slice(1), 2) as [string, string?];
    return compile(call, command, null, pattern === undefined || pattern === '' ? null : call.template(pattern));
  },
  'date-with-timezone': (call) => {
    if (!call.tail.startsWith(':')) return notMine;
    const parts = colons(call.tail.slice(1), 3);
    if (parts.length < 3) throw call.wrong('`${date-with-timezone:command:timezone:pattern}`');
    return compile(call, parts[0]!, call.template(parts[1]!), call.template(parts[2]!));
  },
};
