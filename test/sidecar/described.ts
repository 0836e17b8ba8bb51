import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { adminDescription } from '../../src/sidecar/openapi.ts';

const ajv = new Ajv2020({ strict: false });
ajv.addSchema(JSON.parse(JSON.stringify(adminDescription)) as object, 'admin');

/** Holds an answer of the admin API against what its OpenAPI document says of this operation. */
export function expectDescribed(method: string, path: string, url: string, answer: { readonly status: number; readonly body: unknown }): void {
  const { responses } = (adminDescription.paths as any)[path][method.toLowerCase()];
  const status = responses[answer.status] === undefined ? 'default' : String(answer.status);
  const place = `admin#/paths/${path.replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/${method.toLowerCase()}/responses/${status}/content/application~1json/schema`;
  const check = ajv.getSchema(place)!;
  expect(check(answer.body), `${method} ${url} answers ${answer.status} ${JSON.stringify(answer.body)}: ${JSON.stringify(check.errors)}`).to.equal(true);
}
