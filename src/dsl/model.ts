import type { EipDefinition } from '../core/definition.ts';
import { sequence } from '../core/graph/flow.ts';
import type { Diagnostics, Span } from '../core/diagnostics.ts';
import type { Fields } from '../core/field.ts';
import type { PropertyLookup } from './placeholders.ts';

/**
 * What YAML means before it is compiled: checked against the definitions, placeholders filled in, positions kept.
 * Values by kind of field: scalars as JavaScript values (`millis` and `bytes` as numbers), expressions as ExpressionModel, `steps` as
 * StepModel[], endpoints as EndpointModel, elements as ElementModel, lists as arrays, maps as MapModel, data formats as DataFormatModel.
 * An absent field is absent (defaults are filled in by the compiler, from the definition).
 */
export type ModelValue =
  | string
  | number
  | boolean
  | null
  | ExpressionModel
  | EndpointModel
  | ElementModel
  | DataFormatModel
  | MapModel
  | AnyModel
  | TemplateModel
  | readonly StepModel[]
  | readonly ModelValue[];

export interface ExpressionModel {
  readonly type: 'expression';
  /** The language's key: `simple`. */
  readonly language: string;
  readonly source: string;
  /** Options of the language as YAML wrote them, checked: resultType, trim, and its own. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly at: Span;
  /** Where the source text itself stands; null when the text in the file is not the text as it is (escapes, folded lines, placeholders). */
  readonly sourceAt: Span | null;
}

export interface EndpointModel {
  readonly type: 'endpoint';
  /** As written, placeholders filled in, `parameters` not yet merged. */
  readonly uri: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** What it is shown as, where the runtime has put another one in the place of the one that was written. */
  readonly shownAs?: string;
  readonly at: Span;
  /** Where each parameter's value stands. */
  readonly parametersAt: Readonly<Record<string, Span>>;
  /** Where each parameter's name stands. */
  readonly parameterNamesAt?: Readonly<Record<string, Span>>;
}

export interface ElementModel {
  readonly type: 'element';
  /** The key it stood under (`onException`, `when`), for messages. */
  readonly name: string;
  readonly fields: Readonly<Record<string, ModelValue>>;
  readonly at: Span;
  /** Where each field's value stands. */
  readonly fieldsAt: Readonly<Record<string, Span>>;
  /** A route that a `templatedRoute` has made. */
  readonly isTemplated?: true;
  /** A route that a use of a kamelet has made. */
  readonly isOfKamelet?: true;
  /** Such a route that does not say where its sink is: it stands behind the last step, and shows as this. */
  readonly sink?: string;
}

export interface DataFormatModel {
  readonly type: 'dataFormat';
  readonly name: string;
  /** Explicit id: the name by which others may refer to it. */
  readonly id: string | null;
  readonly options: Readonly<Record<string, unknown>>;
  readonly at: Span;
  /** Where each option's value stands. */
  readonly optionsAt: Readonly<Record<string, Span>>;
}

export interface MapModel {
  readonly type: 'map';
  readonly entries: Readonly<Record<string, ModelValue>>;
  readonly entriesAt: Readonly<Record<string, Span>>;
}

/** A YAML value as plain JavaScript (field.any). */
export interface AnyModel {
  readonly type: 'any';
  readonly value: unknown;
}

/** A part of a route template: read again for each route that is made from it, with that one's parameters as properties. */
export interface TemplateModel {
  readonly type: 'template';
  readonly at: Span;
  /** The value as if it stood in the file with the placeholders filled in; null when the problems say why there is none. */
  read(properties: PropertyLookup, problems: Diagnostics): ModelValue | null;
}

export interface StepModel {
  readonly type: 'step';
  /** The YAML key: `setBody`. */
  readonly kind: string;
  readonly definition: EipDefinition;
  /** Explicit id; the compiler gives the others Camel's automatic ones. */
  readonly id: string | null;
  readonly isDisabled: boolean;
  readonly description: string | null;
  readonly element: ElementModel;
  readonly at: Span;
  /** Nobody has written it. */
  readonly isImplied?: true;
}

export const routeScopedNames = ['onException', 'onCompletion', 'intercept', 'interceptFrom', 'interceptSendToEndpoint'] as const;

/** What applies to the whole route that it stands in, among its steps, as if it stood before the routes for this one alone. */
export type RouteScopedName = (typeof routeScopedNames)[number];

export const isRouteScoped = (name: string): name is RouteScopedName => (routeScopedNames as readonly string[]).includes(name);

/** Stands for such an element in a list of steps, until the route is planned. */
export const routeScoped: EipDefinition = { name: 'routeScoped', summary: 'Applies to the whole route.', options: {}, operator: () => sequence([]) };

/** A top-level element of the route language (`route`, `from`, `onException`, `rest`, ...): its options, so that checks, schema and docs follow. */
export interface ElementDefinition<F extends Fields = Fields> {
  readonly name: string;
  readonly summary: string;
  readonly options: F;
  /** A plain text, or a list where the option is a list, stands for the option of this name. */
  readonly shorthand?: keyof F & string;
  /** It must stand before the routes of its file. */
  readonly isBeforeRoutes?: boolean;
  /** Options that are given as TemplateModel. */
  readonly templates?: readonly (keyof F & string)[];
}

export const defineElement = <F extends Fields>(definition: ElementDefinition<F>): ElementDefinition<F> => definition;

/** One file's elements in their order. `from` at the top level is given as a `route` element with a `from` field. */
export interface DocumentModel {
  readonly file: string;
  readonly elements: readonly ElementModel[];
  /** Properties that the file itself sets, for every route; those of the configuration win. */
  readonly properties?: ReadonlyMap<string, string>;
}
