import { LRUCache } from 'lru-cache';
import { isByteSource, isPlainMap, toText, toTruth } from '../../core/conversion/convert.ts';
import { defineLanguage } from '../../core/definition.ts';
import { isDynamicText } from '../../core/graph/dynamicText.ts';
import { ExchangeError } from '../../core/errors.ts';
import { isNumeric } from '../../core/conversion/exactNumber.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { Expression, LanguageContext } from '../../core/expression.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';
import { field } from '../../core/field.ts';
import { jsonText, parseJson, withoutMark, writeJson } from '../../core/conversion/json.ts';
import { forgetPreparedJson, jsonPreparation, preparedJson } from '../../core/exchange/preparedJson.ts';
import { sourceReader } from '../../core/exchange/source.ts';
import type { PathOptions, Query } from './evaluate.ts';
import { compilePath, noOptions } from './evaluate.ts';
import { parsePath } from './parser.ts';

interface JsonpathOptions {
  readonly suppressExceptions: boolean;
  readonly allowSimple: boolean;
  readonly allowEasyPredicate: boolean;
  readonly writeAsString: boolean;
  readonly unpackArray: boolean;
  readonly option: string | undefined;
  readonly source: string | undefined;
  /** The caller converts; a list of one is taken apart before, where the type is no collection. */
  readonly resultType?: string | undefined;
}

export const jsonpath = defineLanguage({
  name: 'jsonpath',
  summary: "A path into a JSON document, in Jayway's dialect; Simple functions may stand in it.",
  options: {
    suppressExceptions: field.boolean('A path that leads nowhere gives null instead of an error.').default(false),
    allowSimple: field.boolean('Simple functions in the path are filled in for each message.').default(true),
    allowEasyPredicate: field.boolean('As a predicate, `store.book.price < 10` stands for the filter that it means.').default(true),
    writeAsString: field.boolean('Gives each element of the result as JSON text.').default(false),
    unpackArray: field.boolean('Gives the element of a list that has only one.').default(false),
    option: field.string('Options of the path engine, separated by commas: DEFAULT_PATH_LEAF_TO_NULL, ALWAYS_RETURN_LIST, AS_PATH_LIST, SUPPRESS_EXCEPTIONS, REQUIRE_PROPERTIES.'),
    resultType: field.string('Type that the value is converted to; a list of one is taken apart for a type that is no collection.'),
    source: field.string('Where the document is, instead of the body: `header:x`, `property:x`, `variable:x`.'),
  },
  examples: [
    { expression: '$.store.book[?(@.price < 10)].title', body: '{"store":{"book":[{"title":"A","price":8.5},{"title":"B","price":12}]}}', gives: ['A'] },
    { expression: '$.items.length()', body: { items: [1, 2] }, gives: 2 },
  ],
  conversionFailed: (thrown) => evaluationFailed(thrown),
  expression: (source, options, context) => expressionOf(source, options, context),
  predicate: (source, options, context) => {
    const path = options.allowEasyPredicate ? easyPredicate(source) : source;
    const isTyped = options.resultType !== undefined && options.resultType !== '';
    const value = isTyped ? context.expression('jsonpath', path, { ...options }) : expressionOf(path, options, context);
    return Object.assign((exchange: Exchange) => toTruth(value(exchange)), { prepare: value.prepare });
  },
});

const easy = /^([^$@\s]\S*)\s+(===|!==|==|!=|<=|>=|=~|<|>|in|nin|size|empty)\s+(.+)$/s;

/** `a.b < 5` becomes `$.a[?(@.b < 5)]`; as in Camel, `b < 5` asks what the document holds, not the document. */
export function easyPredicate(source: string): string {
  const match = easy.exec(source.trim());
  if (match === null) return source;
  const [, path, operator, right] = match as unknown as [string, string, string, string];
  const dot = path.lastIndexOf('.');
  // As in Camel, here `>=` asks for more, and `<=` for less.
  const filter = `[?(@.${path.slice(dot + 1)} ${/^[<>]=$/.test(operator) ? operator[0]! : operator} ${right})]`;
  return dot < 0 ? `$.*${filter}` : `$.${path.slice(0, dot)}${filter}`;
}

const known = ['DEFAULT_PATH_LEAF_TO_NULL', 'ALWAYS_RETURN_LIST', 'AS_PATH_LIST', 'SUPPRESS_EXCEPTIONS', 'REQUIRE_PROPERTIES'];

function pathOptions({ option, suppressExceptions }: JsonpathOptions): PathOptions {
  const names = new Set((option ?? '').split(',').map((name) => name.trim()).filter((name) => name !== ''));
  for (const name of names) if (!known.includes(name)) throw new ExpressionSyntaxError(`no jsonpath option ${name}`, 0, 1, `there are ${known.join(', ')}`);
  if (names.size === 0 && !suppressExceptions) return noOptions;
  return {
    leafToNull: names.has('DEFAULT_PATH_LEAF_TO_NULL'),
    alwaysList: names.has('ALWAYS_RETURN_LIST'),
    asPaths: names.has('AS_PATH_LIST'),
    suppresses: suppressExceptions || names.has('SUPPRESS_EXCEPTIONS'),
    requires: names.has('REQUIRE_PROPERTIES'),
  };
}

const evaluationFailed = (cause: unknown): ExchangeError => {
  const error = cause instanceof ExchangeError ? cause : new ExchangeError('java.lang.IllegalArgumentException', String(cause));
  return new ExchangeError('org.apache.camel.ExpressionEvaluationException', `${error.type}: ${error.message}`, { cause: error });
};

const invalid = (error: ExpressionSyntaxError): ExchangeError => new ExchangeError('com.jayway.jsonpath.InvalidPathException', `${error.message} (at ${error.offset})`);

