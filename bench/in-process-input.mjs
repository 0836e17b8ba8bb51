/** What goes into the steps and the split, by hand and by route. */
export const orders = Array.from({ length: 64 }, (_, i) => ({ id: `o-${i}`, region: ['eu', 'us', 'cn'][i % 3], amount: 50 + i * 2 }));

export const listLength = 10_000;

export const list = JSON.stringify(Array.from({ length: listLength }, (_, i) => ({ id: i, sku: `A-${i % 97}`, quantity: 1 + (i % 9) })));

/** Runs `work` (which may give a promise), and gives how long it took: `{ done, cpuMicros, millis }`. */
export async function measured(done, work) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { done, cpuMicros: user + system, millis: performance.now() - start };
}
