import type { ApiDocument, Json } from './openapi.ts';

/** A schema of the document as a validator of JSON schema takes it, with a name that others refer to it by. */
export interface NamedSchema {
  readonly uri: string;
  readonly schema: Json | boolean;
}

/** Which way a body goes: what is `readOnly` need not be in a request, nor what is `writeOnly` in a reply. */
export type BodyWay = 'request' | 'response';

const mapsOfSchemas = new Set(['properties', 'patternProperties', 'definitions', '$defs', 'dependentSchemas']);
const listsOfSchemas = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const schemas = new Set(['items', 'not', 'additionalProperties', 'additionalItems', 'contains', 'propertyNames', 'if', 'then', 'else', 'unevaluatedItems', 'unevaluatedProperties', 'contentSchema']);
/** What decides about a value without schemas inside. All else describes: examples among it may look like schemas with names. */
const values = new Set([
  ...['type', 'enum', 'const', 'format', 'multipleOf', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum', 'maxLength', 'minLength', 'pattern', 'maxItems', 'minItems', 'uniqueItems'],
  ...['maxContains', 'minContains', 'maxProperties', 'minProperties', 'required', 'dependentRequired'],
]);

const longestChain = 100;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The schemas of an OpenAPI document, each made once, whatever refers to it: a document's schemas often all refer to each other, and what is
 * made for each operation by itself grows with their product.
 */
export class ApiSchemas {
  private readonly follow: (reference: string) => unknown;
  /** Up to 3.0, what stands beside a reference means nothing. */
  private readonly isOlder: boolean;
  private readonly way: BodyWay;
  private readonly targets = new Set<string>();
  private readonly uris = new Map<Json, string>();
  private fresh: NamedSchema[] = [];

  constructor({ follow, isOlder }: Pick<ApiDocument, 'follow' | 'isOlder'>, way: BodyWay) {
    this.follow = follow;
    this.isOlder = isOlder;
    this.way = way;
  }

  /** The name of a schema of the document. @throws Error for a reference that can't be followed */
  name(schema: Json): string {
    const reference = schema['$ref'];
    if (typeof reference === 'string' && (this.isOlder || Object.keys(schema).length === 1)) return this.target(reference);
    let uri = this.uris.get(schema);
    if (uri === undefined) {
      uri = `schema:/${this.uris.size}`;
      this.uris.set(schema, uri);
      this.fresh.push({ uri, schema: this.converted(schema) });
    }
    return uri;
  }

  /** The schemas that names led to since they were last asked for, and all that these refer to. */
  drain(): readonly NamedSchema[] {
    const { fresh } = this;
    this.fresh = [];
    return fresh;
  }

  private target(reference: string): string {
    const uri = `schema:/of?${encodeURIComponent(reference)}`;
    if (!this.targets.has(uri)) {
      // Before what it refers to is looked at, which may lead back to it.
      this.targets.add(uri);
      this.fresh.push({ uri, schema: this.converted(this.follow(reference)) });
    }
    return uri;
  }

  private converted(schema: unknown): Json | boolean {
    if (typeof schema === 'boolean') return schema;
    if (!isObject(schema)) return {};
    const whole: Record<string, unknown> = {};
    const inner = (value: unknown): Json | boolean => this.converted(value);
    const reference = schema['$ref'];
    if (typeof reference === 'string') {
      whole['$ref'] = this.target(reference);
      if (this.isOlder) return whole;
    }
    for (const [key, value] of Object.entries(schema)) {
      if (values.has(key)) whole[key] = value;
      else if (mapsOfSchemas.has(key) && isObject(value)) whole[key] = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner(one)]));
      else if (listsOfSchemas.has(key) || schemas.has(key)) whole[key] = Array.isArray(value) ? value.map(inner) : inner(value);
    }
    const { required, properties, type, nullable } = schema;
    const omitted = this.way === 'request' ? 'readOnly' : 'writeOnly';
    if (Array.isArray(required) && isObject(properties)) {
      const wanted = required.filter((name) => this.resolved(properties[String(name)])[omitted] !== true);
      // Draft 4 takes no empty list.
      if (wanted.length > 0) whole['required'] = wanted;
      else delete whole['required'];
    }
    if (nullable !== true || !this.isOlder) return whole;
    return typeof type === 'string' ? { ...whole, type: [type, 'null'] } : { anyOf: [{ type: 'null' }, whole] };
  }

  private resolved(schema: unknown): Json {
    let found = schema;
    for (let i = 0; i < longestChain && isObject(found) && typeof found['$ref'] === 'string'; i++) found = this.follow(found['$ref']);
    return isObject(found) ? found : {};
  }
}
