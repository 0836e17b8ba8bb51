import { ExchangeError } from '../../core/errors.ts';
import { beginWork, work } from './bounds.ts';
import type { Owned } from './values.ts';
import { add, addTo, compare, deletePaths, describe, divide, getPath, isMap, isTrue, JqError, multiply, remainder, setPath, subtract } from './values.ts';

/** Where a value stands in the input: the keys that lead to it, innermost first. Null where nobody asks. */
export interface Path {
  readonly outer: Path | null;
  readonly key: unknown;
}

/** The path of the input itself. */
export const root: Path = { outer: null, key: null };
/** The path of a value that was computed: it has none. */
export const nowhere: Path = { outer: null, key: null };

export type Emit = (value: unknown, path: Path | null) => void;

/**
 * A compiled filter: hands each of its results to `emit`, in order. Where `path` is given, results come with theirs.
 * Variables and closures are in `env`, the innermost first.
 */
export type Filter = (env: Env | null, input: unknown, path: Path | null, emit: Emit) => void;

export interface Env {
  readonly next: Env | null;
  /** A variable's value, or a closure. */
  readonly value: unknown;
}

/** Ends a `label`. Thrown often: it keeps no stack. */
class Break extends Error {
  readonly label: object;
  constructor(label: object) {
    super();
    this.label = label;
  }
}

/** What failed further on, behind a `try`: it is none of its business. */
class Downstream extends Error {
  readonly thrown: unknown;
  constructor(thrown: unknown) {
    super();
    this.thrown = thrown;
  }
}

/** What a list may have that is made of results: a fast machine makes gigabytes of them in the time that there is. */
const mostResults = 10_000_000;

function keep(list: unknown[], value: unknown): void {
  if (list.length === mostResults) throw new JqError(`a list would have more than ${mostResults} results`);
  list.push(value);
}

/** All results of a filter for an input. @throws JqError @throws ExchangeError when it takes too long, or nests too deep */
export function runFilter(filter: Filter, input: unknown, env: Env | null): unknown[] {
  beginWork();
  const results: unknown[] = [];
  try {
    filter(env, input, null, (value) => keep(results, value));
  } catch (thrown) {
    if (thrown instanceof RangeError && thrown.message === 'Invalid string length') throw new JqError('a text would be longer than a text can be');
    if (thrown instanceof RangeError) throw new ExchangeError('java.lang.StackOverflowError', 'jq: nested too deep');
    if (thrown instanceof Break) throw new JqError('break');
    throw thrown;
  }
  return results;
}

export const operators: Readonly<Record<string, (a: unknown, b: unknown) => unknown>> = {
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': divide,
  '%': remainder,
  '==': (a, b) => compare(a, b) === 0,
  '!=': (a, b) => compare(a, b) !== 0,
  '<': (a, b) => compare(a, b) < 0,
  '<=': (a, b) => compare(a, b) <= 0,
  '>': (a, b) => compare(a, b) > 0,
  '>=': (a, b) => compare(a, b) >= 0,
};

export function step(path: Path, key: unknown, value: unknown): Path {
  if (path === nowhere) throw new JqError(`Invalid path expression with result ${describe(value).replace(/^\w+ \((.*)\)$/s, '$1')}`);
  return { outer: path, key };
}

/** The keys of a path, outermost first. */
function keysOf(path: Path, value: unknown): unknown[] {
  if (path === nowhere) throw new JqError(`Invalid path expression with result ${describe(value).replace(/^\w+ \((.*)\)$/s, '$1')}`);
  const keys: unknown[] = [];
  for (let at: Path = path; at !== root; at = at.outer!) keys.push(at.key);
  return keys.reverse();
}

export function collect(filter: Filter, env: Env | null, input: unknown): unknown[] {
  const list: unknown[] = [];
  filter(env, input, null, (value) => {
    work();
    keep(list, value);
  });
  return list;
}

