import { expect } from 'chai';
import * as fc from 'fast-check';
import type { BreakerSettings } from '../../../src/core/graph/breaker.ts';
import { Breaker } from '../../../src/core/graph/breaker.ts';
import { VirtualClock } from '../../../src/core/clock.ts';

const settings: BreakerSettings = {
  failureRateThreshold: 50,
  slowCallRateThreshold: 100,
  slowCallMillis: 1000,
  window: 'COUNT_BASED',
  windowSize: 4,
  minimumCalls: 4,
  openMillis: 1000,
  opensHalfByItself: false,
  trialCalls: 2,
  trialMillis: 0,
  isStrictTrial: false,
};

const record = (breaker: Breaker, outcomes: string): void => {
  for (const outcome of outcomes) if (breaker.acquire()) breaker.record(outcome === 'x', outcome === 's' ? 2000 : 0);
};

describe('a breaker', () => {
  const after = (outcomes: string, given: Partial<BreakerSettings> = {}): string => {
    const breaker = new Breaker({ ...settings, ...given }, new VirtualClock());
    record(breaker, outcomes);
    return breaker.state;
  };

  it('does not judge before it has seen enough calls', () => expect([after('xxx'), after('xxxx')]).to.deep.equal(['CLOSED', 'OPEN']));
  it('opens at the rate, not above it', () => expect([after('xx..'), after('x...')]).to.deep.equal(['OPEN', 'CLOSED']));
  it('looks at the last calls only', () => expect([after('x...x...'), after('....x.x')]).to.deep.equal(['CLOSED', 'OPEN']));
  it('counts slow calls on their own', () => expect([after('ssss'), after('sss.')]).to.deep.equal(['OPEN', 'CLOSED']));

  it('looks at the last seconds only when its window is time', async () => {
    const clock = new VirtualClock();
    const breaker = new Breaker({ ...settings, window: 'TIME_BASED', windowSize: 2, minimumCalls: 2 }, clock);
    record(breaker, 'x');
    await clock.advance(2000);
    record(breaker, 'x');
    expect(breaker.state).to.equal('CLOSED');
    record(breaker, 'x');
    expect(breaker.state).to.equal('OPEN');
  });

  it('lets only its trial calls through when it is half open, and judges by them', async () => {
    const clock = new VirtualClock();
    const breaker = new Breaker(settings, clock);
    record(breaker, 'xxxx');
    await clock.advance(1000);
    expect([breaker.acquire(), breaker.acquire(), breaker.acquire(), breaker.state]).to.deep.equal([true, true, false, 'HALF_OPEN']);
    breaker.record(false, 0);
    breaker.record(true, 0);
    expect(breaker.state).to.equal('OPEN');
  });

  it('gives a trial back that counted neither way', async () => {
    const clock = new VirtualClock();
    const breaker = new Breaker({ ...settings, trialCalls: 1 }, clock);
    record(breaker, 'xxxx');
    await clock.advance(1000);
    breaker.acquire();
    breaker.release();
    expect(breaker.acquire()).to.equal(true);
  });

  it('is half open by itself, and opens again when its trial takes too long, when told so', async () => {
    const clock = new VirtualClock();
    const breaker = new Breaker({ ...settings, opensHalfByItself: true, trialMillis: 500 }, clock);
    record(breaker, 'xxxx');
    await clock.advance(1000);
    expect(breaker.state).to.equal('HALF_OPEN');
    await clock.advance(500);
    expect(breaker.state).to.equal('OPEN');
  });

  it('never opens when nothing fails and nothing is slow', () => fc.assert(fc.property(fc.nat({ max: 50 }), (calls) => after('.'.repeat(calls)) === 'CLOSED')));
});
