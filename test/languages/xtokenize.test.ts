import { expect } from 'chai';
import { Exchange } from '../../src/core/exchange/exchange.ts';
import { ExpressionSyntaxError } from '../../src/core/expression.ts';
import { xtokenize } from '../../src/languages/xtokenize.ts';
import { languageContext } from './languageContext.ts';

const parts = (path: string, body: string, options: Record<string, unknown> = {}): unknown[] => [
  ...(xtokenize.expression(path, { mode: 'i', ...options } as never, languageContext())(new Exchange(undefined, body)) as Iterable<unknown>),
];

describe('xtokenize', () => {
  const order = "<order id='7'><item>1</item><box><item>2</item></box></order>";

  it('gives the elements of a path as they were written', () => {
    expect(parts('/order/item', order)).to.deep.equal(['<item>1</item>']);
    expect(parts('//item', order)).to.deep.equal(['<item>1</item>', '<item>2</item>']);
    expect(parts('item', order)).to.deep.equal(['<item>1</item>', '<item>2</item>']);
    expect(parts('/*/box', order)).to.deep.equal(['<box><item>2</item></box>']);
  });

  it('adds the namespaces around an element, wraps it, unwraps it, or gives its text', () => {
    const body = "<o xmlns='urn:x' xmlns:p='urn:p'><i xmlns:p='urn:q'>a<b/></i></o>";
    expect(parts('//i', body)).to.deep.equal([`<i xmlns="urn:x" xmlns:p='urn:q'>a<b/></i>`]);
    expect(parts('//i', body, { mode: 'w' })).to.deep.equal([body]);
    expect(parts('//i', body, { mode: 'u' })).to.deep.equal(['a<b/>']);
    expect(parts('//i', body, { mode: 't' })).to.deep.equal(['a']);
  });

  it('looks prefixes up, and puts parts together in groups', () => {
    const body = "<o xmlns='urn:x'><i>1</i><i>2</i><i>3</i></o>";
    expect(parts('/q:o/q:i', body, { mode: 't', namespace: [{ key: 'q', value: 'urn:x' }], group: 2 })).to.deep.equal(['<group>12</group>', '<group>3</group>']);
    expect(() => parts('/q:o', body)).to.throw(ExpressionSyntaxError, 'stands for no namespace');
    expect(() => parts('/o[1]', body)).to.throw(ExpressionSyntaxError);
  });
});
