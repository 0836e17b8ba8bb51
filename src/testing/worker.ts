import { parentPort } from 'node:worker_threads';
import { Source } from '../core/diagnostics.ts';
import { runFile } from './file.ts';
import type { FileJob, Told } from './thread.ts';

/** The thread that tests run in: gets files of tests one after the other, and tells what becomes of them. */
const port = parentPort!;

const tell = (told: Told): void => {
  try {
    port.postMessage(told);
  } catch {
    // Something in it can't leave the thread: as text it can.
    port.postMessage(JSON.parse(JSON.stringify(told)));
  }
};

port.on('message', ({ options, file, text, path, scratch, from }: FileJob) => {
  void runFile(new Source(file, text), path, { ...options, onResult: (_, result) => tell({ kind: 'result', result }) }, {
    scratch,
    from,
    onStart: (index, name, { start, end }, limitMillis) => tell({ kind: 'test', index, name, start, end, limitMillis }),
    onStep: (doing) => tell({ kind: 'step', doing }),
  }).then((report) => tell({ kind: 'done', report: { ...report, results: [] } }));
});
