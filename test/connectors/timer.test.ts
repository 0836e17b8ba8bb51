import { expect } from 'chai';
import { systemClock, VirtualClock } from '../../src/core/clock.ts';
import { parseTime, timer } from '../../src/connectors/timer.ts';
import { keepsConnectorContract, Surroundings, TestRoute } from '../contract/connector.ts';

const virtual = async (uri: string, work?: () => unknown): Promise<{ clock: VirtualClock; target: TestRoute; around: Surroundings; consumer: Awaited<ReturnType<Surroundings['consumer']>> }> => {
  const clock = new VirtualClock();
  const around = new Surroundings({ clock });
  const target = new TestRoute(around.scope, work);
  const consumer = await around.consumer(timer as never, uri);
  await consumer.start(target);
  return { clock, target, around, consumer };
};

describe('timer', () => {
  it('fires after its delay and then every period', async () => {
    const { clock, target } = await virtual('timer:x?delay=50&period=100');
    await clock.advance(49);
    expect(target.received).to.have.length(0);
    await clock.advance(1);
    expect(target.received).to.have.length(1);
    await clock.advance(300);
    expect(target.received).to.have.length(4);
  });

  it('takes a second for delay and period when nothing is said', async () => {
    const { clock, target } = await virtual('timer:x');
    await clock.advance(3000);
    expect(target.received).to.have.length(3);
  });

  it('ends after repeatCount messages', async () => {
    const { clock, target, around } = await virtual('timer:x?delay=0&period=10&repeatCount=3');
    await clock.advance(1000);
    expect(target.received).to.have.length(3);
    expect(around.clock.waiting).to.equal(0);
  });

  it('fires once with a period of 0', async () => {
    const { clock, target } = await virtual('timer:x?delay=0&period=0');
    await clock.advance(1000);
    expect(target.received).to.have.length(1);
  });

  it('fires without any pause with a negative delay', async () => {
    const { clock, target } = await virtual('timer:x?delay=-1&repeatCount=100');
    await clock.advance(0);
    expect(target.received).to.have.length(100);
  });

  it('never overlaps: a late tick comes when the message before has left', async () => {
    const { clock, target } = await virtual('timer:x?delay=0&period=10');
    target.isHolding = true;
    await clock.advance(35);
    expect(target.received).to.have.length(1);
    target.release();
    await clock.advance(0);
    expect(target.received).to.have.length(2);
    target.release();
    await clock.advance(9);
    expect(target.received, 'the period counts from the late one').to.have.length(2);
    await clock.advance(1);
    expect(target.received).to.have.length(3);
  });

  it('catches up with late ticks at a fixed rate', async () => {
    const { clock, target } = await virtual('timer:x?delay=0&period=10&fixedRate=true');
    target.isHolding = true;
    await clock.advance(35);
    target.releaseAll();
    await clock.advance(0);
    expect(target.received).to.have.length(4);
  });

  it('goes on when messages fail', async () => {
    const { clock, target } = await virtual('timer:x?delay=0&period=10', () => {
      throw new Error('no');
    });
    await clock.advance(30);
    expect(target.received).to.have.length(4);
  });

  it('sets nothing but the null body, unless includeMetadata is on', async () => {
    const { clock, target } = await virtual('timer:x?delay=0&repeatCount=1');
    await clock.advance(0);
    const [exchange] = target.received;
    expect(exchange!.body).to.equal(null);
    expect(exchange!.headers.size).to.equal(0);
    expect(exchange!.hasProperties).to.equal(false);
    expect(exchange!.isInOut).to.equal(false);
  });

  it('tells name, counter, period and time with includeMetadata', async () => {
    const { clock, target } = await virtual('timer:tick?delay=5&period=20&repeatCount=2&includeMetadata=true');
    await clock.advance(100);
    const [, second] = target.received;
    expect(second!.property('CamelTimerName')).to.equal('tick');
    expect(second!.property('CamelTimerCounter')).to.equal(2);
    expect(second!.property('CamelTimerPeriod')).to.equal(20);
    expect(second!.headers.get('CamelTimerFiredTime')).to.deep.equal(new Date(Date.UTC(2026, 0, 1) + 25));
    expect(second!.headers.get('CamelMessageTimestamp')).to.equal(Date.UTC(2026, 0, 1) + 25);
  });

  it('makes requests with exchangePattern=InOut', async () => {
    const { clock, target } = await virtual('timer:x?delay=0&repeatCount=1&exchangePattern=InOut');
    await clock.advance(0);
    expect(target.received[0]!.isInOut).to.equal(true);
  });

  it('begins at its time, or at once when that has passed', async () => {
    const later = await virtual(`timer:x?time=2026-01-02T00:00:00&period=0`);
    await later.clock.advance(0);
    expect(later.target.received).to.have.length(0);
    await later.clock.advance(2 * 86_400_000);
    expect(later.target.received).to.have.length(1);
    const passed = await virtual('timer:x?time=2020-01-01 00:00:00&period=0');
    await passed.clock.advance(0);
    expect(passed.target.received).to.have.length(1);
  });

  it('reads times by their pattern', () => {
    expect(new Date(parseTime('31.12.2029', 'dd.MM.yyyy'))).to.deep.equal(new Date(2029, 11, 31));
    expect(new Date(parseTime('2029-12-31T23:59:58', "yyyy-MM-dd'T'HH:mm:ss"))).to.deep.equal(new Date(2029, 11, 31, 23, 59, 58));
    expect(() => parseTime('nonsense', 'yyyy-MM-dd HH:mm:ss')).to.throw('Unparseable date: "nonsense"');
    expect(() => parseTime('1', 'EEE')).to.throw('not supported');
  });
});

keepsConnectorContract(
  'timer',
  async () => {
    const around = new Surroundings({ clock: systemClock });
    return {
      surroundings: around,
      definition: timer as never,
      consumer: () => around.consumer(timer as never, 'timer:t?delay=0&period=1&includeMetadata=true'),
      send: async () => {},
      nameOf: (exchange) => String.fromCharCode(96 + Number(exchange.property('CamelTimerCounter'))),
      acknowledged: async () => [],
      wrong: [
        ['timer:x?time=nonsense', /nonsense/],
        ['timer:x?perod=5', /perod/],
      ],
      open: async (uri) => around.consumer(timer as never, uri),
      close: async () => {},
    };
  },
  timer.notPromised,
);
