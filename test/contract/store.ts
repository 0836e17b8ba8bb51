import { expect } from 'chai';
import fc from 'fast-check';
import { VirtualClock } from '../../src/core/clock.ts';
import type { StateStore } from '../../src/core/state/store.ts';
import { compareKeys, prefixed, StoreError } from '../../src/core/state/store.ts';

/** One engine under test. Its clock is virtual. */
export interface StoreRig {
  open(clock: VirtualClock): Promise<StateStore>;
  /** How many entries take space, expired ones that are not yet swept included. */
  occupied(store: StateStore): Promise<number>;
  /** Opens what a store that was closed (or whose process was killed) has left. Absent: nothing is left. */
  reopen?(clock: VirtualClock): Promise<StateStore>;
  /** Writes `count` entries (`k0`, `k1`, ... with their key as value) in another process, which is killed as soon as the last promise has resolved. */
  writeAndKill?(count: number): Promise<void>;
  /** Opens the same folder in another process while this one has it; gives what it complained of. */
  openElsewhere?(): Promise<string>;
  /** From now on nothing can be written, for this reason; what it gives ends that. */
  breakWriting?(store: StateStore, reason: string): Promise<() => void>;
  /** After a test. */
  clean(): Promise<void>;
}

const bytes = (text: string): Buffer => Buffer.from(text);
const text = async (store: StateStore, key: string): Promise<string | undefined> => (await store.get(key))?.value.toString();

export async function keysIn(store: StateStore, prefix = '', options: { after?: string; limit?: number } = {}): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of store.range(prefix, options)) keys.push(key);
  return keys;
}

