import { expect } from 'chai';
import { VirtualClock } from '../../../src/core/clock.ts';
import type { IdempotentRepository } from '../../../src/core/state/repositories.ts';
import { makeRepository, MemoryKeys, StoredKeys } from '../../../src/core/state/repositories.ts';
import { memoryStore } from '../../../src/stores/memory.ts';

const kinds: Record<string, (clock: VirtualClock) => IdempotentRepository> = {
  'in memory': () => new MemoryKeys(),
  'in a store': (clock) => new StoredKeys(memoryStore(clock), clock),
  'in a shared store': (clock) => new StoredKeys(memoryStore(clock), clock, { isShared: true }),
};

for (const [name, make] of Object.entries(kinds)) {
  describe(`an idempotent repository ${name}`, () => {
    let keys: IdempotentRepository;
    beforeEach(() => (keys = make(new VirtualClock())));

    it('takes a key once', async () => {
      expect([await keys.contains('a'), await keys.add('a'), await keys.add('a'), await keys.contains('a'), await keys.add('b')]).to.deep.equal([false, true, false, true, true]);
    });

    it('takes a key again that was removed', async () => {
      await keys.add('a');
      expect([await keys.remove('a'), await keys.remove('a'), await keys.add('a')]).to.deep.equal([true, false, true]);
    });

    it('keeps a confirmed key', async () => {
      await keys.add('a');
      await keys.confirm('a');
      expect([await keys.add('a'), await keys.contains('a')]).to.deep.equal([false, true]);
      expect([await keys.remove('a'), await keys.add('a')]).to.deep.equal([true, true]);
    });

    it('lets one of many have a key that come at the same time', async () => {
      const won = await Promise.all(Array.from({ length: 10 }, () => keys.add('a')));
      expect(won.filter((isWon) => isWon)).to.have.length(1);
    });

    it('takes any text as a key, and forgets all at once', async () => {
      const texts = ['', 'é/\u0000', 'x'.repeat(5000), 'sha256:x', 'key:'];
      for (const text of texts) {
        expect(await keys.add(text)).to.equal(true);
        await keys.confirm(text);
        expect(await keys.contains(text)).to.equal(true);
      }
      await keys.clear();
      for (const text of texts) expect(await keys.contains(text)).to.equal(false);
    });
  });
}

describe('keys in memory', () => {
  it('are forgotten in the order in which they came', () => {
    const keys = new MemoryKeys(2);
    expect(['a', 'b', 'a', 'c', 'a', 'b'].map((key) => keys.add(key))).to.deep.equal([true, true, false, true, true, true]);
  });
});

describe('keys in a store', () => {
  it('that were confirmed are known to the next process, those that were only claimed have lapsed', async () => {
    const clock = new VirtualClock();
    const store = memoryStore(clock);
    const first = new StoredKeys(store, clock);
    await first.add('done');
    await first.confirm('done');
    await first.add('claimed');
    const second = new StoredKeys(store, clock);
    expect([await second.add('done'), await second.add('claimed')]).to.deep.equal([false, true]);
  });

  it('of another process are waited for while its claim stands', async () => {
    for (const [end, isOurs] of [
      [(other: StoredKeys) => other.confirm('a'), false],
      [(other: StoredKeys) => other.remove('a'), true],
    ] as const) {
      const clock = new VirtualClock();
      const store = memoryStore(clock);
      const other = new StoredKeys(store, clock, { isShared: true, leaseMillis: 10_000 });
      const keys = new StoredKeys(store, clock, { isShared: true, leaseMillis: 10_000 });
      await other.add('a');
      let answer: boolean | null = null;
      void keys.add('a').then((isNew) => (answer = isNew));
      // Renewed as long as its owner lives.
      await clock.advance(60_000);
      expect(answer).to.equal(null);
      await end(other);
      await clock.advance(1000);
      expect(answer).to.equal(isOurs);
    }
  });

  it('of a process that is gone are taken over when its lease is over', async () => {
    const clock = new VirtualClock();
    const store = memoryStore(clock);
    await store.put('key:a', Buffer.from(JSON.stringify({ owner: 'gone', until: clock.now() + 5000 })));
    const keys = new StoredKeys(store, clock, { isShared: true });
    let isOurs = false;
    void keys.add('a').then((isNew) => (isOurs = isNew));
    await clock.advance(4900);
    expect(isOurs).to.equal(false);
    await clock.advance(200);
    expect(isOurs).to.equal(true);
  });

  it('are forgotten after their time to live', async () => {
    const clock = new VirtualClock();
    const keys = new StoredKeys(memoryStore(clock), clock, { ttlMillis: 1000 });
    await keys.add('a');
    await keys.confirm('a');
    await clock.advance(1000);
    expect(await keys.add('a')).to.equal(true);
  });
});

describe("Camel's repositories", () => {
  it('are found by their class names, with the packages of all versions', () => {
    const clock = new VirtualClock();
    const store = memoryStore(clock);
    const make = (name: string, properties = {}): unknown => makeRepository(name, [], properties, store, clock);
    expect(make('org.apache.camel.support.processor.idempotent.MemoryIdempotentRepository')).to.be.instanceOf(MemoryKeys);
    expect(make('org.apache.camel.processor.idempotent.MemoryIdempotentRepository')).to.be.instanceOf(MemoryKeys);
    expect(make('org.apache.camel.support.processor.idempotent.FileIdempotentRepository', { fileStore: 'x.dat' })).to.be.instanceOf(StoredKeys);
    expect(make('org.apache.camel.processor.aggregate.MemoryAggregationRepository')).to.deep.equal({ store: null });
    expect(make('org.apache.camel.processor.aggregate.jdbc.JdbcAggregationRepository')).to.deep.equal({ store });
    expect(make('com.example.MyRepository')).to.equal(undefined);
  });
});
