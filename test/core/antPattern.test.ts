import { expect } from 'chai';
import { antPatterns } from '../../src/core/antPattern.ts';

describe('ant patterns', () => {
  it('match paths by stars and question marks', () => {
    const matches = antPatterns(['**/*.txt', 'a?/x']);
    expect(['b.txt', 'a/b/c.txt', 'ab/x', 'a.txt/b', 'a/x'].map(matches)).to.deep.equal([true, true, true, false, false]);
    expect(antPatterns(['*.TXT'], false)('a.txt')).to.equal(true);
    expect(antPatterns(['*.TXT'])('a.txt')).to.equal(false);
  });

  it('end the search for a name that there are too many ways to read', () => {
    expect(() => antPatterns(['*a'.repeat(40) + 'b'])('a'.repeat(200))).to.throw('backtracks');
  });
});
