import { expect } from 'chai';
import { convertHeaderTo } from '../../src/eip/convertHeaderTo.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

const options = { name: 'n', type: 'int', toName: undefined, mandatory: true, charset: undefined };
const converted = (value: unknown, given: Partial<Parameters<typeof convertHeaderTo.operator>[0]> = {}) => {
  const context = stepContext();
  const exchange = exchangeOf('n', {}, context.scope);
  if (value !== undefined) exchange.headers.set('n', value);
  run(convertHeaderTo.operator({ ...options, ...given }, context), [exchange]);
  return exchange;
};

describe('convertHeaderTo', () => {
  it('converts in place, or to another name', () => {
    const other = converted('5', { toName: 'm' });
    expect([converted('5').headers.get('n'), other.headers.get('n'), other.headers.get('m')]).to.deep.equal([5, '5', 5]);
  });

  it('puts the name together by Simple', () => expect(converted('5', { name: '${body}' }).headers.get('n')).to.equal(5));
  it('does not make one that is not there', () => expect([converted(undefined).headers.get('n'), converted(undefined).isFailed]).to.deep.equal([undefined, false]));
  it('fails for what is no number', () => expect(converted('x').exception?.name).to.equal('TypeConversionException'));
  it('gives null for what nothing converts, when it is not mandatory', () => expect(converted({ a: 1 }, { mandatory: false }).headers.get('n')).to.equal(null));
});
