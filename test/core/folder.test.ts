import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeFolder, makeFolderLater } from '../../src/core/folder.ts';

describe('making a folder', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'mecha-folder-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('makes those above it, and leaves alone what is there', () => {
    makeFolder(join(folder, 'a/b/c'));
    makeFolder(join(folder, 'a/b/c'));
    expect(existsSync(join(folder, 'a/b/c'))).to.equal(true);
  });

  it('gives the first that it made', async () => {
    expect(await makeFolderLater(join(folder, 'a/b/c'))).to.equal(join(folder, 'a'));
    expect(await makeFolderLater(join(folder, 'a/b/d'))).to.equal(join(folder, 'a/b/d'));
    expect(await makeFolderLater(join(folder, 'a/b/d'))).to.equal(null);
    await Promise.all(['x', 'x/y', 'x/y/z', 'x/y'].map((path) => makeFolderLater(join(folder, path))));
    expect(existsSync(join(folder, 'x/y/z'))).to.equal(true);
  });

  it('takes the same folders being made by others at the same time', async () => {
    for (let round = 0; round < 50; round++) {
      const made = await Promise.all(['a/b/c', 'a/b', 'a/b/c/d', 'a', 'a/b/c', 'a/e'].map((path) => makeFolderLater(join(folder, String(round), path))));
      // Each folder is made by one of them: it is the first of nobody else, and the topmost is somebody's.
      const firsts = made.filter((first) => first !== null);
      expect([...new Set(firsts)]).to.deep.equal(firsts);
      expect(firsts).to.include(join(folder, String(round)));
      expect(existsSync(join(folder, String(round), 'a/b/c/d'))).to.equal(true);
    }
  });

  it('says what is in the way', async () => {
    writeFileSync(join(folder, 'a'), '');
    for (const [name, code] of [['a/b', 'ENOTDIR'], ['a', 'EEXIST']] as const) {
      expect(() => makeFolder(join(folder, name))).to.throw(code);
      expect(String(await makeFolderLater(join(folder, name)).catch((thrown: unknown) => thrown))).to.include(code);
    }
  });

  // Node's own way never comes back from there.
  it('says so where none can be made', async () => {
    const said = /ENOENT|EACCES|EPERM|EROFS/;
    expect(() => makeFolder('/proc/self/fdinfo/a/b')).to.throw(said);
    expect(String(await makeFolderLater('/proc/self/fdinfo/a/b').catch((thrown: unknown) => thrown))).to.match(said);
  });
});
