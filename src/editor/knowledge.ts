import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Span } from '../core/diagnostics.ts';
import { Source } from '../core/diagnostics.ts';
import { simpleClassName } from '../core/errors.ts';
import { exceptionClasses } from '../core/exceptionClasses.ts';
import type { Fields } from '../core/field.ts';
import { builtInStrategies } from '../core/graph/strategies.ts';
import { functionNames } from '../languages/simple/functions.ts';
import { functionNotes } from '../languages/simple/functionNotes.ts';
import type { Place } from './place.ts';
import { mappingOf, placeAt, withoutTabs } from './place.ts';
import type { KeyInfo, Scope } from './scope.ts';
import { keysOf, optionKey, scopeBelow, scopeOf } from './scope.ts';
import type { Declaration, Workspace } from './workspace.ts';

export interface Offer {
  readonly label: string;
  readonly kind: 'key' | 'value' | 'reference' | 'property' | 'function';
  readonly detail: string;
  readonly documentation: string;
  readonly insert: string;
  /** Offsets that it replaces. */
  readonly start: number;
  readonly end: number;
  readonly isDeprecated: boolean;
  /** Required ones first. */
  readonly order: number;
}

const schemeOf = (uri: string): string | null => /^["']?([\w.+-]+)(?::|$|\?)/.exec(uri.trim())?.[1] ?? null;

/** The connector whose parameters stand at a place. */
function schemeAt(text: string, { path }: Place): string | null {
  const above = path.findLast(({ name }) => name === 'parameters');
  return above === undefined ? null : schemeOf(mappingOf(text, above).get('uri') ?? '');
}

/** The kamelet whose parameters stand at a place: beside its URI, in a step `kamelet`, or as the `properties` of a Pipe's ref. */
function kameletAt(text: string, { path, start }: Place): string | null {
  const at = path.findLastIndex(({ name }) => name === 'parameters' || name === 'properties');
  const above = path[at];
  if (above === undefined) return null;
  if (above.name === 'properties') {
    if (path[0]?.name !== 'spec' || !['source', 'sink', 'steps'].includes(path[1]?.name ?? '')) return null;
    const from = path[at - 1]!.line;
    const lines = text.split('\n').slice(from).join('\n').slice(0, Math.max(0, start - text.split('\n').slice(0, from).join('\n').length));
    return /\bref:[^]*?\bname:\s*["']?([\w.-]+)/.exec(lines)?.[1] ?? null;
  }
  const mapping = mappingOf(text, above);
  if (path[at - 1]?.name === 'kamelet') return mapping.get('name')?.replace(/^["']|["']$/g, '') ?? null;
  return kameletOf(mapping.get('uri') ?? '');
}

const kameletOf = (uri: string): string | null => /^["']?kamelet:(?:\/\/)?([\w.-]+)/.exec(uri.trim())?.[1] ?? null;

/** What may stand as a parameter at a place, by name: options of the connector, parameters of the kamelet. */
function parametersAt(text: string, place: Place, mapping: Scope, workspace: Workspace): Fields | null {
  const kamelet = kameletAt(text, place);
  const own = kamelet === null ? null : workspace.parametersOf(kamelet);
  if (mapping.kind !== 'parameters') return own;
  const scheme = schemeAt(text, place);
  const options = scheme === null || !Object.hasOwn(workspace.parts.connectors, scheme) ? {} : workspace.parts.connectors[scheme]!.options;
  return { ...own, ...options };
}

const names = ({ path }: Place): string[] => path.map(({ name }) => name);

/** The scope of the value that is being written; that of the mapping, where a key is. */
function scopesAt(text: string, place: Place, workspace: Workspace): { mapping: Scope; value: Scope } {
  const mapping = scopeOf(names(place), workspace.parts);
  return { mapping, value: place.key === null ? mapping : scopeBelow(mapping, place.key, workspace.parts) };
}

const isEndpoint = (place: Place, value: Scope, { parts }: Workspace): boolean =>
  (place.key === 'uri' || (place.key !== null && value.kind === 'fields' && ('uri' in value.fields) && (parts.eips[place.key] === undefined || parts.eips[place.key]!.shorthand === 'uri')));

/** The class of a failure is wanted: as the value of a key, or as an entry of its list. */
const isClass = ({ key, path }: Place): boolean => ['exception', 'exceptionType'].includes(key ?? (path.at(-1)?.name === '-' ? (path.at(-2)?.name ?? '') : ''));

/** What a function of Simple takes by name, by the steps that give it. */
const givers = { header: 'setHeaders?', variable: 'setVariables?', exchangeProperty: 'setProperty' } as const;

interface Named {
  readonly kind: keyof typeof givers;
  /** What of the name stands there. */
  readonly written: string;
}

/** `header.or`: a header is being named. */
function namesFor(call: string): Named | null {
  const match = /^(?:in\.)?(header|variable|exchangeProperty)s?(?:[.:]|\[['"]?)([\w.-]*)$/.exec(call);
  return match === null ? null : { kind: match[1] as Named['kind'], written: match[2]! };
}

/** Names that steps of a text give to headers, variables or properties, and headers that its connectors set; each with where it comes from. */
function given(text: string, { kind }: Named, { parts }: Workspace): [string, string][] {
  const found = new Map<string, string>();
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    const step = new RegExp(`^([ -]*)(${givers[kind]})\\s*:(.*)$`).exec(line) ?? new RegExp(`^(.*?[{,]\\s*)(${givers[kind]})\\s*:(.*)$`).exec(line);
    if (step === null) return;
    const [, before, name, rest] = step;
    const block = [rest!];
    if (rest!.trim() === '') for (let below = index + 1; below < lines.length && (lines[below]!.trim() === '' || lines[below]!.search(/\S/) > before!.length); below++) block.push(lines[below]!);
    const names = block.join('\n').matchAll(/(?:^|[{,\n])[ -]*name\s*:\s*["']?([\w.-]+)/g);
    for (const match of names) {
      found.set(match[1]!, name!);
      if (!name!.endsWith('s')) break;
    }
  });
  if (kind === 'header') {
    for (const scheme of new Set([...text.matchAll(/\b(?:uri|to|toD)\s*:\s*["']?([\w.+-]+):/g)].map((match) => match[1]!))) {
      if (Object.hasOwn(parts.connectors, scheme)) for (const name of Object.keys(parts.connectors[scheme]!.headers ?? {})) if (!found.has(name)) found.set(name, `${scheme}:`);
    }
  }
  return [...found];
}

/** What may be written at an offset of a text. */
export function complete(text: string, offset: number, workspace: Workspace): Offer[] {
  const untabbed = withoutTabs(text, offset);
  if (untabbed !== null) {
    const by = offset - untabbed.offset;
    return complete(untabbed.text, untabbed.offset, workspace).map((offer) => ({ ...offer, start: offer.start + by, end: offer.end + by }));
  }
  const place = placeAt(text, offset);
  const { mapping, value } = scopesAt(text, place, workspace);
  const end = offset + /^[\w.-]*/.exec(text.slice(offset))![0].length;
  const offer = (label: string, kind: Offer['kind'], detail: string, documentation: string, more: Partial<Offer> = {}): Offer => ({ label, kind, detail, documentation, insert: label, start: place.start, end, isDeprecated: false, order: 1, ...more });

  const open = /\{\{([^{}]*)$/.exec(place.written);
  if (open !== null) {
    const start = offset - open[1]!.length;
    return workspace.declarations().filter(({ kind }) => kind === 'property').map(({ name, description }) => offer(name, 'property', description ?? 'property', `\`{{${name}}}\`${description === null ? '' : ` is \`${description}\``}`, { start }));
  }
  const call = /\$\{([^{}]*)$/.exec(place.written);
  if (call !== null) {
    const named = namesFor(call[1]!);
    if (named !== null) {
      const begun = offset - named.written.length;
      return given(text, named, workspace).map(([name, detail]) => offer(name, 'reference', detail, `\`\${${call[1]!.slice(0, call[1]!.length - named.written.length)}${name}}\``, { start: begun }));
    }
    const start = offset - call[1]!.length;
    return functionNames().map((name) => offer(name, 'function', 'Simple', noteOf(name), { start }));
  }
  if (value.kind === 'value' && value.shape.kind === 'string' && isClass(place)) return [...exceptionClasses().keys()].map((name) => offer(name, 'value', simpleClassName(name), value.shape.description));
  if (place.key === null) {
    if (value.kind === 'value') return values(value, offer, workspace);
    const keyOffer = (key: KeyInfo, lead = ''): Offer => offer(key.name, 'key', key.detail, documentationOf(key), { insert: `${lead}${insertOf(key, text, end, workspace)}`, isDeprecated: key.isDeprecated, order: key.isRequired ? 0 : key.isDeprecated ? 2 : 1 });
    // A list that has not begun: its entries, with their dash.
    const isList = ['elements', 'steps', 'list'].includes(mapping.kind) || (mapping.kind === 'fields' && mapping.entries !== undefined && place.siblings.size === 0);
    const entry = isList ? scopeBelow(mapping, '-', workspace.parts) : null;
    if (entry !== null && entry.kind !== 'value') return keysOf(entry, workspace.parts).map((key) => keyOffer(key, '- '));
    const step = stepBeside(place, mapping, workspace);
    if (step !== null) return keysOf(step, workspace.parts).map((key) => keyOffer(key, '  '));
    const parameters = parametersAt(text, place, mapping, workspace);
    return keysAt(text, place, mapping, parameters, workspace)
      .filter(({ name }) => !place.siblings.has(name) || name === place.written)
      .map((key) => keyOffer(key));
  }
  if (isEndpoint(place, value, workspace)) return uris(place, offset, offer, workspace);
  const parameter = parametersAt(text, place, mapping, workspace)?.[place.key];
  if (parameter !== undefined) return values({ kind: 'value', shape: parameter.shape }, offer, workspace);
  if (value.kind === 'value' && place.key === 'ref' && (mapping.kind === 'fields' && ['bean', 'process'].includes(mapping.name))) {
    return workspace.declarations().filter(({ kind }) => kind === 'bean').map(({ name, description }) => offer(name, 'reference', description ?? 'bean', value.shape.description));
  }
  return [...values(value, offer, workspace), ...(place.key === 'aggregationStrategy' ? builtInStrategies.map((name) => offer(name.slice(name.lastIndexOf('.') + 1), 'value', 'built in', 'A strategy of Camel that is built in.')) : [])];
}

/** The step whose options are written in its own column, one level too shallow: its entry of the list can hold no other one. */
function stepBeside({ siblings, path, written }: Place, mapping: Scope, { parts }: Workspace): Scope | null {
  if (mapping.kind !== 'step' && mapping.kind !== 'element') return null;
  for (const [name, value] of siblings) {
    const scope = value === '' && name !== written ? scopeBelow(mapping, name, parts) : null;
    if (scope?.kind === 'fields' && path.at(-1)?.name === '-') return scope;
  }
  return null;
}

/** The keys that may stand at a place; those of a kamelet come before the connector's own. */
function keysAt(text: string, place: Place, mapping: Scope, parameters: Fields | null, workspace: Workspace): KeyInfo[] {
  const keys = keysOf(mapping, workspace.parts, schemeAt(text, place));
  if (parameters === null) return keys;
  const known = new Set(keys.map(({ name }) => name));
  return [...Object.entries(parameters).filter(([name, { shape }]) => !known.has(name) && !shape.isInPath).map(([name, definition]) => optionKey(name, definition)), ...keys];
}

function insertOf({ name, isBlock, what }: KeyInfo, text: string, end: number, { parts }: Workspace): string {
  if (/^\s*:/.test(text.slice(end))) return name;
  if (what === 'step' && parts.eips[name]?.isBare === true) return `${name}: {}`;
  return isBlock ? `${name}:` : `${name}: `;
}

const documentationOf = ({ description, docs }: KeyInfo): string => `${description}${docs === null ? '' : `\n\n${docs}`}`;

type Make = (label: string, kind: Offer['kind'], detail: string, documentation: string, more?: Partial<Offer>) => Offer;

function values(scope: Scope, offer: Make, workspace: Workspace): Offer[] {
  if (scope.kind !== 'value') return [];
  const { shape } = scope;
  if (shape.kind === 'boolean') return ['true', 'false'].map((name) => offer(name, 'value', String(shape.default) === name ? 'default' : '', shape.description));
  if (shape.values.length > 0) return shape.values.map((name) => offer(name, 'value', String(shape.default) === name ? 'default' : '', shape.description));
  if (shape.kind === 'reference') return workspace.declarations().filter(({ kind }) => kind === 'bean').map(({ name, description }) => offer(`#${name}`, 'reference', description ?? 'bean', shape.description, { insert: `"#${name}"` }));
  return [];
}

function uris({ written }: Place, offset: number, offer: Make, workspace: Workspace): Offer[] {
  const { parts } = workspace;
  const query = written.indexOf('?');
  const scheme = schemeOf(written);
  if (query >= 0) {
    const definition = scheme === null || !Object.hasOwn(parts.connectors, scheme) ? undefined : parts.connectors[scheme];
    if (definition === undefined) return [];
    const kamelet = kameletOf(written);
    const own: Fields = kamelet === null ? {} : (workspace.parametersOf(kamelet) ?? {});
    const begun = written.slice(Math.max(query, written.lastIndexOf('&')) + 1);
    const equals = begun.indexOf('=');
    const start = offset - begun.length;
    if (equals < 0) {
      const given = new Set([...written.slice(query + 1, written.length - begun.length).matchAll(/([\w.-]+)=/g)].map(([, name]) => name));
      return [...Object.entries(own).map(([name, one]) => optionKey(name, one)), ...keysOf({ kind: 'parameters' }, parts, scheme)].filter(({ name }) => !given.has(name)).map((key) => offer(key.name, 'key', key.detail, documentationOf(key), { insert: `${key.name}=`, start, isDeprecated: key.isDeprecated }));
    }
    const shape = { ...own, ...definition.options }[begun.slice(0, equals)]?.shape;
    return shape === undefined ? [] : values({ kind: 'value', shape }, (label, kind, detail, documentation) => offer(label, kind, detail, documentation, { start: start + equals + 1 }), workspace);
  }
  const start = offset - written.length;
  const routes = workspace.declarations().flatMap(({ kind, name, description }) => (kind === 'route' && /^(direct|seda|vm)[:]/.test(name) ? [offer(name, 'reference', 'route', description ?? '', { start })] : []));
  const kamelets = workspace.kamelets().map((name) => offer(`kamelet:${name}`, 'reference', 'kamelet', '', { start }));
  const schemes = Object.entries(parts.connectors).map(([name, { summary, syntax, scheme: own }]) => offer(`${name}:`, 'value', syntax, `${summary}\n\ndocs/connectors/${own}.md`, { start }));
  const end = offset + /^[^\s"'?,}]*/.exec('')![0].length;
  return [...routes, ...kamelets, ...schemes].map((one) => ({ ...one, end: Math.max(one.end, end) }));
}

/** What stands at an offset: its documentation as Markdown, and the piece that it is about. */
export function explainAt(text: string, offset: number, workspace: Workspace): { text: string; start: number; end: number } | null {
  const untabbed = withoutTabs(text, offset);
  if (untabbed !== null) {
    const by = offset - untabbed.offset;
    const found = explainAt(untabbed.text, untabbed.offset, workspace);
    return found === null ? null : { ...found, start: found.start + by, end: found.end + by };
  }
  const word = wordAt(text, offset);
  const reference = referenceAt(text, offset);
  if (reference !== null) {
    const found = declarationsOf(reference, workspace)[0];
    if (found !== undefined) return { text: `${found.kind} \`${found.name}\`${found.description === null ? '' : `: ${found.description}`}`, start: reference.start, end: reference.end };
  }
  const called = functionAt(text, offset);
  if (called !== null) return called;
  const place = placeAt(text, word.end);
  const { mapping, value } = scopesAt(text, place, workspace);
  if (place.key === null || word.start < place.start) {
    const name = place.key ?? place.written;
    const step = stepBeside(place, mapping, workspace);
    const key = [...keysAt(text, place, mapping, parametersAt(text, place, mapping, workspace), workspace), ...(step === null ? [] : keysOf(step, workspace.parts))].find((candidate) => candidate.name === name);
    return key === undefined ? null : { ...word, text: `**${key.name}** (${key.detail})\n\n${documentationOf(key)}` };
  }
  if (isEndpoint(place, value, workspace)) {
    const scheme = schemeOf(place.written);
    const definition = scheme === null || !Object.hasOwn(workspace.parts.connectors, scheme) ? undefined : workspace.parts.connectors[scheme];
    if (definition === undefined) return null;
    const name = text.slice(word.start, word.end);
    const key = keysOf({ kind: 'parameters' }, workspace.parts, scheme).find((candidate) => candidate.name === name && text[word.end] === '=');
    if (key !== undefined) return { ...word, text: `**${key.name}** (${key.detail})\n\n${documentationOf(key)}` };
    return { ...word, text: `**${scheme}** \`${definition.syntax}\`\n\n${definition.summary}\n\ndocs/connectors/${definition.scheme}.md` };
  }
  return null;
}

const noteOf = (name: string): string => `**${name}** (Simple)\n\n${functionNotes[name] ?? ''}`.trimEnd();

/** The function of Simple whose name stands at an offset: behind `${`. */
function functionAt(text: string, offset: number): { text: string; start: number; end: number } | null {
  const from = text.lastIndexOf('\n', offset - 1) + 1;
  const to = text.indexOf('\n', offset);
  const line = text.slice(from, to < 0 ? text.length : to);
  // The longest that fits: `in.header.x` is no `in`, `date-with-timezone:` no `date`.
  for (const match of line.matchAll(/(?<=\$\{)[\w.-]+/g)) {
    const name = functionNames().filter((one) => match[0] === one || (match[0].startsWith(one) && /[^\w-]/.test(match[0][one.length]!))).sort((a, b) => b.length - a.length)[0];
    const start = from + match.index;
    if (name !== undefined && functionNotes[name] !== undefined && offset >= start && offset <= start + name.length) return { text: noteOf(name), start, end: start + name.length };
  }
  return null;
}

function wordAt(text: string, offset: number): { start: number; end: number } {
  const start = offset - /[\w.-]*$/.exec(text.slice(Math.max(0, offset - 200), offset))![0].length;
  return { start, end: offset + /^[\w.-]*/.exec(text.slice(offset))![0].length };
}

// ---------------------------------------------------------------- names and what they name

export interface Reference {
  readonly kind: Declaration['kind'];
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** The name that stands at an offset: of a route, a bean, a kamelet, a property. */
export function referenceAt(text: string, offset: number): Reference | null {
  const from = text.lastIndexOf('\n', offset - 1) + 1;
  const to = text.indexOf('\n', offset);
  const line = text.slice(from, to < 0 ? text.length : to);
  const at = offset - from;
  const find = (pattern: RegExp, make: (match: RegExpExecArray) => Omit<Reference, 'start' | 'end'> & { readonly piece: string }): Reference | null => {
    for (const match of line.matchAll(pattern)) {
      const { kind, name, piece } = make(match);
      const start = match.index + match[0].lastIndexOf(piece);
      if (at >= match.index && at <= match.index + match[0].length) return { kind, name, start: from + start, end: from + start + piece.length };
    }
    return null;
  };
  return (
    find(/\{\{[?!]*([\w.-]+)(?::[^{}]*)?\}\}/g, (match) => ({ kind: 'property', name: match[1]!, piece: match[1]! })) ??
    find(/\bkamelet:(?:\/\/)?([\w.-]+)/g, (match) => ({ kind: 'kamelet', name: match[1]!, piece: match[1]! })) ??
    find(/\b(routeTemplateRef|templateRef)\s*:\s*["']?([\w.-]+)/g, (match) => ({ kind: 'kamelet', name: match[2]!, piece: match[2]! })) ??
    find(/\b(direct|seda|vm):(?:\/\/)?([\w./-]+)/g, (match) => ({ kind: 'route', name: `${match[1]}:${match[2]}`, piece: match[2]! })) ??
    find(/["']?#(?:bean:)?([\w.-]+)/g, (match) => ({ kind: 'bean', name: match[1]!, piece: match[1]! })) ??
    find(/\b(?:bean:|ref\s*:\s*["']?)([\w.-]+)/g, (match) => ({ kind: 'bean', name: match[1]!, piece: match[1]! }))
  );
}

/** Where a name is declared; a kamelet also in a file of the folder `kamelets`. */
export function declarationsOf({ kind, name }: Pick<Reference, 'kind' | 'name'>, workspace: Workspace): Declaration[] {
  const found = workspace.declarations().filter((one) => one.kind === kind && one.name === name);
  if (kind !== 'kamelet' || found.length > 0) return found;
  for (const folder of ['kamelets', '.']) {
    const path = join(workspace.folder, folder, `${name}.kamelet.yaml`);
    if (existsSync(path)) return [{ kind, name, at: { source: new Source(path, readFileSync(path, 'utf8')), start: 0, end: 0 }, description: null }];
  }
  return [];
}

/** The id at an offset, where one is written: of a route, a step, a template. */
export function idAt(text: string, offset: number): Reference | null {
  const from = text.lastIndexOf('\n', offset - 1) + 1;
  const to = text.indexOf('\n', offset);
  const line = text.slice(from, to < 0 ? text.length : to);
  for (const match of line.matchAll(/(?<![\w-])id\s*:\s*["']?([\w.:-]+)/g)) {
    const start = from + match.index + match[0].length - match[1]!.length;
    if (offset >= start && offset <= start + match[1]!.length) return { kind: 'step', name: match[1]!, start, end: start + match[1]!.length };
  }
  return null;
}

const escapedText = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Every place where an id stands: where it is given, and where routes, endpoints and tests name it. */
export function placesOfId(id: string, workspace: Workspace): { path: string; at: Span }[] {
  const name = escapedText(id);
  const end = '(?![\\w-]|\\.\\w)';
  const patterns = [
    // Where it is given, and keys that name routes, steps and templates; tests name them by `route` and `step`.
    new RegExp(`(?<![\\w-])(?:id|routeId|routeConfigurationId|routeTemplateRef|templateRef|errorHandlerRef|route|step)\\s*:\\s*["']?(${name})${end}`, 'g'),
    new RegExp(`[?&]routeId=(${name})${end}`, 'g'),
    new RegExp(`\\bkamelet:(?://)?(${name})${end}`, 'g'),
    // Keys of tests' mocks and expectations.
    new RegExp(`(?<![\\w-])(?:step|route):(${name})${end}`, 'g'),
  ];
  const places: { path: string; at: Span }[] = [];
  for (const [path, text] of workspace.texts()) {
    const source = new Source(path, text);
    const seen = new Set<number>();
    for (const pattern of patterns) {
      for (const match of text.matchAll(pattern)) {
        const start = match.index + match[0].length - match[1]!.length;
        if (seen.has(start)) continue;
        seen.add(start);
        places.push({ path, at: { source, start, end: start + match[1]!.length } });
      }
    }
  }
  return places;
}

/** Every place where a `direct:` (or `seda:`) route is named. */
export function placesOfRoute(name: string, workspace: Workspace): { path: string; at: Span }[] {
  const [scheme, path] = [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)];
  const places: { path: string; at: Span }[] = [];
  for (const [file, text] of workspace.texts()) {
    const source = new Source(file, text);
    for (const match of text.matchAll(new RegExp(`\\b${scheme}:(?://)?(${escapedText(path)})(?![\\w/-]|\\.\\w)`, 'g'))) {
      const start = match.index + match[0].length - path.length;
      places.push({ path: file, at: { source, start, end: start + path.length } });
    }
  }
  return places;
}
