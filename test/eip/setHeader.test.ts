import { expect } from 'chai';
import { setHeader } from '../../src/eip/setHeader.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('setHeader', () => {
  it('keeps the first spelling of a name', () => {
    const [exchange] = run(setHeader.operator({ name: 'content-TYPE', expression: () => 'b' }, stepContext()), [exchangeOf(null, { 'Content-Type': 'a' })]);
    expect(exchange!.headers.toObject()).to.deep.equal({ ...exchange!.headers.toObject(), 'Content-Type': 'b' });
    expect(exchange!.headers.names()).to.deep.equal(['Content-Type']);
  });

  it('keeps null as a value', () => {
    const [exchange] = run(setHeader.operator({ name: 'x', expression: () => undefined }, stepContext()), [exchangeOf(null)]);
    expect([exchange!.headers.has('x'), exchange!.headers.get('x')]).to.deep.equal([true, null]);
  });

  it('puts a name with Simple in it together for each message', () => {
    const context = stepContext();
    const pipe = setHeader.operator({ name: 'for-${body}', expression: () => 1 }, context);
    expect(run(pipe, [exchangeOf('a'), exchangeOf('b')]).map(({ headers }) => headers.names())).to.deep.equal([['for-a'], ['for-b']]);
  });
});
