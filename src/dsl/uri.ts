import type { ConnectorDefinition, Endpoint } from '../core/connector.ts';
import type { Diagnostics, Span } from '../core/diagnostics.ts';
import { nearest } from '../core/diagnostics.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Field, Fields } from '../core/field.ts';
import { insteadOfConnector } from './camelConnectors.ts';
import { replaceWith } from './fixes.ts';
import type { EndpointModel } from './model.ts';
import { parseScalar } from './scalars.ts';
import { quoted } from './textReader.ts';

type Connectors = Readonly<Record<string, ConnectorDefinition>>;

/** Options that endpoints of a scheme have when they do not say otherwise. */
type Defaults = (scheme: string, definition: ConnectorDefinition) => Readonly<Record<string, unknown>>;

const none: Readonly<Record<string, unknown>> = {};
const noDefaults: Defaults = () => none;

/** An endpoint with the connector that makes it. */
export interface ResolvedEndpoint {
  readonly definition: ConnectorDefinition;
  readonly endpoint: Endpoint;
}

/** Something wrong with a URI: a piece of its text, or one of the parameters beside it. */
interface Complaint {
  readonly code: string;
  readonly message: string;
  readonly label: string;
  readonly help: string | null;
  readonly where: { readonly start: number; readonly end: number } | BesideUri;
  readonly docs: string | null;
  /** What is meant in place of the text at `where`, where there can be no doubt. */
  readonly meant?: string | undefined;
}

interface BesideUri {
  readonly parameter: string;
  readonly part: 'name' | 'value';
}

interface Parameter {
  readonly name: string;
  readonly value: string;
  /** Written as RAW(...) or RAW{...}: the value is taken as it is. */
  readonly raw: string | null;
  /** Offsets of name and value in the URI; null for those that stand beside it. */
  readonly nameAt: readonly [number, number] | null;
  readonly valueAt: readonly [number, number] | null;
}

const MASK = 'xxxxxx';

/** Reads an endpoint of a route. Null when it can't be made: the problems say why. */
export function parseEndpoint(model: EndpointModel, connectors: Connectors, problems: Diagnostics, defaults: Defaults = noDefaults): ResolvedEndpoint | null {
  const { resolved, complaints } = resolve(model.uri, model.parameters, connectors, defaults);
  for (const { code, message, label, help, where, docs, meant } of complaints) {
    const at = 'parameter' in where ? (where.part === 'name' ? model.parameterNamesAt : model.parametersAt)?.[where.parameter] : spanInUri(model, where);
    problems.report(code, message, at ?? model.at, { label, help, docs, fix: meant === undefined || at === undefined || !isExact(at, model, where) ? null : replaceWith(at, meant), values: { uri: resolved?.endpoint.shownUri ?? masked(model.uri) } });
  }
  if (complaints.length > 0 || resolved === null) return null;
  return model.shownAs === undefined ? resolved : { ...resolved, endpoint: { ...resolved.endpoint, shownUri: model.shownAs } };
}

/** Whether the file has at a span what the complaint is about, and not, say, the placeholder that stands for it. */
const isExact = ({ source, start, end }: Span, { uri }: EndpointModel, where: Complaint['where']): boolean =>
  'parameter' in where ? !source.text.slice(start, end).includes('{{') : source.text.slice(start, end) === uri.slice(where.start, where.end);

/**
 * Reads an endpoint that is only known at run time.
 * @throws ExchangeError NoSuchEndpointException when there is no such connector, else ResolveEndpointFailedException
 */
export function resolveEndpoint(uri: string, connectors: Connectors, defaults: Defaults = noDefaults): ResolvedEndpoint {
  const { resolved, complaints } = resolve(uri, {}, connectors, defaults);
  const [first] = complaints;
  if (first === undefined && resolved !== null) return resolved;
  const shown = masked(uri.trim());
  if (first?.code === 'M0401' || first?.code === 'M0402') throw new ExchangeError('org.apache.camel.NoSuchEndpointException', `No endpoint could be found for: ${shown}: ${first.message}`);
  throw new ExchangeError('org.apache.camel.ResolveEndpointFailedException', `Failed to resolve endpoint: ${shown} due to: ${complaints.map(({ message }) => message).join('; ')}`);
}

