import { isContent, toText } from '../../core/conversion/convert.ts';
import { nodeJson } from '../../core/conversion/jsonNode.ts';
import { ExchangeError, messageOf } from '../../core/errors.ts';
import { ExactNumber } from '../../core/conversion/exactNumber.ts';
import { Exchange } from '../../core/exchange/exchange.ts';
import { MapEntry } from '../../core/graph/iterate.ts';
import { isPlainObject, javaMethod, objectsFrom } from '../../core/beans/javaTypes.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';
import { removeEndingQuotes, splitArguments } from './arguments.ts';
import { javaClassName } from '../../core/conversion/javaClassName.ts';
import { JavaClass } from './javaClasses.ts';
import { iterate } from './functions/iterate.ts';
import type { Compiler, Value } from './value.ts';
import { constant, constantOf } from './value.ts';

type Step = (target: unknown, exchange: Exchange) => unknown;

/** One part of a path: `.name`, `.name(args)`, `[key]`; `?` before it stops at null. */
interface Segment {
  readonly text: string;
  readonly isNullSafe: boolean;
  readonly step: Step;
}

const bad = (text: string, at: number): ExpressionSyntaxError => new ExpressionSyntaxError(`\`${text}\` is not a path`, at, Math.max(1, text.length), 'write `.name`, `.name()`, `[key]` or `?.name`');

/** Cuts `.a[0]?.b(x,y)` into its parts; quotes and parentheses protect what is in them. */
function segments(path: string, at: number): string[] {
  const parts: string[] = [];
  let part = '';
  let quote = '';
  let round = 0;
  let square = 0;
  let curly = 0;
  for (let i = 0; i < path.length; i++) {
    const char = path[i]!;
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if ((char === "'" || char === '"') && (square > 0 || round > 0)) quote = char;
    else if (char === '{') curly++;
    else if (char === '}') curly--;
    else if (curly === 0) {
      if (char === '(') round++;
      else if (char === ')') round--;
      else if (round === 0) {
        if (square === 0 && (char === '.' || char === '[' || (char === '?' && (path[i + 1] === '.' || path[i + 1] === '[')))) {
          if (part !== '' && part !== '?') parts.push(part);
          part = part === '?' ? '?' : '';
        }
        if (char === '[') square++;
        if (char === ']') square--;
      }
    }
    part += char;
  }
  if (round !== 0 || square !== 0) throw bad(path, at);
  parts.push(part);
  return parts;
}

const invocation = (path: string, target: unknown, cause: ExchangeError): ExchangeError =>
  new ExchangeError('org.apache.camel.language.bean.RuntimeBeanExpressionException', `Failed to invoke method: ${path} on ${target === null ? 'null' : javaClassName(target)} due to: ${cause.type}: ${cause.message}`, { cause });

/** Compiles a path that is applied to what `source` gives. */
export function ognl(source: Value, path: string, at: number, compiler: Compiler): Value {
  const all = segments(path, at).map((part) => segment(part, at, compiler));
  if (all.length === 1) {
    const { step } = all[0]!;
    return (exchange) => {
      const target = source(exchange);
      if (target === null || target === undefined) return null;
      return step(target, exchange) ?? null;
    };
  }
  return (exchange) => {
    let target = source(exchange);
    if (target === null || target === undefined) return null;
    const first = target;
    for (let i = 0; i < all.length; i++) {
      const { step, text } = all[i]!;
      if (target === null || target === undefined) {
        // The mark before a name is for what that name gives.
        if (all[i - 1]!.isNullSafe) return null;
        throw new ExchangeError(
          'org.apache.camel.language.bean.RuntimeBeanExpressionException',
          `Failed to invoke method: ${path} on ${javaClassName(first)} due last method returned null and therefore cannot continue to invoke method ${text} on a null instance`,
        );
      }
      target = step(target, exchange);
    }
    return target ?? null;
  };
}

