import library from 'jsonata';
import { systemClock } from '../../core/clock.ts';
import { checkParts, splitText } from '../../core/conversion/manyParts.ts';
import { ExchangeError } from '../../core/errors.ts';
import { Patience, workOf } from '../../core/patience.ts';
import type { List } from './values.ts';
import { areNumbers, Argument, emptySequence, FunctionValue, isList, isNumber, isTrue, lookup, sequenceOf, unusual } from './values.ts';

/** So much is done at once; then the library takes over, which gives others their turn and ends what does not end. */
const fewMillis = 50;
/** The same for queries of which none runs on and on, over a document that is there. */
const longestMillis = 1000;
const hasty = new Patience(fewMillis, () => unusual);
const long = new Patience(longestMillis, (message) => new ExchangeError('java.util.concurrent.TimeoutException', `jsonata: ${message}`));
export let patience = hasty;

/** What the query takes for now: one moment for all of it. */
let moment = 0;

/** Begins one evaluation. @param isPatient whether it is ended when it takes long, instead of being left to the library */
export function begin(isPatient: boolean): void {
  patience = isPatient ? long : hasty;
  patience.reset();
  moment = 0;
}

const now = (): number => (moment === 0 ? (moment = systemClock.now()) : moment);

/** A function of the library, as it keeps them. */
interface Native {
  readonly _jsonata_function?: boolean;
  readonly implementation: (this: unknown, ...args: never[]) => unknown;
  readonly signature: { validate(args: unknown[], context: unknown): unknown[] };
  readonly arity?: number;
}

interface Environment {
  lookup(name: string): unknown;
}

let environment: Environment | null = null;

/** The library keeps its functions to itself, but shows them to who watches an evaluation. */
function nativeOf(name: string): Native {
  if (environment === null) {
    const probe = library('0');
    (probe.assign as unknown as (name: symbol, hook: unknown) => void)(Symbol.for('jsonata.__evaluate_entry'), (_expression: unknown, _input: unknown, its: Environment) => void (environment = its));
    void probe.evaluate(undefined);
  }
  return environment!.lookup(name) as Native;
}

/** What the library's functions see of where they are called from. */
const focus = { environment: { lookup: () => undefined }, options: undefined, createSequence: (...items: unknown[]): List => (items.length === 1 ? sequenceOf(items[0]) : emptySequence()) };

type Run = (args: never) => unknown;

/** How many letters and items there may be at most for functions that do more than go over them once. */
const fewLetters = 5000;
const fewItems = 500;

/** Functions that the library evaluates at once, and that go over what they are given once. */
const swift = [
  ...['sum', 'count', 'max', 'min', 'average', 'string', 'substring', 'substringBefore', 'substringAfter', 'lowercase', 'uppercase', 'length', 'trim', 'join', 'floor', 'ceil', 'round', 'abs', 'sqrt', 'power', 'random'],
  ...['boolean', 'not', 'zip', 'keys', 'lookup', 'append', 'exists', 'spread', 'merge', 'reverse', 'shuffle', 'type', 'base64encode', 'base64decode', 'encodeUrlComponent', 'encodeUrl', 'decodeUrlComponent', 'decodeUrl', 'clone'],
];
/** Those whose work is not that plain. */
const slow = ['number', 'formatNumber', 'formatBase', 'formatInteger', 'parseInteger', 'toMillis', 'fromMillis'];

/** What a function asks of its arguments is asked by the library. */
class Library extends FunctionValue {
  readonly arity: number;
  readonly name: string;
  private readonly native: Native;
  private readonly run: Run;

  constructor(name: string) {
    super();
    this.name = name;
    this.native = nativeOf(name);
    const { implementation } = this.native;
    this.arity = this.native.arity ?? implementation.length;
    this.run = own[name] ?? (swift.includes(name) ? (args: never[]) => implementation.apply(focus, args) : (args: never[]) => implementation.apply(focus, few(args) as never[]));
  }

