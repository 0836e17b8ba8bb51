import { pieceByPiece } from '../../../core/conversion/manyParts.ts';
import { primitiveDefaults, toText } from '../../../core/conversion/convert.ts';
import { ExchangeError, messageOf } from '../../../core/errors.ts';
import type { Exchange, StepInfo } from '../../../core/exchange/exchange.ts';
import { fold } from '../../../core/exchange/headers.ts';
import { passedSteps } from '../../../core/exchange/history.ts';
import { threadOf } from '../../../core/exchange/poolThread.ts';
import { removeQuotes, splitArguments } from '../arguments.ts';
import { conversionTo } from '../conversions.ts';
import { javaClassName } from '../../../core/conversion/javaClassName.ts';
import { JavaClass } from '../javaClasses.ts';
import { Context, Message, ognl } from '../ognl.ts';
import type { Call, Compiler, FunctionBuilder, Value } from '../value.ts';
import { body, constant, constantOf } from '../value.ts';
import { notMine } from './notMine.ts';

/** A function without anything behind its name. */
const plain =
  (value: Value): FunctionBuilder =>
  (call) =>
    call.tail === '' ? value : notMine;

const called =
  (build: FunctionBuilder): FunctionBuilder =>
  (call) =>
    call.hasParentheses ? build(call) : notMine;

/** `body`, `body.x`, `body?.x`, `body[x]`. */
const bodyFunction: FunctionBuilder = (call) => {
  if (call.tail === '') return body;
  if (!/^[.[?]/.test(call.tail) || /\.\.|\s\./.test(call.tail)) throw call.wrong(`\`\${${call.name}}\`, \`\${${call.name}.method}\` or \`\${${call.name}[key]}\``);
  const key = /^\[([A-Za-z_][\w-]*)\]$/.exec(call.tail)?.[1];
  const path = ognl(body, call.tail, call.at + call.name.length, call.compiler);
  if (key === undefined || /^last/.test(key)) return path;
  const isInherited = key in Object.prototype;
  return (exchange) => {
    const value = exchange.body;
    // Objects parsed from JSON or YAML are the common case; anything else goes the long way.
    if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      return isInherited && !Object.hasOwn(value, key) ? null : ((value as Record<string, unknown>)[key] ?? null);
    }
    return path(exchange);
  };
};

/** Reads a named value of the exchange. */
type Reader = (exchange: Exchange, name: string) => unknown;

/**
 * `header.name`, `header:name`, `header[name]`, with a path behind the name. The name may have functions in it.
 * A name with dots is one name unless a path follows it: `a.b()`, `a[0]`; of `a.b` the part before the dot is tried second.
 */
export const named =
  (read: Reader, fixed: (name: string) => Value, all?: (call: Call) => Value | null): FunctionBuilder =>
  (call) => {
    const whole = all?.(call) ?? null;
    if (whole !== null) return whole;
    const { tail, compiler } = call;
    const at = call.at + call.name.length;
    if (tail === '') return notMine;
    if (tail.startsWith('?.')) {
      // Camel takes this for a path with nothing in it.
      const value = reading(tail.slice(2), at + 2, compiler, read, fixed);
      return (exchange) => ((value(exchange) ?? null) === null ? null : methodMissing('', 'the value')(exchange));
    }
    const rest = tail;
    const separator = rest[0]!;
    if (!'.:['.includes(separator)) return notMine;
    if (separator === '[') {
      const end = closing(rest);
      if (end < 0) throw call.wrong(`\`\${${call.name}.name}\``);
      const key = unquote(rest.slice(1, end));
      const value = reading(key, at + 1, compiler, read, fixed);
      const path = rest.slice(end + 1);
      // As in Camel, a second bracket belongs to the name.
      if (path.startsWith('[')) return reading(unquote(rest.slice(1, rest.lastIndexOf(']'))), at + 1, compiler, read, fixed);
      return path === '' ? value : ognl(value, path, at + end + 1, compiler);
    }
    return nameAndPath(call, rest.slice(1), at + 1, compiler, read, fixed);
  };

