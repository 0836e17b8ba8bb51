import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { Session } from 'node:inspector';
import { systemClock } from '../core/clock.ts';

interface Frame {
  readonly functionName: string;
  readonly location: { readonly scriptId: string; readonly lineNumber: number };
}

interface Told {
  readonly method?: string;
  readonly params?: { readonly scriptId: string; readonly url: string; readonly callFrames: readonly Frame[] };
}

/** Long: on a busy machine it takes seconds until the debugger has told all files, and who waits for it has an endless loop to find. */
const patienceMillis = 15_000;

/**
 * The function that a thread is in which never comes to an end, by the debugger: `loop (prices.mjs:12)`. Null where it can't be asked, or is
 * in nothing that its author knows.
 */
export async function whereItIs(worker: Worker, folder: string): Promise<string | null> {
  const session = new Session();
  let timer: { cancel(): void } | undefined;
  try {
    session.connect();
    return await new Promise<string | null>((resolve) => {
      timer = systemClock.schedule(patienceMillis, () => resolve(null));
      const files = new Map<string, string>();
      let asked = 0;
      session.on('NodeWorker.attachedToWorker', ({ params }) => {
        // Its `workerId` only counts the threads that this session was told of.
        if (!params.workerInfo.title.startsWith(`[worker ${worker.threadId}]`)) return;
        const ask = (method: string): void => session.post('NodeWorker.sendMessageToWorker', { sessionId: params.sessionId, message: JSON.stringify({ id: ++asked, method }) });
        session.on('NodeWorker.receivedMessageFromWorker', ({ params: received }) => {
          const { method, params: told } = JSON.parse(received.message) as Told;
          if (method === 'Debugger.scriptParsed') files.set(told!.scriptId, told!.url);
          if (method !== 'Debugger.paused') return;
          // Without this it would stand still for ever.
          ask('Debugger.disable');
          resolve(shownFrame(told!.callFrames, files, folder));
        });
        ask('Debugger.enable');
        ask('Debugger.pause');
      });
      session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    });
  } catch {
    return null;
  } finally {
    timer?.cancel();
    session.disconnect();
  }
}

/** The innermost function that stands in a file of the project. */
function shownFrame(frames: readonly Frame[], files: ReadonlyMap<string, string>, folder: string): string | null {
  const ours = new URL('..', import.meta.url).href;
  for (const { functionName, location } of frames) {
    const url = files.get(location.scriptId) ?? '';
    if (!url.startsWith('file:') || url.includes('/node_modules/') || url.startsWith(ours)) continue;
    return `\`${functionName === '' ? 'a function' : functionName}\` (${relative(folder, fileURLToPath(url))}:${location.lineNumber + 1})`;
  }
  return null;
}
