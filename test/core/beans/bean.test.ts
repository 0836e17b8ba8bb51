import { expect } from 'chai';
import { beanOfType, invokeBean, parseBeanMethod } from '../../../src/core/beans/bean.ts';
import type { ExchangeError } from '../../../src/core/errors.ts';
import { ExactNumber } from '../../../src/core/conversion/exactNumber.ts';
import { AtomicNumber } from '../../../src/core/beans/javaTypes.ts';
import { parseJson } from '../../../src/core/conversion/json.ts';
import { exchangeWith, languageContext } from '../../languages/languageContext.ts';

const typeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (thrown) {
    return (thrown as ExchangeError).name;
  }
  return 'nothing';
};

describe('beans', () => {
  const exchange = exchangeWith('body', { x: 5 });

  it('calls a function with body, headers and exchange', () => {
    expect(invokeBean((...args: unknown[]) => args, null, exchange)).to.deep.equal(['body', exchange.headers.toObject(), exchange]);
    expect(invokeBean((body: string) => `${body}!`, null, exchange)).to.equal('body!');
  });

  it('gives JavaScript the numbers that it knows', () => {
    const body = parseJson('{"price":5.0,"id":12345678901234567890}');
    expect(invokeBean((order: unknown) => order, null, exchangeWith(body))).to.deep.equal({ price: 5, id: 12345678901234567890n });
    expect(invokeBean((price: unknown) => price, null, exchange, [new ExactNumber('5.0', 'double')])).to.equal(5);
  });

  it('calls a named method of an object with its own `this`, and with the given arguments', () => {
    const bean = { factor: 3, times: function (this: { factor: number }, n: number) { return this.factor * n; }, other: () => 1 };
    expect(invokeBean(bean, 'times', exchange, [4])).to.equal(12);
  });

  it('makes one instance of a class', () => {
    class Counter {
      count = 0;
      next(): number {
        return ++this.count;
      }
    }
    expect(invokeBean(Counter, 'next', exchange)).to.equal(1);
    expect(invokeBean(Counter, null, exchange)).to.equal(2);
  });

  it('calls a static method of a class', () => {
    class Prices {
      static double(n: number): number {
        return 2 * n;
      }
      other(): void {}
    }
    expect(invokeBean(Prices, 'double', exchange, [4])).to.equal(8);
  });

  it('gives the exchange to `process`, whose result is ignored', () => {
    const seen: unknown[] = [];
    expect(invokeBean({ process: (given: unknown) => seen.push(given) }, null, exchange)).to.equal(undefined);
    expect(seen).to.deep.equal([exchange]);
  });

  it('takes the default export of a module', async () => {
    const module = (await import('../fixtures/pricing.ts')) as object;
    expect(invokeBean(module, null, exchange)).to.equal('default body');
    expect(invokeBean(module, 'price', exchange, [2])).to.equal(20);
  });

  it('says which method is missing, and when it is not clear which is meant', () => {
    expect(typeOf(() => invokeBean({ a: () => 1, b: () => 1 }, 'c', exchange))).to.equal('MethodNotFoundException');
    expect(typeOf(() => invokeBean({ a: () => 1, b: () => 1 }, null, exchange))).to.equal('AmbiguousMethodCallException');
  });

  it('never calls what every object has', () => {
    for (const name of ['constructor', '__defineGetter__', '__proto__', 'hasOwnProperty', 'valueOf']) {
      expect(typeOf(() => invokeBean({ a: () => 1 }, name, exchange, ['x'])), name).to.equal('MethodNotFoundException');
    }
  });

  it('gives lists, maps, texts and counters the methods of their Java classes', () => {
    const list: unknown[] = [];
    expect(invokeBean(list, 'add', exchange, ['one'])).to.equal(true);
    expect(invokeBean(list, null, exchange)).to.equal(true);
    expect(list).to.deep.equal(['one', 'body']);
    expect(invokeBean(list, 'size', exchange)).to.equal(2);
    expect(invokeBean('  a ', 'trim', exchange, [])).to.equal('a');
    expect(invokeBean({ name: 'n' }, 'getName', exchange, [])).to.equal('n');
    expect(invokeBean({ name: 'n' }, 'get', exchange, ['name'])).to.equal('n');
    expect(invokeBean(new AtomicNumber(5), 'incrementAndGet', exchange)).to.equal(6);
    expect(typeOf(() => invokeBean(list, 'nosuch', exchange))).to.equal('MethodNotFoundException');
  });

  it('calls static methods of well-known Java classes', () => {
    expect(invokeBean(beanOfType('java.lang.Integer'), 'max', exchange, [3, 8])).to.equal(8);
    expect(invokeBean(beanOfType('java.lang.Math'), 'abs', exchange, ['-5'])).to.equal(5);
    expect(invokeBean(beanOfType('Math'), 'min', exchange, [1, 2])).to.equal(1);
    expect(beanOfType('com.acme.Nothing')).to.equal(undefined);
  });

  it('reads arguments: literals, texts with commas, Simple functions', () => {
    const { name, args } = parseBeanMethod("price(${body}, 'a, b', \"q\", -2.5, true, null, *, ${header.x}, plain)", languageContext());
    expect(name).to.equal('price');
    expect(args!.map((arg) => arg(exchange))).to.deep.equal(['body', 'a, b', 'q', -2.5, true, null, 'body', 5, 'plain']);
    expect(parseBeanMethod('price', languageContext()).args).to.equal(null);
    expect(parseBeanMethod('price()', languageContext()).args).to.deep.equal([]);
    expect(() => parseBeanMethod('price(', languageContext())).to.throw('not closed');
    expect(() => parseBeanMethod("price('x)", languageContext())).to.throw('not closed');
  });
});