/** Both ways of reading endpoints, for a set of connectors. */
export const endpointReader = (connectors: Connectors, defaults: Defaults = noDefaults) => ({
  fromModel: (model: EndpointModel, problems: Diagnostics): ResolvedEndpoint | null => parseEndpoint(model, connectors, problems, defaults),
  fromText: (uri: string): ResolvedEndpoint => resolveEndpoint(uri, connectors, defaults),
});

function resolve(written: string, parameters: Readonly<Record<string, unknown>>, connectors: Connectors, defaults: Defaults): { resolved: ResolvedEndpoint | null; complaints: Complaint[] } {
  const complaints: Complaint[] = [];
  const lead = written.length - written.trimStart().length;
  const uri = written.trim();
  const complain = (code: string, message: string, where: Complaint['where'], label: string, help: string | null, docs: string | null = null, meant?: string): void => {
    complaints.push({ code, message, label, help, docs, meant, where: 'parameter' in where ? where : { start: where.start + lead, end: Math.max(where.end, where.start + 1) + lead } });
  };

  const query = uri.indexOf('?');
  const address = query < 0 ? uri : uri.slice(0, query);
  const colon = address.indexOf(':');
  const scheme = colon < 0 ? address : address.slice(0, colon);
  const definition = Object.hasOwn(connectors, scheme) ? connectors[scheme] : undefined;
  if (definition === undefined) {
    const whole = { start: 0, end: Math.max(scheme.length, 1) };
    const instead = insteadOfConnector(scheme);
    if (uri === '') complain('M0403', 'the endpoint has no URI', whole, 'nothing stands here', 'write a URI such as `log:here`');
    else if (instead !== null) complain('M0402', `the connector \`${scheme}\` is not built in`, whole, 'Camel has it, this runtime does not', instead);
    else {
      const meant = nearest(scheme, Object.keys(connectors));
      const help = meant !== null ? `did you mean \`${meant}\`?` : colon < 0 ? 'a URI starts with the name of a connector and a colon, such as `direct:orders`' : `the connectors are ${quoted(Object.keys(connectors))}`;
      complain('M0401', `there is no connector \`${scheme}\``, whole, 'no such connector', help, null, meant ?? undefined);
    }
    return { resolved: null, complaints };
  }

  const docs = `docs/connectors/${definition.scheme}.md`;
  const fields = definition.options;
  const inQuery = readQuery(uri, query, (start, end, message, label, help, meant) => complain('M0408', message, { start, end }, label, help, docs, meant));
  const given: Parameter[] = [...inQuery];
  for (const [name, value] of Object.entries(parameters)) given.push(besideUri(name, value));

  let pathText = colon < 0 ? '' : address.slice(colon + 1);
  const slashes = pathText.startsWith('//') ? 2 : 0;
  pathText = pathText.slice(slashes);
  const options: Record<string, unknown> = {};
  const rest: Record<string, string> = {};
  const shownQuery: [string, string][] = [];
  const fullQuery: [string, string][] = [];

  const syntax = syntaxOf(definition);
  const isOfPath = (name: string): boolean => syntax.names.includes(name);
  // Parts that the path leaves out.
  const takenByName = new Set<string>();
  if (pathText === '') {
    // The parts of the path may be given by name instead.
    const parts = new Map(given.filter(({ name }) => isOfPath(name)).map(({ name, value }) => [name, value]));
    pathText = encodePath(joinPath(syntax, parts));
  } else {
    pathText = encodePath(decodePath(pathText));
    const parts = splitPath(syntax, decodePath(pathText));
    for (const { name, value, nameAt } of given) {
      if (parts === null || (nameAt !== null && definition.isLenient === true) || !isOfPath(name) || fields[name]?.shape.isRequired !== false || (parts.get(name) ?? '') !== '') continue;
      parts.set(name, value);
      takenByName.add(name);
    }
    if (parts !== null && takenByName.size > 0) pathText = encodePath(joinPath(syntax, parts));
  }
  const path = decodePath(pathText);
  const values = splitPath(syntax, path);
  const pathAt = { start: colon < 0 ? 0 : colon + 1 + slashes, end: address.length };
  for (const name of syntax.names) {
    const { shape } = fields[name] ?? {};
    const text = values?.get(name);
    if (shape === undefined) continue;
    if (text === undefined || text === '') {
      if (shape.default !== undefined) options[name] = shape.default;
      else if (shape.isRequired) {
        const where = pathAt.end > pathAt.start ? pathAt : { start: 0, end: address.length };
        complain('M0406', `the \`${scheme}\` endpoint has no \`${name}\``, where, `needs \`${name}\``, `write it as \`${definition.syntax}\``, docs);
      }
      continue;
    }
    const result = parseScalar(shape, text);
    if ('value' in result) options[name] = result.value;
    else complain('M0407', `\`${name}\` of \`${scheme}\` must be ${result.wrong.wanted}`, pathAt, result.wrong.label, result.wrong.help, docs);
  }

  const names = namesOf(definition);
  const seen = new Set<string>();
  for (const parameter of given) {
    if (takenByName.has(parameter.name)) continue;
    if (parameter.nameAt === null && isOfPath(parameter.name) && fields[parameter.name] !== undefined) {
      if (colon >= 0 && address.length > colon + 1 + slashes) complain('M0407', `\`${parameter.name}\` of \`${scheme}\` is given twice: in the path and by name`, { parameter: parameter.name, part: 'name' }, 'given again', 'keep one of them', docs);
      continue;
    }
    const name = Object.hasOwn(fields, parameter.name) ? parameter.name : names.byPlain.get(plain(parameter.name));
    const definitionOf = name === undefined ? undefined : fields[name];
    const nameWhere: Complaint['where'] = parameter.nameAt === null ? { parameter: parameter.name, part: 'name' } : { start: parameter.nameAt[0], end: parameter.nameAt[1] };
    const valueWhere: Complaint['where'] = parameter.valueAt === null ? { parameter: parameter.name, part: 'value' } : { start: parameter.valueAt[0], end: parameter.valueAt[1] };
    if (definitionOf === undefined || name === undefined || isOfPath(name)) {
      const prefixed = names.prefixes.find(({ prefix, name: option }) => parameter.name.startsWith(prefix) || parameter.name.startsWith(`${option}.`));
      if (prefixed !== undefined) {
        const map = (options[prefixed.name] ??= {}) as Record<string, unknown>;
        map[parameter.name.slice(parameter.name.startsWith(prefixed.prefix) ? prefixed.prefix.length : prefixed.name.length + 1)] = parameter.value;
      } else if (definition.isLenient === true) {
        rest[parameter.name] = parameter.value;
      } else if (name !== undefined && isOfPath(name)) {
        complain('M0409', `\`${parameter.name}\` of \`${scheme}\` is no option: it stands in the path`, nameWhere, 'belongs to the path', `write it in front of the \`?\`, as in \`${definition.syntax}\`, or under \`parameters\``, docs);
        continue;
      } else {
        const meant = nearest(parameter.name, Object.keys(fields));
        const help = parameter.name.startsWith('amp;') ? 'write `&` instead of `&amp;`' : meant === null ? `it takes ${quoted(Object.keys(fields).filter((one) => !isOfPath(one)))}` : `did you mean \`${meant}\`?`;
        complain('M0409', `unknown option \`${parameter.name}\` for \`${scheme}\``, nameWhere, 'no such option', help, docs, parameter.name.startsWith('amp;') ? parameter.name.slice(4) : (meant ?? undefined));
        continue;
      }
      const isSecret = prefixed?.isSecret === true || looksSecret(parameter.name);
      fullQuery.push([parameter.name, shownValue(parameter)]);
      shownQuery.push([parameter.name, isSecret ? MASK : shownValue(parameter)]);
      continue;
    }
    if (seen.has(name)) {
      complain('M0407', `\`${name}\` of \`${scheme}\` is given twice`, nameWhere, 'the second one', 'keep one of them', docs);
      continue;
    }
    seen.add(name);
    fullQuery.push([name, shownValue(parameter)]);
    shownQuery.push([name, definitionOf.shape.isSecret || looksSecret(name) ? MASK : shownValue(parameter)]);
    take(definitionOf, name, parameter, valueWhere);
  }
  const component = defaults(scheme, definition);
  const ofComponent = new Set<string>();
  for (const name of Object.keys(fields)) {
    const { shape } = fields[name]!;
    if (seen.has(name) || options[name] !== undefined || (isOfPath(name) && component[name] === undefined)) continue;
    if (component[name] !== undefined) {
      options[name] = component[name];
      ofComponent.add(name);
    } else if (shape.default !== undefined) options[name] = shape.default;
    else if (shape.kind === 'map' && prefixOf(fields[name]!) !== null) options[name] = {};
    else if (shape.isRequired) complain('M0406', `the \`${scheme}\` endpoint has no \`${name}\``, { start: 0, end: address.length }, `needs \`${name}\``, `add \`${name}\` to its parameters`, docs);
  }

  function take(definitionOf: Field, name: string, parameter: Parameter, where: Complaint['where']): void {
    const { shape } = definitionOf;
    if (shape.kind === 'list') {
      options[name] = parameter.value === '' ? [] : parameter.value.split(',').map((piece) => piece.trim());
      return;
    }
    const result = parseScalar(shape, parameter.value);
    if ('value' in result) {
      options[name] = result.value;
      return;
    }
    complain('M0407', `\`${name}\` of \`${scheme}\` must be ${result.wrong.wanted}`, where, parameter.value === '' ? 'nothing stands here' : result.wrong.label, result.wrong.help, docs, result.wrong.meant);
  }

  const uriOf = (shownPath: string, pairs: [string, string][]): string => {
    const shown = [...pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([name, value]) => `${encodeQuery(name)}=${value.startsWith('RAW') ? value : encodeQuery(value)}`);
    return `${scheme}:${shownPath}${shown.length === 0 ? '' : `?${shown.join('&')}`}`;
  };
  const endpoint: Endpoint = {
    uri: uriOf(pathText, fullQuery),
    shownUri: uriOf(maskPath(definition, pathText), shownQuery),
    scheme,
    path,
    options,
    rest,
    ...(ofComponent.size === 0 ? {} : { ofComponent }),
  };
  return { resolved: { definition, endpoint }, complaints };
}

