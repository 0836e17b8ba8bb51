import { expect } from 'chai';
import { STOPPED } from '../../src/core/exchange/exchange.ts';
import { perform, sequence } from '../../src/core/graph/flow.ts';
import { stop } from '../../src/eip/stop.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('stop', () => {
  it('keeps later steps from running, without a failure', () => {
    const later = perform((exchange) => void (exchange.body = 'reached'));
    const [exchange] = run(sequence([stop.operator({}, stepContext()), later]), [exchangeOf('a')]);
    expect([exchange!.body, exchange!.halt, exchange!.exception]).to.deep.equal(['a', STOPPED, null]);
  });
});
