import { isUtf8 } from 'node:buffer';
import type { Dirent, Stats } from 'node:fs';
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import picomatch from 'picomatch';
import type { Diagnostics } from '../core/diagnostics.ts';
import { Source } from '../core/diagnostics.ts';
import { isForeign } from './foreign.ts';

/** Tests of routes. */
export const isTestFile = (name: string): boolean => /\.test\.ya?ml$/i.test(name);

const isRoutesFile = (name: string): boolean => /\.(ya?ml)$/i.test(name) && !/^(?:mecha|application(?:-[\w-]+)?)\.ya?ml$/i.test(name) && !isTestFile(name);

/** Largest routes file that is read. */
const maxFileBytes = 16 * 1024 * 1024;

/** Names as people typed them: relative to `base` where that is shorter. */
export const shown = (path: string, base: string): string => {
  const short = relative(base, path);
  return short === '' || short.startsWith(`..${sep}..`) || isAbsolute(short) ? path : short;
};

/** Files at any depth, also behind links; not pipes and devices, which may never come to an end. */
function* filesBelow(folder: string, base: string, problems: Diagnostics, above: readonly string[] = []): Iterable<string> {
  let here: string;
  let entries: Dirent[];
  try {
    here = realpathSync(folder);
    // A link may lead back to a folder that it stands in.
    if (above.includes(here)) return;
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (thrown) {
    unreadable(shown(folder, base), thrown, problems);
    return;
  }
  const has = (wanted: string): boolean => entries.some(({ name }) => name === wanted);
  // Of a Maven project: what a build has copied, and what belongs to its tests.
  const left = has('pom.xml') ? 'target' : folder.endsWith(`${sep}src`) && has('main') ? 'test' : null;
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // A mounted ConfigMap keeps its files behind `..data` links.
    if (entry.name.startsWith('.') || entry.name === 'node_modules' || entry.name === left) continue;
    const path = join(folder, entry.name);
    const kind = entry.isSymbolicLink() ? statOf(path) : entry;
    if (kind === null || kind.isFile()) yield path;
    else if (kind.isDirectory()) yield* filesBelow(path, base, problems, [...above, here]);
  }
}

const unreadable = (name: string, thrown: unknown, problems: Diagnostics): void =>
  problems.report('M0709', `\`${name}\` can't be read: ${(thrown as Error).message}`, null, { help: 'check that the file is there, and that the user that runs Mecha may read it' });

/** Null for what is not there, or nobody may see. */
const statOf = (path: string): Stats | null => {
  try {
    return statSync(path);
  } catch {
    return null;
  }
};

const isDirectory = (path: string): boolean => statOf(path)?.isDirectory() === true;

const isGlob = (path: string): boolean => /[*?[\]{}!]/.test(path);

/** Files that paths mean: a file itself, a folder's YAML files (not `mecha.yaml`, not tests), what a glob matches. In a fixed order, each once. */
export const routeFiles = (paths: readonly string[], base: string, problems: Diagnostics, others?: string[]): string[] => filesOf(paths, base, problems, isRoutesFile, others);

/** Where Camel looks for routes, too. */
const isOfCamel = (name: string): boolean => /\.(?:java|xml|groovy|kts)$/.test(name);

/**
 * The same for files of another kind, told by their names; a file that is named itself is taken as it is.
 * @param others gets the files of folders that Camel might find routes in
 */
export function filesOf(paths: readonly string[], base: string, problems: Diagnostics, isWanted: (name: string) => boolean, others?: string[]): string[] {
  const nameOf = (file: string): string => file.slice(file.lastIndexOf(sep) + 1);
  const found = new Set<string>();
  for (const given of paths) {
    // Those belong to the configuration.
    if (given.endsWith('.properties')) continue;
    const path = isAbsolute(given) ? given : resolve(base, given);
    try {
      if (statSync(path).isDirectory()) {
        for (const file of filesBelow(path, base, problems)) {
          if (isWanted(nameOf(file))) found.add(file);
          else if (others !== undefined && isOfCamel(file)) others.push(file);
        }
      } else found.add(path);
      continue;
    } catch (thrown) {
      if (!isGlob(given)) {
        const { code } = thrown as NodeJS.ErrnoException;
        if (code !== 'ENOENT' && code !== 'ENOTDIR') unreadable(given, thrown, problems);
        else problems.report('M0706', `no file or folder \`${given}\``, null, { help: 'give the path of a YAML file, of a folder with YAML files, or a glob in quotes', values: { path: given } });
        continue;
      }
    }
    const { base: start, glob } = picomatch.scan(path) as { base: string; glob: string };
    const matches = picomatch(glob, { dot: false });
    const folder = start === '' ? sep : start;
    const before = found.size;
    if (isDirectory(folder)) for (const file of filesBelow(folder, base, problems)) if (matches(relative(folder, file)) && isTestFile(nameOf(file)) === isWanted('x.test.yaml')) found.add(file);
    if (found.size === before) problems.report('M0706', `no file matches \`${given}\``, null, { help: 'check the pattern; `**/*.yaml` reaches into folders', values: { path: given } });
  }
  return [...found];
}