  call(args: unknown[], context: unknown): unknown {
    for (let i = 0; i < args.length; i++) patience.spend(1 + workOf(args[i]));
    return this.run(this.native.signature.validate(args, context) as never);
  }
}

function few(args: readonly unknown[]): readonly unknown[] {
  for (const argument of args) {
    if (typeof argument === 'string' ? argument.length > fewLetters : isList(argument) && argument.length > fewItems) throw unusual;
  }
  return args;
}

/** The library's arguments for a function that is called for each: the value, where it is, and what it is of, as far as the function takes them. */
function callWith(func: unknown, value: unknown, at: unknown, whole: unknown): unknown {
  patience.spend();
  const { arity } = functionOf(func);
  return functionOf(func).callBack(arity >= 3 ? [value, at, whole] : arity === 2 ? [value, at] : [value]);
}

function functionOf(func: unknown): FunctionValue {
  if (func instanceof FunctionValue) return func;
  throw unusual;
}

interface Match {
  readonly match: string;
  readonly start: number;
  readonly end: number;
  readonly groups: (string | undefined)[];
  readonly next: () => Match | undefined;
}

/** A regular expression, as a value: a function that gives its first match in a text. */
export class Matcher extends FunctionValue {
  readonly arity = 2;
  private readonly pattern: RegExp;

  constructor(pattern: RegExp) {
    super();
    this.pattern = pattern;
  }

  call(args: unknown[]): unknown {
    return this.from(args[0], args[1]);
  }

  from(given: unknown, at: unknown): Match | undefined {
    // As in JavaScript, what is no text is made one, and nothing is the text undefined.
    const text = String(given);
    patience.spend(1 + workOf(text));
    this.pattern.lastIndex = typeof at === 'number' ? at : 0;
    const found = this.pattern.exec(text);
    if (found === null) return undefined;
    const { lastIndex } = this.pattern;
    return { match: found[0], start: found.index, end: found.index + found[0].length, groups: found.slice(1), next: () => this.after(given, lastIndex) };
  }

  private after(text: unknown, at: number): Match | undefined {
    if (typeof text !== 'string') throw unusual;
    if (at >= text.length) return undefined;
    const next = this.from(text, at);
    // A match of nothing would be found for ever.
    if (next?.match === '') throw unusual;
    return next;
  }
}

function matcherOf(value: unknown): Matcher {
  const found = value instanceof Argument ? value.inner : value;
  if (found instanceof Matcher) return found;
  throw unusual;
}

/** `$1` in a replacement is a group of the match. */
function replacementFor({ match, groups }: Match, text: string): string {
  if (!text.includes('$')) return text;
  let result = '';
  let position = 0;
  for (let dollar = text.indexOf('$'); dollar !== -1 && position < text.length; dollar = text.indexOf('$', position)) {
    result += text.slice(position, dollar);
    position = dollar + 1;
    const letter = text[position];
    if (letter === '$' || letter === '0') {
      result += letter === '$' ? '$' : match;
      position++;
      continue;
    }
    const digits = groups.length === 0 ? 1 : Math.floor(Math.log(groups.length) * Math.LOG10E) + 1;
    let group = parseInt(text.slice(position, position + digits), 10);
    if (digits > 1 && group > groups.length) group = parseInt(text.slice(position, position + digits - 1), 10);
    if (Number.isNaN(group)) result += '$';
    else {
      result += groups[group - 1] ?? '';
      position += String(group).length;
    }
  }
  return result + text.slice(position);
}

/** Stable, and compares in the order in which the library does. @param isAfter whether the second goes before the first */
export function sorted(list: readonly unknown[], isAfter: (one: unknown, other: unknown) => boolean): readonly unknown[] {
  if (list.length <= 1) return list;
  const middle = list.length >> 1;
  const left = sorted(list.slice(0, middle), isAfter);
  const right = sorted(list.slice(middle), isAfter);
  const result: unknown[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    patience.spend();
    result.push(isAfter(left[l], right[r]) ? right[r++] : left[l++]);
  }
  while (l < left.length) result.push(left[l++]);
  while (r < right.length) result.push(right[r++]);
  return result;
}

