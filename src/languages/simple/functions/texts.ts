import { replaceText } from '../../../core/conversion/manyParts.ts';
import { encodeText } from '../../../core/conversion/charset.ts';
import { charsetOf, isContent, toText } from '../../../core/conversion/convert.ts';
import { StreamCache } from '../../../core/conversion/stream.ts';
import { ExchangeError } from '../../../core/errors.ts';
import { isNumeric } from '../../../core/conversion/exactNumber.ts';
import type { Exchange } from '../../../core/exchange/exchange.ts';
import { removeEndingQuotes, removeQuotes, splitArguments } from '../arguments.ts';
import { containsIgnoringCase } from '../compare.ts';
import { toInteger } from '../conversions.ts';
import type { Call, FunctionBuilder, Value } from '../value.ts';
import { body } from '../value.ts';
import { inputOf, ofInput, ofText } from './input.ts';
import { notMine } from './notMine.ts';

const entities: Readonly<Record<string, string>> = { '&quot;': '"', '&apos;': "'", '&lt;': '<', '&gt;': '>', '&amp;': '&' };

const decodeEntities = (text: string): string => text.replace(/&(?:quot|apos|lt|gt|amp);/g, (entity) => entities[entity]!);

/** Arguments of a function that needs some: at least `least`, at most `most`. */
function args(call: Call, least: number, most: number, syntax: string, options?: { trim?: boolean; keepQuotes?: boolean }): string[] {
  if (call.inner.trim() === '') throw call.wrong(syntax);
  const parts = splitArguments(call.inner, options);
  if (parts.length < least || parts.length > most) throw call.wrong(syntax);
  return parts;
}

const called =
  (build: FunctionBuilder): FunctionBuilder =>
  (call) =>
    call.hasParentheses ? build(call) : notMine;

const replace = called((call) => {
  const parts = args(call, 2, 3, '`${replace(from,to)}` or `${replace(from,to,exp)}`', { trim: false });
  // What is replaced by what stands there as it is: functions in it are not evaluated.
  const [old, decoded] = [decodeEntities(parts[0]!), decodeEntities(parts[1]!)];
  const replacement = decoded === '&empty;' ? '' : decoded;
  const input = parts[2] === undefined ? body : call.template(parts[2]);
  return (exchange) => {
    const text = toText(input(exchange), exchange);
    return text === null || old === '' ? text : replaceText(text, old, replacement);
  };
});

const substring = called((call) => {
  const parts = args(call, 1, 3, '`${substring(num)}`, `${substring(num,num)}` or `${substring(num,num,exp)}`', { trim: false });
  const first = call.template(parts[0]!);
  const second = parts[1] === undefined ? null : call.template(parts[1]);
  const input = parts[2] === undefined ? body : call.template(parts[2]);
  return (exchange) => {
    const begin = toInteger(first(exchange)) ?? 0;
    const end = second === null ? 0 : (toInteger(second(exchange)) ?? 0);
    const text = toText(input(exchange), exchange);
    return text === null ? null : clip(text, begin, end);
  };
});

/** The first number clips from the start, the second from the end, whatever their signs; a negative one alone clips from the end. */
function clip(text: string, first: number, second: number): string {
  if (second === 0 && first < 0) return text.slice(0, Math.max(0, text.length + first));
  const head = Math.abs(first);
  const tail = Math.abs(second);
  return text.slice(head, Math.max(head, text.length - tail));
}

/** `name(part)` of the body or `name(exp,part)`. */
const cut = (name: string, apply: (text: string, part: string) => string | null): FunctionBuilder =>
  called((call) => {
    const parts = args(call, 1, 2, `\`\${${name}(text)}\` or \`\${${name}(exp,text)}\``, { trim: false });
    const input = parts.length === 2 ? call.template(parts[0]!) : body;
    const part = call.template(parts.at(-1)!);
    return (exchange) => {
      const text = toText(input(exchange), exchange);
      const wanted = toText(part(exchange), exchange);
      return text === null || wanted === null ? null : apply(text, wanted);
    };
  });

const before = (text: string, part: string): string | null => (text.includes(part) ? text.slice(0, text.indexOf(part)) : null);
const after = (text: string, part: string): string | null => (text.includes(part) ? text.slice(text.indexOf(part) + part.length) : null);

const between = called((call) => {
  const parts = args(call, 2, 3, '`${substringBetween(after,before)}` or `${substringBetween(exp,after,before)}`', { trim: false });
  const input = parts.length === 3 ? call.template(parts[0]!) : body;
  const [start, end] = parts.slice(-2).map((part) => call.template(part)) as [Value, Value];
  return (exchange) => {
    const text = toText(input(exchange), exchange);
    const [from, to] = [toText(start(exchange), exchange), toText(end(exchange), exchange)];
    if (text === null || from === null || to === null) return null;
    const rest = after(text, from);
    return rest === null ? null : before(rest, to);
  };
});

