import { expect } from 'chai';
import fc from 'fast-check';
import { ExchangeError, toExchangeError } from '../../src/core/errors.ts';
import { Exchange } from '../../src/core/exchange/exchange.ts';
import type { Clause, RedeliveryPolicy } from '../../src/runtime/redelivery.ts';
import { defaultRedelivery, matchingClause, redeliveryDelay } from '../../src/runtime/redelivery.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { eventually, mockOf, routesFile, runtimeWith } from './rig.ts';

const policies: fc.Arbitrary<RedeliveryPolicy> = fc.record({
  maximumRedeliveries: fc.integer({ min: -1, max: 5 }),
  redeliveryDelay: fc.integer({ min: 0, max: 10_000 }),
  maximumRedeliveryDelay: fc.integer({ min: 0, max: 60_000 }),
  useExponentialBackOff: fc.boolean(),
  backOffMultiplier: fc.double({ min: 1, max: 5, noNaN: true }),
  useCollisionAvoidance: fc.constant(false),
  collisionAvoidanceFactor: fc.double({ min: 0, max: 1, noNaN: true }),
  delayPattern: fc.constant(null),
  allowRedeliveryWhileStopping: fc.boolean(),
  asyncDelayedRedelivery: fc.boolean(),
});

/** The waits of so many attempts in a row. */
function delays(policy: RedeliveryPolicy, count: number, random?: () => number): number[] {
  const found: number[] = [];
  for (let attempt = 1; attempt <= count; attempt++) found.push(redeliveryDelay(policy, found.at(-1) ?? 0, attempt, random));
  return found;
}

describe('the wait before another attempt', () => {
  it('never shrinks from one attempt to the next, and never passes its bound', () =>
    fc.assert(
      fc.property(policies, (policy) => {
        const list = delays(policy, 10);
        list.slice(1).forEach((delay, at) => expect(delay).to.be.at.least(list[at]!));
        if (policy.maximumRedeliveryDelay > 0) for (const delay of list) expect(delay).to.be.at.most(policy.maximumRedeliveryDelay);
      }),
    ));

  it('is the same each time without back-off, and grows by the multiplier with it', () => {
    expect(delays({ ...defaultRedelivery, redeliveryDelay: 300 }, 3)).to.deep.equal([300, 300, 300]);
    expect(delays({ ...defaultRedelivery, redeliveryDelay: 300, useExponentialBackOff: true, backOffMultiplier: 3, maximumRedeliveryDelay: 5000 }, 4)).to.deep.equal([300, 900, 2700, 5000]);
  });

  it('follows a pattern where there is one', () => {
    const policy = { ...defaultRedelivery, delayPattern: [[1, 100], [3, 1000], [5, 5000]] as const };
    expect(delays(policy, 6)).to.deep.equal([100, 100, 1000, 1000, 5000, 5000]);
    expect(delays({ ...policy, delayPattern: [[2, 100]] }, 3)).to.deep.equal([0, 100, 100]);
  });

  it('strays by no more than the factor, both ways', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.array(fc.double({ min: 0, max: 0.999999, noNaN: true }), { minLength: 2, maxLength: 2 }), (redeliveryMillis, factor, draws) => {
        let at = 0;
        const delay = redeliveryDelay({ ...defaultRedelivery, maximumRedeliveryDelay: 0, redeliveryDelay: redeliveryMillis, useCollisionAvoidance: true, collisionAvoidanceFactor: factor }, 0, 1, () => draws[at++ % 2]!);
        expect(Math.abs(delay - redeliveryMillis)).to.be.at.most(redeliveryMillis * factor + 1);
      }),
    ));
});

const clause = (name: string, classes: readonly string[], more: Partial<Clause> = {}): Clause & { readonly name: string } => ({
  name,
  classes,
  onWhen: null,
  policy: defaultRedelivery,
  retryWhile: null,
  handled: null,
  continued: null,
  useOriginalMessage: false,
  useOriginalBody: false,
  steps: null,
  onRedelivery: null,
  onOccurred: null,
  isRouteScoped: false,
  isForAll: false,
  ...more,
});

