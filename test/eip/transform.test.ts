import { expect } from 'chai';
import { transform } from '../../src/eip/transform.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('transform', () => {
  it('makes the value the body and leaves the headers alone', () => {
    const [exchange] = run(transform.operator({ expression: ({ body }) => `t(${String(body)})` }, stepContext()), [exchangeOf('a', { h: 1 })]);
    expect([exchange!.body, exchange!.headers.get('h')]).to.deep.equal(['t(a)', 1]);
  });
});
