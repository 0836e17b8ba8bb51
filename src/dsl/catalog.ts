import type { Fields } from '../core/field.ts';
import { elementsByName } from './elements/index.ts';
import { languageCommon } from './fields.ts';
import type { Parts } from './parts.ts';

export interface CatalogOption {
  readonly name: string;
  /** Kind of value: `string`, `boolean`, `millis`, ... */
  readonly type: string;
  readonly description: string;
  readonly isRequired: boolean;
  readonly default?: unknown;
  readonly values?: readonly string[];
  readonly isSecret?: true;
  readonly isInPath?: true;
  readonly since: string;
  readonly deprecated?: string;
  /** Why it has no effect here. */
  readonly noEffect?: string;
  /** Options of its own: those of an element, or of the entries of a list. */
  readonly options?: readonly CatalogOption[];
}

export interface CatalogEntry {
  readonly kind: 'element' | 'step' | 'language' | 'dataformat' | 'connector';
  readonly name: string;
  readonly summary: string;
  /** Connectors: how their URIs are written. */
  readonly syntax?: string;
  readonly canConsume?: boolean;
  readonly canProduce?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Connectors: how long a message waits with its source for another attempt, where it is not a minute. */
  readonly longestWaitMillis?: number;
  readonly options: readonly CatalogOption[];
}

/** Everything that routes can be made of, as data: for `mecha catalog`, the reference and the console. */
export function catalog(parts: Parts): CatalogEntry[] {
  return [
    ...Object.values(elementsByName).map(({ name, summary, options }): CatalogEntry => ({ kind: 'element', name, summary, options: optionsOf(options) })),
    ...Object.values(parts.eips).map(({ name, summary, options }): CatalogEntry => ({ kind: 'step', name, summary, options: optionsOf(options) })),
    ...Object.values(parts.languages).map((language): CatalogEntry => ({ kind: 'language', name: language.name, summary: language.summary, options: optionsOf({ ...language.options, ...languageCommon(language) }) })),
    ...Object.values(parts.dataformats).map(({ name, summary, options }): CatalogEntry => ({ kind: 'dataformat', name, summary, options: optionsOf(options) })),
    ...[...new Set(Object.values(parts.connectors))].map(({ scheme, summary, syntax, options, headers = {}, consumer, producer, longestWaitMillis }): CatalogEntry => ({
      kind: 'connector',
      name: scheme,
      summary,
      syntax,
      canConsume: consumer !== undefined,
      canProduce: producer !== undefined,
      headers,
      ...(longestWaitMillis === undefined ? {} : { longestWaitMillis }),
      options: optionsOf(options),
    })),
  ];
}

function optionsOf(fields: Fields): CatalogOption[] {
  return Object.entries(fields).map(([name, { shape }]): CatalogOption => {
    const inner = shape.kind === 'element' ? shape.fields : shape.item?.shape.kind === 'element' ? shape.item.shape.fields : {};
    return {
      name,
      type: shape.kind === 'list' ? `list of ${shape.item!.shape.kind}` : shape.kind === 'map' ? `map of ${shape.item!.shape.kind}` : shape.catalog === 'dataformats' ? 'dataFormat' : shape.kind,
      description: shape.description,
      isRequired: shape.isRequired && shape.default === undefined,
      ...(shape.default === undefined ? {} : { default: shape.isSecret ? null : shape.default }),
      ...(shape.values.length === 0 ? {} : { values: shape.values }),
      ...(shape.isSecret ? { isSecret: true as const } : {}),
      ...(shape.isInPath ? { isInPath: true as const } : {}),
      since: shape.since,
      ...(shape.deprecated === null ? {} : { deprecated: shape.deprecated }),
      ...(shape.noEffect === null ? {} : { noEffect: shape.noEffect }),
      ...(Object.keys(inner).length === 0 ? {} : { options: optionsOf(inner) }),
    };
  });
}
