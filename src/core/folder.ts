import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';

/** The path of a file in a folder. @throws Error for one outside of it */
export function pathBelow(folder: string, name: string): string {
  const base = resolve(folder);
  const path = resolve(base, name);
  if (path !== base && !path.startsWith(base.endsWith(sep) ? base : base + sep)) throw new Error(`\`${name}\` is outside of ${base}`);
  return path;
}

/**
 * Makes a folder, and those above it, where they are not there. Node's own `recursive` says ENOENT for a read-only file system, and never
 * comes back from one in which no folder can be made.
 * @throws Error as the system says it
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (thrown) {
    const { code } = thrown as { code?: string };
    if (code === 'EEXIST') return;
    const above = dirname(path);
    if (code !== 'ENOENT' || above === path || existsSync(above)) throw thrown;
    makeFolder(above);
    makeFolder(path);
  }
}