const isPlain = (item: unknown): boolean => typeof item === 'string' || typeof item === 'boolean' || (typeof item === 'number' && item === item);

/** Those that the library evaluates later, or whose work grows faster than what they are given. */
const own: Readonly<Record<string, Run>> = {
  map: ([list, func]: readonly [List | undefined, unknown]) => {
    if (list === undefined) return undefined;
    const result = emptySequence();
    for (let i = 0; i < list.length; i++) {
      const value = callWith(func, list[i], i, list);
      if (value !== undefined) result.push(value);
    }
    return result;
  },
  filter: ([list, func]: readonly [List | undefined, unknown]) => {
    if (list === undefined) return undefined;
    const result = emptySequence();
    for (let i = 0; i < list.length; i++) if (isTrue(callWith(func, list[i], i, list))) result.push(list[i]);
    return result;
  },
  single: ([list, func]: readonly [List | undefined, unknown]) => {
    if (list === undefined) return undefined;
    let found = -1;
    for (let i = 0; i < list.length; i++) {
      if (func !== undefined && !isTrue(callWith(func, list[i], i, list))) continue;
      if (found !== -1) throw unusual;
      found = i;
    }
    if (found === -1) throw unusual;
    return list[found];
  },
  reduce: ([list, func, init]: readonly [List | undefined, unknown, unknown]) => {
    if (list === undefined) return undefined;
    const { arity } = functionOf(func);
    if (arity < 2) throw unusual;
    let i = 0;
    let result = init;
    if (init === undefined && list.length > 0) result = list[i++];
    for (; i < list.length; i++) {
      patience.spend();
      result = functionOf(func).callBack([result, list[i], ...(arity >= 3 ? [i] : []), ...(arity >= 4 ? [list] : [])]);
    }
    return result;
  },
  each: ([map, func]: readonly [Record<string, unknown> | undefined, unknown]) => {
    const result = emptySequence();
    for (const key of Object.keys(map ?? {})) {
      const value = callWith(func, map![key], key, map);
      if (value !== undefined) result.push(value);
    }
    return result;
  },
  sift: ([map, func]: readonly [Record<string, unknown> | undefined, unknown]) => {
    const result = Object.create(null) as Record<string, unknown>;
    let isEmpty = true;
    for (const key of Object.keys(map ?? {})) {
      if (!isTrue(callWith(func, map![key], key, map))) continue;
      result[key] = map![key];
      isEmpty = false;
    }
    return isEmpty ? undefined : result;
  },
  sort: ([list, comparator]: readonly [List | undefined, unknown]) => {
    if (list === undefined || list.length <= 1) return list;
    // The library can't call a function that stands in the last call of another.
    if (comparator instanceof Argument) return sorted(list, (one, other) => Boolean(comparator.callBack([one, other])));
    if (comparator !== undefined) throw unusual;
    if (!areNumbers(list) && !list.every((item) => typeof item === 'string')) throw unusual;
    return sorted(list, (one, other) => (one as number) > (other as number));
  },
  distinct: ([list]: readonly [unknown]) => {
    if (!isList(list) || list.length <= 1) return list;
    if (!list.every(isPlain)) return nativeOf('distinct').implementation.apply(focus, few([list]) as never[]);
    const result = list.sequence === true ? emptySequence() : [];
    for (const item of new Set(list)) result.push(item);
    return result;
  },
  pad: (args: readonly [string | undefined, number | undefined, string?]) => {
    if (args[1] === undefined || Math.abs(args[1]) > fewLetters) throw unusual;
    return nativeOf('pad').implementation.apply(focus, few(args) as never[]);
  },
  contains: ([text, token]: readonly [string | undefined, unknown]) => {
    if (text === undefined || token === undefined) return undefined;
    return typeof token === 'string' ? text.includes(token) : matcherOf(token).from(text, 0) !== undefined;
  },
  match: ([text, pattern, limit]: readonly [string | undefined, unknown, number | undefined]) => {
    if (text === undefined) return undefined;
    if (limit !== undefined && limit < 0) throw unusual;
    const result = emptySequence();
    if (limit !== undefined && !(limit > 0)) return result;
    for (let found = matcherOf(pattern).from(text, 0); found !== undefined && !(limit !== undefined && result.length >= limit); found = found.next()) {
      result.push({ match: found.match, index: found.start, groups: found.groups });
    }
    return result;
  },
  replace: ([text, pattern, by, limit]: readonly [string | undefined, unknown, unknown, number | undefined]) => {
    if (text === undefined) return undefined;
    if (pattern === '' || pattern === undefined || by === undefined || (limit !== undefined && limit < 0)) throw unusual;
    if (limit !== undefined && !(limit > 0)) return text;
    let result = '';
    let position = 0;
    let count = 0;
    if (typeof pattern === 'string') {
      if (typeof by !== 'string') throw unusual;
      checkParts(text, pattern);
      for (let at = text.indexOf(pattern); at !== -1 && !(limit !== undefined && count >= limit); at = text.indexOf(pattern, position), count++) {
        result += text.slice(position, at) + by;
        position = at + pattern.length;
      }
      return result + text.slice(position);
    }
    for (let found = matcherOf(pattern).from(text, 0); found !== undefined && !(limit !== undefined && count >= limit); found = found.next(), count++) {
      const put = typeof by === 'string' ? replacementFor(found, by) : functionOf(by).callBack([found]);
      if (typeof put !== 'string') throw unusual;
      result += text.slice(position, found.start) + put;
      position = found.end;
    }
    return result + text.slice(position);
  },
  split: ([text, separator, limit]: readonly [string | undefined, unknown, number | undefined]) => {
    if (text === undefined) return undefined;
    if (limit !== undefined && limit < 0) throw unusual;
    if (limit !== undefined && !(limit > 0)) return [];
    if (typeof separator === 'string') {
      checkParts(text, separator);
      return text.split(separator, limit);
    }
    const result: string[] = [];
    let start = 0;
    for (let found = matcherOf(separator).from(text, 0); found !== undefined; found = found.next()) {
      if (limit !== undefined && result.length >= limit) return result;
      result.push(text.slice(start, found.start));
      start = found.end;
    }
    if (limit === undefined || result.length < limit) result.push(text.slice(start));
    return result;
  },
};

