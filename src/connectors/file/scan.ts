import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { RE2JS } from 're2js';
import { antPatterns } from '../../core/antPattern.ts';
import type { ConnectorContext, Endpoint } from '../../core/connector.ts';
import { Exchange } from '../../core/exchange/exchange.ts';
import { toText } from '../../core/conversion/convert.ts';
import type { fileOptions } from './options.ts';
import { FoundFile } from './found-file.ts';
import { lockSuffixes } from './locks.ts';
import { codeOf } from './move.ts';
import type { DoneName } from './names.ts';
import { isWithin, plainFolder, slashed } from './names.ts';
import { BoundedRegExp } from '../../core/boundedRegExp.ts';
import { OptionError } from '../../core/optionError.ts';

type FileOptions = Endpoint<typeof fileOptions>['options'];
type NameTest = (name: string) => boolean;
type FileTest = (file: FoundFile) => boolean;

/** A bean that filters: Camel's `accept`, or a function. */
type FilterBean = ((file: unknown) => boolean) | { accept(file: unknown): boolean };

export interface ScanContext {
  readonly options: FileOptions;
  readonly context: ConnectorContext;
  readonly folder: string;
  readonly doneName: DoneName | null;
  /** Whether a file may be taken at all: not in progress, not handled before. */
  readonly isFree: (file: FoundFile) => boolean | Promise<boolean>;
}

/**
 * The whole name against a regular expression, in linear time where the expression allows it.
 * @throws OptionError when it is none
 */
export function fullMatch(option: string, expression: string): NameTest {
  try {
    const pattern = RE2JS.compile(expression, RE2JS.CASE_INSENSITIVE);
    return (name) => pattern.matches(name);
  } catch {
    // What RE2 does not have (look-around, back references), Node's own engine may.
    let pattern: BoundedRegExp;
    try {
      pattern = new BoundedRegExp(`^(?:${expression})$`, 'iu');
    } catch (thrown) {
      throw new OptionError(option, `\`${option}\` is no regular expression: ${(thrown as Error).message.replace(/^.*: /s, '')}`, 'names that end so are `.*\\.txt`; for `*.txt` use `antInclude`');
    }
    return (name) => pattern.test(name);
  }
}

/** Names that end in one of them, `tar.gz` too. Blanks count, as in Camel. */
const extensions = (list: string): NameTest => {
  const wanted = list.split(',').map((extension) => `.${extension.toLowerCase()}`);
  return (name) => wanted.some((ending) => name.toLowerCase().endsWith(ending));
};

const listed = (list: string): string[] => list.split(',').map((pattern) => pattern.trim());

/** The message that expressions about a file see. */
export const messageOf = (file: FoundFile, context: ConnectorContext): Exchange => new Exchange(context.scope, file.makeBody(null), file.headers());

const accepts = (bean: FilterBean, file: FoundFile): boolean => {
  const described = { name: file.name, path: file.path, length: file.stats.size, lastModified: Math.trunc(file.stats.mtimeMs) };
  return typeof bean === 'function' ? bean(described) : bean.accept(described);
};

/** Looks for files: names are tested first, so that only what may match costs a look at the file itself. */
export class Scanner {
  private readonly scan: ScanContext;
  private readonly nameTests: NameTest[] = [];
  private readonly pathTests: NameTest[] = [];
  private readonly fileTests: FileTest[] = [];
  private readonly folderTest: ((path: string, stats: Stats) => boolean) | null;
  /** Folders that this endpoint moves files to. */
  private readonly ownFolders: readonly string[];
  private readonly eagerLimit: number;

