import { expect } from 'chai';
import fc from 'fast-check';
import { ExactNumber } from '../../src/core/conversion/exactNumber.ts';
import { parseJson, writeJson } from '../../src/core/conversion/json.ts';
import { cbor } from '../../src/dataformats/cbor.ts';
import { formatOf, rejection } from './format.ts';
import { exchangeWith } from '../languages/languageContext.ts';

const format = formatOf(cbor);
const marshal = async (body: unknown): Promise<Buffer> => (await format.marshal(exchangeWith(''), body)) as Buffer;
const unmarshal = async (bytes: string | Buffer, options: object = {}): Promise<unknown> =>
  formatOf(cbor, options).unmarshal(exchangeWith(''), typeof bytes === 'string' ? Buffer.from(bytes.replace(/\s/g, ''), 'hex') : bytes);
const read = async (hex: string): Promise<string> => writeJson(await unmarshal(hex));

describe('cbor', () => {
  it('gives back what it wrote', () =>
    fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (value) => {
        const text = writeJson(value);
        expect(writeJson(await unmarshal(await marshal(parseJson(text))))).to.equal(writeJson(parseJson(text)));
      }),
      { numRuns: 200 },
    ));

  // Appendix A of RFC 8949.
  const vectors: readonly (readonly [hex: string, json: string])[] = [
    ['00', '0'],
    ['1903e8', '1000'],
    ['1bffffffffffffffff', '18446744073709551615'],
    ['c249010000000000000000', '18446744073709551616'],
    ['3bffffffffffffffff', '-18446744073709551616'],
    ['c349010000000000000000', '-18446744073709551617'],
    ['3903e7', '-1000'],
    ['f93e00', '1.5'],
    ['f90000', '0.0'],
    ['fb7e37e43c8800759c', '1.0E300'],
    ['fbc010666666666666', '-4.1'],
    ['f4', 'false'],
    ['f6', 'null'],
    ['f7', 'null'],
    ['c074323031332d30332d32315432303a30343a30305a', '"2013-03-21T20:04:00Z"'],
    ['c11a514b67b0', '1363896240'],
    ['c48221196ab3', '273.15'],
    ['4401020304', '"AQIDBA=="'],
    ['62c3bc', '"ü"'],
    ['8301820203820405', '[1,[2,3],[4,5]]'],
    ['a201020304', '{"1":2,"3":4}'],
    ['a26161016162820203', '{"a":1,"b":[2,3]}'],
    ['5f42010243030405ff', '"AQIDBAU="'],
    ['7f657374726561646d696e67ff', '"streaming"'],
    ['9f018202039f0405ffff', '[1,[2,3],[4,5]]'],
    ['bf61610161629f0203ffff', '{"a":1,"b":[2,3]}'],
  ];
  for (const [hex, json] of vectors) it(`reads ${hex} as ${json}`, async () => expect(await read(hex)).to.equal(json));

  it('reads what Camel wrote: maps whose end is not said before, floats, long keys', async () => {
    for (const [base64, value] of [
      ['v2FhAWFihPs/+AAAAAAAAGF49vVhY79hZCBhZRsAAAABAAAAAGFm+3435DyIAHWc//8=', { a: 1, b: [1.5, 'x', null, true], c: { d: -1, e: 4294967296, f: 1e300 } }],
      ['v/8=', {}],
      ['gYIBggKBAw==', [[1, [2, [3]]]]],
      ['v2F1ZsO88J+YgP8=', { u: 'ü😀' }],
      ['mB4AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGBgZGBoYGxgcGB0=', Array.from({ length: 30 }, (_none, i) => i)],
    ] as const) {
      expect(JSON.parse(writeJson(await unmarshal(Buffer.from(base64, "base64"))))).to.deep.equal(value);
    }
  });

  it('writes integers short, doubles in eight bytes, keys in their order', async () => {
    expect((await marshal({ b: 1000, a: [1.5, true, null, 'ü', Buffer.from([1, 2])] })).toString('hex')).to.equal('a261621903e8616185fb3ff8000000000000f5f662c3bc420102');
    expect((await marshal(new ExactNumber('5.0', 'double'))).toString('hex')).to.equal('fb4014000000000000');
    expect((await marshal(new ExactNumber('273.15', 'decimal'))).toString('hex')).to.equal('c48221c2426ab3');
    expect((await marshal(-18446744073709551617n)).toString('hex')).to.equal('c349010000000000000000');
    expect((await marshal(new Map([['k', new Set([1])]]))).toString('hex')).to.equal('a1616b8101');
  });

  it('keeps decimals digit by digit', async () => {
    for (const text of ['-0.00123', '12345678901234567890.12345678901234567890', '100.50']) {
      expect(String(await unmarshal(await marshal(new ExactNumber(text, 'decimal'))))).to.equal(text);
    }
  });

  it('takes `__proto__` as a key like any other', async () => {
    const value = (await unmarshal('a1 69 5f5f70726f746f5f5f a1 6161 01')) as object;
    expect(Object.getPrototypeOf(value)).to.equal(Object.prototype);
    expect(Object.keys(value)).to.deep.equal(['__proto__']);
  });

  it('refuses what is not CBOR, and what is only the start of it', async () => {
    expect(await rejection(() => unmarshal(''))).to.equal('MismatchedInputException');
    for (const hex of ['1a00', '61']) expect(await rejection(() => unmarshal(hex)), hex).to.equal('JsonEOFException');
    for (const hex of ['ff', '8201', '9bffffffffffffffff', '5bffffffffffffffff', '5f4101', 'bb00000000ffffffff', '0000', 'd90999f6', 'c482fb4070000000000001', '5f6161ff', '7f7f6161ffff']) {
      expect(await rejection(() => unmarshal(hex)), hex).to.equal('JsonParseException');
    }
  });

  it('refuses what is nested too deeply, in reading and writing', async () => {
    for (const depth of [1500, 2_000_000]) expect(await rejection(() => unmarshal(Buffer.concat([Buffer.alloc(depth, 0x81), Buffer.from([0])])))).to.equal('StreamConstraintsException');
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(await rejection(() => marshal(cycle))).to.equal('JsonMappingException');
    expect(await rejection(() => marshal({ run: () => 1 }))).to.equal('JsonMappingException');
  });

  it('says so when a list is wanted and there is none', async () => {
    expect(await unmarshal('80', { useList: true })).to.deep.equal([]);
    expect(await rejection(() => unmarshal('00', { useList: true }))).to.equal('MismatchedInputException');
    expect(await rejection(() => unmarshal('00', { unmarshalType: 'java.util.List' }))).to.equal('MismatchedInputException');
    expect(await rejection(() => unmarshal('80', { unmarshalType: 'java.util.Map' }))).to.equal('MismatchedInputException');
    expect(await unmarshal('a0', { unmarshalType: 'java.util.HashMap' })).to.deep.equal({});
  });

  it('ends with a value or an error of its own, whatever the bytes', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
        expect(await rejection(() => unmarshal(Buffer.from(bytes)))).to.match(/^(none|JsonParseException|JsonEOFException|MismatchedInputException)$/);
      }),
      { numRuns: 500 },
    ));

  it('writes what is large item by item to the bytes that the items have', async () => {
    const bytesOf = async (value: unknown): Promise<Buffer> => (await marshal(value)) as Buffer;
    const item = (i: number): object => ({ id: i, text: 'x'.repeat(i % 40), list: [i / 2, null, true, -i] });
    const items = Array.from({ length: 5000 }, (_, i) => item(i));
    const list = Buffer.concat([Buffer.from('991388', 'hex'), ...(await Promise.all(items.map(bytesOf)))]);
    expect((await bytesOf(items)).equals(list)).to.equal(true);
    const map = Buffer.concat([Buffer.from('a2', 'hex'), await bytesOf('a'), list, await bytesOf('b'), await bytesOf(7)]);
    expect((await bytesOf({ a: items, b: 7 })).equals(map)).to.equal(true);
  });
});
