import { expect } from 'chai';
import fc from 'fast-check';
import { Exchange } from '../../../src/core/exchange/exchange.ts';
import { Exit, Inlet, perform } from '../../../src/core/graph/flow.ts';
import { inOrder } from '../../../src/core/exchange/order.ts';

/** Runs bodies through a step that comes back after so many turns of the event loop each; gives the bodies in the order in which they left. */
async function through(items: readonly { body: number; lane: object | null; turns: number; isFailing?: boolean }[]): Promise<number[]> {
  const left: number[] = [];
  const inlet = new Inlet();
  const turnsOf = new Map<number, { turns: number; isFailing?: boolean }>(items.map((item) => [item.body, item]));
  const step = perform((exchange) => {
    const { turns, isFailing } = turnsOf.get(exchange.body as number)!;
    if (turns === 0 && isFailing !== true) return undefined;
    return (async () => {
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
      if (isFailing === true) throw new Error('fails');
    })();
  });
  inlet.pipe(inOrder(step)).subscribe(new Exit((exchange) => void left.push(exchange.body as number)));
  for (const { body, lane } of items) {
    const exchange = new Exchange(undefined, body);
    exchange.lane = lane;
    inlet.next(exchange);
  }
  while (left.length < items.length) await new Promise((resolve) => setImmediate(resolve));
  return left;
}

describe('order', () => {
  it('lets a lane leave in its order, whatever each takes', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.record({ lane: fc.nat(2), turns: fc.nat(4), isFailing: fc.boolean() }), { maxLength: 30 }), async (drawn) => {
        const lanes = [{}, {}, {}];
        const left = await through(drawn.map(({ lane, turns, isFailing }, body) => ({ body, lane: lanes[lane]!, turns, isFailing })));
        for (let lane = 0; lane < 3; lane++) {
          const mine = left.filter((body) => drawn[body]!.lane === lane);
          expect(mine).to.deep.equal([...mine].sort((a, b) => a - b));
        }
        expect([...left].sort((a, b) => a - b)).to.deep.equal(drawn.map((_, body) => body));
      }),
      { numRuns: 60 },
    ));

  it('lets those without a lane pass as they come back', async () => {
    expect(await through([{ body: 0, lane: null, turns: 3 }, { body: 1, lane: null, turns: 0 }])).to.deep.equal([1, 0]);
  });

  it('keeps a second lane going while the first one waits', async () => {
    expect(await through([{ body: 0, lane: {}, turns: 3 }, { body: 1, lane: {}, turns: 0 }])).to.deep.equal([1, 0]);
  });
});