// ---------------------------------------------------------------- the query

const shownValue = ({ value, raw }: Parameter): string => raw ?? value;

function besideUri(name: string, value: unknown): Parameter {
  const text = typeof value === 'string' ? value : String(value);
  const raw = rawValue(text);
  return { name, value: raw ?? text, raw: raw === null ? null : text, nameAt: null, valueAt: null };
}

/** The inside of RAW(...) or RAW{...}; null for other texts. */
function rawValue(text: string): string | null {
  return (text.startsWith('RAW(') && text.endsWith(')')) || (text.startsWith('RAW{') && text.endsWith('}')) ? text.slice(4, -1) : null;
}

type QueryProblem = (start: number, end: number, message: string, label: string, help: string, meant?: string) => void;

function readQuery(uri: string, query: number, complain: QueryProblem): Parameter[] {
  if (query < 0 || query === uri.length - 1) return [];
  const parameters: Parameter[] = [];
  let at = query + 1;
  while (at <= uri.length) {
    const end = parameterEnd(uri, at);
    if (end === at) {
      const isLast = at >= uri.length;
      complain(at - 1, at, 'the query of the URI has an empty parameter', isLast ? 'nothing follows' : 'no parameter stands here', `take the \`&\` ${isLast ? 'at the end ' : ''}out`, '');
    } else {
      const equals = uri.indexOf('=', at);
      const hasValue = equals >= 0 && equals < end;
      const nameEnd = hasValue ? equals : end;
      const valueStart = hasValue ? equals + 1 : end;
      const name = decodeQuery(uri.slice(at, nameEnd));
      const text = uri.slice(valueStart, end);
      const raw = rawValue(text);
      const value = raw ?? decodeQuery(text);
      if (name === null || value === null) {
        complain(at, end, 'a `%` in the URI is not followed by two hexadecimal digits', 'not a valid escape', 'write `%25` for a percent sign, or put the value into RAW(...)');
      } else {
        parameters.push({ name, value, raw: raw === null ? null : text, nameAt: [at, nameEnd], valueAt: hasValue ? [valueStart, end] : [at, nameEnd] });
      }
    }
    at = end + 1;
  }
  return parameters;
}

