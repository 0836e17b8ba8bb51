#!/usr/bin/env node
import { isMainThread, workerData } from 'node:worker_threads';
import { main } from '../src/cli/main.ts';
import { systemClock } from '../src/core/clock.ts';

let isToldToStop = false;

const signals = (signal: NodeJS.Signals, run: () => void): (() => void) => {
  const heard = (): void => {
    isToldToStop = true;
    run();
  };
  process.on(signal, heard);
  return () => void process.off(signal, heard);
};

// Whoever read along has gone (`mecha catalog | head`, a log collector that ended): what runs goes on, and what is written from now on is lost.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/** How long what a reader of the output has not taken yet keeps a program that was told to stop. */
const lastWordsMillis = 1000;

/** Ends the process as soon as what it has written is read: a pipe takes little at once, and a pager takes its time. Connections that a client keeps open must not hold it. */
function end(code: number): void {
  process.exitCode = code;
  let open = 2;
  const written = (): void => {
    if (--open === 0) process.exit();
  };
  process.stdout.write('', written);
  process.stderr.write('', written);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeAllListeners(signal);
  if (isToldToStop) systemClock.schedule(lastWordsMillis, () => process.exit());
}

// The thread that `mecha test` runs tests in starts with this file, too: it is the launcher's only door to the parts of the program.
if (!isMainThread && (workerData as { mechaTests?: unknown } | null)?.mechaTests !== undefined) void import('../src/testing/worker.ts');
else void main(process.argv.slice(2), { in: process.stdin, out: process.stdout, err: process.stderr, folder: process.cwd(), environment: process.env, nodeVersion: process.version, pid: process.pid, script: process.argv[1]!, onSignal: signals, exit: (code) => process.exit(code) }).then(
  end,
  (thrown: unknown) => {
    process.stderr.write(`${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`);
    end(70);
  },
);
