import type { ConnectorDefinition } from '../core/connector.ts';
import type { Fields } from '../core/field.ts';
import { insteadOfConnector } from './camelConnectors.ts';
import type { PropertyLookup } from './placeholders.ts';
import { fillPlaceholders } from './placeholders.ts';
import { parseScalar } from './scalars.ts';
import { isInPath, namesOf, plain } from './uri.ts';

export type Connectors = Readonly<Record<string, ConnectorDefinition>>;

export const prefix = 'camel.component.';

/** What a property is about: an option, or for a map one of its entries. */
interface Target {
  readonly name: string;
  readonly entry: string | null;
}

/**
 * Options that endpoints of a scheme have when they do not say otherwise: what properties `camel.component.SCHEME.OPTION` say, typed. Each scheme's are
 * read once, when its first endpoint is.
 */
export function componentDefaults(lookup: () => PropertyLookup): (scheme: string, definition: ConnectorDefinition) => Readonly<Record<string, unknown>> {
  const known = new Map<string, Readonly<Record<string, unknown>>>();
  return (scheme, definition) => {
    let options = known.get(scheme);
    if (options === undefined) known.set(scheme, (options = optionsOf(scheme, definition, lookup())));
    return options;
  };
}

function optionsOf(scheme: string, definition: ConnectorDefinition, lookup: PropertyLookup): Readonly<Record<string, unknown>> {
  const options: Record<string, unknown> = {};
  const take = (target: Target | null, text: string | null | undefined): void => {
    if (target === null || text === null || text === undefined) return;
    const value = valueOf(definition, target, text);
    if (!('value' in value)) return;
    if (target.entry === null) options[target.name] ??= value.value;
    else ((options[target.name] ??= {}) as Record<string, unknown>)[target.entry] = value.value;
  };
  // What Camel has no component for is named by either of its names.
  const schemes = insteadOfConnector(scheme) !== null || scheme === definition.scheme ? [scheme] : [scheme, definition.scheme];
  for (const name of schemes) {
    const start = `${prefix}${name}.`;
    for (const key of lookup.names()) if (key.startsWith(start)) take(targetOf(definition, key.slice(start.length)), textOf(key, lookup));
    // Variables of the environment have no names that could be read back.
    for (const option of Object.keys(definition.options)) if (options[option] === undefined && !isInPath(definition, option)) take({ name: option, entry: null }, textOf(start + dashed(option), lookup));
  }
  return options;
}

export const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The text of a property with its placeholders filled in; null where they have no value. */
export function textOf(key: string, lookup: PropertyLookup): string | null | undefined {
  const text = lookup.get(key);
  try {
    return text === undefined ? undefined : fillPlaceholders(text, lookup);
  } catch {
    return null;
  }
}

export function targetOf(definition: ConnectorDefinition, written: string): Target | null {
  const fields: Fields = definition.options;
  const named = (text: string): string | null => {
    const own = definition.componentOptions?.[text.replace(/-[a-z]/g, ([, letter]) => letter!.toUpperCase())];
    if (own !== undefined) return own;
    const name = namesOf(definition).byPlain.get(plain(text));
    return name === undefined || isInPath(definition, name) ? null : name;
  };
  const option = written.replace(/^configuration\./, '');
  const name = named(option);
  if (name !== null) return { name, entry: null };
  const [, map, entry] = /^([\w-]+)(?:\.|\[)(.+?)\]?$/.exec(option) ?? [];
  const mapName = map === undefined ? null : named(map);
  return mapName !== null && fields[mapName]!.shape.kind === 'map' ? { name: mapName, entry: entry! } : null;
}

export function valueOf(definition: ConnectorDefinition, { name, entry }: Target, text: string): ReturnType<typeof parseScalar> | { readonly value: readonly string[] } {
  const { shape } = (definition.options as Fields)[name]!;
  if (entry !== null) return { value: text };
  if (shape.kind === 'list') return { value: text === '' ? [] : text.split(',').map((piece) => piece.trim()) };
  return parseScalar(shape, text);
}