/** The moment of the evaluation. */
class Now extends FunctionValue {
  readonly arity = 2;

  call([picture, zone, ...more]: unknown[]): unknown {
    if (more.length > 0 || !isTextOrNothing(picture) || !isTextOrNothing(zone)) throw unusual;
    return nativeOf('fromMillis').implementation.apply(focus, few([now(), picture, zone]) as never[]);
  }
}

const isTextOrNothing = (value: unknown): boolean => value === undefined || typeof value === 'string';

class Millis extends FunctionValue {
  readonly arity = 0;

  call(args: unknown[]): unknown {
    if (args.length > 0) throw unusual;
    return now();
  }
}

const known = new Map<string, FunctionValue>();

/** What a query may know as `$name` without having said so; null: nothing, undefined: what only the library can do. */
export function functionNamed(name: string): FunctionValue | null | undefined {
  let found = known.get(name);
  if (found !== undefined) return found;
  if (name === 'now') found = new Now();
  else if (name === 'millis') found = new Millis();
  else if (swift.includes(name) || slow.includes(name) || Object.hasOwn(own, name)) found = new Library(name);
  else return nativeOf(name) === undefined ? null : undefined;
  known.set(name, found);
  return found;
}

/** Given by the short ways below where they don't apply. */
export const other = Symbol('other');

