import { lettersOf, pieceByPiece, splitText } from '../../core/conversion/manyParts.ts';
import { exactNumber, isNumeric, javaDouble } from '../../core/conversion/exactNumber.ts';
import { parseJson } from '../../core/conversion/json.ts';
import { lettersIn } from '../../core/conversion/letters.ts';
import { work } from './bounds.ts';
import { fromIso8601, gmtime, mktime, strftime, strptime, toIso8601 } from './dates.ts';
import type { Env, Filter, Path } from './filter.ts';
import { breakOut, collect, emitEach, emitPaths, extended, labelled, nowhere, pathsOf, recurseAll } from './filter.ts';
import { asText } from './formats.ts';
import { matches, namedCaptures, patternAndFlags, shown, test } from './regex.ts';
import type { Match } from './regex.ts';
import { add, compare, deletePaths, describe, getKey, getPath, indexesOf, isMap, isTrue, json, JqError, own, put, setPath, typeName } from './values.ts';
import type { JsonMap, Owned } from './values.ts';

/** A function of values, or one that makes a filter of filters. */
export type LibraryFunction =
  | { readonly kind: 'value'; readonly run: (input: unknown, ...args: readonly unknown[]) => unknown }
  | { readonly kind: 'filter'; readonly make: (...args: Filter[]) => Filter };

const value = (run: (input: unknown, ...args: readonly unknown[]) => unknown): LibraryFunction => ({ kind: 'value', run });
const filter = (make: (...args: Filter[]) => Filter): LibraryFunction => ({ kind: 'filter', make });

const off = (path: Path | null): Path | null => (path === null ? null : nowhere);

function pathOf(keys: unknown): readonly unknown[] {
  if (!Array.isArray(keys)) throw new JqError('Path must be specified as an array');
  return keys as unknown[];
}

function listOf(input: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(input)) throw new JqError(`${describe(input)} ${what}`);
  return input as unknown[];
}

function textOf(input: unknown, what: string): string {
  if (typeof input !== 'string') throw new JqError(`${describe(input)} ${what}`);
  return input;
}

function numberOf(input: unknown, name: string): number {
  if (!isNumeric(input)) throw new JqError(`${describe(input)} number required${name === '' ? '' : ` for ${name}`}`);
  return Number(input);
}

/** Values with the list of what a filter gives for each, in their order. */
const keyed = (list: readonly unknown[], by: Filter, env: Env | null): { readonly key: unknown[]; readonly item: unknown }[] =>
  list.map((item) => ({ key: collect(by, env, item), item })).sort((a, b) => compare(a.key, b.key));

const bySorted = (what: string, run: (entries: { readonly key: unknown[]; readonly item: unknown }[]) => unknown): ((by: Filter) => Filter) =>
  (by) => (env, input, path, emit) => emit(run(keyed(listOf(input, what), by, env)), off(path));

function grouped(entries: readonly { readonly key: unknown[]; readonly item: unknown }[]): unknown[][] {
  const groups: unknown[][] = [];
  let last: unknown[] | null = null;
  for (const { key, item } of entries) {
    if (last === null || compare(last, key) !== 0) groups.push([]);
    groups[groups.length - 1]!.push(item);
    last = key;
  }
  return groups;
}

const self: Filter = (_env, input, path, emit) => emit(input, path);

const extreme = (sign: number) => (by: Filter): Filter => (env, input, path, emit) => {
  let best: { readonly key: unknown[]; readonly item: unknown } | null = null;
  for (const item of listOf(input, 'cannot be searched, as it is not an array')) {
    const key = collect(by, env, item);
    const order = best === null ? 1 : compare(key, best.key) * sign;
    // Of equal ones, the least is the first and the greatest is the last.
    if (order > 0 || (order === 0 && sign > 0)) best = { key, item };
  }
  emit(best === null ? null : best.item, off(path));
};

const all = (of: Filter, wanted: boolean, condition: Filter): Filter => (env, input, path, emit) => {
  let result = wanted;
  labelled((label) =>
    of(env, input, null, (item) =>
      condition(env, item, null, (found) => {
        if (isTrue(found) === wanted) return;
        result = !wanted;
        breakOut(label);
      }),
    ),
  );
  emit(result, off(path));
};

const each: Filter = (_env, input, path, emit) => emitEach(input, path, emit);

/** Those values that a condition holds for. */
const only = (holds: (input: unknown) => boolean): LibraryFunction =>
  filter(() => (_env, input, path, emit) => {
    if (holds(input)) emit(input, path);
  });

const firstOf = (of: Filter): Filter => (env, input, path, emit) => {
  let found: readonly [unknown, Path | null] | null = null as readonly [unknown, Path | null] | null;
  labelled((label) =>
    of(env, input, path, (item, at) => {
      found = [item, at];
      breakOut(label);
    }),
  );
  if (found !== null) emit(found[0], found[1]);
};

