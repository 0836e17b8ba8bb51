import { expect } from 'chai';
import fc from 'fast-check';
import { ExactNumber } from '../../src/core/conversion/exactNumber.ts';
import { msgpack } from '../../src/dataformats/msgpack.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { failureOf, formatOf, unmarshalled } from './format.ts';

const written = (body: unknown): string => (formatOf(msgpack).marshal(exchangeWith(''), body) as Buffer).toString('hex');
const read = (hex: string, options: object = {}): unknown => unmarshalled(msgpack, Buffer.from(hex.replace(/\s/g, ''), 'hex'), options);

const doubles = (value: unknown): unknown =>
  value instanceof ExactNumber ? Number(value.text) : Array.isArray(value) ? value.map(doubles) : typeof value === 'object' && value !== null ? Object.entries(value).map(([key, item]) => [key, doubles(item)]) : value;

/** Of the specification (msgpack.org): each value in its shortest form. */
const vectors: readonly (readonly [value: unknown, hex: string])[] = [
  [null, 'c0'],
  [false, 'c2'],
  [true, 'c3'],
  [0, '00'],
  [127, '7f'],
  [128, 'cc80'],
  [255, 'ccff'],
  [256, 'cd0100'],
  [65535, 'cdffff'],
  [65536, 'ce00010000'],
  [4294967295, 'ceffffffff'],
  [4294967296, 'cf0000000100000000'],
  [-1, 'ff'],
  [-32, 'e0'],
  [-33, 'd0df'],
  [-128, 'd080'],
  [-129, 'd1ff7f'],
  [-32769, 'd2ffff7fff'],
  [-2147483649, 'd3ffffffff7fffffff'],
  [0.5, 'cb3fe0000000000000'],
  ['', 'a0'],
  ['a'.repeat(31), `bf${'61'.repeat(31)}`],
  ['a'.repeat(32), `d920${'61'.repeat(32)}`],
  ['a'.repeat(256), `da0100${'61'.repeat(256)}`],
  ['Я', 'a2d0af'],
  [Buffer.from([1]), 'c40101'],
  [Buffer.alloc(256, 1), `c50100${'01'.repeat(256)}`],
  [[], '90'],
  [[1, [2]], '920191 02'.replace(' ', '')],
  [Array.from({ length: 16 }, () => 1), `dc0010${'01'.repeat(16)}`],
  [{}, '80'],
  [{ a: 1 }, '81a16101'],
];

describe('msgpack', () => {
  for (const [value, hex] of vectors) {
    it(`writes and reads ${hex.slice(0, 16)} as the specification has it`, () => {
      expect(written(value)).to.equal(hex);
      expect(read(hex)).to.deep.equal(value);
    });
  }

  it('reads forms that are longer than they must be, floats and points in time', () => {
    expect(read('93 cc01 d00a cd0001')).to.deep.equal([1, 10, 1]);
    expect(read('ca3fc00000')).to.equal(1.5);
    expect(read('db00000001 61')).to.equal('a');
    expect(read('dd00000001 05')).to.deep.equal([5]);
    expect(read('df00000001 a161 05')).to.deep.equal({ a: 5 });
    expect(read('d6ff 00000001')).to.deep.equal(new Date(1000));
    expect(read('d7ff ee6b27fc 00000001')).to.deep.equal(new Date(1999)); // nanoseconds are cut to milliseconds
    expect(read('c70cff 3b9ac9ff ffffffffffffffff')).to.deep.equal(new Date(-1));
  });

  it('keeps numbers that JavaScript would round, and 5.0 apart from 5', () => {
    const body = unmarshalled(msgpack, formatOf(msgpack).marshal(exchangeWith(''), [18446744073709551615n, -9223372036854775808n, new ExactNumber('5.0', 'double'), 5])) as unknown[];
    expect(body.map(String)).to.deep.equal(['18446744073709551615', '-9223372036854775808', '5.0', '5']);
    expect(failureOf(() => written(18446744073709551616n))).to.equal('MessagePackException');
    expect(failureOf(() => written(new ExactNumber('0.1234567890123456789', 'decimal')))).to.equal('MessagePackException');
    expect(written(new ExactNumber('0.50', 'decimal'))).to.equal('cb3fe0000000000000');
  });

  it('gives back every value', () =>
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const again = unmarshalled(msgpack, Buffer.from(written(value), 'hex'));
        expect(doubles(again)).to.deep.equal(doubles(JSON.parse(JSON.stringify(value))));
      }),
    ));

  it('refuses what is cut, left over, of no known form, or promises more than it has, in little time', () => {
    for (const hex of ['', '92 01', 'a5 61', 'c1', '01 02', 'c403 01', '81 90 01', 'd401 00', 'ddffffffff', 'dfffffffff', 'dbffffffff', 'c6ffffffff 00']) expect(failureOf(() => read(hex)), hex).to.equal('MessageFormatException');
    expect(failureOf(() => read('dd00ffffff'.repeat(900)))).to.equal('MessageFormatException');
    expect(failureOf(() => unmarshalled(msgpack, Buffer.alloc(1_000_000, 0x91)))).to.equal('MessageFormatException');
    expect(failureOf(() => read('81a16101', { useList: true }))).to.equal('MessageFormatException');
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(failureOf(() => unmarshalled(msgpack, Buffer.from(bytes)))).to.match(/^(none|MessageFormatException)$/);
      }),
    );
  });

  it('writes what is large item by item to the bytes that the items have', async () => {
    const bytesOf = async (value: unknown): Promise<Buffer> => (await formatOf(msgpack).marshal(exchangeWith(''), value)) as Buffer;
    const item = (i: number): object => ({ id: i, text: 'x'.repeat(i % 40), list: [i / 2, null, true, -i] });
    const items = Array.from({ length: 5000 }, (_, i) => item(i));
    const list = Buffer.concat([Buffer.from('dc1388', 'hex'), ...(await Promise.all(items.map(bytesOf)))]);
    expect((await bytesOf(items)).equals(list)).to.equal(true);
    const map = Buffer.concat([Buffer.from('82', 'hex'), await bytesOf('a'), list, await bytesOf('b'), await bytesOf(7)]);
    expect((await bytesOf({ a: items, b: 7 })).equals(map)).to.equal(true);
  });
});
