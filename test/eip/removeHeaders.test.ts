import { expect } from 'chai';
import { removeHeaders } from '../../src/eip/removeHeaders.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

const kept = (pattern: string, excludePattern?: string): string[] =>
  run(removeHeaders.operator({ pattern, excludePattern }, stepContext()), [exchangeOf(null, { foo: 1, foo1: 1, Foo2: 1, bar: 1, xfoo: 1 })])[0]!.headers.names();

describe('removeHeaders', () => {
  it('takes a name, whatever its letter case', () => expect(kept('FOO')).to.deep.equal(['foo1', 'Foo2', 'bar', 'xfoo']));
  it('takes the start of names', () => expect(kept('foo*')).to.deep.equal(['bar', 'xfoo']));
  it('takes a regular expression for the whole name', () => expect(kept('(foo|bar).?')).to.deep.equal(['xfoo']));
  it('spares what is excluded', () => expect(kept('*', 'bar, foo*')).to.deep.equal(['foo', 'foo1', 'Foo2', 'bar']));
  it('takes all with a star', () => expect(kept('*')).to.deep.equal([]));
});
