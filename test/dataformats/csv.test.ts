import { Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { csv } from '../../src/dataformats/csv.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { failureOf, formatOf, marshalled, unmarshalled } from './format.ts';

describe('csv', () => {
  it('reads back what it wrote', () =>
    fc.assert(
      fc.property(fc.array(fc.array(fc.string(), { minLength: 1 }), { minLength: 1 }), fc.constantFrom(',', ';', '\t', '|'), (rows, delimiter) => {
        expect(unmarshalled(csv, marshalled(csv, rows, { delimiter }), { delimiter })).to.deep.equal(rows);
      }),
    ));

  it('reads the same from a stream in pieces of any size', async () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é') }), { minLength: 1 })), fc.integer({ min: 1, max: 5 }), async (rows, size) => {
        const bytes = Buffer.from(marshalled(csv, rows));
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
        const read: unknown[] = [];
        for await (const row of unmarshalled(csv, Readable.from(pieces), { lazyLoad: true }) as AsyncIterable<unknown>) read.push(row);
        expect(read).to.deep.equal(rows);
      }),
      { numRuns: 40 },
    ));

  it('unmarshals lines to lists of texts', () => {
    expect(unmarshalled(csv, 'a,b\n\n"x""y","m\nn"\n,\n last , z ')).to.deep.equal([['a', 'b'], ['x"y', 'm\nn'], ['', ''], [' last ', ' z ']]);
    expect(unmarshalled(csv, '')).to.deep.equal([]);
    expect(unmarshalled(csv, 'a b"c,d')).to.deep.equal([['a b"c', 'd']]);
  });

  it('unmarshals to maps by the first line or by `header`', () => {
    const maps = (text: string, options: object = {}): unknown => JSON.parse(JSON.stringify(unmarshalled(csv, text, { useMaps: true, ...options })));
    expect(maps('a,b\n1\n2,3,4')).to.deep.equal([{ a: '1' }, { a: '2', b: '3' }]);
    expect(maps('a,a\n1,2')).to.deep.equal([{ a: '2' }]);
    expect(maps('1; 2\n3;4', { header: 'x,y', delimiter: ';', trim: true })).to.deep.equal([{ x: '1', y: '2' }, { x: '3', y: '4' }]);
    expect(maps('h,i\n3,4', { header: 'x,y', skipHeaderRecord: true })).to.deep.equal([{ x: '3', y: '4' }]);
    expect(failureOf(() => maps('a,,b\n1,2,3'))).to.equal('IllegalArgumentException');
    expect(maps('__proto__,b\n1,2')).to.have.length(1);
  });

  it('keeps the column names in a header on request', () => {
    const exchange = exchangeWith('');
    formatOf(csv, { captureHeaderRecord: true, useMaps: true }).unmarshal(exchange, 'h1,h2\n3,4');
    expect(exchange.headers.get('CamelCsvHeaderRecord')).to.deep.equal(['h1', 'h2']);
  });

  it('takes other quotes, escapes, comments, nulls and blanks', () => {
    expect(unmarshalled(csv, "'a,b',c\n\"d", { quote: "'" })).to.deep.equal([['a,b', 'c'], ['"d']]);
    expect(unmarshalled(csv, '"a",c', { quoteDisabled: true })).to.deep.equal([['"a"', 'c']]);
    expect(unmarshalled(csv, 'a\\,b,c\\n\\"', { escape: '\\' })).to.deep.equal([['a,b', 'c\n"']]);
    expect(unmarshalled(csv, '#x\na,b', { commentMarker: '#' })).to.deep.equal([['a', 'b']]);
    expect(unmarshalled(csv, 'NULL,"NULL",x', { nullString: 'NULL' })).to.deep.equal([[null, null, 'x']]);
    expect(unmarshalled(csv, ' a , " b " ,c', { ignoreSurroundingSpaces: true })).to.deep.equal([['a', ' b ', 'c']]);
    expect(unmarshalled(csv, 'h1,h2\n3,4', { skipHeaderRecord: true })).to.deep.equal([['3', '4']]);
  });

  it('refuses broken quotes, maps and null', () => {
    expect(failureOf(() => unmarshalled(csv, 'a,"b'))).to.equal('UncheckedIOException');
    expect(failureOf(() => unmarshalled(csv, 'a,"b"c'))).to.equal('UncheckedIOException');
    expect(failureOf(() => unmarshalled(csv, [[1]]))).to.match(/Conversion/);
    expect(failureOf(() => unmarshalled(csv, null))).to.equal('NoTypeConversionAvailableException');
    expect(failureOf(() => marshalled(csv, 'text'))).to.equal('NoTypeConversionAvailableException');
    expect(failureOf(() => marshalled(csv, ['a', 'b']))).to.equal('NoTypeConversionAvailableException');
  });

  it('quotes where Commons CSV does', () => {
    expect(marshalled(csv, [['', ' x', 'x ', null, 'a"b', 'a\nb', true, 1.5, '#c', 'é', '!x', '+']])).to.equal('""," x","x ",,"a""b","a\nb",true,1.5,"#c",é,"!x",+\r\n');
    expect(marshalled(csv, [['a', null, 1, '']], { quoteMode: 'ALL_NON_NULL' })).to.equal('"a",,"1",""\r\n');
    expect(marshalled(csv, [['a', null, 1, '']], { quoteMode: 'NON_NUMERIC' })).to.equal('"a",,1,""\r\n');
    expect(marshalled(csv, [['a,b', 'c"d', 'e\\f', 'g\nh']], { quoteMode: 'NONE', escape: '\\' })).to.equal('a\\,b,c"d,e\\\\f,g\\nh\r\n');
    expect(marshalled(csv, [['a', null]], { nullString: 'NULL' })).to.equal('a,NULL\r\n');
    expect(marshalled(csv, [[' a ', 'b']], { trailingDelimiter: true, trim: true })).to.equal('a,b,\r\n');
    expect(marshalled(csv, [['a', 'c'], ['d']], { recordSeparatorDisabled: true })).to.equal('a,cd');
  });

  it('writes maps in their own order, or by `header`', () => {
    expect(marshalled(csv, [{ x: 1, y: 2 }, { y: 3 }])).to.equal('1,2\r\n3\r\n');
    expect(marshalled(csv, { x: 1, y: 'two' })).to.equal('1,two\r\n');
    expect(marshalled(csv, [{ x: 1, y: 2 }], { header: 'y,x' })).to.equal('y,x\r\n2,1\r\n');
    expect(marshalled(csv, [{ x: 1, y: 2 }], { header: 'y,x', skipHeaderRecord: true })).to.equal('2,1\r\n');
    expect(marshalled(csv, null)).to.equal('');
  });
});
