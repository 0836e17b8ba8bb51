import type { Diagnostic, Span } from '../core/diagnostics.ts';
import { Diagnostics, Source } from '../core/diagnostics.ts';
import type { Fields } from '../core/field.ts';
import { nearest } from '../core/diagnostics.ts';
import { camelDataFormats, camelLanguages } from './camelNames.ts';
import { camelCase, mainKey } from './mainProperties.ts';
import type { DocumentModel, ElementModel } from './model.ts';
import type { PropertyLookup } from './placeholders.ts';
import { fillPlaceholders } from './placeholders.ts';
import type { Parts } from './read.ts';
import { readDocument } from './read.ts';
import { parseScalar } from './scalars.ts';
import { plain } from './uri.ts';

/** What properties declare that YAML could declare as well. */
export interface DeclaredByProperties {
  /** Beans and routes of templates, read as if they stood in a file of routes; null: there are none. */
  readonly document: DocumentModel | null;
  /** Beans that are a text, a map or a list. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Names that another bean has as well. */
  readonly aliases: readonly { readonly name: string; readonly other: string; readonly at: Span | null }[];
  /** Whether a bean that a file declares has the name of one of these. */
  replaces(bean: ElementModel): boolean;
  /** Variables that are there from the start. */
  readonly variables: ReadonlyMap<string, unknown>;
}

/** With its placeholders filled in; as it is where one has no value. */
function filled(text: string, lookup: PropertyLookup): string {
  try {
    return fillPlaceholders(text, lookup) ?? text;
  } catch {
    return text;
  }
}

interface Part {
  readonly key: string;
  /** The bean that it declares. */
  readonly bean?: string;
  readonly element: Readonly<Record<string, unknown>>;
}

/** Reads what properties declare. A position in it is that of the property, where it stands in a file. */
export function declaredByProperties(lookup: PropertyLookup, parts: Parts, problems: Diagnostics): DeclaredByProperties {
  const keys = [...new Set(lookup.names())].filter((key) => key.startsWith('camel.'));
  const values = new Map<string, unknown>();
  const aliases = new Map<string, string>();
  const found = [...beanParts(keys, lookup, { values, aliases }), ...templateParts(keys, lookup, problems)];
  checkOptions(keys, lookup, parts, problems);
  const document = found.length === 0 ? null : documentOf(found, lookup, parts, problems);
  const own = new Set<unknown>(document?.elements.flatMap(({ fields }) => Object.values(fields).flat()));
  const names = new Set([...values.keys(), ...aliases.keys(), ...found.flatMap(({ bean }) => bean ?? [])]);
  return {
    document,
    values,
    aliases: [...aliases].map(([name, other]) => ({ name, other, at: lookup.placeOf?.(`camel.beans.${name}`) ?? null })),
    replaces: (bean) => names.has(String(bean.fields['name'])) && !own.has(bean),
    variables: variablesOf(keys, lookup),
  };
}

function documentOf(found: readonly Part[], lookup: PropertyLookup, parts: Parts, problems: Diagnostics): DocumentModel {
  const source = new Source('properties', `${found.map(({ element }) => `- ${JSON.stringify(element)}`).join('\n')}\n`);
  const places = new Map<Span, Span>();
  const placed = (at: Span): Span => {
    const before = places.get(at);
    if (before !== undefined) return before;
    const { key } = found[source.position(at.start).line - 1] ?? found.at(-1)!;
    const shown = new Source('properties', `${key}=${lookup.get(key) ?? ''}`);
    const place = lookup.placeOf?.(key) ?? { source: shown, start: 0, end: key.length };
    places.set(at, place);
    return place;
  };
  const own = new Diagnostics();
  const document = readDocument(source, parts, { properties: lookup }, own);
  problems.list.push(...own.list.map((problem): Diagnostic => (problem.at === null ? problem : { ...problem, at: placed(problem.at), fix: null })));
  relocate(document, source, placed, new Set());
  return document;
}

const isSpanOf = (value: unknown, source: Source): value is Span => typeof value === 'object' && value !== null && (value as Span).source === source;

/** Puts every position of a source somewhere else. */
function relocate(value: unknown, source: Source, placed: (at: Span) => Span, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || seen.has(value) || value instanceof Source) return;
  seen.add(value);
  for (const [name, item] of Object.entries(value)) {
    if (isSpanOf(item, source)) (value as Record<string, unknown>)[name] = placed(item);
    else relocate(item, source, placed, seen);
  }
}

