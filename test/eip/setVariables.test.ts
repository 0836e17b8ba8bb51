import { expect } from 'chai';
import { setVariables } from '../../src/eip/setVariables.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('setVariables', () => {
  it('sets variables of all scopes', () => {
    const context = stepContext();
    const exchange = exchangeOf('a', {}, context.scope);
    exchange.routeId = 'route1';
    const variables = ['own', 'global:everywhere', 'route:here'].map((name) => ({ name, expression: () => name }));
    run(setVariables.operator({ variables }, context), [exchange]);
    expect([exchange.variable('own'), context.scope.globalVariables.get('everywhere'), context.scope.routeVariables('route1').get('here')]).to.deep.equal(['own', 'global:everywhere', 'route:here']);
  });
});
