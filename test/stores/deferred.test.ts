import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { VirtualClock } from '../../src/core/clock.ts';
import { StoreError } from '../../src/core/state/store.ts';
import type { Reserved } from '../../src/stores/deferred.ts';
import { DeferredStore } from '../../src/stores/deferred.ts';
import { lmdbStore, reserveLmdb } from '../../src/stores/lmdb.ts';
import type { StoreRig } from '../contract/store.ts';
import { keepsStoreContract, keysIn } from '../contract/store.ts';
import { lmdbRig, newFolder } from './lmdbRig.ts';

function deferredRig(): StoreRig {
  const rig = lmdbRig((folder, clock) => Promise.resolve(new DeferredStore(reserveLmdb(folder, clock), true)));
  return { ...rig, occupied: async (store) => rig.occupied(await (store as DeferredStore).open()), breakWriting: async (store, reason) => rig.breakWriting!(await (store as DeferredStore).open(), reason) };
}

keepsStoreContract('LMDB that is opened when it is needed', true, deferredRig);

describe('a store that is opened when it is needed', () => {
  let folder: string;
  beforeEach(async () => void (folder = await newFolder()));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const isOpen = (): boolean => existsSync(join(folder, 'data.mdb'));

  it('answers from a folder in which nothing was ever stored without opening it', async () => {
    const store = new DeferredStore(reserveLmdb(folder, new VirtualClock()), true);
    expect(await store.get('a')).to.equal(undefined);
    expect(await keysIn(store)).to.deep.equal([]);
    expect(isOpen()).to.equal(false);
    await store.put('a', Buffer.from('1'));
    expect(isOpen()).to.equal(true);
    expect(String((await store.get('a'))?.value)).to.equal('1');
    await store.close();
  });

  it('finds what was stored before', async () => {
    const before = await lmdbStore(folder, new VirtualClock());
    await before.put('a', Buffer.from('1'));
    await before.close();
    const store = new DeferredStore(reserveLmdb(folder, new VirtualClock()), true);
    expect(String((await store.get('a'))?.value)).to.equal('1');
    await store.close();
  });

  it('has the folder to itself before it is opened, and lets go of it when it is closed unopened', async () => {
    const store = new DeferredStore(reserveLmdb(folder, new VirtualClock()), true);
    expect(() => reserveLmdb(folder, new VirtualClock())).to.throw(StoreError);
    await store.close();
    reserveLmdb(folder, new VirtualClock()).release();
  });

  it('opens once, whoever asks at the same time', async () => {
    const reserved = reserveLmdb(folder, new VirtualClock());
    let openings = 0;
    const store = new DeferredStore({ isEmpty: reserved.isEmpty, open: () => (openings++, reserved.open()), release: () => reserved.release() }, true);
    await Promise.all([store.put('a', Buffer.from('1')), store.put('b', Buffer.from('2')), store.open(), store.compareAndSet('c', null, Buffer.from('3'))]);
    expect(openings).to.equal(1);
    expect(await keysIn(store)).to.deep.equal(['a', 'b', 'c']);
    await store.close();
  });

  it('refuses everything with the reason when it can not be opened, and lets go of the folder', async () => {
    let isReleased = false;
    const broken: Reserved = { isEmpty: false, open: () => Promise.reject(new StoreError('the disk is full')), release: () => void (isReleased = true) };
    const store = new DeferredStore(broken, true);
    const refusals = await Promise.all([store.get('a'), store.put('a', Buffer.alloc(0)), store.delete('a'), store.batch([]), keysIn(store)].map((asked: Promise<unknown>) => asked.then(() => 'taken', (thrown: Error) => thrown.message)));
    expect(new Set(refusals)).to.deep.equal(new Set(['the disk is full']));
    expect(store.problem).to.equal('the disk is full');
    await store.close();
    expect(isReleased).to.equal(true);
  });

  it('opens when it is asked again and nothing is in the way any more', async () => {
    const clock = new VirtualClock();
    let isFull = true;
    const reserved = reserveLmdb(folder, clock);
    const store = new DeferredStore({ ...reserved, open: () => (isFull ? Promise.reject(new StoreError('the disk is full')) : reserved.open()) }, true);
    const refused = await store.put('a', Buffer.from('1')).catch((thrown: Error) => thrown.message);
    expect([refused, store.problem]).to.deep.equal(['the disk is full', 'the disk is full']);
    isFull = false;
    await store.put('a', Buffer.from('2'));
    expect([await keysIn(store), store.problem]).to.deep.equal([['a'], null]);
    await store.close();
  });
});