const limited = (count: Filter, of: Filter): Filter => (env, input, path, emit) =>
  count(env, input, null, (most) => {
    let left = numberOf(most, 'limit');
    if (left < 0) of(env, input, path, emit);
    else if (left > 0) {
      labelled((label) =>
        of(env, input, path, (item, at) => {
          left--;
          emit(item, at);
          if (left <= 0) breakOut(label);
        }),
      );
    }
  });

/** From one value to the next, without growing the stack where there is only one next. */
function walkOn(start: unknown, path: Path | null, next: (input: unknown, at: Path | null, emit: (value: unknown, at: Path | null) => void) => void, visit: (value: unknown, at: Path | null) => boolean): void {
  let [current, at] = [start, path];
  for (;;) {
    work();
    if (!visit(current, at)) return;
    const following: [unknown, Path | null][] = [];
    next(current, at, (item, itemAt) => void following.push([item, itemAt]));
    if (following.length === 0) return;
    for (let i = 0; i < following.length - 1; i++) walkOn(...following[i]!, next, visit);
    [current, at] = following[following.length - 1]!;
  }
}

const recurseBy = (step: Filter, condition: Filter | null): Filter => (env, input, path, emit) =>
  walkOn(
    input,
    path,
    (item, at, found) =>
      step(env, item, at, (next, nextAt) => {
        if (condition === null) found(next, nextAt);
        else condition(env, next, null, (holds) => void (isTrue(holds) && found(next, nextAt)));
      }),
    (item, at) => {
      emit(item, at);
      return true;
    },
  );

const holdsFor = (condition: Filter, env: Env | null, input: unknown): boolean => {
  const [first] = collect(condition, env, input);
  return first !== undefined && isTrue(first);
};

function toEntries(input: unknown): { readonly key: unknown; readonly value: unknown }[] {
  if (Array.isArray(input)) return input.map((item, key) => ({ key, value: item as unknown }));
  if (!isMap(input)) throw new JqError(`${describe(input)} has no keys`);
  return Object.keys(input).map((key) => ({ key, value: input[key] }));
}

function fromEntries(input: unknown): JsonMap {
  const made: JsonMap = {};
  for (const entry of listOf(input, 'cannot be read as entries')) {
    if (!isMap(entry)) throw new JqError(`Cannot index ${typeName(entry)} with "key"`);
    const names = ['key', 'k', 'name', 'Name', 'Key', 'K'];
    const found = names.map((name) => own(entry, name)).find((key) => key !== undefined && key !== null && key !== false) ?? names.map((name) => own(entry, name)).find((key) => key !== undefined) ?? null;
    const key = typeof found === 'string' ? found : typeof found === 'boolean' || isNumeric(found) ? json(found) : null;
    if (key === null) throw new JqError(`Cannot use ${describe(found)} as object key`);
    const item = ['value', 'v', 'Value', 'V'].map((name) => own(entry, name)).find((one) => one !== undefined && one !== null);
    put(made, key, item ?? own(entry, 'value') ?? null);
  }
  return made;
}

function contains(a: unknown, b: unknown): boolean {
  if (typeName(a) !== typeName(b)) throw new JqError(`${describe(a)} and ${describe(b)} cannot have their containment checked`);
  return includes(a, b);
}

function includes(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a.includes(b);
  if (Array.isArray(a) && Array.isArray(b)) return b.every((wanted) => a.some((item) => includes(item, wanted)));
  if (isMap(a) && isMap(b)) return Object.keys(b).every((key) => Object.hasOwn(a, key) && includes(a[key], b[key]));
  return compare(a, b) === 0;
}

function flatten(input: readonly unknown[], depth: number): unknown[] {
  const flat: unknown[] = [];
  for (const item of input) {
    if (Array.isArray(item) && depth > 0) for (const inner of flatten(item, depth - 1)) flat.push(inner);
    else flat.push(item);
  }
  return flat;
}

function has(input: unknown, key: unknown): boolean {
  if (input === null) return false;
  if (isMap(input) && typeof key === 'string') return Object.hasOwn(input, key);
  if (Array.isArray(input) && isNumeric(key)) return Number(key) >= 0 && Number(key) < input.length;
  if (isMap(input) || Array.isArray(input)) throw new JqError(`argument 1 of has() must be ${isMap(input) ? 'string' : 'number'} for ${typeName(input)} input`);
  throw new JqError(`Cannot check whether ${typeName(input)} has a ${typeName(key)} key`);
}

function length(input: unknown): unknown {
  if (input === null) return 0;
  if (typeof input === 'string') return lettersIn(input);
  if (Array.isArray(input)) return input.length;
  if (isMap(input)) return Object.keys(input).length;
  if (isNumeric(input)) return Math.abs(Number(input));
  throw new JqError(`${describe(input)} has no length`);
}

