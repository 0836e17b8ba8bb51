import { primitiveDefaults, toText } from '../../../core/conversion/convert.ts';
import { isNumeric } from '../../../core/conversion/exactNumber.ts';
import { isNetworkBytes } from '../../../core/conversion/network-bytes.ts';
import type { Exchange } from '../../../core/exchange/exchange.ts';
import { ExchangeError } from '../../../core/errors.ts';
import { isPlainObject } from '../../../core/beans/javaTypes.ts';
import { splitArguments } from '../arguments.ts';
import { compareValues, isSame } from '../compare.ts';
import { conversionTo, toInteger } from '../conversions.ts';
import { splitByPattern } from '../regex.ts';
import type { Call, FunctionBuilder, Value } from '../value.ts';
import { body, constant } from '../value.ts';
import { ofInput } from './input.ts';
import { iterate } from './iterate.ts';
import { notMine } from './notMine.ts';

const called =
  (build: FunctionBuilder): FunctionBuilder =>
  (call) =>
    call.hasParentheses ? build(call) : notMine;

/** The values of `name(val...)`; the body when there are none. */
const valuesOf = (call: Call): Value[] => (call.inner === '' ? [body] : splitArguments(call.inner).map((part) => call.template(part)));

/** What a value holds; it must be there. */
function present(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) throw new ExchangeError('java.lang.IllegalArgumentException', 'nothing to go through: the value is null');
  return iterate(value);
}

/** Over all that the values hold. */
const overItems = (apply: (items: unknown[]) => unknown): FunctionBuilder =>
  called((call) => {
    const values = valuesOf(call);
    return (exchange) => apply(values.flatMap((value) => [...iterate(value(exchange))]));
  });

function shuffled(items: unknown[]): unknown[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}

/** Each value once, in the order of first sight. */
function distinct(items: readonly unknown[]): Set<unknown> {
  const seen = new Set<unknown>();
  for (const item of items) {
    if (typeof item === 'object' && item !== null && [...seen].some((other) => isSame(other, item))) continue;
    seen.add(item);
  }
  return seen;
}

const size = (value: unknown): number => {
  if (value === null || value === undefined) return 0;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  if (value instanceof Set || value instanceof Map) return value.size;
  return isPlainObject(value) ? Object.keys(value).length : 1;
};

const list = called((call) => {
  const values = call.inner === '' ? [] : splitArguments(call.inner).map((part) => call.template(part));
  return (exchange) => values.map((value) => value(exchange) ?? null);
});

const map = called((call) => {
  const parts = call.inner === '' ? [] : splitArguments(call.inner);
  if (parts.length % 2 !== 0) throw call.wrong('`${map(key1,value1,...)}` with a value for every key');
  const values = parts.map((part) => call.template(part));
  return (exchange) => {
    const made = Object.create(null) as Record<string, unknown>;
    for (let i = 0; i < values.length; i += 2) made[toText(values[i]!(exchange), exchange) ?? 'null'] = values[i + 1]!(exchange) ?? null;
    return made;
  };
});

const sort = called((call) => {
  const parts = call.inner === '' ? [] : splitArguments(call.inner, { trim: false });
  if (parts.length > 2) throw call.wrong('`${sort(reverse)}` or `${sort(exp,reverse)}`');
  const input = parts.length === 2 ? call.template(parts[0]!) : body;
  const isReverse = parts.at(-1) === 'true';
  return (exchange) => {
    const given = input(exchange);
    const items = [...iterate(given)];
    if (items.length > 1 && asMap(given) !== null) throw new ExchangeError('java.lang.ClassCastException', 'entries of a map have no order');
    if (items.length > 1 && (new Set(items.map((item) => typeof item)).size > 1 || items.some((item) => typeof item === 'object' && !isNumeric(item) && !(item instanceof Date)))) throw new ExchangeError('java.lang.ClassCastException', 'values of different kinds have no order');
    items.sort((a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : typeof a === 'string' && typeof b === 'string' ? (a < b ? -1 : a > b ? 1 : 0) : compareValues(a, b)));
    return isReverse ? items.reverse() : items;
  };
});

const split = called((call) => {
  // A line break alone is a separator, other blanks are none.
  const parts = /^\(\n\)$/.test(call.tail) ? ['\n'] : call.inner === '' ? [','] : splitArguments(call.inner, { trim: false });
  if (parts.length > 2) throw call.wrong('`${split(separator)}` or `${split(exp,separator)}`');
  const input = parts.length === 2 ? call.template(parts[0]!) : body;
  const separator = (parts.at(-1) ?? ',').replace('\\n', '\n');
  return (exchange) => {
    const text = toText(input(exchange), exchange);
    return text === null ? null : splitByPattern(text, separator);
  };
});