const unquote = (text: string): string => (/^(['"]).*\1$/s.test(text) ? text.slice(1, -1) : text);

function closing(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '[') depth++;
    else if (text[i] === ']' && --depth === 0) return i;
  }
  return -1;
}

function reading(name: string, at: number, compiler: Compiler, read: Reader, fixed: (name: string) => Value): Value {
  const value = compiler.template(name, at);
  if (value.isConstant) return fixed(toText(constantOf(value)) ?? '');
  return (exchange) => read(exchange, toText(value(exchange), exchange) ?? '') ?? null;
}

/** Where the name ends and its path begins: at the first `.`, `?.` or `[` outside of nested functions and parentheses, which are part of a name here. */
function pathStart(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '{' || char === '(') depth++;
    else if (char === '}' || char === ')') depth--;
    else if (depth === 0 && (char === '.' || char === '[' || (char === '?' && text[i + 1] === '.'))) return i;
  }
  return -1;
}

function nameAndPath(call: Call, text: string, at: number, compiler: Compiler, read: Reader, fixed: (name: string) => Value): Value {
  const start = pathStart(text);
  if (start <= 0) return reading(text, at, compiler, read, fixed);
  const path = ognl(reading(text.slice(0, start), at, compiler, read, fixed), text.slice(start), at + start, compiler);
  // A header may well have dots in its name (`http.status`): that one goes first.
  if (!/^[\w.:-]+$/.test(text)) return path;
  const dotted = fixed(text);
  return (exchange) => {
    const value = dotted(exchange);
    return value === null || value === undefined ? path(exchange) : value;
  };
}

/** As in Camel, a property of that name stands in for a header that is not there. */
const readHeader: Reader = (exchange, name) => exchange.headers.get(name) ?? exchange.property(name);
const fixedHeader = (name: string): Value => {
  const folded = fold(name);
  return (exchange) => exchange.headers.lookup(folded) ?? exchange.property(name) ?? null;
};

const allHeaders = (call: Call): Value | null => {
  if (!call.name.endsWith('headers')) return null;
  if (call.tail === '') return (exchange) => exchange.headers.toObject();
  if (/^\.(?:size|length)(?:\(\))?$/.test(call.tail)) return (exchange) => exchange.headers.size;
  return null;
};

const header = named(readHeader, fixedHeader, allHeaders);

const variable = named(
  (exchange, name) => exchange.variable(name),
  (name) => (exchange) => exchange.variable(name) ?? null,
  (call) => {
    if (call.name !== 'variables') return null;
    if (call.tail === '') return (exchange) => exchange.variables.toObject();
    if (/^\.(?:size|length)(?:\(\))?$/.test(call.tail)) return (exchange) => (exchange.hasVariables ? exchange.variables.size : 0);
    return null;
  },
);

const exchangeProperty = named(
  (exchange, name) => exchange.property(name),
  (name) => (exchange) => exchange.property(name) ?? null,
);

const isClassMissing = (thrown: unknown): boolean => thrown instanceof ExchangeError && thrown.name === 'ClassNotFoundException';

/** The conversion, looked up when it runs: Camel too says only then that there is no such class. */
function converter(type: string, wrapper: string): (value: unknown, exchange?: Exchange) => unknown {
  try {
    return conversionTo(type);
  } catch (thrown) {
    if (!isClassMissing(thrown)) throw thrown;
    return () => {
      throw new ExchangeError(wrapper, `no class ${type}`, { cause: thrown });
    };
  }
}

/** What follows `name(...)`. */
function behind(call: Call): [inner: string, path: string] {
  const open = call.tail.indexOf('(');
  let depth = 0;
  for (let i = open; i < call.tail.length; i++) {
    const char = call.tail[i];
    if (char === '(') depth++;
    else if (char === ')' && --depth === 0) return [call.tail.slice(open + 1, i), call.tail.slice(i + 1)];
  }
  throw call.wrong(`\`\${${call.name}(type)}\``);
}

const withPath = (call: Call, value: Value, path: string): Value => (path === '' ? value : ognl(value, path, call.offsetOf(path), call.compiler));

const executionError = 'org.apache.camel.CamelExecutionException';

const bodyAs = called((call) => {
  const [type, path] = behind(call);
  const plain = removeQuotes(type).trim();
  const convert = converter(plain, executionError);
  const missing = primitiveDefaults[plain] ?? null;
  return withPath(call, (exchange) => convert(exchange.body, exchange) ?? (exchange.body === null ? missing : null), path);
});

