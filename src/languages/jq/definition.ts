import { isByteSource, isPlainMap, jsonOf, toText } from '../../core/conversion/convert.ts';
import { defineLanguage } from '../../core/definition.ts';
import { deepest } from '../../core/conversion/json.ts';
import { javaClassName } from '../../core/conversion/javaClassName.ts';
import { asJsonNode, asNodeList, isJsonNode, noteScalarNode, tooDeep } from '../../core/conversion/jsonNode.ts';
import { isNumeric } from '../../core/conversion/exactNumber.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { Expression, LanguageContext, Predicate } from '../../core/expression.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';
import { field } from '../../core/field.ts';
import { forgetPreparedJson, jsonPreparation, preparedJson } from '../../core/exchange/preparedJson.ts';
import { sourceReader } from '../../core/exchange/source.ts';
import type { OutsideFunction } from './compile.ts';
import { compileJq } from './compile.ts';
import { runFilter } from './filter.ts';
import type { JsonMap } from './values.ts';
import { JqError, missing, put } from './values.ts';

const nodeType = 'com.fasterxml.jackson.databind.JsonNode';

/** A value as jq can take it, itself where it is JSON: what JSON has no form for is text. */
function jsonValue(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || isNumeric(value)) return value === undefined ? null : value;
  if (depth >= deepest) throw tooDeep();
  if (Array.isArray(value)) {
    let list: unknown[] | null = null;
    for (let i = 0; i < value.length; i++) {
      const item = jsonValue(value[i], depth + 1);
      if (item !== value[i]) (list ??= [...(value as unknown[])])[i] = item;
    }
    return list ?? value;
  }
  if (value instanceof Map) return jsonValue(Object.fromEntries(value), depth);
  if (value instanceof Set) return jsonValue([...(value as Set<unknown>)], depth);
  if (!isPlainMap(value)) return toText(value);
  let map: JsonMap | null = null;
  for (const key of Object.keys(value)) {
    const item = jsonValue(value[key], depth + 1);
    if (item !== value[key]) put((map ??= { ...value }), key, item);
  }
  return map ?? value;
}

function document(exchange: Exchange, value: unknown): unknown {
  if (value === null || value === undefined) {
    throw new ExchangeError('org.apache.camel.InvalidPayloadException', `No body available of type: ${nodeType} on: Message. Exchange[]`);
  }
  // Camel makes no node of a list of Java's; one that a filter has found is one.
  if (Array.isArray(value) && !isJsonNode(value)) {
    throw new ExchangeError('org.apache.camel.InvalidPayloadException', `No body available of type: ${nodeType} but has type: ${javaClassName(value)}: a list is no JSON document, \`marshal\` it before`);
  }
  return typeof value === 'boolean' || Array.isArray(value) || isNumeric(value) || isPlainMap(value) ? jsonValue(value) : jsonOf(value, nodeType, missing, preparedOf(exchange, value));
}

/** A result of what was missing: nulls in its place. */
function withNulls(value: unknown): unknown {
  if (value === missing) return null;
  if (Array.isArray(value)) return value.map(withNulls);
  return isPlainMap(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withNulls(item)])) : value;
}

/** A long document that has been read beforehand. */
function preparedOf(exchange: Exchange, value: unknown): (() => unknown) | null {
  const before = typeof value === 'string' || value instanceof Uint8Array ? preparedJson(exchange, value) : null;
  if (before === null) return null;
  return () => {
    if (before.failure !== undefined) throw before.failure as Error;
    return before.document;
  };
}

/** The exchange whose message is filtered: filters run to their end at once. */
let current: Exchange | null = null;

/** As in Camel, whatever is found is a text. */
const named = (read: (exchange: Exchange, name: string) => unknown): OutsideFunction => (args) => toText(read(current!, String(args[0])) ?? args[1] ?? null, current!);

const header = named((exchange, name) => exchange.headers.get(name));
const property = named((exchange, name) => exchange.property(name));
const variable = named((exchange, name) => exchange.variable(name));

/** Camel's own functions. */
const functions: Readonly<Record<string, OutsideFunction>> = {
  'header/1': header,
  'header/2': header,
  'property/1': property,
  'property/2': property,
  'variable/1': variable,
  'variable/2': variable,
  'constant/1': ([value]) => value,
  'body/0': () => (current!.body === null ? null : (toText(current!.body) ?? null)),
  'now/0': () => current!.scope.clock.now() / 1000,
};

/** What Camel gives for the results: nothing, the one, or a list of them. */
function resultOf(results: readonly unknown[], copies: boolean, isTyped: boolean): unknown {
  if (results.length === 0) return null;
  // With a type that is wanted they are nodes in a plain list.
  if (isTyped && results.length > 1) return results.map((result) => asJsonNode(result, copies));
  return results.length === 1 ? asJsonNode(results[0], copies) : asNodeList(results, copies);
}

