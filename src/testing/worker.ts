import { parentPort, workerData } from 'node:worker_threads';
import { Source } from '../core/diagnostics.ts';
import { runFile } from './file.ts';
import type { FileJob, ThreadOptions, Told } from './thread.ts';

/** The thread that tests run in: gets files of tests one after the other, and tells what becomes of them. */
const port = parentPort!;
const { mechaTests: options } = workerData as { mechaTests: ThreadOptions };

const tell = (told: Told): void => {
  try {
    port.postMessage(told);
  } catch {
    // Something in it can't leave the thread: as text it can.
    port.postMessage(JSON.parse(JSON.stringify(told)));
  }
};

port.on('message', ({ file, text, path, from }: FileJob) => {
  void runFile(new Source(file, text), path, { ...options, onResult: (_, result) => tell({ kind: 'result', result }) }, {
    from,
    onStart: (index, name, { start, end }, limitMillis) => tell({ kind: 'test', index, name, start, end, limitMillis }),
    onStep: (doing) => tell({ kind: 'step', doing }),
  }).then((report) => tell({ kind: 'done', report: { ...report, results: [] } }));
});