  constructor(scan: ScanContext) {
    const { options, context, doneName } = scan;
    this.scan = scan;
    this.nameTests.push((name) => !lockSuffixes.some((suffix) => name.endsWith(suffix)));
    if (!options.includeHiddenFiles) this.nameTests.push((name) => !name.startsWith('.'));
    if (doneName !== null) this.nameTests.push((name) => !doneName.isDoneFile(name));
    if (options.exclude !== undefined) this.nameTests.push(not(fullMatch('exclude', options.exclude)));
    if (options.include !== undefined) this.nameTests.push(fullMatch('include', options.include));
    if (options.excludeExt !== undefined) this.nameTests.push(not(extensions(options.excludeExt)));
    if (options.includeExt !== undefined) this.nameTests.push(extensions(options.includeExt));
    if (options.antExclude !== undefined) this.pathTests.push(not(antPatterns(listed(options.antExclude), options.antFilterCaseSensitive)));
    if (options.antInclude !== undefined) this.pathTests.push(antPatterns(listed(options.antInclude), options.antFilterCaseSensitive));
    if (options.fileName !== undefined) {
      const expected = context.simple(options.fileName);
      this.fileTests.push((file) => toText(expected(messageOf(file, context))) === file.nameOnly);
    }
    if (options.filter !== undefined) {
      const bean = context.bean<FilterBean>(options.filter);
      this.fileTests.push((file) => accepts(bean, file));
    }
    if (options.filterFile !== undefined) {
      const predicate = context.predicate(options.filterFile);
      this.fileTests.push((file) => predicate(messageOf(file, context)));
    }
    this.folderTest = this.folderFilter();
    this.ownFolders = [options.move ?? '.camel', options.moveFailed, options.preMove].map(plainFolder).filter((folder) => folder !== null);
    const isWhole = options.sortBy !== undefined && !options.eagerMaxMessagesPerPoll;
    this.eagerLimit = options.maxMessagesPerPoll > 0 && options.eagerMaxMessagesPerPoll && !isWhole ? options.maxMessagesPerPoll : Infinity;
  }

  /**
   * All files that may be taken now, in the order of their names.
   * @throws what the file system throws for the endpoint's own folder
   */
  async files(): Promise<FoundFile[]> {
    const found: FoundFile[] = [];
    const { folder, options } = this.scan;
    const realFolder = options.jailStartingDirectory ? await realpath(folder) : folder;
    await this.look(folder, realFolder, 1, found, new Set());
    return found;
  }

  private async look(folder: string, realFolder: string, depth: number, found: FoundFile[], seen: Set<string>): Promise<void> {
    const { options } = this.scan;
    const entries = await readdir(folder, { withFileTypes: true });
    const names = new Set(entries.map(({ name }) => name));
    for (const entry of await this.ordered(entries, folder)) {
      if (found.length >= this.eagerLimit) return;
      const path = join(folder, entry.name);
      const isLink = entry.isSymbolicLink();
      if (entry.isFile() || isLink) {
        if (isLink && (await this.isFolderLink(path))) await this.lookInto(path, entry.name, realFolder, depth, found, seen, true);
        else if (depth >= options.minDepth) await this.add(path, entry.name, names, isLink ? realFolder : null, found);
      } else if (entry.isDirectory()) await this.lookInto(path, entry.name, realFolder, depth, found, seen, false);
    }
  }

