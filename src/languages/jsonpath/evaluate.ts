import { listOfClass } from '../../core/conversion/javaClass.ts';
import { toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import { compareNumbers, isNumeric, javaDouble } from '../../core/conversion/exactNumber.ts';
import { Patience, workOf } from '../../core/patience.ts';
import type { Condition, Operand, PathNode, Token } from './parser.ts';

/** Jayway's options. */
export interface PathOptions {
  readonly leafToNull: boolean;
  readonly alwaysList: boolean;
  readonly asPaths: boolean;
  readonly suppresses: boolean;
  readonly requires: boolean;
}

export const noOptions: PathOptions = { leafToNull: false, alwaysList: false, asPaths: false, suppresses: false, requires: false };

/** A compiled path: gives the value, or a list where the path is indefinite. */
export type Query = (document: unknown) => unknown;

type Mapping = Record<string, unknown>;

/** Gets each value that a path leads to, with the path to it. */
type Found = (value: unknown, path: string) => void;

interface Run {
  readonly root: unknown;
  readonly options: PathOptions;
}

/** Visits what the path leads to from `value`; `isCertain`: everything before was definite, so that what is missing is an error. */
type Step = (run: Run, value: unknown, path: string, isCertain: boolean, found: Found) => void;

const pathNotFound = (message: string): ExchangeError => new ExchangeError('com.jayway.jsonpath.PathNotFoundException', message);
const invalidPath = (message: string): ExchangeError => new ExchangeError('com.jayway.jsonpath.InvalidPathException', message);

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumeric(value) && !(value instanceof Uint8Array) && !(value instanceof Date);

const has = (map: Mapping, name: string): boolean => (map instanceof Map ? map.has(name) : Object.hasOwn(map, name));
const get = (map: Mapping, name: string): unknown => ((map instanceof Map ? map.get(name) : map[name]) as unknown) ?? null;
const keys = (map: Mapping): string[] => (map instanceof Map ? [...(map.keys() as Iterable<unknown>)].map(String) : Object.keys(map));

const describe = (value: unknown): string => (value === null || value === undefined ? 'null' : Array.isArray(value) ? 'java.util.ArrayList' : `java.lang.${typeof value === 'string' ? 'String' : 'Object'}`);

const bracketed = (name: string): string => `['${name}']`;

/** Scans in scans look at so many nodes as the product of them; nothing else waits meanwhile, so one is enough for all queries. */
const patience = new Patience(3000, (message) => new ExchangeError('java.util.concurrent.TimeoutException', `jsonpath: ${message}`));

const mostResults = 10_000_000;

/** Nodes that a deep scan visits at most below one another. */
const deepest = 2000;

/** @throws (when called) PathNotFoundException, InvalidPathException, JsonPathException */
export function compilePath(node: PathNode, options: PathOptions = noOptions): Query {
  if (options === noOptions) {
    const quick = quickPath(node);
    if (quick !== null) return quick;
  }
  const visit = chain(node.tokens, 0);
  return (document) => {
    patience.reset();
    if (options.alwaysList || options.asPaths || !node.isDefinite) {
      const list: unknown[] = [];
      const collect: Found = (value, path) => {
        if (list.push(options.asPaths ? path : value) > mostResults) throw invalidPath(`jsonpath: more than ${mostResults} results`);
      };
      try {
        visit({ root: document, options }, document, '$', true, collect);
      } catch (thrown) {
        if (!options.suppresses) throw thrown;
        return [];
      }
      if (list.length === 0 && (node.isDefinite || options.asPaths) && !options.suppresses) throw pathNotFound(`No results for path: ${show(node)}`);
      return listOfClass(list, 'java.util.LinkedList');
    }
    try {
      return single(visit, node, document, document, options);
    } catch (thrown) {
      if (options.suppresses && (thrown as { name?: unknown }).name === 'PathNotFoundException') return null;
      throw thrown;
    }
  };
}

function single(visit: Step, node: PathNode, root: unknown, start: unknown, options: PathOptions): unknown {
  let count = 0;
  let result: unknown = null;
  visit({ root, options }, start, '$', true, (value) => {
    count++;
    result = value;
  });
  if (count === 0) throw pathNotFound(`No results for path: ${show(node)}`);
  return result;
}

/** Names and indexes only: one loop, no calls. */
function quickPath(node: PathNode): Query | null {
  const steps: (string | number)[] = [];
  for (const token of node.tokens) {
    if (token.type === 'properties' && token.names.length === 1) steps.push(token.names[0]!);
    else if (token.type === 'indexes' && token.indexes.length === 1 && token.indexes[0]! >= 0) steps.push(token.indexes[0]!);
    else return null;
  }
  const slow = chain(node.tokens, 0);
  return (document) => {
    let value = document;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]!;
      if (typeof step === 'number') value = Array.isArray(value) && step < value.length ? (value[step] as unknown) : undefined;
      else if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map) && Object.hasOwn(value, step)) value = (value as Mapping)[step];
      else value = undefined;
      // The general way finds out what is wrong, or that it is a Map.
      if (value === undefined) return single(slow, node, document, document, noOptions);
    }
    return value;
  };
}

