import { expect } from 'chai';
import { threads } from '../../src/eip/threads.ts';
import { bodies, exchangeOf, graph, stepContext } from '../contract/operator.ts';

describe('threads', () => {
  it('lets the caller go on first, and keeps the order', async () => {
    const context = stepContext();
    const options = { threadName: 'pool' } as Parameters<typeof threads.operator>[0];
    const { feed, left } = graph(threads.operator(options, context));
    feed(exchangeOf('a'), exchangeOf('b'));
    expect(left).to.have.length(0);
    await context.clock.advance(0);
    expect(bodies(left)).to.deep.equal(['a', 'b']);
  });
});
