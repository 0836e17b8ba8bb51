import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { Timer } from '../../core/clock.ts';
import { systemClock } from '../../core/clock.ts';
import { ExchangeError } from '../../core/errors.ts';

/** What one evaluation may take. */
const longestMillis = 5000;

/** jq itself, compiled to WebAssembly, can't be interrupted: it runs in a thread that is thrown away when an evaluation takes too long. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const jq = require(workerData.library);
parentPort.on('message', async ({ input, filter, flags }) => {
  try {
    parentPort.postMessage({ output: await jq.raw(input, filter, flags) });
  } catch (error) {
    parentPort.postMessage({ error: String(error && error.message) });
  }
});
`;

interface Job {
  readonly input: string;
  readonly filter: string;
  readonly flags: readonly string[];
  readonly resolve: (output: string) => void;
  readonly reject: (error: ExchangeError) => void;
}

interface Answer {
  readonly output?: string;
  readonly error?: string;
}

const failure = (message: string): ExchangeError => new ExchangeError('org.apache.camel.RuntimeCamelException', `jq: ${message}`);

/** One thread for all jq expressions, started with the first message; evaluations take turns. */
export class JqThread {
  private readonly longestMillis: number;
  private worker: Worker | null = null;
  private timer: Timer | null = null;
  private readonly queue: Job[] = [];
  private running: Job | null = null;

  constructor(longest = longestMillis) {
    this.longestMillis = longest;
  }

  /** The output as jq prints it with `--compact-output`. Rejects with what jq says, or when it takes too long. */
  run(input: string, filter: string, flags: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      this.queue.push({ input, filter, flags, resolve, reject });
      if (this.running === null) this.next();
    });
  }

  private next(): void {
    const job = this.queue.shift() ?? null;
    this.running = job;
    if (job === null) {
      // An idle thread keeps no process alive.
      this.worker?.unref();
      return;
    }
    this.worker ??= this.start();
    this.worker.ref();
    this.timer = systemClock.schedule(this.longestMillis, () => this.giveUp(failure(`the expression took longer than ${this.longestMillis} ms`)));
    this.worker.postMessage({ input: job.input, filter: job.filter, flags: ['--compact-output', ...job.flags] });
  }

  private start(): Worker {
    const library = createRequire(import.meta.url).resolve('jq-wasm');
    const worker = new Worker(program, { eval: true, workerData: { library }, env: {}, stdout: true, stderr: true });
    worker.on('message', (answer: Answer) => {
      if (this.worker === worker) this.finish(answer);
    });
    worker.on('error', (error: Error) => {
      if (this.worker === worker) this.giveUp(failure(error.message));
    });
    return worker;
  }

  private finish({ output, error }: Answer): void {
    const job = this.running;
    this.timer?.cancel();
    if (job !== null) {
      if (output === undefined) job.reject(failure((error ?? 'no answer').replace(/^(Failed to execute raw query|jq): /, '').trim()));
      else job.resolve(output);
    }
    this.next();
  }

  private giveUp(error: ExchangeError): void {
    void this.worker?.terminate();
    this.worker = null;
    this.timer?.cancel();
    this.running?.reject(error);
    this.next();
  }
}

const thread = new JqThread();

export const runJq = (input: string, filter: string, flags: readonly string[]): Promise<string> => thread.run(input, filter, flags);