const isSeveral = (result: unknown): boolean => Array.isArray(result) && !isJsonNode(result);

const camelError = (error: JqError): ExchangeError =>
  new ExchangeError('org.apache.camel.RuntimeCamelException', `net.thisptr.jackson.jq.exception.${error.isRaised ? 'JsonQueryUserException' : 'JsonQueryException'}: ${error.message}`, {
    cause: new ExchangeError(`net.thisptr.jackson.jq.exception.${error.isRaised ? 'JsonQueryUserException' : 'JsonQueryException'}`, error.message),
  });

/** Whatever fails, but for a stack that is full, is the cause of a RuntimeCamelException, as in Camel. */
function failed(thrown: unknown): unknown {
  if (thrown instanceof JqError) return camelError(thrown);
  return thrown instanceof ExchangeError && thrown.type !== 'org.apache.camel.RuntimeCamelException' && thrown.type !== 'java.lang.StackOverflowError' ? new ExchangeError('org.apache.camel.RuntimeCamelException', `${thrown.type}: ${thrown.message}`, { cause: thrown }) : thrown;
}

export const jq = defineLanguage({
  name: 'jq',
  summary: 'A jq filter of a JSON document. `header("x")`, `property("x")`, `variable("x")` and `body` reach the rest of the message.',
  options: {
    source: field.string('Where the document is, instead of the body: `header:x`, `property:x`, `variable:x`.'),
  },
  examples: [{ expression: '{total: ([.items[].price] | add)}', body: { items: [{ price: 1 }, { price: 2 }] }, gives: { total: 3 } }],
  conversionFailed: failed,
  // A node that is a text or a number is no condition that holds; several results are a list that has something in it, whatever that is.
  predicate: (source, options, context): Predicate => {
    const { resultType } = options as JqOptions;
    if (isWanted(resultType) && resultType !== 'java.lang.Object') {
      // As in Camel, what has been converted is no node any more: only a list can hold.
      const converted = context.expression('jq', source, { source: options.source, resultType });
      const holds = (exchange: Exchange): boolean => {
        const result = converted(exchange);
        return Array.isArray(result) && result.length > 0;
      };
      return Object.assign(holds, { prepare: converted.prepare });
    }
    const expression = filterOf(source, { source: options.source }, context);
    const holds = (exchange: Exchange): boolean => {
      const result = expression(exchange);
      return result === true || isSeveral(result);
    };
    return Object.assign(holds, { prepare: expression.prepare });
  },
  expression: (source, options: JqOptions, context) => {
    const filter = filterOf(source, options, context);
    // What is converted is no node any more.
    if (isWanted(options.resultType)) return filter;
    return (exchange) => {
      const result = filter(exchange);
      noteScalarNode(exchange, result);
      return result;
    };
  },
});

interface JqOptions {
  readonly source: string | undefined;
  readonly resultType?: string;
}

const isWanted = (resultType: string | undefined): resultType is string => resultType !== undefined && resultType !== '';

function filterOf(source: string, options: JqOptions, context: LanguageContext): Expression {
  const isTyped = isWanted(options.resultType);
  if (source.trim() === '') throw new ExpressionSyntaxError('there is no expression');
  const filter = compileJq(source, ['ENV'], functions, ({ message, offset, help }) => context.log('warn', `jq ${source} will fail at letter ${offset + 1}: ${message}${help === null ? '' : ` (${help})`}`));
  const env = { next: null, value: context.environment };
  const read = sourceReader(options.source);
  // Only what is read from a text is nobody else's.
  const isShared = /\b(?:header|property|variable|constant)\s*\(|\$ENV|\$__loc__/.test(source);
  const run = (exchange: Exchange, value: unknown): unknown => {
    const before = current;
    current = exchange;
    try {
      const input = document(exchange, value);
      const results = runFilter(filter, input, env);
      const result = resultOf(input === missing ? results.map(withNulls) : results, isShared || Array.isArray(value) || isPlainMap(value), isTyped);
      if (typeof result === 'object' && result !== null) forgetPreparedJson(exchange);
      return result;
    } catch (thrown) {
      throw failed(thrown);
    } finally {
      current = before;
    }
  };
  const evaluate = (exchange: Exchange): unknown => {
    const value = read(exchange);
    if (isByteSource(value)) throw new ExchangeError('java.lang.IllegalStateException', 'the stream has not been read: use stream caching or convertBodyTo before');
    return run(exchange, value);
  };
  return Object.assign(evaluate, { prepare: jsonPreparation(read) });
}
