import { expect } from 'chai';
import * as fc from 'fast-check';
import { exactNumber } from '../../src/core/conversion/exactNumber.ts';
import { sort } from '../../src/eip/sort.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

const sorted = (value: unknown, comparator?: string) => {
  const context = stepContext({ registry: { backwards: (a: number, b: number) => b - a, byLength: { compare: (a: string, b: string) => a.length - b.length } } });
  return run(sort.operator({ expression: () => value, comparator }, context), [exchangeOf(null)])[0]!;
};

describe('sort', () => {
  it('sorts numbers by value and texts as texts', () => {
    expect([sorted([10, 9, 2]).body, sorted(['10', '9', '2']).body, sorted(['b', 'B', 'a']).body]).to.deep.equal([[2, 9, 10], ['10', '2', '9'], ['B', 'a', 'b']]);
  });

  it('sorts numbers that are kept exactly by value, too', () => {
    const [large, larger, whole] = ['9007199254740993', '9007199254740995', '5.0'].map(exactNumber);
    expect(sorted([larger, 7, large, whole, 4, 9007199254740994n]).body).to.deep.equal([4, whole, 7, large, 9007199254740994n, larger]);
  });

  it('puts null first', () => expect(sorted(['b', null, 'a']).body).to.deep.equal([null, 'a', 'b']));
  it('takes whatever can be iterated over', () => expect(sorted(new Set([3, 1])).body).to.deep.equal([1, 3]));
  it('compares as a bean says, a function or an object with compare', () => expect([sorted([1, 2], 'backwards').body, sorted(['aa', 'b'], '#byLength').body]).to.deep.equal([[2, 1], ['b', 'aa']]));
  it('fails on a text, which is no list', () => expect(sorted('b,a').exception?.name).to.equal('NullPointerException'));
  it('fails when items can not be compared', () => expect(sorted(['b', 2]).exception?.name).to.equal('ClassCastException'));

  it('sorts the list itself, as Camel, and a frozen one as a copy', () => {
    const list = [2, 1];
    const frozen = Object.freeze([2, 1]);
    expect([sorted(list).body, list]).to.deep.equal([[1, 2], [1, 2]]);
    expect([sorted(frozen).body, frozen]).to.deep.equal([[1, 2], [2, 1]]);
  });

  it('gives the same items, none before a smaller one', () =>
    fc.assert(
      fc.property(fc.array(fc.integer()), (list) => {
        const result = sorted(list).body as number[];
        expect(result).to.have.members(list);
        expect(result.every((item, i) => i === 0 || result[i - 1]! <= item)).to.equal(true);
      }),
    ));
});
