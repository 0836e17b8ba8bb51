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
  readonly name: string;
  readonly nameOnly: string;
  stats: Stats;
  key: string | null = null;
  body: FileBody | null = null;
  isLastOfBatch = false;
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

  /** Sets the headers that tell where the file is now. */
  describe(headers: Headers): void {
    const written = this.written();
    headers.set('CamelFileAbsolute', isAbsolute(this.writtenFolder) && this.path === this.foundPath);
    headers.set('CamelFileAbsolutePath', this.path);
    headers.set('CamelFileLastModified', Math.trunc(this.stats.mtimeMs));
    headers.set('CamelFileLength', this.stats.size);
    headers.set('CamelFileName', this.name);
    headers.set('CamelFileNameConsumed', this.name);
    headers.set('CamelFileNameOnly', this.nameOnly);
    headers.set('CamelFileParent', slashed(dirname(written)));
    headers.set('CamelFilePath', slashed(written));
    headers.set('CamelFileRelativePath', slashed(relative(this.folder, this.path)));
    headers.set('CamelMessageTimestamp', Math.trunc(this.stats.mtimeMs));
  }

  private written(): string {
    return isAbsolute(this.writtenFolder) ? this.path : join(this.writtenFolder, relative(this.folder, this.path));
  }
}