const pad = called((call) => {
  const parts = args(call, 2, 3, '`${pad(exp,len)}` or `${pad(exp,len,separator)}`', { keepQuotes: true }).map(removeQuotes);
  const [input, width] = parts.map((part) => call.template(part)) as [Value, Value];
  const filling = parts[2] || ' ';
  return (exchange) => {
    const text = toText(input(exchange), exchange);
    if (text === null) return null;
    const length = toInteger(width(exchange));
    if (length === null) throw new ExchangeError('java.lang.IllegalArgumentException', 'the length to pad to is null');
    // As in Camel, a filling of several letters goes in as a whole, the last one, too.
    const times = Math.max(0, Math.ceil((Math.abs(length) - text.length) / filling.length));
    return length >= 0 ? text + filling.repeat(times) : filling.repeat(times) + text;
  };
});

const concat = called((call) => {
  const parts = args(call, 1, 3, '`${concat(exp)}`, `${concat(exp,exp)}` or `${concat(exp,exp,separator)}`', { keepQuotes: true }).map(removeQuotes);
  const [left, right] = parts.length === 1 ? [body, call.template(parts[0]!)] : [call.template(parts[0]!), call.template(parts[1]!)];
  const glue = parts[2] ?? '';
  return (exchange) => {
    const [a, b] = [toText(left(exchange), exchange), toText(right(exchange), exchange)];
    if (a === null && b === null) return null;
    return a === null ? b : b === null ? a : a + glue + b;
  };
});

const contains = called((call) => {
  const parts = args(call, 1, 2, '`${contains(text)}` or `${contains(exp,text)}`', { trim: false });
  const input = parts.length === 2 ? call.template(parts[0]!) : body;
  const part = call.template(parts.at(-1)!);
  return (exchange) => containsIgnoringCase(input(exchange), part(exchange));
});

const val = called((call) => {
  if (call.inner.trim() === '') throw call.wrong('`${val(exp)}`');
  return call.template(call.inner);
});

const upperLetter = (letter: string): string => (letter.toUpperCase().length === letter.length ? letter.toUpperCase() : letter);

/** The first letter of every word. As in Camel a blank at the very start does not begin a word. */
const capitalize = (text: string): string => text.slice(0, 1).replace(/./u, upperLetter) + text.slice(1).replace(/(?<= )[^ ]/gu, upperLetter);

const unquote = removeEndingQuotes;
const quote = (text: string): string => `"${removeEndingQuotes(text)}"`;

/** Numbers and truths need no quotes. A body that is missing is quoted as `null`, any other value that is missing stays null. */
const safeQuote = called((call) => {
  const input = inputOf(call);
  const missing = call.inner === '' ? '"null"' : null;
  return (exchange) => {
    const value = input(exchange);
    if (value === null || value === undefined) return missing;
    return isNumeric(value) || typeof value === 'boolean' ? value : quote(toText(value, exchange) ?? '');
  };
});

/** In bytes. */
const lengthOf = (value: unknown, exchange: Exchange): number | null => {
  if (value instanceof Uint8Array || value instanceof StreamCache) return value.length;
  const text = toText(value, exchange);
  if (text === null) return null;
  // As in Camel, of what is neither text nor bytes the letters are counted.
  if (typeof value !== 'string' && !(typeof value === 'object' && value !== null && isContent(value))) return text.length;
  const charset = charsetOf(exchange);
  return charset === null ? Buffer.byteLength(text) : encodeText(text, charset).length;
};


export const textFunctions: Readonly<Record<string, FunctionBuilder>> = {
  replace,
  substring,
  substringBefore: cut('substringBefore', before),
  substringAfter: cut('substringAfter', after),
  substringBetween: between,
  contains,
  trim: ofText(trimmed),
  val,
  capitalize: ofText(capitalize),
  pad,
  concat,
  quote: ofText(quote),
  safeQuote,
  unquote: ofText(unquote),
  uppercase: ofText((text) => text.toUpperCase()),
  lowercase: ofText((text) => text.toLowerCase()),
  length: ofInput(lengthOf),
  // As in Camel, only a text with two blanks in a row has its runs cut to their first letter.
  normalizeWhitespace: ofText((text) => (text.includes('  ') ? trimmed(text).replace(/([ \t\n\v\f\r])[ \t\n\v\f\r]+/g, '$1') : trimmed(text))),
};

/** As Java trims: everything up to the blank. */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 32) start++;
  while (end > start && text.charCodeAt(end - 1) <= 32) end--;
  return text.slice(start, end);
}

export type TextOf = (exchange: Exchange) => string | null;
