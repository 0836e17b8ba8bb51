import { expect } from 'chai';
import type { VirtualClock } from '../../src/core/clock.ts';
import type { PutOptions, StateStore, StoredValue, StoreOperation } from '../../src/core/state/store.ts';
import { StoreError } from '../../src/core/state/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { StoreRig , storeContract } from './store.ts';
import { durableContract, hold, lawsFor } from './store.ts';

type RangeOptions = { readonly after?: string; readonly limit?: number };

/** Passes everything on; what is broken on purpose overrides one thing. */
class Sound implements StateStore {
  readonly isDurable = false;
  readonly inner: StateStore;
  readonly clock: VirtualClock;

  constructor(inner: StateStore, clock: VirtualClock) {
    this.inner = inner;
    this.clock = clock;
  }

  get(key: string): Promise<StoredValue | undefined> {
    return this.inner.get(key);
  }

  put(key: string, value: Buffer, options?: PutOptions): Promise<void> {
    return this.inner.put(key, value, options);
  }

  compareAndSet(key: string, version: string | null, value: Buffer, options?: PutOptions): Promise<boolean> {
    return this.inner.compareAndSet(key, version, value, options);
  }

  delete(key: string): Promise<boolean> {
    return this.inner.delete(key);
  }

  range(prefix: string, options?: RangeOptions): AsyncIterable<readonly [string, StoredValue]> {
    return this.inner.range(prefix, options);
  }

