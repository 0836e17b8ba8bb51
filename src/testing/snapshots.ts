import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isEqual } from './match.ts';

/** The snapshots of one test file, in a JSON file beside it. */
export class Snapshots {
  readonly path: string;
  private readonly isUpdating: boolean;
  private before: Readonly<Record<string, unknown>>;
  private readonly now: Record<string, unknown> = {};

  constructor(testPath: string, isUpdating: boolean) {
    this.path = testPath.replace(/\.ya?ml$/, '.snapshots.json');
    this.isUpdating = isUpdating;
    this.before = existsSync(this.path) ? (JSON.parse(readFileSync(this.path, 'utf8')) as Record<string, unknown>) : {};
  }

  /** Null: as before, or taken now. Undefined: there is none. Else what it was. */
  compare(key: string, value: unknown): null | undefined | { readonly value: unknown } {
    const plain: unknown = JSON.parse(JSON.stringify(value));
    this.now[key] = plain;
    if (this.isUpdating) return null;
    if (!Object.hasOwn(this.before, key)) return undefined;
    return isEqual(plain, this.before[key]) ? null : { value: this.before[key] };
  }

  /** Writes what was taken; those of tests that did not run (`--filter`) stay. Gives whether the file has changed. */
  save(testNames: readonly string[], ran: readonly string[]): boolean {
    if (!this.isUpdating) return false;
    const isKept = (key: string): boolean => testNames.some((name) => !ran.includes(name) && key.startsWith(`${name} > `));
    const all: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(this.before)) if (isKept(key)) all[key] = value;
    Object.assign(all, this.now);
    if (isEqual(all, this.before)) return false;
    if (Object.keys(all).length === 0) rmSync(this.path, { force: true });
    else {
      const draft = `${this.path}.${randomUUID()}.tmp`;
      try {
        writeFileSync(draft, `${JSON.stringify(all, null, 2)}\n`);
        renameSync(draft, this.path);
      } finally {
        rmSync(draft, { force: true });
      }
    }
    this.before = all;
    return true;
  }
}
