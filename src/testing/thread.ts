import { relative } from 'node:path';
import type { WorkerOptions } from 'node:worker_threads';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../core/clock.ts';
import type { Diagnostic, Span } from '../core/diagnostics.ts';
import { Source } from '../core/diagnostics.ts';
import type { TestResult } from './run.ts';
import type { FileReport, TestOptions } from './suite.ts';

/** A file of tests for the thread to run, from the test on that `from` counts. */
export interface FileJob {
  readonly options: ThreadOptions;
  readonly file: string;
  readonly text: string;
  readonly path: string;
  readonly scratch: string;
  readonly from: number;
}

export type Told =
  | { readonly kind: 'test'; readonly index: number; readonly name: string; readonly start: number; readonly end: number; readonly limitMillis: number }
  | { readonly kind: 'step'; readonly doing: string }
  | { readonly kind: 'result'; readonly result: TestResult }
  | { readonly kind: 'done'; readonly report: FileReport };

/** What of the options goes into the thread. */
export type ThreadOptions = Omit<TestOptions, 'onResult' | 'onOutput' | 'signal' | 'inThisThread'>;

/** How long a test that was told to end may take for it: it has given the thread back by then, or never does. */
const graceMillis = 1500;

interface Current {
  readonly index: number;
  readonly name: string;
  readonly at: Span;
  readonly limitMillis: number;
  readonly started: number;
  doing: string;
}

/** What the launcher hands to the program where it is built as scripts: a thread that it has started with the process, before it read the program. */
declare const __part: { testThread?: Worker | null } | undefined;

/** The program of the thread: beside this module, or the whole program where it is built as scripts. */
function startThread(): Worker {
  const here = import.meta.url;
  const options: WorkerOptions = { workerData: { mechaTests: true }, stdout: true, stderr: true };
  if (here.endsWith('.cjs')) {
    const ready = typeof __part === 'undefined' ? null : __part.testThread;
    if (ready == null) return new Worker(new URL('mecha.cjs', here), options);
    __part!.testThread = null;
    return ready;
  }
  if (!here.endsWith('.ts')) return new Worker(new URL('worker.js', here), options);
  return new Worker(new URL('workerFromSource.mjs', here), options);
}

/**
 * Runs files of tests in a thread of their own, and watches it from outside: a test that never gives the thread back, that ends the program, or that
 * throws where nobody catches it fails by itself, and the next one gets a new thread.
 */
export class TestThread {
  private readonly options: TestOptions;
  private readonly scratch: string;
  private worker: Worker | null = null;

  /** `scratch` is an empty folder for what the tests write. */
  constructor(options: TestOptions, scratch: string) {
    this.options = options;
    this.scratch = scratch;
    // At once: it gets ready while the rest is.
    this.worker = this.start();
  }

  async runFile(source: Source, path: string): Promise<FileReport> {
    const results: TestResult[] = [];
    let report: FileReport | null = null;
    for (let from = 0; report === null; ) {
      const { next, done } = await this.attempt(source, path, from, results);
      report = done;
      from = next;
      if (this.options.signal?.aborted === true) break;
    }
    return { file: source.file, problems: report?.problems ?? [], routes: report?.routes ?? [], results, hasNewSnapshots: report?.hasNewSnapshots ?? false };
  }

  async end(): Promise<void> {
    const { worker } = this;
    this.worker = null;
    await worker?.terminate();
  }

