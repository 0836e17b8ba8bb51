// A process of its own for tests: opens the store in a folder and does what it is told, or says why it can't.
import { systemClock } from '../../src/core/clock.ts';
import { lmdbStore } from '../../src/stores/lmdb.ts';

const [folder, what, count] = process.argv.slice(2);

try {
  const store = await lmdbStore(folder!, systemClock);
  if (what === 'write') {
    await Promise.all(Array.from({ length: Number(count) }, (_, i) => store.put(`k${i}`, Buffer.from(`k${i}`))));
    process.kill(process.pid, 'SIGKILL');
  } else if (what === 'fill') {
    for (let i = 0; i < Number(count); i++) await store.put(`k${i}`, Buffer.alloc(100_000));
    console.log('all written');
  } else {
    console.log('opened');
  }
  await store.close();
} catch (thrown) {
  console.log(`${(thrown as Error).name}: ${(thrown as Error).message}`);
  process.exit(1);
}
