import { expect } from 'chai';
import { withProgress } from '../../src/cli/progress.ts';
import { TestTerminal } from './terminal.ts';

/** Tells of its progress until something was drawn, or for so long. */
const work = (terminal: TestTerminal, mostMillis = 5000) => async (progress: (what: string, done: number, all: number) => void): Promise<string> => {
  const begun = performance.now();
  for (let done = 0; performance.now() - begun < mostMillis; done++) {
    progress('reading', done % 100, 100);
    if (terminal.err.text !== '') break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return 'result';
};

describe('the progress of long work', () => {
  const onTerminal = (): TestTerminal => {
    const terminal = new TestTerminal();
    Object.assign(terminal.err, { isTTY: true });
    return terminal;
  };

  it('is a bar on a terminal, which is gone at the end', async () => {
    const terminal = onTerminal();
    expect(await withProgress(terminal, false, work(terminal))).to.equal('result');
    expect(terminal.err.text).to.match(/^\r\u001b\[2Kreading \[#*\.*\] \d+ of 100\r\u001b\[2K$/);
  });

  it('is gone when the work fails', async () => {
    const terminal = onTerminal();
    const failing = withProgress(terminal, false, async (progress) => {
      await work(terminal)(progress);
      throw new Error('over');
    });
    expect(await failing.catch((thrown: Error) => thrown.message)).to.equal('over');
    expect(terminal.err.text).to.match(/\r\u001b\[2K$/);
  });

  it('is not shown for a program, without a terminal, in CI, and for what is done at once', async () => {
    const forProgram = onTerminal();
    await withProgress(forProgram, true, work(forProgram, 700));
    const piped = new TestTerminal();
    await withProgress(piped, false, work(piped, 700));
    const inCi = onTerminal();
    inCi.environment['CI'] = 'true';
    await withProgress(inCi, false, work(inCi, 700));
    const short = onTerminal();
    await withProgress(short, false, async (progress) => progress('reading', 1, 2));
    expect([forProgram, piped, inCi, short].map(({ err }) => err.text)).to.deep.equal(['', '', '', '']);
  });
});
