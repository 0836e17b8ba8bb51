import { readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { VirtualClock } from '../../src/core/clock.ts';
import type { StateStore } from '../../src/core/state/store.ts';
import { StoreError } from '../../src/core/state/store.ts';
import { lmdbStore } from '../../src/stores/lmdb.ts';
import { keepsStoreContract, keysIn } from '../contract/store.ts';
import { inAnotherProcess, lmdbRig, newFolder } from './lmdbRig.ts';

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

  it('says that a file is something else', async () => {
    await writeFile(join(folder, 'data.mdb'), 'hello, world\n'.repeat(1000));
    expect((await failure()).message).to.match(/no database of this kind/);
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