/** The folders and files whose changes may change what `routeFiles` gives. */
export function watchedPaths(paths: readonly string[], base: string): string[] {
  return paths.map((given) => {
    const path = isAbsolute(given) ? given : resolve(base, given);
    if (!isGlob(given)) return path;
    const { base: start } = picomatch.scan(path) as { base: string };
    return start === '' ? dirname(path) : start;
  });
}

/** With at most one decimal. */
/** What a text is written in when it is one of two bytes a letter. */
function wideEncoding(bytes: Buffer): 'utf-16' | 'utf-16le' | 'utf-16be' | null {
  const [first, second, third, fourth] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'utf-16';
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return 'utf-16le';
  return first === 0 && second !== 0 && third === 0 && fourth !== 0 ? 'utf-16be' : null;
}

/** What the shell has opened for the program: `<(...)`. */
export const isOpened = (path: string): boolean => /^\/(?:dev\/(?:fd\/\d+|stdin)|proc\/self\/fd\/\d+)$/.test(path);

const megabytes = (bytes: number): string => String(Math.round((bytes / 1024 / 1024) * 10) / 10);

/**
 * Reads files as sources; what can't be read is a problem.
 * @param mostBytes all of them together
 * @param named those that were asked for: what else was found beside them, and belongs to something else, is passed over
 */
export function readSources(files: readonly string[], base: string, problems: Diagnostics, mostBytes = Infinity, named: readonly string[] = files): Source[] {
  const sources: Source[] = [];
  const asked = new Set(named === files ? files : named.map((path) => resolve(base, path)));
  let all = 0;
  for (const file of files) {
    const name = shown(file, base);
    try {
      const stats = statSync(file);
      if (!stats.isFile() && !isOpened(file)) {
        problems.report('M0709', `\`${name}\` can't be read: it is no file`, null, { help: stats.isFIFO() ? 'give standard input in place of a pipe' : 'give the path of a YAML file' });
        continue;
      }
      if (stats.size > maxFileBytes) {
        problems.report('M0707', `\`${name}\` is larger than ${maxFileBytes / 1024 / 1024} MB`, null, { help: 'split the routes into several files' });
        continue;
      }
      const bytes = readFileSync(file);
      all += bytes.length;
      if (all > mostBytes) {
        problems.report('M0707', `the route files are larger than ${megabytes(mostBytes)} MB together, with \`${name}\` (${megabytes(bytes.length)} MB)`, null, { help: 'name fewer of them, let several programs share the routes, or raise `routeFiles.maxBytes`' });
        return sources;
      }
      const wide = wideEncoding(bytes);
      if (wide !== null) {
        problems.report('M0708', `\`${name}\` is written in ${wide.toUpperCase()}`, null, { help: `save it as UTF-8: \`iconv -f ${wide} -t utf-8\` makes it of ${wide.toUpperCase()}` });
        continue;
      }
      if (bytes.subarray(0, 4096).includes(0)) {
        problems.report('M0708', `\`${name}\` is no text file`, null, { help: 'routes are written in YAML, as UTF-8 text' });
        continue;
      }
      if (!isUtf8(bytes)) {
        problems.report('M0708', `\`${name}\` is not written in UTF-8`, null, { help: 'save it as UTF-8: `iconv -f latin1 -t utf8` makes it of Latin-1' });
        continue;
      }
      const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
      if (asked.has(file) || !isForeign(text)) sources.push(new Source(name, text));
    } catch (thrown) {
      unreadable(name, thrown, problems);
    }
  }
  return sources;
}
