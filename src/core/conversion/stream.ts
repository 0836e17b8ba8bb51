import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { decodeText } from './charset.ts';
import { isByteSource } from './convert.ts';
import { ExchangeError } from '../errors.ts';
import { makeFolder } from '../folder.ts';
import { javaClass } from './javaClass.ts';
import type { Exchange } from '../exchange/exchange.ts';

export interface StreamLimits {
  /** Up to so many bytes stay in memory; more go to a file. */
  readonly memoryBytes?: number;
  /** More than so many bytes are refused; by default a gigabyte, of streams that don't say how long they are. */
  readonly largestBytes?: number;
  /** What is to be done with one that is larger, for the message. */
  readonly instead?: string;
  /** Where files go; the system's folder for temporary files, without it. */
  readonly folder?: string;
}

const usualMemoryBytes = 128 * 1024;
const usualLargestBytes = 1024 ** 3;

/** A body that can be read once, as it comes: Node's and the web's streams, and any asynchronous iterable of bytes or text. */
export const isStream = isByteSource;

/**
 * A stream that has been read and can be read again, as often as one likes: small ones are in memory, larger ones in a file
 * that `dispose` removes.
 */
export class StreamCache {
  readonly isStream = true;
  readonly length: number;
  /** Null: UTF-8. */
  readonly charset: string | null;
  private content: Buffer | null;
  private readonly path: string | null;

  constructor(content: Buffer | null, path: string | null, length: number, charset: string | null = null) {
    this.content = content;
    this.path = path;
    this.length = length;
    this.charset = charset;
  }

  get [javaClass](): string {
    return 'org.apache.camel.converter.stream.ByteArrayInputStreamCache';
  }

  get isInMemory(): boolean {
    return this.content !== null;
  }

  /** The whole content, read at once. */
  bytes(): Buffer {
    if (this.content !== null) return this.content;
    try {
      return readFileSync(this.path!);
    } catch (thrown) {
      throw new ExchangeError('java.io.IOException', 'the cached stream is gone: its exchange is over', { cause: thrown });
    }
  }

  text(): string {
    return decodeText(this.bytes(), this.charset);
  }

  /** A new stream of its bytes from the start. */
  stream(): Readable {
    return this.content === null ? createReadStream(this.path!) : Readable.from([this.content], { objectMode: false });
  }

  /** Its bytes, piece by piece; each is good until the next one is asked for. */
  pieces(): AsyncIterable<Uint8Array> {
    return this.content === null ? filePieces(this.path!) : this.stream();
  }

  /** Lets go of the file. Content in memory stays. */
  dispose(): void {
    if (this.path !== null) rmSync(this.path, { force: true });
  }

  toString(): string {
    return this.text();
  }
}

/** Bytes in memory that can be read once, at once: what stands for Java's ByteArrayInputStream. */
export class ByteStream implements AsyncIterable<Uint8Array> {
  readonly isStream = true;
  private rest: Buffer;

  constructor(content: Buffer) {
    this.rest = content;
  }

  get [javaClass](): string {
    return 'java.io.ByteArrayInputStream';
  }

  /** What has not been read yet. */
  bytes(): Buffer {
    const { rest } = this;
    this.rest = Buffer.alloc(0);
    return rest;
  }

  text(): string {
    return this.bytes().toString('utf8');
  }

   
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const rest = this.bytes();
    if (rest.length > 0) yield rest;
  }

  toString(): string {
    return this.text();
  }
}

/** A stream that knows how long it is. `pieces` gives its bytes with each piece good only until the next one is asked for. */
export interface SizedStream extends AsyncIterable<Uint8Array> {
  readonly length: number;
  pieces(): AsyncIterable<Uint8Array>;
}

const isSized = (source: AsyncIterable<unknown>): source is SizedStream => typeof (source as Partial<SizedStream>).pieces === 'function' && typeof (source as Partial<SizedStream>).length === 'number';

