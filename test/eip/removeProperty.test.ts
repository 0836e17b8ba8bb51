import { expect } from 'chai';
import { removeProperty } from '../../src/eip/removeProperty.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('removeProperty', () => {
  it('removes exactly that one', () => {
    const exchange = exchangeOf(null);
    for (const name of ['p', 'P', 'p1']) exchange.properties.set(name, 1);
    run(removeProperty.operator({ name: 'p' }, stepContext()), [exchange]);
    expect(exchange.properties.names()).to.deep.equal(['P', 'p1']);
  });
});
