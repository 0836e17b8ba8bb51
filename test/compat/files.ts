import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runCase } from './case.ts';

const isCase = (name: string): boolean => /\.ya?ml$/.test(name);

export const caseFiles = (path: string): string[] => (statSync(path).isDirectory() ? readdirSync(path).filter(isCase).sort().map((name) => join(path, name)) : [path]);

/** Runs files, a few at a time, and gives the answers in their order. */
export async function runAll(files: readonly string[], jobs: number, tell: (answer: Record<string, unknown>) => void): Promise<void> {
  const answers: Promise<Record<string, unknown>>[] = [];
  let next = 0;
  const results: ((answer: Record<string, unknown>) => void)[] = [];
  for (let i = 0; i < files.length; i++) answers.push(new Promise((done) => results.push(done)));
  const worker = async (): Promise<void> => {
    while (next < files.length) {
      const at = next++;
      results[at]!(await runCase(files[at]!));
    }
  };
  const workers = Array.from({ length: jobs }, worker);
  for (const answer of answers) tell(await answer);
  await Promise.all(workers);
}
