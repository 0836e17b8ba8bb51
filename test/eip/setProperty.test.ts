import { expect } from 'chai';
import { setProperty } from '../../src/eip/setProperty.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('setProperty', () => {
  it('sets a value under a name that may hold Simple', () => {
    const context = stepContext();
    const [exchange] = run(setProperty.operator({ name: 'for-${body}', expression: () => 1 }, context), [exchangeOf('a', {}, context.scope)]);
    expect(exchange!.property('for-a')).to.equal(1);
  });

  it('removes the property when the value is null', () => {
    const context = stepContext();
    let value: unknown = 1;
    const exchange = exchangeOf('a', {}, context.scope);
    const pipe = setProperty.operator({ name: 'x', expression: () => value }, context);
    run(pipe, [exchange]);
    value = null;
    run(pipe, [exchange]);
    expect(exchange.property('x')).to.equal(undefined);
  });
});
