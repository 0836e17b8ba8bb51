import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { toText } from '../../../src/core/conversion/convert.ts';
import { Exchange } from '../../../src/core/exchange/exchange.ts';
import { FileBody } from '../../../src/core/conversion/file-body.ts';
import { tokenize } from '../../../src/languages/tokenize.ts';

describe('a file as a body', () => {
  let folder: string;

  before(() => (folder = mkdtempSync(join(tmpdir(), 'body-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const bodyOf = (content: string | Buffer, charset: string | null = null): FileBody => {
    const path = join(folder, 'a.txt');
    writeFileSync(path, content);
    return new FileBody({ path, name: 'a.txt', length: content.length, lastModified: 0, charset });
  };

  it('is read when somebody asks, and where it was moved to', () => {
    const body = bodyOf('text');
    renameSync(body.path, join(folder, 'b.txt'));
    body.moved(join(folder, 'b.txt'));
    expect(toText(body)).to.equal('text');
    expect(String(body)).to.equal('GenericFile[a.txt]');
  });

  it('gives a large text in pieces that do not cut letters', () => {
    const text = 'aä€𝄞'.repeat(100_000);
    const pieces = [...bodyOf(text).pieces()];
    expect(pieces.length).to.be.greaterThan(2);
    expect(pieces.join('') === text).to.equal(true);
  });

  it('is cut by tokens as its text is, whatever the text', () => {
    const cut = tokenize.expression('--', {} as never, {} as never);
    const parts = (body: unknown): unknown[] => [...(cut(new Exchange(undefined, body)) as Iterable<unknown>)];
    fc.assert(
      fc.property(fc.array(fc.constantFrom('-', '--', 'a', 'ä', 'b'.repeat(40_000)), { maxLength: 12 }), (words) => {
        const text = words.join('');
        expect(JSON.stringify(parts(bodyOf(text))) === JSON.stringify(parts(text))).to.equal(true);
      }),
      { numRuns: 60 },
    );
  });
});
