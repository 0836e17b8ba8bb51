import { expect } from 'chai';
import { FAILED, ROLLBACK_ONLY, ROLLBACK_ONLY_LAST } from '../../src/core/exchange/exchange.ts';
import { rollback } from '../../src/eip/rollback.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

const outcome = (options: Partial<Parameters<typeof rollback.operator>[0]>) => {
  const [{ halt, exception }] = run(rollback.operator({ message: undefined, markRollbackOnly: false, markRollbackOnlyLast: false, ...options }, stepContext()), [exchangeOf('a')]) as [ReturnType<typeof exchangeOf>];
  return [halt, exception?.name, exception?.message.replace(/Exchange\[.*/, '')];
};

describe('rollback', () => {
  it('fails the exchange and marks it; the message is no Simple', () => expect(outcome({ message: 'back ${body}' })).to.deep.equal([FAILED | ROLLBACK_ONLY, 'RollbackExchangeException', 'back ${body}. ']));
  it('says something when nobody told it what', () => expect(outcome({})).to.deep.equal([FAILED | ROLLBACK_ONLY, 'RollbackExchangeException', 'Intended rollback. ']));
  it('only marks when told to', () => expect(outcome({ markRollbackOnly: true })).to.deep.equal([ROLLBACK_ONLY, undefined, undefined]));
  it('marks the innermost transaction only when told to', () => expect(outcome({ markRollbackOnlyLast: true })).to.deep.equal([ROLLBACK_ONLY_LAST, undefined, undefined]));
});
