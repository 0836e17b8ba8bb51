import { expect } from 'chai';
import { validate } from '../../src/eip/validate.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

const expression = Object.assign(({ body }: { body: unknown }) => body === 'ok', { label: "${body} == 'ok'" });

describe('validate', () => {
  it('lets pass what is valid and fails what is not', () => {
    const left = run(validate.operator({ expression, predicateExceptionFactory: undefined }, stepContext()), ['ok', 'bad'].map((body) => exchangeOf(body)));
    expect(left.map(({ exception }) => exception?.name)).to.deep.equal([undefined, 'PredicateValidationException']);
  });

  it('fails with the exception that a bean makes', () => {
    const context = stepContext({ registry: { factory: ({ body }: { body: unknown }) => new RangeError(`not ${String(body)}`) } });
    const [exchange] = run(validate.operator({ expression, predicateExceptionFactory: 'factory' }, context), [exchangeOf('bad')]);
    expect(exchange!.exception?.message).to.equal('not bad');
  });
});
