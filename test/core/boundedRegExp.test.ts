import { expect } from 'chai';
import fc from 'fast-check';
import { BoundedRegExp } from '../../src/core/boundedRegExp.ts';

const evil = `${'a'.repeat(60)}!`;

/** Processor time, which a loaded machine does not stretch. */
function millisOf(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe('a regular expression that may backtrack', () => {
  for (const [what, run] of Object.entries<(pattern: BoundedRegExp) => unknown>({
    test: (pattern) => pattern.test(evil),
    exec: (pattern) => pattern.exec(evil),
    match: (pattern) => evil.match(pattern),
    matchAll: (pattern) => [...evil.matchAll(pattern)],
    replace: (pattern) => evil.replace(pattern, ''),
    split: (pattern) => evil.split(pattern),
    search: (pattern) => evil.search(pattern),
  })) {
    it(`fails in bounded time when it does, in ${what}`, () => {
      const pattern = new BoundedRegExp('^(?:(a+)+)$', 'g');
      const millis = millisOf(() => expect(() => run(pattern)).to.throw("the regular expression '^(?:(a+)+)$' backtracks: not done after 500 ms"));
      expect(millis).to.be.below(5000);
      expect(new BoundedRegExp('b').test('abc')).to.equal(true);
    });
  }

  for (const source of ['^(\\w|[a-z])+$', '^(a|a){50}$', '^(a?a)*$', '^(?:(?:a)+)+$', '^a?a?(a|aa)+$']) {
    it(`fails in bounded time where one repetition is enough for that, as in ${source}`, () => {
      const pattern = new BoundedRegExp(source);
      expect(millisOf(() => expect(() => pattern.test('a'.repeat(50) + '!')).to.throw('backtracks'))).to.be.below(5000);
    });
  }

  it('is soon through with what it does not watch', () => {
    const unwatched: [source: string, text: string][] = [
      ['^((a+)+)+$', `${'a'.repeat(15)}!`],
      ['^(a|a|a)+$', `${'a'.repeat(15)}!`],
      ['a+b', 'a'.repeat(9990)],
      ['a*a*b', 'a'.repeat(460)],
      ['a*a*a*b', 'a'.repeat(99)],
      ['a*a*a*a*b', 'a'.repeat(39)],
    ];
    for (const [source, text] of unwatched) {
      const pattern = new BoundedRegExp(source);
      expect(millisOf(() => expect(pattern.test(text)).to.equal(false)), source).to.be.below(5000);
    }
  });

  it('does otherwise what one of JavaScript does', () => {
    const sources = ['a+', '(a|b)*c', '(?<x>\\d+)-(?<y>\\d*)', '', ',', '[,;]+', '(?=b)', '^x', 'a{2,}b+', '\\s*,\\s*'];
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.constantFrom('', 'g', 'gi', 'gu'), fc.stringMatching(/^[abcx0-9,;\- ]{0,60}$/), (source, flags, text) => {
        const [ours, plain] = [new BoundedRegExp(source, flags), new RegExp(source, flags)];
        expect(text.split(ours)).to.deep.equal(text.split(plain));
        expect(text.replace(ours, '[$&]')).to.equal(text.replace(plain, '[$&]'));
        expect(text.match(ours)).to.deep.equal(text.match(plain));
        if (flags.includes('g')) expect([...text.matchAll(ours)]).to.deep.equal([...text.matchAll(plain)]);
        expect([ours.test(text), ours.lastIndex]).to.deep.equal([plain.test(text), plain.lastIndex]);
        expect([ours.exec(text), ours.lastIndex]).to.deep.equal([plain.exec(text), plain.lastIndex]);
      }),
    );
  });
});
