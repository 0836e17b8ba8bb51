import { expect } from 'chai';
import { Exchange } from '../../src/core/exchange/exchange.ts';
import { jacksonXml } from '../../src/dataformats/jacksonXml.ts';

const format = (options: Record<string, unknown> = {}) => jacksonXml.create({ prettyPrint: false, contentTypeHeader: true, useList: false, ...options } as never, {} as never);
const marshal = (body: unknown, options?: Record<string, unknown>): string => String(format(options).marshal(new Exchange(), body));
const unmarshal = (body: unknown, options?: Record<string, unknown>): unknown => format(options).unmarshal(new Exchange(), body);

describe('jacksonXml', () => {
  it('writes maps as elements, lists as elements that come again', () => {
    expect(marshal({ a: 1, b: ['x', 'y'], c: { d: 'e & f' }, n: null })).to.equal('<LinkedHashMap><a>1</a><b>x</b><b>y</b><c><d>e &amp; f</d></c><n/></LinkedHashMap>');
    expect(marshal({ a: null, b: 1 }, { include: 'NON_NULL' })).to.equal('<LinkedHashMap><b>1</b></LinkedHashMap>');
    expect(marshal({ a: { b: 1 } }, { prettyPrint: true })).to.equal('<LinkedHashMap>\n  <a>\n    <b>1</b>\n  </a>\n</LinkedHashMap>\n');
  });

  it('sets the content type, unless told not to', () => {
    const exchange = new Exchange();
    format().marshal(exchange, {});
    expect(exchange.headers.get('Content-Type')).to.equal('application/xml');
    const other = new Exchange();
    format({ contentTypeHeader: false }).marshal(other, {});
    expect(other.headers.get('Content-Type')).to.equal(undefined);
  });

  it('reads elements and attributes as texts, names that come again as lists', () => {
    expect(unmarshal("<r><a>1</a><b>x</b><b>y</b><c k='v'>t</c></r>")).to.deep.equal({ a: '1', b: ['x', 'y'], c: { k: 'v', '': 't' } });
    expect(unmarshal(Buffer.from('<r><i><a>1</a></i><i><a>2</a></i></r>'), { useList: true })).to.deep.equal([{ a: '1' }, { a: '2' }]);
  });

  it('makes objects that a name like __proto__ can not harm', () => {
    const read = unmarshal('<r><__proto__><x>1</x></__proto__></r>') as Record<string, unknown>;
    expect(Object.getPrototypeOf(read)).to.equal(null);
    expect(({} as Record<string, unknown>)['x']).to.equal(undefined);
  });

  it('refuses what is no XML, and names and texts that would be markup or that no document holds', () => {
    expect(() => unmarshal('nope')).to.throw().with.property('type', 'com.fasterxml.jackson.core.JsonParseException');
    for (const name of ['a><b', 'a/', 'a b="c"', '&', '\n']) expect(() => marshal({ [name]: 1 }), name).to.throw(/can't be the name/);
    expect(() => marshal({ a: '\u0001' })).to.throw().with.property('type', 'com.fasterxml.jackson.databind.JsonMappingException');
    expect(() => unmarshal('\ufeff<a/>')).to.throw(/not allowed in prolog/);
    expect(unmarshal(Buffer.from('\ufeff<a/>'))).to.deep.equal({});
  });
});
