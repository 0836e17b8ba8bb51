import { expect } from 'chai';
import { Source } from '../../src/core/diagnostics.ts';
import { Mecha } from '../../src/runtime/mecha.ts';

describe('compiling a route', () => {
  it('says once what a part of a step lacks, and nothing of what comes of it', async () => {
    const text = '- from:\n    uri: direct:a\n    steps:\n      - choice:\n          when:\n            - steps: [{ to: mock:a }]\n            - simple: "${body}"\n              steps: [{ to: mock:b }]\n';
    const problems = await Mecha.check({ sources: [new Source('a.yaml', text)], configuration: null, environment: {} });
    expect(problems.map(({ code, message }) => `${code} ${message}`)).to.deep.equal(['M0323 `when` has no expression']);
  });
});
