import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { unzipped, zipEntries } from '../core/conversion/zip.ts';

/** Kamelets by name, from where others publish them. */
export interface KameletCatalogue {
  names(): readonly string[];
  find(name: string): { readonly file: string; readonly text: string } | null;
}

const ending = '.kamelet.yaml';
const largestArchive = 256 * 1024 * 1024;
const largestKamelet = 4 * 1024 * 1024;

interface Published {
  readonly file: string;
  text(): string;
}

function inFolder(folder: string): Map<string, Published> {
  const found = new Map<string, Published>();
  for (const inner of [folder, join(folder, 'kamelets')]) {
    let names: string[];
    try {
      names = readdirSync(inner);
    } catch {
      continue;
    }
    for (const name of names) if (name.endsWith(ending)) found.set(name.slice(0, -ending.length), { file: join(inner, name), text: () => readFileSync(join(inner, name), 'utf8') });
  }
  return found;
}

function inArchive(path: string): Map<string, Published> {
  if (statSync(path).size > largestArchive) throw new Error(`it is larger than ${largestArchive / 1024 / 1024} MB`);
  const archive = readFileSync(path);
  const found = new Map<string, Published>();
  for (const entry of zipEntries(archive)) {
    if (!entry.name.endsWith(ending)) continue;
    found.set(basename(entry.name).slice(0, -ending.length), { file: `${path}!/${entry.name}`, text: () => unzipped(archive, entry, largestKamelet).toString('utf8') });
  }
  return found;
}

/** By path and time of change, so that a reload does not read an archive again. */
const known = new Map<string, ReadonlyMap<string, Published>>();

function published(path: string): ReadonlyMap<string, Published> {
  let stats;
  try {
    stats = statSync(path);
  } catch {
    throw new Error(`no folder or archive with kamelets at \`${path}\``);
  }
  if (stats.isDirectory()) return inFolder(path);
  const key = `${path} ${stats.mtimeMs} ${stats.size}`;
  let found = known.get(key);
  if (found === undefined) {
    try {
      found = inArchive(path);
    } catch (thrown) {
      throw new Error(`the kamelets in \`${path}\` can't be read: ${(thrown as Error).message}`, { cause: thrown });
    }
    known.set(key, found);
  }
  return found;
}

/** What folders, jars and zip archives hold; earlier ones win. Nothing is read before a kamelet is looked for. @throws Error for a path that is neither */
export function catalogueIn(paths: readonly string[], base: string): KameletCatalogue {
  let maps: readonly ReadonlyMap<string, Published>[] | null = null;
  const all = (): readonly ReadonlyMap<string, Published>[] => (maps ??= paths.map((path) => published(isAbsolute(path) ? path : resolve(base, path))));
  return {
    names: () => all().flatMap((map) => [...map.keys()]),
    find: (name) => {
      for (const map of all()) {
        const found = map.get(name);
        if (found !== undefined) return { file: found.file, text: found.text() };
      }
      return null;
    },
  };
}