/** `camel.beans.NAME` with its class, and `camel.beans.NAME.property`; `camel.beans.NAME[key]` is an entry of a map or a list. */
function beanParts(keys: readonly string[], lookup: PropertyLookup, { values, aliases }: { readonly values: Map<string, unknown>; readonly aliases: Map<string, string> }): Part[] {
  const beans = new Map<string, { key: string; type: string; properties: Record<string, unknown> }>();
  const text = (key: string): string => filled(lookup.get(key) ?? '', lookup);
  const ofBeans = keys.flatMap((key) => {
    const parsed = mainKey(key);
    const [, name, entry, property] = parsed?.group === 'beans' ? (/^([\w-]+)(?:\[([^\]]+)\])?(?:\.(.+))?$/s.exec(parsed.option) ?? []) : [];
    return name === undefined ? [] : [{ key, name: camelCase(name), entry, property }];
  });
  for (const { key, name, entry, property } of ofBeans) {
    if (property !== undefined) continue;
    const written = text(key);
    if (entry !== undefined) {
      const before = values.get(name) as Record<string, unknown> | unknown[] | undefined;
      if (/^\d+$/.test(entry) && (before === undefined || Array.isArray(before))) values.set(name, Object.assign(before ?? [], { [Number(entry)]: written }));
      else values.set(name, { ...before, [entry]: written });
    } else if (/^#(?:class|type|module):/.test(written)) beans.set(name, { key, type: written, properties: {} });
    else if (/^#(?:bean:)?[\w.-]+$/.test(written)) aliases.set(name, written.replace(/^#(?:bean:)?/, ''));
    else values.set(name, written);
  }
  for (const { key, name, property } of ofBeans) {
    const bean = property === undefined ? undefined : beans.get(name);
    if (bean === undefined) continue;
    const path = property!.split('.').map(camelCase);
    const last = path.pop()!;
    let into = bean.properties;
    for (const step of path) into = (into[step] ??= {}) as Record<string, unknown>;
    into[last] = lookup.get(key) ?? '';
  }
  return sorted(beans).map(([name, { key, type, properties }]) => ({ key, bean: name, element: { beans: [{ name, type, ...(Object.keys(properties).length === 0 ? {} : { properties }) }] } }));
}

/** Beans that others refer to come before them. */
function sorted<B extends { readonly properties: Readonly<Record<string, unknown>> }>(beans: ReadonlyMap<string, B>): [string, B][] {
  const done = new Map<string, B>();
  const add = (name: string, around: readonly string[]): void => {
    const bean = beans.get(name);
    if (bean === undefined || done.has(name) || around.includes(name)) return;
    for (const value of Object.values(bean.properties)) if (typeof value === 'string' && value.startsWith('#')) add(value.replace(/^#(?:bean:)?/, ''), [...around, name]);
    done.set(name, bean);
  };
  for (const name of beans.keys()) add(name, []);
  return [...done];
}

/** `camel.route-template[ID].template-id` with the parameters beside it: the route ID of that template. */
function templateParts(keys: readonly string[], lookup: PropertyLookup, problems: Diagnostics): Part[] {
  const uses = new Map<string, { key: string; template: string | null; parameters: { name: string; value: string }[] }>();
  for (const key of keys) {
    const parsed = mainKey(key);
    if (parsed?.group !== 'routetemplate' || parsed.entry === null || parsed.option === '') continue;
    const use = uses.get(parsed.entry) ?? { key, template: null, parameters: [] };
    uses.set(parsed.entry, use);
    if (plain(parsed.option) === 'templateid') use.template = lookup.get(key) ?? '';
    else use.parameters.push({ name: camelCase(parsed.option), value: lookup.get(key) ?? '' });
  }
  return [...uses].flatMap(([routeId, { key, template, parameters }]) => {
    if (template === null || template.trim() === '') {
      problems.report('M0412', `the route \`${routeId}\` of the properties names no template`, lookup.placeOf?.(key) ?? null, { label: 'of which template?', help: `add \`camel.route-template[${routeId}].template-id\`` });
      return [];
    }
    return [{ key, element: { templatedRoute: { routeId, routeTemplateRef: template, ...(parameters.length === 0 ? {} : { parameters }) } } }];
  });
}

function variablesOf(keys: readonly string[], lookup: PropertyLookup): ReadonlyMap<string, unknown> {
  const variables = new Map<string, unknown>();
  for (const key of keys) {
    if (mainKey(key)?.group !== 'variable') continue;
    const name = camelCase(key.slice('camel.variable.'.length).replace(/^global:/, ''));
    const text = filled(lookup.get(key) ?? '', lookup);
    // As in Camel what looks like a whole number, or like true or false, is one.
    variables.set(name, /^\d{1,15}$/.test(text) ? Number(text) : text === 'true' ? true : text === 'false' ? false : text);
  }
  return variables;
}

/** Names that Camel's data formats have where properties say their options, by the key in YAML. */
export const camelFormatNames: Readonly<Record<string, string>> = { json: 'jackson', yaml: 'snakeYaml' };

/** Says which options of data formats and languages mean nothing, or have a value that they do not take. */
function checkOptions(keys: readonly string[], lookup: PropertyLookup, parts: Parts, problems: Diagnostics): void {
  for (const key of keys) {
    const { group, option } = mainKey(key) ?? { group: '', option: '' };
    if (group !== 'dataformat' && group !== 'language') continue;
    const at = lookup.placeOf?.(key) ?? null;
    const [, name, written] = /^([\w-]+)\.([\w-]+)/.exec(option) ?? [];
    if (name === undefined || written === undefined) continue;
    const [known, inCamel, what] = group === 'dataformat' ? ([parts.dataformats, camelDataFormats, 'data format'] as const) : ([parts.languages, camelLanguages, 'language'] as const);
    const names = Object.keys(known);
    const found = names.find((one) => plain(group === 'dataformat' ? (camelFormatNames[one] ?? one) : one) === plain(name));
    if (found === undefined) {
      const isCamels = [...inCamel].some((one) => plain(one) === plain(name));
      const near = nearest(name, names.map((one) => camelFormatNames[one] ?? one));
      problems.report('M0412', `\`${key}\` sets an option of \`${name}\`, ${isCamels ? `a ${what} that is not supported yet` : `and there is no such ${what}`}`, at, {
        severity: isCamels ? 'warning' : 'error',
        label: isCamels ? 'has no effect' : `no such ${what}`,
        help: isCamels ? 'it may stay: nothing reads it' : near === null ? 'take it out' : `did you mean \`camel.${group}.${near}.${written}\`?`,
      });
      continue;
    }
    const fields: Fields = known[found]!.options;
    const field = Object.keys(fields).find((candidate) => plain(candidate) === plain(written));
    if (field === undefined) {
      const near = nearest(camelCase(written), Object.keys(fields));
      problems.report('M0412', `unknown option \`${written}\` in \`${key}\``, at, { label: 'no such option', help: near === null ? `\`${found}\` has ${Object.keys(fields).map((one) => `\`${one}\``).join(', ')}` : `did you mean \`camel.${group}.${name}.${near}\`?` });
      continue;
    }
    const value = parseScalar(fields[field]!.shape, filled(lookup.get(key) ?? '', lookup));
    if ('wrong' in value) problems.report('M0407', `\`${key}\` must be ${value.wrong.wanted}`, at, { label: value.wrong.label, help: value.wrong.help });
  }
}

/** What properties `camel.GROUP.OPTION` say of options, typed. What an option does not take is reported where it is checked, and left out here. */
export function groupOptions(lookup: PropertyLookup, group: string, fields: Fields): Readonly<Record<string, unknown>> {
  const options: Record<string, unknown> = {};
  const start = /^camel\.([\w-]+)\.(?:([\w-]+)\.)?([\w-]+)$/;
  const [wantedGroup, name] = group.split('.');
  const wantedName = name === undefined ? undefined : plain(wantedGroup === 'dataformat' ? (camelFormatNames[name] ?? name) : name);
  for (const key of lookup.names()) {
    const [, found, part, option] = start.exec(key) ?? [];
    if (found === undefined || plain(found) !== wantedGroup || (part === undefined ? undefined : plain(part)) !== wantedName) continue;
    const field = Object.keys(fields).find((candidate) => plain(candidate) === plain(option!));
    if (field === undefined) continue;
    const value = parseScalar(fields[field]!.shape, filled(lookup.get(key) ?? '', lookup));
    if ('value' in value) options[field] = value.value;
  }
  return options;
}
