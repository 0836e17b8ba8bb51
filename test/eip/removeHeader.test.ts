import { expect } from 'chai';
import { removeHeader } from '../../src/eip/removeHeader.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('removeHeader', () => {
  it('finds the header in any letter case, and does not mind when there is none', () => {
    const left = run(removeHeader.operator({ name: 'AUTHORIZATION' }, stepContext()), [exchangeOf(1, { authorization: 'x', kept: 1 }), exchangeOf(2)]);
    expect(left.map(({ headers }) => headers.names())).to.deep.equal([['kept'], []]);
  });
});
