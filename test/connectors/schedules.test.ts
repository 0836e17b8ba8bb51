import { expect } from 'chai';
import type { Clock, Timer } from '../../src/core/clock.ts';
import { systemClock, VirtualClock } from '../../src/core/clock.ts';
import { looseSchedule, quartzSchedule } from '../../src/core/schedule/cron.ts';
import { cron } from '../../src/connectors/cron.ts';
import { quartz } from '../../src/connectors/quartz.ts';
import { scheduler } from '../../src/connectors/scheduler.ts';
import { dataset } from '../../src/connectors/dataset.ts';
import { once } from '../../src/connectors/once.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import type { ConnectorDefinition } from '../../src/core/connector.ts';
import { keepsConnectorContract, Surroundings, TestRoute } from '../contract/connector.ts';

const start = Date.UTC(2026, 0, 1);

async function run(definition: unknown, uri: string, millis: number, work?: () => unknown): Promise<TestRoute & { clock: VirtualClock; around: Surroundings; stop: () => Promise<void> }> {
  const clock = new VirtualClock(start);
  const around = new Surroundings({ clock });
  const target = new TestRoute(around.scope, work);
  const consumer = await around.consumer(definition as never, uri);
  await consumer.start(target);
  await clock.advance(millis);
  return Object.assign(target, { clock, around, stop: () => consumer.stop() });
}

const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    (thrown: Error) => thrown.message,
  );

describe('a cron expression', () => {
  const times = async (expression: string, count = 3, zone = 'UTC', make = quartzSchedule): Promise<string[]> => {
    const schedule = await make(expression, zone, start);
    const found: string[] = [];
    for (let at: number | null = schedule.next(start); at !== null && found.length < count; at = schedule.next(at)) found.push(new Date(at).toISOString().replace(':00.000Z', ''));
    return found;
  };

  for (const [expression, ...expected] of [
    ['0/20 * * * * ?', '2026-01-01T00:00:20.000Z', '2026-01-01T00:00:40.000Z', '2026-01-01T00:01'],
    ['0 5/25 10 * * ?', '2026-01-01T10:05', '2026-01-01T10:30', '2026-01-01T10:55'],
    ['0 0 12 L * ?', '2026-01-31T12:00', '2026-02-28T12:00', '2026-03-31T12:00'],
    ['0 0 12 LW * ?', '2026-01-30T12:00', '2026-02-27T12:00', '2026-03-31T12:00'],
    ['0 0 12 15W * ?', '2026-01-15T12:00', '2026-02-16T12:00', '2026-03-16T12:00'],
    ['0 0 12 ? * 6#3', '2026-01-16T12:00', '2026-02-20T12:00', '2026-03-20T12:00'],
    ['0 0 12 ? * FRIL', '2026-01-30T12:00', '2026-02-27T12:00', '2026-03-27T12:00'],
    ['0 0 12 ? * SUN', '2026-01-04T12:00', '2026-01-11T12:00', '2026-01-18T12:00'],
    ['0 0 12 ? * FRI-MON', '2026-01-02T12:00', '2026-01-03T12:00', '2026-01-04T12:00'],
    ['0 0 22-1 * * ?', '2026-01-01T01:00', '2026-01-01T22:00', '2026-01-01T23:00'],
    ['0 0 0 1 JAN ? 2027/2', '2027-01-01T00:00', '2029-01-01T00:00', '2031-01-01T00:00'],
  ] as const) {
    it(`knows ${expression}`, async () => expect(await times(expression)).to.deep.equal(expected));
  }

  it('has its time zone', async () => expect(await times('0 0 12 * * ?', 1, 'Europe/Stockholm')).to.deep.equal(['2026-01-01T11:00']));

  it('may have five fields and no question mark, where it is not Quartz', async () =>
    expect(await times('*/20 * * * *', 2, 'UTC', looseSchedule)).to.deep.equal(['2026-01-01T00:20', '2026-01-01T00:40']));

  it('is refused when it is wrong, with the reason', async () => {
    for (const [expression, reason] of [
      ['nonsense', 'it has 1 fields'],
      ['* * * * *', 'it has 5 fields'],
      ['0 0 12 * * *', 'must be `?`'],
      ['0 61 * * * ?', '`61` is no minutes (0 to 59)'],
      ['0 0 0 1 FOO ?', '`FOO` is no month'],
      ['0 0/0 * * * ?', '`0` is no step'],
      ['0 0 0 1 1 ? 2001', 'never fire'],
    ] as const) {
      expect(await failure(quartzSchedule(expression, 'UTC', start)), expression).to.contain(`CronExpression '${expression}' is invalid`).and.to.contain(reason);
    }
    expect(await failure(quartzSchedule('0 0 0 1 1 ?', 'Nope/Nowhere', start))).to.contain('Nope/Nowhere');
  });
});

