import { expect } from 'chai';
import { delay } from '../../src/eip/delay.ts';
import { bodies, exchangeOf, exchanges, graph, marbles, run, stepContext } from '../contract/operator.ts';

const options = { asyncDelayed: true, callerRunsWhenRejected: true, executorService: undefined };
const delayed = (value: unknown, context = stepContext()) => delay.operator({ ...options, expression: () => value }, context);

describe('delay', () => {
  it('holds each back for its own time, so that one may overtake another', () =>
    marbles(({ cold, expectObservable, context, through }) => {
      const abc = exchanges('abc');
      const orders = cold('  (abc)----|', abc);
      const expected = '     b--a-c---|';
      const millis = ({ body }: { body: unknown }) => (body === 'a' ? 3 : body === 'b' ? 0 : '5');
      expectObservable(through(orders, delay.operator({ ...options, expression: millis }, context))).toBe(expected, abc);
    }));

  it('does not wait for null or less than a millisecond', () => expect(run(delayed(null), [exchangeOf('a')]).concat(run(delayed(-5), [exchangeOf('b')]))).to.have.length(2));
  it('takes milliseconds only', () => expect(run(delayed('1s'), [exchangeOf('a')])[0]!.exception?.name).to.equal('TypeConversionException'));

  it('wakes everyone, failed, when the time for stopping is over', () => {
    const context = stepContext();
    const { left, feed } = graph(delayed(60_000, context));
    feed(exchangeOf('a'), exchangeOf('b'));
    context.abort();
    feed(exchangeOf('c'));
    expect(left.map(({ body, exception }) => [body, exception?.name])).to.deep.equal(['a', 'b', 'c'].map((body) => [body, 'ShutdownException']));
    expect(context.clock.waiting).to.equal(0);
  });

  it('wakes the one for whom nobody waits any more', () => {
    const { left, feed } = graph(delayed(60_000));
    const controller = new AbortController();
    const late = exchangeOf('late');
    late.signal = controller.signal;
    feed(late, exchangeOf('a'));
    controller.abort();
    expect([bodies(left), left[0]!.isFailed]).to.deep.equal([['late'], true]);
  });
});
