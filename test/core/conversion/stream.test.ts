import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { convertTo, toText } from '../../../src/core/conversion/convert.ts';
import { Exchange, UnitOfWork } from '../../../src/core/exchange/exchange.ts';
import { ByteStream, cacheBody, cacheStream, discard, readStream } from '../../../src/core/conversion/stream.ts';

describe('stream bodies', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'stream-test-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const files = (): string[] => readdirSync(folder);

  it('can be read again, from memory or from a file', async () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array()), fc.integer({ min: 0, max: 30 }), async (chunks, memoryBytes) => {
        const all = Buffer.concat(chunks);
        const cache = await cacheStream(Readable.from(chunks), { memoryBytes, folder });
        expect(cache.length).to.equal(all.length);
        expect(cache.isInMemory).to.equal(all.length <= memoryBytes);
        expect(cache.bytes()).to.deep.equal(all);
        expect(await readStream(cache.stream() as AsyncIterable<Uint8Array>)).to.deep.equal(all);
        expect(cache.bytes()).to.deep.equal(all);
        cache.dispose();
        expect(files()).to.deep.equal([]);
      }),
      { numRuns: 40 },
    ));

  it('that say how long they are may be as long as they like, and are asked for pieces that last until the next one', async () => {
    const shared = Buffer.alloc(4);
    let asked = '';
    const source = {
      length: 12,
      async *[Symbol.asyncIterator]() {
        asked += 'whole ';
        for (const one of ['abcd', 'efgh', 'ijkl']) yield Buffer.from(one);
      },
      async *pieces() {
        asked += 'pieces ';
        for (const one of ['abcd', 'efgh', 'ijkl']) {
          shared.write(one);
          yield shared;
        }
      },
    };
    const cache = await cacheStream(source, { memoryBytes: 11, folder });
    expect([cache.text(), cache.isInMemory]).to.deep.equal(['abcdefghijkl', false]);
    cache.dispose();
    expect((await cacheStream(source, { memoryBytes: 12, folder })).text()).to.equal('abcdefghijkl');
    expect(asked).to.equal('pieces whole ');
    // A limit that somebody sets counts for them, too.
    expect(await cacheStream(source, { memoryBytes: 0, largestBytes: 11, folder }).then(() => 'none', (error: Error) => error.message)).to.contain('more than 11 bytes').and.contain('streamCache: false');
    expect(files()).to.deep.equal([]);
  });

  it('give back the memory of a piece that nobody needs any more, unless others are in it', () => {
    const alone = Buffer.from(new ArrayBuffer(1000));
    discard(alone);
    expect([alone.length, alone.buffer.byteLength]).to.deep.equal([0, 0]);
    const neighbours = Buffer.alloc(10, 'a');
    discard(neighbours.subarray(0, 5));
    discard(neighbours.subarray(5));
    expect(neighbours.toString()).to.equal('aaaaaaaaaa');
    discard(Buffer.alloc(0));
  });

  it('take web streams', async () => {
    expect((await readStream(new Blob(['web']).stream() as unknown as AsyncIterable<Uint8Array>)).toString()).to.equal('web');
  });

  it('are text and bytes to everything that asks', async () => {
    const cache = await cacheStream(Readable.from([Buffer.from('é')]));
    expect(toText(cache)).to.equal('é');
    expect(convertTo(cache, 'String')).to.equal('é');
    expect(convertTo(cache, 'byte[]')).to.deep.equal(Buffer.from('é'));
  });

  it('in memory are read once, and cached without waiting', () => {
    const stream = new ByteStream(Buffer.from('once'));
    expect(toText(stream)).to.equal('once');
    expect(toText(stream)).to.equal('');
    const exchange = new Exchange(undefined, new ByteStream(Buffer.from('again')));
    expect(cacheBody(exchange)).to.equal(null);
    expect([toText(exchange.body), toText(exchange.body)]).to.deep.equal(['again', 'again']);
  });

  it('are refused when they are too large, and leave nothing behind when they fail', async () => {
    const failure = async (source: Readable): Promise<string> => cacheStream(source, { memoryBytes: 2, largestBytes: 10, folder }).then(() => 'none', (error: Error) => error.message);
    expect(await failure(Readable.from([Buffer.alloc(8), Buffer.alloc(8)]))).to.contain('more than 10');
    const broken = Readable.from((async function* () {
      yield Buffer.alloc(8);
      throw new Error('cut off');
    })());
    expect(await failure(broken)).to.equal('cut off');
    expect(files()).to.deep.equal([]);
  });

  it('lose their file when the unit of work is done', async () => {
    const exchange = new Exchange(undefined, Readable.from([Buffer.alloc(100)]));
    let done = (): void => {};
    const settled = new Promise<void>((resolve) => (done = resolve));
    exchange.unitOfWork = new UnitOfWork(exchange, done);
    await cacheBody(exchange, { memoryBytes: 10, folder });
    const [file] = files();
    expect(existsSync(join(folder, file!))).to.equal(true);
    exchange.unitOfWork.release();
    await settled;
    expect(files()).to.deep.equal([]);
    expect(cacheBody(new Exchange(undefined, 'text'))).to.equal(null);
  });
});
