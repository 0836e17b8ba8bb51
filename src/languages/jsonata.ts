import type { Expression as Compiled } from 'jsonata';
import library from 'jsonata';
import { BoundedRegExp } from '../core/boundedRegExp.ts';
import { systemClock } from '../core/clock.ts';
import { isByteSource, readBytes, toText } from '../core/conversion/convert.ts';
import { defineLanguage } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { isNumeric } from '../core/conversion/exactNumber.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { ExpressionSyntaxError } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { jsonText, parseJson, toPlainNumbers } from '../core/conversion/json.ts';
import { sourceReader } from '../core/exchange/source.ts';

/** What one evaluation may take at most: nested evaluations, and milliseconds; of a large document more, by its letters. */
const deepest = 5000;
const longestMillis = 1000;
const lettersAMilli = 2000;

/** From so many letters on an evaluation is watched, and lets others have their turn. */
const largeDocument = 100_000;
const sliceMillis = 8;

/** The variable (with a name that no query can write) that counts one evaluation's work. */
const workName = '\u0000work';

interface Work {
  depth: number;
  steps: number;
  /** When this turn began, and what those before it took. */
  start: number;
  spent: number;
  readonly longest: number;
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
    let watched = mayRepeat.test(source) ? watch(compiled) : null;
    const isAlwaysWatched = watched !== null;
    const bindings = bindingsFor(source);
    const read = sourceReader(options.source);
    const run = (exchange: Exchange, value: unknown): Promise<unknown> => {
      const letters = lettersOf(value);
      const isWatched = isAlwaysWatched || letters >= largeDocument;
      const query = isWatched ? (watched ??= watch(compile(source))) : compiled;
      return (query.evaluate(documentOf(value), bindings(exchange, isWatched, letters)) as Promise<unknown>).then(plain, (thrown: unknown) => {
        throw failure(thrown);
      });
    };
    const evaluate = (exchange: Exchange): Promise<unknown> => {
      const value = read(exchange);
      if (isByteSource(value)) return readBytes(value).then((bytes) => run(exchange, bytes));
      try {
        return run(exchange, value);
      } catch (thrown) {
        return Promise.reject(thrown as Error);
      }
    };
    return Object.assign(evaluate, { isAsync: true });
  },
});

/** Only functions of its own, and lists that it makes, let a query run on and on. They are watched at every step, which costs several times what the query does. */
const mayRepeat = /\bfunction\b|\u03bb|\$eval\b|~>|\.\./;

function compile(source: string): Compiled {
  try {
    return library(source, { RegexEngine: BoundedRegExp as unknown as RegExpConstructor });
  } catch (thrown) {
    const { message, position } = thrown as { message: string; position?: number };
    throw new ExpressionSyntaxError(message, Math.max(0, (position ?? 1) - 1));
  }
}

/** Calls what watches the work before and behind each step of a query; the library waits for what it gives. */
function watch(compiled: Compiled): Compiled {
  const bind = compiled.assign.bind(compiled) as unknown as (name: symbol, hook: (expression: unknown, input: unknown, environment: Environment) => void | Promise<void>) => void;
  bind(Symbol.for('jsonata.__evaluate_entry'), (_expression, _input, environment) => enter(environment.lookup(workName) as Work));
  bind(Symbol.for('jsonata.__evaluate_exit'), (_expression, _input, environment) => void (environment.lookup(workName) as Work).depth--);
  return compiled;
}

/** How long a document is, where that can be told at once. */
const lettersOf = (value: unknown): number => (typeof value === 'string' || value instanceof Uint8Array ? value.length : 0);

function documentOf(value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return toPlainNumbers(parseJson(value));
  if (value instanceof Uint8Array) return toPlainNumbers(parseJson(jsonText(value)));
  if (isNumeric(value)) return Number(value);
  if (typeof value === 'object' && typeof (value as { bytes?: unknown }).bytes === 'function') return toPlainNumbers(parseJson(toText(value)!));
  return toPlainNumbers(value);
}

function enter(work: Work): void | Promise<void> {
  if (++work.depth > deepest) throw new ExchangeError('java.lang.StackOverflowError', `jsonata: nested deeper than ${deepest}`);
  if ((++work.steps & 63) !== 0) return undefined;
  const turn = performance.now() - work.start;
  if (work.spent + turn > work.longest) throw new ExchangeError('java.util.concurrent.TimeoutException', `jsonata: not done after ${Math.round(work.longest)} ms`);
  if (turn < sliceMillis) return undefined;
  return new Promise((resolve) => {
    systemClock.yield(() => {
      work.spent += turn;
      work.start = performance.now();
      resolve();
    });
  });
}

/** Puts together only what the query can ask for. */
function bindingsFor(source: string): (exchange: Exchange, isWatched: boolean, letters: number) => Record<string, unknown> | undefined {
  const [headers, properties, variables] = ['$headers', '$properties', '$variables'].map((name) => source.includes(name) || source.includes('$eval'));
  const isAlone = !headers && !properties && !variables;
  return (exchange, isWatched, letters) =>
    isAlone && !isWatched
      ? undefined
      : {
          ...(isWatched ? { [workName]: { depth: 0, steps: 0, start: performance.now(), spent: 0, longest: longestMillis + letters / lettersAMilli } satisfies Work } : {}),
          ...(headers ? { headers: exchange.headers.toObject() } : {}),
          ...(properties ? { properties: exchange.hasProperties ? exchange.properties.toObject() : {} } : {}),
          ...(variables ? { variables: exchange.variables.toObject() } : {}),
        };
}

/** Lists of the library are marked with hidden fields; undefined is null here. */
function plain(result: unknown): unknown {
  if (result === undefined) return null;
  return Array.isArray(result) && Object.keys(result).length !== result.length ? Array.from(result) : result;
}

function failure(thrown: unknown): ExchangeError {
  if (thrown instanceof ExchangeError) return thrown;
  if (thrown instanceof RangeError && thrown.message === 'Invalid string length') return new ExchangeError('com.dashjoin.jsonata.JException', 'jsonata: a text would be longer than a text can be');
  if (thrown instanceof RangeError) return new ExchangeError('java.lang.StackOverflowError', 'jsonata: the document is nested too deeply for the query');
  const { message, code, position } = thrown as { message?: string; code?: string; position?: number };
  return new ExchangeError('com.dashjoin.jsonata.JException', `${message ?? String(thrown)}${code === undefined ? '' : ` (${code}${position === undefined ? '' : ` at ${position}`})`}`);
}
