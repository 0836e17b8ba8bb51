import { expect } from 'chai';
import { strayBrace } from '../../src/core/strayBrace.ts';

describe('a brace that repeats nothing', () => {
  it('is found where it stands', () => {
    expect(['{', 'a{', 'a{,2}', 'ab{x}', '\\\\{', '[a]{', '[]]{', '[^]]{', '[[a]b]{', '\\Qx\\E{', '\\p{L}{', '\\d{2}{'].map(strayBrace)).to.deep.equal([0, 1, 1, 2, 2, 3, 3, 4, 6, 5, 5, 5]);
  });

  it('is not one that counts, is escaped, quoted, in a class, or part of a name', () => {
    for (const pattern of ['', 'a{2}', 'a{2,}', 'a{2,3}', '\\{', '[{]', '[^{]', '[]{]', '[a[{]{]', '\\Q{\\E', '\\Q{', '\\p{L}', '\\PL', '[\\]{]', '[\\p{L}{]']) expect(strayBrace(pattern), pattern).to.equal(-1);
  });
});
