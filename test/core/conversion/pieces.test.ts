import { expect } from 'chai';
import fc from 'fast-check';
import { Pieces } from '../../../src/core/conversion/pieces.ts';

describe('bytes in pieces', () => {
  it('are what was pushed, in its order', () =>
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 5 }), { maxLength: 20 }), fc.integer({ min: 1, max: 150 }), (some, times) => {
        const pieces = new Pieces();
        const expected: Uint8Array[] = [];
        for (let i = 0; i < times; i++) for (const piece of some) expected.push(piece);
        for (const piece of expected) pieces.push(piece);
        expect(pieces.length).to.equal(Buffer.concat(expected).length);
        expect(pieces.bytes().equals(Buffer.concat(expected))).to.equal(true);
      }),
    ));

  it('take little room when they are small, and many', () => {
    const before = process.memoryUsage().rss;
    const pieces = new Pieces();
    for (let i = 0; i < 3_000_000; i++) pieces.push(Buffer.from('x'));
    expect(pieces.bytes().length).to.equal(3_000_000);
    expect((process.memoryUsage().rss - before) / 1e6, 'megabytes more').to.be.below(200);
  });
});