const end: Step = (_run, value, path, _isCertain, found) => found(value, path);

function chain(tokens: readonly Token[], from: number): Step {
  if (from >= tokens.length) return end;
  const token = tokens[from]!;
  const isLast = from === tokens.length - 1;
  if (token.type === 'scan') return scan(tokens[from + 1]!, chain(tokens, from + 1), from + 1 === tokens.length - 1);
  const rest = chain(tokens, from + 1);
  switch (token.type) {
    case 'properties':
      return properties(token.names, rest, isLast);
    case 'indexes':
      return indexes(token.indexes, rest);
    case 'slice':
      return slice(token.from, token.to, rest);
    case 'wildcard':
      return wildcard(rest, isLast);
    case 'filter':
      return filter(compileCondition(token.condition), rest);
    case 'function':
      return call(token.name, token.parameters, rest);
  }
}

function property(name: string, rest: Step, isLast: boolean): (run: Run, value: Mapping, path: string, isCertain: boolean, found: Found) => void {
  return (run, value, path, isCertain, found) => {
    const here = path + bracketed(name);
    if (has(value, name)) return rest(run, get(value, name), here, isCertain, found);
    const { options } = run;
    if (isLast) {
      if (options.leafToNull) return found(null, here);
      if (options.suppresses || !options.requires) return;
      throw pathNotFound(`No results for path: ${here}`);
    }
    if ((!isCertain && !options.requires) || options.suppresses) return;
    throw pathNotFound(`Missing property in path ${here}`);
  };
}

function properties(names: readonly string[], rest: Step, isLast: boolean): Step {
  const shown = names.map((name) => `'${name}'`).join(',');
  const checked = (run: Run, value: unknown, path: string, isCertain: boolean): value is Mapping => {
    if (isMapping(value)) return true;
    if (!isCertain || run.options.suppresses) return false;
    throw pathNotFound(`Expected to find an object with property [${shown}] in path ${path} but found '${describe(value)}'. This is not a json object according to the JsonProvider`);
  };
  if (names.length === 1) {
    const only = property(names[0]!, rest, isLast);
    return (run, value, path, isCertain, found) => {
      if (checked(run, value, path, isCertain)) only(run, value, path, isCertain, found);
    };
  }
  if (!isLast) {
    const each = names.map((name) => property(name, rest, isLast));
    return (run, value, path, isCertain, found) => {
      if (checked(run, value, path, isCertain)) for (const visit of each) visit(run, value, path, false, found);
    };
  }
  return (run, value, path, isCertain, found) => {
    if (!checked(run, value, path, isCertain)) return;
    const merged = Object.create(null) as Mapping;
    for (const name of names) {
      if (has(value, name)) merged[name] = get(value, name);
      else if (run.options.leafToNull) merged[name] = null;
      else if (run.options.requires) throw pathNotFound(`Missing property in path ${path}${bracketed(name)}`);
    }
    found(merged, `${path}[${shown}]`);
  };
}

function array(run: Run, value: unknown, path: string, isCertain: boolean, shown: string): value is unknown[] {
  if (Array.isArray(value)) return true;
  if (!isCertain || run.options.suppresses) return false;
  if (value === null || value === undefined) throw pathNotFound(`The path ${path} is null`);
  throw pathNotFound(`Filter: ${shown} can only be applied to arrays. Current context is: ${typeof value === 'object' ? 'a map' : String(value)}`);
}

