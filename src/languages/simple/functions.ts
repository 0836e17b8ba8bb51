import { toText } from '../../core/conversion/convert.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { conversionTo, toInteger, toLong } from './conversions.ts';
import { collectionFunctions } from './functions/collections.ts';
import { conditionFunctions } from './functions/conditions.ts';
import { dateFunctions } from './functions/dates.ts';
import { documentFunctions } from './functions/documents.ts';
import { exchangeFunctions } from './functions/exchange.ts';
import { fileFunctions } from './functions/files.ts';
import { htmlFunctions } from './functions/html.ts';
import { numberFunctions } from './functions/numbers.ts';
import { environmentFunctions } from './functions/environment.ts';
import { notMine } from './functions/notMine.ts';
import { textFunctions } from './functions/texts.ts';
import { absentFunctions } from './functions/absent.ts';
import { attachmentFunctions } from './functions/attachments.ts';
import type { Compiler, FunctionBuilder, Value } from './value.ts';
import { body, Call, constant } from './value.ts';

/** All functions by the name they start with. */
const builders: Readonly<Record<string, FunctionBuilder>> = {
  ...exchangeFunctions,
  ...textFunctions,
  ...numberFunctions,
  ...collectionFunctions,
  ...conditionFunctions,
  ...documentFunctions,
  ...environmentFunctions,
  ...dateFunctions,
  ...fileFunctions,
  ...htmlFunctions,
  ...attachmentFunctions,
  ...absentFunctions,
};

export const functionNames = (): string[] => Object.keys(builders);

/** Functions whose names Camel also takes with something right behind them (`exchangeProperty`, `headers`): longest first. */
const families = ['exchangeProperty', 'camelContext', 'messageHistory', 'exception', 'exchange', 'in.headers', 'in.header', 'in.body', 'headers', 'header', 'variables', 'variable', 'body', 'uuid'];

const toBoolean = conversionTo('boolean');

const isMissing = (value: unknown): boolean => value === null || value === undefined;

const prefixes: Readonly<Record<string, (value: unknown, exchange: Exchange) => unknown>> = {
  int: (value) => (isMissing(value) ? 0 : toInteger(value, 'int')),
  integer: (value) => (isMissing(value) ? 0 : toInteger(value, 'int')),
  long: (value) => (isMissing(value) ? 0 : toLong(value, 'long')),
  boolean: (value) => (value === null || value === undefined ? false : toBoolean(value)),
  string: toText,
};

/** Compiles what stands between `${` and `}`. @throws ExpressionSyntaxError */
export function buildFunction(text: string, at: number, compiler: Compiler): Value {
  const ternary = inlineTernary(text, at, compiler);
  if (ternary !== null) return ternary;
  const prefix = /^(int|integer|long|boolean|string):/.exec(text);
  if (prefix !== null) {
    const convert = prefixes[prefix[1]!]!;
    const value = build(text.slice(prefix[0].length), at + prefix[0].length, compiler);
    return (exchange) => convert(value(exchange), exchange);
  }
  return build(text, at, compiler);
}

function build(text: string, at: number, compiler: Compiler): Value {
  const name = /^(?:date-with-timezone|in\.(?:body|headers|header)|a2a|[A-Za-z_$][\w$-]*)?/.exec(text)![0];
  const isKnown = Object.hasOwn(builders, name);
  if (isKnown && text !== `${name}(`) {
    const value = builders[name]!(new Call(text, name, at, compiler));
    if (value !== notMine) return value;
  }
  const custom = customCall(text, at, compiler);
  if (custom !== null) return custom;
  for (const family of families) {
    if (!text.startsWith(family)) continue;
    const value = builders[family]!(new Call(text, family, at, compiler));
    if (value !== notMine) return value;
  }
  const call = new Call(text, name, at, compiler);
  if (isKnown) throw call.wrong(call.tail.startsWith('(') ? `\`\${${name}()}\`, with the parenthesis closed` : `\`\${${name}(...)}\`, or a text without braces`);
  throw call.unknown(functionNames());
}