const tooLarge = (largest: number, instead = '`streamCache: false` on the route leaves it a stream'): ExchangeError =>
  new ExchangeError('java.io.IOException', `the stream has more than ${largest} bytes, which is the most that is read to be kept: ${instead}`);

/**
 * Reads a stream into something that can be read again. A stream that fails or is too large leaves no file behind.
 * @throws java.io.IOException when it has more than `largestBytes`, or what the stream fails with
 */
export async function cacheStream(source: AsyncIterable<Uint8Array | string>, limits: StreamLimits = {}): Promise<StreamCache> {
  const sized = isSized(source) ? source : null;
  const { largestBytes = sized === null ? usualLargestBytes : Infinity, folder = join(tmpdir(), 'mecha-streams') } = limits;
  let { memoryBytes = usualMemoryBytes } = limits;
  let content = source;
  if (sized !== null && sized.length > memoryBytes) {
    memoryBytes = 0;
    content = sized.pieces();
  }
  const chunks: Buffer[] = [];
  let length = 0;
  let file: { path: string; stream: ReturnType<typeof createWriteStream> } | null = null;
  try {
    for await (const chunk of content) {
      const bytes = bytesOf(chunk);
      length += bytes.length;
      if (length > largestBytes) throw tooLarge(largestBytes, limits.instead);
      if (file === null && length <= memoryBytes) {
        chunks.push(bytes);
        continue;
      }
      if (file === null) {
        makeFolder(folder, 0o700);
        const path = join(folder, `${randomUUID()}.cache`);
        file = { path, stream: createWriteStream(path, { mode: 0o600, flags: 'wx' }) };
        for (const earlier of chunks.splice(0)) await written(file.stream, earlier);
      }
      await written(file.stream, bytes);
    }
    if (file === null) return new StreamCache(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), null, length);
    file.stream.end();
    await finished(file.stream);
    return new StreamCache(null, file.path, length);
  } catch (thrown) {
    if (file !== null) {
      file.stream.destroy();
      rmSync(file.path, { force: true });
    }
    throw thrown;
  }
}

const pieceBytes = 256 * 1024;

/** A file read through one buffer: a stream makes a new one for each piece, and garbage collection does not see how much memory they hold. */
async function* filePieces(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  const buffer = Buffer.allocUnsafeSlow(pieceBytes);
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, pieceBytes);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

let bin: InstanceType<typeof MessageChannel>['port1'] | null = null;

/**
 * Frees the memory of bytes that nobody needs any more, now: garbage collection, which does not see how much memory buffers hold, would let
 * tens of megabytes of them gather. A buffer that shares its memory with others stays.
 */
export function discard(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== bytes.byteLength || buffer.byteLength === 0) return;
  if (bin === null) {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    bin = port1;
  }
  // What is transferred to a port that leads nowhere is gone.
  bin.postMessage(null, [buffer]);
}

const bytesOf = (chunk: Uint8Array | string): Buffer =>
  typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);

const written = (stream: ReturnType<typeof createWriteStream>, bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  });

/** Makes the exchange's body readable more than once, where it is a stream; the file goes when the unit of work is done. Nothing to wait for: null. */
export function cacheBody(exchange: Exchange, limits?: StreamLimits): Promise<void> | null {
  const { body } = exchange;
  if (typeof body !== 'object' || body === null) return null;
  if (body instanceof ByteStream) {
    const bytes = body.bytes();
    exchange.body = new StreamCache(bytes, null, bytes.length);
    return null;
  }
  if (!isByteSource(body)) return null;
  return cacheStream(body, limits).then((cache) => {
    exchange.body = cache;
    if (!cache.isInMemory) exchange.unitOfWork?.onCompletion(() => cache.dispose());
  });
}

/** All bytes of a stream, when there are not more than `largestBytes`. @throws java.io.IOException when there are */
export async function readStream(source: AsyncIterable<Uint8Array | string>, largestBytes = usualLargestBytes): Promise<Buffer> {
  return (await cacheStream(source, { memoryBytes: largestBytes, largestBytes })).bytes();
}
