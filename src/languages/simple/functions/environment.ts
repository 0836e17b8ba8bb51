import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { nearest } from '../../../core/diagnostics.ts';
import { toText } from '../../../core/conversion/convert.ts';
import { ExchangeError } from '../../../core/errors.ts';
import type { Exchange } from '../../../core/exchange/exchange.ts';
import { ExpressionSyntaxError } from '../../../core/expression.ts';
import { removeQuotes, splitArguments } from '../arguments.ts';
import { bytesOfList, toBytes } from '../conversions.ts';
import { withInput } from '../functions.ts';
import { javaConstant } from '../javaConstants.ts';
import type { Call, FunctionBuilder } from '../value.ts';
import { body, constant } from '../value.ts';
import { inputOf } from './input.ts';
import { notMine } from './notMine.ts';

const called =
  (build: FunctionBuilder): FunctionBuilder =>
  (call) =>
    call.hasParentheses ? build(call) : notMine;

const camelError = (message: string, cause: ExchangeError): ExchangeError => new ExchangeError('org.apache.camel.RuntimeCamelException', message, { cause });
const executionError = (cause: ExchangeError): ExchangeError => new ExchangeError('org.apache.camel.CamelExecutionException', cause.message, { cause });

/** What follows `name:`. */
const afterColon = (call: Call): string | null => (call.tail.length > 1 && call.tail.startsWith(':') ? call.tail.slice(1) : null);

const properties: FunctionBuilder = (call) => {
  const rest = afterColon(call);
  if (rest === null) return notMine;
  const colon = colonOutside(rest);
  const key = call.template(colon < 0 ? rest : rest.slice(0, colon));
  // As in Camel, functions in it are not evaluated.
  const fallback = colon < 0 ? null : rest.slice(colon + 1);
  const { context } = call.compiler;
  return (exchange) => {
    const name = toText(key(exchange), exchange) ?? '';
    const value = context.property(name);
    if (value !== undefined) return value;
    if (fallback !== null) return fallback;
    throw camelError(`no property \`${name}\``, new ExchangeError('java.lang.IllegalArgumentException', `Property with key [${name}] not found`));
  };
};

function colonOutside(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}') depth--;
    else if (text[i] === ':' && depth === 0) return i;
  }
  return -1;
}

const propertiesExist: FunctionBuilder = (call) => {
  const rest = afterColon(call);
  if (rest === null) return notMine;
  const isNegated = rest.startsWith('!');
  const key = call.template(isNegated ? rest.slice(1) : rest);
  const { context } = call.compiler;
  return (exchange) => (context.property(toText(key(exchange), exchange) ?? '') !== undefined) !== isNegated;
};

const environmentVariable: FunctionBuilder = (call) => {
  // A property of the system has a dot before its name, only a variable of the environment may have a colon.
  if (call.tail.length < 2 || !(call.name === 'sys' ? /^\./ : /^[.:]/).test(call.tail)) return notMine;
  const name = call.template(call.tail.slice(1));
  const { environment } = call.compiler.context;
  return (exchange) => {
    const key = toText(name(exchange), exchange) ?? '';
    return Object.hasOwn(environment, key) ? environment[key] : Object.hasOwn(environment, key.toUpperCase()) ? environment[key.toUpperCase()] : null;
  };
};

const ref: FunctionBuilder = (call) => {
  const rest = afterColon(call);
  if (rest === null) return notMine;
  const name = call.template(rest);
  const { context } = call.compiler;
  return (exchange) => context.bean(toText(name(exchange), exchange) ?? '') ?? null;
};

/** `bean:name`, `bean:name.method`, `bean:name?method=m`, `bean:type:Class.method`. */
const bean: FunctionBuilder = (call) => {
  const source = call.tail.startsWith(':') ? call.tail.slice(1) : '';
  if (source === '') return notMine;
  const isType = source.startsWith('type:');
  const [target, method] = beanAndMethod(isType ? source.slice(5) : source, isType);
  const { context } = call.compiler;
  if (!isType && context.bean(target) === undefined) {
    const near = nearest(target, context.beanNames());
    throw new ExpressionSyntaxError(`no bean \`${target}\``, call.offsetOf(target), Math.max(1, target.length), near === null ? null : `did you mean \`${near}\`?`);
  }
  const options = { ...(isType ? { beanType: target } : { ref: target }), ...(method === null ? {} : { method }), scope: 'Singleton', validate: false };
  const expression = context.expression('method', '', options);
  return expression;
};

function beanAndMethod(source: string, isType: boolean): [bean: string, method: string | null] {
  const query = /^([^?]+)\?method=(.+)$/s.exec(source);
  if (query !== null) return [query[1]!, query[2]!];
  const open = source.indexOf('(');
  const head = open < 0 ? source : source.slice(0, open);
  const double = head.indexOf('::');
  if (double > 0) return [head.slice(0, double), source.slice(double + 2)];
  const dot = isType ? lastDot(head) : head.indexOf('.');
  return dot < 0 ? [source, null] : [source.slice(0, dot), source.slice(dot + 1)];
}

/** The dot before a method: class names end with a word in capitals. */
const lastDot = (text: string): number => {
  const dot = text.lastIndexOf('.');
  return /^[A-Z]/.test(text.slice(dot + 1)) ? -1 : dot;
};

const type: FunctionBuilder = (call) => {
  const rest = afterColon(call);
  if (rest === null) return notMine;
  const value = javaConstant(rest.trim());
  if (value !== undefined) return constant(value);
  return () => {
    throw executionError(new ExchangeError('java.lang.ClassNotFoundException', `Cannot find type: ${rest}`));
  };
};

