import type { Progress } from '../runtime/documents.ts';
import type { Terminal } from './terminal.ts';

/** Work that is over before this shows nothing. */
const patienceMillis = 400;
/** A line is drawn again at most so often. */
const drawMillis = 80;
const barWidth = 24;

/**
 * Runs work that may take a while, with a bar for who looks at a terminal. A program that reads the results (`isForProgram`), a file or a pipe sees none; when the
 * work is over the line is gone.
 */
export async function withProgress<T>({ err, environment }: Terminal, isForProgram: boolean, work: (progress: Progress) => Promise<T>): Promise<T> {
  if (isForProgram || err.isTTY !== true || environment['TERM'] === 'dumb' || environment['CI'] !== undefined) return work(() => undefined);
  const begun = performance.now();
  let drawn = begun;
  let isShown = false;
  try {
    return await work((what, done, all) => {
      const now = performance.now();
      if (now - begun < patienceMillis || now - drawn < drawMillis) return;
      drawn = now;
      isShown = true;
      const filled = Math.round((barWidth * done) / Math.max(1, all));
      err.write(`\r\u001b[2K${what} [${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${done} of ${all}`);
    });
  } finally {
    if (isShown) err.write('\r\u001b[2K');
  }
}
