import { expect } from 'chai';
import * as fc from 'fast-check';
import { namePattern, namePatterns } from '../../src/core/namePattern.ts';

describe('a pattern of names', () => {
  const matching = (pattern: string): string[] => ['foo', 'Foo1', 'foobar', 'bar', 'a.b'].filter(namePattern(pattern));

  it('is a name', () => expect(matching('FOO')).to.deep.equal(['foo']));
  it('is the start of names', () => expect(matching('foo*')).to.deep.equal(['foo', 'Foo1', 'foobar']));
  it('is a regular expression for the whole name', () => expect([matching('foo.'), matching('(bar|a\\.b)')]).to.deep.equal([['Foo1'], ['bar', 'a.b']]));
  it('matches every name with a star', () => fc.assert(fc.property(fc.string(), (name) => namePattern('*')(name))));
  it('may be several, separated by commas', () => expect(['a', 'b1', 'c'].filter(namePatterns('a, b*'))).to.deep.equal(['a', 'b1']));
  it('matches nothing when it is absent', () => expect(namePatterns(undefined)('a')).to.equal(false));
  it('matches each plain name by itself', () => fc.assert(fc.property(fc.stringMatching(/^[\w-]+$/), (name) => namePattern(name)(name))));
});