  private async lookInto(path: string, name: string, realFolder: string, depth: number, found: FoundFile[], seen: Set<string>, isLink: boolean): Promise<void> {
    const { options, context, folder } = this.scan;
    if (!options.recursive || depth >= options.maxDepth) return;
    if (!options.includeHiddenDirs && name.startsWith('.')) return;
    const below = slashed(relative(folder, path));
    if (this.ownFolders.some((own) => below === own || below.endsWith(`/${own}`))) return;
    try {
      if (isLink) {
        const real = await realpath(path);
        if (seen.has(real)) return;
        seen.add(real);
        if (options.jailStartingDirectory && !isWithin(realFolder, real)) return;
      }
      if (this.folderTest !== null && !this.folderTest(path, await stat(path))) return;
      await this.look(path, realFolder, depth + 1, found, seen);
    } catch (thrown) {
      if (codeOf(thrown) !== 'ENOENT') context.log('warn', `can't look into ${path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
  }

  private async add(path: string, name: string, siblings: ReadonlySet<string>, jail: string | null, found: FoundFile[]): Promise<void> {
    const { folder, options, doneName } = this.scan;
    try {
      for (const test of this.nameTests) if (!test(name)) return;
      if (this.pathTests.length > 0) {
        const below = slashed(relative(folder, path));
        for (const test of this.pathTests) if (!test(below)) return;
      }
    } catch (thrown) {
      // One name that a pattern takes too long for must not keep all others from being read.
      this.scan.context.log('warn', `${path} is passed over: ${(thrown as Error).message}`);
      return;
    }
    if (doneName !== null && !siblings.has(doneName.of(path).slice(path.length - name.length))) return;
    let stats: Stats;
    try {
      stats = await stat(path);
      if (!stats.isFile()) return;
      // A link that somebody put here must not hand out what lies elsewhere.
      if (jail !== null && options.jailStartingDirectory && !isWithin(jail, await realpath(path))) return;
    } catch {
      return;
    }
    const file = new FoundFile(path, folder, options.directoryName, stats);
    for (const test of this.fileTests) if (!test(file)) return;
    if (await this.scan.isFree(file)) found.push(file);
  }

  private async isFolderLink(path: string): Promise<boolean> {
    try {
      return (await stat(path)).isDirectory();
    } catch {
      return false;
    }
  }

  private async ordered(entries: Dirent[], folder: string): Promise<Dirent[]> {
    const { preSort } = this.scan.options;
    const isDown = preSort.startsWith('-');
    const by = isDown ? preSort.slice(1) : preSort;
    const sign = isDown ? -1 : 1;
    const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
    if (by !== 'modified' && by !== 'size') return entries.sort((a, b) => sign * byName(a, b));
    const weights = new Map<Dirent, number>();
    for (const entry of entries) {
      const stats = await stat(join(folder, entry.name)).catch(() => null);
      weights.set(entry, stats === null ? 0 : by === 'size' ? stats.size : stats.mtimeMs);
    }
    return entries.sort((a, b) => sign * (weights.get(a)! - weights.get(b)!) || byName(a, b));
  }

  private folderFilter(): ((path: string, stats: Stats) => boolean) | null {
    const { options, context, folder } = this.scan;
    if (options.filterDirectory === undefined) return null;
    const predicate = context.predicate(options.filterDirectory);
    return (path, stats) => predicate(messageOf(new FoundFile(path, folder, options.directoryName, stats), context));
  }
}

const not =
  (test: NameTest): NameTest =>
  (name) =>
    !test(name);

/** Compares files by `sortBy`: expressions of the file language, `reverse:` and `ignoreCase:` before them, `;` between them. */
export function comparator(sortBy: string, context: ConnectorContext): (a: Exchange, b: Exchange) => number {
  const keys = sortBy
    .split(';')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      let source = part.trim();
      let sign = 1;
      let ignoresCase = false;
      for (let prefix = /^(reverse|ignoreCase):/i.exec(source); prefix !== null; prefix = /^(reverse|ignoreCase):/i.exec(source)) {
        if (prefix[1]!.toLowerCase() === 'reverse') sign = -1;
        else ignoresCase = true;
        source = source.slice(prefix[0].length);
      }
      return { expression: sortKey(source, context), sign, ignoresCase };
    });
  return (a, b) => {
    for (const { expression, sign, ignoresCase } of keys) {
      const order = compare(expression(a), expression(b), ignoresCase);
      if (order !== 0) return sign * order;
    }
    return 0;
  };
}

function sortKey(source: string, context: ConnectorContext): (file: Exchange) => unknown {
  try {
    return context.simple(source.includes('${') ? source : `\${${source}}`);
  } catch (thrown) {
    throw new OptionError('sortBy', `\`sortBy\`: ${(thrown as Error).message}`, 'write what a file is sorted by, such as `file:name`, `file:modified` or `reverse:file:size`');
  }
}

function compare(a: unknown, b: unknown, ignoresCase: boolean): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  let left = toText(a) ?? '';
  let right = toText(b) ?? '';
  if (ignoresCase) {
    left = left.toLowerCase();
    right = right.toLowerCase();
  }
  return left < right ? -1 : left > right ? 1 : 0;
}
