import type { Options } from 'ajv';
import type Ajv from 'ajv/dist/core.js';
import type { RuntimeAccess } from '../../core/connector.ts';
import type { ContractOperation } from '../../core/http/rest-operation.ts';
import { toText } from '../../core/conversion/convert.ts';
import { fold } from '../../core/exchange/headers.ts';
import type { ApiDocument, ApiOperation, ApiParameter, Json } from '../../core/http/openapi.ts';
import { readOpenApi } from '../../core/http/openapi.ts';
import type { BodyWay } from '../../core/http/openapiSchemas.ts';
import { ApiSchemas } from '../../core/http/openapiSchemas.ts';
import { boundedCheck, schemaOptions } from '../../core/jsonSchema.ts';

/** Says what is wrong with a JSON body; null when nothing is. */
export type BodyCheck = (body: unknown) => string | null;

const options: Options = { strict: false, logger: false, ...schemaOptions };

/** Checks by the schemas of one OpenAPI document, which its operations share: what several refer to is compiled once. */
export class DocumentChecks {
  private readonly document: ApiDocument;
  private readonly makeAjv: () => Ajv.default;
  private readonly ways = new Map<BodyWay, { readonly ajv: Ajv.default; readonly schemas: ApiSchemas; text: string }>();

  private constructor(document: ApiDocument, makeAjv: () => Ajv.default) {
    this.document = document;
    this.makeAjv = makeAjv;
  }

  static async of(document: ApiDocument): Promise<DocumentChecks> {
    const { default: formats } = await import('ajv-formats');
    // Up to 3.0 schemas are of an older draft (`exclusiveMinimum: true`).
    const Validator = document.isOlder ? (await import('ajv-draft-04')).default.default : (await import('ajv/dist/2020.js')).Ajv2020;
    return new DocumentChecks(document, () => {
      const ajv = new Validator(options) as Ajv.default;
      formats.default(ajv as never);
      return ajv;
    });
  }

  operation(method: string, path: string): ApiOperation | undefined {
    return this.document.operations.find((one) => one.method === method && one.path === path);
  }

  /** What a schema is, or refers to. */
  resolved(schema: unknown): Json {
    let found = schema as Json | undefined;
    for (let i = 0; i < 100 && typeof found?.['$ref'] === 'string'; i++) found = this.document.follow(found['$ref']) as Json;
    return typeof found === 'object' && found !== null ? found : {};
  }

  /** @throws Error for a schema that is none, or refers to what can't be reached */
  check(schema: Json, way: BodyWay, subject = `${way} body`): BodyCheck {
    let shared = this.ways.get(way);
    if (shared === undefined) this.ways.set(way, (shared = { ajv: this.makeAjv(), schemas: new ApiSchemas(this.document, way), text: '' }));
    const { ajv, schemas } = shared;
    const uri = schemas.name(schema);
    for (const made of schemas.drain()) {
      ajv.addSchema(made.schema as object, made.uri);
      shared.text += JSON.stringify(made.schema);
    }
    const validate = ajv.getSchema(uri)!;
    // What one of them may take, all may that refer to it.
    const fits = boundedCheck(shared.text, (body) => validate(body) as boolean);
    return (body) => {
      try {
        if (fits(body)) return null;
      } catch (thrown) {
        return `The ${subject} can not be checked: ${(thrown as Error).message}.`;
      }
      const [error] = validate.errors ?? [];
      return `The ${subject} does not fit its schema: ${error === undefined || error.instancePath === '' ? '' : `${error.instancePath} `}${error?.message ?? 'it is refused'}.`;
    };
  }
}

/** A parameter of an operation, as a request has it. */
export interface ParameterCheck {
  readonly folded: string;
  /** Says what is wrong with its values; null when nothing is. */
  check(value: unknown): string | null;
}

/** @throws Error for a schema that can't be used */
export function parameterCheck({ name, in: place, schema, isExploded }: ApiParameter, checks: DocumentChecks): ParameterCheck {
  const check = checks.check(schema, 'request', `${place} parameter \`${name}\``);
  const items = (schema['type'] as unknown) === 'array' ? checks.resolved(schema['items']) : null;
  return {
    folded: fold(name),
    check: (value) => {
      if (items === null) {
        // The same name may be a header and a parameter.
        const problems = (Array.isArray(value) ? (value as unknown[]) : [value]).map((one) => problemOf(check, meant(schema, toText(one) ?? '')));
        return problems.find((problem) => problem !== null) ?? null;
      }
      const list = Array.isArray(value) ? (value as unknown[]) : isExploded ? [value] : (toText(value) ?? '').split(',');
      return check(list.map((one) => meant(items, toText(one) ?? '')[0]));
    },
  };
}

/** The first problem, unless the text may mean something else that has none. */
function problemOf(check: BodyCheck, values: readonly unknown[]): string | null {
  const problems = values.map(check);
  return problems.includes(null) ? null : (problems[0] ?? null);
}

/** What a text may mean by its schema, the likeliest first. */
function meant({ type }: Json, text: string): readonly unknown[] {
  const types = Array.isArray(type) ? (type as unknown[]) : type === undefined ? ['number', 'boolean', 'string'] : [type];
  const found: unknown[] = [];
  for (const one of types) {
    if ((one === 'number' || one === 'integer') && /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) found.push(Number(text));
    else if (one === 'boolean' && (text === 'true' || text === 'false')) found.push(text === 'true');
    else if (one === 'null' && text === '') found.push(null);
  }
  return [...found, text];
}

const documents = new WeakMap<RuntimeAccess, Map<string, { readonly hash: string; readonly checks: Promise<DocumentChecks> }>>();

/** The document of an operation, read once for all of them. */
export function documentOf({ document, hash }: ContractOperation, runtime: RuntimeAccess): Promise<DocumentChecks> {
  let known = documents.get(runtime);
  if (known === undefined) documents.set(runtime, (known = new Map()));
  let found = known.get(document);
  if (found === undefined || found.hash !== hash) known.set(document, (found = { hash, checks: DocumentChecks.of(readOpenApi(runtime.resource(document))) }));
  return found.checks;
}
