import { expect } from 'chai';
import { VirtualClock } from '../../src/core/clock.ts';
import { mock, mocksOf } from '../../src/connectors/mock.ts';
import { Surroundings } from '../contract/connector.ts';

const definition = mock as never;

describe('mock', () => {
  let clock: VirtualClock;
  let around: Surroundings;

  beforeEach(() => {
    clock = new VirtualClock();
    around = new Surroundings({ clock });
  });

  const send = async (uri: string, ...bodies: unknown[]): Promise<void> => {
    const producer = await around.producer(definition, uri);
    for (const body of bodies) await around.send(producer, around.exchange(body));
  };

  it('keeps messages as they were when they came', async () => {
    const producer = await around.producer(definition, 'mock:out');
    const exchange = around.exchange('before', { h: 1 });
    await around.send(producer, exchange);
    exchange.body = 'after';
    exchange.headers.set('h', 2);
    const [kept] = mocksOf(around.context).get('out').received;
    expect([kept!.body, kept!.headers.get('h'), kept!.unitOfWork, kept!.id === exchange.id]).to.deep.equal(['before', 1, null, true]);
  });

  it('keeps the exchange itself with copyOnExchange=false', async () => {
    const exchange = around.exchange('x');
    await around.send(await around.producer(definition, 'mock:out?copyOnExchange=false'), exchange);
    expect(mocksOf(around.context).get('mock:out?copyOnExchange=false').received[0]).to.equal(exchange);
  });

  it('keeps only as many of the first and the last as it is told, and counts all', async () => {
    await send('mock:first?retainFirst=2', 1, 2, 3);
    await send('mock:last?retainLast=2', 1, 2, 3);
    await send('mock:both?retainFirst=1&retainLast=1', 1, 2, 3);
    await send('mock:none?retainFirst=0', 1, 2, 3);
    const mocks = mocksOf(around.context);
    expect(mocks.get('first?retainFirst=2').bodies).to.deep.equal([1, 2]);
    expect(mocks.get('last?retainLast=2').bodies).to.deep.equal([2, 3]);
    expect(mocks.get('both?retainFirst=1&retainLast=1').bodies).to.deep.equal([1, 3]);
    expect(mocks.get('none?retainFirst=0').bodies).to.deep.equal([]);
    expect(mocks.get('none?retainFirst=0').count).to.equal(3);
  });

  it('tells when enough have come, or that they have not', async () => {
    const out = mocksOf(around.context).get('out');
    const waiting = out.waitFor(2, 100);
    await send('mock:out', 1, 2);
    expect((await waiting).map(({ body }) => body)).to.deep.equal([1, 2]);
    expect(around.clock.waiting).to.equal(0);
    const missing = out.waitFor(3, 100).then(
      () => 'came',
      (thrown: Error) => thrown.message,
    );
    await clock.advance(100);
    expect(await missing).to.equal('mock:out got 2 of 3 expected exchanges within 100 ms');
  });

  it('forgets what it has when it is reset', async () => {
    await send('mock:out', 1);
    const out = mocksOf(around.context).get('out');
    out.reset();
    expect([out.count, out.received]).to.deep.equal([0, []]);
  });

  it('asserts what its URI expects', async () => {
    await send('mock:out?expectedCount=2', 1, 2);
    const out = mocksOf(around.context).get('out?expectedCount=2');
    await out.assertSatisfied();
    await send('mock:none?expectedCount=0', 1);
    const tooMany = await mocksOf(around.context)
      .get('none?expectedCount=0')
      .assertSatisfied()
      .then(
        () => null,
        (thrown: Error) => thrown.message,
      );
    expect(tooMany).to.equal('mock:none?expectedCount=0 got 1 exchanges, expected 0');
  });

  it('logs arrivals and throughput where it is asked to', async () => {
    await send('mock:out?log=true&reportGroup=2', 'a', 'b');
    expect(around.logs).to.deep.equal([
      'info mock:out?log=true&reportGroup=2 received #1: a',
      'info mock:out?log=true&reportGroup=2 received #2: b',
      'info mock:out?log=true&reportGroup=2 received 2 messages, the last 2 in 0 ms',
    ]);
  });
});
