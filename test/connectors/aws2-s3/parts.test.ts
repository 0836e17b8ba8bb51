import { expect } from 'chai';
import fc from 'fast-check';
import { Parts } from '../../../src/connectors/aws2-s3/parts.ts';

async function* each(pieces: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array | string> {
  yield* pieces;
}

/** What a reader that is one part behind sees. */
async function cut(pieces: readonly (Uint8Array | string)[], size: number): Promise<string[]> {
  const parts = new Parts(each(pieces), size);
  const seen: string[] = [];
  let part = await parts.next();
  while (!part.isLast) {
    const next = await parts.next();
    seen.push(part.bytes.toString('latin1'));
    part = next;
  }
  seen.push(part.bytes.toString('latin1'));
  return seen;
}

describe('parts of an upload', () => {
  it('have one size, but for the last', async () => {
    expect(await cut(['abcd', 'e', 'fghijk'], 4)).to.deep.equal(['abcd', 'efgh', 'ijk']);
    expect(await cut(['ab'], 4)).to.deep.equal(['ab']);
    expect(await cut([], 4)).to.deep.equal(['']);
  });

  it('give the content back, however it comes, and a part stays as it is until the one after the next', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 })), fc.integer({ min: 1, max: 30 }), async (pieces, size) => {
        const parts = await cut(pieces, size);
        expect(parts.join('')).to.equal(Buffer.concat(pieces).toString('latin1'));
        for (const part of parts.slice(0, -1)) expect(part.length).to.equal(size);
      }),
    ));

  it('need no more of a piece than until the next one is asked for', async () => {
    const shared = Buffer.alloc(3);
    const pieces = (async function* () {
      for (const text of ['abc', 'def', 'ghi']) {
        shared.write(text);
        yield shared;
      }
    })();
    const parts = new Parts(pieces, 100);
    expect((await parts.next()).bytes.toString()).to.equal('abcdefghi');
  });

  it('let go of content that is not read to its end', async () => {
    let isClosed = false;
    const endless = (async function* () {
      try {
        for (;;) yield 'abc';
      } finally {
        isClosed = true;
      }
    })();
    const parts = new Parts(endless, 4);
    await parts.next();
    await parts.close();
    expect(isClosed).to.equal(true);
  });
});
