/** Thrown where the library has to say what is to be: all that goes wrong, and what is not known here. Nothing has been changed then. */
export const unusual = new Error('the library decides');

/** A list as the library marks it: a sequence of one is its item, of none is nothing, unless it is kept. */
export type List = unknown[] & {
  sequence?: boolean;
  keepSingleton?: boolean;
  outerWrapper?: boolean;
  readonly tupleStream?: boolean;
  readonly cons?: boolean;
};

export const isList = (value: unknown): value is List => Array.isArray(value);

export function emptySequence(): List {
  const list: List = [];
  list.sequence = true;
  return list;
}

export function sequenceOf(item: unknown): List {
  const list: List = [item];
  list.sequence = true;
  return list;
}

/** What a step of the library's evaluation makes of its value. */
export function settled(value: unknown, isKept: boolean): unknown {
  if (!isList(value) || value.sequence !== true) return value;
  if (isKept) value.keepSingleton = true;
  if (value.length === 0) return undefined;
  return value.length === 1 && value.keepSingleton !== true ? value[0] : value;
}

/** What a name is in an object, or in each of a list of them. */
export function lookup(input: unknown, name: string): unknown {
  if (typeof input !== 'object' || input === null) return undefined;
  if (isList(input)) {
    const found = emptySequence();
    for (const item of input) {
      const value = lookup(item, name);
      if (value === undefined) continue;
      if (isList(value)) for (const each of value) found.push(each);
      else found.push(value);
    }
    return found;
  }
  const value = (input as Record<string, unknown>)[name];
  return value === undefined || !Object.hasOwn(input, name) || input instanceof FunctionValue ? undefined : value;
}

/** A number that can be counted with: infinities are an error, NaN is none. */
export function isNumber(value: unknown): value is number {
  if (typeof value !== 'number') return false;
  if (value === Infinity || value === -Infinity) throw unusual;
  return value === value;
}

export function areNumbers(list: readonly unknown[]): list is readonly number[] {
  let areAll = true;
  for (let i = 0; i < list.length; i++) if (!isNumber(list[i])) areAll = false;
  return areAll;
}

/** Looks at all of them: a number that is none is an error, wherever it stands. */
function isOneTrue(list: List): boolean {
  let isOne = false;
  for (const item of list) if (isTrue(item)) isOne = true;
  return isOne;
}

/** Functions are false. Nothing is, too: who tells it from false asks before. */
export function isTrue(value: unknown): boolean {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return value !== '';
    case 'number':
      return isNumber(value) && value !== 0;
    case 'object':
      if (value === null || value instanceof FunctionValue) return false;
      if (isList(value)) return isOneTrue(value);
      for (const key in value) if (Object.hasOwn(value, key)) return true;
      return false;
    default:
      return false;
  }
}

export function areEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (one instanceof FunctionValue || other instanceof FunctionValue) throw unusual;
  if (isList(one) && isList(other)) {
    if (one.length !== other.length) return false;
    for (let i = 0; i < one.length; i++) if (!areEqual(one[i], other[i])) return false;
    return true;
  }
  // A list beside a map is rare enough.
  if (isList(one) || isList(other)) throw unusual;
  const names = Object.getOwnPropertyNames(one);
  if (names.length !== Object.getOwnPropertyNames(other).length) return false;
  for (const name of names) {
    if (!Object.hasOwn(other, name) || !areEqual((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name])) return false;
  }
  return true;
}

/** A function as a value; the library's own functions know it by this mark. */
export abstract class FunctionValue {
  readonly _jsonata_lambda = true;
  abstract readonly arity: number;
  /** @param context what stands in for an argument that is left out, where the function allows that */
  abstract call(args: unknown[], context: unknown): unknown;
  /** Calls it from within a function that it was given to. */
  callBack(_args: unknown[]): unknown {
    throw unusual;
  }
}

/** What a function with a call at its end gives: the call is still to be made, by whoever called the function. */
export class Tail {
  readonly callee: unknown;
  readonly args: unknown[];

  constructor(callee: unknown, args: unknown[]) {
    this.callee = callee;
    this.args = args;
  }
}

export function call(callee: unknown, args: unknown[], context: unknown): unknown {
  if (!(callee instanceof FunctionValue)) throw unusual;
  let result = callee.call(args, context);
  while (result instanceof Tail) {
    if (!(result.callee instanceof FunctionValue)) throw unusual;
    result = result.callee.call(result.args, context);
  }
  return result;
}

/** A function that is an argument: it knows no context. */
export class Argument extends FunctionValue {
  readonly arity: number;
  readonly inner: FunctionValue;

  constructor(inner: FunctionValue) {
    super();
    this.inner = inner;
    this.arity = inner.arity;
  }

  call(args: unknown[]): unknown {
    return call(this.inner, args, null);
  }

  override callBack(args: unknown[]): unknown {
    return call(this.inner, args, null);
  }
}
