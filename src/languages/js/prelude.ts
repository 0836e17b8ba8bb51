/**
 * Runs inside of the sandbox, once for each script, and gives the function that evaluates it. `host(operation, name, value)` is the only way
 * out: texts in, texts out. Values cross as JSON; what JSON has no form for is a list that begins with the mark.
 *
 * A script sees what Camel's sees: exchange, exchangeId, message, body, headers, properties, variables, context. They are made when they are
 * looked at. Lists and maps answer to JavaScript's own ways and to Java's everyday methods (`get`, `put`, `size`).
 */
export const mark = '\u0001js';

/** What a script sees. */
export const names = ['exchange', 'exchangeId', 'message', 'body', 'headers', 'properties', 'variables', 'context'];

/** A list of so many items takes less than the memory that a script has only where most of them are missing. */
const mostItems = 10_000_000;
const mostComparisons = 500_000_000;

export const prelude = `(function (host, source, mark, functionBody, mayLeak) {
  'use strict';
  const JavaMap = Object.create(Object.prototype);
  const hidden = (object, methods) => {
    for (const name of Object.keys(methods)) Object.defineProperty(object, name, { value: methods[name], enumerable: false, writable: true, configurable: true });
  };
  const own = (object, key) => Object.prototype.hasOwnProperty.call(object, key);
  const define = (object, key, value) => Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  hidden(JavaMap, {
    get(key) { return own(this, key) ? this[key] : null; },
    getOrDefault(key, other) { return own(this, key) ? this[key] : other; },
    put(key, value) { const old = own(this, key) ? this[key] : null; define(this, key, value); return old; },
    putAll(other) { for (const key of Object.keys(other)) define(this, key, other[key]); },
    remove(key) { const old = own(this, key) ? this[key] : null; delete this[key]; return old; },
    containsKey(key) { return own(this, key); },
    size() { return Object.keys(this).length; },
    isEmpty() { return Object.keys(this).length === 0; },
    keySet() { return Object.keys(this); },
    values() { return Object.values(this); },
  });
  hidden(Array.prototype, {
    get(index) { return this[index]; },
    set(index, value) { const old = this[index]; this[index] = value; return old; },
    add(value) { this.push(value); return true; },
    size() { return this.length; },
    isEmpty() { return this.length === 0; },
    contains(value) { return this.includes(value); },
  });

  // What the interpreter does without looking at the time must not take long: going through what is not there, and looking for long texts in long ones.
  const { apply } = Reflect;
  const guard = (prototype, names, check) => {
    for (const name of names) {
      const native = prototype[name];
      if (typeof native === 'function') hidden(prototype, { [name]: { [name](...args) { check(this, args[0]); return apply(native, this, args); } }[name] });
    }
  };
  const listMethods = ['concat', 'copyWithin', 'every', 'fill', 'filter', 'find', 'findIndex', 'findLast', 'findLastIndex', 'flat', 'flatMap', 'forEach', 'includes', 'indexOf', 'join', 'lastIndexOf', 'map',
    'reduce', 'reduceRight', 'reverse', 'shift', 'slice', 'some', 'sort', 'splice', 'toLocaleString', 'toReversed', 'toSorted', 'toSpliced', 'toString', 'unshift', 'with'];
  guard(Array.prototype, listMethods, (list) => {
    if (list !== null && list !== undefined && list.length > ${mostItems}) throw new RangeError('a list longer than ${mostItems} is too long for this');
  });
  guard(String.prototype, ['includes', 'indexOf', 'lastIndexOf', 'replace', 'replaceAll', 'split'], (text, wanted) => {
    if (typeof wanted === 'string' && wanted.length > 16 && typeof text === 'string' && text.length * wanted.length > ${mostComparisons}) {
      throw new RangeError('a text of ' + wanted.length + ' letters is too long to be looked for in one of ' + text.length);
    }
  });

  const revive = (value) => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      if (value[0] === mark) {
        if (value[1] === 'bytes') return Int8Array.from(value[2]);
        if (value[1] === 'integer') return BigInt(value[2]);
        if (value[1] === 'number') return Number(value[2]);
        if (value[1] === 'date') return new Date(value[2]);
        return undefined;
      }
      for (let i = 0; i < value.length; i++) if (typeof value[i] === 'object') value[i] = revive(value[i]);
      return value;
    }
    Object.setPrototypeOf(value, JavaMap);
    for (const key of Object.keys(value)) {
      const item = value[key];
      if (typeof item !== 'object' || item === null) continue;
      const inner = revive(item);
      if (inner !== item) define(value, key, inner);
    }
    return value;
  };
  const replace = (value) => {
    switch (typeof value) {
      case 'undefined': return null;
      case 'bigint': return [mark, 'integer', String(value)];
      case 'number': return Number.isFinite(value) ? value : [mark, 'number', String(value)];
      case 'function': case 'symbol': return String(value);
      case 'string': case 'boolean': return value;
    }
    if (value === null) return null;
    if (value instanceof Date) return [mark, 'date', value.getTime()];
    if (value instanceof ArrayBuffer) return [mark, 'bytes', Array.from(new Uint8Array(value))];
    if (ArrayBuffer.isView(value)) return [mark, 'bytes', Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))];
    if (value instanceof Error) return String(value);
    if (value instanceof Map) return replace(Object.fromEntries(value));
    if (value instanceof Set) return replace([...value]);
    if (value === exchange || value === message || value === context) return String(value);
    if (Array.isArray(value)) return value.map(replace);
    const plain = Object.create(null);
    for (const key of Object.keys(value)) plain[key] = replace(value[key]);
    return plain;
  };
  const write = (value) => (typeof value === 'string' || typeof value === 'boolean' ? JSON.stringify(value) : JSON.stringify(replace(value)));
  const ask = (operation, name, value) => {
    const answer = host(operation, name === undefined ? '' : String(name), value === undefined ? '' : write(value));
    return answer === undefined ? undefined : revive(JSON.parse(answer));
  };
  const orElse = (value, other) => (value === null && other !== undefined ? other : value);

  const view = (kind) => {
    const methods = {
      get: (name) => ask('get', kind + name),
      getOrDefault: (name, other) => orElse(ask('get', kind + name), other),
      put: (name, value) => { const old = ask('get', kind + name); ask('set', kind + name, value === undefined ? null : value); return old; },
      remove: (name) => ask('remove', kind + name),
      containsKey: (name) => ask('has', kind + name),
      size: () => ask('names', kind).length,
      isEmpty: () => ask('names', kind).length === 0,
      keySet: () => ask('names', kind),
      values: () => ask('names', kind).map((name) => ask('get', kind + name)),
    };
    return new Proxy(Object.create(null), {
      get(_, name) {
        if (typeof name === 'symbol') return undefined;
        const answer = host('peek', kind + name, '');
        if (answer !== undefined) return revive(JSON.parse(answer));
        return own(methods, name) ? methods[name] : undefined;
      },
      set(_, name, value) { ask('set', kind + String(name), value === undefined ? null : value); return true; },
      has: (_, name) => typeof name === 'string' && ask('has', kind + name),
      deleteProperty(_, name) { ask('remove', kind + String(name)); return true; },
      ownKeys: () => ask('names', kind),
      getOwnPropertyDescriptor: (_, name) => (typeof name === 'string' && ask('has', kind + name) ? { value: ask('get', kind + name), enumerable: true, writable: true, configurable: true } : undefined),
    });
  };
  const headers = view('h');
  const properties = view('p');
  const variables = view('v');

  // What JSON has no form for stands in the text with its mark; a text without it is what the untouched value is written as.
  const escapedMark = JSON.stringify(mark).slice(1, -1);
  // A script that names none of Java's methods needs no maps that have them.
  const speaksJava = /get|put|remove|contains|size|isEmpty|keySet|values/.test(source);
  let given = null;
  const give = (text) => {
    const isPlain = !text.includes(escapedMark);
    const value = isPlain && !speaksJava ? JSON.parse(text) : revive(JSON.parse(text));
    given = { value, text: typeof value === 'object' && value !== null ? (isPlain ? text : write(value)) : null };
    return value;
  };
  const body = () => (given === null ? give(host('body', '', '')) : given.value);
  const isChanged = () => given !== null && given.text !== null && JSON.stringify(given.value) !== given.text && write(given.value) !== given.text;
  const setBody = (value) => {
    ask('setBody', '', value === undefined ? null : value);
    given = { value, text: typeof value === 'object' && value !== null ? write(value) : null };
  };
  const message = {
    getBody: (type) => (type === undefined ? body() : ask('bodyAs', type)),
    getMandatoryBody: (type) => (type === undefined ? body() : ask('bodyAs', type)),
    setBody,
    getHeader: (name, other) => orElse(ask('get', 'h' + name), other),
    setHeader: (name, value) => ask('set', 'h' + name, value === undefined ? null : value),
    removeHeader: (name) => ask('remove', 'h' + name),
    hasHeaders: () => ask('names', 'h').length > 0,
    getHeaders: () => headers,
    getExchange: () => exchange,
    getMessageId: () => ask('id'),
    get body() { return body(); },
    set body(value) { setBody(value); },
    get headers() { return headers; },
    toString: () => 'Message',
  };
  const exchange = {
    getIn: () => message,
    getMessage: () => message,
    getExchangeId: () => ask('id'),
    getPattern: () => ask('pattern'),
    getFromRouteId: () => ask('fromRouteId'),
    getContext: () => context,
    getProperty: (name, other) => orElse(ask('get', 'p' + name), other),
    setProperty: (name, value) => ask('set', 'p' + name, value === undefined ? null : value),
    removeProperty: (name) => ask('remove', 'p' + name),
    getProperties: () => properties,
    getVariable: (name, other) => orElse(ask('get', 'v' + name), other),
    setVariable: (name, value) => ask('set', 'v' + name, value === undefined ? null : value),
    removeVariable: (name) => ask('remove', 'v' + name),
    getVariables: () => variables,
    setRouteStop: (stop) => ask('routeStop', '', stop === true),
    isRouteStop: () => ask('isRouteStop'),
    get in() { return message; },
    get message() { return message; },
    get properties() { return properties; },
    get variables() { return variables; },
    toString: () => 'Exchange[' + ask('id') + ']',
  };
  const context = {
    getName: () => ask('name'),
    resolvePropertyPlaceholders: (text) => ask('placeholders', '', text),
    toString: () => 'CamelContext(' + ask('name') + ')',
  };
  const line = (level) => (...parts) => void host('log', level, parts.map((part) => (typeof part === 'string' ? part : typeof part === 'object' ? write(part) : String(part))).join(' '));
  const log = { log: line('info'), info: line('info'), debug: line('debug'), warn: line('warn'), error: line('error') };
  hidden(globalThis, { console: log, print: log.log });

  const names = ${JSON.stringify(names)};
  const lazy = { exchange: () => exchange, exchangeId: () => ask('id'), message: () => message, body, headers: () => headers, properties: () => properties, variables: () => variables, context: () => context };
  let turn = 0;
  let evaluate;
  if (functionBody !== null) {
    const compiled = new Function(...names, functionBody);
    const readsBody = /body/.test(source);
    const readsId = /exchangeId/.test(source);
    evaluate = () => compiled(exchange, readsId ? ask('id') : undefined, message, readsBody ? body() : undefined, headers, properties, variables, context);
  } else {
    const bindings = Object.create(null);
    for (const name of names) {
      let value, setIn = 0;
      Object.defineProperty(bindings, name, { get: () => (setIn === turn ? value : lazy[name]()), set: (next) => { setIn = turn; value = next; }, configurable: true });
    }
    const run = new Function('scope', 'source', 'with (scope) { return eval(source); }');
    evaluate = () => run(bindings, source);
  }
  // Nothing else of the global object can be listed: what a script leaves there can.
  const { keys } = Object;
  const finish = (value) => {
    if (isChanged()) host('setBody', '', write(given.value));
    return write(value);
  };
  return {
    run(text) {
      given = null;
      turn++;
      if (text !== undefined) give(text);
      try {
        const value = evaluate();
        return value instanceof Promise ? value.then(finish) : finish(value);
      } finally {
        if (mayLeak) for (const name of keys(globalThis)) delete globalThis[name];
      }
    },
  };
})`;
