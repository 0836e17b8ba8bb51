import { expect } from 'chai';
import { DocumentChecks } from '../../../src/connectors/rest/bodySchema.ts';
import type { BodyCheck } from '../../../src/connectors/rest/bodySchema.ts';
import { readOpenApi } from '../../../src/core/http/openapi.ts';

/** The checks of a body that has the schema `A` among these. */
async function checksOf(schemas: object, openapi = '3.0.3'): Promise<{ request: BodyCheck; response: BodyCheck }> {
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/A' } } };
  const paths = { '/x': { post: { requestBody: { content }, responses: { 200: { content } } } } };
  const document = readOpenApi(JSON.stringify({ openapi, info: {}, paths, components: { schemas } }));
  const checks = await DocumentChecks.of(document);
  const operation = checks.operation('POST', '/x')!;
  return { request: checks.check(operation.bodySchema!, 'request'), response: checks.check(operation.replies['200']!.schema!, 'response') };
}

const refusal = async (schemas: object, openapi?: string): Promise<string> => {
  try {
    await checksOf(schemas, openapi);
    return 'none';
  } catch (thrown) {
    return (thrown as Error).message;
  }
};

describe('a body of an OpenAPI operation', () => {
  it('that its schema can not judge is named by what it is, a request or a response', async () => {
    const { request, response } = await checksOf({ A: { properties: { next: { $ref: '#/components/schemas/A' } } } });
    const endless: Record<string, unknown> = {};
    endless['next'] = endless;
    expect(request(endless)).to.match(/^The request body can not be checked: .*call stack/);
    expect(response(endless)).to.match(/^The response body can not be checked: .*call stack/);
    expect(response({ next: {} })).to.equal(null);
  });

  it('needs what is read only in a reply alone, and what is write only in a request alone', async () => {
    const A = { type: 'object', required: ['id', 'name', 'password'], properties: { id: { $ref: '#/components/schemas/Id' }, name: { type: 'string' }, password: { type: 'string', writeOnly: true } } };
    const { request, response } = await checksOf({ A, Id: { type: 'integer', readOnly: true } });
    expect([request({ name: 'Ada', password: 'x' }), response({ id: 1, name: 'Ada' })]).to.deep.equal([null, null]);
    expect(request({ name: 'Ada' })).to.contain("required property 'password'");
    expect(response({ name: 'Ada' })).to.contain("required property 'id'");
  });

  it('may be null where a schema of 3.0 is nullable, with a type or without', async () => {
    const { request } = await checksOf({ A: { properties: { a: { type: 'string', nullable: true }, b: { nullable: true, allOf: [{ $ref: '#/components/schemas/B' }] }, c: { type: 'string' } } }, B: { type: 'object' } });
    expect(request({ a: null, b: null })).to.equal(null);
    expect([request({ a: 1 }), request({ b: 1 }), request({ c: null })].every((one) => one !== null)).to.equal(true);
  });

  it('is not judged by examples, whatever names stand in them', async () => {
    const example = { id: 'one', $ref: '#/nowhere', $id: 'http://[' };
    for (const version of ['3.0.3', '3.1.0']) {
      const { request } = await checksOf({ A: { type: 'object', example, properties: { example: { type: 'integer' }, b: { $ref: '#/components/schemas/B' } } }, B: { type: 'object', example, default: example, 'x-own': example } }, version);
      expect(request({ example: 1, b: {} })).to.equal(null);
      expect(request({ example: 'x' })).to.equal('The request body does not fit its schema: /example must be integer.');
    }
  });

  it('is judged by what a reference leads to in a list or in another operation', async () => {
    const A = { allOf: [{ required: ['x'] }, { $ref: '#/components/schemas/A/properties/own' }], properties: { own: { $ref: '#/components/schemas/B/allOf/1' }, way: { $ref: '#/paths/~1x/post/responses/200/content/application~1json/schema' } } };
    const { request } = await checksOf({ A, B: { allOf: [{}, { type: 'object', maxProperties: 2 }] } });
    expect(request({ x: 1, way: { x: 1 } })).to.equal(null);
    expect(request({ x: 1, way: {} })).to.equal("The request body does not fit its schema: /way must have required property 'x'.");
    expect(request({ x: 1, y: 2, z: 3 })).to.contain('must NOT have more than 2');
  });

  it('has beside a reference what stands there from 3.1 on, and nothing before', async () => {
    const schemas = { A: { $ref: '#/components/schemas/B', maxProperties: 1 }, B: { type: 'object' } };
    expect((await checksOf(schemas, '3.1.0')).request({ x: 1, y: 2 })).to.contain('must NOT have more than 1');
    expect((await checksOf(schemas)).request({ x: 1, y: 2 })).to.equal(null);
  });

  it('has no check where the schema is none, or leads out of the document or nowhere', async () => {
    expect(await refusal({ A: { type: 'text' } })).to.match(/schema is invalid/);
    expect(await refusal({ A: { properties: { b: { $ref: '#/components/schemas/B' } } } })).to.equal('the reference `#/components/schemas/B` leads nowhere');
    expect(await refusal({ A: { items: { $ref: 'other.json#/A' } } })).to.contain('`other.json#/A` can not be followed');
    expect(await refusal({ A: {} })).to.equal('none');
  });
});