/** A function of the author's own: `name`, `name()` or `name(input)`. */
function customCall(text: string, at: number, compiler: Compiler): Value | null {
  const open = text.indexOf('(');
  const custom = compiler.custom(open < 0 ? text : text.slice(0, open));
  if (custom === null) return null;
  const call = new Call(text, open < 0 ? text : text.slice(0, open), at, compiler);
  const input = open < 0 || call.inner === '' ? body : call.template(withoutQuotes(call.inner));
  return withInput(custom, input);
}

const withoutQuotes = (text: string): string => (/^(['"]).*\1$/s.test(text.trim()) ? text.trim().slice(1, -1) : text);

export function withInput(custom: Value, input: Value): Value {
  if (input === body) return custom;
  return (exchange) => {
    const value = input(exchange);
    const { body: before } = exchange;
    exchange.body = value;
    try {
      return custom(exchange);
    } finally {
      exchange.body = before;
    }
  };
}

/** `condition ? 'yes' : 'no'` between the braces; null when it is none. */
function inlineTernary(text: string, at: number, compiler: Compiler): Value | null {
  const question = ternaryMark(text, '?', 0);
  if (question < 0) return null;
  const colon = ternaryMark(text, ':', question + 1);
  if (colon < 0) return null;
  const [condition, yes, no] = [text.slice(0, question).trim(), text.slice(question + 1, colon).trim(), text.slice(colon + 1).trim()];
  if (condition === '' || yes === '' || no === '') return null;
  const holds = compiler.predicate(withFunction(condition), at + text.indexOf(condition));
  const [whenTrue, whenFalse] = [choice(yes, at + text.indexOf(yes, question), compiler), choice(no, at + text.indexOf(no, colon), compiler)];
  return (exchange) => (holds(exchange) ? whenTrue(exchange) : whenFalse(exchange));
}

function ternaryMark(text: string, mark: string, from: number): number {
  let quote = '';
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const char = text[i]!;
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === "'" || char === '"') quote = char;
    else if (char === '{') depth++;
    else if (char === '}') depth--;
    else if (char === mark && depth === 0 && (mark === '?' ? isQuestion(text, i) : isColon(text, i))) return i;
  }
  return -1;
}

const isQuestion = (text: string, i: number): boolean => text[i - 1] === ' ' && !'.:~'.includes(text[i + 1] ?? '.');
const isColon = (text: string, i: number): boolean => text[i - 1] === ' ' || text[i + 1] === ' ' || /['"}]/.test(text[i - 1] ?? '');

const conditionOperators = ['==', '=~', '>=', '<=', '>', '<', '!=~', '!=', '~~', '!~~', 'contains', '!contains', 'regex', '!regex', 'in', '!in', 'is', '!is', 'range', '!range', 'startsWith', '!startsWith', 'endsWith', '!endsWith'];

/** In a condition without braces the left side is taken for a function: `header.n > 3`. */
function withFunction(condition: string): string {
  if (condition.includes('${')) return condition;
  for (const operator of conditionOperators) {
    const index = condition.indexOf(` ${operator} `);
    if (index <= 0) continue;
    const left = condition.slice(0, index).trim();
    if (/^['"]/.test(left)) return condition;
    return `\${${left}}${condition.slice(index)}`;
  }
  return condition;
}

function choice(text: string, at: number, compiler: Compiler): Value {
  if (/^(?:'.*'|".*")$/s.test(text) && ternaryMark(text, '?', 0) < 0) return constant(text.slice(1, -1));
  if (text === 'null' || text === '${null}') return constant(null);
  const nested = inlineTernary(text, at, compiler);
  if (nested !== null) return nested;
  return compiler.template(text.startsWith('${') ? text : `\${${text}}`, text.startsWith('${') ? at : Math.max(0, at - 2));
}
