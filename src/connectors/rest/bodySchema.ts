import type { AnySchemaObject, Options } from 'ajv';
import { boundedCheck, schemaOptions } from '../../core/jsonSchema.ts';

/** Says what is wrong with a JSON body; null when nothing is. */
export type BodyCheck = (body: unknown) => string | null;

const options: Options = { strict: false, logger: false, ...schemaOptions };

/** The check of a schema of an OpenAPI document. Up to 3.0 these are of an older draft (`exclusiveMinimum: true`). @throws Error for a schema that is none */
export async function bodyCheck(text: string, what = 'request'): Promise<BodyCheck> {
  const { $schema: draft, ...schema } = JSON.parse(text) as AnySchemaObject;
  const { default: formats } = await import('ajv-formats');
  const isOlder = String(draft).includes('draft-04');
  const ajv = isOlder ? new (await import('ajv-draft-04')).default.default(options) : new (await import('ajv/dist/2020.js')).Ajv2020(options);
  formats.default(ajv as never);
  const validate = ajv.compile(schema);
  const fits = boundedCheck(text, (body) => validate(body));
  return (body) => {
    try {
      if (fits(body)) return null;
    } catch (thrown) {
      return `The ${what} body can not be checked: ${(thrown as Error).message}.`;
    }
    const [error] = validate.errors ?? [];
    return `The ${what} body does not fit its schema: ${error === undefined || error.instancePath === '' ? '' : `${error.instancePath} `}${error?.message ?? 'it is refused'}.`;
  };
}
