import { expect } from 'chai';
import fc from 'fast-check';
import { univocityCsv } from '../../src/dataformats/univocityCsv.ts';
import { univocityFixed } from '../../src/dataformats/univocityFixed.ts';
import { univocityTsv } from '../../src/dataformats/univocityTsv.ts';
import { failureOf, marshalled, unmarshalled } from './format.ts';

const columns = { univocityHeader: [{ name: 'id', length: '3' }, { name: 'name', length: '5' }] };

describe('univocity', () => {
  it('gives maps where Camel fails for lack of names: documents of few rows', () => {
    expect(unmarshalled(univocityCsv, 'a,b\n1,2', { headerExtractionEnabled: true, asMap: true })).to.deep.equal([{ a: '1', b: '2' }]);
    expect(unmarshalled(univocityTsv, '1\t2\t3', { univocityHeader: [{ name: 'x' }], asMap: true })).to.deep.equal([{ x: '1' }]);
    expect(unmarshalled(univocityFixed, '001hello', { ...columns, asMap: true })).to.deep.equal([{ id: '001', name: 'hello' }]);
  });

  it('writes each message by its own keys, not by those of messages before', () => {
    expect(marshalled(univocityCsv, [{ a: 1 }])).to.equal('1\n');
    expect(marshalled(univocityCsv, [new Map([['b', 2]])])).to.equal('2\n');
  });

  it('keeps every character of columns of fixed length, also at a line end of Windows and without skipping', () => {
    expect(unmarshalled(univocityFixed, '001hello\r\n\r\n002world\r\n', columns)).to.deep.equal([['001', 'hello'], ['002', 'world']]);
    expect(unmarshalled(univocityFixed, '001hello\n\n002world\n', { ...columns, skipEmptyLines: false })).to.deep.equal([['001', 'hello'], [null], ['002', 'world']]);
    expect(unmarshalled(univocityFixed, '001helloextra\n', { ...columns, recordEndsOnNewline: true })).to.deep.equal([['001', 'hello'], ['ext', 'ra']]);
  });

  it('says at the start what is wrong with the columns and characters', () => {
    expect(() => unmarshalled(univocityFixed, 'x')).to.throw('has no columns');
    for (const length of ['0', 'x', undefined]) expect(() => unmarshalled(univocityFixed, 'x', { univocityHeader: [{ name: 'a', length }] })).to.throw('has the length');
    expect(() => unmarshalled(univocityCsv, 'x', { delimiter: '||' })).to.throw('`delimiter` is one character, not `||`');
  });

  it('writes maps only', () => {
    for (const body of ['text', 5, null, [['a']], [null]]) expect(failureOf(() => marshalled(univocityCsv, body))).to.equal('NoTypeConversionAvailableException');
  });

  const cell = fc.string().map((text) => text.replace(/^[^!-~]+|[^!-~]+$/g, ''));

  it('reads back what it wrote, whatever the texts', () =>
    fc.assert(
      fc.property(fc.array(fc.record({ a: cell, b: cell, c: cell }), { minLength: 1, maxLength: 5 }), (rows) => {
        const full = rows.map((row) => ({ ...row, a: `x${row.a}` }));
        const nulled = full.map((row) => Object.fromEntries(Object.entries(row).map(([key, text]) => [key, text === '' ? null : text])));
        const options = { univocityHeader: [{ name: 'a' }, { name: 'b' }, { name: 'c' }], asMap: true };
        expect(unmarshalled(univocityTsv, marshalled(univocityTsv, full, options), options)).to.deep.equal(nulled);
        expect(unmarshalled(univocityCsv, marshalled(univocityCsv, full, options), options)).to.deep.equal(nulled);
      }),
    ));

  it('reads row by row when asked, and does not look twice at a value with stray quotes', () => {
    const text = 'abc,"d ""e""",f\n'.repeat(200_000);
    const rows = unmarshalled(univocityCsv, text, { lazyLoad: true }) as Iterator<unknown>;
    expect(rows.next().value).to.deep.equal(['abc', 'd "e"', 'f']);
    expect(unmarshalled(univocityCsv, '"'.repeat(200_000))).to.have.length(1);
    expect(unmarshalled(univocityCsv, '"a"b'.repeat(50_000))).to.have.length(1);
  });
});
