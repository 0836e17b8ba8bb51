import { expect } from 'chai';
import { functionNames } from '../../src/languages/simple/functions.ts';
import { explanationOf, explanations, ruleFor } from './fuzz/explained.ts';
import { generate, operators, shapes } from './fuzz/generate.ts';
import type { Difference } from './fuzz/replay.ts';
import { readRecording, replay } from './fuzz/replay.ts';

/** Operators of conditions, and of values. */
const allOperators = [...operators, '&&', '||', '++', '--', '?:', '~>', '?~>', '? :'];

/** Functions that are not asked about here, and why. */
const notAsked: Readonly<Record<string, string>> = {
  htmlClean: "Camel's need a module that was not to be had: html.test.ts looks at ours",
  htmlDecode: 'as htmlClean',
  htmlParse: 'as htmlClean',
  a2a: 'there is no component for it',
  file: 'it looks at headers of a file consumer: a case of its own does',
  logExchange: 'prints all that there is, with times: a case of its own does',
  hostName: 'as hostname',
  'in.body': 'as body',
  'in.header': 'as header',
  'in.headers': 'as headers',
  sysenv: 'as env',
  setAttachment: 'attachmentContentAs of what it sets fails in Camel: it has no content type',
  attachmentContent: 'as attachmentsContent',
  attachmentContentAs: 'as attachmentsContentAs',
  attachmentContentAsText: 'as attachmentsContentAsText',
  attachmentContentType: 'wants an attachment, which an expression alone can not have with a type: comp-platform-http-forms has it',
  attachmentHeader: 'as attachmentsHeader',
  attachmentHeaderAs: 'as attachmentsHeaderAs',
};

describe('made-up expressions of Simple', function () {
  this.timeout(300_000);
  const recording = readRecording();
  let differences: Difference[] = [];

  before(async () => {
    differences = await replay(recording);
  });

  it('are twenty thousand and more, each function and operator fifty times, half of these and more without a failure in Camel', () => {
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
    expect(total).to.be.at.least(20_000);
    for (const name of [...Object.keys(shapes), ...allOperators.map((operator) => `operator ${operator}`)]) {
      const [all, fine] = counts.get(name) ?? [0, 0];
      expect(all, name).to.be.at.least(50);
      expect(fine, `${name}: ${fine} of ${all}`).to.be.at.least(all / 2);
    }
  });

  it('leave out no function but those that say why', () => {
    expect(functionNames().filter((name) => !Object.hasOwn(shapes, name) && !Object.hasOwn(notAsked, name))).to.deep.equal([]);
    expect(Object.keys(notAsked).filter((name) => !functionNames().includes(name))).to.deep.equal([]);
  });

  it('have the answers of Apache Camel, or an explanation', () => {
    const unexplained = differences.filter((difference) => explanationOf(difference) === null);
    expect(unexplained.map(({ source, camel, here }) => `${source}\n  Camel ${camel}\n  here  ${here}`).join('\n')).to.equal('');
  });

  it('are explained by rules of which each is needed, and which explain one answer in ninety at most', () => {
    const used = new Set(differences.map(ruleFor));
    expect(explanations.filter((rule) => !used.has(rule)).map(({ reason, source, camel }) => `${reason} ${source} ${camel}`)).to.deep.equal([]);
    const total = recording.reduce((sum, { sources }) => sum + sources.length, 0);
    expect(differences.length).to.be.at.most(total / 90);
  });

  it('are the same for the same seed', () => expect(generate(7, 1, 5)).to.deep.equal(generate(7, 1, 5)));
});
