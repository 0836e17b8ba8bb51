import { expect } from 'chai';
import { checkCharset, decodeText, encodeText, pieceDecoder, StrictEncoder } from '../../../src/core/conversion/charset.ts';

describe('charsets', () => {
  it('write a question mark for what they do not have, as Java does', () => {
    expect(encodeText('aä€', 'iso-8859-1').toString('hex')).to.equal('61e43f');
    expect(encodeText('aä€😀', 'US-ASCII').toString('latin1')).to.equal('a???');
    expect(encodeText('aä€', null).toString()).to.equal('aä€');
  });

  it('read bytes that are not theirs as replacement characters', () => expect(decodeText(Buffer.from([0x61, 0xe4]), 'us-ascii')).to.equal('a\ufffd'));

  it('keep a byte order mark but for UTF-16 without an order', () => {
    expect(decodeText(encodeText('äb', 'UTF-16'), 'UTF-16')).to.equal('äb');
    expect(decodeText(Buffer.from('\ufeffx'), 'utf-8')).to.equal('\ufeffx');
  });

  it('put the high byte first where no mark says otherwise, and a mark before UTF-16 that they write', () => {
    expect(encodeText('ä', 'UTF-16').toString('hex')).to.equal('feff00e4');
    expect(encodeText('ä', 'UTF-32').toString('hex')).to.equal('000000e4');
    expect(decodeText(Buffer.from('00e4', 'hex'), 'utf-16')).to.equal('ä');
    expect(decodeText(Buffer.from('fffee400', 'hex'), 'utf-16')).to.equal('ä');
    expect(decodeText(Buffer.from('00e461', 'hex'), 'utf-16')).to.equal('ä\ufffd');
  });

  it('refuse what they do not have where nothing may be lost, wherever the text is cut', () => {
    for (const [charset, has, lacks] of [['iso-8859-1', 'aä?', '€'], ['us-ascii', 'a?', 'ä'], ['windows-1252', 'ä€', '→'], ['Shift_JIS', '日ｱ?', '한'], ['utf-8', '€😀', '\ud83d'], ['utf-16', '😀', '\ude00']] as const) {
      expect(decodeText(new StrictEncoder(charset).encode(has, true), charset), charset).to.have.length(has.length);
      expect(() => new StrictEncoder(charset).encode(`a${lacks}b`, true), charset).to.throw(/the charset .* has no .* \(U\+[0-9A-F]{4}\)/);
    }
    const pieces = new StrictEncoder('utf-16');
    expect(Buffer.concat([pieces.encode('a\ud83d', false), pieces.encode('\ude00b', false), pieces.encode('', true)])).to.deep.equal(encodeText('a😀b', 'utf-16'));
    const cut = new StrictEncoder('utf-8');
    cut.encode('a\ud83d', false);
    expect(() => cut.encode('', true)).to.throw('U+D83D');
  });

  it('read bytes that come piece by piece as they read the whole, wherever they are cut', () => {
    for (const charset of [null, 'utf-8', 'us-ascii', 'iso-8859-1', 'windows-1252', 'Cp850', 'KOI8-R', 'Shift_JIS', 'GB18030', 'Big5', 'UTF-16', 'UTF-16LE', 'UTF-16BE', 'UTF-32', 'UTF-32LE']) {
      for (const bytes of [encodeText('aä日b€😀', charset), Buffer.from([0x61, 0xe4, 0x81, 0xff, 0x30, 0xd8, 0x3d, 0xde, 0x62])])
      for (let cut = 0; cut <= bytes.length; cut++) {
        const decoder = pieceDecoder(charset);
        expect(decoder.write(bytes.subarray(0, cut)) + decoder.write(bytes.subarray(cut)) + decoder.end(), `${charset} cut at ${cut}`).to.equal(decodeText(bytes, charset));
      }
    }
  });

  it('give text as it comes, where a byte is a letter', () => {
    const decoder = pieceDecoder('windows-1252');
    expect([decoder.write(Buffer.from([0x80])), decoder.write(Buffer.from([0xe4])), decoder.end()]).to.deep.equal(['€', 'ä', '']);
  });

  it('are told from names that can be none', () => {
    for (const name of ['UTF-8', 'utf-16BE', 'windows-1252', 'Cp850', 'ISO-8859-15', 'Shift_JIS', 'GB18030', 'Big5', 'KOI8-R', 'UTF-32LE', 'IBM437']) {
      expect(() => checkCharset(name), name).not.to.throw();
    }
    for (const name of ['no-such', 'utf', 'utf8x', '', 'iso']) expect(() => checkCharset(name), name).to.throw('there is no charset');
  });
});
