import { expect } from 'chai';
import { removeProperties } from '../../src/eip/removeProperties.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('removeProperties', () => {
  it('removes what matches and is not excluded', () => {
    const exchange = exchangeOf(null);
    for (const name of ['p1', 'p2', 'P3', 'q']) exchange.properties.set(name, 1);
    run(removeProperties.operator({ pattern: 'p*', excludePattern: 'p2' }, stepContext()), [exchange]);
    expect(exchange.properties.names()).to.deep.equal(['p2', 'q']);
  });
});
