import { resolve } from 'node:path';
import type { FileReport, Finding, MigrationReport, Verdict } from '../runtime/migrate.ts';
import { migrationReport } from '../runtime/migrate.ts';
import { kameletsGiven } from './checked.ts';
import type { Terminal } from './terminal.ts';
import { withProgress } from './progress.ts';

const words: Readonly<Record<Verdict, string>> = { runs: 'runs', differs: 'runs, with differences', fails: 'does not run', manual: 'needs a person', ignored: 'nothing to do' };

/** A finding that more files than this have is said once for all of them. */
const mostRepeated = 2;
const placesShown = 3;

interface Shared {
  readonly finding: Finding;
  readonly places: string[];
  readonly files: Set<string>;
}

const keyOf = ({ code, message, advice }: Finding): string => JSON.stringify([code, message, advice]);

const said = ({ code, message, advice }: Finding, indent: string, before = ''): string =>
  `${indent}${before}${code === null ? '' : `${code}: `}${message}\n${advice === null ? '' : `${indent}  ${advice.replace(/\n/g, `\n${indent}  `)}\n`}`;

/** What several of the files have, the most frequent first. */
function sharedBy(files: readonly FileReport[]): ReadonlyMap<string, Shared> {
  const all = new Map<string, Shared>();
  for (const { file, findings } of files) {
    for (const finding of findings) {
      const key = keyOf(finding);
      const one = all.get(key) ?? { finding, places: [], files: new Set() };
      one.places.push(finding.line === null ? file : `${file}:${finding.line}`);
      one.files.add(file);
      all.set(key, one);
    }
  }
  return new Map([...all].filter(([, one]) => one.files.size > mostRepeated).sort(([, a], [, b]) => b.places.length - a.places.length));
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

function summary({ finding, places, files }: Shared): string {
  const rest = places.length - placesShown;
  return `${said(finding, '  ')}    in ${count(files.size, 'file')}: ${places.slice(0, placesShown).join(', ')}${rest > 0 ? ` and ${count(rest, 'more place')}` : ''}\n`;
}

function lines({ file, kind, verdict, findings }: FileReport, shared: ReadonlyMap<string, Shared>): string {
  const own = findings.filter((finding) => !shared.has(keyOf(finding)));
  const above = findings.filter((finding) => shared.has(keyOf(finding)));
  const numbers = above.flatMap(({ line }) => (line === null ? [] : [line]));
  const pointer = above.length === 0 ? '' : `  ${numbers.length === 0 ? '' : `line${numbers.length === 1 ? '' : 's'} ${numbers.join(', ')}: `}said above\n`;
  return `${file}: ${words[verdict]} (${kind})\n${own.map((finding) => said(finding, '  ', finding.line === null ? '' : `line ${finding.line}: `)).join('')}${pointer}`;
}

/** 0: all YAML runs; 1: something does not, or needs a person; 2: no such folder. */
export async function migrate(folder: string, options: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<number> {
  let report: MigrationReport;
  try {
    report = await withProgress(terminal, options['json'] === true, (progress) => migrationReport(resolve(terminal.folder, folder), { progress, kamelets: (kameletsGiven(options) ?? []).map((path) => resolve(terminal.folder, path)) }));
  } catch (thrown) {
    terminal.err.write(`error: ${(thrown as Error).message}\n`);
    return 2;
  }
  const { files, counts } = report;
  if (options['json'] === true) terminal.out.write(`${JSON.stringify(report, null, 2)}\n`);
  else {
    terminal.out.write(`${counts.runs} run, ${counts.differs} run with differences, ${counts.fails} do not run, ${counts.manual} need a person, ${counts.ignored} have nothing to do with routes\n`);
    // What there is to do comes first.
    for (const verdict of ['fails', 'manual', 'differs', 'runs'] as const) {
      const of = files.filter((file) => file.verdict === verdict);
      if (of.length === 0) continue;
      const shared = sharedBy(of);
      if (shared.size > 0) terminal.out.write(`\nin several files of those that ${verdict === 'manual' ? 'need a person' : verdict === 'fails' ? 'do not run' : 'run'}:\n${[...shared.values()].map(summary).join('')}`);
      terminal.out.write(`\n${of.map((one) => lines(one, shared)).join('')}`);
    }
  }
  return counts.fails + counts.manual === 0 ? 0 : 1;
}