function indexes(wanted: readonly number[], rest: Step): Step {
  const shown = `[${wanted.join(',')}]`;
  const isDefinite = wanted.length === 1;
  return (run, value, path, isCertain, found) => {
    if (!array(run, value, path, isCertain, shown)) return;
    for (const index of wanted) {
      const at = index < 0 ? value.length + index : index;
      if (at >= 0 && at < value.length) rest(run, value[at], `${path}[${at}]`, isCertain && isDefinite, found);
    }
  };
}

function slice(from: number | null, to: number | null, rest: Step): Step {
  const shown = `[${from ?? ''}:${to ?? ''}]`;
  return (run, value, path, isCertain, found) => {
    if (!array(run, value, path, isCertain, shown)) return;
    const clipped = (index: number): number => Math.min(value.length, Math.max(0, index < 0 ? value.length + index : index));
    const stop = to === null ? value.length : clipped(to);
    for (let i = from === null ? 0 : clipped(from); i < stop; i++) rest(run, value[i], `${path}[${i}]`, false, found);
  };
}

function wildcard(rest: Step, _isLast: boolean): Step {
  return (run, value, path, _isCertain, found) => {
    patience.spend(1 + workOf(value));
    if (Array.isArray(value)) for (let i = 0; i < value.length; i++) rest(run, value[i], `${path}[${i}]`, false, found);
    else if (isMapping(value)) for (const key of keys(value)) rest(run, get(value, key), path + bracketed(key), false, found);
  };
}

function scan(next: Token, rest: Step, isLast: boolean): Step {
  const accepts = scanned(next, isLast);
  const visit = (run: Run, value: unknown, path: string, found: Found, depth: number): void => {
    patience.spend();
    if (typeof value !== 'object' || value === null) return;
    if (depth > deepest) throw invalidPath('the document is nested too deeply for a scan');
    if (Array.isArray(value)) {
      if (accepts(run, value)) rest(run, value, path, false, found);
      for (let i = 0; i < value.length; i++) visit(run, value[i], `${path}[${i}]`, found, depth + 1);
    } else if (isMapping(value)) {
      if (accepts(run, value)) rest(run, value, path, false, found);
      for (const key of keys(value)) visit(run, get(value, key), path + bracketed(key), found, depth + 1);
    }
  };
  return (run, value, path, _isCertain, found) => visit(run, value, path, found, 0);
}

/** Which nodes of a deep scan the token after it is applied to. */
function scanned(next: Token, isLast: boolean): (run: Run, value: object) => boolean {
  switch (next.type) {
    case 'properties':
      return (run, value) => isMapping(value) && ((isLast && run.options.leafToNull) || next.names.length > 1 || has(value, next.names[0]!));
    case 'indexes':
    case 'slice':
      return (_run, value) => Array.isArray(value);
    case 'filter':
      return (_run, value) => !Array.isArray(value);
    default:
      return () => true;
  }
}

function filter(matches: Matcher, rest: Step): Step {
  return (run, value, path, isCertain, found) => {
    patience.spend();
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) if (matches(value[i], run)) rest(run, value[i], `${path}[${i}]`, false, found);
    } else if (isMapping(value)) {
      if (matches(value, run)) rest(run, value, path, false, found);
    } else if (isCertain && !run.options.suppresses) throw invalidPath(`Filter: [?] can not be applied to primitives. Current context is: ${String(value)}`);
  };
}

// ------------------------------------------------------------------------------------------------ functions

/** A path's value as a parameter or operand; undefined when it leads nowhere. */
type Evaluate = (value: unknown, run: Run) => unknown;

