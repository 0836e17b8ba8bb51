import { expect } from 'chai';
import * as fc from 'fast-check';
import { systemClock } from '../../src/core/clock.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { STOPPED } from '../../src/core/exchange/exchange.ts';
import type { Expression } from '../../src/core/expression.ts';
import { perform } from '../../src/core/graph/flow.ts';
import { loop } from '../../src/eip/loop.ts';
import { eventually, exchangeOf, graph, run, runLater, stepContext } from '../contract/operator.ts';

const appendIndex = perform((exchange) => void (exchange.body = `${String(exchange.body)}${String(exchange.property('CamelLoopIndex'))}`));
const options = { expression: (() => 3) as Expression, doWhile: false, copy: false, breakOnShutdown: false, onPrepare: undefined, steps: appendIndex };
const looped = (given: Partial<typeof options> | object = {}, body: unknown = ''): Exchange => run(loop.operator({ ...options, ...given }, stepContext()), [exchangeOf(body)])[0]!;

describe('loop', () => {
  it('goes round as often as the count says, and tells which turn it is', () => {
    const exchange = looped();
    expect([exchange.body, exchange.property('CamelLoopIndex'), exchange.property('CamelLoopSize')]).to.deep.equal(['012', 2, 3]);
  });

  it('takes a count that is text', () => expect(looped({ expression: () => '2' }).body).to.equal('01'));
  it('does not go round for 0 or less', () => expect([looped({ expression: () => 0 }).body, looped({ expression: () => -2 }).body]).to.deep.equal(['', '']));
  it('fails without a count', () => expect(looped({ expression: () => null }).exception?.name).to.equal('NoTypeConversionAvailableException'));
  it('fails for a count that is no number', () => expect(looped({ expression: () => 'many' }).exception?.name).to.equal('TypeConversionException'));

  it('begins every turn with the original when it copies; the last turn remains', () => {
    const exchange = looped({ copy: true }, 'n');
    expect([exchange.body, exchange.property('CamelLoopIndex')]).to.deep.equal(['n2', 2]);
  });

  it('goes on while a predicate holds', () => {
    const expression = Object.assign(() => 'text', { asPredicate: () => (exchange: Exchange) => String(exchange.body).length < 4 });
    const exchange = looped({ expression, doWhile: true }, 'ab');
    expect([exchange.body, exchange.property('CamelLoopSize')]).to.deep.equal(['ab01', undefined]);
  });

  it('waits for a predicate that answers later', async () => {
    const context = stepContext();
    const expression = Object.assign((exchange: Exchange) => Promise.resolve(String(exchange.body).length < 3), { isAsync: true });
    const [exchange] = await runLater(loop.operator({ ...options, expression, doWhile: true }, context), context, [exchangeOf('')]);
    expect(exchange!.body).to.equal('012');
  });

  it('ends at a failure, and at a stop', () => {
    const ending = (end: (exchange: Exchange) => void) => looped({ steps: perform((exchange) => (exchange.property('CamelLoopIndex') === 1 ? end(exchange) : undefined)) });
    const failed = ending(() => {
      throw new Error('in the loop');
    });
    const stopped = ending((exchange) => void (exchange.halt |= STOPPED));
    expect([failed.property('CamelLoopIndex'), failed.exception?.message, stopped.property('CamelLoopIndex'), stopped.halt]).to.deep.equal([1, 'in the loop', 1, STOPPED]);
  });

  it('lets a processor prepare each turn', () => {
    const context = stepContext({ registry: { mark: { process: (exchange: Exchange) => void (exchange.body = `${String(exchange.body)}-`) } } });
    const [exchange] = run(loop.operator({ ...options, onPrepare: '#mark' }, context), [exchangeOf('')]);
    expect(exchange!.body).to.equal('-0-1-2');
  });

  it('fails what would go round for ever when the time for stopping is over, or just leaves when told to', async () => {
    const ended = async (breakOnShutdown: boolean): Promise<string | undefined> => {
      const context = stepContext();
      const { left, feed } = graph(loop.operator({ ...options, expression: () => true, doWhile: true, breakOnShutdown, steps: perform(() => {}) }, context));
      feed(exchangeOf('a'));
      context.abort();
      await eventually(() => expect(left).to.have.length(1));
      return left[0]!.exception?.name;
    };
    expect([await ended(false), await ended(true)]).to.deep.equal(['ShutdownException', undefined]);
  });

  it('turns a million times in constant stack, and lets the event loop have its turn', async function () {
    this.timeout(20_000);
    const context = stepContext({ clock: systemClock as never });
    let turns = 0;
    let longest = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const { left, feed } = graph(loop.operator({ ...options, expression: () => 1_000_000, steps: perform(() => void turns++) }, context));
    feed(exchangeOf('a'));
    await eventually(() => expect(left).to.have.length(1), 15_000);
    clearInterval(watch);
    expect(turns).to.equal(1_000_000);
    expect(longest).to.be.lessThan(200);
  });

  it('turns as often as it says, whatever the nesting', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 }), (counts) => {
        let turns = 0;
        const innermost = perform(() => void turns++);
        const nested = counts.reduce((steps, count) => loop.operator({ ...options, expression: () => count, steps }, stepContext()), innermost);
        expect(run(nested, [exchangeOf('a')])).to.have.length(1);
        expect(turns).to.equal(counts.reduce((product, count) => product * count, 1));
      }),
    ));
});
