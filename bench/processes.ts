import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const benchFolder = fileURLToPath(new URL('.', import.meta.url));
export const mechaCommand = process.env['MECHA_DIST'] ?? join(benchFolder, '../dist/mecha.cjs');

/** Microseconds that all threads of a process have been on a CPU. */
export function cpuMicros(pid: number): number {
  let nanos = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  return nanos / 1000;
}

/** Resident memory in MB. */
export const residentMegabytes = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

export const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

/** A server under measurement. */
export interface Served {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  readonly hasEnded: boolean;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Whatever is left when a benchmark fails. */
export const endAll = (): void => {
  for (const child of running) child.kill('SIGKILL');
};

/** Starts a program that gets its port as its first argument, or Mecha with routes. It is not ready yet. */
export function launch(name: string, args: readonly string[], port: number, environment: Readonly<Record<string, string>> = {}): Served {
  const folder = mkdtempSync(join(tmpdir(), 'mecha-bench-'));
  const child: ChildProcess = spawn(process.execPath, [...(process.env['BENCH_NODE_FLAGS']?.split(' ') ?? []), ...args], {
    cwd: benchFolder,
    env: { ...process.env, MECHA_STATE_PATH: folder, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return {
    name,
    port,
    pid: child.pid!,
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(late);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const byHand = (program: string, port: number, ...more: string[]): Served => launch('by hand', [join(benchFolder, 'by-hand', program), String(port), ...more], port);

export const mecha = (routes: string, port: number, properties: Readonly<Record<string, string>> = {}): Served =>
  launch('mecha', [mechaCommand, 'run', routes, '--port', String(port), ...Object.entries(properties).flatMap(([key, value]) => ['--property', `${key}=${value}`])], port);

/** Sends one request; resolves with the body of the reply, or null when nobody listens. */
export const ask = (port: number, path: string): Promise<string | null> =>
  new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`));
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('error', () => resolve(null));
    socket.on('end', () => resolve(Buffer.concat(pieces).toString()));
  });

/** Resolves when it answers anything. */
export async function answering(server: Served, path = '/'): Promise<void> {
  const { port, name } = server;
  for (let i = 0; i < 3000 && !server.hasEnded; i++) {
    if ((await ask(port, path)) !== null) return;
    await sleep(10);
  }
  throw new Error(`${name} does not answer on port ${port}`);
}

export interface Loaded {
  /** Replies a second of the server's CPU time. */
  readonly perCpuSecond: number;
  readonly perSecond: number;
}

/** Keeps connections busy for a while, and gives what the server, with `processes` all of its, took for it. */
export function load(server: Served, path: string, seconds: number, secondsBefore: number, { connections = 32, processes = () => [server.pid] }: { connections?: number; processes?: () => readonly number[] } = {}): Promise<Loaded> {
  const cpuOfAll = (): number => processes().reduce((sum, pid) => sum + cpuMicros(pid), 0);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(benchFolder, 'http-load.mjs'), String(server.port), path, String(connections), String(seconds), String(secondsBefore)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let before = 0;
    let text = '';
    child.stdout.on('data', (piece: Buffer) => {
      text += piece.toString();
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        if (line === 'started') {
          before = cpuOfAll();
          continue;
        }
        const used = cpuOfAll() - before;
        const { done, bad } = JSON.parse(line) as { done: number; bad: number };
        if (bad > 0 || done === 0) reject(new Error(`${server.name}: ${done} replies, ${bad} bad`));
        else resolve({ perCpuSecond: (done / used) * 1e6, perSecond: done / seconds });
      }
    });
    child.on('error', reject);
  });
}

export const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