const hash = called((call) => {
  if (call.inner === '') throw call.wrong('`${hash(value)}` or `${hash(value,algorithm)}`');
  const comma = call.inner.indexOf(',');
  const value = call.template((comma < 0 ? call.inner : call.inner.slice(0, comma)).trim());
  const algorithm = comma < 0 ? 'SHA-256' : call.inner.slice(comma + 1).trim();
  const name = algorithm.toLowerCase().replace(/^sha-(?=\d)/, 'sha');
  return (exchange) => {
    const found = value(exchange);
    const bytes = toBytes(found, exchange);
    if (bytes === null) return null;
    let digest;
    try {
      digest = createHash(name);
    } catch {
      throw executionError(new ExchangeError('java.security.NoSuchAlgorithmException', `${algorithm} MessageDigest not available`));
    }
    return digest.update(bytes).digest('hex');
  };
});

let counter = 0;
const runId = randomUUID().replaceAll('-', '').slice(0, 15).toUpperCase();
const simpleCounters = new WeakMap<object, number>();

const padded = (number: number, length: number): string => number.toString(16).toUpperCase().padStart(length, '0');

const generators: Readonly<Record<string, (owner: object, now: number) => string>> = {
  default: () => `${runId}-${padded(counter++, 16)}`,
  classic: (_, now) => `ID-${hostname()}-${now}-0-${++counter}`,
  short: () => `${runId.slice(0, 5)}-${padded(counter++, 10)}`,
  random: () => randomUUID(),
  simple: (owner) => {
    const next = (simpleCounters.get(owner) ?? 0) + 1;
    simpleCounters.set(owner, next);
    return String(next);
  },
};

const uuid: FunctionBuilder = (call) => {
  if (call.tail !== '' && !call.hasParentheses) return notMine;
  const kind = call.hasParentheses ? removeQuotes(call.inner) : 'default';
  const { context } = call.compiler;
  const generator = Object.hasOwn(generators, kind) ? generators[kind]! : null;
  if (generator !== null) {
    const owner = {};
    return (exchange) => generator(owner, exchange.scope.clock.now());
  }
  const own = context.bean(kind) as { generateUuid?: () => string } | (() => string) | undefined;
  if (typeof own === 'function') return () => own();
  if (typeof own?.generateUuid === 'function') return () => own.generateUuid!();
  const near = nearest(kind, [...Object.keys(generators), ...context.beanNames()]);
  throw new ExpressionSyntaxError(`no UUID generator \`${kind}\``, call.offsetOf(kind), Math.max(1, kind.length), near === null ? null : `did you mean \`${near}\`?`);
};

const load = called((call) => {
  if (call.inner === '') throw call.wrong('`${load(file)}`');
  const [file, query = ''] = removeQuotes(call.inner).split('?') as [string, string?];
  const isOptional = /(?:^|&)optional=true(?:&|$)/.test(query);
  const name = call.template(file);
  const { context } = call.compiler;
  return (exchange) => {
    const path = toText(name(exchange), exchange)?.trim().replace(/^classpath:/, '') ?? null;
    if (path === null || path === '') return path;
    try {
      return context.resource(`resource:classpath:${path}`).trim();
    } catch {
      if (isOptional) return null;
      throw camelError(`no resource \`${path}\``, new ExchangeError('java.io.FileNotFoundException', `Cannot find resource: ${path}`));
    }
  };
});

/** `function(name)` or `function(name,exp)`: one of the author's own. */
const customFunction = called((call) => {
  const parts = call.inner === '' ? [] : splitArguments(call.inner, { keepQuotes: true });
  if (parts.length === 0 || parts.length > 2) throw call.wrong('`${function(name)}` or `${function(name,exp)}`');
  const name = removeQuotes(parts[0]!);
  const custom = call.compiler.custom(name);
  if (custom === null) throw new ExpressionSyntaxError(`no custom function \`${name}\``, call.offsetOf(name), Math.max(1, name.length), 'make one in an init block: `$name ~:= ...;`');
  return withInput(custom, parts[1] === undefined ? body : call.template(removeQuotes(parts[1])));
});

const lineLength = 76;

/** Lines of 76 letters that end with CRLF, as Camel's codec writes them. */
export function base64Lines(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('base64');
  let lines = '';
  for (let i = 0; i < text.length; i += lineLength) lines += `${text.slice(i, i + lineLength)}\r\n`;
  return lines;
}

const encodable = (value: unknown, exchange: Exchange): Uint8Array | null =>
  Array.isArray(value) || value instanceof Set ? bytesOfList([...(value as Iterable<unknown>)]) : toBytes(value, exchange);

const base64Encode = called((call) => {
  const input = inputOf(call);
  return (exchange) => {
    const bytes = encodable(input(exchange), exchange);
    return bytes === null ? null : base64Lines(bytes);
  };
});

const base64Decode = called((call) => {
  const input = inputOf(call);
  return (exchange) => {
    const bytes = encodable(input(exchange), exchange);
    return bytes === null ? null : Buffer.from(Buffer.from(bytes).toString('latin1'), 'base64');
  };
});

const hostName: FunctionBuilder = (call) => (call.tail === '' ? () => hostname() : notMine);

export const environmentFunctions: Readonly<Record<string, FunctionBuilder>> = {
  properties,
  propertiesExist,
  env: environmentVariable,
  sysenv: environmentVariable,
  sys: environmentVariable,
  ref,
  bean,
  type,
  hash,
  uuid,
  load,
  function: customFunction,
  base64Encode,
  base64Decode,
  hostname: hostName,
  hostName,
};
