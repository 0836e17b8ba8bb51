import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { notices } from '../../scripts/licences.mjs';

describe('licences of what the bundle contains', () => {
  let root: string;

  beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'mecha-licences-'))));
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function library(name: string, description: object, files: Record<string, string> = {}): string {
    const folder = join('node_modules', name);
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', ...description }));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(root, folder, file), text);
    return join(folder, 'lib', 'index.js');
  }

  it('stand together, each library once with its notices', () => {
    const a = library('a', { license: 'MIT' }, { 'LICENSE.md': 'Copyright A', NOTICE: 'A has a notice' });
    const b = library('@scope/b', { licenses: [{ type: 'ISC' }], author: 'B <b@example.org>' });
    const text = notices(root, ['src/cli/main.ts', a, a, b]);
    expect(text).to.include('a 1.0.0 (MIT)\n\nCopyright A\n\nA has a notice\n');
    expect(text).to.include('@scope/b 1.0.0 (ISC)\n\nCopyright B <b@example.org>\n');
    expect(text.split('a 1.0.0 (MIT)')).to.have.length(2);
  });

  it('are refused when they do not allow it, or are not told', () => {
    expect(() => notices(root, [library('c', { license: 'LGPL-3.0+' })])).to.throw('c is under LGPL-3.0+');
    expect(() => notices(root, [library('d', {})])).to.throw('d is under no licence that is told');
    expect(() => notices(root, [library('e', { license: '(MIT OR GPL-3.0)' })])).not.to.throw();
    expect(() => notices(root, [library('f', { license: 'MIT AND GPL-3.0' })])).to.throw('f is under');
  });

  it('lie beside the built command', () => {
    const text = readFileSync(new URL('../../dist/LICENSES.txt', import.meta.url), 'utf8');
    for (const name of ['rxjs', 'kafkajs', 'undici']) expect(text).to.match(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
  });
});