const mandatoryBodyAs = called((call) => {
  const [source, path] = behind(call);
  const type = removeQuotes(source).trim();
  const convert = converter(type, executionError);
  const missing = primitiveDefaults[type] ?? null;
  const failed = (cause: unknown): ExchangeError => {
    const payload = new ExchangeError('org.apache.camel.InvalidPayloadException', `No body available of type: ${type}`, { cause });
    return new ExchangeError(executionError, 'Exception occurred during execution on the exchange', { cause: payload });
  };
  const value: Value = (exchange) => {
    let converted: unknown;
    try {
      converted = convert(exchange.body, exchange);
    } catch (thrown) {
      if (thrown instanceof ExchangeError && thrown.type === executionError) throw thrown;
      throw failed(thrown);
    }
    converted ??= exchange.body === null ? missing : null;
    if (converted === null) throw failed(undefined);
    return converted;
  };
  return withPath(call, value, path);
});

const convertTo = called((call) => {
  const [inner, path] = behind(call);
  if (inner === '') throw call.wrong('`${convertTo(type)}` or `${convertTo(exp,type)}`');
  const parts = inner.includes(',') ? splitArguments(inner, { keepQuotes: true }).map(removeQuotes) : [removeQuotes(inner)];
  if (parts.length === 0 || parts.length > 2) throw call.wrong('`${convertTo(type)}` or `${convertTo(exp,type)}`');
  const input = parts.length === 2 ? call.template(parts[0]!) : body;
  const type = parts.at(-1)!.trim();
  const convert = converter(type, 'org.apache.camel.RuntimeCamelException');
  const missing = primitiveDefaults[type] ?? null;
  return withPath(
    call,
    (exchange) => {
      const value = input(exchange);
      return value === null || value === undefined ? missing : convert(value, exchange);
    },
    path,
  );
});

/** `headerAs(key,type)` and `variableAs(key,type)`. */
const namedAs = (read: (name: string) => Value, isHeader: boolean): FunctionBuilder =>
  called((call) => {
    const [inner, path] = behind(call);
    const comma = inner.indexOf(',');
    if (comma < 0 || path !== '') throw call.wrong(`\`\${${call.name}(key,type)}\``);
    const value = read(removeQuotes(inner.slice(0, comma)));
    const type = removeQuotes(inner.slice(comma + 1)).trim();
    const convert = converter(type, executionError);
    // As in Camel, only of a header that there is not a boolean is made, and only there the charset of the exchange counts.
    return (exchange) => convert(value(exchange), isHeader ? exchange : undefined) ?? (isHeader && type === 'boolean' ? false : null);
  });

/** The failure of the exchange, else the one that was caught before. */
const exceptionOf: Value = (exchange) => exchange.exception ?? exchange.property('CamelExceptionCaught') ?? null;

