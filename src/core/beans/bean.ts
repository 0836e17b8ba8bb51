import { describeValue, toText } from '../conversion/convert.ts';
import { ExchangeError } from '../errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Expression, LanguageContext } from '../expression.ts';
import { ExpressionSyntaxError } from '../expression.ts';
import { isPromise } from '../graph/flow.ts';
import { isPlainObject, javaMethod, javaType, objectsFrom } from './javaTypes.ts';
import { toPlainNumbers } from '../conversion/json.ts';

type Callable = (...args: unknown[]) => unknown;

/** A method by name, with the arguments that the route gives it; `args` is null when it gives none. */
export interface BeanMethod {
  readonly name: string | null;
  readonly args: readonly Expression[] | null;
}

/**
 * Reads `name`, `name()` or `name(${body}, 'text', 5, true, null, *)`: arguments are literals, `*` (bound as without arguments) or Simple texts.
 * @throws ExpressionSyntaxError when brackets or quotes are not closed
 */
export function parseBeanMethod(source: string | null | undefined, context: Pick<LanguageContext, 'expression'>): BeanMethod {
  const trimmed = source?.trim() ?? '';
  if (trimmed === '') return { name: null, args: null };
  const open = trimmed.indexOf('(');
  if (open < 0) {
    if (trimmed.includes(')')) throw new ExpressionSyntaxError(`\`)\` without \`(\` in \`${trimmed}\``, trimmed.indexOf(')'));
    return { name: trimmed, args: null };
  }
  if (!trimmed.endsWith(')')) throw new ExpressionSyntaxError(`\`(\` is not closed in \`${trimmed}\``, open);
  const name = trimmed.slice(0, open).trim();
  const parts = splitArguments(trimmed.slice(open + 1, -1), open + 1);
  return { name: name === '' ? null : name, args: parts.map((part) => argument(part, context)) };
}

/** Cuts at commas outside of quotes and brackets. */
function splitArguments(source: string, offset: number): string[] {
  if (source.trim() === '') return [];
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let from = 0;
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!;
    if (quote !== '') {
      if (char === '\\') i++;
      else if (char === quote) quote = '';
    } else if (char === "'" || char === '"') quote = char;
    else if (char === '{' || char === '(' || char === '[') depth++;
    else if (char === '}' || char === ')' || char === ']') depth--;
    else if (char === ',' && depth === 0) {
      parts.push(source.slice(from, i));
      from = i + 1;
    }
  }
  if (quote !== '') throw new ExpressionSyntaxError(`\`${quote}\` is not closed`, offset + from);
  parts.push(source.slice(from));
  return parts.map((part) => part.trim());
}

const bindsBody = Object.assign((exchange: Exchange) => exchange.body, { label: '*' });

function argument(part: string, context: Pick<LanguageContext, 'expression'>): Expression {
  const constant =
    (value: unknown): Expression =>
    () =>
      value;
  if (part === '*') return bindsBody;
  if (part === 'null') return constant(null);
  if (part === 'true' || part === 'false') return written(constant(part === 'true'), part);
  if (/^-?\d+(\.\d+)?$/.test(part)) return written(constant(Number(part)), part);
  if (/^-?\d+[lLdDfF]$/.test(part)) return written(constant(Number(part.slice(0, -1))), part);
  const quoted = /^(['"])(.*)\1$/s.exec(part);
  const text = quoted === null ? part : quoted[2]!;
  if (!text.includes('${') && !text.includes('$simple{')) return constant(text);
  const value = context.expression('simple', text);
  return quoted === null ? value : (exchange) => toText(value(exchange));
}

/** Numbers and truth values as they are written in a route: where Java takes any object they are texts. */
const texts = new WeakMap<Expression, string>();

function written(value: Expression, text: string): Expression {
  texts.set(value, text);
  return value;
}

/** What the arguments that a route writes are for a method, before they are awaited. */
export function argumentsOf(run: Callable, args: readonly Expression[], exchange: Exchange): unknown[] {
  const from = (run as { objectsFrom?: (count: number) => number }).objectsFrom?.(args.length) ?? Infinity;
  return args.map((arg, i) => (i >= from ? texts.get(arg) : undefined) ?? arg(exchange));
}

const instances = new WeakMap<Callable, object>();

const isClass = (value: unknown): value is new () => object => typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

/** A class stands for one instance of itself, made on first use; anything else for itself. */
export function beanInstance(bean: unknown): unknown {
  if (!isClass(bean)) return bean;
  let instance = instances.get(bean as unknown as Callable);
  if (instance === undefined) {
    instance = new bean();
    instances.set(bean as unknown as Callable, instance);
  }
  return instance;
}

/** A new instance of a class for every call, for the scopes Prototype and Request. */
export const newBeanInstance = (bean: unknown): unknown => (isClass(bean) ? new bean() : bean instanceof JavaClass ? new JavaClass(bean.name, bean.statics) : bean);

/** Own and inherited method names that a route may call; nothing that every object has. */
export function beanMethodNames(bean: unknown): string[] {
  const names = new Set<string>();
  for (let level = bean as object | null; level !== null && level !== undefined && level !== Object.prototype && level !== Function.prototype; ) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (name !== 'constructor' && !name.startsWith('_') && typeof property.value === 'function') names.add(name);
    }
    level = Object.getPrototypeOf(level) as object | null;
  }
  return [...names];
}