const chosen = (clauses: readonly Clause[], error: unknown): string | null => (matchingClause(clauses, new Exchange(), toExchangeError(error)) as { name: string } | null)?.name ?? null;

describe('the onException that takes a failure', () => {
  const io = clause('io', ['java.io.IOException']);
  const file = clause('file', ['java.io.FileNotFoundException']);
  const any = clause('any', ['java.lang.Exception']);
  const notFound = new ExchangeError('java.io.FileNotFoundException', 'a.txt');

  it('is the one with the nearest class, in whatever order they stand', () =>
    fc.assert(
      fc.property(fc.shuffledSubarray([io, file, any], { minLength: 3 }), (clauses) => {
        expect(chosen(clauses, notFound)).to.equal('file');
        expect(chosen(clauses, new ExchangeError('java.io.IOException', 'x'))).to.equal('io');
        expect(chosen(clauses, new ExchangeError('java.lang.IllegalStateException', 'x'))).to.equal('any');
      }),
    ));

  it('is found by a cause, too, and the root cause comes first', () => {
    const wrapped = new ExchangeError('java.lang.IllegalStateException', 'outer', { cause: notFound });
    expect(chosen([clause('outer', ['java.lang.IllegalStateException']), file], wrapped)).to.equal('file');
    expect(chosen([clause('outer', ['java.lang.IllegalStateException'])], wrapped)).to.equal('outer');
  });

  it('is one of the route before one of the file', () => {
    expect(chosen([file, clause('of the route', ['java.io.FileNotFoundException'], { isRouteScoped: true })], notFound)).to.equal('of the route');
  });

  it('is asked whether it wants it', () => {
    expect(chosen([{ ...file, onWhen: () => false } as Clause, io], notFound)).to.equal('io');
    expect(chosen([{ ...file, onWhen: () => false } as Clause], notFound)).to.equal(null);
  });

  it('names classes of JavaScript errors as they are, and those of the language and of Node as Java has them', () => {
    class OutOfStock extends Error {
      override name = 'OutOfStock';
    }
    expect(chosen([any, clause('stock', ['OutOfStock'])], new OutOfStock('none left'))).to.equal('stock');
    expect(chosen([any], new OutOfStock('none left'))).to.equal('any');
    expect(chosen([any, clause('argument', ['java.lang.IllegalArgumentException'])], new TypeError('x'))).to.equal('argument');
    expect(chosen([any, clause('connect', ['java.net.ConnectException'])], Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).to.equal('connect');
    expect(chosen([io], Object.assign(new Error('x'), { code: 'ENOENT' }))).to.equal('io');
    expect(chosen([any], 'just a text')).to.equal('any');
    expect(chosen([clause('throwable', ['java.lang.Throwable'])], new Error('x'))).to.equal('throwable');
  });
});

describe('redelivery', () => {
  it('waits as its policy says, starts each attempt with the message of before, and ends though a step removes its headers', async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    const bodies: unknown[] = [];
    const beans = {
      work: (exchange: Exchange) => {
        times.push(clock.now());
        bodies.push(exchange.body);
        exchange.body = 'spoilt';
        exchange.headers.remove('CamelRedeliveryCounter');
        throw new Error('always');
      },
    };
    const runtime = runtimeWith({ clock, beans });
    await runtime.start([
      routesFile(`- errorHandler: { deadLetterChannel: { deadLetterUri: "mock:dead", redeliveryPolicy: { maximumRedeliveries: 3, redeliveryDelay: 100, useExponentialBackOff: true, backOffMultiplier: 2 } } }
- route: { id: a, from: { uri: "direct:a", steps: [ { process: { ref: work } }, { to: "mock:after" } ] } }
`),
    ]);
    const start = clock.now();
    const sent = runtime.send('direct:a', 'fresh');
    await clock.advance(2000);
    await sent;
    expect(times.map((time) => time - start)).to.deep.equal([0, 100, 300, 700]);
    expect(bodies).to.deep.equal(['fresh', 'fresh', 'fresh', 'fresh']);
    expect(mockOf(runtime, 'dead').count).to.equal(1);
    expect(mockOf(runtime, 'after').count).to.equal(0);
    const stopping = runtime.stop();
    await clock.advance(100_000);
    await stopping;
  });
});

