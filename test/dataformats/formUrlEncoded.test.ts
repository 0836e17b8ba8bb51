import { expect } from 'chai';
import fc from 'fast-check';
import { formUrlEncoded } from '../../src/dataformats/formUrlEncoded.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { failureOf, formatOf, marshalled, unmarshalled } from './format.ts';

describe('formUrlEncoded', () => {
  it('writes a map as a browser does, and says what it is', () => {
    const exchange = exchangeWith('');
    expect(String(formatOf(formUrlEncoded).marshal(exchange, { a: 'x y', 'b&c': 'ü=1', n: 5, none: null, many: [1, 'two'] }))).to.equal('a=x+y&b%26c=%C3%BC%3D1&n=5&none=&many=1&many=two');
    expect(exchange.headers.get('Content-Type')).to.equal('application/x-www-form-urlencoded');
    expect(marshalled(formUrlEncoded, new Map([['k', true]]))).to.equal('k=true');
    for (const body of ['text', [1], 5, null]) expect(failureOf(() => marshalled(formUrlEncoded, body))).to.equal('NoTypeConversionAvailableException');
  });

  it('reads fields, those that come again as a list', () => {
    expect(unmarshalled(formUrlEncoded, 'a=1&b=x+y%20z&a=2&a=3&empty=&alone\r\n')).to.deep.equal({ a: ['1', '2', '3'], b: 'x y z', empty: '', alone: '' });
    expect(unmarshalled(formUrlEncoded, '')).to.deep.equal({});
    expect(Object.keys(unmarshalled(formUrlEncoded, '__proto__=1&bad=%E0%A4%A') as object)).to.deep.equal(['__proto__', 'bad']);
  });

  it('gives back every map of texts', () =>
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: 'grapheme' })), (map) => {
        expect({ ...(unmarshalled(formUrlEncoded, marshalled(formUrlEncoded, map)) as object) }).to.deep.equal({ ...map });
      }),
    ));

  it('refuses a form of very many fields before it makes them', () => {
    expect(failureOf(() => unmarshalled(formUrlEncoded, 'a=1&'.repeat(20_000)))).to.equal('IllegalArgumentException');
  });
});
