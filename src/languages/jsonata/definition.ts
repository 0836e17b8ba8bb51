import { checkParts } from '../../core/conversion/manyParts.ts';
import type { Expression as Compiled } from 'jsonata';
import library from 'jsonata';
import { BoundedRegExp, interruptibly, isInterruption } from '../../core/boundedRegExp.ts';
import { systemClock } from '../../core/clock.ts';
import { isByteSource, isPlainMap, readBytes, toText } from '../../core/conversion/convert.ts';
import { defineLanguage } from '../../core/definition.ts';
import { ExchangeError } from '../../core/errors.ts';
import { isNumeric } from '../../core/conversion/exactNumber.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';
import { field } from '../../core/field.ts';
import { jsonText, parseJsonInTurns, toPlainNumbers, withoutMark } from '../../core/conversion/json.ts';
import { sourceReader } from '../../core/exchange/source.ts';
import type { Node } from './compile.ts';
import { compileQuery } from './compile.ts';

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

/** What one function of the library may take at most, during which nobody else has a turn; with a large document more, by its letters. */
const longestNativeMillis = 1000;
const lettersANativeMilli = 10_000;
const mostNativeMillis = 2000;
/** From so many letters, items and members on what it is given counts as much. */
const muchWork = 5000;

/** A function of the library, as it keeps them. */
interface Native {
  readonly _jsonata_function?: boolean;
  implementation: (this: Focus, ...args: unknown[]) => unknown;
  arity?: number;
}

interface Focus {
  readonly environment: Environment;
  readonly createSequence: () => unknown[];
}

export const jsonata = defineLanguage({
  name: 'jsonata',
  summary: 'A JSONata query or transformation of a JSON document. Headers, properties and variables are `$headers`, `$properties`, `$variables`.',
  options: {
    source: field.string('Where the document is, instead of the body: `header:x`, `property:x`, `variable:x`.'),
  },
  examples: [{ expression: '$sum(items.price)', body: { items: [{ price: 1 }, { price: 2 }] }, gives: 3 }],
  expression: (source, options) => {
    const parsed = compile(source);
    const repeats = mayRepeat.test(source);
    const query = compileQuery(parsed.ast() as Node, QueryRegExp);
    let library = repeats ? watch(parsed) : parsed;
    let isWatched = repeats;
    const bindings = bindingsFor(source);
    const read = sourceReader(options.source);
    const answer = (exchange: Exchange, document: unknown, letters: number): unknown => {
      const bound = bindings(exchange);
      const isLarge = letters >= largeDocument;
      if (query !== null) {
        try {
          return plain(query(document, bound, !repeats && !isLarge));
        } catch (thrown) {
          if (thrown instanceof ExchangeError) throw thrown;
        }
      }
      // Whatever went wrong, it is the library that says what it is.
      if (!repeats && !isLarge) return ask(parsed, document, bound);
      if (!isWatched) {
        library = watch(compile(source));
        isWatched = true;
      }
      return ask(library, document, { ...bound, [workName]: { depth: 0, steps: 0, start: performance.now(), spent: 0, longest: longestMillis + letters / lettersAMilli } satisfies Work });
    };
    const run = (exchange: Exchange, value: unknown): unknown => {
      const letters = lettersOf(value);
      const document = documentOf(value);
      return document instanceof Promise ? document.then((read) => answer(exchange, read, letters)) : answer(exchange, document, letters);
    };
    const evaluate = (exchange: Exchange): unknown => {
      const value = read(exchange);
      // A map is what is asked most.
      if (isPlainMap(value)) return answer(exchange, toPlainNumbers(value), 0);
      return isByteSource(value) ? readBytes(value).then((bytes) => run(exchange, bytes)) : run(exchange, value);
    };
    return Object.assign(evaluate, { isAsync: true });
  },
});

const ask = (query: Compiled, document: unknown, bound: Record<string, unknown> | undefined): Promise<unknown> => (query.evaluate(document, bound) as Promise<unknown>).then(plain, refused);

function refused(thrown: unknown): never {
  throw failure(thrown);
}

/** Only functions of its own, and lists that it makes, let a query run on and on. They are watched at every step, which costs several times what the query does. */
const mayRepeat = /\bfunction\b|\u03bb|\$(?:eval|pad)\b|~>|\.\./;

