import { expect } from 'chai';
import { VirtualClock } from '../../../src/core/clock.ts';
import type { PollOptions } from '../../../src/core/schedule/polling.ts';
import { Poller } from '../../../src/core/schedule/polling.ts';

const options: PollOptions = {
  initialDelay: 0,
  delay: 10,
  timeUnit: 'MILLISECONDS',
  useFixedDelay: true,
  greedy: false,
  repeatCount: 0,
  backoffMultiplier: 0,
  backoffIdleThreshold: 0,
  backoffErrorThreshold: 0,
  startScheduler: true,
  runLoggingLevel: 'TRACE',
};

describe('a poller', () => {
  const polls = async (more: Partial<PollOptions>, poll: () => number, millis: number): Promise<number[]> => {
    const clock = new VirtualClock(0);
    const times: number[] = [];
    const poller = new Poller(
      { ...options, ...more },
      {
        clock,
        poll: () => {
          times.push(clock.now());
          return poll();
        },
        failed: () => undefined,
      },
    );
    poller.start();
    await clock.advance(millis);
    await poller.stop();
    expect(clock.waiting).to.equal(0);
    return times;
  };

  it('leaves polls out after idle ones', async () => {
    expect(await polls({ backoffMultiplier: 3, backoffIdleThreshold: 2 }, () => 0, 90)).to.deep.equal([0, 10, 50, 60]);
  });

  it('leaves polls out after failing ones', async () => {
    const fail = (): number => {
      throw new Error('no');
    };
    expect(await polls({ backoffMultiplier: 2, backoffErrorThreshold: 1 }, fail, 60)).to.deep.equal([0, 30, 60]);
  });

  it('goes on after a failing poll, and polls at once again only when it found something', async () => {
    let count = 0;
    const poll = (): number => {
      if (++count === 2) throw new Error('no');
      return count === 1 ? 1 : 0;
    };
    expect(await polls({ greedy: true }, poll, 20)).to.deep.equal([0, 0, 10, 20]);
  });

  it('resolves its stop when the poll that is under way is over', async () => {
    const clock = new VirtualClock(0);
    let finish: (found: number) => void = () => undefined;
    const poller = new Poller(options, { clock, poll: () => new Promise<number>((resolve) => (finish = resolve)), failed: () => undefined });
    poller.start();
    await clock.advance(0);
    let isOver = false;
    const stopping = poller.stop().then(() => (isOver = true));
    await clock.advance(100);
    expect(isOver).to.equal(false);
    finish(0);
    await stopping;
    expect(clock.waiting).to.equal(0);
  });
});
