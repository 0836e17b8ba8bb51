import { Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Message } from '../../src/core/exchange/message.ts';
import { base64 } from '../../src/dataformats/base64.ts';
import { gzipDeflater } from '../../src/dataformats/gzipDeflater.ts';
import { lzf } from '../../src/dataformats/lzf.ts';
import { zipDeflater } from '../../src/dataformats/zipDeflater.ts';
import { zipFile } from '../../src/dataformats/zipFile.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { failureOf, formatOf, marshalled, unmarshalled } from './format.ts';

describe('packed data formats', () => {
  for (const definition of [base64, gzipDeflater, lzf, zipDeflater, zipFile]) {
    it(`${definition.name} gives back the bytes`, () =>
      fc.assert(
        fc.property(fc.uint8Array(), (given) => {
          const bytes = Buffer.from(given);
          expect(unmarshalled(definition, formatOf(definition).marshal(exchangeWith(''), bytes))).to.deep.equal(bytes);
        }),
      ));

    it(`${definition.name} reads streams, and refuses what has no bytes`, async () => {
      const packed = (await formatOf(definition).marshal(exchangeWith(''), Readable.from([Buffer.from('a'), Buffer.from('b')]))) as Buffer;
      expect(String(await unmarshalled(definition, Readable.from([packed])))).to.equal('ab');
      for (const body of [null, 12, {}]) expect(failureOf(() => marshalled(definition, body))).to.equal('NoTypeConversionAvailableException');
    });
  }

  it('base64 writes lines of whole groups', () => {
    expect(marshalled(base64, 'Hello World', { lineLength: 10 })).to.equal('SGVsbG8g\r\nV29ybGQ=\r\n');
    expect(marshalled(base64, 'Hello??>>World', { lineLength: 8, lineSeparator: '|', urlSafe: true })).to.equal('SGVsbG8_|Pz4-V29y|bGQ|');
    expect(marshalled(base64, 'Hello World', { lineLength: 0 })).to.equal('SGVsbG8gV29ybGQ=');
    expect(marshalled(base64, '')).to.equal('');
    expect(String(unmarshalled(base64, 'SGVs bG8\n='))).to.equal('Hello');
  });

  it('says when data is not packed', () => {
    expect(failureOf(() => unmarshalled(gzipDeflater, 'plain'))).to.equal('IOException');
    expect(failureOf(() => unmarshalled(zipDeflater, 'plain'))).to.equal('ZipException');
    expect(failureOf(() => unmarshalled(zipFile, 'plain'))).to.equal('IllegalStateException');
    expect([...(unmarshalled(zipFile, 'plain', { usingIterator: true }) as Iterable<unknown>)]).to.deep.equal([]);
  });

  it('zipFile names the entry after the file, and the archive after the entry', () => {
    const exchange = exchangeWith('', { CamelFileName: 'a/b/c.txt' });
    const archive = formatOf(zipFile, { preservePathElements: true }).marshal(exchange, 'x');
    expect(exchange.headers.get('CamelFileName')).to.equal('c.txt.zip');
    const [message] = [...(formatOf(zipFile, { usingIterator: true }).unmarshal(exchange, archive) as Iterable<Message>)];
    expect(message!.headers.get('zipFileName')).to.equal('a/b/c.txt');
    expect(String(message!.body)).to.equal('x');
    formatOf(zipFile).unmarshal(exchange, archive);
    expect(exchange.headers.get('CamelFileName')).to.equal('a/b/c.txt');
  });

  it('zipFile refuses to unpack more than it may', () => {
    const archive = formatOf(zipFile).marshal(exchangeWith(''), 'x'.repeat(1000));
    expect(failureOf(() => unmarshalled(zipFile, archive, { maxDecompressedSize: 999 }))).to.equal('IOException');
    expect(String(unmarshalled(zipFile, archive, { maxDecompressedSize: -1 }))).to.have.length(1000);
  });

  it('zipFile unpacks large entries of an iterator while others have their turn', async () => {
    const content = Buffer.alloc(100 * 1024 ** 2);
    const archive = formatOf(zipFile).marshal(exchangeWith('', { CamelFileName: 'large' }), content) as Buffer;
    expect(archive.length).to.be.below(200_000);
    let turns = 0;
    const ticks = setInterval(() => turns++, 1);
    const messages = unmarshalled(zipFile, archive, { usingIterator: true }) as AsyncIterable<Message>;
    const found: unknown[] = [];
    for await (const { headers, body } of messages) found.push([headers.get('CamelFileName'), (body as Buffer).equals(content)]);
    clearInterval(ticks);
    expect(found).to.deep.equal([['large', true]]);
    expect(turns).to.be.above(0);
    const refused = unmarshalled(zipFile, archive, { usingIterator: true, maxDecompressedSize: 1000 }) as AsyncIterable<Message>;
    expect(await refused[Symbol.asyncIterator]().next().then(() => 'fine', ({ message }: Error) => message)).to.contain('exceeds the maximum allowed size');
  }).timeout(30_000);

  it('zipFile says what is wrong with a broken archive, whatever it is', () =>
    fc.assert(
      fc.property(fc.nat(140), fc.nat(255), (at, byte) => {
        const archive = Buffer.from(formatOf(zipFile).marshal(exchangeWith('', { CamelFileName: 'n' }), 'content') as Buffer);
        archive[at % archive.length] = byte;
        expect(failureOf(() => unmarshalled(zipFile, archive))).to.match(/^(none|ZipException|IllegalStateException|IOException)$/);
      }),
    ));
});