function operandOf(operand: Operand): Evaluate {
  if (operand.type === 'literal') return () => operand.value;
  if (operand.type === 'pattern') return () => operand.pattern;
  if (operand.type === 'unreadable') {
    const { error } = operand;
    return () => {
      throw new ExchangeError('com.jayway.jsonpath.InvalidJsonException', error.message, { cause: error });
    };
  }
  const { path } = operand;
  const visit = chain(path.tokens, 0);
  if (path.tokens.length === 0) return path.isRooted ? (_value, run) => run.root : (value) => value;
  const first = path.tokens[0]!;
  if (path.tokens.length === 1 && !path.isRooted && first.type === 'properties' && first.names.length === 1) {
    const name = first.names[0]!;
    return (value) => (isMapping(value) && has(value, name) ? get(value, name) : undefined);
  }
  return (value, run) => {
    const start = path.isRooted ? run.root : value;
    try {
      if (path.isDefinite) return single(visit, path, run.root, start, noOptions);
      const list: unknown[] = [];
      visit({ root: run.root, options: noOptions }, start, '$', true, (item) => list.push(item));
      return list;
    } catch (thrown) {
      if ((thrown as ExchangeError).type === 'com.jayway.jsonpath.PathNotFoundException') return undefined;
      throw thrown;
    }
  };
}

/** Unlike an operand of a filter, a parameter that leads nowhere is an error; all begin at the document. */
function parameterOf(operand: Operand): Evaluate {
  if (operand.type !== 'path' || !operand.path.isDefinite || operand.path.tokens.length === 0) return operandOf(operand);
  const { path } = operand;
  const visit = chain(path.tokens, 0);
  return (_value, run) => single(visit, path, run.root, run.root, noOptions);
}

function call(name: string, parameters: readonly Operand[], rest: Step): Step {
  const given = parameters.map(parameterOf);
  return (run, value, path, _isCertain, found) => {
    const values = given.map((evaluate) => evaluate(value, run));
    rest(run, invoke(name, value, values), `${path}.${name}`, false, found);
  };
}

function invoke(name: string, value: unknown, parameters: readonly unknown[]): unknown {
  switch (name) {
    case 'length':
    case 'size': {
      const counted = parameters.length > 0 ? parameters[0] : value;
      return Array.isArray(counted) ? counted.length : isMapping(counted) ? keys(counted).length : null;
    }
    case 'keys':
      return isMapping(value) ? keys(value) : null;
    case 'concat':
      return [...(Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []), ...parameters.flat().map((item) => toText(item) ?? '')].join('');
    case 'append':
      return Array.isArray(value) ? [...(value as unknown[]), ...parameters] : value;
    case 'first':
    case 'last':
    case 'index':
      return element(name, value, parameters);
    default:
      return aggregate(name, value, parameters);
  }
}

const emptyAggregate = (): ExchangeError => new ExchangeError('com.jayway.jsonpath.JsonPathException', 'Aggregation function attempted to calculate value using empty array');

function element(name: string, value: unknown, parameters: readonly unknown[]): unknown {
  if (!Array.isArray(value)) throw emptyAggregate();
  const index = name === 'first' ? 0 : name === 'last' ? -1 : Number(parameters[0]);
  const at = index < 0 ? value.length + index : index;
  if (!(at >= 0 && at < value.length)) throw new ExchangeError('com.jayway.jsonpath.JsonPathException', `Target index:${at} larger than object count:${value.length}`);
  return value[at] as unknown;
}

function aggregate(name: string, value: unknown, parameters: readonly unknown[]): unknown {
  const numbers = [...(Array.isArray(value) ? (value as unknown[]) : []), ...parameters.flat()].filter(isNumeric).map(Number);
  if (numbers.length === 0) throw emptyAggregate();
  const sum = (): number => numbers.reduce((total, item) => total + item, 0);
  switch (name) {
    case 'min':
      return javaDouble(numbers.reduce((a, b) => Math.min(a, b)));
    case 'max':
      return javaDouble(numbers.reduce((a, b) => Math.max(a, b)));
    case 'sum':
      return javaDouble(sum());
    case 'avg':
      return javaDouble(sum() / numbers.length);
    default: {
      const squares = numbers.reduce((total, item) => total + item * item, 0);
      return javaDouble(Math.sqrt(squares / numbers.length - (sum() / numbers.length) ** 2));
    }
  }
}

// ------------------------------------------------------------------------------------------------ filters

type Matcher = (value: unknown, run: Run) => boolean;

