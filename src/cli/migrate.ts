import { resolve } from 'node:path';
import type { FileReport, MigrationReport, Verdict } from '../runtime/migrate.ts';
import { migrationReport } from '../runtime/migrate.ts';
import type { Terminal } from './terminal.ts';
import { withProgress } from './progress.ts';

const words: Readonly<Record<Verdict, string>> = { runs: 'runs', differs: 'runs, with differences', fails: 'does not run', manual: 'needs a person', ignored: 'nothing to do' };

function lines({ file, kind, verdict, findings }: FileReport): string {
  const head = `${file}: ${words[verdict]} (${kind})\n`;
  return head + findings.map(({ line, code, message, advice }) => `  ${line === null ? '' : `line ${line}: `}${code === null ? '' : `${code}: `}${message}\n${advice === null ? '' : `    ${advice.replace(/\n/g, '\n    ')}\n`}`).join('');
}

/** 0: all YAML runs; 1: something does not, or needs a person; 2: no such folder. */
export async function migrate(folder: string, options: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<number> {
  let report: MigrationReport;
  try {
    report = await withProgress(terminal, options['json'] === true, (progress) => migrationReport(resolve(terminal.folder, folder), progress));
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
      if (of.length > 0) terminal.out.write(`\n${of.map(lines).join('')}`);
    }
  }
  return counts.fails + counts.manual === 0 ? 0 : 1;
}
