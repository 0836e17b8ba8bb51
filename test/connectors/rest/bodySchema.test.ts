import { expect } from 'chai';
import { bodyCheck } from '../../../src/connectors/rest/bodySchema.ts';

describe('a body that its schema can not judge', () => {
  it('is named by what it is, a request or a response', async () => {
    const schema = JSON.stringify({ properties: { next: { $ref: '#' } } });
    const endless: Record<string, unknown> = {};
    endless['next'] = endless;
    expect((await bodyCheck(schema))(endless)).to.match(/^The request body can not be checked: .*call stack/);
    expect((await bodyCheck(schema, 'response'))(endless)).to.match(/^The response body can not be checked: .*call stack/);
    expect((await bodyCheck(schema, 'response'))({ next: {} })).to.equal(null);
  });
});
