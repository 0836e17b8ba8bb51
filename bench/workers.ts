/**
 * `mecha run --workers N` against one process: `npx tsx bench/workers.ts [SECONDS]` prints for none, 1 and 2 workers the time to the first reply,
 * requests a second, CPU time of all processes a request (which other programs on the machine change little), and memory.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, benchFolder, endAll, freePort, launch, load, mechaCommand, residentMegabytes, sleep } from './processes.ts';

const seconds = Number(process.argv[2] ?? 5);

/** A process and those that it has started. */
function family(pid: number): number[] {
  const parents = readdirSync('/proc').flatMap((name) => {
    try {
      return /^\d+$/.test(name) ? [[Number(name), Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]!.split(' ')[1])] as const] : [];
    } catch {
      return [];
    }
  });
  return [pid, ...parents.filter(([, parent]) => parent === pid).map(([child]) => child)];
}

async function measure(workers: number): Promise<void> {
  const port = await freePort();
  const began = performance.now();
  const served = launch('mecha', [mechaCommand, 'run', join(benchFolder, 'routes/orders.yaml'), '--port', String(port), ...(workers === 0 ? [] : ['--workers', String(workers)])], port);
  while (!((await ask(port, '/health/ready')) ?? '').startsWith('HTTP/1.1 200')) {
    if (served.hasEnded) throw new Error('it ended');
    await sleep(2);
  }
  const startMillis = performance.now() - began;
  const processes = (): number[] => family(served.pid);
  const { perSecond, perCpuSecond } = await load(served, '/orders', seconds, 3, { connections: 64, processes });
  const megabytes = processes().reduce((sum, pid) => sum + residentMegabytes(pid), 0);
  console.log(`${workers === 0 ? 'no workers' : `${workers} worker${workers > 1 ? 's' : ''}`}: ${startMillis.toFixed(0)} ms to ready, ${perSecond.toFixed(0)} requests/s, ${(1e6 / perCpuSecond).toFixed(1)} µs of CPU a request, ${megabytes.toFixed(0)} MB`);
  await served.stop();
}

try {
  for (const workers of [0, 1, 2]) await measure(workers);
} finally {
  endAll();
}