function keysOfValue(input: unknown, isSorted: boolean): unknown[] {
  if (Array.isArray(input)) return input.map((_item, i) => i);
  if (!isMap(input)) throw new JqError(`${describe(input)} has no keys`);
  return isSorted ? Object.keys(input).sort() : Object.keys(input);
}

function indexes(input: unknown, wanted: unknown): unknown {
  if (input === null) return null;
  if (typeof input === 'string' && typeof wanted === 'string') {
    if (wanted === '') return null;
    const found: number[] = [];
    let letters = 0;
    let counted = 0;
    for (let at = input.indexOf(wanted); at >= 0; at = input.indexOf(wanted, at + 1)) {
      work(1 + ((at - counted + wanted.length) >> 6));
      letters += lettersIn(input, counted, at);
      counted = at;
      found.push(letters);
    }
    return found;
  }
  if (Array.isArray(input)) return indexesOf(input, Array.isArray(wanted) ? (wanted as unknown[]) : [wanted]);
  return getKey(input, wanted);
}

const firstOrNull = (found: unknown, at: (list: readonly unknown[]) => unknown): unknown => (Array.isArray(found) && found.length > 0 ? at(found as unknown[]) : null);

function trimmed(input: unknown, from: boolean, to: boolean): string {
  const text = textOf(input, 'cannot be trimmed');
  return from ? (to ? text.trim() : text.trimStart()) : text.trimEnd();
}