const join = called((call) => {
  const parts = call.inner === '' ? [] : splitArguments(call.inner, { trim: false });
  if (parts.length > 3) throw call.wrong('`${join(separator,prefix,exp)}`');
  const separator = parts[0] ?? ',';
  const prefix = parts[1] ?? '';
  const input = parts[2] === undefined ? body : call.template(parts[2]);
  return (exchange) => {
    let text = '';
    for (const item of present(input(exchange))) {
      if (item === null || item === undefined) continue;
      // As in Camel, what is empty so far is not separated from what follows.
      if (text !== '') text += separator;
      text += prefix + (toText(item, exchange) ?? '');
    }
    return text;
  };
});

/** The source and the function of `forEach(exp,fun)` and `filter(exp,fun)`: all behind the first comma is the function. */
function sourceAndFunction(call: Call): [source: Value, rest: string] {
  const parts = call.inner === '' ? [] : splitArguments(call.inner, { trim: false });
  if (parts.length < 2) throw call.wrong(`\`\${${call.name}(exp,function)}\``);
  return [call.template(parts[0]!), parts.slice(1).join(',')];
}

const forEach = called((call) => {
  const [source, rest] = sourceAndFunction(call);
  const apply = call.template(rest);
  return (exchange) => {
    const { body: before } = exchange;
    try {
      const results: unknown[] = [];
      for (const item of iterate(source(exchange))) {
        exchange.body = item;
        const result = apply(exchange);
        // As in Camel, what gives nothing is left out.
        if (result !== null && result !== undefined) results.push(result);
      }
      return results;
    } finally {
      exchange.body = before;
    }
  };
});

const filter = called((call) => {
  const [source, rest] = sourceAndFunction(call);
  const holds = call.predicate(rest);
  return (exchange) => {
    const { body: before } = exchange;
    try {
      return iterate(source(exchange)).filter((item) => {
        exchange.body = item;
        return holds(exchange);
      });
    } finally {
      exchange.body = before;
    }
  };
});

/** `name(exp)` on the body or `name(source,exp)`: the source, and what follows it. */
function sourceAndValue(call: Call, syntax: string): [source: Value, value: Value] {
  const parts = call.inner === '' ? [] : splitArguments(call.inner, { trim: false });
  if (parts.length === 0) throw call.wrong(syntax);
  if (parts.length === 1) return [body, call.template(parts[0]!)];
  return [call.template(parts[0]!), call.template(parts.slice(1).join(','))];
}

/** As in Camel, bytes become a list of their own. */
const listIn = (value: unknown): unknown => (value instanceof Uint8Array && !isNetworkBytes(value) ? [...iterate(value)] : value);

const listAdd = called((call) => {
  const [source, value] = sourceAndValue(call, '`${listAdd(exp)}` or `${listAdd(source,exp)}`');
  return (exchange) => {
    const target = listIn(source(exchange));
    const item = value(exchange) ?? null;
    if (item === null && (target instanceof Set || Array.isArray(target))) return target;
    if (target instanceof Set) target.add(item);
    else if (Array.isArray(target)) target.push(item);
    else if (isPlainObject(target)) throw new ExchangeError('java.lang.UnsupportedOperationException', 'a map takes no elements: use `mapAdd`');
    else return null;
    return target;
  };
});

const listRemove = called((call) => {
  const [source, value] = sourceAndValue(call, '`${listRemove(exp)}` or `${listRemove(source,exp)}`');
  return (exchange) => {
    const target = listIn(source(exchange));
    if (!Array.isArray(target) && !(target instanceof Set)) return null;
    const item = value(exchange);
    if (target instanceof Set) {
      target.delete(item);
      return target;
    }
    const index = item === 'last' ? target.length - 1 : typeof item === 'string' && /^\d+$/.test(item) ? Number(item) : typeof item === 'number' ? item : target.findIndex((other) => isSame(other, item));
    if (index >= 0 && index < target.length) target.splice(index, 1);
    return target;
  };
});

const asMap = (value: unknown): Record<string, unknown> | Map<unknown, unknown> | null => (value instanceof Map ? value : isPlainObject(value) ? value : null);

const mapAdd = called((call) => {
  const parts = call.inner === '' ? [] : splitArguments(call.inner, { trim: false });
  if (parts.length < 2) throw call.wrong('`${mapAdd(key,exp)}` or `${mapAdd(source,key,exp)}`');
  const isOfBody = parts.length === 2;
  // A source that is a text is no map; as in Camel, the rest is never looked at.
  if (!isOfBody && !parts[0]!.includes('${')) return constant(null);
  const source = isOfBody ? body : call.template(parts[0]!);
  const key = call.template(parts[isOfBody ? 0 : 1]!);
  const value = call.template(parts.slice(isOfBody ? 1 : 2).join(','));
  return (exchange) => {
    const target = asMap(source(exchange));
    if (target === null) return null;
    const name = toText(key(exchange), exchange) ?? 'null';
    const item = value(exchange) ?? null;
    if (item === null) return target;
    if (target instanceof Map) target.set(name, item);
    else Object.defineProperty(target, name, { value: item, writable: true, enumerable: true, configurable: true });
    return target;
  };
});

