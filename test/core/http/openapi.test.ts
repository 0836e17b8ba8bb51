import { expect } from 'chai';
import { readOpenApi } from '../../../src/core/http/openapi.ts';
import { ApiSchemas } from '../../../src/core/http/openapiSchemas.ts';

describe('an OpenAPI document', () => {
  const ring = (size: number): object => Object.fromEntries(Array.from({ length: size }, (_, i) => [`S${i}`, { properties: { next: { $ref: `#/components/schemas/S${(i + 1) % size}` } } }]));
  const body = (reference: string): object => ({ content: { 'text/plain': { schema: {} }, 'Application/Problem+JSON; charset=utf-8': { schema: { $ref: reference } } } });

  it('makes each of its schemas once, however many operations refer to all of them', () => {
    const paths = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`/x${i}`, { post: { requestBody: body(`#/components/schemas/S${i}`), responses: { 200: body('#/components/schemas/S0') } } }]));
    const document = readOpenApi(JSON.stringify({ openapi: '3.0.0', info: {}, paths, components: { schemas: ring(50) } }));
    const schemas = new ApiSchemas(document, 'request');
    const names = document.operations.flatMap(({ bodySchema, replies }) => [schemas.name(bodySchema!), schemas.name(replies['200']!.schema!)]);
    expect([new Set(names).size, schemas.drain().length, schemas.drain().length]).to.deep.equal([50, 50, 0]);
  });

  it('is read as YAML where it begins as JSON and is none', () => {
    expect(readOpenApi('{ openapi: 3.0.0, info: { title: A, version: "1" }, paths: { /x: { get: { operationId: x } } } }').operations[0]!.id).to.equal('x');
  });

  it('says of a reference that leads to itself that it can not be followed', () => {
    expect(() => readOpenApi('{"openapi":"3.0.0","paths":{"/x":{"post":{"requestBody":{"$ref":"#/components/requestBodies/A"}}}},"components":{"requestBodies":{"A":{"$ref":"#/components/requestBodies/A"}}}}')).to.throw('leads back to itself');
  });

  it('has parameters that are referred to by their place in a list', () => {
    const [, second] = readOpenApi('{"openapi":"3.0.0","paths":{"/x":{"get":{"parameters":[{"name":"q","in":"query","required":true}]},"put":{"parameters":[{"$ref":"#/paths/~1x/get/parameters/0"}]}}}}').operations;
    expect(second!.parameters.map(({ name }) => name)).to.deep.equal(['q']);
  });
});
