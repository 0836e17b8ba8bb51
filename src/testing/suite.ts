import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Diagnostic, Source, Span } from '../core/diagnostics.ts';
import { Diagnostics } from '../core/diagnostics.ts';
import { filesOf, isTestFile, readSources } from '../runtime/files.ts';
import { readConfiguration } from '../runtime/configuration.ts';
import { standardParts } from '../runtime/standard.ts';
import type { TestFileSaid } from './format.ts';
import { readTestFile } from './format.ts';
import type { StepCount, TestResult } from './run.ts';
import { limitOf, runTest } from './run.ts';
import { Snapshots } from './snapshots.ts';
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
  const apart = options.inThisThread === true || sources.length === 0 ? null : new TestThread(options);
  try {
    for (const source of sources) {
      if (options.signal?.aborted === true) break;
      const path = resolve(options.folder, source.file);
      reports.push(await (apart === null ? runFile(source, path, options) : apart.runFile(source, path)));
    }
  } finally {
    await apart?.end();
  }
  const results = reports.flatMap((report) => report.results);
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  return { files: reports, problems: problems.sorted(), passed: results.length - failed, failed, millis: performance.now() - started, coverage: coverageOf(results) };
}

/** What a supervisor of a file's tests is told, and where it lets them begin. */
export interface FileRun {
  /** Tests before this one have run already. */
  readonly from?: number;
  readonly onStart?: (index: number, name: string, at: Span, limitMillis: number) => void;
  readonly onStep?: (doing: string) => void;
}

export async function runFile(source: Source, path: string, options: TestOptions, { from = 0, onStart, onStep }: FileRun = {}): Promise<FileReport> {
  const problems = new Diagnostics();
  const said = readTestFile(source, standardParts, problems);
  const routes = said === null ? [] : routesOf(said, source, path, options, problems);
  if (said === null || problems.hasErrors) return { file: source.file, problems: problems.sorted(), results: [], routes, hasNewSnapshots: false };
  let snapshots: Snapshots;
  try {
    snapshots = new Snapshots(path, options.update === true);
  } catch (thrown) {
    problems.report('M0805', `the snapshots can't be read: ${(thrown as Error).message}`, null, { help: 'take them anew: delete the file, and run with --update', values: { file: `${source.file}` } });
    return { file: source.file, problems: problems.sorted(), results: [], routes, hasNewSnapshots: false };
  }
  const results: TestResult[] = [];
  let hasNewSnapshots = false;
  const names = said.tests.map(({ name }) => name);
  const wanted = said.tests.filter(({ name }) => options.filter === undefined || `${source.file} ${name}`.toLowerCase().includes(options.filter.toLowerCase()));
  for (const [index, test] of wanted.entries()) {
    if (options.signal?.aborted === true) break;
    if (index < from) continue;
    const limitMillis = limitOf(said, test, options.limitMillis);
    onStart?.(index, test.name, test.places['name'] ?? test.at, limitMillis);
    const result = onlyOnce(results, await runTest(said, test, {
      folder: options.folder,
      path,
      routes,
      ...(options.configuration === undefined ? {} : { configuration: options.configuration }),
      properties: options.properties ?? {},
      snapshots,
      limitMillis,
      ...(onStep === undefined ? {} : { onStep }),
    }));
    results.push(result);
    // At once: the next test may never end.
    hasNewSnapshots = snapshots.save(names, wanted.slice(from, index + 1).map(({ name }) => name)) || hasNewSnapshots;
    options.onResult?.(source.file, result);
  }
  if (wanted.length === 0) hasNewSnapshots = snapshots.save(names, []);
  return { file: source.file, problems: problems.sorted(), results, routes, hasNewSnapshots };
}

/** What is wrong with the routes is told in full by the first test only. */
function onlyOnce(before: readonly TestResult[], result: TestResult): TestResult {
  const textOf = ({ isBroken, failures }: TestResult): string => (isBroken ? failures.map(({ problems = [] }) => problems.map(({ code, message, at }) => `${code} ${message} ${at?.start}`).join()).join() : '');
  const first = before.find(({ isBroken }) => isBroken);
  if (first === undefined || !result.isBroken || textOf(first) !== textOf(result)) return result;
  return { ...result, failures: result.failures.map(({ message, at }) => ({ message: `${message}: see the first test of the file`, at })) };
}

/** What a test file tests: what it names, else the file of the same name beside it, else what `mecha.yaml` names. */
function routesOf(said: TestFileSaid, source: Source, path: string, options: TestOptions, problems: Diagnostics): string[] {
  const folder = dirname(path);
  const beside = (name: string): string => (isAbsolute(name) ? name : join(folder, name));
  const kamelets = (said.kamelets ?? []).map(beside);
  if (said.routes !== undefined) return [...said.routes.map(beside), ...kamelets];
  const name = basename(path).replace(/\.test\.ya?ml$/i, '');
  for (const ending of ['yaml', 'yml']) if (existsSync(join(folder, `${name}.${ending}`))) return [join(folder, `${name}.${ending}`), ...kamelets];
  const configuration = options.configuration === null ? null : readConfiguration({ folder: options.folder, file: options.configuration ?? null }, new Diagnostics());
  const configured = configuration?.get('routes') as readonly string[] | undefined;
  if (configured !== undefined && configured.length > 0) return [...configured, ...kamelets];
  problems.report('M0804', `nothing says which routes \`${source.file}\` tests`, { source, start: 0, end: 1 }, {
    label: 'no `routes`',
    help: `add \`routes: [ ${relative(folder, join(folder, `${name}.yaml`))} ]\`, with paths that start in the folder of this file`,
    docs: 'docs/testing.md',
  });
  return [];
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
