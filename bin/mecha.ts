#!/usr/bin/env node
import { isMainThread, workerData } from 'node:worker_threads';
import { main } from '../src/cli/main.ts';

const signals = (signal: NodeJS.Signals, run: () => void): (() => void) => {
  process.on(signal, run);
  return () => void process.off(signal, run);
};

// Whoever read along has gone (`mecha catalog | head`, a log collector that ended): what runs goes on, and what is written from now on is lost.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// The thread that `mecha test` runs tests in starts with this file, too: the whole program is one script.
if (!isMainThread && (workerData as { mechaTests?: unknown } | null)?.mechaTests !== undefined) void import('../src/testing/worker.ts');
else void main(process.argv.slice(2), { in: process.stdin, out: process.stdout, err: process.stderr, folder: process.cwd(), environment: process.env, nodeVersion: process.version, pid: process.pid, onSignal: signals, exit: (code) => process.exit(code) }).then(
  (code) => {
    // Connections that a client keeps open must not hold the process.
    process.exitCode = code;
    process.exit();
  },
  (thrown: unknown) => {
    process.stderr.write(`${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`);
    process.exit(70);
  },
);
