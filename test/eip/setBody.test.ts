import { expect } from 'chai';
import * as fc from 'fast-check';
import { setBody } from '../../src/eip/setBody.ts';
import { bodies, exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('setBody', () => {
  it('replaces the body by what the expression gives, whatever that is', () =>
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (values) => {
        const expression = (exchange: { body: unknown }) => [exchange.body];
        expect(bodies(run(setBody.operator({ expression }, stepContext()), values.map((value) => exchangeOf(value))))).to.deep.equal(values.map((value) => [value]));
      }),
    ));

  it('makes a body without a value null', () => {
    const [exchange] = run(setBody.operator({ expression: () => undefined }, stepContext()), [exchangeOf('a')]);
    expect(exchange!.body).to.equal(null);
  });

  it('names itself in the failure of a throwing expression', () => {
    const context = stepContext();
    const expression = (): unknown => {
      throw new Error('no value');
    };
    const [exchange] = run(setBody.operator({ expression }, context), [exchangeOf('a')]);
    expect([exchange!.isFailed, exchange!.exception?.message, exchange!.failedStep, exchange!.body]).to.deep.equal([true, 'no value', context.info, 'a']);
  });

  it('waits for an expression that gives a promise', async () => {
    const expression = Object.assign(() => Promise.resolve('later'), { isAsync: true });
    const exchange = exchangeOf('a');
    run(setBody.operator({ expression }, stepContext()), [exchange]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(exchange.body).to.equal('later');
  });
});
