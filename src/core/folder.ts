import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';

/** The path of a file in a folder. @throws Error for one outside of it */
export function pathBelow(folder: string, name: string): string {
  const base = resolve(folder);
  const path = resolve(base, name);
  if (path !== base && !path.startsWith(base.endsWith(sep) ? base : base + sep)) throw new Error(`\`${name}\` is outside of ${base}`);
  return path;
}

/**
 * Makes a folder, and those above it, where they are not there; others may make them at the same time. Node's own `recursive` says ENOENT for a
 * read-only file system, and never comes back from one in which no folder can be made.
 * @throws Error as the system says it
 */
export function makeFolder(path: string, mode?: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (thrown) {
    if (isFolder(path)) return;
    const above = aboveOf(path, thrown);
    if (!isFolder(above)) makeFolder(above, mode);
    try {
      mkdirSync(path, { mode });
    } catch (again) {
      if (!isFolder(path)) throw again;
    }
  }
}

/** The folder above one that could not be made, where that may be the reason. @throws what was thrown */
function aboveOf(path: string, thrown: unknown): string {
  const above = dirname(path);
  if ((thrown as { code?: string }).code !== 'ENOENT' || above === path) throw thrown;
  return above;
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

const isFolderLater = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** The same, while others have their turn. Gives the first that it made; null when the folder was there. */
export async function makeFolderLater(path: string): Promise<string | null> {
  try {
    await mkdir(path);
    return path;
  } catch (thrown) {
    if (await isFolderLater(path)) return null;
    const above = aboveOf(path, thrown);
    const first = (await isFolderLater(above)) ? null : await makeFolderLater(above);
    try {
      await mkdir(path);
      return first ?? path;
    } catch (again) {
      if (!(await isFolderLater(path))) throw again;
      return first;
    }
  }
}
