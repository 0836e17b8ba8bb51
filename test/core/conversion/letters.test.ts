import { expect } from 'chai';
import { lettersIn } from '../../../src/core/conversion/letters.ts';

describe('letters of a text', () => {
  it('are one for a pair of surrogates, and one for a half of one', () => {
    expect(['', 'abc', 'a😀b', '😀😀', '\ude00\ud83d', '\ud83dx'].map((text) => lettersIn(text))).to.deep.equal([0, 3, 3, 2, 2, 2]);
    expect(lettersIn('a😀b😀', 1, 4)).to.equal(2);
  });
});
