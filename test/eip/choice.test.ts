import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import type { Predicate } from '../../src/core/expression.ts';
import { perform } from '../../src/core/graph/flow.ts';
import { choice } from '../../src/eip/choice.ts';
import { bodies, exchangeOf, run, runLater, stepContext } from '../contract/operator.ts';

const marks = (mark: string) => perform((exchange) => void (exchange.body = `${String(exchange.body)}${mark}`));
const described = { id: undefined, description: undefined, note: undefined, disabled: false };
const when = (expression: Predicate, mark: string, disabled = false) => ({ ...described, expression, steps: marks(mark), disabled });
const is = (value: unknown): Predicate => (exchange: Exchange) => exchange.body === value;
const later = (predicate: Predicate): Predicate => Object.assign((exchange: Exchange) => Promise.resolve(predicate(exchange)) as unknown as boolean, { isAsync: true });

describe('choice', () => {
  const through = (options: Partial<Parameters<typeof choice.operator>[0]>, ...values: unknown[]): unknown[] =>
    bodies(run(choice.operator({ when: [], otherwise: undefined, precondition: false, ...options }, stepContext()), values.map((value) => exchangeOf(value))));

  it('takes the first branch that matches', () => expect(through({ when: [when(is('a'), '1'), when(is('a'), '2'), when(is('b'), '3')] }, 'a', 'b')).to.deep.equal(['a1', 'b3']));
  it('takes otherwise when none matches', () => expect(through({ when: [when(is('a'), '1')], otherwise: { ...described, steps: marks('!') } }, 'x')).to.deep.equal(['x!']));
  it('lets what matches nowhere pass', () => expect(through({ when: [when(is('a'), '1')] }, 'x')).to.deep.equal(['x']));
  it('leaves out branches that are disabled', () => expect(through({ when: [when(is('a'), '1', true), when(is('a'), '2')] }, 'a')).to.deep.equal(['a2']));
  it('may have no branch at all', () => expect(through({}, 'a')).to.deep.equal(['a']));

  it('decides once, when it is built, with a precondition', () => {
    let asked = 0;
    const once: Predicate = () => ++asked === 1;
    expect(through({ when: [when(once, '1'), when(() => true, '2')], precondition: true }, 'a', 'b')).to.deep.equal(['a1', 'b1']);
    expect(asked).to.equal(1);
  });

  it('asks predicates that answer later one after the other, and only as far as it must', async () => {
    const asked: string[] = [];
    const watched = (name: string, predicate: Predicate): Predicate => {
      const answer = later(predicate);
      return Object.assign(
        (exchange: Exchange) => {
          asked.push(name);
          return answer(exchange);
        },
        { isAsync: true },
      );
    };
    const context = stepContext();
    const branches = [when(watched('first', is('x')), '1'), when(watched('second', is('a')), '2'), when(watched('third', () => true), '3')];
    const left = await runLater(choice.operator({ when: branches, otherwise: undefined, precondition: false }, context), context, [exchangeOf('a')]);
    expect([bodies(left), asked]).to.deep.equal([['a2'], ['first', 'second']]);
  });

  it('gives each exchange to exactly one branch, whatever the predicates say', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 })), fc.array(fc.integer({ min: 0, max: 5 })), (values, branches) => {
        const options = { when: branches.map((value) => when(is(value), '!')), otherwise: { ...described, steps: marks('!') } };
        expect(through(options, ...values)).to.deep.equal(values.map((value) => `${value}!`));
      }),
    ));
});