const isForbidden = (name: string): boolean => name === 'constructor' || name === '__proto__' || name in Object.prototype;

/** The function that a method name stands for on a bean, with `this` bound; null when there is none. */
export function beanMethod(bean: unknown, name: string | null): Callable | null {
  const target = beanInstance(bean);
  if (target === null || target === undefined) return null;
  if (name === null) return defaultMethod(target);
  if (target instanceof JavaClass) return Object.hasOwn(target.statics, name) ? target.statics[name]! : beanMethod(target.instance, name);
  if (!isForbidden(name) && (typeof target === 'object' || typeof target === 'function')) {
    const member = (target as Record<string, unknown>)[name];
    if (typeof member === 'function' && !isBuiltIn(target)) return withThis(member as Callable, target);
  }
  if (typeof bean === 'function' && !isForbidden(name)) {
    const member = (bean as unknown as Record<string, unknown>)[name];
    if (typeof member === 'function' && Object.hasOwn(bean, name)) return withThis(member as Callable, bean);
    if (bean.name === name && !isClass(bean)) return bean as Callable;
  }
  const method = withArity(javaMethod(target, name), 1);
  return method === null ? accessor(target, name) : Object.assign(method, { objectsFrom: (count: number) => objectsFrom(target, name, count) });
}

/** Arrays, Maps and the like answer to Java's method names, not to JavaScript's. */
const isBuiltIn = (target: unknown): boolean => Array.isArray(target) || target instanceof Map || target instanceof Set || target instanceof Date || target instanceof Uint8Array;

/** A well-known Java class: its static methods, and those of one instance of it, which is made on first use. */
class JavaClass {
  readonly name: string;
  readonly statics: Readonly<Record<string, Callable>>;
  private made: { readonly instance: unknown } | null = null;

  constructor(name: string, statics: Readonly<Record<string, Callable>>) {
    this.name = name;
    this.statics = statics;
  }

  /** Null for a class whose instances need arguments. */
  get instance(): unknown {
    if (this.made === null) {
      let instance: unknown = null;
      try {
        instance = javaType(this.name)?.construct?.() ?? null;
      } catch {
        // It has no constructor without arguments.
      }
      this.made = { instance };
    }
    return this.made.instance;
  }

  toString(): string {
    return `class ${this.name}`;
  }
}

function withThis(member: Callable, target: unknown): Callable {
  if (typeof target === 'object' && target !== null && Object.prototype.toString.call(target) === '[object Module]') return member;
  const bound = member.bind(target) as Callable & { isAsync?: boolean; arity?: number };
  bound.isAsync = member.constructor.name === 'AsyncFunction';
  bound.arity = member.length;
  return bound;
}

/** `getName` and `isName` read the property, `setName` writes it. */
function accessor(target: unknown, name: string): Callable | null {
  const match = /^(get|is|set)([A-Z].*)$/.exec(name);
  if (match === null || typeof target !== 'object' || target === null) return null;
  const property = match[2]!.charAt(0).toLowerCase() + match[2]!.slice(1);
  const has = property in target && !isForbidden(property);
  if (match[1] === 'set') return has ? (value) => void ((target as Record<string, unknown>)[property] = value) : null;
  return has ? () => (target as Record<string, unknown>)[property] : null;
}

const withArity = (run: Callable | null, arity: number): Callable | null => (run === null ? null : Object.assign(run, { arity }));