/** Where a parameter ends: at the next `&` that does not stand in RAW(...) or RAW{...}. */
function parameterEnd(uri: string, start: number): number {
  const ampersand = uri.indexOf('&', start);
  const next = ampersand < 0 ? uri.length : ampersand;
  const equals = uri.indexOf('=', start);
  if (equals < 0 || equals > next) return next;
  const opening = uri.slice(equals + 1, equals + 5);
  if (opening !== 'RAW(' && opening !== 'RAW{') return next;
  const closing = opening === 'RAW(' ? ')' : '}';
  for (let end = uri.indexOf(closing, equals); end >= 0; end = uri.indexOf(closing, end + 1)) {
    if (end + 1 === uri.length || uri[end + 1] === '&') return end + 1;
  }
  return next;
}

function decodeQuery(text: string): string | null {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

const encodeQuery = (text: string): string => (/^[\w.*-]*$/.test(text) ? text : encodeURIComponent(text).replace(/%20/g, '+').replace(/[!'()~]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`));

// ---------------------------------------------------------------- the path

function decodePath(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const encodePath = (text: string): string => (/^[\w.~!$&'()*+,;=:@/-]*$/.test(text) ? text : text.replace(/%(?![0-9a-f]{2})|[\s"<>{}|\\^`#?[\]]/gi, (one) => encodeURIComponent(one)));

interface PathSyntax {
  readonly names: readonly string[];
  /** What stands before each name but the first. */
  readonly separators: readonly string[];
  readonly pattern: RegExp;
}

const syntaxes = new WeakMap<ConnectorDefinition, PathSyntax>();

/** Where the parts of the path stand, from a syntax such as `quartz:groupName/triggerName`. */
function syntaxOf(definition: ConnectorDefinition): PathSyntax {
  let syntax = syntaxes.get(definition);
  if (syntax !== undefined) return syntax;
  const text = definition.syntax.slice(definition.syntax.indexOf(':') + 1).replace(/^\/\//, '');
  const names: string[] = [];
  const separators: string[] = [];
  for (const [piece] of text.matchAll(/[A-Za-z][\w-]*|[^A-Za-z]+/g)) {
    if (/^[A-Za-z]/.test(piece)) names.push(piece);
    else separators.push(piece);
  }
  const isRequired = (name: string): boolean => {
    const shape = definition.options[name]?.shape;
    return shape === undefined || (shape.isRequired && shape.default === undefined);
  };
  const firstRequired = Math.max(0, names.findIndex(isRequired));
  const escape = (separator: string | undefined): string => (separator ?? '').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  let pattern = '^';
  names.forEach((name, i) => {
    const isLast = i === names.length - 1;
    if (i < firstRequired) pattern += `(?:([\\s\\S]*?)${escape(separators[i])})?`;
    else if (i === firstRequired) pattern += isLast ? '([\\s\\S]*)' : '([\\s\\S]*?)';
    else if (isRequired(name)) pattern += `${escape(separators[i - 1])}(${isLast ? '[\\s\\S]*' : '[\\s\\S]*?'})`;
    else pattern += `(?:${escape(separators[i - 1])}(${isLast ? '[\\s\\S]*' : '[\\s\\S]*?'}))?`;
  });
  syntax = { names, separators, pattern: new RegExp(`${pattern}$`) };
  syntaxes.set(definition, syntax);
  return syntax;
}

/** Whether an option stands in the path of the URI. */
export const isInPath = (definition: ConnectorDefinition, name: string): boolean => syntaxOf(definition).names.includes(name);

function splitPath({ names, pattern }: PathSyntax, path: string): Map<string, string> | null {
  const found = pattern.exec(path);
  if (found === null) return names.length === 0 ? null : new Map([[names[0]!, path]]);
  const values = new Map<string, string>();
  names.forEach((name, i) => {
    const value = found[i + 1];
    if (value !== undefined) values.set(name, value);
  });
  return values;
}

function joinPath({ names, separators }: PathSyntax, parts: ReadonlyMap<string, string>): string {
  let path = '';
  names.forEach((name, i) => {
    const value = parts.get(name);
    if (value === undefined) return;
    path += path === '' ? value : `${separators[i - 1] ?? ''}${value}`;
  });
  return path;
}

/** An endpoint whose path stands among its `parameters` with the path in its URI, for those whose URI is evaluated before it is read. */
export function withPathInUri(model: EndpointModel, connectors: Connectors): Pick<EndpointModel, 'uri' | 'parameters'> {
  const scheme = model.uri.trim().replace(/:(?:\/\/)?$/, '');
  const definition = Object.hasOwn(connectors, scheme) ? connectors[scheme] : undefined;
  if (definition === undefined) return model;
  const syntax = syntaxOf(definition);
  const isOfPath = ([name]: [string, unknown]): boolean => syntax.names.includes(name);
  const given = Object.entries(model.parameters);
  const parts = new Map(given.filter(isOfPath).map(([name, value]) => [name, besideUri(name, value).value]));
  if (parts.size === 0) return model;
  return { uri: `${scheme}:${joinPath(syntax, parts)}`, parameters: Object.fromEntries(given.filter((entry) => !isOfPath(entry))) };
}

// ---------------------------------------------------------------- names and secrets

interface OptionNames {
  readonly byPlain: ReadonlyMap<string, string>;
  readonly prefixes: readonly { readonly prefix: string; readonly name: string; readonly isSecret: boolean }[];
}

const optionNames = new WeakMap<ConnectorDefinition, OptionNames>();

/** As in Camel, letter case and dashes do not matter in names of options. */
export const plain = (name: string): string => name.toLowerCase().replaceAll('-', '');

const prefixOf = ({ shape }: Field): string | null => shape.prefix;

export function namesOf(definition: ConnectorDefinition): OptionNames {
  let names = optionNames.get(definition);
  if (names === undefined) {
    const fields: Fields = definition.options;
    names = {
      byPlain: new Map(Object.keys(fields).map((name) => [plain(name), name])),
      prefixes: Object.entries(fields).flatMap(([name, definitionOf]) => {
        const prefix = prefixOf(definitionOf);
        return prefix === null ? [] : [{ prefix, name, isSecret: definitionOf.shape.isSecret }];
      }),
    };
    optionNames.set(definition, names);
  }
  return names;
}

export const looksSecret = (name: string): boolean => /pass(word|phrase|wd)|secret|token|api-?key|access-?key|credential/i.test(name);

/** A user's password in the path, and parts of the path that are secrets. */
function maskPath(definition: ConnectorDefinition, path: string): string {
  let shown = path.replace(/^((?:[^/@:]*:\/\/)?[^/@:]+):[^/@]*@/, `$1:${MASK}@`);
  for (const name of syntaxOf(definition).names) {
    const value = definition.options[name]?.shape.isSecret === true ? splitPath(syntaxOf(definition), path)?.get(name) : undefined;
    if (value !== undefined && value !== '') shown = shown.replace(value, MASK);
  }
  return shown;
}

/** A URI fit for messages when its connector is not known. */
export const masked = (uri: string): string => uri.replace(/([?&][^=&]*(?:pass(?:word|phrase|wd)|secret|token|api-?key|access-?key|credential)[^=&]*=)(?:RAW\([^)]*\)|[^&]*)/gi, `$1${MASK}`).replace(/(:\/{0,2}[^/@:?]+):[^/@?]*@/, `$1:${MASK}@`);

/** A piece of the URI as a piece of the file. */
/** Where an option of an endpoint stands, in the URI or beside it; null where it was not written. */
export function optionAt(model: EndpointModel, name: string): Span | null {
  const beside = model.parametersAt[name];
  if (beside !== undefined) return beside;
  const found = new RegExp(`[?&](${name.replace(/[.\\-]/g, '\\$&')}=[^&]*)`).exec(model.uri);
  if (found === null) return null;
  const start = found.index + 1;
  return spanInUri(model, { start, end: start + found[1]!.length });
}

function spanInUri({ at, uri }: EndpointModel, { start, end }: { start: number; end: number }): Span {
  const { source } = at;
  const raw = source.text;
  const piece = uri.slice(start, end);
  const length = at.end - at.start;
  for (const lead of [0, 1]) {
    if (length === uri.length + 2 * lead && raw.startsWith(uri, at.start + lead)) return { source, start: at.start + lead + start, end: at.start + lead + end };
  }
  const found = piece === '' ? -1 : raw.indexOf(piece, at.start);
  return found >= 0 && found + piece.length <= at.end ? { source, start: found, end: found + piece.length } : at;
}