describe('cron', () => {
  it('fires at the times of its schedule', async () => {
    expect((await run(cron, 'cron:x?schedule=0/10 * * * * ?', 35_000)).received).to.have.length(3);
    expect((await run(cron, 'cron:x?schedule=0/10+*+*+*+*+?', 35_000)).received).to.have.length(3);
  });

  it('has at most ten messages under way; ticks that come meanwhile are one', async () => {
    const target = await run(cron, 'cron:x?schedule=* * * * * ?', 0);
    target.isHolding = true;
    await target.clock.advance(15_000);
    expect(target.received).to.have.length(10);
    target.release();
    await target.clock.advance(0);
    expect(target.received).to.have.length(11);
  });

  it('goes by the clock of the system when that is set back', async () => {
    const target = await run(cron, 'cron:x?schedule=0/10 * * * * ?', 15_000);
    expect(target.received).to.have.length(1);
    const now = target.clock.now.bind(target.clock);
    target.clock.now = () => now() - 7_200_000;
    await target.clock.advance(30_000);
    expect(target.received.length).to.be.within(3, 4);
  });

  it('leaves no timer behind', async () => {
    const target = await run(cron, 'cron:x?schedule=* * * * * ?', 2000);
    await target.stop();
    expect(target.around.clock.waiting).to.equal(0);
  });
});

describe('quartz', () => {
  it('fires by its cron expression, and tells when', async () => {
    const [first] = (await run(quartz, 'quartz:g/n?cron=0/10 * * * * ?', 10_000)).received;
    expect(first!.headers.toObject()).to.deep.include({ triggerName: 'n', triggerGroup: 'g', fireTime: new Date(start + 10_000), nextFireTime: new Date(start + 20_000), previousFireTime: null });
  });

  it('fires every so often without one', async () => {
    expect((await run(quartz, 'quartz:n?trigger.repeatInterval=50&trigger.repeatCount=2', 5000)).received).to.have.length(3);
    expect((await run(quartz, 'quartz:n', 3500)).received).to.have.length(4);
  });

  it('never overlaps when it is stateful', async () => {
    const target = await run(quartz, 'quartz:n?cron=* * * * * ?&stateful=true', 0);
    target.isHolding = true;
    await target.clock.advance(5000);
    expect(target.received).to.have.length(1);
  });

  it('refuses what never fires, unless that is to be ignored', async () => {
    expect(await failure(run(quartz, 'quartz:n?cron=0 0 0 1 1 ? 2001', 0))).to.contain('never fire');
    expect((await run(quartz, 'quartz:n?cron=0 0 0 1 1 ? 2001&ignoreExpiredNextFireTime=true', 1000)).received).to.have.length(0);
    expect(await failure(run(quartz, 'quartz:n?cron=nonsense', 0))).to.contain("CronExpression 'nonsense' is invalid");
  });
});

