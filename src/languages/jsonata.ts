import type { Expression as Compiled } from 'jsonata';
import library from 'jsonata';
import { isByteSource, readBytes, toText } from '../core/conversion/convert.ts';
import { defineLanguage } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { isNumeric } from '../core/conversion/exactNumber.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { ExpressionSyntaxError } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { jsonText, parseJson, toPlainNumbers } from '../core/conversion/json.ts';
import { sourceReader } from '../core/exchange/source.ts';

/** What one evaluation may take at most: nested evaluations, and milliseconds. */
const deepest = 5000;
const longestMillis = 1000;

/** The variable (with a name that no query can write) that counts one evaluation's work. */
const workName = '\u0000work';

interface Work {
  depth: number;
  steps: number;
  readonly start: number;
}

interface Environment {
  lookup(name: string): unknown;
}

export const jsonata = defineLanguage({
  name: 'jsonata',
  summary: 'A JSONata query or transformation of a JSON document. Headers, properties and variables are `$headers`, `$properties`, `$variables`.',
  options: {
    source: field.string('Where the document is, instead of the body: `header:x`, `property:x`, `variable:x`.'),
  },
  examples: [{ expression: '$sum(items.price)', body: { items: [{ price: 1 }, { price: 2 }] }, gives: 3 }],
  expression: (source, options) => {
    const compiled = compile(source);
    const bindings = bindingsFor(source);
    const read = sourceReader(options.source);
    const run = (exchange: Exchange, document: unknown): Promise<unknown> =>
      (compiled.evaluate(document, bindings(exchange)) as Promise<unknown>).then(plain, (thrown: unknown) => {
        throw failure(thrown);
      });
    const evaluate = (exchange: Exchange): Promise<unknown> => {
      const value = read(exchange);
      if (isByteSource(value)) return readBytes(value).then((bytes) => run(exchange, documentOf(bytes)));
      try {
        return run(exchange, documentOf(value));
      } catch (thrown) {
        return Promise.reject(thrown as Error);
      }
    };
    return Object.assign(evaluate, { isAsync: true });
  },
});

/** Only functions of its own let a query run on and on. They are watched at every step, which costs several times what the query does. */
const mayRepeat = /\bfunction\b|\u03bb|\$eval\b|~>/;

function compile(source: string): Compiled {
  try {
    const compiled = library(source);
    if (!mayRepeat.test(source)) return compiled;
    const bind = compiled.assign.bind(compiled) as unknown as (name: symbol, hook: (expression: unknown, input: unknown, environment: Environment) => void) => void;
    bind(Symbol.for('jsonata.__evaluate_entry'), (_expression, _input, environment) => enter(environment.lookup(workName) as Work));
    bind(Symbol.for('jsonata.__evaluate_exit'), (_expression, _input, environment) => void (environment.lookup(workName) as Work).depth--);
    return compiled;
  } catch (thrown) {
    const { message, position } = thrown as { message: string; position?: number };
    throw new ExpressionSyntaxError(message, Math.max(0, (position ?? 1) - 1));
  }
}

function documentOf(value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return toPlainNumbers(parseJson(value));
  if (value instanceof Uint8Array) return toPlainNumbers(parseJson(jsonText(value)));
  if (isNumeric(value)) return Number(value);
  if (typeof value === 'object' && typeof (value as { bytes?: unknown }).bytes === 'function') return toPlainNumbers(parseJson(toText(value)!));
  return toPlainNumbers(value);
}

function enter(work: Work): void {
  if (++work.depth > deepest) throw new ExchangeError('java.lang.StackOverflowError', `jsonata: nested deeper than ${deepest}`);
  if ((++work.steps & 255) === 0 && performance.now() - work.start > longestMillis) {
    throw new ExchangeError('java.util.concurrent.TimeoutException', `jsonata: not done after ${longestMillis} ms`);
  }
}

/** Puts together only what the query can ask for. */
function bindingsFor(source: string): (exchange: Exchange) => Record<string, unknown> | undefined {
  const isWatched = mayRepeat.test(source);
  const [headers, properties, variables] = ['$headers', '$properties', '$variables'].map((name) => source.includes(name) || source.includes('$eval'));
  if (!isWatched && !headers && !properties && !variables) return () => undefined;
  return (exchange) => ({
    ...(isWatched ? { [workName]: { depth: 0, steps: 0, start: performance.now() } satisfies Work } : {}),
    ...(headers ? { headers: exchange.headers.toObject() } : {}),
    ...(properties ? { properties: exchange.hasProperties ? exchange.properties.toObject() : {} } : {}),
    ...(variables ? { variables: exchange.variables.toObject() } : {}),
  });
}

/** Lists of the library are marked with hidden fields; undefined is null here. */
function plain(result: unknown): unknown {
  if (result === undefined) return null;
  return Array.isArray(result) && Object.keys(result).length !== result.length ? Array.from(result) : result;
}

function failure(thrown: unknown): ExchangeError {
  if (thrown instanceof ExchangeError) return thrown;
  if (thrown instanceof RangeError) return new ExchangeError('java.lang.StackOverflowError', 'jsonata: the document is nested too deeply for the query');
  const { message, code, position } = thrown as { message?: string; code?: string; position?: number };
  return new ExchangeError('com.dashjoin.jsonata.JException', `${message ?? String(thrown)}${code === undefined ? '' : ` (${code}${position === undefined ? '' : ` at ${position}`})`}`);
}