function expressionOf(source: string, options: JsonpathOptions, context: LanguageContext): Expression {
  const wanted = pathOptions(options);
  const read = sourceReader(options.source);
  const queryOf = options.allowSimple && isDynamicText(source) ? dynamicQuery(source, wanted, context) : staticQuery(source, wanted, context);
  const finish = finisher(options);
  const evaluate = (exchange: Exchange): unknown => {
    try {
      const input = read(exchange);
      if (input === null || input === undefined) {
        if (wanted.suppresses) return finish(null);
        throw unreadable();
      }
      const query = queryOf(exchange);
      if (typeof input === 'string' || input instanceof Uint8Array) {
        const before = preparedJson(exchange, input);
        if (before !== null) return finish(queryPrepared(before, query, exchange));
      }
      if (typeof input === 'string') return finish(queryText(input, query));
      if (wanted.suppresses && !isDocument(input)) return finish(null);
      return finish(query(documentOf(input)));
    } catch (thrown) {
      throw evaluationFailed(thrown);
    }
  };
  return Object.assign(evaluate, { prepare: jsonPreparation(read) });
}

function queryPrepared({ document, failure }: NonNullable<ReturnType<typeof preparedJson>>, query: Query, exchange: Exchange): unknown {
  if (failure !== undefined) throw unreadableJson(failure as ExchangeError);
  const result = query(document);
  if (typeof result === 'object' && result !== null) forgetPreparedJson(exchange);
  return result;
}

const unreadable = (): ExchangeError => new ExchangeError('org.apache.camel.CamelExchangeException', 'Cannot read body as supported JSON value');

const isDocument = (input: unknown): boolean => typeof input === 'object' && !isNumeric(input);

function documentOf(input: unknown): unknown {
  if (input instanceof Uint8Array) return parsed(jsonText(input));
  if (isByteSource(input)) throw new ExchangeError('java.lang.IllegalStateException', 'the stream has not been read: use stream caching or convertBodyTo before');
  if (isDocument(input)) {
    if (typeof (input as { bytes?: unknown }).bytes === 'function') return parsed(withoutMark(toText(input)!));
    return input;
  }
  throw unreadable();
}

function parsed(text: string): unknown {
  if (text === '') throw new ExchangeError('java.lang.IllegalArgumentException', 'json string can not be null or empty');
  try {
    return parseJson(text);
  } catch (thrown) {
    throw unreadableJson(thrown as ExchangeError);
  }
}

const unreadableJson = (error: ExchangeError): ExchangeError => new ExchangeError('com.jayway.jsonpath.InvalidJsonException', `${error.type}: ${error.message}`, { cause: error });

/** The document of the last text: several paths into one body parse it once. It is let go of when a part of it gets out, since that may be changed. */
let lastText: string | null = null;
let lastDocument: unknown = null;

const longestKept = 1 << 20;

function queryText(text: string, query: Query): unknown {
  const document = text === lastText ? lastDocument : parsed(text);
  const result = query(document);
  if (typeof result === 'object' && result !== null) {
    lastText = null;
    lastDocument = null;
  } else if (text.length <= longestKept) {
    lastText = text;
    lastDocument = document;
  }
  return result;
}

/** A wrong path fails when it is used, as in Camel; it is reported when the route is loaded. */
function staticQuery(source: string, options: PathOptions, context: LanguageContext): (exchange: Exchange) => Query {
  try {
    const query = compilePath(parsePath(source), options);
    return () => query;
  } catch (thrown) {
    if (!(thrown instanceof ExpressionSyntaxError)) throw thrown;
    context.log('warn', `jsonpath ${source}: ${thrown.message}`);
    return () => {
      throw invalid(thrown);
    };
  }
}

function dynamicQuery(source: string, options: PathOptions, context: LanguageContext): (exchange: Exchange) => Query {
  const text = context.expression('simple', source);
  const queries = new LRUCache<string, Query>({ max: 100 });
  return (exchange) => {
    const path = toText(text(exchange)) ?? '';
    let query = queries.get(path);
    if (query === undefined) {
      try {
        query = compilePath(parsePath(path), options);
      } catch (thrown) {
        throw thrown instanceof ExpressionSyntaxError ? invalid(thrown) : thrown;
      }
      queries.set(path, query);
    }
    return query;
  };
}

/** Types that no object becomes. */
const scalar = /^(?:java\.lang\.)?(?:boolean|byte|short|int|integer|long|float|double)$/i;

function finisher({ writeAsString, unpackArray, resultType }: JsonpathOptions): (result: unknown) => unknown {
  const packs = resultType !== undefined && /(List|Set|Collection)$/.test(resultType);
  const unpacks = !packs && (unpackArray || (resultType !== undefined && !/(Iterable|Iterator)$/.test(resultType)));
  const unpack = (result: unknown): unknown => (unpacks && Array.isArray(result) && result.length === 1 ? (result[0] as unknown) : result);
  if (!writeAsString) {
    if (resultType !== undefined && scalar.test(resultType)) {
      return (result) => {
        const value = unpack(result);
        if (isPlainMap(value)) throw new ExchangeError('java.lang.NullPointerException', `an object is no ${resultType}`);
        return value;
      };
    }
    if (unpacks) return unpack;
    return (result) => (packs && !Array.isArray(result) ? [result] : result);
  }
  return (result) => {
    if (result === null) return 'null';
    if (Array.isArray(result)) return unpack(result.map((item) => writeJson(item)));
    if (typeof result !== 'object' || isNumeric(result)) return writeJson(result);
    const texts = Object.create(null) as Record<string, string>;
    for (const [key, value] of Object.entries(result)) texts[key] = writeJson(value);
    return texts;
  };
}
