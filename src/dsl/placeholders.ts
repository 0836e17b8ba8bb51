import type { Span } from '../core/diagnostics.ts';

/** Where property placeholders get their values from. */
export interface PropertyLookup {
  /** Undefined: there is no such property. */
  get(key: string): string | undefined;
  /** All names, for "did you mean". */
  names(): Iterable<string>;
  /** Where a property stands in a file. */
  placeOf?(key: string): Span | null;
  /** `{{name:argument}}` calls the function `name`; undefined: it has no value (a default may follow the argument after a colon). */
  readonly functions: Readonly<Record<string, (argument: string) => string | undefined>>;
}

export interface PropertySources {
  readonly properties?: Readonly<Record<string, string>>;
  readonly places?: ReadonlyMap<string, Span>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly system?: Readonly<Record<string, string>>;
  /** The text of a file, undefined when it can't be read. */
  readonly readFile?: (path: string) => string | undefined;
  readonly bean?: (name: string) => unknown;
  /** Properties that the environment does not replace: those of the command line. */
  readonly fixed?: ReadonlySet<string>;
  /** Whether a condition in the Simple language holds, for `{{boolean:...}}`. */
  readonly condition?: (source: string) => boolean;
}

/** Variables of every shell, which nobody sets for an integration: `{{path}}` is no `PATH`. */
const ofShell = new Set('_ HOME HOSTNAME LANG LANGUAGE LOGNAME MAIL OLDPWD PATH PWD SHELL SHLVL TEMP TERM TMP TMPDIR TZ USER USERNAME'.split(' '));

/** A lookup in plain records. As in Camel, what the environment says replaces what files say: `my.key` comes from `MY_KEY`. */
export function propertyLookup({ properties = {}, places, environment = {}, system = {}, readFile, bean, fixed, condition }: PropertySources = {}): PropertyLookup {
  const own = new Map(Object.entries(properties));
  const ofEnvironment = (key: string): string | undefined => (/^[\w.-]+$/.test(key) ? environment[key.toUpperCase().replace(/[-.]/g, '_')] : undefined);
  const get = (key: string): string | undefined => {
    const given = own.get(key);
    if (given === undefined) return ofEnvironment(key);
    if (fixed?.has(key) === true || ofShell.has(key.toUpperCase())) return given;
    return ofEnvironment(key) ?? given;
  };
  /** `boolean:key` and `boolean:key == 'value'`, with the operators of Simple. */
  const boolean = (argument: string): string | undefined => {
    const [, negation = '', key = '', rest = ''] = /^(!?)([\w.-]+)(?:\s+(\S.*))?$/.exec(argument.trim()) ?? [];
    const value = key === '' ? undefined : get(key);
    if (value === undefined) return undefined;
    const quote = value.includes("'") ? '"' : "'";
    const holds = rest === '' ? value !== '' && value.toLowerCase() !== 'false' : condition?.(`${quote}${value}${quote} ${rest}`);
    return holds === undefined ? undefined : String(holds !== (negation === '!'));
  };
  const variable = (name: string): string | undefined => environment[name] ?? environment[name.toUpperCase().replace(/[-.]/g, '_')];
  const file = (path: string): string | undefined => readFile?.(path)?.replace(/\r?\n$/, '');
  /** `secret:name/key` is a file below the folder where secrets are mounted, or a property of that name (`local-mode`). The binary ones give its path. */
  const mounted = (kind: string, option: string, environmentName: string): Record<string, (argument: string) => string | undefined> => {
    const setting = (name: string): string | undefined => own.get(`camel.kubernetes-config.${name}`) ?? own.get(`camel.kubernetes-config.${name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())}`);
    const read = (reference: string, isBinary: boolean): string | undefined => {
      const [, name, key] = /^([^/]+)\/([^/]+)$/.exec(reference) ?? [];
      if (name === undefined || key === undefined || name === '..' || key === '..') return undefined;
      if (setting('local-mode')?.toLowerCase() === 'true') return own.get(`${name}/${key}`);
      const folder = setting(option) ?? environment[environmentName];
      if (folder === undefined) return undefined;
      const path = `${folder.replace(/\/+$/, '')}/${name.toLowerCase()}/${key}`;
      const text = readFile?.(path);
      return isBinary && text !== undefined ? path : text;
    };
    return { [kind]: (reference) => read(reference, false), [`${kind}-binary`]: (reference) => read(reference, true) };
  };
  return {
    get,
    names: () => own.keys(),
    placeOf: (key) => places?.get(key) ?? null,
    functions: {
      env: variable,
      sys: (name) => (Object.hasOwn(system, name) ? system[name] : fixed?.has(name) === true ? own.get(name) : undefined),
      boolean,
      service: (name) => serviceAddress(name, variable, (host, port) => `${host}:${port}`),
      'service.name': (name) => serviceAddress(name, variable, (host, port) => `${host}:${port}`),
      'service.host': (name) => serviceAddress(name, variable, (host) => host),
      'service.port': (name) => serviceAddress(name, variable, (_host, port) => port),
      file,
      ...mounted('secret', 'mount-path-secrets', 'CAMEL_K_MOUNT_PATH_SECRETS'),
      ...mounted('configmap', 'mount-path-configmaps', 'CAMEL_K_MOUNT_PATH_CONFIGMAPS'),
      bean: (path) => beanValue(path, bean),
    },
  };
}

