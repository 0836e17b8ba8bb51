import { expect } from 'chai';
import { removeVariable } from '../../src/eip/removeVariable.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('removeVariable', () => {
  it('removes a variable of any scope, its name put together by Simple', () => {
    const context = stepContext();
    const exchange = exchangeOf('x', {}, context.scope);
    exchange.setVariable('global:x', 1);
    exchange.setVariable('x', 2);
    run(removeVariable.operator({ name: 'global:${body}' }, context), [exchange]);
    expect([exchange.variable('global:x'), exchange.variable('x')]).to.deep.equal([undefined, 2]);
  });
});