  /** Runs the file from a test on, until it is done or a test has broken the thread. */
  private attempt(source: Source, path: string, from: number, results: TestResult[]): Promise<{ next: number; done: FileReport | null }> {
    const worker = (this.worker ??= this.start());
    return new Promise((resolve) => {
      let current: Current | null = null;
      let timer: { cancel(): void } | null = null;
      const deaf = (): void => {
        timer?.cancel();
        worker.removeAllListeners('message').removeAllListeners('error').removeAllListeners('exit').on('error', () => {});
      };
      const finish = (next: number, done: FileReport | null): void => {
        deaf();
        resolve({ next, done });
      };
      const keep = (result: TestResult): void => {
        results.push(result);
        this.options.onResult?.(source.file, result);
      };
      const broken = async (message: string): Promise<void> => {
        deaf();
        await this.end();
        if (current === null) {
          // It did not come to a test: nothing says that another thread would.
          return finish(from, { file: source.file, problems: [threadProblem(source, message)], results: [], routes: [], hasNewSnapshots: false });
        }
        const { index, name, at, started } = current;
        keep({ name, at, failures: [{ message, at }], millis: performance.now() - started, steps: [], isBroken: false, wasCut: true });
        finish(index + 1, null);
      };
      const cut = async (test: Current): Promise<void> => {
        // Should it come to an end while it is looked for, it is cut all the same, once.
        deaf();
        const { whereItIs } = await import('./whereItIs.ts');
        const place = await whereItIs(worker, this.options.folder);
        await broken(`the test did not end within ${test.limitMillis} ms and was cut: it was ${test.doing}, and never gave the thread back${place === null ? ': an endless loop in a module or an expression?' : `: it is in ${place}`}`);
      };
      worker.on('message', (told: Told) => {
        switch (told.kind) {
          case 'test': {
            const test: Current = { index: told.index, name: told.name, at: { source, start: told.start, end: told.end }, limitMillis: told.limitMillis, started: performance.now(), doing: 'starting the routes' };
            current = test;
            timer?.cancel();
            timer = systemClock.schedule(told.limitMillis + graceMillis, () => void cut(test));
            return;
          }
          case 'step':
            if (current !== null) current.doing = told.doing;
            return;
          case 'result':
            timer?.cancel();
            keep(revived(told.result, source));
            if (!told.result.wasCut && this.options.signal?.aborted !== true) {
              current = null;
              return;
            }
            // What was cut may go on in the thread, and be taken for the next test.
            deaf();
            void this.end().then(() => resolve({ next: current!.index + 1, done: null }));
            return;
          case 'done':
            return finish(0, { ...told.report, problems: told.report.problems.map((problem) => revivedProblem(problem, source)) });
        }
      });
      // What it told last is here when it has ended, not yet when it fails.
      let why: string | null = null;
      worker.on('error', (error: NodeJS.ErrnoException) => {
        why = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'the test took all the memory there is' : `the test threw where nobody catches it: ${error instanceof Error ? `${error.message}${placeOf(error, this.options.folder)}` : String(error)}`;
      });
      worker.on('exit', (code) => void broken(`${why ?? `the test ended the program with code ${code}: a module calls \`process.exit\``}${current === null ? '' : `; it was ${current.doing}`}`));
      const { onResult: _result, onOutput: _output, signal: _signal, inThisThread: _thread, ...options } = this.options;
      worker.postMessage({ options, file: source.file, text: source.text, path, scratch: this.scratch, from } satisfies FileJob);
    });
  }

  private start(): Worker {
    const worker = startThread();
    for (const stream of [worker.stdout, worker.stderr]) stream.setEncoding('utf8').on('data', (text: string) => this.options.onOutput?.(text));
    return worker;
  }
}

/** Where in a module of the tests it was thrown. */
function placeOf({ stack = '' }: Error, folder: string): string {
  const frame = /\((?:file:\/\/)?([^()\s]+:\d+:\d+)\)|at (?:async )?(?:file:\/\/)?(\/[^()\s]+:\d+:\d+)/.exec(stack.split('\n').slice(1).join('\n'));
  return frame === null ? '' : ` (${relative(folder, frame[1] ?? frame[2]!)})`;
}

const threadProblem = (source: Source, message: string): Diagnostic => ({ code: 'M0806', severity: 'error', message, at: { source, start: 0, end: 1 }, label: null, help: 'look for what a module leaves behind when its test has ended (a timer, a listener), and take it away there; whether it comes from another file shows when this one is tested by itself', docs: 'docs/testing.md', fix: null, values: {} });

// ---------------------------------------------------------------------------------------------- what comes out of the thread

/** A source loses its methods on the way; that of the test file is the one that is here. */
function revivedSpan<T extends Span | null>(at: T, own: Source): T {
  if (at === null) return at;
  const { file, text } = at.source;
  return { ...at, source: file === own.file ? own : new Source(file, text) };
}

const revivedProblem = (problem: Diagnostic, own: Source): Diagnostic => ({
  ...problem,
  at: revivedSpan(problem.at, own),
  fix: problem.fix === null ? null : { ...problem.fix, edits: problem.fix.edits.map((edit) => ({ ...edit, at: revivedSpan(edit.at, own) })) },
});

const revived = (result: TestResult, own: Source): TestResult => ({
  ...result,
  at: revivedSpan(result.at, own),
  failures: result.failures.map((failure) => ({ ...failure, at: revivedSpan(failure.at, own), ...(failure.problems === undefined ? {} : { problems: failure.problems.map((problem) => revivedProblem(problem, own)) }) })),
});