/** When what runs now began without a turn for others; 0: nobody knows. */
let turnBegan = 0;
let matches = 0;

/** The library goes through all matches of a text without a turn for others. */
class QueryRegExp extends BoundedRegExp {
  override exec(given: unknown): RegExpExecArray | null {
    const text = String(given);
    if ((++matches & 255) === 0 && text.length > muchWork) {
      const now = performance.now();
      if (turnBegan === 0) {
        turnBegan = now;
        systemClock.yield(() => void (turnBegan = 0));
      } else if (now - turnBegan > longestNativeMillis) throw new ExchangeError('java.util.concurrent.TimeoutException', `jsonata: not all matches of ${this.source} were found after ${longestNativeMillis} ms`);
    }
    return super.exec(text);
  }
}

function compile(source: string): Compiled {
  try {
    return library(source, { RegexEngine: QueryRegExp as unknown as RegExpConstructor });
  } catch (thrown) {
    const { message, position } = thrown as { message: string; position?: number };
    throw new ExpressionSyntaxError(message, Math.max(0, (position ?? 1) - 1));
  }
}

/** Calls what watches the work before and behind each step of a query; the library waits for what it gives. */
function watch(compiled: Compiled): Compiled {
  const bind = compiled.assign.bind(compiled) as unknown as (name: symbol, hook: (expression: unknown, input: unknown, environment: Environment) => void | Promise<void>) => void;
  bind(Symbol.for('jsonata.__evaluate_entry'), (_expression, _input, environment) => enter(environment));
  bind(Symbol.for('jsonata.__evaluate_exit'), (_expression, _input, environment) => void (environment.lookup(workName) as Work).depth--);
  return compiled;
}

/** How long a document is, where that can be told at once. */
const lettersOf = (value: unknown): number => (typeof value === 'string' || value instanceof Uint8Array ? value.length : 0);

function documentOf(value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return parsed(value);
  if (value instanceof Uint8Array) return parsed(jsonText(value));
  if (isNumeric(value)) return Number(value);
  if (typeof value === 'object' && typeof (value as { bytes?: unknown }).bytes === 'function') return parsed(withoutMark(toText(value)!));
  return toPlainNumbers(value);
}

function parsed(text: string): unknown {
  const document = parseJsonInTurns(text);
  return document instanceof Promise ? document.then(toPlainNumbers) : toPlainNumbers(document);
}

function enter(environment: Environment): void | Promise<void> {
  if (!areNativesBounded) boundNatives(environment);
  const work = environment.lookup(workName) as Work;
  if (++work.depth > deepest) throw new ExchangeError('java.lang.StackOverflowError', `jsonata: nested deeper than ${deepest}`);
  return step(work);
}

function step(work: Work): void | Promise<void> {
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

/** The functions of the library are the same for all queries. */
let areNativesBounded = false;

const natives = [
  ...['append', 'average', 'base64decode', 'base64encode', 'boolean', 'clone', 'contains', 'count', 'decodeUrl', 'decodeUrlComponent', 'distinct', 'each', 'encodeUrl', 'encodeUrlComponent', 'exists', 'filter', 'formatBase'],
  ...['formatInteger', 'formatNumber', 'fromMillis', 'join', 'keys', 'length', 'lookup', 'lowercase', 'map', 'match', 'max', 'merge', 'min', 'not', 'number', 'pad', 'parseInteger', 'reduce', 'replace', 'reverse', 'shuffle', 'sift'],
  ...['single', 'sort', 'split', 'spread', 'string', 'substring', 'substringAfter', 'substringBefore', 'sum', 'toMillis', 'trim', 'type', 'uppercase', 'zip'],
];

/** Each call of a function counts as a step, and what it does with much is ended when it takes too long. */
function boundNatives(environment: Environment): void {
  areNativesBounded = true;
  for (const name of natives) {
    const native = environment.lookup(name) as Native | undefined;
    if (native?._jsonata_function !== true) continue;
    const { implementation } = native;
    const faster = quick[name];
    native.arity ??= implementation.length;
    native.implementation = function (...args) {
      const work = this.environment.lookup(workName) as Work | undefined;
      if (work === undefined) return implementation.apply(this, args);
      const call = (): unknown => {
        const size = sizeOf(args, muchWork);
        if (size < muchWork && !(name === 'pad' && Math.abs(args[1] as number) > muchWork)) return implementation.apply(this, args);
        const millis = Math.round(Math.min(mostNativeMillis, longestNativeMillis + (work.longest - longestMillis) * (lettersAMilli / lettersANativeMilli)));
        try {
          const [text, part] = args;
          if ((name === 'split' || name === 'replace') && typeof text === 'string' && typeof part === 'string') checkParts(text, part);
          return interruptibly(() => faster?.(args, this) ?? implementation.apply(this, args), millis);
        } catch (thrown) {
          if (!isInterruption(thrown)) throw thrown;
          throw new ExchangeError('java.util.concurrent.TimeoutException', `jsonata: $${name} was not done after ${millis} ms`);
        }
      };
      const turn = step(work);
      return turn === undefined ? call() : turn.then(call);
    };
  }
}

/** Letters, items and members, not counted further than is asked for. */
function sizeOf(value: unknown, most: number): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  let size = 1;
  const parts = Array.isArray(value) ? (value as readonly unknown[]) : Object.values(value);
  if (parts.length >= most) return parts.length;
  for (const part of parts) if ((size += sizeOf(part, most - size)) >= most) return size;
  return size;
}