function segment(part: string, at: number, compiler: Compiler): Segment {
  const isNullSafe = part.startsWith('?');
  const plain = isNullSafe ? part.slice(1) : part;
  if (plain.startsWith('[')) return { text: part, isNullSafe, step: indexStep(plain.slice(1, plain.lastIndexOf(']')), at, compiler) };
  const name = plain.startsWith('.') ? plain.slice(1) : plain;
  return { text: part, isNullSafe, step: methodStep(name, at, compiler) };
}

function indexStep(source: string, at: number, compiler: Compiler): Step {
  const key = compiler.template(removeEndingQuotes(source.trim()), at);
  if (!key.isConstant) return (target, exchange) => elementOf(target, toText(key(exchange), exchange) ?? '');
  const text = toText(constantOf(key)) ?? '';
  const number = /^-?\d+$/.test(text) ? Number(text) : null;
  if (number === null) return (target) => (isPlainObject(target) ? ((target)[text] ?? null) : elementOf(target, text));
  return (target) => (Array.isArray(target) && number >= 0 && number < target.length ? target[number] : elementOf(target, text));
}

function elementOf(target: unknown, key: string): unknown {
  if (target instanceof Map) return target.get(key) ?? target.get(Number(key)) ?? null;
  const list = Array.isArray(target) ? (target as unknown[]) : target instanceof Set || target instanceof Uint8Array ? iterate(target) : null;
  if (list !== null) {
    const last = /^last(?:\s*-\s*(\d+))?$/.exec(key);
    const index = last === null ? Number(key) : list.length - 1 - Number(last[1] ?? 0);
    if (!Number.isInteger(index)) throw outOfBounds(`[${key}]`, target, `Key: ${key} not found in bean: ${toText(target)} of type: ${javaClassName(target)} using OGNL path [[${key}]]`);
    if (index < 0 || index >= list.length) throw outOfBounds(`[${key}]`, target, `Index: ${index}, Size: ${list.length} out of bounds with List from bean: ${toText(target)} using OGNL path [[${key}]]`);
    return list[index];
  }
  if (typeof target === 'object' && target !== null && !(target instanceof ExactNumber) && !(target instanceof MapEntry) && !isContent(target)) return Object.hasOwn(target, key) ? (target as Record<string, unknown>)[key] : null;
  throw outOfBounds(`[${key}]`, target, `Key: ${key} not found in bean: ${toText(target)} of type: ${javaClassName(target)} using OGNL path [[${key}]]`);
}

const outOfBounds = (path: string, target: unknown, message: string): ExchangeError => invocation(path, target, new ExchangeError('java.lang.IndexOutOfBoundsException', message));

function methodStep(source: string, at: number, compiler: Compiler): Step {
  const index = source.indexOf('(');
  const name = index < 0 ? source : source.slice(0, index);
  const args = index < 0 ? [] : methodArguments(source.slice(index + 1, source.lastIndexOf(')')), at, compiler);
  const failed = (target: unknown, type: string, message: string): ExchangeError => invocation(source, null, new ExchangeError(type, `${message} on bean: ${toText(target)} of type: ${javaClassName(target)}`));
  return (target, exchange) => {
    if (index < 0 && typeof target === 'string' && needsParentheses.has(name)) {
      throw failed(target, 'org.apache.camel.component.bean.AmbiguousMethodCallException', `write ${name}(): without parentheses ${name} is ambiguous`);
    }
    if (index < 0 && target instanceof Exchange && ambiguous.has(plainName(name))) {
      throw failed(target, 'org.apache.camel.component.bean.AmbiguousMethodCallException', `write get${capital(name)}(): ${name} is ambiguous`);
    }
    const from = objectsFrom(target, name, args.length);
    const values = args.map((arg, i) => (i >= from && arg.isConstant ? toText(arg(exchange), exchange) : arg(exchange)));
    let found: unknown;
    try {
      found = call(target, name, values);
    } catch (thrown) {
      if (thrown instanceof ExchangeError) throw invocation(source, null, thrown);
      throw thrown;
    }
    if (found === missing) throw failed(target, 'org.apache.camel.component.bean.MethodNotFoundException', `Method with name: ${source} not found`);
    return found;
  };
}