function toNumber(input: unknown): unknown {
  if (isNumeric(input)) return input;
  const text = textOf(input, 'cannot be parsed as a number');
  if (!/^\s*[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/.test(text) && text !== 'nan') throw new JqError(`${describe(input)} cannot be parsed as a number`);
  return text === 'nan' ? NaN : /^-?\d+$/.test(text.trim()) ? exactNumber(text.trim()) : Number(text);
}

function implode(input: unknown): string {
  return listOf(input, 'cannot be imploded, must be an array of codepoints')
    .map((code) => {
      const point = isNumeric(code) ? Number(code) : NaN;
      if (!Number.isInteger(point) || point < 0 || point > 0x10ffff) throw new JqError('Invalid codepoint literal');
      return String.fromCodePoint(point);
    })
    .join('');
}

function joined(input: unknown, separator: unknown): string {
  const list = listOf(input, 'cannot be joined');
  if (list.length === 0) return '';
  const between = textOf(separator, 'cannot separate texts');
  return list
    .map((item) => {
      if (item === null) return '';
      if (typeof item === 'string') return item;
      if (typeof item === 'boolean' || isNumeric(item)) return json(item);
      throw new JqError(`${describe(between)} and ${describe(item)} cannot be added`);
    })
    .join(between);
}

/** Replaces matches; an expression that gives several texts gives several results. */
const substituted = (pattern: Filter, replacement: Filter, flags: Filter | null, isGlobal: boolean): Filter => (env, input, path, emit) => {
  const run = (source: unknown, modes: unknown): void => {
    const found = matches(input, source, modes, isGlobal);
    const text = input as string;
    const from = (first: number, begun: string): void => {
      let done = begun;
      for (let index = first; index < found.length; index++) {
        const match = found[index]!;
        const texts: string[] = [];
        replacement(env, namedCaptures(match), null, (by) => {
          work();
          if (typeof by !== 'string') throw new JqError(`${describe(namedCaptures(match))} cannot be added to a string`);
          texts.push(by);
        });
        done += text.slice(found[index - 1]?.to ?? 0, match.from);
        if (texts.length !== 1) {
          for (const by of texts) from(index + 1, done + by);
          return;
        }
        done += texts[0]!;
      }
      emit(done + text.slice(found.at(-1)?.to ?? 0), off(path));
    };
    from(0, '');
  };
  pattern(env, input, null, (source) => (flags === null ? run(source, null) : flags(env, input, null, (modes) => run(source, modes))));
};

const splitByPattern = (input: unknown, source: unknown, flags: unknown): string[] => {
  const found = matches(input, source, flags, true);
  const text = input as string;
  return [...found.map((match, i) => text.slice(found[i - 1]?.to ?? 0, match.from)), text.slice(found[found.length - 1]?.to ?? 0)];
};

const scanned = (match: Match): unknown => (match.captures.length > 0 ? match.captures.map(({ string }) => string) : match.string);

/** `match(re)`, where the argument may be a list of pattern and flags, and `match(re; flags)`. */
const several = (run: (input: unknown, source: unknown, flags: unknown) => readonly unknown[]): Readonly<Record<1 | 2, LibraryFunction>> => {
  const emitAll = (input: unknown, source: unknown, flags: unknown, path: Path | null, emit: (value: unknown, path: Path | null) => void): void => {
    for (const item of run(input, source, flags)) emit(item, off(path));
  };
  return {
    1: filter((pattern) => (env, input, path, emit) => pattern(env, input, null, (given) => emitAll(input, ...patternAndFlags(given), path, emit))),
    2: filter((pattern, flags) => (env, input, path, emit) => flags(env, input, null, (modes) => pattern(env, input, null, (source) => emitAll(input, source, modes, path, emit)))),
  };
};

const match = several((input, source, flags) => matches(input, source, flags).map(shown));
const capture = several((input, source, flags) => matches(input, source, flags).map(namedCaptures));
const tested = several((input, source, flags) => [test(input, source, flags)]);
const scan = several((input, source, flags) => matches(input, source, flags, true).map(scanned));

const math = (run: (x: number) => number): LibraryFunction => value((input) => javaDouble(run(numberOf(input, ''))));
const math2 = (run: (x: number, y: number) => number): LibraryFunction => value((_input, x, y) => javaDouble(run(numberOf(x, ''), numberOf(y, ''))));
const math3 = (run: (x: number, y: number, z: number) => number): LibraryFunction => value((_input, x, y, z) => run(numberOf(x, ''), numberOf(y, ''), numberOf(z, '')));

const roundEven = (x: number): number => {
  const near = Math.round(x);
  return Math.abs(x % 1) === 0.5 && near % 2 !== 0 ? near - 1 : near;
};

const walkAll = (change: Filter): Filter => {
  const walked: Filter = (env, input, path, emit) => {
    work();
    let inner: unknown = input;
    if (Array.isArray(input)) inner = input.flatMap((item) => collect(walked, env, item));
    else if (isMap(input)) {
      const made: JsonMap = {};
      for (const key of Object.keys(input)) {
        const [first] = collect(walked, env, input[key]);
        if (first !== undefined) put(made, key, first);
      }
      inner = made;
    }
    change(env, inner, null, (changed) => emit(changed, off(path)));
  };
  return walked;
};

function* combined(lists: readonly unknown[]): Generator<unknown[]> {
  if (lists.length === 0) {
    yield [];
    return;
  }
  const first = lists[0];
  const items = Array.isArray(first) ? (first as unknown[]) : isMap(first) ? Object.values(first) : null;
  if (items === null) throw new JqError(`Cannot iterate over ${typeName(first)}`);
  for (const item of items) for (const rest of combined(lists.slice(1))) yield [item, ...rest];
}

const emitCombinations = (lists: readonly unknown[], path: Path | null, emit: (value: unknown, path: Path | null) => void): void => {
  for (const one of combined(lists)) {
    work();
    emit(one, off(path));
  }
};

/** Events of a document: a path with each leaf, and a path alone at each end. */
function* streamed(input: unknown, path: readonly unknown[] = [], isTop = true): Generator<unknown[]> {
  const keys = Array.isArray(input) ? input.map((_item, i) => i) : isMap(input) ? Object.keys(input) : [];
  if (keys.length === 0) {
    yield [path, input];
    return;
  }
  for (const key of keys) yield* streamed((input as JsonMap)[key as string], [...path, key], false);
  yield [[...path, keys[keys.length - 1]]];
  if (isTop) return;
}

const range = (from: unknown, to: unknown, by: unknown, path: Path | null, emit: (value: unknown, path: Path | null) => void): void => {
  const [start, end, step] = [numberOf(from, 'range'), numberOf(to, 'range'), numberOf(by, 'range')];
  if (step === 0 && start < end) throw new JqError('Range step must not be zero');
  for (let at = start; step > 0 ? at < end : at > end; at += step) {
    work();
    emit(at, off(path));
  }
};

const one: Filter = (_env, _input, path, emit) => emit(1, off(path));
const zero: Filter = (_env, _input, path, emit) => emit(0, off(path));
const ranged = (from: Filter, to: Filter, by: Filter): Filter => (env, input, path, emit) =>
  from(env, input, null, (start) => to(env, input, null, (end) => by(env, input, null, (step) => range(start, end, step, path, emit))));

const index = (streams: Filter, by: Filter): Filter => (env, input, path, emit) => {
  const made: JsonMap = {};
  streams(env, input, null, (item) => by(env, item, null, (key) => put(made, asText(key), item)));
  emit(made, off(path));
};

const isEmpty = (of: Filter): Filter => (env, input, path, emit) => {
  let found = true;
  labelled((label) => of(env, input, null, () => {
    found = false;
    breakOut(label);
  }));
  emit(found, off(path));
};

const emptyFilter: Filter = () => {};

const nth = (count: Filter, of: Filter): Filter => (env, input, path, emit) =>
  count(env, input, null, (wanted) => {
    let left = numberOf(wanted, 'nth');
    if (left < 0) throw new JqError("nth doesn't support negative indices");
    firstOf((inner, item, at, found) => of(inner, item, at, (value_, valueAt) => void (left-- <= 0 && found(value_, valueAt))))(env, input, path, emit);
  });

const lastOf = (of: Filter): Filter => (env, input, path, emit) => {
  let found: readonly [unknown, Path | null] | null = null as readonly [unknown, Path | null] | null;
  of(env, input, path, (item, at) => void (found = [item, at]));
  if (found !== null) emit(found[0], found[1]);
};

const atIndex = (position: number): Filter => (_env, input, path, emit) => emit(getKey(input, position), extended(path, [position], input));

/** Everything that jq brings and that makes sense for messages, by `name/number of arguments`. */
export const library: Readonly<Record<string, LibraryFunction>> = {
  'empty/0': filter(() => emptyFilter),
  'error/0': value((input) => {
    throw new JqError(input, true);
  }),
  'error/1': value((_input, message) => {
    if (message === null) return null;
    throw new JqError(message, true);
  }),
  'not/0': value((input) => !isTrue(input)),
  'length/0': value(length),
  'utf8bytelength/0': value((input) => Buffer.byteLength(textOf(input, 'only strings have UTF-8 byte length'))),
  'keys/0': value((input) => keysOfValue(input, true)),
  'keys_unsorted/0': value((input) => keysOfValue(input, false)),
  'has/1': value(has),
  'in/1': value((input, of) => has(of, input)),
  'contains/1': value(contains),
  'inside/1': value((input, of) => contains(of, input)),
  'type/0': value(typeName),
  'add/0': value((input) => (input === null ? null : (Array.isArray(input) ? input : isMap(input) ? Object.values(input) : listOf(input, 'cannot be iterated over')).reduce(add, null))),
  'add/1': filter((of) => (env, input, path, emit) => emit(collect(of, env, input).reduce(add, null), off(path))),
  'any/0': filter(() => all(each, false, self)),
  'any/1': filter((condition) => all(each, false, condition)),
  'any/2': filter((of, condition) => all(of, false, condition)),
  'all/0': filter(() => all(each, true, self)),
  'all/1': filter((condition) => all(each, true, condition)),
  'all/2': filter((of, condition) => all(of, true, condition)),
  'map/1': filter((of) => (env, input, path, emit) => {
    const list: unknown[] = [];
    emitEach(input, null, (item) => of(env, item, null, (made) => void list.push(made)));
    emit(list, off(path));
  }),
  'map_values/1': filter((of) => (env, input, path, emit) => {
    const first = firstOf(of);
    if (Array.isArray(input)) {
      emit(input.flatMap((item) => collect(first, env, item)), off(path));
      return;
    }
    if (!isMap(input)) throw new JqError(`Cannot iterate over ${typeName(input)}`);
    const made: JsonMap = {};
    for (const key of Object.keys(input)) first(env, input[key], null, (item) => put(made, key, item));
    emit(made, off(path));
  }),
  'select/1': filter((condition) => (env, input, path, emit) => condition(env, input, null, (holds) => void (isTrue(holds) && emit(input, path)))),
  'recurse/0': filter(() => recurseAll),
  'recurse_down/0': filter(() => recurseAll),
  'recurse/1': filter((step) => recurseBy(step, null)),
  'recurse/2': filter((step, condition) => recurseBy(step, condition)),
  'env/0': value(() => ({})),
  'halt/0': value(() => {
    throw new JqError('halt: there is nothing to halt here');
  }),
  'input/0': value(() => {
    throw new JqError('No more inputs');
  }),
  'inputs/0': filter(() => emptyFilter),
  'debug/0': filter(() => self),
  'debug/1': filter(() => self),
  'stderr/0': filter(() => self),
  'input_line_number/0': value(() => 0),
  'builtins/0': value(() => Object.keys(library)),

  'path/1': filter((of) => (env, input, path, emit) => emitPaths(of, env, input, (keys) => emit(keys, off(path)))),
  'paths/0': filter(() => (env, input, path, emit) => emitPaths(recurseAll, env, input, (keys) => void (keys.length > 0 && getPath(input, keys) !== null && emit(keys, off(path))))),
  'paths/1': filter((condition) => (env, input, path, emit) =>
    emitPaths(recurseAll, env, input, (keys) => {
      if (keys.length > 0) condition(env, getPath(input, keys), null, (holds) => void (isTrue(holds) && emit(keys, off(path))));
    })),
  'leaf_paths/0': filter(() => (env, input, path, emit) =>
    emitPaths(recurseAll, env, input, (keys) => {
      const found = getPath(input, keys);
      if (keys.length > 0 && isTrue(found) && !Array.isArray(found) && !isMap(found)) emit(keys, off(path));
    })),
  'getpath/1': filter((keys) => (env, input, path, emit) =>
    keys(env, input, null, (found) => {
      const list = pathOf(found);
      emit(getPath(input, list), extended(path, list, input));
    })),
  'setpath/2': value((input, keys, item) => setPath(input, pathOf(keys), item)),
  'delpaths/1': value((input, paths) => deletePaths(input, listOf(paths, 'is no list of paths: Paths must be specified as an array').map((keys) => pathOf(keys)))),
  'del/1': filter((of) => (env, input, path, emit) => emit(deletePaths(input, pathsOf(of, env, input)), off(path))),
  'pick/1': filter((of) => (env, input, path, emit) => {
    const owned: Owned = new Set();
    emit(pathsOf(of, env, input).reduce((made: unknown, keys) => setPath(made, keys, getPath(input, keys), owned), null), off(path));
  }),
  'to_entries/0': value(toEntries),
  'from_entries/0': value(fromEntries),
  'with_entries/1': filter((of) => (env, input, path, emit) => emit(fromEntries(toEntries(input).flatMap((entry) => collect(of, env, entry))), off(path))),
  'walk/1': filter((change) => walkAll(change)),
  'transpose/0': value((input) => {
    const rows = listOf(input, 'cannot be transposed').map((row) => (row === null ? [] : listOf(row, 'cannot be transposed')));
    const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
    return Array.from({ length: width }, (_none, column) => rows.map((row) => row[column] ?? null));
  }),
  'tostream/0': filter(() => (_env, input, path, emit) => {
    for (const event of streamed(input)) {
      work();
      emit(event, off(path));
    }
  }),
  'fromstream/1': filter((of) => (env, input, path, emit) => {
    const owned: Owned = new Set();
    let made: unknown = null;
    of(env, input, null, (event) => {
      const [keys, leaf] = listOf(event, 'is no event of a stream') as [unknown[], unknown];
      const isLeaf = (event as unknown[]).length > 1;
      if (isLeaf) made = setPath(made, keys, leaf, owned);
      if (keys.length !== (isLeaf ? 0 : 1)) return;
      emit(made, off(path));
      made = null;
    });
  }),
  'truncate_stream/1': filter((of) => (env, input, path, emit) =>
    of(env, input, null, (event) => {
      const [keys, ...leaf] = listOf(event, 'is no event of a stream') as [unknown[], ...unknown[]];
      const depth = isNumeric(input) ? Number(input) : 1;
      if (keys.length > depth) emit([keys.slice(depth), ...leaf], off(path));
    })),

  'sort/0': value((input) => [...listOf(input, 'cannot be sorted, as it is not an array')].sort(compare)),
  'sort_by/1': filter(bySorted('cannot be sorted, as it is not an array', (entries) => entries.map(({ item }) => item))),
  'group_by/1': filter(bySorted('cannot be grouped, as it is not an array', grouped)),
  'unique/0': value((input) => [...listOf(input, 'cannot be sorted, as it is not an array')].sort(compare).filter((item, i, list) => i === 0 || compare(list[i - 1], item) !== 0)),
  'unique_by/1': filter(bySorted('cannot be grouped, as it is not an array', (entries) => grouped(entries).map(([item]) => item))),
  'min/0': filter(() => extreme(-1)(self)),
  'max/0': filter(() => extreme(1)(self)),
  'min_by/1': filter((by) => extreme(-1)(by)),
  'max_by/1': filter((by) => extreme(1)(by)),
  'reverse/0': value((input) => (input === null ? [] : typeof input === 'string' ? Array.from(input).reverse().join('') : [...listOf(input, 'cannot be reversed')].reverse())),
  'flatten/0': value((input) => flatten(listOf(input, 'cannot be flattened'), Infinity)),
  'flatten/1': value((input, depth) => {
    if (numberOf(depth, 'flatten') < 0) throw new JqError('flatten depth must not be negative');
    return flatten(listOf(input, 'cannot be flattened'), Number(depth));
  }),
  'range/1': filter((to) => ranged(zero, to, one)),
  'range/2': filter((from, to) => ranged(from, to, one)),
  'range/3': filter((from, to, by) => ranged(from, to, by)),
  'first/0': filter(() => atIndex(0)),
  'first/1': filter((of) => firstOf(of)),
  'last/0': filter(() => atIndex(-1)),
  'last/1': filter((of) => lastOf(of)),
  'nth/1': filter((position) => (env, input, path, emit) => position(env, input, null, (at) => emit(getKey(input, at), extended(path, [at], input)))),
  'nth/2': filter((count, of) => nth(count, of)),
  'limit/2': filter((count, of) => limited(count, of)),
  'skip/2': filter((count, of) => (env, input, path, emit) =>
    count(env, input, null, (most) => {
      let left = numberOf(most, 'skip');
      of(env, input, path, (item, at) => void (left-- <= 0 && emit(item, at)));
    })),
  'isempty/1': filter((of) => isEmpty(of)),
  'until/2': filter((condition, next) => (env, input, path, emit) =>
    walkOn(
      input,
      path,
      (item, at, found) => next(env, item, at, found),
      (item, at) => {
        if (!holdsFor(condition, env, item)) return true;
        emit(item, at);
        return false;
      },
    )),
  'while/2': filter((condition, next) => (env, input, path, emit) =>
    walkOn(
      input,
      path,
      (item, at, found) => next(env, item, at, found),
      (item, at) => {
        if (!holdsFor(condition, env, item)) return false;
        emit(item, at);
        return true;
      },
    )),
  'repeat/1': filter((next) => recurseBy(next, null)),
  'combinations/0': filter(() => (_env, input, path, emit) => emitCombinations(listOf(input, 'cannot be combined'), path, emit)),
  'combinations/1': filter((count) => (env, input, path, emit) => count(env, input, null, (times) => emitCombinations(Array<unknown>(Math.max(0, numberOf(times, 'combinations'))).fill(input), path, emit))),
  'indices/1': value(indexes),
  '_indices/1': value(indexes),
  'index/1': value((input, wanted) => firstOrNull(indexes(input, wanted), (list) => list[0])),
  'rindex/1': value((input, wanted) => firstOrNull(indexes(input, wanted), (list) => list[list.length - 1])),
  'INDEX/1': filter((by) => index(each, by)),
  'INDEX/2': filter((of, by) => index(of, by)),
  'GROUP_BY/1': filter(bySorted('cannot be grouped, as it is not an array', grouped)),
  'IN/1': filter((of) => (env, input, path, emit) => emit(collect(of, env, input).some((item) => compare(item, input) === 0), off(path))),
  'IN/2': filter((source, of) => (env, input, path, emit) => {
    const found = collect(of, env, input);
    emit(collect(source, env, input).some((item) => found.some((other) => compare(item, other) === 0)), off(path));
  }),
  'toarray/0': value((input) => (Array.isArray(input) ? input : [input])),
  'arrays/0': only(Array.isArray),
  'objects/0': only(isMap),
  'iterables/0': only((input) => Array.isArray(input) || isMap(input)),
  'booleans/0': only((input) => typeof input === 'boolean'),
  'numbers/0': only(isNumeric),
  'normals/0': only((input) => isNumeric(input) && Number.isFinite(Number(input)) && Math.abs(Number(input)) >= 2 ** -1022),
  'finites/0': only((input) => isNumeric(input) && Number.isFinite(Number(input))),
  'strings/0': only((input) => typeof input === 'string'),
  'nulls/0': only((input) => input === null),
  'values/0': only((input) => input !== null),
  'scalars/0': only((input) => !Array.isArray(input) && !isMap(input)),

  'tostring/0': value(asText),
  'tonumber/0': value(toNumber),
  'toboolean/0': value((input) => {
    if (typeof input === 'boolean') return input;
    if (input === 'true' || input === 'false') return input === 'true';
    throw new JqError(`${describe(input)} cannot be parsed as a boolean`);
  }),
  'tojson/0': value(json),
  'fromjson/0': value((input) => {
    const text = textOf(input, 'only strings can be parsed');
    try {
      return parseJson(text);
    } catch (thrown) {
      throw new JqError(`${(thrown as Error).message} (while parsing '${text}')`);
    }
  }),
  'ascii_downcase/0': value((input) => pieceByPiece(textOf(input, 'cannot be exploded'), (piece) => piece.replace(/[A-Z]/g, (letter) => letter.toLowerCase()))),
  'ascii_upcase/0': value((input) => pieceByPiece(textOf(input, 'cannot be exploded'), (piece) => piece.replace(/[a-z]/g, (letter) => letter.toUpperCase()))),
  'ascii/0': value((input) => String.fromCharCode(numberOf(input, 'ascii'))),
  'explode/0': value((input) => lettersOf(textOf(input, 'cannot be exploded')).map((letter) => letter.codePointAt(0)!)),
  'implode/0': value(implode),
  'startswith/1': value((input, start) => {
    if (typeof input !== 'string' || typeof start !== 'string') throw new JqError('startswith() requires string inputs');
    return input.startsWith(start);
  }),
  'endswith/1': value((input, end) => {
    if (typeof input !== 'string' || typeof end !== 'string') throw new JqError('endswith() requires string inputs');
    return input.endsWith(end);
  }),
  'ltrimstr/1': value((input, start) => (typeof input === 'string' && typeof start === 'string' && input.startsWith(start) ? input.slice(start.length) : input)),
  'rtrimstr/1': value((input, end) => (typeof input === 'string' && typeof end === 'string' && end !== '' && input.endsWith(end) ? input.slice(0, -end.length) : input)),
  'trimstr/1': value((input, both) => {
    if (typeof input !== 'string' || typeof both !== 'string' || both === '') return input;
    const rest = input.startsWith(both) ? input.slice(both.length) : input;
    return rest.endsWith(both) ? rest.slice(0, -both.length) : rest;
  }),
  'trim/0': value((input) => trimmed(input, true, true)),
  'ltrim/0': value((input) => trimmed(input, true, false)),
  'rtrim/0': value((input) => trimmed(input, false, true)),
  'split/1': value((input, separator) => {
    if (typeof input !== 'string' || typeof separator !== 'string') throw new JqError('split input and separator must be strings');
    return input === '' ? [] : separator === '' ? lettersOf(input) : splitText(input, separator);
  }),
  'split/2': value(splitByPattern),
  'splits/1': filter((pattern) => (env, input, path, emit) => pattern(env, input, null, (source) => splitByPattern(input, source, null).forEach((part) => emit(part, off(path))))),
  'splits/2': filter((pattern, flags) => (env, input, path, emit) =>
    pattern(env, input, null, (source) => flags(env, input, null, (modes) => splitByPattern(input, source, modes).forEach((part) => emit(part, off(path)))))),
  'join/1': value(joined),
  'match/1': match[1],
  'match/2': match[2],
  'test/1': tested[1],
  'test/2': tested[2],
  'capture/1': capture[1],
  'capture/2': capture[2],
  'scan/1': scan[1],
  'scan/2': scan[2],
  'sub/2': filter((pattern, by) => substituted(pattern, by, null, false)),
  'sub/3': filter((pattern, by, flags) => substituted(pattern, by, flags, false)),
  'gsub/2': filter((pattern, by) => substituted(pattern, by, null, true)),
  'gsub/3': filter((pattern, by, flags) => substituted(pattern, by, flags, true)),

  'gmtime/0': value(gmtime),
  'localtime/0': value(gmtime),
  'mktime/0': value(mktime),
  'strftime/1': value(strftime),
  'strflocaltime/1': value(strftime),
  'strptime/1': value(strptime),
  'todate/0': value(toIso8601),
  'fromdate/0': value(fromIso8601),
  'date/0': value(toIso8601),
  'todateiso8601/0': value(toIso8601),
  'fromdateiso8601/0': value(fromIso8601),
  'dateadd/2': value((input, _unit, amount) => add(input, amount)),

  'infinite/0': value(() => Infinity),
  'nan/0': value(() => NaN),
  'isinfinite/0': value((input) => Math.abs(numberOf(input, 'isinfinite')) === Infinity),
  'isnan/0': value((input) => Number.isNaN(numberOf(input, 'isnan'))),
  'isnormal/0': value((input) => Number.isFinite(numberOf(input, 'isnormal')) && Math.abs(Number(input)) >= 2 ** -1022),
  'isfinite/0': value((input) => isNumeric(input) && Math.abs(Number(input)) !== Infinity),
  'abs/0': value((input) => Math.abs(numberOf(input, 'abs'))),
  'fabs/0': math(Math.abs),
  'floor/0': math(Math.floor),
  'ceil/0': math(Math.ceil),
  'round/0': math((x) => (x < 0 ? -Math.round(-x) : Math.round(x))),
  'nearbyint/0': math(roundEven),
  'rint/0': math(roundEven),
  'trunc/0': math(Math.trunc),
  'significand/0': math((x) => (x === 0 ? 0 : x / 2 ** Math.floor(Math.log2(Math.abs(x))))),
  'logb/0': math((x) => Math.floor(Math.log2(Math.abs(x)))),
  'sqrt/0': math(Math.sqrt),
  'cbrt/0': math(Math.cbrt),
  'exp/0': math(Math.exp),
  'exp2/0': math((x) => 2 ** x),
  'exp10/0': math((x) => 10 ** x),
  'expm1/0': math(Math.expm1),
  'log/0': math(Math.log),
  'log2/0': math(Math.log2),
  'log10/0': math(Math.log10),
  'log1p/0': math(Math.log1p),
  'sin/0': math(Math.sin),
  'cos/0': math(Math.cos),
  'tan/0': math(Math.tan),
  'asin/0': math(Math.asin),
  'acos/0': math(Math.acos),
  'atan/0': math(Math.atan),
  'sinh/0': math(Math.sinh),
  'cosh/0': math(Math.cosh),
  'tanh/0': math(Math.tanh),
  'asinh/0': math(Math.asinh),
  'acosh/0': math(Math.acosh),
  'atanh/0': math(Math.atanh),
  'pow/2': math2((x, y) => x ** y),
  'atan2/2': math2(Math.atan2),
  'fmin/2': math2(Math.min),
  'fmax/2': math2(Math.max),
  'fmod/2': math2((x, y) => x % y),
  'hypot/2': math2(Math.hypot),
  'copysign/2': math2((x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x))),
  'ldexp/2': math2((x, y) => x * 2 ** y),
  'scalb/2': math2((x, y) => x * 2 ** y),
  'scalbln/2': math2((x, y) => x * 2 ** y),
  'fma/3': math3((x, y, z) => x * y + z),
  'frexp/0': value((input) => {
    const x = numberOf(input, 'frexp');
    if (x === 0 || !Number.isFinite(x)) return [x, 0];
    const exponent = Math.floor(Math.log2(Math.abs(x))) + 1;
    return [x / 2 ** exponent, exponent];
  }),
  'modf/0': value((input) => {
    const x = numberOf(input, 'modf');
    return [x - Math.trunc(x), Math.trunc(x)];
  }),
};
