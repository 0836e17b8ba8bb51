import { expect } from 'chai';
import { throwException } from '../../src/eip/throwException.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

const options = { exceptionType: 'java.lang.IllegalStateException', message: 'bad ${body}', ref: undefined };

describe('throwException', () => {
  it('fails with the class and a message put together by Simple', () => {
    const [exchange] = run(throwException.operator(options, stepContext()), [exchangeOf('a')]);
    expect([exchange!.exception?.type, exchange!.exception?.message]).to.deep.equal(['java.lang.IllegalStateException', 'bad a']);
  });

  it('throws a bean that is an exception', () => {
    class OutOfStock extends Error {
      override name = 'OutOfStock';
    }
    const context = stepContext({ registry: { gone: new OutOfStock('none left') } });
    const [exchange] = run(throwException.operator({ exceptionType: undefined, message: undefined, ref: '#gone' }, context), [exchangeOf('a')]);
    expect([exchange!.exception?.type, exchange!.exception?.message]).to.deep.equal(['OutOfStock', 'none left']);
  });

  it('is refused when it does not say what to throw', () => expect(() => throwException.operator({ ...options, exceptionType: undefined }, stepContext())).to.throw('says not what to throw'));
});
