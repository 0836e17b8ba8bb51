import { expect } from 'chai';
import { decodeText, encodeText, mayBeCharset, prepareCharset } from '../../../src/core/conversion/charset.ts';

describe('charsets', () => {
  it('write a question mark for what they do not have, as Java does', () => {
    expect(encodeText('aä€', 'iso-8859-1').toString('hex')).to.equal('61e43f');
    expect(encodeText('aä€😀', 'US-ASCII').toString('latin1')).to.equal('a???');
    expect(encodeText('aä€', null).toString()).to.equal('aä€');
  });

  it('read bytes that are not theirs as replacement characters', () => expect(decodeText(Buffer.from([0x61, 0xe4]), 'us-ascii')).to.equal('a\ufffd'));

  it('keep a byte order mark but for UTF-16 without an order', async () => {
    await prepareCharset('UTF-16');
    expect(decodeText(encodeText('äb', 'UTF-16'), 'UTF-16')).to.equal('äb');
    expect(decodeText(Buffer.from('\ufeffx'), 'utf-8')).to.equal('\ufeffx');
  });

  it('are told from names that can be none', async () => {
    for (const name of ['UTF-8', 'utf-16BE', 'windows-1252', 'Cp850', 'ISO-8859-15', 'Shift_JIS', 'GB18030', 'Big5', 'KOI8-R', 'UTF-32LE', 'IBM437']) {
      expect(mayBeCharset(name), name).to.equal(true);
      await prepareCharset(name);
    }
    for (const name of ['no-such', 'utf', 'utf8x', '', 'iso']) expect(mayBeCharset(name), name).to.equal(false);
  });
});
