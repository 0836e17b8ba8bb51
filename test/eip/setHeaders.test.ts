import { expect } from 'chai';
import { setHeaders } from '../../src/eip/setHeaders.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('setHeaders', () => {
  it('lets a later header see those before it', () => {
    const headers = [
      { name: 'a', expression: () => 1 },
      { name: 'b', expression: (exchange: { headers: { get(name: string): unknown } }) => Number(exchange.headers.get('a')) + 1 },
    ];
    const [exchange] = run(setHeaders.operator({ headers }, stepContext()), [exchangeOf(null)]);
    expect([exchange!.headers.get('a'), exchange!.headers.get('b')]).to.deep.equal([1, 2]);
  });
});