function methodArguments(source: string, at: number, compiler: Compiler): Value[] {
  if (source.trim() === '') return [];
  return splitArguments(source, { keepQuotes: true }).map((part) => {
    if (part === 'null') return constant(null);
    if (part === 'true' || part === 'false') return constant(part === 'true');
    if (/^-?\d+(?:\.\d+)?$/.test(part)) return constant(Number(part));
    return compiler.template(removeEndingQuotes(part), at);
  });
}

const missing = Symbol('missing');

/** Methods that Camel's bean lookup leaves out, and getters that lists only have in newer Javas. */
const unreachable = new Set(['equals', 'hashCode', 'notify', 'notifyAll', 'wait', 'first', 'last', 'getFirst', 'getLast']);

/** Without parentheses Camel hands the body to the overload that takes something, and fails. */
const needsParentheses = new Set(['toUpperCase', 'toLowerCase', 'bytes', 'getBytes']);

const ambiguous = new Set(['in', 'out', 'message', 'exception']);

function entriesOf(target: unknown): unknown {
  if (target instanceof Map) return new Set([...target].map(([key, value]) => new MapEntry(toText(key) ?? 'null', value)));
  return isPlainObject(target) ? new Set(Object.entries(target).map(([key, value]) => new MapEntry(key, value))) : missing;
}


function call(target: unknown, name: string, args: readonly unknown[]): unknown {
  if (name === 'class' || name === 'getClass') return new JavaClass(javaClassName(target));
  if (name === '' || unreachable.has(name)) return missing;
  if (name === 'toString') return nodeJson(target) ?? toText(target);
  if (name === 'entrySet') return entriesOf(target);
  if (target instanceof JavaClass) return property(classMembers, target, name);
  if (target instanceof Exchange) return property(args.length === 0 ? exchangeMembers : exchangeLookups, target, name, args);
  if (target instanceof Error) return property(errorMembers, target, name);
  if (target instanceof Context) return property(contextMembers, target, name);
  if (target instanceof Date && (name === 'time' || name === 'getTime')) return target.getTime();
  if (target instanceof Message) return property(messageMembers, target, name, args);
  const method = javaMethod(target, name) ?? (args.length === 0 ? (javaMethod(target, `get${capital(name)}`) ?? javaMethod(target, `is${capital(name)}`)) : null);
  if (method !== null) return method(...args);
  if ((Array.isArray(target) || target instanceof Uint8Array) && name === 'length') return target.length;
  if (typeof target !== 'object' || target === null || target instanceof ExactNumber || isPlainObject(target) || Array.isArray(target) || target instanceof Map) return missing;
  return beanMember(target as Record<string, unknown>, name, args);
}

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
const plainName = (name: string): string => {
  const getter = /^(?:get|is)([A-Z].*)$/.exec(name);
  return getter === null ? name : getter[1]!.charAt(0).toLowerCase() + getter[1]!.slice(1);
};

/** Members of the author's own objects; nothing that every object inherits. */
function beanMember(target: Record<string, unknown>, name: string, args: readonly unknown[]): unknown {
  for (const candidate of [name, plainName(name), `get${capital(name)}`]) {
    if (candidate === 'constructor' || candidate in Object.prototype || !(candidate in target)) continue;
    const member = target[candidate];
    return typeof member === 'function' ? (member as (...values: unknown[]) => unknown).apply(target, [...args]) : member;
  }
  return missing;
}

type Members<T> = Readonly<Record<string, (target: T, args: readonly unknown[]) => unknown>>;

function property<T>(members: Members<T>, target: T, name: string, args: readonly unknown[] = []): unknown {
  const member = Object.hasOwn(members, name) ? members[name] : Object.hasOwn(members, plainName(name)) ? members[plainName(name)] : undefined;
  return member === undefined ? missing : member(target, args);
}

