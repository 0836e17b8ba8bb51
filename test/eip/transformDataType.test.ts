import { expect } from 'chai';
import { transformDataType } from '../../src/eip/transformDataType.ts';
import { exchangeOf, jsonFormat, run, stepContext } from '../contract/operator.ts';

const transformed = (body: unknown, toType: string): unknown =>
  run(transformDataType.operator({ fromType: undefined, toType }, stepContext({ dataFormats: { json: jsonFormat } })), [exchangeOf(body)])[0]!.body;

describe('transformDataType', () => {
  it('goes between text, bytes, JSON and values', () => {
    expect([transformed(Buffer.from('a'), 'text-plain'), String(transformed('a', 'application-octet-stream')), String(transformed({ a: 1 }, 'application-json')), transformed('{"a":1}', 'application-x-java-object')]).to.deep.equal([
      'a',
      'a',
      '{"a":1}',
      { a: 1 },
    ]);
  });

  it('keeps null', () => expect(transformed(null, 'text-plain')).to.equal(null));
  it('refuses a type that it does not know', () => expect(() => transformed('a', 'nosuch:type')).to.throw('nothing transforms to `nosuch:type`'));
});
