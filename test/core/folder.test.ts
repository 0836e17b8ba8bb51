import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeFolder } from '../../src/core/folder.ts';

describe('making a folder', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'mecha-folder-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('makes those above it, and leaves alone what is there', () => {
    makeFolder(join(folder, 'a/b/c'));
    makeFolder(join(folder, 'a/b/c'));
    expect(existsSync(join(folder, 'a/b/c'))).to.equal(true);
  });

  it('says what is in the way', () => {
    writeFileSync(join(folder, 'a'), '');
    expect(() => makeFolder(join(folder, 'a/b'))).to.throw(/ENOTDIR/);
  });

  // Node's own way never comes back from there.
  it('says so where none can be made', () => {
    expect(() => makeFolder('/proc/self/fdinfo/a/b')).to.throw(/ENOENT|EACCES|EPERM|EROFS/);
  });
});
