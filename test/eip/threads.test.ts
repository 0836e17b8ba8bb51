import { expect } from 'chai';
import { threads } from '../../src/eip/threads.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { stepAside } from '../../src/core/exchange/poolThread.ts';
import { bodies, exchangeOf, graph, stepContext } from '../contract/operator.ts';

type Given = Partial<Parameters<typeof threads.operator>[0]>;

/** Exchanges stay in what stands behind the step until they leave. */
function pooled(given: Given, registry: Record<string, unknown> = {}) {
  const base = stepContext();
  const context = { ...base, beans: { get: (name: string) => registry[name], names: () => Object.keys(registry) } } as ReturnType<typeof stepContext>;
  const { feed, left } = graph(threads.operator({ callerRunsWhenRejected: true, ...given } as Parameters<typeof threads.operator>[0], context));
  const send = (body: string): Exchange => {
    const exchange = exchangeOf(body);
    exchange.way = { outer: null, back: () => undefined };
    feed(exchange);
    return exchange;
  };
  return { send, left, tick: () => base.clock.advance(0), clock: base.clock };
}

describe('threads', () => {
  it('lets the caller go on first, and keeps the order', async () => {
    const { send, left, tick } = pooled({});
    send('a');
    send('b');
    expect(left).to.have.length(0);
    await tick();
    expect(bodies(left)).to.deep.equal(['a', 'b']);
  });

  it('has as many under way as the pool has threads; the next goes on when one has come to its end', async () => {
    const { send, left, tick } = pooled({ poolSize: 2, maxPoolSize: 2 });
    for (const body of ['a', 'b', 'c', 'd']) send(body);
    await tick();
    expect(bodies(left)).to.deep.equal(['a', 'b']);
    left[1]!.leave();
    await tick();
    expect(bodies(left)).to.deep.equal(['a', 'b', 'c']);
    left[0]!.leave();
    left[2]!.leave();
    await tick();
    expect(bodies(left)).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('counts nobody who waits for something else', async () => {
    const { send, left, tick } = pooled({ poolSize: 1, maxPoolSize: 1 });
    send('a');
    send('b');
    await tick();
    stepAside(left[0]!);
    await tick();
    expect(bodies(left)).to.deep.equal(['a', 'b']);
    // It has left its thread: at its end there is none to give back.
    left[0]!.leave();
    send('c');
    await tick();
    expect(left).to.have.length(2);
  });

  it('goes beyond the core when no more may wait', async () => {
    const { send, left, tick } = pooled({ poolSize: 1, maxPoolSize: 2, maxQueueSize: 1 });
    for (const body of ['a', 'b', 'c']) send(body);
    await tick();
    expect(bodies(left)).to.deep.equal(['a', 'c']);
  });

  it('keeps what it has beyond the core for the time that is said', async () => {
    for (const [idle, expected] of [[900, 2], [1000, 1]] as const) {
      const { send, left, tick, clock } = pooled({ poolSize: 1, maxPoolSize: 2, maxQueueSize: 1, keepAliveTime: 1 });
      for (const body of ['a', 'b', 'c']) send(body);
      await tick();
      for (const exchange of [...left]) exchange.leave();
      await tick();
      left.splice(0).forEach((exchange) => exchange.property('MechaThread') !== undefined && exchange.body === 'b' && exchange.leave());
      await clock.advance(idle);
      send('d');
      send('e');
      await tick();
      expect(left, `idle for ${idle} ms`).to.have.length(expected);
    }
  });

  it('lets the caller do what is too much', async () => {
    const { send, left, tick } = pooled({ poolSize: 1, maxPoolSize: 1, maxQueueSize: 1 });
    for (const body of ['a', 'b', 'c']) send(body);
    expect(bodies(left)).to.deep.equal(['c']);
    await tick();
    expect(bodies(left)).to.deep.equal(['c', 'a']);
  });

  for (const given of [{ rejectedPolicy: 'Abort' as const }, { callerRunsWhenRejected: false }]) {
    it(`fails what is too much with ${JSON.stringify(given)}`, async () => {
      const { send, tick } = pooled({ poolSize: 1, maxPoolSize: 1, maxQueueSize: 0, ...given });
      const [a, b] = [send('a'), send('b')];
      await tick();
      expect(a.exception).to.equal(null);
      expect(b.exception!.type).to.equal('java.util.concurrent.RejectedExecutionException');
    });
  }

  it('lets what is too much, and its source, wait for room', async () => {
    const { send, left, tick } = pooled({ poolSize: 1, maxPoolSize: 1, maxQueueSize: 1, rejectedPolicy: 'Block' });
    for (const body of ['a', 'b', 'c', 'd']) send(body);
    for (let i = 0; i < 4; i++) {
      await tick();
      expect(left).to.have.length(i + 1);
      left[i]!.leave();
    }
    expect(bodies(left)).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('takes its sizes from a profile', async () => {
    const { send, left, tick } = pooled({ executorService: 'two' }, { two: { poolSize: 2, maxPoolSize: 2 } });
    for (const body of ['a', 'b', 'c']) send(body);
    await tick();
    expect(left).to.have.length(2);
  });

  for (const [given, message] of [
    [{ maxPoolSize: 1 }, '`maxPoolSize` must be at least `poolSize`: 1 is less than 10'],
    [{ poolSize: 0, maxPoolSize: 0 }, '`maxPoolSize` must be at least 1'],
    [{ keepAliveTime: 0 }, '`keepAliveTime` must be more than 0 where `allowCoreThreadTimeOut` is true'],
    [{ executorService: 'two', poolSize: 1 }, '`executorService` and `poolSize` exclude each other'],
    [{ executorService: 'two', threadName: 'x' }, '`executorService` and `threadName` exclude each other'],
  ] as const) {
    it(`refuses ${JSON.stringify(given)}`, () => {
      expect(() => pooled(given, { two: {} })).to.throw(message);
    });
  }
});
