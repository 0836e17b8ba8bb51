import { memoryStore } from '../../src/stores/memory.ts';
import type { MemoryStore } from '../../src/stores/memory.ts';
import { RemoteStore, storeCalls } from '../../src/stores/remote.ts';
import type { StoreCalls } from '../../src/stores/remote.ts';
import type { StateStore } from '../../src/core/state/store.ts';
import { keepsStoreContract } from '../contract/store.ts';


/** Calls as they go from process to process: everything is copied, and an answer takes a turn of the event loop. */
const overThere = (store: StateStore): StoreCalls => {
  const calls = storeCalls(store) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  return Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [
      name,
      async (...args: unknown[]) => {
        const given = structuredClone(args);
        await new Promise((resolve) => setImmediate(resolve));
        return structuredClone(await call(...given));
      },
    ]),
  ) as unknown as StoreCalls;
};

const stores = new WeakMap<StateStore, MemoryStore>();

keepsStoreContract('of another process', false, () => ({
  open: async (clock) => {
    const store = memoryStore(clock);
    const remote = new RemoteStore(overThere(store), store.isDurable);
    stores.set(remote, store as MemoryStore);
    const close = remote.close.bind(remote);
    remote.close = async () => {
      await close();
      await store.close();
    };
    return remote;
  },
  occupied: async (store) => stores.get(store)!.size,
  clean: async () => {},
}));