const classMembers: Members<JavaClass> = {
  name: (type) => type.name,
  simpleName: (type) => type.simpleName,
  typeName: (type) => type.name,
  canonicalName: (type) => type.name,
  packageName: (type) => type.name.slice(0, Math.max(0, type.name.lastIndexOf('.'))),
};

/** More that a failure says, such as the status of a reply; null where it says that there is none. */
const detail =
  (name: string) =>
  (error: Error): unknown => {
    const { details } = error as Partial<ExchangeError>;
    return details !== undefined && name in details ? details[name] : missing;
  };

const errorMembers: Members<Error> = {
  message: messageOf,
  localizedMessage: messageOf,
  cause: (error) => error.cause ?? null,
  stackTrace: (error) => (error.stack ?? '').split('\n').slice(1),
  statusCode: detail('statusCode'),
  responseBody: detail('responseBody'),
  responseHeaders: detail('responseHeaders'),
  uri: detail('uri'),
  statusText: detail('statusText'),
  redirectLocation: detail('redirectLocation'),
};

/** The message of an exchange, where a path asks for it as a thing. */
class Message {
  readonly exchange: Exchange;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  toString(): string {
    return 'Message';
  }
}

/** What stands for the CamelContext. */
export class Context {
  readonly name: string;
  readonly routes: readonly string[];

  constructor({ name, routeIds }: { readonly name: string; readonly routeIds: readonly string[] }) {
    this.name = name;
    this.routes = routeIds;
  }

  toString(): string {
    return `CamelContext(${this.name})`;
  }
}

const contextMembers: Members<Context> = {
  name: ({ name }) => name,
  version: () => '4.22.0',
  status: () => 'Started',
  started: () => true,
  suspended: () => false,
  stopped: () => false,
  tracing: () => false,
  managementName: () => null,
  routes: ({ routes }) => routes,
  routesSize: ({ routes }) => routes.length,
};

const messageMembers: Members<Message> = {
  body: ({ exchange }) => exchange.body,
  headers: ({ exchange }) => exchange.headers.toObject(),
  header: ({ exchange }, args) => exchange.headers.get(named(args)) ?? args[1] ?? null,
  exchange: ({ exchange }) => exchange,
  messageId: ({ exchange }) => exchange.id,
  messageTimestamp: () => 0,
};

const exchangeMembers: Members<Exchange> = {
  pattern: (exchange) => (exchange.isInOut ? 'InOut' : 'InOnly'),
  exchangeId: (exchange) => exchange.id,
  fromRouteId: (exchange) => exchange.fromRouteId,
  message: (exchange) => new Message(exchange),
  exception: (exchange) => exchange.exception,
  isFailed: (exchange) => exchange.isFailed,
  failed: (exchange) => exchange.isFailed,
  hasProperties: (exchange) => exchange.hasProperties,
  // The author's own: Camel keeps its own apart.
  properties: (exchange) => Object.fromEntries(Object.entries(exchange.properties.toObject()).filter(([name]) => !/^Camel[A-Z]/.test(name))),
  allProperties: (exchange) => exchange.properties.toObject(),
  variables: (exchange) => exchange.variables.toObject(),
  created: (exchange) => exchange.created,
  isRollbackOnly: (exchange) => (exchange.halt & 8) !== 0,
  isRouteStop: (exchange) => (exchange.halt & 2) !== 0,
  in: (exchange) => new Message(exchange),
  context: (exchange) => new Context({ name: exchange.scope.name, routeIds: exchange.scope.routeIds?.() ?? [] }),
  fromEndpoint: (exchange) => exchange.fromEndpoint,
};

const named = (args: readonly unknown[]): string => toText(args[0]) ?? '';

/** With a name in parentheses. */
const exchangeLookups: Members<Exchange> = {
  property: (exchange, args) => exchange.property(named(args)) ?? args[1] ?? null,
  variable: (exchange, args) => exchange.variable(named(args)) ?? args[1] ?? null,
};

export { Message };
