import type { Stats } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { FileBody } from '../../core/conversion/file-body.ts';
import { Headers } from '../../core/exchange/headers.ts';
import { slashed } from './names.ts';

/** A file that a poll has found, from then until its message has settled. */
export class FoundFile {
  /** Where it was found; absolute. */
  readonly foundPath: string;
  /** Where it is now; absolute. */
  path: string;
  /** Relative to the endpoint's folder, with `/`. */
  name: string;
  nameOnly: string;
  stats: Stats;
  key: string | null = null;
  body: FileBody | null = null;
  isLastOfBatch = false;
  /** Where preMove has put it, as its expression says it. */
  private premovedTo: string | null = null;
  private readonly folder: string;
  private readonly writtenFolder: string;

  /** @param writtenFolder the folder as the route writes it: relative paths stay relative in headers */
  constructor(path: string, folder: string, writtenFolder: string, stats: Stats) {
    this.foundPath = path;
    this.path = path;
    this.folder = folder;
    this.writtenFolder = writtenFolder;
    this.name = slashed(relative(folder, path));
    this.nameOnly = basename(path);
    this.stats = stats;
  }

  /** Changes when the file is written again. */
  get version(): string {
    return `${this.stats.size}/${this.stats.mtimeMs}`;
  }

  makeBody(charset: string | null): FileBody {
    return (this.body = new FileBody({ path: this.path, name: this.name, length: this.stats.size, lastModified: Math.trunc(this.stats.mtimeMs), charset }));
  }

  headers(): Headers {
    const headers = new Headers();
    this.describe(headers);
    return headers;
  }

  /** preMove has moved it: from now on it has the name that is there, without folders. `given` is what the expression gave. */
  premoved(path: string, given: string): void {
    this.path = path;
    this.premovedTo = this.withoutWrittenFolder(slashed(given));
    this.name = this.nameOnly = basename(path);
  }

  /** A preMove was taken back. */
  restored(): void {
    this.path = this.foundPath;
    this.premovedTo = null;
    this.name = slashed(relative(this.folder, this.foundPath));
    this.nameOnly = basename(this.foundPath);
  }

  /** Sets the headers that tell where the file is now. */
  describe(headers: Headers): void {
    const given = this.premovedTo;
    const written = given === null ? this.written() : isAbsolute(given) ? given : `${this.writtenFolder.replace(/\/+$/, '')}/${given}`;
    headers.set('CamelFileAbsolute', given === null ? isAbsolute(this.writtenFolder) && this.path === this.foundPath : isAbsolute(given));
    headers.set('CamelFileAbsolutePath', given === null ? this.path : written);
    headers.set('CamelFileLastModified', Math.trunc(this.stats.mtimeMs));
    headers.set('CamelFileLength', this.stats.size);
    headers.set('CamelFileName', this.name);
    headers.set('CamelFileNameConsumed', this.name);
    headers.set('CamelFileNameOnly', this.nameOnly);
    headers.set('CamelFileParent', slashed(dirname(written)));
    headers.set('CamelFilePath', slashed(written));
    headers.set('CamelFileRelativePath', given ?? slashed(relative(this.folder, this.path)));
    headers.set('CamelMessageTimestamp', Math.trunc(this.stats.mtimeMs));
  }

  private written(): string {
    return isAbsolute(this.writtenFolder) ? this.path : join(this.writtenFolder, relative(this.folder, this.path));
  }

  /** `in/work/a.txt` is `work/a.txt` where the route writes the folder as `in`. */
  private withoutWrittenFolder(given: string): string {
    const folder = `${slashed(this.writtenFolder).replace(/\/+$/, '')}/`;
    return !isAbsolute(folder) && given.startsWith(folder) ? given.slice(folder.length) : given;
  }
}
