import { expect } from 'chai';
import { deepestYaml, tooDeepYaml } from '../../../src/core/conversion/yamlDepth.ts';

/** As many levels as asked for, in each way that YAML has. */
const ways: Readonly<Record<string, (levels: number) => string>> = {
  'lists in a line': (levels) => `${'- '.repeat(levels)}x\n`,
  'lists in brackets': (levels) => `${'['.repeat(levels)}x${']'.repeat(levels)}\n`,
  'mappings in braces': (levels) => `${'{ a: '.repeat(levels)}x${' }'.repeat(levels)}\n`,
  'keys line by line': (levels) => Array.from({ length: levels }, (_, at) => `${' '.repeat(at)}a:${at === levels - 1 ? ' x' : ''}\n`).join(''),
  'lists in the column of their key': (levels) => Array.from({ length: levels / 2 }, (_, at) => `${' '.repeat(at)}a:\n${' '.repeat(at)}-${at === levels / 2 - 1 ? ' x' : ''}\n`).join(''),
  'keys with a question mark': (levels) => `${'? '.repeat(levels)}x\n`,
  'half of them lists, half brackets': (levels) => `${'- '.repeat(levels / 2)}${'['.repeat(levels / 2)}x${']'.repeat(levels / 2)}\n`,
};

describe('how deep YAML may be', () => {
  for (const [way, text] of Object.entries(ways)) {
    it(`takes ${deepestYaml} ${way}, and says where there are more`, () => {
      expect(tooDeepYaml(`# a line before\n${text(deepestYaml)}`)).to.equal(-1);
      const deeper = text(deepestYaml + 2);
      expect(tooDeepYaml(deeper)).to.be.within(deepestYaml / 2, deeper.length);
      expect(tooDeepYaml(text(2000))).to.be.at.least(0);
    });
  }

  it('takes brackets and blanks in texts, however many', () => {
    for (const text of [`a: "${'['.repeat(5000)}"\n`, `a: |\n  x\n  ${' '.repeat(3000)}x\n  ${'- '.repeat(3000)}x\n  ${'{'.repeat(3000)}\n`, `# ${'['.repeat(2000)}\na: b\n`, `a: '${'[{'.repeat(2000)}'\n`]) expect(tooDeepYaml(text)).to.equal(-1);
  });
});
