import type { Expression, Predicate } from './expression.ts';
import type { Pipe } from './graph/flow.ts';

/** A property of a part, as YAML writes it; `compiled` is only the type that the part's code gets. */
export type FieldKind =
  | 'string' // text; numbers and booleans are taken as they are written
  | 'boolean'
  | 'integer'
  | 'number'
  | 'millis' // a duration: 500, 5s, 1m30s, 1h
  | 'bytes' // a size: 1024, 10KB, 5MB
  | 'enum'
  | 'expression'
  | 'predicate'
  | 'steps'
  | 'endpoint' // a URI, with `parameters` beside it
  | 'reference' // the name of a bean: `name`, `#name`, `#bean:name`, `#class:java.Class`, `#module:./x.mjs`
  | 'element' // a mapping with fields of its own
  | 'list'
  | 'map' // a mapping with free keys
  | 'any'; // any YAML value, as it is

export interface FieldShape {
  readonly kind: FieldKind;
  readonly description: string;
  readonly isRequired: boolean;
  /** Required texts: one without letters is one, too; `filled`: only where a placeholder gave it. */
  readonly mayBeEmpty: boolean | 'filled';
  /** A text for readers: placeholders in it are left as they are. */
  readonly isRemark: boolean;
  readonly default?: unknown;
  readonly isSecret: boolean;
  /** Connector options: part of the URI's path. */
  readonly isInPath: boolean;
  readonly since: string;
  readonly deprecated: string | null;
  readonly values: readonly string[];
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** What lists and maps hold. */
  readonly item: Field | null;
  /** What an element holds. */
  readonly fields: Fields;
  /** Element: a plain text stands for the field of this name. */
  readonly shorthand: string | null;
  /** Expression: the language keys may stand in the element itself (`setBody: { simple: ... }`). */
  readonly isInline: boolean;
  /** What a reference must be, such as `AggregationStrategy`. */
  readonly beanKind: string | null;
  /** Where the options of an element depend on a sibling part (data formats, languages): which catalog names its keys. */
  readonly catalog: 'dataformats' | 'languages' | null;
  /** Steps: each of them is a branch of its own (`multicast`, `loadBalance`), and the code gets one pipe a step. */
  readonly isFork: boolean;
  /** Connector options of kind map: the query parameters that begin with this (`trigger.repeatCount`) are its entries. */
  readonly prefix: string | null;
  /** Parsed, checked and shown, but without any effect here: says why. */
  readonly noEffect: string | null;
  /** The option that it takes the place of, when both are given and this one stands behind it. */
  readonly insteadOf: string | null;
}

export type Fields = Readonly<Record<string, Field>>;

/** A text in YAML may also be a property placeholder; checks happen after placeholders are filled in. */
export class Field<T = unknown, Required extends boolean = boolean> {
  declare readonly compiled: T;
  declare readonly requires: Required;
  readonly shape: FieldShape;

  constructor(shape: FieldShape) {
    this.shape = shape;
  }

  private with<R extends boolean = Required>(change: Partial<FieldShape>): Field<T, R> {
    return new Field<T, R>({ ...this.shape, ...change });
  }

  required(): Field<T, true> {
    return this.with<true>({ isRequired: true });
  }

  maybeEmpty(mayBeEmpty: true | 'filled' = true): Field<T, Required> {
    return this.with({ mayBeEmpty });
  }

  default(value: NonNullable<T>): Field<NonNullable<T>, true> {
    return new Field<NonNullable<T>, true>({ ...this.shape, default: value });
  }

  secret(): Field<T, Required> {
    return this.with({ isSecret: true });
  }

  inPath(): Field<T, Required> {
    return this.with({ isInPath: true });
  }

  since(version: string): Field<T, Required> {
    return this.with({ since: version });
  }

  deprecated(instead: string): Field<T, Required> {
    return this.with({ deprecated: instead });
  }

  atLeast(minimum: number): Field<T, Required> {
    return this.with({ minimum });
  }

  atMost(maximum: number): Field<T, Required> {
    return this.with({ maximum });
  }

