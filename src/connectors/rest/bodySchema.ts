import type { Options } from 'ajv';
import type Ajv from 'ajv/dist/core.js';
import type { RuntimeAccess } from '../../core/connector.ts';
import type { ContractOperation } from '../../core/http/rest-operation.ts';
import type { ApiDocument, ApiOperation, Json } from '../../core/http/openapi.ts';
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

  /** @throws Error for a schema that is none, or refers to what can't be reached */
  check(schema: Json, way: BodyWay): BodyCheck {
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
        return `The ${way} body can not be checked: ${(thrown as Error).message}.`;
      }
      const [error] = validate.errors ?? [];
      return `The ${way} body does not fit its schema: ${error === undefined || error.instancePath === '' ? '' : `${error.instancePath} `}${error?.message ?? 'it is refused'}.`;
    };
  }
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
