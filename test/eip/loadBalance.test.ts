import { expect } from 'chai';
import * as fc from 'fast-check';
import { ExchangeError } from '../../src/core/errors.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { perform } from '../../src/core/graph/flow.ts';
import { loadBalance } from '../../src/eip/loadBalance.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

type Options = Parameters<typeof loadBalance.operator>[0];

/** Bodies that each target got; `broken` targets fail. */
const balanced = (balancer: Record<string, unknown>, bodies: readonly unknown[], { targets = 2, broken = [] as number[], registry = {} } = {}) => {
  const got: unknown[][] = Array.from({ length: targets }, () => []);
  const steps = got.map((list, i) =>
    perform((exchange) => {
      list.push(exchange.body);
      exchange.headers.set('target', i);
      if (broken.includes(i)) throw new ExchangeError('java.lang.IllegalStateException', `target ${i} is broken`);
    }),
  );
  const left = run(loadBalance.operator({ steps, ...balancer } as unknown as Options, stepContext({ registry })), bodies.map((body) => exchangeOf(body)));
  return { got, left };
};
const failover = (options: Record<string, unknown> = {}) => ({ failoverLoadBalancer: { roundRobin: false, sticky: false, maximumFailoverAttempts: -1, ...options } });

describe('loadBalance', () => {
  it('takes turns', () => expect(balanced({ roundRobinLoadBalancer: {} }, [1, 2, 3]).got).to.deep.equal([[1, 3], [2]]));

  it('gives each target its share, in turn', () => {
    const weightedLoadBalancer = { distributionRatio: '4,2,1', distributionRatioDelimiter: ',', roundRobin: true };
    expect(balanced({ weightedLoadBalancer }, [1, 2, 3, 4, 5, 6, 7, 8, 9], { targets: 3 }).got).to.deep.equal([[1, 4, 6, 7, 8], [2, 5, 9], [3]]);
  });

  it('keeps to one target for a key', () => {
    const stickyLoadBalancer = { correlationExpression: ({ body }: Exchange) => String(body)[0] };
    expect(balanced({ stickyLoadBalancer }, ['a1', 'b1', 'a2', 'b2', 'c1']).got).to.deep.equal([
      ['a1', 'a2', 'c1'],
      ['b1', 'b2'],
    ]);
  });

  it('sends every exchange to exactly one target, by chance or by weight', () =>
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.boolean(), (bodies, isWeighted) => {
        const weightedLoadBalancer = { distributionRatio: '3/0/1', distributionRatioDelimiter: '/', roundRobin: false };
        const { got } = balanced(isWeighted ? { weightedLoadBalancer } : { randomLoadBalancer: {} }, bodies, { targets: 3 });
        expect(got.flat()).to.have.members(bodies);
        if (isWeighted) expect(got[1]).to.deep.equal([]);
      }),
    ));

  it('gives a copy to all, and leaves the message as it was', () => {
    const { got, left } = balanced({ topicLoadBalancer: {} }, [1]);
    expect([got, left[0]!.headers.has('target')]).to.deep.equal([[[1], [1]], false]);
  });

  it('stops giving copies at the first failure', () => {
    const { got, left } = balanced({ topicLoadBalancer: {} }, [1], { targets: 3, broken: [1] });
    expect([got, left[0]!.exception?.message]).to.deep.equal([[[1], [1], []], 'target 1 is broken']);
  });

  it('falls back to the next target, with the message as it was', () => {
    const { got, left } = balanced(failover(), [1], { targets: 3, broken: [0] });
    expect([got, left[0]!.isFailed, left[0]!.headers.get('target')]).to.deep.equal([[[1], [1], []], false, 1]);
  });

  it('fails when all targets failed', () => expect(balanced(failover(), [1], { broken: [0, 1] }).left[0]!.exception?.message).to.equal('target 1 is broken'));
  it('falls back for the named exceptions only', () => expect(balanced(failover({ exception: ['java.io.IOException'] }), [1], { broken: [0] }).got).to.deep.equal([[1], []]));

  it('goes round, as often as it may', () => {
    const { got } = balanced(failover({ roundRobin: true, maximumFailoverAttempts: 3 }), [1], { broken: [0, 1] });
    expect(got).to.deep.equal([
      [1, 1],
      [1, 1],
    ]);
  });

  it('begins with the next target each time when it goes round', () => expect(balanced(failover({ roundRobin: true }), [1, 2, 3]).got).to.deep.equal([[1, 3], [2]]));
  it('begins with the target that was good last when it is sticky', () => expect(balanced(failover({ sticky: true }), [1, 2], { broken: [0] }).got).to.deep.equal([[1], [1, 2]]));

  it('asks a bean of your own', () => {
    const registry = { last: { choose: (_: Exchange, targets: number) => targets - 1 }, wrong: () => 7 };
    expect(balanced({ customLoadBalancer: { ref: 'last' } }, [1, 2], { registry }).got).to.deep.equal([[], [1, 2]]);
    expect(balanced({ customLoadBalancer: { ref: 'wrong' } }, [1], { registry }).left[0]!.exception?.message).to.contain('chose 7 of 2');
  });

  it('is refused without a balancer, and with weights that do not fit', () => {
    expect(() => balanced({}, [1])).to.throw('has no balancer');
    expect(() => balanced({ weightedLoadBalancer: { distributionRatio: '1,2,3', distributionRatioDelimiter: ',', roundRobin: true } }, [1])).to.throw('3 weights for 2 branches');
  });
});
