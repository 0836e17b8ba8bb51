import { createReadStream, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { decodeText } from './charset.ts';

const cachedBytes = 256 * 1024;

/**
 * A body that is a file: nothing is read until somebody asks. Whoever moves the file tells it (`moved`), so that what came before can be
 * read afterwards, too.
 */
export class FileBody {
  /** Absolute, where the file was when the message was made. */
  readonly path: string;
  /** Relative to the folder that it was found in, with `/`. */
  readonly name: string;
  readonly length: number;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  /** Null: UTF-8. */
  readonly charset: string | null;
  private cache: Buffer | null = null;
  private current: string;

  constructor(file: { path: string; name: string; length: number; lastModified: number; charset?: string | null }) {
    this.path = file.path;
    this.current = file.path;
    this.name = file.name;
    this.length = file.length;
    this.lastModified = file.lastModified;
    this.charset = file.charset ?? null;
  }

  /** The file has been renamed. */
  moved(path: string): void {
    this.current = path;
  }

  /** The whole content, read at once; small files are kept in memory for the next reader. */
  bytes(): Buffer {
    if (this.cache !== null) return this.cache;
    const bytes = readFileSync(this.current);
    if (bytes.length <= cachedBytes) this.cache = bytes;
    return bytes;
  }

  text(): string {
    return decodeText(this.bytes(), this.charset);
  }

  /** A new stream of its bytes from the start. */
  stream(): Readable {
    return createReadStream(this.current);
  }

  toString(): string {
    return `GenericFile[${this.name}]`;
  }
}