const exception: FunctionBuilder = (call) => {
  if (call.tail === '') return exceptionOf;
  if (call.tail === '.message') {
    return (exchange) => {
      const failure = exceptionOf(exchange) as Error | null;
      return failure === null ? null : (messageOf(failure) ?? null);
    };
  }
  if (call.tail === '.stacktrace') {
    return (exchange) => {
      const error = exceptionOf(exchange) as Error | null;
      if (error === null) throw new ExchangeError('java.lang.NullPointerException', 'there is no exception');
      return error.stack ?? String(error);
    };
  }
  if (!/^[.?[]/.test(call.tail)) return notMine;
  return ognl(exceptionOf, call.tail, call.at + call.name.length, call.compiler);
};

const exchangeItself: FunctionBuilder = (call) => {
  if (call.tail === '') return (exchange) => exchange;
  if (/^[.?[]/.test(call.tail)) return ognl((exchange) => exchange, call.tail, call.at + call.name.length, call.compiler);
  return methodMissing(call.tail, 'org.apache.camel.support.DefaultExchange');
};

/** Camel reads what stands right behind `exchange` as a method of it. */
const methodMissing =
  (name: string, type: string): Value =>
  () => {
    throw new ExchangeError('org.apache.camel.component.bean.MethodNotFoundException', `Method with name: ${name} not found on bean of type: ${type}`);
  };

const camelContext: FunctionBuilder = (call) => {
  if (!/^[.?[]/.test(call.tail)) return notMine;
  return ognl((exchange) => new Context({ name: exchange.scope.name, routeIds: exchange.scope.routeIds?.() ?? [] }), call.tail, call.at + call.name.length, call.compiler);
};

const indented = (name: string, value: string): string => `\t${name.padEnd(20)}${value}`;

/** What the log component prints with `showAll`-like options, as Camel formats it. */
export function dump(exchange: Exchange): string {
  const headers = exchange.headers
    .names()
    .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .map((name) => `${name}=${toText(exchange.headers.get(name)) ?? 'null'}`)
    .join(', ');
  const type = exchange.body === null || exchange.body === undefined ? 'null' : new JavaClass(javaClassName(exchange.body)).simpleName;
  const text = exchange.body === null || exchange.body === undefined ? '[Body is null]' : (toText(exchange.body, exchange) ?? '');
  return `Exchange[\n${[indented('Id', exchange.id), indented('Headers', `{${headers}}`), indented('BodyType', type), indented('Body', text)].join('\n')}\n]`;
}

const line = '-'.repeat(135);

/** A column as Camel's table has it: cut, or filled with blanks. */
const column = (text: string, width: number): string => text.slice(0, width).padEnd(width + 1);

const historyRow = (step: StepInfo, elapsed: number): string => `${column(step.at ?? '', 40)}${column(`${step.routeId}/${step.stepId}`, 30)}${column(step.label, 50)}${String(elapsed).padStart(12)}`;

const messageHistory: FunctionBuilder = (call) => {
  const isBrief = call.tail === '(false)';
  return (exchange) => {
    const columns = `${'Source'.padEnd(41)}${'ID'.padEnd(31)}${'Processor'.padEnd(51)}Elapsed (ms)`;
    const route = exchange.fromRouteId ?? '';
    const from = `${column('', 40)}${column(`${route}/${route}`, 30)}${column(`from[${exchange.fromEndpoint ?? ''}]`, 50)}${String(exchange.created === 0 ? 0 : exchange.scope.clock.now() - exchange.created).padStart(12)}`;
    const step = exchange.failedStep;
    const passed = passedSteps(exchange);
    const last = step === null ? '' : `\n\t...\n${historyRow(step, 0)}`;
    const now = exchange.scope.clock.now();
    const rows = passed === null ? last : passed.map(({ info, since, elapsed }) => `\n${historyRow(info, elapsed ?? now - since)}`).join('');
    const history = `\nMessage History${passed === null ? ' (complete message history is disabled)' : ''}\n${line}\n${columns}\n${from}${rows}\n`;
    return isBrief ? history : `${history}\nExchange\n${line}\n${dump(exchange)}\n`;
  };
};

const messageAs = called((call) => {
  const [type, path] = behind(call);
  if (type === '') throw call.wrong('`${messageAs(type)}`');
  const isMessage = /^org\.apache\.camel\.(?:Message|support\.(?:DefaultMessage|MessageSupport))$/.test(removeQuotes(type).trim());
  return withPath(call, isMessage ? (exchange) => new Message(exchange) : constant(null), path);
});

export const exchangeFunctions: Readonly<Record<string, FunctionBuilder>> = {
  id: plain((exchange) => exchange.id),
  exchangeId: plain((exchange) => exchange.id),
  messageTimestamp: plain((exchange) => exchange.headers.get('CamelMessageTimestamp') ?? 0),
  exchange: exchangeItself,
  logExchange: plain(dump),
  exception,
  threadId: plain(() => 1),
  threadName: plain((exchange) => threadOf(exchange)?.name ?? 'main'),
  camelId: plain((exchange) => exchange.scope.name),
  camelContext,
  routeId: plain((exchange) => exchange.routeId),
  fromRouteId: plain((exchange) => exchange.fromRouteId),
  routeGroup: plain((exchange) => exchange.property('CamelRouteGroup') ?? null),
  stepId: plain((exchange) => exchange.property('CamelStepId') ?? null),
  null: plain(constant(null)),
  body: bodyFunction,
  'in.body': bodyFunction,
  bodyType: plain((exchange) => (exchange.body === null || exchange.body === undefined ? null : new JavaClass(javaClassName(exchange.body)))),
  bodyOneLine: plain((exchange) => {
    const text = toText(exchange.body, exchange) ?? null;
    return text === null ? null : pieceByPiece(text, (piece) => piece.replace(/[\r\n]+/g, ''));
  }),
  originalBody: plain((exchange) => exchange.unitOfWork?.latestOriginalBody ?? null),
  bodyAs,
  mandatoryBodyAs,
  messageAs,
  convertTo,
  header,
  headers: header,
  'in.header': header,
  'in.headers': header,
  headerAs: namedAs(fixedHeader, true),
  variable,
  variables: variable,
  variableAs: namedAs((name) => (exchange) => exchange.variable(name) ?? null, false),
  exchangeProperty,
  messageHistory,
};
