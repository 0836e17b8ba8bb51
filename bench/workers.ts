/**
 * `mecha run --workers N` against one process: `npx tsx bench/workers.ts [SECONDS]` prints for none, 1 and 2 workers the time to the first reply,
 * requests a second, CPU time of all processes a request (which other programs on the machine change little), and memory.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, benchFolder, cpuMicros, endAll, freePort, launch, mechaCommand, residentMegabytes, sleep } from './processes.ts';

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
  const load = spawn(process.execPath, [join(benchFolder, 'http-load.mjs'), String(port), '/orders', '64', String(seconds), '3'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  let before = 0;
  const sum = (of: (pid: number) => number): number => family(served.pid).reduce((total, pid) => total + of(pid), 0);
  load.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes('started')) before = sum(cpuMicros);
    lines.push(...text.split('\n').filter((line) => line.startsWith('{')));
  });
  await once(load, 'exit');
  const { done, bad, seconds: lasted } = JSON.parse(lines.at(-1)!) as { done: number; bad: number; seconds: number };
  console.log(`${workers === 0 ? 'no workers' : `${workers} worker${workers > 1 ? 's' : ''}`}: ${startMillis.toFixed(0)} ms to ready, ${(done / lasted).toFixed(0)} requests/s, ${((sum(cpuMicros) - before) / done).toFixed(1)} µs of CPU a request, ${sum(residentMegabytes).toFixed(0)} MB, ${bad} bad`);
  await served.stop();
}

try {
  for (const workers of [0, 1, 2]) await measure(workers);
} finally {
  endAll();
}