const mapRemove = called((call) => {
  const parts = call.inner === '' ? [] : splitArguments(call.inner, { trim: false });
  if (parts.length === 0 || parts.length > 2) throw call.wrong('`${mapRemove(key)}` or `${mapRemove(source,key)}`');
  const source = parts.length === 2 ? call.template(parts[0]!) : body;
  const key = call.template(parts.at(-1)!);
  return (exchange) => {
    const target = asMap(source(exchange));
    if (target === null) return null;
    const name = toText(key(exchange), exchange) ?? 'null';
    if (target instanceof Map) target.delete(name);
    else delete target[name];
    return target;
  };
});

const collate = called((call) => {
  if (call.inner === '') throw call.wrong('`${collate(num)}`');
  const number = call.template(call.inner.trim());
  return (exchange) => {
    const group = toInteger(number(exchange)) ?? 0;
    if (group < 1) throw new ExchangeError('java.lang.IllegalArgumentException', 'a group holds at least 1');
    const items = present(exchange.body);
    const groups: unknown[][] = [];
    for (let i = 0; i < items.length; i += group) groups.push(items.slice(i, i + group));
    return groups;
  };
});

const skip = called((call) => {
  if (call.inner === '') throw call.wrong('`${skip(num)}`');
  const number = call.template(call.inner.trim());
  return (exchange) => {
    const count = toInteger(number(exchange)) ?? 0;
    if (count < 0) throw new ExchangeError('java.lang.IllegalArgumentException', `Skip must not be a negative number, was: ${count}`);
    return present(exchange.body).slice(count);
  };
});

const makers: Readonly<Record<string, () => unknown>> = {
  string: () => '',
  list: () => [],
  map: () => Object.create(null) as object,
  set: () => new Set(),
};

const empty = called((call) => {
  if (call.inner === '') throw call.wrong(`\`\${${call.name}(list)}\`, with one of list, map, set, string`);
  const make = makers[call.inner.toLowerCase()];
  const { text } = call;
  if (make !== undefined) return () => make();
  return () => {
    throw new ExchangeError('java.lang.IllegalArgumentException', `function ${text} has unknown type`);
  };
});

/** `setHeader(name,exp)` or `setHeader(name,type,exp)`, and the same for variables. */
const setter = (set: (exchange: Parameters<Value>[0], name: string, value: unknown) => void): FunctionBuilder =>
  called((call) => {
    const parts = call.inner === '' ? [] : splitArguments(call.inner, { trim: false });
    if (parts.length < 2 || parts.length > 3) throw call.wrong(`\`\${${call.name}(name,exp)}\` or \`\${${call.name}(name,type,exp)}\``);
    const name = call.template(parts[0]!);
    const type = parts.length === 3 ? parts[1]!.trim() : null;
    const value = call.template(parts.at(-1)!);
    return (exchange) => {
      const given = value(exchange) ?? null;
      set(exchange, toText(name(exchange), exchange) ?? '', type === null ? given : converted(type, given, exchange));
      return null;
    };
  });

function converted(type: string, value: unknown, exchange: Exchange): unknown {
  try {
    return value === null ? (primitiveDefaults[type] ?? null) : conversionTo(type)(value, exchange);
  } catch (thrown) {
    if (thrown instanceof ExchangeError && thrown.name === 'ClassNotFoundException') throw new ExchangeError('org.apache.camel.CamelExecutionException', `no class ${type}`, { cause: thrown });
    throw thrown;
  }
}

export const collectionFunctions: Readonly<Record<string, FunctionBuilder>> = {
  size: ofInput(size),
  distinct: overItems(distinct),
  reverse: overItems((items) => items.reverse()),
  shuffle: overItems(shuffled),
  list,
  map,
  sort,
  split,
  join,
  forEach,
  filter,
  listAdd,
  listRemove,
  mapAdd,
  mapRemove,
  collate,
  skip,
  empty,
  newEmpty: empty,
  setHeader: setter((exchange, name, value) => {
    if (value === null) exchange.headers.remove(name);
    else exchange.headers.set(name, value);
  }),
  setVariable: setter((exchange, name, value) => {
    if (value === null) exchange.removeVariable(name);
    else exchange.setVariable(name, value);
  }),
};
