import { expect } from 'chai';
import { Readable } from 'node:stream';
import { convertBodyTo } from '../../src/eip/convertBodyTo.ts';
import { exchangeOf, graph, eventually, run, stepContext } from '../contract/operator.ts';

const converted = (body: unknown, type: string, mandatory = true) => {
  const [exchange] = run(convertBodyTo.operator({ type, mandatory, charset: undefined }, stepContext()), [exchangeOf(body)]);
  return exchange!.exception?.name ?? exchange!.body;
};

describe('convertBodyTo', () => {
  it('reads numbers from text', () => expect([converted('12', 'int'), converted('1.50', 'java.lang.Double'), converted('-3', 'Long')]).to.deep.equal([12, 1.5, -3]));
  it('cuts decimals off for a class of whole numbers', () => expect(converted(12.7, 'java.lang.Integer')).to.equal(12));
  it('keeps whole numbers exact that JavaScript would round', () => expect(String(converted('9007199254740993', 'Long'))).to.equal('9007199254740993'));
  it('keeps null', () => expect(converted(null, 'int')).to.equal(null));
  it('turns text into bytes and back', () => expect([String(converted('ä', 'byte[]')), converted(Buffer.from('ä'), 'String')]).to.deep.equal(['ä', 'ä']));
  it('takes true and false only for a boolean', () => expect([converted('TRUE', 'boolean'), converted(0, 'boolean'), converted('yes', 'boolean')]).to.deep.equal([true, false, 'InvalidPayloadException']));
  it('fails for what is no number', () => expect([converted('12a', 'int'), converted('', 'int'), converted({ a: 1 }, 'int')]).to.deep.equal(Array(3).fill('InvalidPayloadException')));
  it('gives null for what nothing converts, when it is not mandatory', () => expect(converted({ a: 1 }, 'int', false)).to.equal(null));
  it('does not know every class', () => expect(() => converted('a', 'com.acme.Order')).to.throw('no type `com.acme.Order`'));

  it('reads a stream first', async () => {
    const { left, feed } = graph(convertBodyTo.operator({ type: 'String', mandatory: true, charset: undefined }, stepContext()));
    feed(exchangeOf(Readable.from([Buffer.from('ab'), Buffer.from('c')])));
    await eventually(() => expect(left).to.have.length(1));
    expect(left[0]!.body).to.equal('abc');
  });

  it('uses the charset, a rare one too', async () => {
    const { left, feed } = graph(convertBodyTo.operator({ type: 'byte[]', mandatory: true, charset: 'windows-1252' }, stepContext()));
    feed(exchangeOf('€'));
    await eventually(() => expect(left).to.have.length(1));
    expect([...(left[0]!.body as Buffer)]).to.deep.equal([0x80]);
  });
});