describe('scheduler', () => {
  it('polls after its initial delay, and its delay after each message has left', async () => {
    const target = await run(scheduler, 'scheduler:x?initialDelay=100&delay=50', 100);
    expect(target.received).to.have.length(1);
    target.isHolding = true;
    await target.clock.advance(200);
    expect(target.received).to.have.length(2);
    target.releaseAll();
    await target.clock.advance(49);
    expect(target.received).to.have.length(2);
    await target.clock.advance(1);
    expect(target.received).to.have.length(3);
  });

  it('keeps its rate with useFixedDelay=false', async () => {
    const target = await run(scheduler, 'scheduler:x?initialDelay=0&delay=50&useFixedDelay=false', 0);
    target.isHolding = true;
    await target.clock.advance(80);
    target.releaseAll();
    await target.clock.advance(0);
    await target.clock.advance(20);
    expect(target.received.length).to.be.at.least(3);
  });

  it('ends after repeatCount polls', async () => {
    const target = await run(scheduler, 'scheduler:x?initialDelay=0&delay=10&repeatCount=3', 1000);
    expect(target.received).to.have.length(3);
    expect(target.around.clock.waiting).to.equal(0);
  });

  it('counts in its time unit', async () => {
    expect((await run(scheduler, 'scheduler:x?initialDelay=1&delay=2&timeUnit=SECONDS', 3000)).received).to.have.length(2);
  });

  it('polls again at once when it is greedy', async () => {
    expect((await run(scheduler, 'scheduler:x?initialDelay=0&delay=1000&greedy=true&repeatCount=20', 0)).received).to.have.length(20);
  });

  it('polls by a cron expression', async () => {
    expect((await run(scheduler, 'scheduler:x?scheduler=quartz&scheduler.cron=0/10 * * * * ?', 30_000)).received).to.have.length(3);
    expect(await failure(run(scheduler, 'scheduler:x?scheduler=quartz', 0))).to.contain('scheduler.cron is missing');
    expect(await failure(run(scheduler, 'scheduler:x?scheduler=other', 0))).to.contain('there is no scheduler `other`');
  });

  it('waits to be resumed with startScheduler=false', async () => {
    expect((await run(scheduler, 'scheduler:x?initialDelay=0&startScheduler=false', 5000)).received).to.have.length(0);
  });

  it('refuses a multiplier without a threshold', async () => {
    expect(await failure(run(scheduler, 'scheduler:x?backoffMultiplier=3', 0))).to.contain('backoffIdleThreshold and/or backoffErrorThreshold');
  });

  it('tells its name and time with includeMetadata', async () => {
    const [first] = (await run(scheduler, 'scheduler:x?initialDelay=0&repeatCount=1&includeMetadata=true', 0)).received;
    expect(first!.property('CamelTimerName')).to.equal('x');
    expect(first!.headers.get('CamelMessageTimestamp')).to.equal(start);
  });
});

/** Runs fifty times as fast as time: cron has no smaller unit than a second. */
class QuickClock implements Clock {
  private readonly begun = systemClock.now();

  now(): number {
    return start + (systemClock.now() - this.begun) * 50;
  }

  elapsed(): number {
    return systemClock.elapsed() * 50;
  }

  schedule(delayMillis: number, run: () => void): Timer {
    return systemClock.schedule(delayMillis / 50, run);
  }

  yield(run: () => void): void {
    systemClock.yield(run);
  }

  pending(): () => void {
    return systemClock.pending();
  }
}

const letters = 'abcdefghijklmnopqrstuvwxyz';
const makers: readonly (readonly [definition: unknown, uri: string, wrong: string, complaint: RegExp])[] = [
  [cron, 'cron:x?schedule=0/1 * * * * ?', 'cron:x?schedule=nonsense', /nonsense/],
  [quartz, 'quartz:x?cron=0/1 * * * * ?', 'quartz:x?cron=nonsense', /nonsense/],
  [scheduler, 'scheduler:x?initialDelay=0&delay=100', 'scheduler:x?backoffMultiplier=3', /backoff/],
  [once, 'once:x?delay=0', 'once:x?delay=soon', /delay/],
  [dataset, 'dataset:letters?initialDelay=0&produceDelay=200', 'dataset:letters?produceDelay=soon', /produceDelay/],
];

for (const [definition, uri, wrong, complaint] of makers) {
  const { scheme, notPromised } = definition as ConnectorDefinition;
  keepsConnectorContract(
    scheme,
    () => {
      const surroundings = new Surroundings({ clock: new QuickClock(), beans: { letters: { size: letters.length, body: (index: number) => letters[index] } } });
      // Those that are alike are told apart by when they come.
      const seen = new Map<Exchange, string>();
      const nameOf = (exchange: Exchange): string => {
        if (exchange.body !== null) return String(exchange.body);
        if (!seen.has(exchange)) seen.set(exchange, letters[seen.size] ?? '');
        return seen.get(exchange)!;
      };
      return Promise.resolve({
        surroundings,
        definition: definition as never,
        consumer: async (credit) => {
          const consumer = await surroundings.consumer(definition as never, uri);
          if (credit !== undefined) consumer.setCredit?.(credit);
          return consumer;
        },
        // They make their messages themselves.
        send: () => Promise.resolve(),
        nameOf,
        acknowledged: () => Promise.resolve([]),
        wrong: [
          [wrong, complaint],
          [`${uri}&nosuch=1`, /nosuch/],
        ],
        open: (other) => surroundings.consumer(definition as never, other),
        close: () => Promise.resolve(),
      });
    },
    notPromised,
  );
}
