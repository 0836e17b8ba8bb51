import { expect } from 'chai';
import fc from 'fast-check';
import { lzf } from '../../src/dataformats/lzf.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { failureOf, formatOf, unmarshalled } from './format.ts';

const pack = (bytes: Buffer): Buffer => formatOf(lzf).marshal(exchangeWith(''), bytes) as Buffer;

describe('lzf', () => {
  it('reads what is written down by hand: literals, a short and a long repetition that overlaps itself', () => {
    expect(String(unmarshalled(lzf, Buffer.from('5a5600000361 6263'.replace(' ', ''), 'hex')))).to.equal('abc');
    // One literal `a`, then nine more of it (1 back, 7 + 2), then `b`.
    expect(String(unmarshalled(lzf, Buffer.from('5a56010007000b0061e000000062', 'hex')))).to.equal('aaaaaaaaaab');
    // `ab`, then four bytes from two back.
    expect(String(unmarshalled(lzf, Buffer.from('5a560100050006016162' + '4001', 'hex')))).to.equal('ababab');
  });

  it('packs what repeats itself, and leaves what does not as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('alpha', 'beta', 'gamma ', '\n', 'x'), { maxLength: 60_000, minLength: 0 }), (words) => {
        const bytes = Buffer.from(words.join(''));
        expect(Buffer.compare(unmarshalled(lzf, pack(bytes)) as Buffer, bytes)).to.equal(0);
      }),
      { numRuns: 30 },
    );
    const much = Buffer.alloc(200_000, 'all the same, all the same. ');
    expect(pack(much).length).to.be.below(much.length / 50);
    expect(Buffer.compare(unmarshalled(lzf, pack(much)) as Buffer, much)).to.equal(0);
    expect(pack(Buffer.from('abc')).toString('latin1')).to.equal('ZV\0\0\x03abc');
  });

  it('refuses what is no LZF, is cut or points out of its chunk, whatever byte is wrong', () => {
    const packed = pack(Buffer.alloc(300, 'abcdefg'));
    for (let end = 1; end < packed.length; end++) expect(failureOf(() => unmarshalled(lzf, packed.subarray(0, end)))).to.equal('LZFException');
    expect(failureOf(() => unmarshalled(lzf, 'plain text'))).to.equal('LZFException');
    expect(failureOf(() => unmarshalled(lzf, Buffer.from('5a560100030009' + '2000ff', 'hex')))).to.equal('LZFException');
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.nat(255), (at, byte) => {
        const broken = Buffer.from(packed);
        broken[at] = byte;
        expect(failureOf(() => unmarshalled(lzf, broken))).to.match(/^(none|LZFException)$/);
      }),
    );
  });
});
