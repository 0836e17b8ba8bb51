import { expect } from 'chai';
import { script } from '../../src/eip/script.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('script', () => {
  it('drops the value and keeps what was done', () => {
    const expression = (exchange: { headers: { set(name: string, value: unknown): void } }): unknown => {
      exchange.headers.set('done', true);
      return 'a value';
    };
    const [exchange] = run(script.operator({ expression }, stepContext()), [exchangeOf('a')]);
    expect([exchange!.body, exchange!.headers.get('done')]).to.deep.equal(['a', true]);
  });
});
