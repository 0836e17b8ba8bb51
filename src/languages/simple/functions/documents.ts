import { isContent, javaBytes, toText } from '../../../core/conversion/convert.ts';
import { ExchangeError } from '../../../core/errors.ts';
import type { Exchange } from '../../../core/exchange/exchange.ts';
import { isNetworkBytes } from '../../../core/conversion/network-bytes.ts';
import { isNumeric } from '../../../core/conversion/exactNumber.ts';
import { parseJson } from '../../../core/conversion/json.ts';
import { isPlainObject } from '../../../core/beans/javaTypes.ts';
import { removeEndingQuotes, removeQuotes } from '../arguments.ts';
import { conversionError } from '../../../core/conversion/convert.ts';
import { compactJson, prettyJson, prettyText } from '../pretty.ts';
import { JavaClass } from '../javaClasses.ts';
import type { Call, FunctionBuilder, Value } from '../value.ts';
import { body } from '../value.ts';
import { notMine } from './notMine.ts';

const called =
  (build: FunctionBuilder): FunctionBuilder =>
  (call) =>
    call.hasParentheses ? build(call) : notMine;

const inputs: readonly [string, (exchange: Exchange, name: string) => unknown][] = [
  ['header:', (exchange, name) => exchange.headers.get(name)],
  ['exchangeProperty:', (exchange, name) => exchange.property(name)],
  ['property:', (exchange, name) => exchange.property(name)],
  ['variable:', (exchange, name) => exchange.variable(name)],
];

/** `name(exp)` or `name(header:x,exp)`: where the document is, and the expression. */
function inputAndExpression(call: Call): [input: string | null, expression: string] {
  const { inner } = call;
  if (inner === '') throw call.wrong(`\`\${${call.name}(exp)}\` or \`\${${call.name}(header:name,exp)}\``);
  const comma = inner.indexOf(',');
  if (comma < 0 || !inputs.some(([prefix]) => inner.startsWith(prefix))) return [null, inner];
  return [inner.slice(0, comma).trim(), inner.slice(comma + 1)];
}

/** An expression of another language, over the body or what the first argument names. */
const inLanguage = (language: string): FunctionBuilder =>
  called((call) => {
    const [input, expression] = inputAndExpression(call);
    const path = expression.trim();
    const source = /^(['"]).*\1$/s.test(path) ? path.slice(1, -1) : path;
    return call.compiler.context.expression(language, source, input === null ? {} : { source: input.replace(/^exchangeProperty:/, 'property:') }) as Value;
  });

const simpleJsonpath = called((call) => {
  const [input, expression] = inputAndExpression(call);
  const path = removeQuotes(expression).trim();
  const [prefix, read] = input === null ? ['', null] : inputs.find(([candidate]) => input.startsWith(candidate))!;
  const name = input === null ? '' : input.slice(prefix.length);
  const source: Value = read === null ? body : (exchange) => read(exchange, name);
  const steps = path.split('.');
  return (exchange) => {
    const value = source(exchange);
    // As in Camel, only a text is read: a map is none.
    const hasText = typeof value === 'string' || value instanceof Uint8Array || (typeof value === 'object' && value !== null && isContent(value));
    return hasText ? walk(parsed(toText(value) ?? '', value), steps, path) : null;
  };
});

function parsed(text: string, value: unknown): unknown {
  let document: unknown;
  try {
    document = parseJson(text);
  } catch (thrown) {
    throw conversionError(value, 'org.apache.camel.util.json.Jsonable', thrown);
  }
  if (typeof document !== 'object' || document === null || isNumeric(document)) throw conversionError(value, 'org.apache.camel.util.json.Jsonable');
  return document;
}

/** `a.b[0]?.c`: a `?` behind an index makes the rest optional; behind a name, as in Camel, it means nothing. What is missing fails. */
function walk(document: unknown, steps: readonly string[], path: string): unknown {
  let current = document;
  let isOptional = false;
  for (const [i, step] of steps.entries()) {
    isOptional ||= step.endsWith(']?');
    const match = /^([^[\]?]*)(?:\[(\w+)\])?\??$/.exec(step);
    const name = match?.[1] ?? step;
    if (name !== '') current = isPlainObject(current) && Object.hasOwn(current, name) ? current[name] : undefined;
    const index = match?.[2];
    if (index !== undefined) {
      const list = Array.isArray(current) ? (current as unknown[]) : [];
      const element = list[index === 'last' ? list.length - 1 : Number(index)];
      // Camel's reader only goes through lists: a path can't end at an element.
      current = typeof element === 'object' && i < steps.length - 1 ? element : undefined;
    }
    if (current === undefined || current === null) break;
  }
  if (current !== undefined && current !== null) return current;
  if (isOptional || steps.at(-1)?.startsWith('?') === true) return null;
  throw new ExchangeError('java.lang.IllegalArgumentException', `JSONObject path ${path} is null`);
}

/** The value of `name(exp)`; quotes around the whole go. */
const rawInput = (call: Call): Value => call.template(removeEndingQuotes(call.inner));

const ofRaw = (apply: (value: unknown, exchange: Exchange) => unknown): FunctionBuilder =>
  called((call) => {
    const input = rawInput(call);
    return (exchange) => apply(input(exchange), exchange);
  });

const ofBody =
  (apply: (value: unknown, exchange: Exchange) => unknown): FunctionBuilder =>
  (call) =>
    call.tail === '' ? (exchange) => apply(exchange.body, exchange) : notMine;

/** Texts stay as they are. */
const json = (write: (value: unknown) => string) => (value: unknown, exchange: Exchange) => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && isContent(value)) return toText(value, exchange);
  // Bytes are written as the list that they are, and those of a stream as its text.
  if (value instanceof Uint8Array) return isNetworkBytes(value) ? toText(value, exchange) : write([...javaBytes(value)]);
  return value instanceof JavaClass ? value.toString() : write(value);
};

const pretty = (value: unknown, exchange: Exchange): string | null => {
  const text = toText(value, exchange);
  return text === null ? null : prettyText(text);
};

export const documentFunctions: Readonly<Record<string, FunctionBuilder>> = {
  jsonpath: inLanguage('jsonpath'),
  jq: inLanguage('jq'),
  xpath: inLanguage('xpath'),
  simpleJsonpath,
  pretty: ofRaw(pretty),
  prettyBody: ofBody(pretty),
  toJson: ofRaw(json(compactJson)),
  toJsonBody: ofBody(json(compactJson)),
  toPrettyJson: ofRaw(json(prettyJson)),
  toPrettyJsonBody: ofBody(json(prettyJson)),
};
