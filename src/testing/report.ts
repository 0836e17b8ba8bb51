import { createColors } from 'picocolors';
import { showSpan } from '../core/diagnostics.ts';
import { printDiagnostics, toJson } from '../dsl/diagnose.ts';
import type { Failure, TestResult } from './run.ts';
import type { CoveredStep, FileReport, TestReport } from './suite.ts';

/** A value as lines: JSON, or a text as it is. */
const linesOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? 'null'));

/** What differs between two values, line by line: `-` is expected, `+` is what came. */
export async function diffLines(expected: unknown, actual: unknown): Promise<string[]> {
  const { structuredPatch } = await import('diff');
  const patch = structuredPatch('', '', `${linesOf(expected)}\n`, `${linesOf(actual)}\n`, '', '', { context: 3 });
  return patch.hunks.flatMap(({ lines }, at) => [...(at === 0 ? [] : ['...']), ...lines]);
}

/** One failure as people read it. */
export async function printFailure(failure: Failure, color: boolean): Promise<string> {
  const { red, green, dim, blue } = createColors(color);
  const { message, at, expected, actual, hasDiff, route = [], meanwhile = [], problems } = failure;
  const lines = [red(message)];
  if (at !== null) {
    const { line, column } = at.source.position(at.start);
    const margin = String(line);
    lines.push(`${blue('-->')} ${showSpan(at)}`, `${blue(`${margin} |`)} ${at.source.line(line).slice(0, 160)}`, `${blue(`${' '.repeat(margin.length)} |`)} ${' '.repeat(column - 1)}${red('^')}`);
  }
  for (const place of route) lines.push(`${dim('route:')} ${place}`);
  for (const place of meanwhile) lines.push(`${dim('failed:')} ${place}`);
  if (hasDiff === true) {
    lines.push(`${green('- expected')}  ${red('+ received')}`);
    for (const line of await diffLines(expected, actual)) lines.push(line.startsWith('-') ? green(line) : line.startsWith('+') ? red(line) : dim(line));
  }
  if (problems !== undefined) lines.push(printDiagnostics(problems, { color }));
  return lines.join('\n');
}

/** The lines of one result: its name, and what went wrong. */
export async function printResult(result: TestResult, color: boolean): Promise<string> {
  const { green, red, dim } = createColors(color);
  const isFine = result.failures.length === 0;
  const lines = [`  ${isFine ? green('✓') : red('✗')} ${result.name}${result.millis >= 100 ? dim(` (${Math.round(result.millis)} ms)`) : ''}`];
  for (const failure of result.failures) lines.push(indent(await printFailure(failure, color), '      '));
  return `${lines.join('\n')}\n`;
}

const indent = (text: string, by: string): string => text.replace(/^(?=.)/gm, by);

export function printSummary({ files, passed, failed, millis }: TestReport, color: boolean): string {
  const { bold, red, green } = createColors(color);
  const broken = files.filter(({ problems }) => problems.length > 0).length;
  const parts = [failed > 0 ? red(`${failed} failed`) : '', green(`${passed} passed`), broken > 0 ? red(`${broken} test file${broken === 1 ? '' : 's'} could not be read`) : ''].filter((part) => part !== '');
  return `${bold(parts.join(', '))} in ${millis < 1000 ? `${Math.round(millis)} ms` : `${(millis / 1000).toFixed(1)} s`}\n`;
}

/** The steps by route: how many ran, and where those stand that did not. */
export function printCoverage(steps: readonly CoveredStep[], color: boolean): string {
  const { green, red, bold } = createColors(color);
  const routes = new Map<string, CoveredStep[]>();
  for (const step of steps) routes.set(step.routeId, [...(routes.get(step.routeId) ?? []), step]);
  const covered = steps.filter(({ count }) => count > 0).length;
  const lines = [bold(`coverage: ${covered} of ${steps.length} steps (${percent(covered, steps.length)} %)`)];
  const width = Math.max(...[...routes.keys()].map((id) => id.length), 0);
  for (const [id, list] of routes) {
    const missing = list.filter(({ count }) => count === 0);
    lines.push(`  ${id.padEnd(width)}  ${String(list.length - missing.length).padStart(3)} of ${list.length}${missing.length === 0 ? ` ${green('all')}` : ''}`);
    for (const { at, label } of missing) lines.push(`    ${red('never ran')}  ${at}  ${label.replace(/\s+/g, ' ').slice(0, 100)}`);
  }
  return `${lines.join('\n')}\n`;
}

