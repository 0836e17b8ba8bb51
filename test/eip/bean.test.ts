import { expect } from 'chai';
import { bean } from '../../src/eip/bean.ts';
import { exchangeOf, run, runLater, stepContext } from '../contract/operator.ts';

type Options = Parameters<typeof bean.operator>[0];
let made = 0;
class Prices {
  private calls = 0;
  constructor() {
    made++;
  }
  price(body: number, factor = 2): number {
    this.calls++;
    return body * (typeof factor === 'number' ? factor : 2);
  }
  count(): number {
    return ++this.calls;
  }
  later(body: number): Promise<number> {
    return Promise.resolve(body + 1);
  }
  nothing(): void {}
  none(): null {
    return null;
  }
}

describe('bean', () => {
  const step = (options: Partial<Options>, context = stepContext({ registry: { prices: Prices, one: { only: (body: number) => body + 1 } } })) =>
    bean.operator({ ref: 'prices', method: undefined, beanType: undefined, scope: 'Singleton', ...options }, context);
  const called = (options: Partial<Options>): unknown[] => run(step(options), [exchangeOf(5), exchangeOf(6)]).map(({ body }) => body);

  it('makes the body what the method returns', () => expect(called({ method: 'price' })).to.deep.equal([10, 12]));
  it('gives a method the arguments that stand with it', () => expect(called({ method: 'price(${body}, 3)' })).to.deep.equal([15, 18]));
  it('calls the only method there is', () => expect(called({ ref: 'one' })).to.deep.equal([6, 7]));
  it('leaves the body when nothing is returned, and takes a null', () => expect([called({ method: 'nothing' }), called({ method: 'none' })]).to.deep.equal([[5, 6], [null, null]]));

  it('waits for a promise', async () => {
    const context = stepContext({ registry: { prices: Prices } });
    const [exchange] = await runLater(step({ method: 'later' }, context), context, [exchangeOf(5)]);
    expect(exchange!.body).to.equal(6);
  });

  it('has one instance, or a new one for each call', () => {
    expect(called({ method: 'count', scope: 'Prototype' })).to.deep.equal([1, 1]);
    const before = made;
    called({ method: 'count' });
    expect(made).to.equal(before);
  });

  it('refuses a method that is not there, and a step that names no bean', () => {
    expect(() => step({ method: 'nope' })).to.throw('nope');
    expect(() => step({ ref: undefined })).to.throw('says not which bean');
  });
});