/** All paths that a filter gives. */
export function pathsOf(filter: Filter, env: Env | null, input: unknown): unknown[][] {
  const paths: unknown[][] = [];
  filter(env, input, root, (value, path) => {
    work();
    paths.push(keysOf(path!, value));
  });
  return paths;
}

/** Each path that a filter gives, as it comes. */
export function emitPaths(filter: Filter, env: Env | null, input: unknown, emit: (path: unknown[]) => void): void {
  filter(env, input, root, (value, path) => emit(keysOf(path!, value)));
}

/** A path that goes on from another one. */
export function extended(path: Path | null, keys: readonly unknown[], value: unknown): Path | null {
  if (path === null) return null;
  let at = path;
  for (const key of keys) at = step(at, key, value);
  return at;
}

export const computed =
  (run: (input: unknown) => unknown): Filter =>
  (_env, input, path, emit) =>
    emit(run(input), path === null ? null : nowhere);

/** A function of values: called for every combination of what its arguments give, the last one varying slowest. */
export function product(args: readonly Filter[], run: (values: readonly unknown[], input: unknown) => unknown): Filter {
  if (args.length === 0) return computed((input) => run([], input));
  return (env, input, path, emit) => {
    const from = (at: number, values: readonly unknown[]): void => {
      if (at < 0) emit(run(values, input), path === null ? null : nowhere);
      else args[at]!(env, input, null, (value) => from(at - 1, [value, ...values]));
    };
    work();
    from(args.length - 1, []);
  };
}

export function emitEach(value: unknown, path: Path | null, emit: Emit): void {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      work();
      emit(value[i], path === null ? null : step(path, i, value));
    }
  } else if (isMap(value)) {
    for (const key of Object.keys(value)) {
      work();
      emit(value[key], path === null ? null : step(path, key, value));
    }
  } else throw new JqError(`Cannot iterate over ${describe(value)}`);
}

export const recurseAll: Filter = (env, input, path, emit) => {
  work();
  emit(input, path);
  if (Array.isArray(input) || isMap(input)) emitEach(input, path, (value, at) => recurseAll(env, value, at, emit));
};

/** Runs something that a label ends. */
export function labelled(run: (label: object) => void): void {
  const label = {};
  try {
    run(label);
  } catch (thrown) {
    if (!(thrown instanceof Break) || thrown.label !== label) throw thrown;
  }
}

export const breakOut = (label: object): never => {
  throw new Break(label);
};

/** Runs a filter; `failed` gets what it fails with, but not what fails further on. */
export function guarded(body: Filter, env: Env | null, input: unknown, path: Path | null, emit: Emit, failed: (error: JqError) => void): void {
  let error: JqError;
  try {
    body(env, input, path, (value, at) => {
      try {
        emit(value, at);
      } catch (thrown) {
        throw new Downstream(thrown);
      }
    });
    return;
  } catch (thrown) {
    if (thrown instanceof Downstream) throw thrown.thrown as Error;
    if (!(thrown instanceof JqError)) throw thrown;
    error = thrown;
  }
  failed(error);
}

export const attempt =
  (body: Filter, handler: Filter | null): Filter =>
  (env, input, path, emit) =>
    guarded(body, env, input, path, emit, (error) => {
      if (handler !== null) handler(env, error.value, path === null ? null : nowhere, emit);
    });

export const alternative =
  (left: Filter, right: Filter): Filter =>
  (env, input, path, emit) => {
    let found = false;
    guarded(
      (inner, value, at, out) => left(inner, value, at, (result, resultAt) => {
        if (!isTrue(result)) return;
        found = true;
        out(result, resultAt);
      }),
      env,
      input,
      path,
      emit,
      () => {},
    );
    if (!found) right(env, input, path, emit);
  };

/** What comes of a value with another assigned to it at some paths. */
type Assignment = (env: Env | null, input: unknown, value: unknown, owned: Owned) => unknown;

