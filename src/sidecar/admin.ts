import type { Mecha } from '../runtime/mecha.ts';

export async function openAdmin(mecha: Mecha): Promise<() => Promise<void>> {
  void mecha;
  return () => Promise.resolve();
}