export const percent = (part: number, whole: number): number => (whole === 0 ? 100 : Math.floor((part / whole) * 1000) / 10);

// ---------------------------------------------------------------------------------------------- for programs

const place = (failure: Failure): { file: string; line: number; column: number } | null => {
  if (failure.at === null) return null;
  return { file: failure.at.source.file, ...failure.at.source.position(failure.at.start) };
};

/** The report as plain data. */
export function reportAsJson(report: TestReport): Record<string, unknown> {
  return {
    ok: isFine(report),
    passed: report.passed,
    failed: report.failed,
    millis: Math.round(report.millis),
    problems: report.problems.map(({ code, message, help }) => ({ code, message, help })),
    files: report.files.map(({ file, problems, results }) => ({
      file,
      problems: toJson(file, problems).problems,
      tests: results.map(({ name, at, failures, millis }) => ({
        name,
        line: at.source.position(at.start).line,
        ok: failures.length === 0,
        millis: Math.round(millis * 10) / 10,
        failures: failures.map((failure) => ({
          message: failure.message,
          at: place(failure),
          ...(failure.expected === undefined ? {} : { expected: failure.expected }),
          ...(failure.actual === undefined ? {} : { actual: failure.actual }),
          ...(failure.route === undefined || failure.route.length === 0 ? {} : { route: failure.route }),
          ...(failure.meanwhile === undefined ? {} : { failed: failure.meanwhile }),
          ...(failure.problems === undefined ? {} : { problems: failure.problems.map(({ code, message, at: where }) => ({ code, message, at: where === null ? null : showSpan(where) })) }),
        })),
      })),
    })),
    coverage: {
      steps: report.coverage.length,
      covered: report.coverage.filter(({ count }) => count > 0).length,
      missing: report.coverage.filter(({ count }) => count === 0).map(({ routeId, stepId, at, label }) => ({ route: routeId, step: stepId, at, label })),
    },
  };
}

export const isFine = ({ failed, problems, files }: TestReport): boolean => failed === 0 && problems.length === 0 && files.every((file) => file.problems.length === 0);

// Characters that XML 1.0 has no place for are left out.
const xml = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/\n/g, '&#10;');

const seconds = (millis: number): string => (millis / 1000).toFixed(3);

/** The report as JUnit's XML, which CI systems read. */
export async function reportAsJunit(report: TestReport): Promise<string> {
  const suites: string[] = [];
  for (const file of report.files) suites.push(await suiteOf(file));
  const tests = report.passed + report.failed;
  const errors = report.files.filter(({ problems }) => problems.length > 0).length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="mecha test" tests="${tests + errors}" failures="${report.failed}" errors="${errors}" time="${seconds(report.millis)}">\n${suites.join('')}</testsuites>\n`;
}

async function suiteOf({ file, problems, results }: FileReport): Promise<string> {
  const cases: string[] = [];
  if (problems.length > 0) cases.push(`    <testcase name="${xml(file)}" classname="${xml(file)}" time="0"><error message="${xml(problems[0]!.message)}">${xml(printDiagnostics(problems))}</error></testcase>\n`);
  for (const { name, at, failures, millis } of results) {
    const { line } = at.source.position(at.start);
    const head = `    <testcase name="${xml(name)}" classname="${xml(file)}" file="${xml(file)}" line="${line}" time="${seconds(millis)}"`;
    if (failures.length === 0) cases.push(`${head}/>\n`);
    else {
      const texts = await Promise.all(failures.map((failure) => printFailure(failure, false)));
      cases.push(`${head}><failure message="${xml(failures[0]!.message)}">${xml(texts.join('\n\n'))}</failure></testcase>\n`);
    }
  }
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  const time = results.reduce((sum, { millis }) => sum + millis, 0);
  const errors = problems.length > 0 ? 1 : 0;
  return `  <testsuite name="${xml(file)}" tests="${results.length + errors}" failures="${failed}" errors="${errors}" time="${seconds(time)}">\n${cases.join('')}  </testsuite>\n`;
}