function assigned(operator: string, left: Filter): Assignment {
  if (operator === '=') {
    return (env, input, value, owned) => {
      let made = input;
      for (const keys of pathsOf(left, env, input)) made = setPath(made, keys, value, owned);
      return made;
    };
  }
  const name = operator.slice(0, -1);
  if (name === '//') return (env, input, value, owned) => modify(left, env, input, (old) => [isTrue(old) ? old : value], owned);
  if (name === '+') return (env, input, value, owned) => modify(left, env, input, (old) => [addTo(old, value, owned)], owned);
  const apply = operators[name]!;
  return (env, input, value, owned) => modify(left, env, input, (old) => [apply(old, value)], owned);
}

const updated = (left: Filter, right: Filter) => (env: Env | null, input: unknown, owned: Owned): unknown =>
  modify(
    left,
    env,
    input,
    (old) => {
      // What the update sees it may put elsewhere.
      if (owned.has(old)) owned.clear();
      return first(right, env, old);
    },
    owned,
  );

export function assignment(operator: string, left: Filter, right: Filter): Filter {
  if (operator === '|=') {
    const update = updated(left, right);
    return (env, input, path, emit) => emit(update(env, input, new Set()), path === null ? null : nowhere);
  }
  const assign = assigned(operator, left);
  return (env, input, path, emit) => right(env, input, null, (value) => emit(assign(env, input, value, new Set()), path === null ? null : nowhere));
}

// ------------------------------------------------------------------ a value that is built up, step by step

/** A step that changes what is its own in place, as `.[$key] = $x` in a `reduce`: copies of all that is there already would take all time. */
export type Change = (env: Env | null, input: unknown, owned: Owned, emit: (value: unknown) => void) => void;

/** All values of a filter. What may be in several places, or is gone on with several times, is nobody's own. */
function given(filter: Filter, isApart: boolean, env: Env | null, input: unknown, owned: Owned): unknown[] {
  const values = collect(filter, env, input);
  if (values.length !== 1 || (!isApart && typeof values[0] === 'object' && values[0] !== null)) owned.clear();
  return values;
}

/** @param isApart whether what is right gives nothing of the input */
export function assigning(operator: string, left: Filter, right: Filter, isApart: boolean): Change {
  if (operator === '|=') {
    const update = updated(left, right);
    return (env, input, owned, emit) => emit(update(env, input, owned));
  }
  const assign = assigned(operator, left);
  return (env, input, owned, emit) => {
    for (const value of given(right, isApart, env, input, owned)) emit(assign(env, input, value, owned));
  };
}

export const adding =
  (right: Filter, isApart: boolean): Change =>
  (env, input, owned, emit) => {
    for (const value of given(right, isApart, env, input, owned)) emit(addTo(input, value, owned));
  };

export const choosing =
  (condition: Filter, then: Change, otherwise: Change): Change =>
  (env, input, owned, emit) => {
    for (const holds of given(condition, true, env, input, owned)) (isTrue(holds) ? then : otherwise)(env, input, owned, emit);
  };

/** The first result, or nothing. */
function first(filter: Filter, env: Env | null, input: unknown): readonly [unknown] | null {
  let found: readonly [unknown] | null = null;
  labelled((label) =>
    filter(env, input, null, (value) => {
      found = [value];
      breakOut(label);
    }),
  );
  return found;
}

/** Replaces what stands at each path; what the update gives nothing for is deleted. */
function modify(paths: Filter, env: Env | null, input: unknown, update: (old: unknown) => readonly [unknown] | null, owned: Owned): unknown {
  let made = input;
  const gone: unknown[][] = [];
  for (const keys of pathsOf(paths, env, input)) {
    const old = getPath(made, keys);
    // What is in a part is in the list, too.
    if (keys.some(isMap)) owned.clear();
    const next = update(old);
    if (next === null) gone.push(keys);
    else made = setPath(made, keys, next[0], owned);
  }
  return gone.length === 0 ? made : deletePaths(made, gone);
}
