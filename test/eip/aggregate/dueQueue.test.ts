import { expect } from 'chai';
import fc from 'fast-check';
import { DueQueue } from '../../../src/eip/aggregate/dueQueue.ts';

describe('the queue of what is due', () => {
  it('gives each item once, when its last time has come, however it was moved', () =>
    fc.assert(
      fc.property(fc.array(fc.record({ item: fc.nat(4), due: fc.integer({ min: 1, max: 50 }) }), { maxLength: 30 }), fc.array(fc.nat(60), { maxLength: 10 }), (sets, looks) => {
        const items = Array.from({ length: 5 }, (_, name) => ({ name, due: 0, queuedFor: 0 }));
        const queue = new DueQueue<(typeof items)[number]>();
        for (const { item, due } of sets) queue.set(items[item]!, due);
        const wanted = new Map(sets.map(({ item, due }) => [item, due]));
        const taken: number[] = [];
        for (const now of [...looks.sort((a, b) => a - b), 100]) {
          for (let item = queue.take(now); item !== null; item = queue.take(now)) {
            expect(wanted.get(item.name)).to.be.at.most(now);
            taken.push(item.name);
          }
          for (const [item, due] of wanted) if (due <= now) expect(taken).to.include(item);
        }
        expect([...taken].sort()).to.deep.equal([...wanted.keys()].sort());
        expect(queue.next).to.equal(Infinity);
      }),
    ));

  it('forgets what is not due any more', () => {
    const queue = new DueQueue();
    const item = { due: 0, queuedFor: 0 };
    queue.set(item, 5);
    item.due = 0;
    expect(queue.take(10)).to.equal(null);
  });
});
