import { expect } from 'chai';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { process as processStep } from '../../src/eip/process.ts';
import { exchangeOf, run, runLater, stepContext } from '../contract/operator.ts';

class Upper {
  private readonly by = '!';
  process(exchange: Exchange): void {
    exchange.body = `${String(exchange.body).toUpperCase()}${this.by}`;
  }
}

describe('process', () => {
  const processed = (bean: unknown): unknown => run(processStep.operator({ ref: 'it' }, stepContext({ registry: { it: bean } })), [exchangeOf('a')])[0]!.body;

  it('calls a function of the exchange, and drops what it returns', () => expect(processed((exchange: Exchange) => (exchange.body = 'set') && 'returned')).to.equal('set'));
  it('calls process of an object, of a class, or of what a module exports', () => expect([processed(new Upper()), processed(Upper), processed({ default: Upper })]).to.deep.equal(['A!', 'A!', 'A!']));

  it('waits for one that answers later', async () => {
    const context = stepContext({ registry: { it: async (exchange: Exchange) => void (exchange.body = await Promise.resolve('later')) } });
    const [exchange] = await runLater(processStep.operator({ ref: 'it' }, context), context, [exchangeOf('a')]);
    expect(exchange!.body).to.equal('later');
  });

  it('refuses a bean that is no processor', () => expect(() => processed({ work: 1 })).to.throw('`it` is no processor'));
});
