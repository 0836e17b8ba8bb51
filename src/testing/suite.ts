import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Diagnostic } from '../core/diagnostics.ts';
import { Diagnostics } from '../core/diagnostics.ts';
import { filesOf, isTestFile, readSources } from '../runtime/files.ts';
import type { StepCount, TestResult } from './run.ts';
import { TestThread } from './thread.ts';

export interface TestOptions {
  /** Folder of the project: paths start here, and what routes name (modules, resources). */
  readonly folder: string;
  /** A configuration file in place of `mecha.yaml`; null: none. */
  readonly configuration?: string | null;
  readonly properties?: Readonly<Record<string, string>>;
  /** Runs only tests whose name (or file) contains this. */
  readonly filter?: string;
  /** Takes snapshots anew. */
  readonly update?: boolean;
  /** How long a test may really take. */
  readonly limitMillis?: number;
  /** Runs the tests in the caller's own thread, for a debugger: one that never gives the thread back is not cut then. */
  readonly inThisThread?: boolean;
  /** Is told of each result as soon as it is there. */
  readonly onResult?: (file: string, result: TestResult) => void;
  /** Is told what modules of the tests write to standard output and standard error. */
  readonly onOutput?: (text: string) => void;
  /** Ends the run after the test that is under way. */
  readonly signal?: AbortSignal;
}

/** The results of one test file. */
export interface FileReport {
  /** As people name it. */
  readonly file: string;
  /** What is wrong with the test file itself; then nothing of it has run. */
  readonly problems: readonly Diagnostic[];
  readonly results: readonly TestResult[];
  /** Files that it depends on: what a watcher watches. */
  readonly routes: readonly string[];
  /** Snapshots were written. */
  readonly hasNewSnapshots: boolean;
}

/** A step of a route, and how often all tests together ran it. */
export type CoveredStep = StepCount;

export interface TestReport {
  readonly files: readonly FileReport[];
  /** Problems of the call itself: no such file. */
  readonly problems: readonly Diagnostic[];
  readonly passed: number;
  readonly failed: number;
  readonly millis: number;
  readonly coverage: readonly CoveredStep[];
}

/**
 * Runs the tests of files, folders (all `*.test.yaml` in them) and globs, one after the other, in a thread of their own: what blocks it, ends it or
 * fails where nobody catches it is the failure of one test.
 */
export async function runTests(paths: readonly string[], options: TestOptions): Promise<TestReport> {
  const started = performance.now();
  const problems = new Diagnostics();
  const files = filesOf(paths.length === 0 ? ['.'] : paths, options.folder, problems, isTestFile);
  const reports: FileReport[] = [];
  const sources = readSources(files, options.folder, problems);
  const scratch = sources.length === 0 ? null : scratchFolder(problems);
  if (scratch !== null) {
    const apart = options.inThisThread === true ? null : new TestThread(options, scratch);
    try {
      for (const source of sources) {
        if (options.signal?.aborted === true) break;
        const path = resolve(options.folder, source.file);
        // Only the thread in which they run needs the engine.
        reports.push(await (apart === null ? (await import('./file.ts')).runFile(source, path, options, { scratch }) : apart.runFile(source, path)));
      }
    } finally {
      // Both take their time. What a thread wrote while it ended is removed when it has.
      await Promise.all([apart?.end(), rm(scratch, { recursive: true, force: true }).catch(() => {})]);
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  const results = reports.flatMap((report) => report.results);
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  return { files: reports, problems: problems.sorted(), passed: results.length - failed, failed, millis: performance.now() - started, coverage: coverageOf(results) };
}

/** A folder for what the tests write. */
function scratchFolder(problems: Diagnostics): string | null {
  try {
    return mkdtempSync(join(tmpdir(), 'mecha-test-'));
  } catch (thrown) {
    problems.report('M0808', `the tests can't have a folder of their own: ${(thrown as Error).message}`, null, { help: 'set TMPDIR to a folder that can be written', values: { folder: tmpdir() } });
    return null;
  }
}

/** All steps that the tests had in their routes, in the order of the files. */
function coverageOf(results: readonly TestResult[]): CoveredStep[] {
  const steps = new Map<string, StepCount>();
  for (const result of results) {
    for (const step of result.steps) {
      const key = `${step.at} ${step.label.replace(/\[.*/s, '')}`;
      const known = steps.get(key);
      if (known === undefined) steps.set(key, { ...step });
      else known.count += step.count;
    }
  }
  const place = (at: string): readonly [string, number, number] => {
    const match = /^(.*):(\d+):(\d+)$/.exec(at);
    return match === null ? [at, 0, 0] : [match[1]!, Number(match[2]), Number(match[3])];
  };
  return [...steps.values()].sort((a, b) => {
    const [left, right] = [place(a.at), place(b.at)];
    return left[0] === right[0] ? left[1] - right[1] || left[2] - right[2] : left[0] < right[0] ? -1 : 1;
  });
}