/** A finite number as the library writes it. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return value === 0 ? '0' : String(value);
  if (!isNumber(value)) throw unusual;
  return String(Number(value.toPrecision(15)));
}

/** As the library makes texts of values for `&`. */
export function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return numberText(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'undefined':
      return '';
    default:
      if (value === null) return 'null';
      patience.spend(workOf(value));
      return nativeOf('string').implementation.apply(focus, [value] as never[]) as string;
  }
}

function foldNumbers(list: unknown, empty: unknown, add: (total: number, item: number) => number): unknown {
  if (list === undefined) return undefined;
  if (!isList(list)) return other;
  patience.spend(workOf(list));
  if (list.length === 0) return empty;
  let total = list[0] as number;
  if (typeof total !== 'number') return other;
  for (let i = 1; i < list.length; i++) {
    const item = list[i];
    if (typeof item !== 'number') return other;
    total = add(total, item);
  }
  return total;
}

const plus = (total: number, item: number): number => total + item;

/** The library adds to 0: the sum of -0 is 0. */
const positive = (total: unknown): unknown => (total === 0 ? 0 : total);

const ofText =
  (does: (text: string) => unknown): ((value: unknown) => unknown) =>
  (value) =>
    typeof value === 'string' ? does(value) : value === undefined ? undefined : other;
const ofNumber =
  (does: (value: number) => number): ((value: unknown) => unknown) =>
  (value) =>
    typeof value === 'number' ? does(value) : value === undefined ? undefined : other;

/** Short ways of the functions that are called most, with one argument of the kind that they are called with most. */
export const short: Readonly<Record<string, (value: unknown) => unknown>> = {
  sum: (list) => positive(foldNumbers(list, 0, plus)),
  max: (list) => foldNumbers(list, undefined, Math.max),
  min: (list) => foldNumbers(list, undefined, Math.min),
  average: (list) => {
    const total = positive(foldNumbers(list, undefined, plus));
    return typeof total === 'number' ? total / (list as List).length : total;
  },
  count: (list) => (list === undefined ? 0 : isList(list) ? list.length : 1),
  exists: (value) => value !== undefined,
  boolean: (value) => (value === undefined ? undefined : isTrue(value)),
  not: (value) => (value === undefined ? undefined : !isTrue(value)),
  string: (value) => (typeof value === 'object' || typeof value === 'function' ? other : value === undefined ? undefined : textOf(value)),
  uppercase: ofText((text) => text.toUpperCase()),
  lowercase: ofText((text) => text.toLowerCase()),
  length: ofText((text) => text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0)),
  abs: ofNumber(Math.abs),
  floor: ofNumber(Math.floor),
  ceil: ofNumber(Math.ceil),
};

/** The same with two arguments. */
export const shortOfTwo: Readonly<Record<string, (one: unknown, two: unknown) => unknown>> = {
  contains: (text, token) => (typeof text === 'string' && typeof token === 'string' ? text.includes(token) : other),
  split: (text, separator) => (typeof text === 'string' && typeof separator === 'string' ? splitText(text, separator) : other),
  lookup: (value, name) => (typeof name === 'string' && !(value instanceof FunctionValue) ? lookup(value, name) : other),
  join: (list, separator) => (isList(list) && typeof separator === 'string' && list.every((item) => typeof item === 'string') ? list.join(separator) : other),
  substringBefore: (text, token) => {
    if (typeof text !== 'string' || typeof token !== 'string') return other;
    const at = text.indexOf(token);
    return at < 0 ? text : text.slice(0, at);
  },
  substringAfter: (text, token) => {
    if (typeof text !== 'string' || typeof token !== 'string') return other;
    const at = text.indexOf(token);
    return at < 0 ? text : text.slice(at + token.length);
  },
};
