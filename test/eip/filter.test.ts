import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { perform, sequence } from '../../src/core/graph/flow.ts';
import { filter } from '../../src/eip/filter.ts';
import { bodies, exchangeOf, exchanges, marbles, run, stepContext } from '../contract/operator.ts';

const identity = sequence([]);

describe('filter', () => {
  it('sends every exchange on exactly once and in order, whatever the predicate says', () =>
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.func(fc.boolean()), (values, matches) => {
        const expression = (exchange: Exchange): boolean => matches(exchange.body);
        expect(bodies(run(filter.operator({ expression, statusPropertyName: undefined, steps: identity }, stepContext()), values.map((value) => exchangeOf(value))))).to.deep.equal(values);
      }),
    ));

  it('sends only what matches through the inner steps', () => {
    const seen: unknown[] = [];
    const steps = perform(({ body }) => void seen.push(body));
    run(filter.operator({ expression: ({ body }) => Number(body) > 10, statusPropertyName: undefined, steps }, stepContext()), [5, 50].map((body) => exchangeOf(body)));
    expect(seen).to.deep.equal([50]);
  });

  it('keeps the decision in a property when asked to', () => {
    const left = run(filter.operator({ expression: ({ body }) => body === 1, statusPropertyName: 'isOne', steps: identity }, stepContext()), [1, 2].map((body) => exchangeOf(body)));
    expect(left.map((exchange) => exchange.property('isOne'))).to.deep.equal([true, false]);
  });

  it('holds back nothing', () =>
    marbles(({ cold, expectObservable, context, through }) => {
      const abc = exchanges('abc');
      const orders = cold('  a-bc-|', abc);
      const expected = '     a-bc-|';
      expectObservable(through(orders, filter.operator({ expression: ({ body }) => body === 'b', statusPropertyName: undefined, steps: identity }, context))).toBe(expected, abc);
    }));
});
