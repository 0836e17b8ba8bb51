import { expect } from 'chai';
import { setExchangePattern } from '../../src/eip/setExchangePattern.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('setExchangePattern', () => {
  it('lasts', () => {
    const [inOut] = run(setExchangePattern.operator({ pattern: 'InOut' }, stepContext()), [exchangeOf('a')]);
    const [inOnly] = run(setExchangePattern.operator({ pattern: 'InOnly' }, stepContext()), [inOut!]);
    expect(inOnly!.isInOut).to.equal(false);
  });
});
