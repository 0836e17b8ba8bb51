import type { Field, Fields, FieldShape } from '../core/field.ts';
import { field } from '../core/field.ts';
import { elementsByName } from '../dsl/elements/index.ts';
import { commonFields, customDataFormat, inlineDataFormat, inlineExpression, languageCommon, takesCommon } from '../dsl/fields.ts';
import type { ElementDefinition } from '../dsl/model.ts';
import { isRouteScoped } from '../dsl/model.ts';
import type { Parts } from '../dsl/parts.ts';

/** What may stand at a place of a file, by the definitions. */
export type Scope =
  | { readonly kind: 'elements' | 'element' | 'steps' | 'step' | 'languages' | 'dataFormats' | 'parameters' | 'nothing' }
  | { readonly kind: 'fields'; readonly name: string; readonly summary: string; readonly fields: Fields; readonly hasCommon: boolean; readonly entries?: Field }
  | { readonly kind: 'list' | 'map'; readonly item: Field }
  | { readonly kind: 'value'; readonly shape: FieldShape };

/** A key that may be written, with what is known of it. */
export interface KeyInfo {
  readonly name: string;
  readonly what: 'element' | 'step' | 'option' | 'language' | 'dataFormat';
  readonly description: string;
  /** Facts of an option: its type, default, values. */
  readonly detail: string;
  readonly isRequired: boolean;
  readonly isDeprecated: boolean;
  /** A mapping or list follows below it. */
  readonly isBlock: boolean;
  readonly docs: string | null;
}

const nothing: Scope = { kind: 'nothing' };

const uriFields: Fields = { uri: field.endpoint('URI of the endpoint.').required(), parameters: field.map('Options of the endpoint.', field.string('Value of the option.')) };

const languageFields = (parts: Parts, name: string): Fields => {
  const definition = parts.languages[name]!;
  return { [definition.sourceKey ?? 'expression']: field.string('The source text.'), ...definition.options, ...languageCommon(definition) };
};

function ofField({ shape }: Field, name: string): Scope {
  switch (shape.kind) {
    case 'steps':
      return { kind: 'steps' };
    case 'element':
      return shape.catalog === 'dataformats' ? { kind: 'dataFormats' } : { kind: 'fields', name, summary: shape.description, fields: shape.fields, hasCommon: takesCommon(shape.fields) };
    case 'list':
      return { kind: 'list', item: shape.item! };
    case 'map':
      return { kind: 'map', item: shape.item! };
    case 'expression':
    case 'predicate':
      return { kind: 'languages' };
    case 'endpoint':
      return { kind: 'fields', name, summary: shape.description, fields: uriFields, hasCommon: false };
    default:
      return { kind: 'value', shape };
  }
}

/** What an element takes: its options, or, where one of them is a list that may stand in its place, that list's entries. */
function elementScope({ name, summary, options, shorthand }: ElementDefinition): Scope {
  const short = shorthand === undefined ? undefined : options[shorthand]?.shape;
  return { kind: 'fields', name, summary, fields: options, hasCommon: takesCommon(options), ...(short?.kind === 'list' ? { entries: short.item! } : {}) };
}

function below(scope: Scope, name: string, parts: Parts): Scope {
  switch (scope.kind) {
    case 'elements':
      return name === '-' ? { kind: 'element' } : nothing;
    case 'element': {
      const definition = Object.hasOwn(elementsByName, name) ? elementsByName[name]! : undefined;
      return definition === undefined ? nothing : elementScope(definition);
    }
    case 'steps':
      return name === '-' ? { kind: 'step' } : nothing;
    case 'step': {
      if (isRouteScoped(name)) return elementScope(elementsByName[name]!);
      const definition = Object.hasOwn(parts.eips, name) ? parts.eips[name]! : undefined;
      return definition === undefined ? nothing : { kind: 'fields', name, summary: definition.summary, fields: definition.options, hasCommon: true };
    }
    case 'list':
      return name === '-' ? ofField(scope.item, '') : nothing;
    case 'map':
      return ofField(scope.item, name);
    case 'languages':
      return Object.hasOwn(parts.languages, name) ? { kind: 'fields', name, summary: parts.languages[name]!.summary, fields: languageFields(parts, name), hasCommon: false } : nothing;
    case 'dataFormats':
      if (name === 'custom') return { kind: 'fields', name, summary: 'A data format that stands elsewhere.', fields: { id: commonFields['id']!, ...customDataFormat }, hasCommon: false };
      return Object.hasOwn(parts.dataformats, name) ? { kind: 'fields', name, summary: parts.dataformats[name]!.summary, fields: { id: commonFields['id']!, ...parts.dataformats[name]!.options }, hasCommon: false } : nothing;
    case 'fields': {
      const { fields, entries } = scope;
      if (name === '-') return entries === undefined ? nothing : ofField(entries, '');
      if (name === 'parameters' && hasEndpoint(fields)) return { kind: 'parameters' };
      if (Object.hasOwn(fields, name)) return ofField(fields[name]!, name);
      if (inlineExpression(fields) !== null && Object.hasOwn(parts.languages, name)) return below({ kind: 'languages' }, name, parts);
      if (inlineDataFormat(fields) !== null && (name === 'custom' || Object.hasOwn(parts.dataformats, name))) return below({ kind: 'dataFormats' }, name, parts);
      return scope.hasCommon && Object.hasOwn(commonFields, name) ? ofField(commonFields[name]!, name) : nothing;
    }
    default:
      return nothing;
  }
}

