import { expect } from 'chai';
import { optionCoverage, reasons } from './options.ts';

describe("the options of Camel's patterns", () => {
  const { held, reasoned, broken, open } = optionCoverage();

  it('each have a case in which another value changes the answer of Camel, or a reason why none has', () => expect(open).to.deep.equal([]));

  it('stand where the measurement found them', () => expect(broken).to.deep.equal([]));

  it('have, of more than seven hundred, a case for at least 469', () => {
    expect(held.length).to.be.at.least(469);
    expect(held.length + reasoned.length).to.be.at.least(700);
  });

  it('have reasons that are read from a list, by names and patterns', () => {
    const text = '# A\n\n## Options without a case\n\n- `a.b`, `*.c`: because of\n  two lines.\n- `d.*`: so.\n\n## More\n\n- `e.f`: not here.\n';
    expect(reasons(text)).to.deep.equal([
      { pattern: 'a.b', reason: 'because of two lines.' },
      { pattern: '*.c', reason: 'because of two lines.' },
      { pattern: 'd.*', reason: 'so.' },
    ]);
  });
});
