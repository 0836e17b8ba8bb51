import { expect } from 'chai';
import { STOPPED } from '../../src/core/exchange/exchange.ts';
import { sample } from '../../src/eip/sample.ts';
import { exchangeOf, graph, run, stepContext } from '../contract/operator.ts';

const passed = (left: readonly { halt: number; body: unknown }[]): unknown[] => left.filter(({ halt }) => halt !== STOPPED).map(({ body }) => body);

describe('sample', () => {
  it('lets every n-th through', () => {
    const left = run(sample.operator({ samplePeriod: 1000, messageFrequency: 3 }, stepContext()), [1, 2, 3, 4, 5, 6, 7].map((body) => exchangeOf(body)));
    expect([left.length, passed(left)]).to.deep.equal([7, [3, 6]]);
  });

  it('lets one through per period, the first at once', async () => {
    const context = stepContext();
    const { feed, left } = graph(sample.operator({ samplePeriod: 300, messageFrequency: undefined }, context));
    feed(exchangeOf(1), exchangeOf(2));
    await context.clock.advance(299);
    feed(exchangeOf(3));
    await context.clock.advance(1);
    feed(exchangeOf(4), exchangeOf(5));
    expect(passed(left)).to.deep.equal([1, 4]);
  });
});