const hasEndpoint = (fields: Fields): boolean => fields === uriFields || (Object.values(fields).some(({ shape }) => shape.kind === 'endpoint') && !Object.hasOwn(fields, 'parameters'));

/** The scope that a path from the root leads to; also through resources of Camel K. */
export function scopeOf(path: readonly string[], parts: Parts): Scope {
  let scope: Scope = { kind: 'elements' };
  let rest = path;
  if (path[0] === 'spec' && (path[1] === 'flows' || path[1] === 'flow')) rest = path.slice(2);
  else if (path[0] === 'spec' && path[1] === 'template') {
    rest = path.slice(2);
    const { routeTemplate } = elementsByName;
    scope = { kind: 'fields', name: 'template', summary: routeTemplate!.summary, fields: routeTemplate!.options, hasCommon: false };
  }
  for (const name of rest) scope = below(scope, name, parts);
  return scope;
}

export const scopeBelow = below;

const blocks = ['steps', 'element', 'list', 'map', 'expression', 'predicate'];

function factsOf({ shape }: Field): string {
  const kind = shape.kind === 'list' ? `list of ${shape.item!.shape.kind}` : shape.kind === 'map' ? 'mapping' : shape.kind;
  const value = shape.default;
  return [kind, shape.isRequired && value === undefined ? 'required' : '', value === undefined || shape.isSecret || typeof value === 'object' ? '' : `default ${String(value)}`, shape.values.length === 0 ? '' : shape.values.join(', ')].filter((fact) => fact !== '').join('; ');
}

export const optionKey = (name: string, definition: Field, docs: string | null = null): KeyInfo => ({
  name,
  what: 'option',
  description: `${definition.shape.description}${definition.shape.noEffect === null ? '' : ` Has no effect here: ${definition.shape.noEffect}.`}${definition.shape.deprecated === null ? '' : ` Deprecated: ${definition.shape.deprecated}.`}`,
  detail: factsOf(definition),
  isRequired: definition.shape.isRequired && definition.shape.default === undefined,
  isDeprecated: definition.shape.deprecated !== null,
  isBlock: blocks.includes(definition.shape.kind),
  docs,
});

const part = (name: string, what: KeyInfo['what'], summary: string, isBlock: boolean, docs: string): KeyInfo => ({ name, what, description: summary, detail: what === 'dataFormat' ? 'data format' : what, isRequired: false, isDeprecated: false, isBlock, docs });

/** The keys that may be written in a scope. `scheme` names the connector whose parameters they are. */
export function keysOf(scope: Scope, parts: Parts, scheme: string | null = null): KeyInfo[] {
  const languages = (): KeyInfo[] => Object.entries(parts.languages).map(([name, { summary }]) => part(name, 'language', summary, false, `docs/languages/${name}.md`));
  const formats = (): KeyInfo[] => [...Object.entries(parts.dataformats).map(([name, { summary }]) => part(name, 'dataFormat', summary, true, `docs/dataformats/${name}.md`)), part('custom', 'dataFormat', 'A data format that stands elsewhere: `ref` names it.', true, 'docs/route/dataFormats.md')];
  switch (scope.kind) {
    case 'element':
      return Object.values(elementsByName).map(({ name, summary, shorthand }) => part(name, 'element', summary, shorthand === undefined, `docs/route/${name}.md`));
    case 'step':
      return [
        ...Object.entries(parts.eips).map(([name, { summary, shorthand }]) => part(name, 'step', summary, shorthand === undefined, `docs/eip/${name}.md`)),
        ...Object.values(elementsByName).flatMap(({ name, summary, shorthand }) => (isRouteScoped(name) && !Object.hasOwn(parts.eips, name) ? [part(name, 'element', summary, shorthand === undefined, `docs/route/${name}.md`)] : [])),
      ];
    case 'languages':
      return languages();
    case 'dataFormats':
      return formats();
    case 'parameters': {
      const definition = scheme === null || !Object.hasOwn(parts.connectors, scheme) ? undefined : parts.connectors[scheme];
      return definition === undefined ? [] : Object.entries(definition.options).filter(([, { shape }]) => !shape.isInPath).map(([name, one]) => optionKey(name, one, `docs/connectors/${definition.scheme}.md`));
    }
    case 'fields': {
      const { fields, hasCommon } = scope;
      const own = Object.entries(fields).filter(([, { shape }]) => !(shape.isInline && shape.catalog === 'dataformats'));
      return [
        ...own.map(([name, one]) => optionKey(name, one, null)),
        ...(hasEndpoint(fields) && !Object.hasOwn(fields, 'parameters') ? [optionKey('parameters', uriFields['parameters']!, null)] : []),
        ...(inlineExpression(fields) === null ? [] : languages().filter(({ name }) => !Object.hasOwn(fields, name))),
        ...(inlineDataFormat(fields) === null ? [] : formats()),
        ...(hasCommon ? Object.entries(commonFields).filter(([name]) => !Object.hasOwn(fields, name)).map(([name, one]) => optionKey(name, one, null)) : []),
      ];
    }
    default:
      return [];
  }
}