async function failure(run: () => unknown): Promise<Error> {
  try {
    await run();
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error('nothing was thrown');
}

interface Trial {
  readonly rig: StoreRig;
  readonly store: StateStore;
  readonly clock: VirtualClock;
}

/** What every engine promises. Each line gets an empty store. */
export const storeContract = {
  'gives back the bytes that were put, and nothing for a key that was not': async ({ store }) => {
    const value = Buffer.from([0, 255, 10, 13, 128]);
    await store.put('a', value);
    await store.put('empty', Buffer.alloc(0));
    expect((await store.get('a'))?.value.equals(value)).to.equal(true);
    expect((await store.get('empty'))?.value.length).to.equal(0);
    expect(await store.get('b')).to.equal(undefined);
  },
  'is not changed by who changes the bytes afterwards': async ({ store }) => {
    const value = bytes('as it was');
    const written = store.put('a', value);
    value.fill(0);
    await written;
    expect(await text(store, 'a')).to.equal('as it was');
  },
  'changes the version at every write, also of the same bytes': async ({ store }) => {
    const versions = new Set<string | undefined>();
    for (let i = 0; i < 3; i++) {
      await store.put('a', bytes('same'));
      versions.add((await store.get('a'))?.version);
    }
    expect(versions.size).to.equal(3);
  },
  'says whether there was something to delete': async ({ store }) => {
    await store.put('a', bytes('1'));
    expect([await store.delete('a'), await store.delete('a')]).to.deep.equal([true, false]);
    expect(await store.get('a')).to.equal(undefined);
  },
  'sets only what still has the expected version': async ({ store }) => {
    expect(await store.compareAndSet('a', null, bytes('1'))).to.equal(true);
    expect(await store.compareAndSet('a', null, bytes('2'))).to.equal(false);
    const { version } = (await store.get('a'))!;
    expect(await store.compareAndSet('a', version, bytes('3'))).to.equal(true);
    expect(await store.compareAndSet('a', version, bytes('4'))).to.equal(false);
    expect(await store.compareAndSet('b', version, bytes('5'))).to.equal(false);
    expect([await text(store, 'a'), await text(store, 'b')]).to.deep.equal(['3', undefined]);
  },
  'lets exactly one of many win a compare-and-set at the same time': async ({ store }) => {
    const won = await Promise.all(Array.from({ length: 20 }, (_, i) => store.compareAndSet('lock', null, bytes(`${i}`))));
    expect(won.filter((isWon) => isWon)).to.have.length(1);
    expect(await text(store, 'lock')).to.equal(String(won.indexOf(true)));
  },
  'forgets an entry when its time to live is over': async ({ store, clock }) => {
    await store.put('short', bytes('1'), { ttlMillis: 100 });
    await store.put('long', bytes('2'), { ttlMillis: 1000 });
    await store.batch([{ type: 'put', key: 'batched', value: bytes('3'), ttlMillis: 100 }]);
    await store.compareAndSet('set', null, bytes('4'), { ttlMillis: 100 });
    await clock.advance(99);
    expect(await keysIn(store)).to.deep.equal(['batched', 'long', 'set', 'short']);
    await clock.advance(1);
    expect(await keysIn(store)).to.deep.equal(['long']);
    expect([await store.get('short'), await store.compareAndSet('set', null, bytes('again'))]).to.deep.equal([undefined, true]);
  },
  'gives an entry that is written again a new time to live': async ({ store, clock }) => {
    await store.put('a', bytes('1'), { ttlMillis: 100 });
    await store.put('b', bytes('1'), { ttlMillis: 100 });
    await clock.advance(50);
    await store.put('a', bytes('2'), { ttlMillis: 100_000 });
    await store.put('b', bytes('2'));
    await clock.advance(50_000);
    expect([await text(store, 'a'), await text(store, 'b')]).to.deep.equal(['2', '2']);
  },
  'gives back the space of what has expired': async ({ store, clock, rig }) => {
    const operations = Array.from({ length: 1500 }, (_, i) => ({ type: 'put' as const, key: `k${i}`, value: bytes('x'), ttlMillis: 1 + (i % 7) }));
    await store.batch([...operations, { type: 'put', key: 'stays', value: bytes('y') }]);
    await clock.advance(600_000);
    expect(await rig.occupied(store)).to.equal(1);
  },
  'lists the keys of a prefix in the order of their bytes': async ({ store }) => {
    const keys = ['a/2', 'a/10', 'a/1', 'a', 'a/é', 'a/\u{1F600}', 'a/\uFF21', 'a0', 'b/1', 'A/1'];
    await store.batch(keys.map((key) => ({ type: 'put', key, value: bytes(key) })));
    expect(await keysIn(store, 'a/')).to.deep.equal(['a/1', 'a/10', 'a/2', 'a/é', 'a/\uFF21', 'a/\u{1F600}']);
    expect(await keysIn(store)).to.deep.equal([...keys].sort((one, other) => Buffer.compare(bytes(one), bytes(other))));
  },
  'goes on after a key and stops at a limit': async ({ store }) => {
    await store.batch(['a/1', 'a/2', 'a/3', 'a/4', 'b/1'].map((key) => ({ type: 'put', key, value: bytes(key) })));
    expect(await keysIn(store, 'a/', { after: 'a/2' })).to.deep.equal(['a/3', 'a/4']);
    expect(await keysIn(store, 'a/', { after: 'a/1', limit: 2 })).to.deep.equal(['a/2', 'a/3']);
    expect(await keysIn(store, 'a/', { after: 'a/25' })).to.deep.equal(['a/3', 'a/4']);
    expect(await keysIn(store, 'a/', { limit: 0 })).to.deep.equal([]);
  },
  'lists more than a step of it while others write': async ({ store }) => {
    const keys = Array.from({ length: 1200 }, (_, i) => `k/${String(i).padStart(5, '0')}`);
    await store.batch(keys.map((key) => ({ type: 'put', key, value: bytes(key) })));
    const seen: string[] = [];
    for await (const [key] of store.range('k/')) {
      seen.push(key);
      if (seen.length % 100 === 0) await store.put('other', bytes('x'));
    }
    expect(seen).to.deep.equal(keys);
  },
  'does all of a batch, in order': async ({ store }) => {
    await store.put('gone', bytes('x'));
    await store.batch([
      { type: 'put', key: 'a', value: bytes('1') },
      { type: 'delete', key: 'gone' },
      { type: 'put', key: 'a', value: bytes('2') },
      { type: 'put', key: 'b', value: bytes('3') },
      { type: 'delete', key: 'b' },
    ]);
    expect(await keysIn(store)).to.deep.equal(['a']);
    expect(await text(store, 'a')).to.equal('2');
  },
  'does nothing of a batch that can not be done': async ({ store }) => {
    const error = await failure(() =>
      store.batch([
        { type: 'put', key: 'a', value: bytes('1') },
        { type: 'put', key: 'x'.repeat(1501), value: bytes('2') },
      ]),
    );
    expect(error).to.be.instanceOf(StoreError);
    expect(await store.get('a')).to.equal(undefined);
  },
  'takes keys of 1,500 bytes and says which one is too long': async ({ store }) => {
    const longest = 'é'.repeat(750);
    await store.put(longest, bytes('1'));
    expect(await text(store, longest)).to.equal('1');
    const error = await failure(() => store.put(`${longest}!`, bytes('2')));
    expect(error).to.be.instanceOf(StoreError);
    expect(error.message).to.match(/1501 bytes/);
  },
  'does what it is told in the order in which it is told': async ({ store }) => {
    await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 5 === 4 ? store.delete('a') : store.put('a', bytes(`${i}`)))).concat(store.put('a', bytes('last'))));
    expect(await text(store, 'a')).to.equal('last');
  },
  'refuses everything once it is closed': async ({ store }) => {
    await store.put('a', bytes('1'));
    await store.close();
    for (const use of [() => store.get('a'), () => store.put('a', bytes('2')), () => store.batch([]).then(() => store.delete('a')), () => keysIn(store, 'a')]) {
      expect(await failure(use)).to.be.instanceOf(StoreError);
    }
  },
  'leaves no timer behind when it is closed': async ({ store, clock }) => {
    await store.put('a', bytes('1'), { ttlMillis: 1000 });
    await store.close();
    expect(clock.waiting).to.equal(0);
  },
  'agrees with a plain map, whatever is done': async ({ store }) => {
    const key = fc.constantFrom('a', 'a/1', 'a/2', 'b', 'b/é');
    const command = fc.oneof(
      fc.record({ type: fc.constant('put' as const), key, value: fc.string() }),
      fc.record({ type: fc.constant('delete' as const), key, value: fc.constant('') }),
      fc.record({ type: fc.constant('set' as const), key, value: fc.string() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (commands) => {
        for (const stored of await keysIn(store)) await store.delete(stored);
        const model = new Map<string, string>();
        for (const { type, key: name, value } of commands) {
          if (type === 'put') {
            await store.put(name, bytes(value));
            model.set(name, value);
          } else if (type === 'delete') {
            await store.delete(name);
            model.delete(name);
          } else {
            await store.compareAndSet(name, null, bytes(value));
            if (!model.has(name)) model.set(name, value);
          }
        }
        const found: [string, string][] = [];
        for await (const [name, { value }] of store.range('')) found.push([name, value.toString()]);
        expect(found).to.deep.equal([...model].sort(([one], [other]) => compareKeys(one, other)));
      }),
      { numRuns: 60 },
    );
  },
  'keeps parts apart': async ({ store }) => {
    const one = prefixed(store, 'one/');
    const two = prefixed(store, 'two/');
    await one.put('a', bytes('1'));
    await two.batch([{ type: 'put', key: 'a', value: bytes('2') }]);
    await two.compareAndSet('b', null, bytes('3'));
    await one.close();
    expect([await keysIn(one), await keysIn(two), await keysIn(store)]).to.deep.equal([['a'], ['a', 'b'], ['one/a', 'two/a', 'two/b']]);
    expect([await text(one, 'a'), await keysIn(two, '', { after: 'a' }), await two.delete('b')]).to.deep.equal(['1', ['b'], true]);
  },
} satisfies Record<string, (trial: Trial) => Promise<void>>;

