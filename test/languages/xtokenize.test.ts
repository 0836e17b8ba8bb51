import { Readable } from 'node:stream';
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
    const namespace = [{ key: 'x', value: 'urn:x' }];
    expect(parts('//x:i', body, { namespace })).to.deep.equal([`<i xmlns:p='urn:q' xmlns="urn:x">a<b/></i>`]);
    expect(parts('//x:i', body.replace('<i xmlns:p=', '<i a="/>" /><i xmlns:p='), { namespace })[0]).to.equal('<i a="/>" xmlns="urn:x" xmlns:p="urn:p" />');
    expect(parts('//x:i', body, { namespace, mode: 'w' })).to.deep.equal([body]);
    expect(parts('//x:i', body, { namespace, mode: 'u' })).to.deep.equal(['a<b/>']);
    expect(parts('//x:i', body, { namespace, mode: 't' })).to.deep.equal(['a']);
  });

  it('takes a name without a prefix for one in no namespace', () => {
    expect(parts('//i', "<o xmlns='urn:x'><i>1</i><i xmlns=''>2</i></o>", { mode: 'u' })).to.deep.equal(['2']);
    expect(parts('/*', "<o xmlns='urn:x'>1</o>", { mode: 'u' })).to.deep.equal(['1']);
  });

  it('looks prefixes up, and puts parts together in groups', () => {
    const body = "<o xmlns='urn:x'><i>1</i><i>2</i><i>3</i></o>";
    expect(parts('/q:o/q:i', body, { mode: 't', namespace: [{ key: 'q', value: 'urn:x' }], group: 2 })).to.deep.equal(['<group>12</group>', '<group>3</group>']);
    expect(() => parts('/q:o', body)).to.throw(ExpressionSyntaxError, 'stands for no namespace');
    expect(() => parts('/o[1]', body)).to.throw(ExpressionSyntaxError);
  });

  it('cuts large texts and streams piece by piece, with the same parts', async () => {
    const item = (i: number): string => `<p:i id="${i}">${'x'.repeat(50)}<e/></p:i>`;
    const body = `<o xmlns:p="urn:p">${Array.from({ length: 3000 }, (_, i) => item(i)).join('\n')}</o>`;
    const small = `<o xmlns:p="urn:p">${item(7)}\n${item(8)}</o>`;
    for (const mode of [{}, { mode: 'w' }, { mode: 'u' }, { mode: 't' }, { group: 2 }, { mode: 'w', group: 2 }]) {
      const options = { ...mode, namespace: [{ key: 'p', value: 'urn:p' }] };
      const large = parts('/o/p:i', body, options);
      expect(large).to.have.length('group' in options ? 1500 : 3000);
      expect(large.slice('group' in options ? 0 : 7, 'group' in options ? 1 : 9)).to.deep.equal(parts('/o/p:i', 'group' in options ? small.replace('"7"', '"0"').replace('"8"', '"1"') : small, options));
      const streamed: unknown[] = [];
      const stream = xtokenize.expression('/o/p:i', { mode: 'i', ...options } as never, languageContext())(new Exchange(undefined, Readable.from([Buffer.from(body.slice(0, 1000)), Buffer.from(body.slice(1000))])));
      for await (const part of stream as AsyncIterable<unknown>) streamed.push(part);
      expect(streamed).to.deep.equal(large);
    }
  });
});
