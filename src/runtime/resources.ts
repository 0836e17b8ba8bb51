import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { ResourceEncoding } from '../core/connector.ts';

const mavens = `${sep}src${sep}main${sep}resources`;

/** A folder, and what stands for its class path before it: the `src/main/resources` of a Maven project that it is, or lies in. */
function withResources(place: string): string[] {
  const inResources = `${place}${sep}`.lastIndexOf(`${mavens}${sep}`);
  if (inResources >= 0) return [place.slice(0, inResources + mavens.length), place];
  return existsSync(place + mavens) ? [place + mavens, place] : [place];
}

/** The folders that paths of routes name or lead into, in their order. */
export function foldersOf(path: string, base: string): string[] {
  const whole = resolve(base, path);
  const glob = whole.search(/[*?[\]{}!]/);
  if (glob >= 0 && !existsSync(whole)) return withResources(dirname(`${whole.slice(0, glob)}x`));
  return withResources(statSync(whole, { throwIfNoEntry: false })?.isDirectory() === true ? whole : dirname(whole));
}

/**
 * The files that routes name. `file:` is a path from the folder where Mecha was started. `classpath:`, and a name without a scheme, is looked for in the folders that were given
 * as routes (of a Maven project in its `src/main/resources`), in those of the routes' files, and at last where Mecha was started.
 */
export class Resources {
  private readonly base: string;
  private named: readonly string[] = [];
  private files: readonly string[] = [];
  private folders: readonly string[] | null = null;

  constructor(base: string) {
    this.base = base;
  }

  /** What the routes come from: the paths that were given, and the files that they led to. */
  lieBeside(paths: readonly string[], files: readonly string[]): void {
    this.named = paths;
    this.files = files;
    this.folders = null;
  }

  /** The path of the file that a name without a scheme means; where it would lie, if there is none. */
  path(name: string): string {
    if (isAbsolute(name)) return name;
    return this.found(name) ?? join(this.base, name);
  }

  /** The text behind `resource:`, `file:`, `classpath:` or a plain name. @throws for what is on the network or is not there */
  text(uri: string, encoding: ResourceEncoding = 'utf8'): string {
    const [, scheme, name] = /^(?:resource:)?(?:(file|classpath):(?:\/\/)?)?(.*)$/s.exec(uri) as unknown as [string, string | undefined, string];
    if (/^https?:/.test(name)) throw new Error(`\`${name}\` is on the network, and resources are read from files: fetch it, and name the file`);
    // What stands for the class path has no root: `classpath:/a.txt` is `a.txt` in one of its folders, if not a file by its whole path.
    const inside = scheme === 'classpath' && name.startsWith('/') ? (this.found(name.slice(1)) ?? name) : null;
    const path = inside ?? (scheme === 'file' ? resolve(this.base, name) : this.path(name));
    try {
      return readFileSync(path, encoding);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT' || isAbsolute(name)) throw thrown;
      throw Object.assign(new Error(this.missing(name, scheme === 'file')), { code: 'ENOENT' });
    }
  }

  private found(name: string): string | null {
    for (const folder of this.places()) {
      const path = join(folder, name);
      if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return path;
    }
    return null;
  }

  private places(): readonly string[] {
    this.folders ??= [
      ...new Set([
        ...this.named.filter((path) => !path.endsWith('.properties')).flatMap((path) => foldersOf(path, this.base)),
        ...new Set(this.files.map((file) => dirname(resolve(this.base, file)))),
        this.base,
      ]),
    ];
    return this.folders;
  }

  private missing(name: string, isOfFile: boolean): string {
    if (isOfFile) {
      const beside = this.found(name);
      return `there is no file \`${name}\` in ${this.base}${beside === null ? '' : `; \`classpath:${name}\` is ${this.shown(beside)}`}`;
    }
    const places = this.places();
    const shown = places.slice(0, 4).map((folder) => this.shown(folder));
    return `there is no file \`${name}\` in ${shown.join(', ')}${places.length > shown.length ? `, and ${places.length - shown.length} more` : ''}`;
  }

  private shown(path: string): string {
    const near = relative(this.base, path);
    return near === '' || near.startsWith('..') ? path : near;
  }
}
