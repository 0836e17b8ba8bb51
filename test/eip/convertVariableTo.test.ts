import { expect } from 'chai';
import { convertVariableTo } from '../../src/eip/convertVariableTo.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

const options = { name: 'n', type: 'int', toName: undefined, mandatory: true, charset: undefined };
const converted = (value: unknown, given: Partial<Parameters<typeof convertVariableTo.operator>[0]> = {}) => {
  const context = stepContext();
  const exchange = exchangeOf('n', {}, context.scope);
  if (value !== undefined) exchange.setVariable('n', value);
  run(convertVariableTo.operator({ ...options, ...given }, context), [exchange]);
  return exchange;
};

describe('convertVariableTo', () => {
  it('converts in place, or to another name', () => {
    const other = converted('5', { toName: 'm' });
    expect([converted('5').variable('n'), other.variable('n'), other.variable('m')]).to.deep.equal([5, '5', 5]);
  });

  it('puts the name together by Simple', () => expect(converted('5', { name: '${body}' }).variable('n')).to.equal(5));
  it('fails for one that is not there, and leaves it alone when it is not mandatory', () => {
    expect(converted(undefined).exception?.name).to.equal('NoSuchVariableException');
    const left = converted(undefined, { mandatory: false });
    expect([left.variable('n'), left.isFailed]).to.deep.equal([undefined, false]);
  });
  it('fails for what is no number', () => expect(converted('x').exception?.name).to.equal('TypeConversionException'));
  it('takes the variable away that nothing converts, when it is not mandatory: as in Camel null is none', () => expect(converted({ a: 1 }, { mandatory: false }).variable('n')).to.equal(undefined));
});
