import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isOpened } from '../runtime/files.ts';
import type { Terminal } from './terminal.ts';

/** What a file holds that stands on the command line. @throws Error where it can't be read */
export function bytesOfGiven(file: string, { folder }: Terminal): Buffer {
  const path = resolve(folder, file);
  const stats = statSync(path);
  // Pipes that nobody writes to are waited for without end, and devices have none.
  if (!stats.isFile() && !stats.isDirectory() && !isOpened(path)) throw new Error('it is no file');
  return readFileSync(path);
}

/** The text of such a file. */
export function textOfGiven(file: string, terminal: Terminal): string {
  const bytes = bytesOfGiven(file, terminal);
  if (!isUtf8(bytes) || bytes.includes(0)) throw new Error('it is no text in UTF-8');
  return bytes.toString('utf8');
}

/** Writes a file as a whole, or not at all: one that is there stays as it was until then, and keeps its rights. */
export function writeWhole(path: string, text: string): void {
  const before = statSync(path, { throwIfNoEntry: false });
  // What a link leads to is what is meant.
  const target = before === undefined ? path : realpathSync(path);
  if (before !== undefined && !before.isFile()) return writeFileSync(path, text);
  const draft = `${target}.${randomUUID()}.tmp`;
  try {
    writeFileSync(draft, text, before === undefined ? {} : { mode: before.mode });
    renameSync(draft, target);
  } catch (thrown) {
    rmSync(draft, { force: true });
    throw thrown;
  }
}