function serviceAddress(name: string, variable: (name: string) => string | undefined, show: (host: string, port: string) => string): string | undefined {
  const key = name.toUpperCase().replace(/[-.]/g, '_');
  const host = variable(`${key}_SERVICE_HOST`);
  const port = variable(`${key}_SERVICE_PORT`);
  return host === undefined || port === undefined ? undefined : show(host, port);
}

function beanValue(path: string, bean: ((name: string) => unknown) | undefined): string | undefined {
  const [name, property] = path.split('.', 2);
  let value = bean?.(name!);
  if (property !== undefined) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[property] : undefined;
    if (typeof value === 'function') value = (value as () => unknown)();
  }
  return value === undefined || value === null ? undefined : String(value);
}

/** More properties, which win over those of `lookup`: a template's parameters. */
export function withProperties(lookup: PropertyLookup, properties: Readonly<Record<string, string>>): PropertyLookup {
  const own = new Map(Object.entries(properties));
  return {
    get: (key) => own.get(key) ?? lookup.get(key),
    names: () => [...own.keys(), ...lookup.names()],
    placeOf: (key) => (own.has(key) ? null : (lookup.placeOf?.(key) ?? null)),
    functions: lookup.functions,
  };
}

/** What a file itself sets, where `lookup` has no value: its properties, and variables for `{{env:...}}`. */
export function withFileSettings(lookup: PropertyLookup, { properties, environment }: { readonly properties: ReadonlyMap<string, string>; readonly environment: ReadonlyMap<string, string> }): PropertyLookup {
  const { env } = lookup.functions;
  return {
    get: (key) => lookup.get(key) ?? properties.get(key),
    names: () => [...lookup.names(), ...properties.keys()],
    placeOf: (key) => lookup.placeOf?.(key) ?? null,
    functions: { ...lookup.functions, env: (name) => env?.(name) ?? environment.get(name) },
  };
}

/** Thrown for a placeholder that has no value, or is not closed. */
export class PlaceholderError extends Error {
  readonly kind: 'missing' | 'unbalanced' | 'circular' | 'multiplied';
  /** The key that is missing, without a default; empty for braces that don't match. */
  readonly key: string;
  /** Within the text as it was written. */
  readonly offset: number;
  readonly length: number;

  constructor(kind: PlaceholderError['kind'], key: string, message: string, offset: number, length: number) {
    super(message);
    this.name = 'PlaceholderError';
    this.kind = kind;
    this.key = key;
    this.offset = offset;
    this.length = length;
  }
}

export const hasPlaceholder = (text: string): boolean => text.includes('{{');

// Stands for an optional placeholder without a value until the whole text is known; no YAML text can hold it.
const NOTHING = '\u0000';

// Braces of a value that was filled in are no braces of the text around it.
const mask = (value: string): string => (/[{}]/.test(value) ? value.replaceAll('{', '\u0001').replaceAll('}', '\u0002') : value);
const unmask = (text: string): string => (/[\u0001\u0002]/.test(text) ? text.replaceAll('\u0001', '{').replaceAll('\u0002', '}') : text);

/**
 * The text with its placeholders filled in. Null: it is an optional one (`{{?key}}`) that has no value, so the option is to be left out; within a
 * longer text such a one is nothing.
 * Inner placeholders are filled in first; values may hold placeholders of their own.
 * @throws PlaceholderError
 */
export function fillPlaceholders(text: string, lookup: PropertyLookup): string | null {
  if (!hasPlaceholder(text)) return text;
  filledIn = 0;
  const filled = unmask(fill(text, lookup, text, []));
  return filled === NOTHING ? null : filled.replaceAll(NOTHING, '');
}

/** As `fillPlaceholders`, for an endpoint URI: a query parameter whose optional placeholder has no value is left out. */
export function fillUri(uri: string, lookup: PropertyLookup): string | null {
  if (!hasPlaceholder(uri)) return uri;
  filledIn = 0;
  const filled = unmask(fill(withOtherBraces(uri), lookup, uri, []));
  if (!filled.includes(NOTHING)) return filled;
  const query = filled.indexOf('?');
  if (query < 0 || filled.slice(0, query).includes(NOTHING)) return null;
  const kept = filled
    .slice(query + 1)
    .split('&')
    .filter((parameter) => !parameter.includes(NOTHING));
  return kept.length === 0 ? filled.slice(0, query) : `${filled.slice(0, query)}?${kept.join('&')}`;
}

