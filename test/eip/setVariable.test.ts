import { expect } from 'chai';
import { setVariable } from '../../src/eip/setVariable.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('setVariable', () => {
  it('sets a value under a name that may hold Simple', () => {
    const context = stepContext();
    const [exchange] = run(setVariable.operator({ name: 'for-${body}', expression: () => 1 }, context), [exchangeOf('a', {}, context.scope)]);
    expect(exchange!.variable('for-a')).to.equal(1);
  });

  it('removes the variable when the value is null', () => {
    const context = stepContext();
    let value: unknown = 1;
    const exchange = exchangeOf('a', {}, context.scope);
    const pipe = setVariable.operator({ name: 'x', expression: () => value }, context);
    run(pipe, [exchange]);
    value = null;
    run(pipe, [exchange]);
    expect(exchange.variable('x')).to.equal(undefined);
  });
});
