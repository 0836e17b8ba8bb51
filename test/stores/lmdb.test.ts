import { watch } from 'node:fs';
import { readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { VirtualClock } from '../../src/core/clock.ts';
import type { StateStore } from '../../src/core/state/store.ts';
import { NewerStoreError, StoreError } from '../../src/core/state/store.ts';
import { lmdbStore, reserveLmdb } from '../../src/stores/lmdb.ts';
import { keepsStoreContract, keysIn } from '../contract/store.ts';
import { eventually } from '../eventually.ts';
import { formatIn, inAnotherProcess, lmdbRig, newFolder, setFormat } from './lmdbRig.ts';

keepsStoreContract('LMDB', true, () => lmdbRig(lmdbStore));

describe('the LMDB store', () => {
  let folder: string;
  let store: StateStore | null;

  beforeEach(async () => {
    folder = await newFolder();
    store = null;
  });

  afterEach(async () => {
    await store?.close().catch(() => {});
    await rm(folder, { recursive: true, force: true });
  });

  const failure = async (): Promise<StoreError> => {
    try {
      store = await lmdbStore(folder, new VirtualClock());
    } catch (thrown) {
      expect(thrown).to.be.instanceOf(StoreError);
      return thrown as StoreError;
    }
    throw new Error('it opened');
  };

  it('takes over the lock of a process that is no more', async () => {
    await writeFile(join(folder, 'mecha.pid'), JSON.stringify({ pid: 2 ** 22 - 1, started: 'long ago', host: hostname() }));
    store = await lmdbStore(folder, new VirtualClock());
    expect(JSON.parse(await readFile(join(folder, 'mecha.pid'), 'utf8'))).to.include({ pid: process.pid });
  });

  it('takes over the lock of an earlier process with the same number', async () => {
    await writeFile(join(folder, 'mecha.pid'), JSON.stringify({ pid: process.pid, started: 'an earlier one', host: hostname() }));
    store = await lmdbStore(folder, new VirtualClock());
  });

  it("takes over another machine's lock only when it has been silent for half a minute", async () => {
    await writeFile(join(folder, 'mecha.pid'), JSON.stringify({ pid: 7, started: 'x', host: 'elsewhere' }));
    const touched = (await stat(join(folder, 'mecha.pid'))).mtimeMs;
    try {
      store = await lmdbStore(folder, new VirtualClock(touched + 10_000));
    } catch (thrown) {
      expect((thrown as Error).message).to.match(/in use by process 7 on elsewhere/);
    }
    expect(store).to.equal(null);
    store = await lmdbStore(folder, new VirtualClock(touched + 31_000));
  });

  it('leaves the folder to others when it is closed', async () => {
    await (await lmdbStore(folder, new VirtualClock())).close();
    store = await lmdbStore(folder, new VirtualClock());
  });

  it('says that a file is damaged when it was cut off', async () => {
    const first = await lmdbStore(folder, new VirtualClock());
    for (let i = 0; i < 20; i++) await first.put(`k${i}`, Buffer.alloc(10_000));
    await first.close();
    await truncate(join(folder, 'data.mdb'), 40_000);
    expect((await failure()).message).to.match(/can't open the state store in .*: the file is damaged/);
    expect((await failure()).message, 'the lock is free again').to.match(/the file is damaged/);
  });

  describe('whose process was killed', () => {
    const pageSize = 4096;
    const left = (): Promise<void> => writeFile(join(folder, 'mecha.pid'), JSON.stringify({ pid: 2 ** 22 - 1, started: 'long ago', host: hostname() }));

    beforeEach(async function () {
      this.timeout(20_000);
      const first = await lmdbStore(folder, new VirtualClock());
      await first.batch(Array.from({ length: 400 }, (_, i) => ({ type: 'put' as const, key: `k${i}`, value: Buffer.alloc(i % 10 === 0 ? 9000 : 200, i) })));
      for (let i = 0; i < 400; i += 3) await first.delete(`k${i}`);
      await first.put('fleeting', Buffer.from('x'), { ttlMillis: 60_000 });
      await first.close();
      await left();
    });

    it('opens', async () => {
      store = await lmdbStore(folder, new VirtualClock());
      expect((await keysIn(store)).length).to.equal(267);
    });

    it('says so, every time, and does not go down, whichever of its pages is none any more', async function () {
      this.timeout(60_000);
      const whole = await readFile(join(folder, 'data.mdb'));
      const refused: number[] = [];
      for (let page = 2; page < whole.length / pageSize; page++) {
        const broken = Buffer.from(whole);
        // What a page has above its head, and what a disk gives that has lost it.
        if (page % 2 === 0) broken.fill(0, page * pageSize, (page + 1) * pageSize);
        else broken.fill(0xa5, page * pageSize + 18, (page + 1) * pageSize);
        await writeFile(join(folder, 'data.mdb'), broken);
        await left();
        try {
          store = await lmdbStore(folder, new VirtualClock());
          // A page that is free, or inside a long value.
          expect((await keysIn(store)).length).to.equal(267);
          await store.close();
          store = null;
        } catch (thrown) {
          expect((thrown as Error).message).to.match(/can't open the state store in .*: the file is damaged: restore it from a backup.*MDB_CORRUPTED: page \d+/);
          expect((await failure()).message, 'the second time').to.equal((thrown as Error).message);
          refused.push(page);
        }
      }
      expect(refused.length).to.be.greaterThan(30);
    });
  });

  it('says that a file is damaged when it is empty and was in use, and begins anew when it is moved away', async () => {
    const first = await lmdbStore(folder, new VirtualClock());
    await first.put('k', Buffer.from('v'));
    await first.close();
    await truncate(join(folder, 'data.mdb'), 0);
    for (const time of ['the first time', 'the second time']) expect((await failure()).message, time).to.match(/the file is damaged: .*data\.mdb is empty/);
    expect((await stat(join(folder, 'data.mdb'))).size, 'it is left as it was').to.equal(0);
    await rm(join(folder, 'data.mdb'));
    store = await lmdbStore(folder, new VirtualClock());
    expect(await keysIn(store)).to.deep.equal([]);
  });

  describe('whose first opening was killed before its file had anything in it', () => {
    const begun = async (): Promise<void> => {
      for (const name of ['beginning', 'lock.mdb', 'data.mdb']) await writeFile(join(folder, name), '');
      await writeFile(join(folder, 'mecha.pid'), JSON.stringify({ pid: 2 ** 22 - 1, started: 'long ago', host: hostname() }));
    };

    it('begins anew, and leaves no trace of that', async () => {
      await begun();
      store = await lmdbStore(folder, new VirtualClock());
      await store.put('k', Buffer.from('v'));
      expect((await readdir(folder)).sort()).to.deep.equal(['data.mdb', 'lock.mdb', 'mecha.pid']);
      await store.close();
      store = await lmdbStore(folder, new VirtualClock());
      expect(await keysIn(store)).to.deep.equal(['k']);
    });

    it('says so beside its file, from before there is one until it is a store', async () => {
      const reserved = reserveLmdb(folder, new VirtualClock());
      const seen: (string | null)[] = [];
      const watcher = watch(folder, (_, name) => void seen.push(name));
      try {
        store = await reserved.open();
        await eventually(() => expect(seen).to.include('data.mdb'));
        expect(seen[0]).to.equal('beginning');
        expect(await readdir(folder)).not.to.include('beginning');
      } finally {
        watcher.close();
      }
    });

    it('keeps what was written, where only its sign was left behind', async () => {
      const first = await lmdbStore(folder, new VirtualClock());
      await first.put('k', Buffer.from('v'));
      await first.close();
      await writeFile(join(folder, 'beginning'), '');
      store = await lmdbStore(folder, new VirtualClock());
      expect(await keysIn(store)).to.deep.equal(['k']);
      expect(await readdir(folder)).not.to.include('beginning');
    });
  });

  it('opens where there is an empty file and nothing else, which no store has been', async () => {
    await writeFile(join(folder, 'data.mdb'), '');
    store = await lmdbStore(folder, new VirtualClock());
    expect(await keysIn(store)).to.deep.equal([]);
  });

  it('says of which format it is, from its first write on', async () => {
    store = await lmdbStore(folder, new VirtualClock());
    await store.put('k', Buffer.from('v'));
    await store.close();
    expect(await formatIn(folder)).to.equal(1);
  });

  it('takes over a store from before there were formats, and marks it', async () => {
    const first = await lmdbStore(folder, new VirtualClock());
    await first.put('k', Buffer.from('v'));
    await first.close();
    await setFormat(folder, null);
    expect(await formatIn(folder)).to.equal(null);
    store = await lmdbStore(folder, new VirtualClock());
    expect(await keysIn(store)).to.deep.equal(['k']);
    await store.close();
    expect(await formatIn(folder)).to.equal(1);
  });

  for (const [how, isKilled] of [['closed', false], ['killed', true]] as const) {
    it(`leaves a store of a later format alone, whose process was ${how}`, async () => {
      const first = await lmdbStore(folder, new VirtualClock());
      await first.put('k', Buffer.from('v'));
      await first.close();
      await setFormat(folder, 2);
      const before = await readFile(join(folder, 'data.mdb'));
      if (isKilled) await writeFile(join(folder, 'mecha.pid'), JSON.stringify({ pid: 2 ** 22 - 1, started: 'long ago', host: hostname() }));
      for (const time of ['the first time', 'the second time']) {
        const refused = await failure();
        expect(refused, time).to.be.instanceOf(NewerStoreError);
        expect(refused, time).to.include({ format: 2, known: 1 });
      }
      expect((await readFile(join(folder, 'data.mdb'))).equals(before)).to.equal(true);
    });
  }

  it('looks at the first pages of a store whose process ended well, too: it may come from a backup', async () => {
    const first = await lmdbStore(folder, new VirtualClock());
    await first.batch(Array.from({ length: 400 }, (_, i) => ({ type: 'put' as const, key: `k${i}`, value: Buffer.alloc(200, i) })));
    await first.close();
    const whole = await readFile(join(folder, 'data.mdb'));
    await writeFile(join(folder, 'data.mdb'), Buffer.concat([whole.subarray(0, 2 * 4096), Buffer.alloc(whole.length - 2 * 4096)]));
    for (const time of ['the first time', 'the second time']) expect((await failure()).message, time).to.match(/the file is damaged: .*MDB_CORRUPTED: page \d+/);
  });

  it('looks at all of a larger one where an empty lock asks for it', async () => {
    const first = await lmdbStore(folder, new VirtualClock());
    await first.batch(Array.from({ length: 4000 }, (_, i) => ({ type: 'put' as const, key: `k${String(i).padStart(5, '0')}`, value: Buffer.alloc(300, i) })));
    await first.close();
    const bytes = await readFile(join(folder, 'data.mdb'));
    // A page of entries, far from the roots.
    bytes.fill(0, 200 * 4096, 201 * 4096);
    await writeFile(join(folder, 'data.mdb'), bytes);
    await (await lmdbStore(folder, new VirtualClock())).close();
    await writeFile(join(folder, 'mecha.pid'), '');
    await utimes(join(folder, 'mecha.pid'), 0, 0);
    expect((await failure()).message).to.match(/the file is damaged: .*MDB_CORRUPTED: page 200/);
  });

  it('says that a file is something else', async () => {
    await writeFile(join(folder, 'data.mdb'), 'hello, world\n'.repeat(1000));
    expect((await failure()).message).to.match(/no database of this kind/);
  });

  it('has a lock file without holes: the engine maps it, and would be ended in one when the disk is full', async () => {
    store = await lmdbStore(folder, new VirtualClock());
    const { size, blocks } = await stat(join(folder, 'lock.mdb'));
    expect(blocks * 512).to.be.at.least(size);
  });

  it('says that a folder can not be used', async () => {
    await writeFile(join(folder, 'file'), '');
    folder = join(folder, 'file');
    expect((await failure()).message).to.match(/can't use the state folder/);
    folder = join(folder, '..');
  });

  it('fails the write and says why when there is no more room', async () => {
    const complaint = await inAnotherProcess(folder, 'fill', 100, 'trap "" XFSZ; ulimit -f 4096;');
    expect(complaint).to.match(/^StoreException: can't write the state store in .*: (the file would be larger|the disk is full)/m);
    store = await lmdbStore(folder, new VirtualClock());
    expect((await keysIn(store)).length, 'what was written before is there').to.be.within(1, 99);
  });
});
