import { closeSync, createReadStream, openSync, readFileSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { decodeText, pieceDecoder } from './charset.ts';
import { javaClass } from './javaClass.ts';

const cachedBytes = 256 * 1024;
const pieceBytes = 64 * 1024;
const largestPieceBytes = 16 * 1024 * 1024;

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

  get [javaClass](): string {
    return 'org.apache.camel.component.file.GenericFile';
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

  /**
   * The text piece by piece, so that a large file never is in memory as a whole. Whoever stops early must call `return()`, as `for`
   * loops do.
   * @param charset where the file has none of its own
   */
  *pieces(charset: string | null = null): Generator<string> {
    const own = this.charset ?? charset;
    if (this.cache !== null) {
      yield decodeText(this.cache, own);
      return;
    }
    const decoder = pieceDecoder(own);
    const file = openSync(this.current, 'r');
    try {
      let buffer = Buffer.allocUnsafe(pieceBytes);
      for (let size = readSync(file, buffer); size > 0; size = readSync(file, buffer)) {
        yield decoder.write(buffer.subarray(0, size));
        // Whoever looks for something that is far apart joins pieces: fewer, then.
        if (buffer.length < largestPieceBytes && size === buffer.length) buffer = Buffer.allocUnsafe(buffer.length * 2);
      }
      const rest = decoder.end();
      if (rest !== '') yield rest;
    } finally {
      closeSync(file);
    }
  }

  toString(): string {
    return `GenericFile[${this.name}]`;
  }
}
