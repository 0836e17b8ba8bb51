import { memoryStore } from '../../src/stores/memory.ts';
import type { MemoryStore } from '../../src/stores/memory.ts';
import { keepsStoreContract } from '../contract/store.ts';

keepsStoreContract('memory', false, () => ({
  open: async (clock) => memoryStore(clock),
  occupied: async (store) => (store as MemoryStore).size,
  clean: async () => {},
}));
