import { expect } from 'chai';
import { explanationOf, explanations } from './fuzz/explained.ts';
import { generate, shapes } from './fuzz/generate.ts';
import type { Difference } from './fuzz/replay.ts';
import { readRecording, replay } from './fuzz/replay.ts';

/** Functions that can do little but fail without a bean, a file or a component of their own, in values (`not`), or without a body of the class. */
const cannotSucceed = new Set(['bean', 'function', 'htmlClean', 'htmlDecode', 'htmlParse', 'load', 'throwException', 'simpleJsonpath', 'not', 'mandatoryBodyAs']);

/** A group of expressions that Camel's own process could not answer is left out of the recording. */
const leastOften = 25;

describe('made-up expressions of Simple', function () {
  this.timeout(300_000);
  const recording = readRecording();
  let differences: Difference[] = [];

  before(async () => {
    differences = await replay(recording);
  });

  it('are ten thousand, each function fifty times or nearly so, a quarter of them and more without a failure in Camel', () => {
    const counts = new Map<string, [all: number, fine: number]>();
    let total = 0;
    for (const { functions, expected } of recording) {
      functions.forEach((names, at) => {
        total++;
        for (const name of new Set(names)) {
          const count = counts.get(name) ?? [0, 0];
          counts.set(name, [count[0] + 1, count[1] + (expected.replies[at]!.exception ? 0 : 1)]);
        }
      });
    }
    expect(total).to.be.at.least(10_000);
    for (const name of Object.keys(shapes)) {
      const [all, fine] = counts.get(name) ?? [0, 0];
      expect(all, name).to.be.at.least(leastOften);
      if (!cannotSucceed.has(name)) expect(fine, `${name}: ${fine} of ${all}`).to.be.at.least(Math.min(25, all / 4));
    }
  });

  it('have the answers of Apache Camel, or an explanation', () => {
    const unexplained = differences.filter((difference) => explanationOf(difference) === null);
    expect(unexplained.map(({ source, camel, here }) => `${source}\n  Camel ${camel}\n  here  ${here}`).join('\n')).to.equal('');
  });

  it('are explained by rules of which each is needed, and which are few', () => {
    const used = new Set(differences.map(explanationOf));
    expect(explanations.map(({ reason }) => reason).filter((reason) => !used.has(reason))).to.deep.equal([]);
    expect(differences.length).to.be.at.most(450);
  });

  it('are the same for the same seed', () => expect(generate(7, 1, 5)).to.deep.equal(generate(7, 1, 5)));
});
