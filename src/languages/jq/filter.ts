import { ExchangeError } from '../../core/errors.ts';
import { beginWork, work } from './bounds.ts';
import type { Owned } from './values.ts';
import { add, compare, deletePaths, describe, divide, getPath, isMap, isTrue, JqError, multiply, remainder, setPath, subtract } from './values.ts';

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

export function assignment(operator: string, left: Filter, right: Filter): Filter {
  if (operator === '|=') return (env, input, path, emit) => emit(modify(left, env, input, (old) => first(right, env, old)), path === null ? null : nowhere);
  if (operator === '=') {
    return (env, input, path, emit) =>
      right(env, input, null, (value) => {
        const owned: Owned = new Set();
        let made = input;
        for (const keys of pathsOf(left, env, input)) made = setPath(made, keys, value, owned);
        emit(made, path === null ? null : nowhere);
      });
  }
  const name = operator.slice(0, -1);
  const apply = name === '//' ? (old: unknown, value: unknown) => (isTrue(old) ? old : value) : operators[name]!;
  return (env, input, path, emit) =>
    right(env, input, null, (value) => emit(modify(left, env, input, (old) => [apply(old, value)]), path === null ? null : nowhere));
}

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
function modify(paths: Filter, env: Env | null, input: unknown, update: (old: unknown) => readonly [unknown] | null): unknown {
  const owned: Owned = new Set();
  let made = input;
  const gone: unknown[][] = [];
  for (const keys of pathsOf(paths, env, input)) {
    const old = getPath(made, keys);
    // What the update sees it may put elsewhere.
    if (owned.has(old) || keys.some(isMap)) owned.clear();
    const next = update(old);
    if (next === null) gone.push(keys);
    else made = setPath(made, keys, next[0], owned);
  }
  return gone.length === 0 ? made : deletePaths(made, gone);
}
