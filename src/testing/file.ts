import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import type { Source, Span } from '../core/diagnostics.ts';
import { Diagnostics } from '../core/diagnostics.ts';
import { readConfiguration } from '../runtime/configuration.ts';
import { standardParts } from '../runtime/standard.ts';
import { TestFolders } from './folders.ts';
import type { TestFileSaid, TestSaid } from './format.ts';
import { readTestFile } from './format.ts';
import type { TestResult } from './run.ts';
import { limitOf, runTest } from './run.ts';
import { Snapshots } from './snapshots.ts';
import type { FileReport, TestOptions } from './suite.ts';

/** What a supervisor of a file's tests is told, and where it lets them begin. */
export interface FileRun {
  /** An empty folder for what the tests write. */
  readonly scratch: string;
  /** Tests before this one have run already. */
  readonly from?: number;
  readonly onStart?: (index: number, name: string, at: Span, limitMillis: number) => void;
  readonly onStep?: (doing: string) => void;
}

/** Runs the tests of a file, one after the other, in this thread. */
export async function runFile(source: Source, path: string, options: TestOptions, { scratch, from = 0, onStart, onStep }: FileRun): Promise<FileReport> {
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
  const folders = new TestFolders(scratch);
  const results: TestResult[] = [];
  let hasNewSnapshots = false;
  const names = said.tests.map(({ name }) => name);
  const wanted = said.tests.filter(({ name }) => options.filter === undefined || `${source.file} ${name}`.toLowerCase().includes(options.filter.toLowerCase()));
  const save = (ran: readonly TestSaid[]): void => {
    try {
      hasNewSnapshots = snapshots.save(names, ran.map(({ name }) => name)) || hasNewSnapshots;
    } catch (thrown) {
      if (!problems.list.some(({ code }) => code === 'M0805')) problems.report('M0805', `the snapshots can't be written: ${(thrown as Error).message}`, null, { help: 'let the user that runs the tests write into the folder', values: { file: source.file } });
    }
  };
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
      folders,
      limitMillis,
      ...(onStep === undefined ? {} : { onStep }),
    }));
    results.push(result);
    // At once: the next test may never end.
    save(wanted.slice(from, index + 1));
    options.onResult?.(source.file, result);
  }
  if (wanted.length === 0) save([]);
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