  /** The expression's language key must stand under `expression:` or under the field's own name, never in the element itself. */
  notInline(): Field<T, Required> {
    return this.with({ isInline: false });
  }

  /** The entries of this map are query parameters of their own: `trigger.` takes `trigger.repeatCount`. */
  prefixed(prefix: string): Field<T, Required> {
    return this.with({ prefix });
  }

  /** Of this option and another one, the last one that is written counts. */
  replaces(name: string): Field<T, Required> {
    return this.with({ insteadOf: name });
  }

  /** Taken so that Camel's YAML loads; has no effect here, for the reason given. */
  ignored(reason: string): Field<T, Required> {
    return this.with({ noEffect: reason });
  }
}

const shape = (kind: FieldKind, description: string, more: Partial<FieldShape> = {}): FieldShape => ({
  kind,
  description,
  isRequired: false,
  mayBeEmpty: false,
  isRemark: false,
  isSecret: false,
  isInPath: false,
  since: '0.1',
  deprecated: null,
  values: [],
  minimum: null,
  maximum: null,
  item: null,
  fields: {},
  shorthand: null,
  isInline: false,
  beanKind: null,
  catalog: null,
  isFork: false,
  prefix: null,
  noEffect: null,
  insteadOf: null,
  ...more,
});

/** The options that a part's code gets: required and defaulted fields are there, others may be undefined. */
export type Options<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T, infer R> ? (R extends true ? T : T | undefined) : never;
};

/** A URI as the author wrote it, placeholders filled in. */
export interface EndpointReference {
  readonly uri: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export const field = {
  string: (description: string) => new Field<string, false>(shape('string', description)),
  remark: (description: string) => new Field<string, false>(shape('string', description, { isRemark: true })),
  boolean: (description: string) => new Field<boolean, false>(shape('boolean', description)),
  integer: (description: string) => new Field<number, false>(shape('integer', description)),
  /** A whole number that can't be negative. */
  count: (description: string) => new Field<number, false>(shape('integer', description, { minimum: 0 })),
  number: (description: string) => new Field<number, false>(shape('number', description)),
  /** A duration; the code gets milliseconds. */
  millis: (description: string) => new Field<number, false>(shape('millis', description)),
  /** A size; the code gets bytes. */
  bytes: (description: string) => new Field<number, false>(shape('bytes', description)),
  url: (description: string) => new Field<string, false>(shape('string', description)),
  enum: <const V extends readonly string[]>(description: string, values: V) => new Field<V[number], false>(shape('enum', description, { values })),
  /** By default the language keys may stand in the element itself, as in Camel's shorthand. */
  expression: (description: string) => new Field<Expression, false>(shape('expression', description, { isInline: true })),
  predicate: (description: string) => new Field<Predicate, false>(shape('predicate', description, { isInline: true })),
  steps: (description: string) => new Field<Pipe, false>(shape('steps', description)),
  /** Steps that stand side by side: one pipe a step. */
  branches: (description: string) => new Field<readonly Pipe[], false>(shape('steps', description, { isFork: true })),
  endpoint: (description: string) => new Field<EndpointReference, false>(shape('endpoint', description)),
  reference: <T = unknown>(description: string, beanKind: string) => new Field<T, false>(shape('reference', description, { beanKind })),
  element: <F extends Fields>(description: string, fields: F, shorthand: (keyof F & string) | null = null) =>
    new Field<Options<F>, false>(shape('element', description, { fields, shorthand })),
  list: <T>(description: string, item: Field<T>) => new Field<readonly T[], false>(shape('list', description, { item: item })),
  map: <T>(description: string, item: Field<T>) => new Field<Readonly<Record<string, T>>, false>(shape('map', description, { item: item })),
  any: (description: string) => new Field<unknown, false>(shape('any', description)),
  /** The one key of the mapping names a data format, its value has that format's options. */
  dataFormat: (description: string) => new Field<DataFormatReference, false>(shape('element', description, { catalog: 'dataformats', isInline: true })),
};

export interface DataFormatReference {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}
