import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { printDiagnostics } from '../dsl/diagnose.ts';
// Not through the index: what reads test files is for the thread in which they run.
import { isFine, percent, printCoverage, printResult, printSummary, reportAsJson, reportAsJunit } from '../testing/report.ts';
import type { TestReport } from '../testing/suite.ts';
import { runTests } from '../testing/suite.ts';
import { writeWhole } from './givenFiles.ts';
import type { Terminal } from './terminal.ts';
import { hasColour } from './terminal.ts';

/** Runs tests of routes; gives 0 when all have passed, 1 when some failed, 2 when something can't be read or there are none. */
export async function test(paths: readonly string[], options: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<number> {
  const run = () => once(paths, options, terminal);
  const { report, isWritten } = await run();
  if (options['watch'] !== true) return isWritten ? codeOf(report, options, terminal) : 2;
  const { watchTests } = await import('./testWatch.ts');
  return watchTests(report, paths, terminal, async () => (await run()).report);
}

function codeOf(report: TestReport, options: Readonly<Record<string, unknown>>, terminal: Terminal): number {
  const least = options['minCoverage'] as number | undefined;
  const isBroken = report.problems.length > 0 || report.files.some(({ problems, results }) => problems.length > 0 || results.some((result) => result.isBroken));
  if (isBroken) return 2;
  if (report.passed + report.failed === 0) {
    terminal.err.write(options['filter'] === undefined ? 'error: there are no tests: write them into files whose names end with .test.yaml, see docs/testing.md\n' : `error: no test has \`${String(options['filter'])}\` in its name\n`);
    return 2;
  }
  if (report.failed > 0) return 1;
  const covered = report.coverage.filter(({ count }) => count > 0).length;
  if (least !== undefined && percent(covered, report.coverage.length) < least) {
    terminal.err.write(`error: the tests cover ${percent(covered, report.coverage.length)} % of the steps, fewer than ${least} %; --coverage shows which they leave out\n`);
    return 1;
  }
  return 0;
}

interface Ran {
  readonly report: TestReport;
  /** Whether the file that `--output` names could be written. */
  readonly isWritten: boolean;
}

async function once(paths: readonly string[], options: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<Ran> {
  const format = options['json'] === true ? 'json' : (options['format'] as 'text' | 'json' | 'junit');
  const output = options['output'] as string | undefined;
  const isText = format === 'text' || output !== undefined;
  const colour = hasColour(terminal.out, terminal.environment);
  let lines = Promise.resolve();
  let shownFile = '';
  const report = await runTests(paths, {
    folder: terminal.folder,
    properties: (options['property'] ?? {}) as Record<string, string>,
    ...(options['config'] === undefined ? {} : { configuration: String(options['config']) }),
    ...(options['filter'] === undefined ? {} : { filter: String(options['filter']) }),
    ...(options['limit'] === undefined ? {} : { limitMillis: Number(options['limit']) }),
    update: options['update'] === true,
    inThisThread: options['inProcess'] === true,
    // Not among the results, which a program may read.
    onOutput: (text) => terminal.err.write(text),
    onResult: (file, result) => {
      if (!isText) return;
      // In their order, while the next test is under way.
      lines = lines.then(async () => {
        if (file !== shownFile) terminal.out.write(`${file}\n`);
        shownFile = file;
        terminal.out.write(await printResult(result, colour));
      });
    },
  });
  await lines;
  const problems = [...report.problems, ...report.files.flatMap((file) => file.problems)];
  if (problems.length > 0 && format !== 'json') terminal.err.write(`${printDiagnostics(problems, { color: hasColour(terminal.err, terminal.environment) })}\n`);
  if (isText) {
    for (const { file, hasNewSnapshots } of report.files) if (hasNewSnapshots) terminal.out.write(`snapshots of ${file} were written\n`);
    if (options['coverage'] === true) terminal.out.write(printCoverage(report.coverage, colour));
    if (report.files.length > 0 && (report.passed + report.failed > 0 || !isFine(report))) terminal.out.write(printSummary(report, colour));
  }
  if (format === 'text') return { report, isWritten: true };
  const text = format === 'json' ? `${JSON.stringify(reportAsJson(report), null, 2)}\n` : await reportAsJunit(report);
  if (output === undefined) terminal.out.write(text);
  else {
    const path = resolve(terminal.folder, output);
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeWhole(path, text);
    } catch (thrown) {
      terminal.err.write(`error: the report can't be written: ${(thrown as Error).message}\n`);
      return { report, isWritten: false };
    }
  }
  return { report, isWritten: true };
}
