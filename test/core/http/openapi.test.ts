import { expect } from 'chai';
import { readOpenApi } from '../../../src/core/http/openapi.ts';

/** What the schema of a body becomes, that refers to these places in turn. */
function schemaWith(references: readonly string[], schemas: object): Record<string, unknown> {
  const schema = { type: 'object', properties: Object.fromEntries(references.map(($ref, index) => [`p${index}`, { $ref }])) };
  const document = { openapi: '3.1.0', info: {}, paths: { '/x': { post: { requestBody: { content: { 'application/json': { schema } } }, responses: {} } } }, components: { schemas } };
  return readOpenApi(JSON.stringify(document)).operations[0]!.bodySchema as Record<string, unknown>;
}

describe('an OpenAPI document', () => {
  const schemas = { A: { type: 'object', required: ['x'], properties: { x: { type: 'string' }, y: { type: 'number' } }, allOf: [{ minProperties: 1 }, { maxProperties: 3 }] } };

  it('keeps all of a schema beside a reference to a part of it, whichever comes first', () => {
    for (const references of [['#/components/schemas/A', '#/components/schemas/A/properties/x'], ['#/components/schemas/A/properties/x', '#/components/schemas/A'], ['#/components/schemas/A/allOf/1', '#/components/schemas/A'], ['#/components/schemas/A', '#/components/schemas/A/allOf/1']]) {
      expect(schemaWith(references, schemas)['components'], String(references)).to.deep.equal({ schemas });
    }
  });

  it('gives an operation only what its schema refers to', () => {
    expect(schemaWith(['#/components/schemas/A/properties/x'], { ...schemas, B: {} })['components']).to.deep.equal({ schemas: { A: { properties: { x: { type: 'string' } } } } });
  });
});
