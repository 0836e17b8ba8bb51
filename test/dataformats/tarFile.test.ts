import { Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { packTar } from 'modern-tar';
import type { Message } from '../../src/core/exchange/message.ts';
import { tarFile } from '../../src/dataformats/tarFile.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { formatOf, rejection } from './format.ts';

const pack = async (body: unknown, headers: Readonly<Record<string, unknown>> = { CamelFileName: 'n' }, options: object = {}): Promise<Buffer> => (await formatOf(tarFile, options).marshal(exchangeWith('', headers), body)) as Buffer;
const unpack = async (bytes: unknown, options: object = {}): Promise<unknown> => formatOf(tarFile, options).unmarshal(exchangeWith(''), bytes);
const entries = async (bytes: Buffer, options: object = {}): Promise<string[]> => Array.from((await unpack(bytes, { usingIterator: true, ...options })) as Iterable<Message>, ({ body, headers }) => `${String(headers.get('CamelTarFileEntryName'))}=${String(body)}`);

const several = async (): Promise<Buffer> =>
  Buffer.from(
    await packTar([
      { header: { name: 'd/', type: 'directory', size: 0 } },
      { header: { name: 'd/a.txt', size: 1 }, body: 'a' },
      { header: { name: 'link', type: 'symlink', size: 0, linkname: '/etc/passwd' } },
      { header: { name: `${'long/'.repeat(60)}ü.txt`, size: 2 }, body: 'bb' },
    ]),
  );

describe('tarFile', () => {
  it('gives back the bytes', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 1500 }), async (given) => {
        const bytes = Buffer.from(given);
        expect(await unpack(await pack(bytes))).to.deep.equal(bytes);
      }),
      { numRuns: 50 },
    ));

  it('writes an archive as the standard has it', async () => {
    const archive = await pack('abc', { CamelFileName: 'a/b.txt' }, { preservePathElements: true });
    expect(archive.length % 512).to.equal(0);
    expect(archive.toString('latin1', 0, 7)).to.equal('a/b.txt');
    expect(archive.toString('latin1', 124, 135)).to.equal('00000000003');
    expect(archive.toString('latin1', 257, 262)).to.equal('ustar');
    expect(archive.toString('latin1', 512, 515)).to.equal('abc');
    const header = Buffer.from(archive.subarray(0, 512)).fill(' ', 148, 156);
    expect(parseInt(archive.toString('latin1', 148, 154), 8)).to.equal(header.reduce((sum, byte) => sum + byte, 0));
    expect(await pack('abc', { CamelFileName: 'a/b.txt' }, { preservePathElements: true })).to.deep.equal(archive);
  });

  it('names the entry after the file, and the archive after the entry', async () => {
    const exchange = exchangeWith('', { CamelFileName: 'a/b/c.txt' });
    const archive = await formatOf(tarFile).marshal(exchange, 'x');
    expect(exchange.headers.get('CamelFileName')).to.equal('c.txt.tar');
    expect(String(await formatOf(tarFile).unmarshal(exchange, archive))).to.equal('x');
    expect(exchange.headers.get('CamelFileName')).to.equal('c.txt');
  });

  it('iterates over files, and over folders when asked; links are left out', async () => {
    const long = `${'long/'.repeat(60)}ü.txt=bb`;
    expect(await entries(await several())).to.deep.equal(['d/a.txt=a', long]);
    expect(await entries(await several(), { allowEmptyDirectory: true })).to.deep.equal(['d/=', 'd/a.txt=a', long]);
    expect(await entries(Buffer.alloc(0))).to.deep.equal([]);
    expect(await rejection(async () => unpack(await several()))).to.equal('IllegalStateException');
    expect(await rejection(() => unpack(Buffer.alloc(1024)))).to.equal('IllegalStateException');
  });

  it('reads streams, and archives without their end', async () => {
    const archive = await pack(Readable.from([Buffer.from('a'), Buffer.from('b')]));
    expect(String(await unpack(Readable.from([archive])))).to.equal('ab');
    expect(String(await unpack(archive.subarray(0, 1024)))).to.equal('ab');
    expect(await rejection(() => pack(null))).to.equal('NoTypeConversionAvailableException');
  });

  it('refuses entries that are larger than they may be', async () => {
    const archive = await pack('x'.repeat(1000));
    expect(await rejection(() => unpack(archive, { maxDecompressedSize: 999 }))).to.equal('IOException');
    expect(String(await unpack(archive, { maxDecompressedSize: -1 }))).to.have.length(1000);
  });

  it('says what is wrong with a broken archive, whatever it is', async () => {
    for (const bytes of [Buffer.from('plain'), Buffer.alloc(1024, 'x'), (await pack('abc')).subarray(0, 600)]) expect(await rejection(() => unpack(bytes))).to.equal('IOException');
    const huge = await pack('abc');
    huge.write('77777777777', 124);
    huge.fill(' ', 148, 156);
    huge.write(`${huge.subarray(0, 512).reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
    expect(await rejection(() => unpack(huge))).to.equal('IOException');
    await fc.assert(
      fc.asyncProperty(fc.nat(600), fc.nat(255), async (at, byte) => {
        const archive = await pack('content');
        archive[at] = byte;
        expect(await rejection(() => unpack(archive))).to.match(/^(none|IllegalStateException|IOException)$/);
      }),
    );
  });
});
