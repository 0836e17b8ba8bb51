import { expect } from 'chai';
import { accepts, readVerdicts, reasonOf, rules, scalars } from './schemaVerdicts.ts';

describe("the schema beside Camel's", function () {
  this.timeout(120_000);
  const verdicts = readVerdicts();
  const differences = verdicts.map((verdict) => ({ verdict, complaint: accepts(verdict.document) })).filter(({ verdict, complaint }) => verdict.inCamel !== (complaint === null));

  it('is asked about hundreds of case files and thousands of random documents, valid and broken', () => {
    const count = (kind: string): number => verdicts.filter((verdict) => verdict.kind === kind).length;
    expect(count('cases')).to.be.at.least(400);
    expect(count('random, valid')).to.be.at.least(1500);
    expect(count('random, broken')).to.be.at.least(1500);
    expect(verdicts.filter(({ inCamel }) => !inCamel)).to.have.length.above(700);
  });

  it('accepts what that accepts and refuses what that refuses, but for what has a reason', () => {
    const unexplained = differences.filter(({ verdict, complaint }) => reasonOf(verdict, complaint) === null);
    expect(unexplained.map(({ verdict, complaint }) => `${verdict.inCamel ? 'only Camel accepts' : 'only ours accepts'}: ${complaint ?? verdict.complaint}\n  ${JSON.stringify(verdict.document).slice(0, 300)}`).join('\n')).to.equal('');
  });

  it('has no reason that explains nothing, and no more differences than there are', () => {
    const used = new Set(differences.map(({ verdict, complaint }) => reasonOf(verdict, complaint)));
    expect([...rules.map(({ reason }) => reason), scalars].filter((reason) => !used.has(reason))).to.deep.equal([]);
    const beyondScalars = differences.filter(({ verdict, complaint }) => reasonOf(verdict, complaint) !== scalars);
    expect(beyondScalars.length / verdicts.length).to.be.below(0.165);
  });
});