/** What engines that say `isDurable` promise beyond that. */
export const durableContract = {
  'has everything again after it was closed and opened': async ({ store, rig, clock }) => {
    await store.put('a', bytes('1'));
    await store.put('short', bytes('2'), { ttlMillis: 5000 });
    const { version } = (await store.get('a'))!;
    await store.close();
    const again = await rig.reopen!(clock);
    expect(await keysIn(again)).to.deep.equal(['a', 'short']);
    expect((await again.get('a'))?.version).to.equal(version);
    await again.put('a', bytes('1'));
    expect((await again.get('a'))?.version).not.to.equal(version);
    await clock.advance(600_000);
    expect(await rig.occupied(again)).to.equal(1);
    await again.close();
  },
  'writes what was asked for before it was closed': async ({ store, rig, clock }) => {
    const writes = Array.from({ length: 100 }, (_, i) => store.put(`k${i}`, bytes('x')));
    await store.close();
    await Promise.all(writes);
    const again = await rig.reopen!(clock);
    expect(await keysIn(again)).to.have.length(100);
    await again.close();
  },
  'has everything whose promise resolved, though its process was killed at once': async ({ store, rig, clock }) => {
    await store.close();
    await rig.writeAndKill!(50);
    const again = await rig.reopen!(clock);
    expect(await keysIn(again)).to.have.length(50);
    expect(await text(again, 'k49')).to.equal('k49');
    await again.close();
  },
  'says while it can not be written, and finds out by itself when it can again': async ({ store, rig, clock }) => {
    await store.put('a', bytes('1'));
    expect(store.problem ?? null).to.equal(null);
    const mend = await rig.breakWriting!(store, 'ENOSPC: No space left on device');
    expect(await failure(() => store.put('a', bytes('2')))).to.be.instanceOf(StoreError);
    expect(store.problem).to.match(/the disk is full/);
    await clock.advance(60_000);
    expect(store.problem).to.match(/the disk is full/);
    mend();
    await clock.advance(5000);
    expect(store.problem).to.equal(null);
    await store.put('b', bytes('3'));
    expect([await text(store, 'a'), await keysIn(store)], 'and nothing of that is seen').to.deep.equal(['1', ['a', 'b']]);
  },
  'refuses a second process and names the first': async ({ store, rig }) => {
    await store.put('a', bytes('1'));
    expect(await rig.openElsewhere!()).to.match(new RegExp(`in use by process ${process.pid}\\b`));
  },
} satisfies Record<string, (trial: Trial) => Promise<void>>;

export type StoreLaw = keyof typeof storeContract | keyof typeof durableContract;

export const lawsFor = (isDurable: boolean): [string, (trial: Trial) => Promise<void>][] => Object.entries(isDurable ? { ...storeContract, ...durableContract } : storeContract);

/** Runs one line of the contract on a fresh store. */
export async function hold(law: (trial: Trial) => Promise<void>, rig: StoreRig): Promise<void> {
  const clock = new VirtualClock();
  const store = await rig.open(clock);
  try {
    await law({ rig, store, clock });
  } finally {
    await store.close().catch(() => {});
    await rig.clean();
  }
}

export function keepsStoreContract(name: string, isDurable: boolean, makeRig: () => StoreRig): void {
  describe(`${name} as a state store`, () => {
    for (const [line, law] of lawsFor(isDurable)) it(line, () => hold(law, makeRig()));
  });
}
