import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Source } from '../../src/core/diagnostics.ts';
import { codes } from '../../src/dsl/codes.ts';
import { printDiagnostics } from '../../src/dsl/diagnose.ts';
import { type Check, checkFiles } from './check.ts';

const folder = fileURLToPath(new URL('golden/', import.meta.url));
const isUpdate = process.env['GOLDEN'] === 'update';

/** Holds every `*.yaml` of the folder to the complaints in its `*.txt`; with GOLDEN=update these are written anew. */
function holdsGolden(check: Check): void {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml')).sort()) {
    it(`says what is wrong with ${file.replace('.yaml', '').replaceAll('-', ' ')}`, () => {
      const printed = `${printDiagnostics(check([new Source(file, readFileSync(folder + file, 'utf8'))]))}\n`;
      const expected = `${folder}${file.replace(/yaml$/, 'txt')}`;
      if (isUpdate) writeFileSync(expected, printed);
      expect(printed).to.equal(existsSync(expected) ? readFileSync(expected, 'utf8') : '');
    });
  }
}

describe('diagnostics', () => {
  holdsGolden(checkFiles);

  it('are of at least forty-five codes in at least eighty files, each in the catalogue with its page', () => {
    const texts = readdirSync(folder).filter((name) => name.endsWith('.txt')).map((name) => readFileSync(folder + name, 'utf8'));
    const seen = new Set(texts.flatMap((text) => [...text.matchAll(/^(?:error|warning)\[(M\d{4})\]/gm)].map(([, code]) => code!)));
    expect(texts.length).to.be.at.least(80);
    expect(seen.size).to.be.at.least(45);
    for (const code of seen) {
      expect(codes).to.have.property(code);
      expect(existsSync(fileURLToPath(new URL(`../../docs/errors/${code}.md`, import.meta.url))), `page of ${code}`).to.equal(true);
    }
  });

  it('have an entry in the catalogue for every code that the sources report', () => {
    const source = fileURLToPath(new URL('../../src/', import.meta.url));
    const reported = new Set(
      readdirSync(source, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .flatMap((name) => [...readFileSync(source + name, 'utf8').matchAll(/'(M0\d{3})'/g)].map(([, code]) => code!)),
    );
    expect([...reported].filter((code) => !Object.hasOwn(codes, code))).to.deep.equal([]);
  });
});
