import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { Timer } from './clock.ts';
import { systemClock } from './clock.ts';

interface Job {
  readonly request: unknown;
  readonly longestMillis: number;
  readonly resolve: (output: never) => void;
  readonly reject: (error: Error) => void;
}

interface Answer {
  readonly output?: unknown;
  readonly error?: string;
  /** The thread can't go on: the next request gets a new one. */
  readonly isBroken?: boolean;
}

export interface ThreadOptions {
  /** Beside the path of the library. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** The error of a request that takes too long, in place of what `failure` makes. */
  readonly late?: (millis: number) => Error;
  /** Runs when a thread that could not go on is gone, before the next begins. */
  readonly lost?: () => void;
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
  private readonly options: ThreadOptions;
  private worker: Worker | null = null;
  private timer: Timer | null = null;
  private readonly queue: Job[] = [];
  private running: Job | null = null;
  private isEnding = false;

  /** @param failure makes the error of a request from what the program says */
  constructor(program: string, library: string, longestMillis: number, failure: (message: string) => Error, options: ThreadOptions = {}) {
    this.program = program;
    this.library = library;
    this.longestMillis = longestMillis;
    this.failure = failure;
    this.options = options;
  }

  /** Rejects with what the program says, or when it takes too long. */
  run(request: Request, longestMillis = this.longestMillis): Promise<Output> {
    return new Promise((resolve, reject) => {
      this.queue.push({ request, longestMillis, resolve, reject });
      if (this.running === null && !this.isEnding) this.next();
    });
  }

  /** The next request gets a new thread. Not while one is under way. */
  async end(): Promise<void> {
    const { worker } = this;
    this.worker = null;
    await worker?.terminate();
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
    const { longestMillis } = job;
    if (longestMillis !== Infinity) {
      this.timer = systemClock.schedule(longestMillis, () => this.giveUp(this.options.late?.(longestMillis) ?? this.failure(`it took longer than ${longestMillis} ms`)));
    }
    this.worker.postMessage(job.request);
  }

  private start(): Worker {
    const library = createRequire(import.meta.url).resolve(this.library);
    const worker = new Worker(this.program, { eval: true, workerData: { ...this.options.data, library }, env: {}, execArgv: [], stdout: true, stderr: true });
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
    const { worker, running } = this;
    this.worker = null;
    this.running = null;
    this.timer?.cancel();
    this.isEnding = true;
    const goOn = (): void => {
      this.isEnding = false;
      this.options.lost?.();
      running?.reject(error);
      this.next();
    };
    worker!.terminate().then(goOn, goOn);
  }
}
