import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import { printFailure, runTests } from '../../src/testing/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('tests of the example routes', function () {
  this.timeout(60_000);

  it('pass, and run every step but those of rare failures', async () => {
    const report = await runTests(['routes'], { inThisThread: true, folder: root });
    const failures = report.files.flatMap(({ results }) => results.flatMap((result) => result.failures));
    expect(await Promise.all(failures.map((failure) => printFailure(failure, false)))).to.deep.equal([]);
    expect(report.passed).to.be.greaterThan(8);
    const missing = report.coverage.filter(({ count }) => count === 0).map(({ at }) => at);
    expect(missing.length, missing.join(', ')).to.be.lessThan(report.coverage.length / 10);
  });
});