/** Where the library compares each with each, waits for each comparison, makes a list of letters, or gives a function more arguments than it can have; undefined: let it do so. */
const quick: Readonly<Record<string, (args: readonly unknown[], focus: Focus) => unknown>> = {
  distinct: ([list], focus) => {
    if (!isPlainList(list, ['string', 'number', 'boolean'])) return undefined;
    const result = (list as { readonly sequence?: boolean }).sequence === true ? focus.createSequence() : [];
    for (const item of new Set(list)) result.push(item);
    return result;
  },
  // Letters beyond the first 65,536 take two places.
  length: ([text]) => (typeof text === 'string' ? text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0) : undefined),
  max: ([list]) => (isPlainList(list, ['number']) ? (list as readonly number[]).reduce((one, other) => Math.max(one, other)) : undefined),
  min: ([list]) => (isPlainList(list, ['number']) ? (list as readonly number[]).reduce((one, other) => Math.min(one, other)) : undefined),
  sort: ([list, comparator]) => {
    if (comparator !== undefined || !(isPlainList(list, ['string']) || isPlainList(list, ['number']))) return undefined;
    return [...(list as readonly (string | number)[])].sort((one, other) => (one > other ? 1 : one < other ? -1 : 0));
  },
};

const isPlainList = (list: unknown, types: readonly string[]): list is readonly unknown[] => Array.isArray(list) && list.every((item) => types.includes(typeof item));

/** Puts together only what the query can ask for. */
function bindingsFor(source: string): (exchange: Exchange) => Record<string, unknown> | undefined {
  const [headers, properties, variables] = ['$headers', '$properties', '$variables'].map((name) => source.includes(name) || source.includes('$eval'));
  if (!headers && !properties && !variables) return () => undefined;
  return (exchange) => ({
    ...(headers ? { headers: exchange.headers.toObject() } : {}),
    ...(properties ? { properties: exchange.hasProperties ? exchange.properties.toObject() : {} } : {}),
    ...(variables ? { variables: exchange.variables.toObject() } : {}),
  });
}

/** Lists of the library are marked with hidden fields; undefined is null here. */
function plain(result: unknown): unknown {
  if (result === undefined) return null;
  return Array.isArray(result) && (result.length > 10_000 || Object.keys(result).length !== result.length) ? Array.from(result) : result;
}

function failure(thrown: unknown): ExchangeError {
  if (thrown instanceof ExchangeError) return thrown;
  if (thrown instanceof RangeError && thrown.message === 'Invalid string length') return new ExchangeError('com.dashjoin.jsonata.JException', 'jsonata: a text would be longer than a text can be');
  if (thrown instanceof RangeError) return new ExchangeError('java.lang.StackOverflowError', 'jsonata: the document is nested too deeply for the query');
  const { message, code, position } = thrown as { message?: string; code?: string; position?: number };
  return new ExchangeError('com.dashjoin.jsonata.JException', `${message ?? String(thrown)}${code === undefined ? '' : ` (${code}${position === undefined ? '' : ` at ${position}`})`}`);
}
