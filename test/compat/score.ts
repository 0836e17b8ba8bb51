import { readFileSync, existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
// The comparer is plain JavaScript: it also judges other runtimes.
import { compare, group } from './compare.mjs';
import { caseFiles, runAll } from './files.ts';

export interface Deviation {
  /** Why, in the words of the design. */
  readonly reason: string;
  /** By case file name: paths as the comparer prints them (`*` stands for anything), with what we answer there; null for what is absent, too. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface Verdict {
  readonly name: string;
  readonly group: string;
  readonly differences: readonly { readonly path: string; readonly expected: unknown; readonly actual: unknown }[];
  readonly error: string | null;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

const matches = (text: string, pattern: string): boolean => new RegExp(`^${pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`).test(text);

/** Differences that stand in the deviations with the very value that we answer do not count. */
export function deviates(deviations: readonly Deviation[], name: string, path: string, actual: unknown): boolean {
  return deviations.some(({ answers }) => Object.entries(answers[name] ?? {}).some(([pattern, value]) => matches(path, pattern) && same(value, actual)));
}

export const readDeviations = (folder: string): Deviation[] => {
  const path = join(folder, '..', 'deviations.yaml');
  return existsSync(path) ? ((parse(readFileSync(path, 'utf8')) as Deviation[] | null) ?? []) : [];
};

/** Cases that need a part which is not there yet, with the part. One that agrees must leave the list. */
export const readLater = (folder: string): Readonly<Record<string, string>> => {
  const path = join(folder, '..', 'later.yaml');
  return existsSync(path) ? ((parse(readFileSync(path, 'utf8')) as Record<string, string> | null) ?? {}) : {};
};

/** Runs the cases of a folder and compares them with the recorded answers. */
export async function judge(folder: string, jobs: number, wanted: (name: string) => boolean = () => true): Promise<Verdict[]> {
  const deviations = readDeviations(folder);
  const verdicts: Verdict[] = [];
  const files = caseFiles(folder).filter((file) => wanted(basename(file)) && existsSync(file.replace(/\.ya?ml$/, '.expected.json')));
  await runAll(files, jobs, (answer) => {
    const name = String(answer['case']);
    const file = join(folder, name);
    const expected = JSON.parse(readFileSync(file.replace(/\.ya?ml$/, '.expected.json'), 'utf8')) as unknown;
    if (answer['oracleError'] !== undefined) verdicts.push({ name, group: group(name), differences: [], error: String(answer['oracleError']) });
    else {
      const { differences } = compare(expected, JSON.parse(JSON.stringify(answer)), readFileSync(file, 'utf8'));
      verdicts.push({ name, group: group(name), differences: differences.filter(({ path, actual }) => !deviates(deviations, name, path, actual)), error: null });
    }
  });
  return verdicts;
}

/** Prints what differs and the score by group; gives the exit code: 1 where a case differs that is not for later, or one agrees that is. */
export async function score(folder: string, jobs: number): Promise<number> {
  const verdicts = await judge(folder, jobs);
  const groups = new Map<string, { agree: number; total: number }>();
  for (const { name, group: of, differences, error } of verdicts) {
    const isGood = error === null && differences.length === 0;
    for (const key of [of, ...(of.startsWith('eip-') ? ['eip'] : []), 'all']) {
      const count = groups.get(key) ?? { agree: 0, total: 0 };
      count.total++;
      if (isGood) count.agree++;
      groups.set(key, count);
    }
    if (isGood) continue;
    console.log(`differs  ${name}${error === null ? ` (${differences.length})` : `: ${error}`}`);
    for (const { path, expected, actual } of differences.slice(0, 5)) console.log(`           ${path}\n             Camel: ${brief(expected)}\n             here:  ${brief(actual)}`);
    if (differences.length > 5) console.log(`           ... and ${differences.length - 5} more`);
  }
  console.log('');
  for (const [name, { agree, total }] of [...groups].sort(([a], [b]) => (a === 'all' ? 1 : b === 'all' ? -1 : a < b ? -1 : 1))) {
    console.log(`${name.padEnd(24)} ${String(agree).padStart(4)} of ${String(total).padStart(4)}  ${((100 * agree) / total).toFixed(1).padStart(5)} %`);
  }
  const later = readLater(folder);
  return verdicts.every(({ name, differences, error }) => (error === null && differences.length === 0) === (later[name] === undefined)) ? 0 : 1;
}

const brief = (value: unknown): string => {
  const text = value === undefined ? '(not there)' : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
};