describe('a condition that gives its answer later', () => {
  const throwing = { throwException: { exceptionType: 'java.lang.IllegalStateException', message: 'x' } };
  const to = (name: string): object => ({ to: `mock:${name}` });
  const condition = { method: { ref: 'later' } };

  async function counts(first: object, steps: readonly object[], body: string): Promise<Record<string, number>> {
    const runtime = runtimeWith({ beans: { later: async (answered: unknown): Promise<boolean> => Promise.resolve(answered === 'yes') } });
    await runtime.start([routesFile([first, { from: { uri: 'direct:a', steps } }])]);
    await runtime.send('direct:a', body).catch(() => {});
    await eventually(() => expect(mockOf(runtime, 'begun').count).to.equal(1));
    await runtime.stop();
    return Object.fromEntries(['clause', 'after', 'other'].map((name) => [name, mockOf(runtime, name).count]));
  }

  const places: readonly (readonly [string, object, readonly object[], object, object])[] = [
    ['onWhen of onException', { onException: { exception: ['java.lang.Exception'], onWhen: condition, steps: [to('clause')] } }, [throwing], { clause: 1, after: 0, other: 0 }, { clause: 0, after: 0, other: 0 }],
    ['continued', { onException: { exception: ['java.lang.Exception'], continued: condition, steps: [to('clause')] } }, [throwing, to('after')], { clause: 1, after: 1, other: 0 }, { clause: 1, after: 0, other: 0 }],
    ['onWhen of onCompletion', { onCompletion: { onWhen: condition, steps: [to('clause')] } }, [to('after')], { clause: 1, after: 1, other: 0 }, { clause: 0, after: 1, other: 0 }],
    ['onWhen of onCompletion before the consumer', { onCompletion: { mode: 'BeforeConsumer', onWhen: condition, steps: [to('clause')] } }, [to('after')], { clause: 1, after: 1, other: 0 }, { clause: 0, after: 1, other: 0 }],
    ['onWhen of interceptSendToEndpoint', { interceptSendToEndpoint: { uri: 'mock:other', skipSendToOriginalEndpoint: 'true', onWhen: condition, steps: [to('clause')] } }, [to('other')], { clause: 1, after: 0, other: 0 }, { clause: 0, after: 0, other: 1 }],
  ];
  for (const [place, first, steps, yes, no] of places) {
    it(`is waited for: ${place}`, async () => {
      expect(await counts(first, [to('begun'), ...steps], 'yes')).to.deep.equal(yes);
      expect(await counts(first, [to('begun'), ...steps], 'no')).to.deep.equal(no);
    });
  }

  it('is waited for: handled, and retryWhile', async () => {
    for (const [body, isFailed] of [['yes', false], ['no', true]] as const) {
      let attempts = 0;
      const runtime = runtimeWith({ beans: { later: async (answered: unknown): Promise<boolean> => Promise.resolve(answered === 'yes'), once: async (): Promise<boolean> => Promise.resolve(++attempts < 3) } });
      await runtime.start([routesFile([{ onException: { exception: ['java.lang.Exception'], handled: condition, retryWhile: { method: { ref: 'once' } }, redeliveryPolicy: { redeliveryDelay: 0 } } }, { from: { uri: 'direct:a', steps: [throwing] } }])]);
      const failed = await runtime.send('direct:a', body).then((exchange) => exchange.isFailed, () => true);
      expect(failed, body).to.equal(isFailed);
      expect(attempts, body).to.equal(3);
      await runtime.stop();
    }
  });
});