  batch(operations: readonly StoreOperation[]): Promise<void> {
    return this.inner.batch(operations);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function all(range: AsyncIterable<readonly [string, StoredValue]>): Promise<(readonly [string, StoredValue])[]> {
  const found: (readonly [string, StoredValue])[] = [];
  for await (const entry of range) found.push(entry);
  return found;
}

const broken: Record<keyof typeof storeContract, typeof Sound> = {
  'gives back the bytes that were put, and nothing for a key that was not': class extends Sound {
    override async get(key: string): Promise<StoredValue | undefined> {
      const found = await super.get(key);
      return found?.value.length === 0 ? undefined : found;
    }
  },
  'is not changed by who changes the bytes afterwards': class extends Sound {
    override async put(key: string, value: Buffer, options?: PutOptions): Promise<void> {
      await turn();
      return super.put(key, value, options);
    }
    override async batch(operations: readonly StoreOperation[]): Promise<void> {
      await turn();
      return super.batch(operations);
    }
    override async delete(key: string): Promise<boolean> {
      await turn();
      return super.delete(key);
    }
  },
  'changes the version at every write, also of the same bytes': class extends Sound {
    override async get(key: string): Promise<StoredValue | undefined> {
      const found = await super.get(key);
      return found && { value: found.value, version: `of ${found.value.toString('hex')}` };
    }
    override async compareAndSet(key: string, version: string | null, value: Buffer, options?: PutOptions): Promise<boolean> {
      if (version === null) return super.compareAndSet(key, version, value, options);
      return (await this.get(key))?.version === version && super.compareAndSet(key, (await this.inner.get(key))!.version, value, options);
    }
  },
  'says whether there was something to delete': class extends Sound {
    override async delete(key: string): Promise<boolean> {
      await super.delete(key);
      return true;
    }
  },
  'sets only what still has the expected version': class extends Sound {
    override async compareAndSet(key: string, version: string | null, value: Buffer, options?: PutOptions): Promise<boolean> {
      return super.compareAndSet(key, (await this.inner.get(key)) === undefined ? null : version, value, options);
    }
  },
  'lets exactly one of many win a compare-and-set at the same time': class extends Sound {
    override async compareAndSet(key: string, version: string | null, value: Buffer, options?: PutOptions): Promise<boolean> {
      const found = await this.inner.get(key);
      if ((found?.version ?? null) !== version) return false;
      await this.inner.put(key, value, options);
      return true;
    }
  },
  'forgets an entry when its time to live is over': class extends Sound {
    override put(key: string, value: Buffer, options?: PutOptions): Promise<void> {
      return super.put(key, value, options?.ttlMillis === undefined ? options : { ttlMillis: options.ttlMillis + 1 });
    }
  },
  'gives an entry that is written again a new time to live': class extends Sound {
    private readonly first = new Map<string, PutOptions>();
    override put(key: string, value: Buffer, options?: PutOptions): Promise<void> {
      if (!this.first.has(key) && options !== undefined) this.first.set(key, options);
      return super.put(key, value, this.first.get(key));
    }
  },
  'gives back the space of what has expired': class extends Sound {
    override close(): Promise<void> {
      this.clock.schedule = this.schedule;
      return super.close();
    }
    private readonly schedule = this.clock.schedule;
    override batch(operations: readonly StoreOperation[]): Promise<void> {
      this.clock.schedule = () => ({ cancel: () => {} });
      return super.batch(operations);
    }
  },
  'lists the keys of a prefix in the order of their bytes': class extends Sound {
    override async *range(prefix: string, options?: RangeOptions): AsyncIterable<readonly [string, StoredValue]> {
      yield* (await all(super.range(prefix, options))).sort(([a], [b]) => (a < b ? -1 : 1));
    }
  },
  'goes on after a key and stops at a limit': class extends Sound {
    override range(prefix: string, options?: RangeOptions): AsyncIterable<readonly [string, StoredValue]> {
      return super.range(prefix, options?.after === undefined ? options : { after: options.after });
    }
  },
  'lists more than a step of it while others write': class extends Sound {
    override range(prefix: string, options: RangeOptions = {}): AsyncIterable<readonly [string, StoredValue]> {
      return super.range(prefix, { ...options, limit: Math.min(options.limit ?? 1000, 1000) });
    }
  },
  'does all of a batch, in order': class extends Sound {
    override batch(operations: readonly StoreOperation[]): Promise<void> {
      return super.batch([...operations].sort((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0)));
    }
  },
  'does nothing of a batch that can not be done': class extends Sound {
    override async batch(operations: readonly StoreOperation[]): Promise<void> {
      for (const operation of operations) await super.batch([operation]);
    }
  },
  'takes keys of 1,500 bytes and says which one is too long': class extends Sound {
    override async put(key: string, value: Buffer, options?: PutOptions): Promise<void> {
      if (key.length > 500) throw new StoreError('too long for me');
      return super.put(key, value, options);
    }
  },
  'does what it is told in the order in which it is told': class extends Sound {
    override async delete(key: string): Promise<boolean> {
      await turn();
      return super.delete(key);
    }
  },
  'refuses everything once it is closed': class extends Sound {
    override get(key: string): Promise<StoredValue | undefined> {
      return super.get(key).catch(() => undefined);
    }
  },
  'leaves no timer behind when it is closed': class extends Sound {
    override close(): Promise<void> {
      this.clock.schedule(1000, () => {});
      return super.close();
    }
  },
  'agrees with a plain map, whatever is done': class extends Sound {
    private readonly deleted = new Set<string>();
    override delete(key: string): Promise<boolean> {
      this.deleted.add(key);
      return super.delete(key);
    }
    override async put(key: string, value: Buffer, options?: PutOptions): Promise<void> {
      if (key !== 'b/é' || !this.deleted.has(key)) await super.put(key, value, options);
    }
  },
  'keeps parts apart': class extends Sound {
    override range(prefix: string, options?: RangeOptions): AsyncIterable<readonly [string, StoredValue]> {
      return super.range(prefix, options?.after?.startsWith('two/') === true ? {} : options);
    }
  },
};

const memoryRig = (Kind: typeof Sound): StoreRig => ({
  open: async (clock) => new Kind(memoryStore(clock), clock),
  occupied: async (store) => ((store as Sound).inner as unknown as { size: number }).size,
  clean: async () => {},
});

/** Says what stands in the way, and tries again every second. */
const honest = (reason: string | null): string | null => (reason === null ? null : `the disk is full (${reason})`);

/** A durable engine in memory: what was closed can be opened again, and so can what a killed process has left. */
function lastingRig(overrides: Partial<StoreRig> = {}, closes: 'later' | 'at once' = 'later', says = honest): StoreRig {
  let kept: StateStore;
  class Lasting extends Sound {
    private writing: Promise<unknown> = Promise.resolve();
    private isClosed = false;
    private obstacle: string | null = null;
    problem: string | null = null;

    obstruct(obstacle: string | null): void {
      this.obstacle = obstacle;
      const look = (): void => {
        this.problem = says(this.obstacle);
        if (this.problem !== null) this.clock.schedule(1000, look);
      };
      this.clock.schedule(1000, look);
    }

    override async put(key: string, value: Buffer, options?: PutOptions): Promise<void> {
      if (this.obstacle !== null) {
        this.problem = says(this.obstacle);
        throw new StoreError(this.obstacle);
      }
      const written = turn().then(() => (this.isClosed ? undefined : this.inner.put(key, value, options)));
      this.writing = Promise.all([this.writing, written]);
      return written;
    }
    override async close(): Promise<void> {
      if (closes === 'later') await this.writing;
      this.isClosed = true;
    }
  }
  return {
    open: async (clock) => new Lasting((kept = memoryStore(clock)), clock),
    occupied: async (store) => ((store as Sound).inner as unknown as { size: number }).size,
    reopen: async (clock) => new Lasting(kept, clock),
    writeAndKill: async (count) => {
      for (let i = 0; i < count; i++) await kept.put(`k${i}`, Buffer.from(`k${i}`));
    },
    breakWriting: async (store, reason) => {
      (store as Lasting).obstruct(reason);
      return () => (store as Lasting).obstruct(null);
    },
    openElsewhere: async () => `it is in use by process ${process.pid}`,
    clean: async () => {},
    ...overrides,
  };
}

const brokenLasting: Record<keyof typeof durableContract, () => StoreRig> = {
  'has everything again after it was closed and opened': () => {
    const rig = lastingRig();
    return {
      ...rig,
      reopen: async (clock) => {
        const store = await rig.reopen!(clock);
        await store.delete('a');
        return store;
      },
    };
  },
  'writes what was asked for before it was closed': () => lastingRig({}, 'at once'),
  'has everything whose promise resolved, though its process was killed at once': () => {
    const rig = lastingRig();
    return { ...rig, writeAndKill: (count) => rig.writeAndKill!(count - 1) };
  },
  'says while it can not be written, and finds out by itself when it can again': () => lastingRig({}, 'later', () => null),
  'refuses a second process and names the first': () => lastingRig({ openElsewhere: async () => 'opened' }),
};

const lawsOfLasting = Object.entries(durableContract);

describe('the contract of state stores', () => {
  const failures = async (makeRig: () => StoreRig, laws: [string, Parameters<typeof hold>[0]][]): Promise<string[]> => {
    const failed: string[] = [];
    for (const [line, law] of laws) await hold(law, makeRig()).catch(() => failed.push(line));
    return failed;
  };

  it('is kept by one that is sound', async () => expect(await failures(() => memoryRig(Sound), lawsFor(false))).to.deep.equal([]));

  for (const [line, Kind] of Object.entries(broken)) {
    it(`catches one that breaks "${line}", and says exactly that`, async () => expect(await failures(() => memoryRig(Kind), lawsFor(false))).to.deep.equal([line]));
  }

  it('is kept by one that is sound and lasts', async () => expect(await failures(() => lastingRig(), lawsOfLasting)).to.deep.equal([]));

  for (const [line, makeRig] of Object.entries(brokenLasting)) {
    it(`catches a durable one that breaks "${line}", and says exactly that`, async () => expect(await failures(makeRig, lawsOfLasting)).to.deep.equal([line]));
  }
});
