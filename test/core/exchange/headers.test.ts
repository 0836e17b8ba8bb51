import { expect } from 'chai';
import fc from 'fast-check';
import { Headers } from '../../../src/core/exchange/headers.ts';

const names = fc.nat({ max: 300 }).map((i) => (i % 2 === 0 ? `n${i}` : `N${i - 1}`));

describe('headers', () => {
  it('are the same by any letter case, few or many, set and removed in any order', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('set', 'set', 'set', 'remove', 'copy', 'removeWhere'), names), { minLength: 100, maxLength: 1200 }), (changes) => {
        let headers = Headers.from(Array.from({ length: 120 }, (_, i) => [`n${i}`, i] as const));
        const expected = new Map(Array.from({ length: 120 }, (_, i) => [`n${i}`, i] as [string, number]));
        changes.forEach(([what, name], i) => {
          const key = name.toLowerCase();
          if (what === 'set') {
            headers.set(name, i);
            expected.set(key, i);
          } else if (what === 'remove') {
            headers.remove(name);
            expected.delete(key);
          } else if (what === 'copy') {
            headers = headers.copy();
          } else {
            headers.removeWhere((one) => one.toLowerCase().endsWith(key.slice(-2)));
            for (const one of [...expected.keys()]) if (one.endsWith(key.slice(-2))) expected.delete(one);
          }
          expect(headers.get(name)).to.equal(expected.get(key));
        });
        expect(headers.names().map((name) => name.toLowerCase()).sort()).to.deep.equal([...expected.keys()].sort());
        for (const [key, value] of expected) expect(headers.get(key.toUpperCase())).to.equal(value);
      }),
      { numRuns: 100 },
    ));

  it('of a hundred thousand take no square of their number', () => {
    const headers = new Headers();
    for (let i = 0; i < 100_000; i++) headers.set(`h${i}`, i);
    headers.removeWhere((name) => !name.endsWith('7'));
    expect(headers.size).to.equal(10_000);
    expect(headers.get('H99997')).to.equal(99_997);
  }).timeout(20_000);
});