function defaultMethod(target: unknown): Callable | null {
  if (typeof target === 'function') return target as Callable;
  if (Array.isArray(target)) return withArity(javaMethod(target, 'add'), 1);
  if (typeof target !== 'object' || target === null) return null;
  const members = target as Record<string, unknown>;
  if (typeof members.process === 'function') {
    const process = withThis(members.process as Callable, target) as Callable & { takesExchange?: boolean };
    const takes = ((...args: unknown[]) => process(...args)) as Callable & { takesExchange?: boolean; isAsync?: boolean };
    takes.takesExchange = true;
    takes.isAsync = isAsyncCallable(process);
    return takes;
  }
  if (typeof members.default === 'function') return beanMethod(members.default, null);
  const names = beanMethodNames(target);
  return names.length === 1 ? withThis(members[names[0]!] as Callable, target) : null;
}

export const isAsyncCallable = (run: unknown): boolean =>
  typeof run === 'function' && ((run as { isAsync?: boolean }).isAsync === true || run.constructor.name === 'AsyncFunction');

/** A well-known Java class by its name, to call methods of. Undefined when there is none. */
export function beanOfType(type: string): unknown {
  const known = javaType(type);
  if (known === null) return undefined;
  return new JavaClass(known.name, known.statics ?? {});
}

/**
 * Calls a bean: a function, an object, a class (one instance is made), a module, or a value that stands for a Java object.
 * Without `args` it is called as `(body, headers, exchange)`; an object's `process` is called with the exchange. Without a method name the
 * bean itself, its `process`, its `default` or its only method is meant.
 * Gives what the method gives, maybe a promise; undefined when it gives nothing (the body then stays).
 * @throws MethodNotFoundException, AmbiguousMethodCallException, or what the method throws
 */
export function invokeBean(bean: unknown, method: string | null, exchange: Exchange, args?: readonly unknown[] | null): unknown {
  const run = beanMethod(bean, method);
  if (run === null) throw methodMissing(bean, method);
  return callBeanMethod(run, exchange, args);
}

/** Calls what `beanMethod` gave. JavaScript gets JavaScript's numbers, also where JSON had others (`5.0`). */
export function callBeanMethod(run: Callable, exchange: Exchange, args?: readonly unknown[] | null): unknown {
  if (args !== null && args !== undefined) return run(...args.map(toPlainNumbers));
  if ((run as { takesExchange?: boolean }).takesExchange === true) {
    const result = run(exchange);
    return isPromise(result) ? result.then(() => undefined) : undefined;
  }
  const arity = (run as { arity?: number }).arity ?? run.length;
  const body = toPlainNumbers(exchange.body);
  return arity === 1 ? run(body) : run(body, exchange.headers.toObject(), exchange);
}

const take = (exchange: Exchange, result: unknown): void => {
  if (result !== undefined) exchange.body = result;
};

/** A step that calls a method of a bean (`find` gives it, for each call) and makes what it gives the body. */
export function beanCall(find: (exchange: Exchange) => unknown, { name, args }: BeanMethod): (exchange: Exchange) => void | Promise<void> {
  let known: unknown;
  let found: Callable | null = null;
  const method = (exchange: Exchange): Callable => {
    const target = find(exchange);
    if (found !== null && target === known) return found;
    known = target;
    found = beanMethod(target, name);
    if (found === null) throw methodMissing(target, name);
    return found;
  };
  const call = (run: Callable, exchange: Exchange, values: readonly unknown[] | null): void | Promise<void> => {
    const result = callBeanMethod(run, exchange, values);
    return isPromise(result) ? result.then((value) => take(exchange, value)) : take(exchange, result);
  };
  if (args === null) return (exchange) => call(method(exchange), exchange, null);
  const isAsync = args.some((argument) => argument.isAsync === true);
  return (exchange) => {
    const run = method(exchange);
    const values = argumentsOf(run, args, exchange);
    return isAsync ? Promise.all(values).then((awaited) => call(run, exchange, awaited)) : call(run, exchange, values);
  };
}

export function methodMissing(bean: unknown, method: string | null): ExchangeError {
  if (method === null) {
    const names = beanMethodNames(beanInstance(bean));
    return new ExchangeError('org.apache.camel.component.bean.AmbiguousMethodCallException', `which method of ${describeBean(bean)}? It has ${names.length === 0 ? 'none' : names.join(', ')}`);
  }
  return new ExchangeError('org.apache.camel.component.bean.MethodNotFoundException', `Method with name: ${method} not found on bean: ${describeBean(bean)}`);
}

const describeBean = (bean: unknown): string => {
  if (typeof bean === 'function') return bean.name === '' ? 'a function' : bean.name;
  if (typeof bean !== 'object' || bean === null || Array.isArray(bean) || isPlainObject(bean)) return describeValue(bean);
  return (bean as { name?: unknown }).name?.toString() ?? bean.constructor?.name ?? 'a module';
};
