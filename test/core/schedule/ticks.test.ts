import { expect } from 'chai';
import { VirtualClock } from '../../../src/core/clock.ts';
import type { ConnectorContext, Sink } from '../../../src/core/connector.ts';
import { TickingConsumer } from '../../../src/core/schedule/ticks.ts';

const minute = 60_000;

/** What the system's clock says may jump; waits do not. */
class Settable extends VirtualClock {
  shift = 0;

  override now(): number {
    return super.now() + this.shift;
  }
}

describe('a tick that is long to come', () => {
  let clock: Settable;
  let began: number;
  let ticks: number[];
  let consumer: TickingConsumer;

  beforeEach(async () => {
    clock = new Settable();
    began = clock.now();
    ticks = [];
    const due = began + 10 * minute + 500;
    const sink = { exchange: () => ({}), push: () => void ticks.push(clock.now() - began) } as unknown as Sink;
    consumer = new TickingConsumer({ schedule: { next: (after) => (after < due ? due : null) }, atOnce: 1, isInOut: false, tick: () => ({}) }, { clock } as unknown as ConnectorContext);
    await consumer.start(sink);
  });
  afterEach(() => consumer.stop());

  it('comes at its time', async () => {
    await clock.advance(20 * minute);
    expect(ticks).to.deep.equal([10 * minute + 500]);
  });

  it('comes within a minute when the clock is set forward past it', async () => {
    await clock.advance(minute / 2);
    clock.shift = 15 * minute;
    await clock.advance(minute);
    expect(ticks).to.have.length(1);
  });

  it('comes at its time when the clock is set back', async () => {
    await clock.advance(minute / 2);
    clock.shift = -5 * minute;
    await clock.advance(30 * minute);
    expect(ticks).to.deep.equal([10 * minute + 500]);
  });
});
