import { basename, dirname, isAbsolute, join, normalize, relative, resolve, sep } from 'node:path';
import { realpath } from 'node:fs/promises';
import { ExchangeError } from '../../core/errors.ts';
import { OptionError } from '../../core/optionError.ts';

/** A path with `/` between its parts. */
export const slashed = (path: string): string => (sep === '/' ? path : path.replaceAll(sep, '/'));

/** Whether `path` is `folder` or below it. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** The real place of a path whose last parts may not be there yet. */
export async function realPlace(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realPlace(parent), basename(path));
  }
}

/** The name without its last ending, and without all of them: `a.b.txt` is `a.b` and `a`. */
export const withoutExtension = (name: string): string => {
  const dot = name.lastIndexOf('.');
  return dot > name.lastIndexOf('/') ? name.slice(0, dot) : name;
};

/** An option such as `move=.done`: a plain folder stands for that folder beside the file. */
export const nameSource = (option: string): string => (option.includes('${') || option.includes('$simple{') ? option : `\${file:parent}/${option.replace(/[/\\]+$/, '')}/\${file:onlyname}`);

/** The folder of such an option, when it is plain and below the file's own: the poller does not look into it. */
export const plainFolder = (option: string | undefined): string | null => {
  if (option === undefined || option.includes('$') || isAbsolute(option)) return null;
  const folder = slashed(normalize(option)).replace(/\/+$/, '');
  return folder === '.' || folder.startsWith('..') ? null : folder;
};

/** Where a name that an expression gave lies: absolute, below the folder as the route writes it, or else relative to the folder. */
export function placeOf(name: string, folder: string, writtenFolder: string): string {
  if (isAbsolute(name)) return normalize(name);
  const written = slashed(normalize(writtenFolder)).replace(/\/+$/, '');
  if (isAbsolute(written) || written === '.') return resolve(folder, name);
  // As it is first: normalised, `in/../done` would no longer tell that it begins at `in`.
  for (const given of [slashed(name), slashed(normalize(name))]) if (given.startsWith(`${written}/`)) return resolve(folder, given.slice(written.length + 1));
  return resolve(folder, name);
}

/** `doneFileName`: which file says that another is ready. */
export class DoneName {
  /** One done file says that all files of a folder are ready. */
  readonly isFixed: boolean;
  private readonly pattern: string;
  private readonly token: string;

  /** @throws ExchangeError ExpressionIllegalSyntaxException when the pattern has other expressions than the name */
  constructor(pattern: string) {
    const match = /\$\{file:(?:only)?name(?:\.noext)?\}/.exec(pattern);
    this.pattern = pattern;
    this.token = match === null ? '' : match[0];
    this.isFixed = match === null;
    const rest = match === null ? pattern : pattern.replace(match[0], '');
    if (rest.includes('${')) throw new ExchangeError('org.apache.camel.ExpressionIllegalSyntaxException', `doneFileName \`${pattern}\`: only one of \${file:name}, \${file:name.noext}, \${file:onlyname} and \${file:onlyname.noext} can stand in it`);
  }

  /** Absolute, beside the file. */
  of(path: string): string {
    if (this.isFixed) return join(dirname(path), this.pattern);
    const name = basename(path);
    return join(dirname(path), this.pattern.replace(this.token, () => (this.token.includes('.noext') ? withoutExtension(name) : name)));
  }

  isDoneFile(name: string): boolean {
    if (this.isFixed) return name === this.pattern;
    const [before = '', after = ''] = this.pattern.split(this.token);
    return name.length > before.length + after.length && name.startsWith(before) && name.endsWith(after) && before + after !== '';
  }
}

/** Folders are fixed, as in Camel. */
export const dynamicFolder = (name: string): OptionError => new OptionError('directoryName', `the folder \`${name}\` can't hold \`\${\``, 'name a fixed folder, and put the expression into `fileName`, or use `toD`');
