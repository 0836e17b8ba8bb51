import { expect } from 'chai';
import { languageContext, evaluate, exchangeWith } from './languageContext.ts';
import { language } from '../../src/languages/language.ts';
import { method } from '../../src/languages/method.ts';
import { AtomicNumber } from '../../src/core/beans/javaTypes.ts';

const options = (given: object): object => ({ scope: 'Singleton', validate: true, ...given });

describe('method', () => {
  it('calls a bean by ref, with arguments from the message', () => {
    const beans = { text: '  trim me  ', prices: { of: (item: string, count: number) => `${item}${count}` } };
    expect(evaluate(method, '', 'b', options({ ref: 'text', method: 'trim' }), { beans })).to.equal('trim me');
    expect(evaluate(method, '', 'b', options({ ref: 'text', method: "replace('m', 'M')" }), { beans })).to.equal('  triM Me  ');
    expect(evaluate(method, '', exchangeWith('b', { n: 2 }), options({ ref: 'prices', method: 'of(${body}, ${header.n})' }), { beans })).to.equal('b2');
  });

  it('calls static methods by class', () => {
    expect(evaluate(method, '', 'b', options({ beanType: 'java.lang.Integer', method: 'max(3, 8)' }))).to.equal(8);
  });

  it('keeps one instance for singletons and makes one a call for prototypes', () => {
    class Counter {
      private readonly count = new AtomicNumber();
      next(): number {
        return this.count.incrementAndGet();
      }
    }
    const next = (scope: string) => {
      const expression = method.expression('', options({ ref: 'c', method: 'next', scope }) as never, languageContext({ beans: { c: Counter } }));
      expression(exchangeWith(''));
      return expression(exchangeWith(''));
    };
    expect(next('Prototype')).to.equal(1);
    expect(next('Singleton')).to.equal(2);
  });

  it('is asynchronous for async functions, and refuses a promise from others', async () => {
    const beans = { a: { run: async (body: string) => `${body}!` }, p: { run: () => Promise.resolve(1) } };
    expect(await evaluate(method, '', 'b', options({ ref: 'a', method: 'run' }), { beans })).to.equal('b!');
    expect(() => evaluate(method, '', 'b', options({ ref: 'p', method: 'run' }), { beans })).to.throw('declare it `async`');
  });

  it('refuses a bean or a method that is not there when it is compiled', () => {
    expect(() => evaluate(method, '', 'b', options({ ref: 'prices' }), { beans: { price: {} } })).to.throw('No bean could be found');
    expect(() => evaluate(method, '', 'b', options({ ref: 'p', method: 'x' }), { beans: { p: { y: () => 1 } } })).to.throw('Method with name: x not found');
  });
});

describe('language', () => {
  it('hands the source to the named language', () => {
    expect(evaluate(language, 'lang ${body}', 'x', { language: 'simple' })).to.equal('lang x');
    expect(evaluate(language, 'lang ${body}', 'x', { language: 'constant' })).to.equal('lang ${body}');
  });
});
