import { expect } from 'chai';
import { constant } from '../../src/languages/constant.ts';
import { exchangeProperty } from '../../src/languages/exchangeProperty.ts';
import { header } from '../../src/languages/header.ts';
import { ref } from '../../src/languages/ref.ts';
import { variable } from '../../src/languages/variable.ts';
import { evaluate, exchangeWith } from './languageContext.ts';

describe('languages that look something up', () => {
  it('constant keeps its text, Simple functions in it too', () => {
    expect(evaluate(constant, '${body} 010', 'x')).to.equal('${body} 010');
    expect(evaluate(constant, '', 'x')).to.equal('');
  });

  it('header finds a header whatever its case, and gives null for a missing one', () => {
    const exchange = exchangeWith('b', { 'X-Order': [1] });
    expect(evaluate(header, 'x-order', exchange)).to.deep.equal([1]);
    expect(evaluate(header, 'other', exchange)).to.equal(null);
  });

  it('takes the name from Simple functions', () => {
    const exchange = exchangeWith('x-order', { 'X-Order': 5 });
    expect(evaluate(header, '${body}', exchange)).to.equal(5);
  });

  it('exchangeProperty and variable are case-sensitive', () => {
    const exchange = exchangeWith('b');
    exchange.properties.set('P', 1);
    exchange.setVariable('v', 2);
    exchange.setVariable('global:g', 3);
    expect(evaluate(exchangeProperty, 'P', exchange)).to.equal(1);
    expect(evaluate(exchangeProperty, 'p', exchange)).to.equal(null);
    expect(evaluate(variable, 'v', exchange)).to.equal(2);
    expect(evaluate(variable, 'global:g', exchange)).to.equal(3);
    expect(evaluate(variable, 'V', exchange)).to.equal(null);
  });

  it('ref evaluates a function or an object that evaluates or matches', () => {
    const beans = { f: (exchange: { body: unknown }) => `f${String(exchange.body)}`, o: { factor: 2, evaluate: () => 4 }, p: { matches: () => true }, x: {} };
    expect(evaluate(ref, 'f', 1, {}, { beans })).to.equal('f1');
    expect(evaluate(ref, 'o', 1, {}, { beans })).to.equal(4);
    expect(evaluate(ref, 'p', 1, {}, { beans })).to.equal(true);
    expect(() => evaluate(ref, 'x', 1, {}, { beans })).to.throw('Cannot find expression or predicate in registry with ref: x');
    expect(() => evaluate(ref, 'missing', 1, {}, { beans })).to.throw('there is no bean `missing`');
  });

  it('ref says that an async function is one', async () => {
    const beans = { f: async () => 7 };
    expect(await evaluate(ref, 'f', 1, {}, { beans })).to.equal(7);
  });
});
