import { expect } from 'chai';
import fc from 'fast-check';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { Attachment, attachmentsOf, setAttachments } from '../../src/core/exchange/attachments.ts';
import { mimeMultipart } from '../../src/dataformats/mimeMultipart.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { failureOf, formatOf } from './format.ts';

const parts = ['--B', 'Content-Type: text/plain; charset=utf-8', '', 'hello', '--B', 'Content-Type: application/octet-stream;', '\tname="a.bin"', 'Content-Transfer-Encoding: base64', 'X-Own: 1', '', 'AAEC', '--B', 'Content-Disposition: attachment; filename*=UTF-8\'\'%C3%BC.txt', 'Content-Transfer-Encoding: quoted-printable', '', 'a=C3=BC =', '=3D b  ', '--B--', 'epilogue'];
const unpack = (body: unknown, headers: Readonly<Record<string, unknown>>, options: object = {}): { exchange: Exchange; body: unknown } => {
  const exchange = exchangeWith('', headers);
  return { exchange, body: formatOf(mimeMultipart, options).unmarshal(exchange, body) };
};
const pack = (exchange: Exchange, body: unknown, options: object = {}): string => String(formatOf(mimeMultipart, options).marshal(exchange, body));
const boundaryOf = (text: string): string => /boundary="([^"]+)"/.exec(text)![1]!;

describe('mimeMultipart', () => {
  it('takes the first part as the body and the others as attachments, decoded', () => {
    const { body, exchange } = unpack(parts.join('\r\n'), { 'Content-Type': 'multipart/mixed; boundary=B', 'MIME-Version': '1.0', other: 'x' });
    expect(String(body)).to.equal('hello');
    expect(exchange.headers.toObject()).to.deep.equal({ 'Content-Type': 'text/plain; charset=utf-8', other: 'x' });
    const attachments = attachmentsOf(exchange);
    expect([...attachments.keys()]).to.deep.equal(['a.bin', 'ü.txt']);
    expect([...attachments.get('a.bin')!.content]).to.deep.equal([0, 1, 2]);
    expect(attachments.get('a.bin')!.headers).to.deep.equal({ 'x-own': '1' });
    expect(String(attachments.get('ü.txt'))).to.equal('aü = b');
  });

  it('decodes quoted-printable of any length as it decodes a line', () => {
    const line = 'a=C3=BC=20 some words = no escape =\u00a0\r\n=3D=\r\nx \t\r\n';
    const decoded = 'aü  some words = no escape =x\r\n';
    for (const [text, expected] of [[line.repeat(5000), decoded.repeat(5000)], ['=41 '.repeat(100_000), 'A '.repeat(100_000).trimEnd()]] as const) {
      const { body } = unpack(Buffer.from(`--B\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${text}\r\n--B--`, 'latin1'), { 'Content-Type': 'multipart/mixed; boundary=B', 'MIME-Version': '1.0' });
      expect(String(body).trimEnd() === expected.trimEnd()).to.equal(true);
    }
  });

  it('reads the head in the body where it is told to, and leaves alone what is no multipart', () => {
    expect(String(unpack(`MIME-Version: 1.0\nContent-Type: multipart/related;\n boundary="B"\n\npreamble\n${parts.join('\n')}`, {}, { headersInline: true }).body)).to.equal('hello');
    expect(String(unpack('Content-Type: text/plain\r\n\r\nx', {}, { headersInline: true }).body)).to.equal('Content-Type: text/plain\r\n\r\nx');
    expect(unpack('plain', { 'Content-Type': 'text/plain' }).body).to.deep.equal(Buffer.from('plain'));
    expect(String(unpack(parts.join('\r\n'), { 'Content-Type': 'multipart/mixed' }).body)).to.equal('hello');
  });

  it('writes body and attachments as Camel does, with the head in headers or inline', () => {
    const exchange = exchangeWith('', { 'Content-Type': 'text/plain', abc: '1', xyz: '2' });
    setAttachments(exchange, new Map([['a', new Attachment('image/png', Buffer.from([0, 255]), { 'Content-Disposition': 'attachment; filename="a\r\nb"' })]]));
    const text = pack(exchange, 'hëllo');
    const boundary = boundaryOf(String(exchange.headers.get('Content-Type')));
    expect(text).to.equal(['', `--${boundary}`, 'Content-Type: text/plain', 'Content-Transfer-Encoding: 8bit', '', 'hëllo', `--${boundary}`, 'Content-Type: image/png', 'Content-Transfer-Encoding: base64', 'Content-Disposition: attachment; filename="a b"', '', 'AP8=', `--${boundary}--`, ''].join('\r\n'));
    expect(exchange.headers.get('MIME-Version')).to.equal('1.0');
    expect(attachmentsOf(exchange).size).to.equal(0);
    const inline = exchangeWith('', { 'Content-Type': 'text/plain', abc: '1', xyz: '2' });
    const whole = pack(inline, 'x', { multipartWithoutAttachment: true, headersInline: true, includeHeaders: 'a.*', multipartSubType: 'related' });
    expect(whole).to.match(/^Message-ID: <[^>]+>\r\nMIME-Version: 1\.0\r\nContent-Type: multipart\/related; boundary="[^"]+"\r\nabc: 1\r\n\r\n--/).and.not.include('xyz');
    expect(String(unpack(whole, {}, { headersInline: true }).body)).to.equal('x');
    expect(pack(exchangeWith('', {}), 'alone')).to.equal('alone');
    expect(pack(exchangeWith('', {}), Buffer.from([1]), { multipartWithoutAttachment: true, binaryContent: true })).to.include('Content-Transfer-Encoding: binary\r\n\r\n\x01\r\n--');
  });

  it('gives back every content', () =>
    fc.assert(
      fc.property(fc.uint8Array(), fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.uint8Array()), fc.boolean(), (bytes, others, binaryContent) => {
        const exchange = exchangeWith('', {});
        setAttachments(exchange, new Map(Object.entries(others).map(([name, content]) => [name, new Attachment('a/b', Buffer.from(content), { 'Content-Disposition': `attachment; filename="${name}"` })])));
        const options = { multipartWithoutAttachment: true, binaryContent };
        const packed = formatOf(mimeMultipart, options).marshal(exchange, Buffer.from(bytes));
        expect(Buffer.compare(formatOf(mimeMultipart, options).unmarshal(exchange, packed) as Buffer, Buffer.from(bytes))).to.equal(0);
        expect(Object.fromEntries([...attachmentsOf(exchange)].map(([name, { content }]) => [name, [...content]]))).to.deep.equal(Object.fromEntries(Object.entries(others).map(([name, content]) => [name, [...content]])));
      }),
    ));

  it('refuses what has no part, too many or a head without end, and takes what is cut as far as it goes', () => {
    const headers = { 'Content-Type': 'multipart/mixed; boundary=B' };
    expect(failureOf(() => unpack('no parts', headers))).to.equal('ParseException');
    expect(failureOf(() => unpack('--B\n\n'.repeat(20_000), headers))).to.equal('ParseException');
    expect(failureOf(() => unpack(`--B\n${'X: y\n'.repeat(100_000)}`, headers))).to.equal('ParseException');
    expect(String(unpack(parts.slice(0, 4).join('\r\n'), headers).body)).to.equal('hello');
    expect(String(unpack(`--B\nContent-Transfer-Encoding: quoted-printable\n\n${' '.repeat(3_000_000)}x`, headers).body)).to.have.length(3_000_001);
  });
});
