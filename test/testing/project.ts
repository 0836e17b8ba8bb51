import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestOptions, TestReport } from '../../src/testing/index.ts';
import { runTests } from '../../src/testing/index.ts';

/** A folder with files in it. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'mecha-tested-'));

  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  run(options: Partial<TestOptions> = {}): Promise<TestReport> {
    return runTests([], { folder: this.folder, configuration: null, inThisThread: true, ...options });
  }

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The steps of a route from `direct:start`. */
export const start = (steps: string): string => `- route:\n    id: start\n    from:\n      uri: direct:start\n      steps:\n${steps.replace(/^(?=.)/gm, '        ')}`;

/** Runs tests of one file of routes; gives by name what was wrong with each test: `fine`, or the messages. */
export async function outcomes(routes: string, tests: string, options: Partial<TestOptions> = {}, files: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
  const project = new Project({ 'r.yaml': routes, 'r.test.yaml': tests, ...files });
  try {
    const report = await project.run(options);
    const broken = report.files.flatMap(({ problems }) => problems);
    if (broken.length > 0) return { file: broken.map(({ code, message }) => `${code} ${message}`).join('\n') };
    return Object.fromEntries(report.files.flatMap(({ results }) => results.map(({ name, failures }) => [name, failures.length === 0 ? 'fine' : failures.map((failure) => [failure.message, ...(failure.problems ?? []).map(({ message }) => message)].join(': ')).join('\n')])));
  } finally {
    project.clear();
  }
}
