import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import type { Expression } from '../../src/core/expression.ts';
import { perform, sequence } from '../../src/core/graph/flow.ts';
import { throttle } from '../../src/eip/throttle.ts';
import { bodies, exchangeOf, exchanges, graph, marbles, run, runLater, stepContext } from '../contract/operator.ts';

const options = {
  expression: (() => 2) as Expression,
  mode: 'TotalRequests' as const,
  correlationExpression: undefined,
  rejectExecution: false,
  timePeriodMillis: 1000,
  asyncDelayed: false,
  callerRunsWhenRejected: true,
  executorService: undefined,
};

describe('throttle', () => {
  it('lets two through per 5 ms and keeps the third for the next period', () =>
    marbles(({ cold, expectObservable, context, through }) => {
      const abc = exchanges('abc');
      const orders = cold('  (abc)-----|', abc);
      const expected = '     (ab)-c----|';
      expectObservable(through(orders, throttle.operator({ ...options, timePeriodMillis: 5 }, context))).toBe(expected, abc);
    }));

  it('gives each permit back one period after it was taken', () =>
    marbles(({ cold, expectObservable, context, through }) => {
      const abcd = exchanges('abcd');
      const orders = cold('  a--(bcd)------|', abcd);
      const expected = '     a--b-c--d-----|';
      expectObservable(through(orders, throttle.operator({ ...options, timePeriodMillis: 5 }, context))).toBe(expected, abcd);
    }));

  it('fails what is too much at once when told to', () => {
    const left = run(throttle.operator({ ...options, expression: () => 1, timePeriodMillis: 5000, rejectExecution: true }, stepContext()), [exchangeOf('a'), exchangeOf('b')]);
    expect(left.map(({ exception }) => exception?.message)).to.deep.equal([undefined, 'Exceeded the max throttle rate of 1 within 5000ms']);
  });

  it('counts each correlation key on its own', () => {
    const correlationExpression: Expression = ({ body }) => body;
    const left = run(throttle.operator({ ...options, expression: () => 1, correlationExpression, rejectExecution: true }, stepContext()), ['a', 'b', 'a'].map((body) => exchangeOf(body)));
    expect(left.map(({ isFailed }) => isFailed)).to.deep.equal([false, false, true]);
  });

  it('follows a limit that changes', async () => {
    const context = stepContext();
    let limit = 1;
    const { left, feed } = graph(throttle.operator({ ...options, expression: () => limit }, context));
    feed(exchangeOf('a'));
    limit = 3;
    feed(exchangeOf('b'), exchangeOf('c'), exchangeOf('d'));
    expect(bodies(left)).to.deep.equal(['a', 'b', 'c']);
    await context.clock.advance(1000);
    expect(bodies(left)).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('takes a limit that is far more than there are exchanges, and keys of many thousands', async () => {
    const context = stepContext();
    let limit: unknown = '2147483647';
    const { left, feed } = graph(throttle.operator({ ...options, expression: () => limit, correlationExpression: ({ body }: Exchange) => body }, context));
    feed(...Array.from({ length: 60_000 }, (_, i) => exchangeOf(i)));
    expect(left).to.have.length(60_000);
    limit = 1;
    feed(exchangeOf(5), exchangeOf(6));
    expect(left).to.have.length(60_000);
    await context.clock.advance(1000);
    expect(left).to.have.length(60_002);
  });

  it('goes on within a period when the clock of the system is set back', async () => {
    const context = stepContext();
    const { left, feed } = graph(throttle.operator(options, context));
    feed(exchangeOf('a'), exchangeOf('b'), exchangeOf('c'));
    const now = context.clock.now.bind(context.clock);
    context.clock.now = () => now() - 3_600_000;
    await context.clock.advance(2000);
    feed(exchangeOf('d'));
    await context.clock.advance(2000);
    expect(bodies(left)).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('fails for a limit that is missing, negative or no number', () => {
    const failure = (limit: unknown) => run(throttle.operator({ ...options, expression: () => limit }, stepContext()), [exchangeOf('a')])[0]!.exception?.name;
    expect([failure(null), failure(-1), failure('x')]).to.deep.equal(['RuntimeExchangeException', 'IllegalStateException', 'TypeConversionException']);
  });

  it('limits how many are under way: a permit is held until the exchange has come to its end', () => {
    const context = stepContext();
    const { left, feed } = graph(throttle.operator({ ...options, mode: 'ConcurrentRequests' }, context));
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((body) => exchangeOf(body)) as [Exchange, Exchange, Exchange, Exchange];
    for (const exchange of [a, b, c, d]) exchange.way = { outer: null, back: () => {} };
    feed(a, b, c, d);
    expect(bodies(left)).to.deep.equal(['a', 'b']);
    b.leave();
    expect(bodies(left)).to.deep.equal(['a', 'b', 'c']);
    a.leave();
    expect(bodies(left)).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('does not grow the stack with those that wait', () => {
    const context = stepContext();
    const leaves = perform((exchange) => (exchange.body === 0 ? undefined : exchange.leave()));
    const { left, feed } = graph(sequence([throttle.operator({ ...options, expression: () => 1, mode: 'ConcurrentRequests' }, context), leaves]));
    const all = Array.from({ length: 20_000 }, (_, i) => exchangeOf(i));
    for (const exchange of all) exchange.way = { outer: null, back: () => {} };
    feed(...all);
    all[0]!.leave();
    expect(bodies(left)).to.deep.equal(bodies(all));
  });

  it('wakes those that wait, failed, when the time for stopping is over', () => {
    const context = stepContext();
    const { left, feed } = graph(throttle.operator({ ...options, expression: () => 1 }, context));
    feed(exchangeOf('a'), exchangeOf('b'));
    context.abort();
    feed(exchangeOf('c'));
    expect(left.map(({ body, exception }) => [body, exception?.name])).to.deep.equal([['a', undefined], ['b', 'ShutdownException'], ['c', 'ShutdownException']]);
  });

  it('never lets more through in a period than the limit, and everyone in the end', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 12 }), async (limit, count) => {
        const context = stepContext();
        const times: number[] = [];
        const note = perform(() => void times.push(context.clock.now()));
        const fed = Array.from({ length: count }, (_, i) => exchangeOf(i));
        const left = await runLater(sequence([throttle.operator({ ...options, expression: () => limit }, context), note]), context, fed, 20_000);
        expect(bodies(left)).to.deep.equal(bodies(fed));
        expect(times.every((time, i) => i < limit || time - times[i - limit]! >= 1000)).to.equal(true);
      }),
    ));
});
