import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Verdict } from './score.ts';
import { judge, readDeviations, readLater } from './score.ts';

const folder = fileURLToPath(new URL('cases', import.meta.url));

const later = readLater(folder);

describe('compatibility with Apache Camel', function () {
  this.timeout(300_000);
  let verdicts = new Map<string, Verdict>();

  before(async () => {
    verdicts = new Map((await judge(folder, 4)).map((verdict) => [verdict.name, verdict]));
  });

  const shown = ({ differences, error }: Verdict): string => error ?? differences.map(({ path, expected, actual }) => `${path}: Camel ${JSON.stringify(expected)}, here ${JSON.stringify(actual)}`).join('\n');

  for (const name of readdirSync(folder).filter((file) => /\.ya?ml$/.test(file)).sort()) {
    const missing = later[name];
    if (missing === undefined) it(`answers ${name} as Camel does`, () => expect(shown(verdicts.get(name)!)).to.equal(''));
    else it(`does not answer ${name} as Camel does yet: ${missing}`, () => expect(shown(verdicts.get(name)!)).not.to.equal(''));
  }

  it('names a reason and our own answer for every deviation, in cases that are there, by at most a dozen rules', () => {
    const rules = readDeviations(folder);
    expect(rules.length).to.be.at.most(12);
    for (const { reason, answers } of rules) {
      expect(reason).to.match(/\w+/);
      for (const name of Object.keys(answers)) expect(verdicts.has(name), name).to.equal(true);
    }
  });
});