function compileCondition(condition: Condition): Matcher {
  switch (condition.type) {
    case 'and': {
      const parts = condition.parts.map(compileCondition);
      return (value, run) => parts.every((part) => part(value, run));
    }
    case 'or': {
      const parts = condition.parts.map(compileCondition);
      return (value, run) => parts.some((part) => part(value, run));
    }
    case 'not': {
      const part = compileCondition(condition.part);
      return (value, run) => !part(value, run);
    }
    case 'exists': {
      const evaluate = operandOf({ type: 'path', path: condition.path });
      return (value, run) => evaluate(value, run) !== undefined;
    }
    case 'compare': {
      const left = operandOf(condition.left);
      const right = operandOf(condition.right);
      const compare = comparisons[condition.operator]!;
      return (value, run) => compare(left(value, run), right(value, run));
    }
  }
}

function equal(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b) === 0;
  if (isNumeric(a) && typeof b === 'string') return b.trim() !== '' && Number(b) === Number(a);
  if (typeof a === 'string' && isNumeric(b)) return equal(b, a);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]));
  const names = keys(a as Mapping);
  return names.length === keys(b as Mapping).length && names.every((name) => has(b as Mapping, name) && equal(get(a as Mapping, name), get(b as Mapping, name)));
}

/** Null where the two can't be ordered. */
function order(a: unknown, b: unknown): number | null {
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b);
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  return null;
}

const ordered =
  (accepts: (order: number) => boolean) =>
  (a: unknown, b: unknown): boolean => {
    const result = order(a, b);
    return result !== null && accepts(result);
  };

const isIn = (a: unknown, b: unknown): boolean => Array.isArray(b) && b.some((item) => equal(a, item));
const kindOf = (value: unknown): string => (isNumeric(value) ? 'number' : Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value);

function fits(a: unknown, b: unknown): boolean {
  const [pattern, value] = b instanceof RegExp ? [b, a] : [a, b];
  const test = (item: unknown): boolean => {
    if (pattern instanceof RegExp) return (typeof item === 'string' || isNumeric(item) || typeof item === 'boolean') && pattern.test(String(item));
    return false;
  };
  return Array.isArray(value) ? value.some(test) : test(value);
}

const comparisons: Readonly<Record<string, (a: unknown, b: unknown) => boolean>> = {
  '==': equal,
  '===': (a, b) => kindOf(a) === kindOf(b) && equal(a, b),
  '!=': (a, b) => !equal(a, b),
  '!==': (a, b) => kindOf(a) !== kindOf(b) || !equal(a, b),
  '<': ordered((result) => result < 0),
  '<=': ordered((result) => result <= 0),
  '>': ordered((result) => result > 0),
  '>=': ordered((result) => result >= 0),
  '=~': fits,
  matches: fits,
  in: isIn,
  nin: (a, b) => !isIn(a, b),
  all: (a, b) => Array.isArray(a) && Array.isArray(b) && b.every((item) => isIn(item, a)),
  contains: (a, b) => (typeof a === 'string' ? typeof b === 'string' && a.includes(b) : isIn(b, a)),
  subsetof: (a, b) => Array.isArray(a) && Array.isArray(b) && a.every((item) => isIn(item, b)),
  anyof: (a, b) => Array.isArray(a) && Array.isArray(b) && a.some((item) => isIn(item, b)),
  noneof: (a, b) => Array.isArray(a) && Array.isArray(b) && !a.some((item) => isIn(item, b)),
  size: (a, b) => isNumeric(b) && ((typeof a === 'string' || Array.isArray(a)) ? a.length : isMapping(a) ? keys(a).length : -1) === Number(b),
  empty: (a, b) => (typeof a === 'string' || Array.isArray(a) ? a.length === 0 : isMapping(a) ? keys(a).length === 0 : null) === b,
  type: (a, b) => typeof b === 'string' && kindOf(a) === b.toLowerCase(),
};

/** A path as Jayway prints it. */
export function show(node: PathNode): string {
  let text = node.isRooted ? '$' : '@';
  for (const token of node.tokens) {
    if (token.type === 'properties') text += `[${token.names.map((name) => `'${name}'`).join(',')}]`;
    else if (token.type === 'indexes') text += `[${token.indexes.join(',')}]`;
    else if (token.type === 'slice') text += `[${token.from ?? ''}:${token.to ?? ''}]`;
    else if (token.type === 'wildcard') text += '[*]';
    else if (token.type === 'scan') text += '..';
    else if (token.type === 'filter') text += '[?]';
    else text += `.${token.name}()`;
  }
  return text;
}