/** As in Camel path and query are read apart: braces of the one that has no placeholder (a query in GraphQL) are its own. */
function withOtherBraces(uri: string): string {
  const query = /^(?:[^?{]|\{(?!\{)|\{\{.*?\}\})*/s.exec(uri)![0].length;
  const own = (part: string): string => (hasPlaceholder(part) ? part : mask(part));
  return own(uri.slice(0, query)) + own(uri.slice(query));
}

/** Placeholders that one text stands for, values in each other, and letters that come of it: more is no setting, and would take for ever. */
export const mostFilledIn = 10_000;
export const deepestPlaceholder = 100;
const longest = 10_000_000;

/** How many have been filled in for the text that is being read. */
let filledIn = 0;

function fill(text: string, lookup: PropertyLookup, written: string, keys: readonly string[]): string {
  let filled = text;
  for (;;) {
    const end = unquotedIndex(filled, '}}', 0);
    if (end < 0) {
      const open = unquotedLastIndex(filled, '{{', filled.length);
      if (open < 0) return filled;
      throw errorIn(written, 'unbalanced', '', filled.slice(open, open + 12), 'a property placeholder is not closed');
    }
    const start = unquotedLastIndex(filled, '{{', end - 1);
    if (start < 0) {
      if (!hasPlaceholder(written)) return filled;
      throw errorIn(written, 'unbalanced', '', '}}', 'a `}}` has no `{{` before it');
    }
    const key = unmask(filled.slice(start + 2, end));
    if (++filledIn > mostFilledIn || keys.length > deepestPlaceholder || filled.length > longest) throw errorIn(written, 'multiplied', key, `{{${keys[0] ?? key}}}`, `the property \`${keys[0] ?? key}\` stands for too many others`);
    filled = filled.slice(0, start) + mask(valueOf(key, lookup, written, keys)) + filled.slice(end + 2);
  }
}

/** As in Camel, braces between two equal quotes are no placeholder's. */
const isQuoted = (text: string, index: number): boolean => {
  const before = text[index - 1];
  return (before === "'" || before === '"') && text[index + 2] === before;
};

function unquotedIndex(text: string, token: string, from: number): number {
  let index = text.indexOf(token, from);
  while (index >= 0 && isQuoted(text, index)) index = text.indexOf(token, index + 1);
  return index;
}

function unquotedLastIndex(text: string, token: string, before: number): number {
  if (before <= 0) return -1;
  let index = text.lastIndexOf(token, before - 1);
  while (index >= 0 && isQuoted(text, index)) index = index === 0 ? -1 : text.lastIndexOf(token, index - 1);
  return index;
}

function valueOf(expression: string, lookup: PropertyLookup, written: string, keys: readonly string[]): string {
  let key = expression;
  const isNegated = key.startsWith('!');
  if (isNegated) key = key.slice(1);
  const isOptional = key.startsWith('?');
  if (isOptional) key = key.slice(1);
  if (keys.includes(key)) throw errorIn(written, 'circular', key, `{{${expression}}}`, `the property \`${key}\` refers to itself`);

  const colon = key.indexOf(':');
  const name = colon < 0 ? key : key.slice(0, colon);
  let value: string | undefined;
  if (colon >= 0 && Object.hasOwn(lookup.functions, name)) {
    const argument = key.slice(colon + 1);
    const call = lookup.functions[name]!;
    value = call(argument);
    const fallback = argument.lastIndexOf(':');
    if (value === undefined && name === 'file' && fallback > 0) value = call(argument.slice(0, fallback)) ?? argument.slice(fallback + 1);
    else if (value === undefined && name !== 'file' && argument.includes(':')) {
      const first = argument.indexOf(':');
      value = call(argument.slice(0, first)) ?? argument.slice(first + 1);
    }
  } else {
    value = lookup.get(name) ?? (colon < 0 ? undefined : key.slice(colon + 1));
  }
  if (value === undefined) {
    if (isOptional) return NOTHING;
    throw errorIn(written, 'missing', colon >= 0 && Object.hasOwn(lookup.functions, name) ? key : name, `{{${expression}}}`, `there is no property \`${key}\``);
  }
  if (hasPlaceholder(value)) value = unmask(fill(value, lookup, written, [...keys, key]));
  if (isNegated) return value.toLowerCase() === 'true' ? 'false' : value.toLowerCase() === 'false' ? 'true' : value;
  return value;
}

function errorIn(written: string, kind: PlaceholderError['kind'], key: string, piece: string, message: string): PlaceholderError {
  const offset = piece === '}}' ? written.lastIndexOf(piece) : written.indexOf(piece);
  return offset < 0 ? new PlaceholderError(kind, key, message, 0, written.length) : new PlaceholderError(kind, key, message, offset, piece.length);
}
