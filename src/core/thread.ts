import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { Timer } from './clock.ts';
import { systemClock } from './clock.ts';

interface Job {
  readonly request: unknown;
  readonly resolve: (output: never) => void;
  readonly reject: (error: Error) => void;
}

interface Answer {
  readonly output?: unknown;
  readonly error?: string;
  /** The thread can't go on: the next request gets a new one. */
  readonly isBroken?: boolean;
}

/**
 * What can't be interrupted (code compiled to WebAssembly) runs in a thread of its own that is thrown away when one request takes too long.
 * The thread is started with the first request; requests take turns; an idle thread keeps no process alive.
 *
 * The program is CommonJS. It finds the path of its library in `workerData.library` and answers each message with `{ output }` or `{ error }`; with
 * `isBroken: true` beside them the next request gets a new thread.
 */
export class Thread<Request, Output> {
  private readonly program: string;
  private readonly library: string;
  private readonly longestMillis: number;
  private readonly failure: (message: string) => Error;
  private worker: Worker | null = null;
  private timer: Timer | null = null;
  private readonly queue: Job[] = [];
  private running: Job | null = null;

  /** @param failure makes the error of a request from what the program says */
  constructor(program: string, library: string, longestMillis: number, failure: (message: string) => Error) {
    this.program = program;
    this.library = library;
    this.longestMillis = longestMillis;
    this.failure = failure;
  }

  /** Rejects with what the program says, or when it takes too long. */
  run(request: Request): Promise<Output> {
    return new Promise((resolve, reject) => {
      this.queue.push({ request, resolve, reject });
      if (this.running === null) this.next();
    });
  }

  private next(): void {
    const job = this.queue.shift() ?? null;
    this.running = job;
    if (job === null) {
      this.worker?.unref();
      return;
    }
    this.worker ??= this.start();
    this.worker.ref();
    this.timer = systemClock.schedule(this.longestMillis, () => this.giveUp(this.failure(`it took longer than ${this.longestMillis} ms`)));
    this.worker.postMessage(job.request);
  }

  private start(): Worker {
    const library = createRequire(import.meta.url).resolve(this.library);
    const worker = new Worker(this.program, { eval: true, workerData: { library }, env: {}, stdout: true, stderr: true });
    worker.on('message', (answer: Answer) => {
      if (this.worker === worker) this.finish(answer);
    });
    worker.on('error', (error: Error) => {
      if (this.worker === worker) this.giveUp(this.failure(error.message));
    });
    return worker;
  }

  private finish({ output, error, isBroken }: Answer): void {
    const job = this.running;
    this.timer?.cancel();
    if (isBroken === true) {
      void this.worker?.terminate();
      this.worker = null;
    }
    if (job !== null) {
      if (error !== undefined) job.reject(this.failure(error));
      else job.resolve(output as never);
    }
    this.next();
  }

  private giveUp(error: Error): void {
    void this.worker?.terminate();
    this.worker = null;
    this.timer?.cancel();
    this.running?.reject(error);
    this.next();
  }
}
