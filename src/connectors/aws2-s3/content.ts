import type { ConnectorContext } from '../../core/connector.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { FileBody } from '../../core/conversion/file-body.ts';
import type { Headers } from '../../core/exchange/headers.ts';
import { networkBytes } from '../../core/conversion/network-bytes.ts';
import { cacheStream, StreamCache } from '../../core/conversion/stream.ts';
import type { ObjectFields, ObjectStore, Requests } from './client.ts';
import { header } from './options.ts';

/** Content up to this size is kept in memory, larger content in a temporary file. */
const memoryBytes = 1024 * 1024;
const mostResumptions = 5;

type GetInput = Requests['GetObject'][0];

/** An object that the server has answered with, its content not read yet. */
export interface Fetched {
  readonly fields: ObjectFields;
  readonly content: ObjectContent;
}

/** The content of one version of an object, as it comes. When the connection breaks it goes on from where it was. */
export class ObjectContent implements AsyncIterable<Uint8Array> {
  private readonly store: ObjectStore;
  private readonly input: GetInput;
  private readonly context: ConnectorContext;
  private readonly fields: ObjectFields;
  private readonly signal: AbortSignal | undefined;
  private body: NodeJS.ReadableStream & AsyncIterable<Uint8Array> & { destroy(): void };
  private hasBegun = false;
  private isClosed = false;

  constructor(store: ObjectStore, input: GetInput, fields: ObjectFields, context: ConnectorContext, signal?: AbortSignal) {
    this.store = store;
    this.input = input;
    this.fields = fields;
    this.context = context;
    this.signal = signal;
    this.body = fields.Body as never;
    // A connection that breaks before anybody reads is found when somebody does.
    this.body.on('error', () => {});
  }

  get length(): number {
    return this.fields.ContentLength ?? 0;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    if (this.hasBegun || this.isClosed) throw new ExchangeError('java.io.IOException', `the stream of the object \`${this.input.Key}\` was read before, or is closed`);
    this.hasBegun = true;
    const { ContentLength: length, ETag: etag } = this.fields;
    let read = 0;
    let failures = 0;
    try {
      for (;;) {
        try {
          for await (const piece of this.body) {
            read += piece.length;
            failures = 0;
            yield piece;
          }
          if (length !== undefined && read < length) throw new Error(`the connection ended after ${read} of ${length} bytes`);
          return;
        } catch (thrown) {
          if (this.isClosed || length === undefined || etag === undefined || ++failures > mostResumptions || this.signal?.aborted === true) throw this.broken(thrown);
          this.body.destroy();
          await new Promise<void>((resolve) => void this.context.clock.schedule(100 * 2 ** failures, resolve));
          if (read === length) return;
          this.body = await this.rest(read, etag);
        }
      }
    } finally {
      this.close();
    }
  }

  /** Ends the connection, unless all has been read. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.body.destroy();
  }

  private async rest(from: number, etag: string): Promise<typeof this.body> {
    const first = /^bytes=(\d+)-(\d*)$/.exec(this.input.Range ?? '');
    const start = (first === null ? 0 : Number(first[1])) + from;
    const { Body } = await this.store.call('GetObject', { ...this.input, Range: `bytes=${start}-${first?.[2] ?? ''}`, IfMatch: etag }, this.signal);
    return Body as never;
  }

  private broken(thrown: unknown): ExchangeError {
    if (thrown instanceof ExchangeError) return thrown;
    return new ExchangeError('java.io.IOException', `reading the object \`${this.input.Key}\` of the bucket \`${this.input.Bucket}\` failed: ${(thrown as Error).message}`, { cause: thrown });
  }
}

export async function fetchObject(store: ObjectStore, input: GetInput, context: ConnectorContext, signal?: AbortSignal): Promise<Fetched> {
  const fields = await store.call('GetObject', input, signal);
  return { fields, content: new ObjectContent(store, input, fields, context, signal) };
}

/** The whole content: small in memory, else a cached stream in a temporary file that the caller must `dispose` of. */
export async function wholeContent(content: ObjectContent): Promise<Buffer | StreamCache> {
  if (content.length === 0) {
    content.close();
    return networkBytes(Buffer.alloc(0));
  }
  const cache = await cacheStream(content, { memoryBytes, largestBytes: Infinity });
  return cache.isInMemory ? networkBytes(cache.bytes()) : cache;
}

/** The headers that say what an object is like. */
export function describe(headers: Headers, bucket: string, key: string, fields: ObjectFields): Headers {
  headers.set(header.key, key);
  headers.set(header.bucket, bucket);
  const set = (name: string, value: unknown): void => {
    if (value !== undefined) headers.set(name, value);
  };
  const { Metadata: metadata = {} } = fields;
  set(header.eTag, fields.ETag?.replace(/^"|"$/g, ''));
  set(header.lastModified, fields.LastModified);
  set(header.timestamp, fields.LastModified?.getTime());
  set(header.versionId, fields.VersionId);
  set(header.contentType, fields.ContentType);
  set(header.contentLength, fields.ContentLength);
  set(header.contentEncoding, fields.ContentEncoding);
  set(header.contentDisposition, fields.ContentDisposition);
  set(header.cacheControl, fields.CacheControl);
  set(header.encryption, fields.ServerSideEncryption);
  set(header.expiration, fields.Expiration);
  set(header.replication, fields.ReplicationStatus);
  set(header.storageClass, fields.StorageClass);
  headers.set(header.metadata, metadata);
  for (const name of traceHeaders) set(name, metadata[name]);
  return headers;
}

export const traceHeaders = ['traceparent', 'tracestate'] as const;

/** Content to write: whole where it is in memory, else a stream that may be made anew (`open`), of which each piece is good until the next one. */
export type Content = { readonly bytes: Buffer } | { readonly open: () => AsyncIterable<Uint8Array | string>; readonly length: number | null; readonly isOnce: boolean };

/** The body as content. @throws InvalidPayloadException for null, and for what has no bytes and no text */
export function contentOf({ body }: Exchange): Content {
  if (typeof body === 'string') return { bytes: Buffer.from(body) };
  if (typeof body === 'number' || typeof body === 'boolean') return { bytes: Buffer.from(String(body)) };
  if (body instanceof Uint8Array) return { bytes: Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength) };
  if (body instanceof StreamCache || body instanceof FileBody) {
    if (body.length <= memoryBytes) return { bytes: body.bytes() };
    return { open: () => (body instanceof StreamCache ? body.pieces() : body.stream()), length: body.length, isOnce: false };
  }
  if (typeof body === 'object' && body !== null) {
    if (Symbol.asyncIterator in body) return { open: () => body as AsyncIterable<Uint8Array>, length: body instanceof ObjectContent ? body.length : null, isOnce: true };
    if (typeof (body as { bytes?: unknown }).bytes === 'function') return { bytes: (body as { bytes(): Buffer }).bytes() };
  }
  const kind = body === null || body === undefined ? 'a null body' : `a body of this kind (${Array.isArray(body) ? 'list' : typeof body})`;
  throw new ExchangeError('org.apache.camel.InvalidPayloadException', `${kind} can't be written to an object: marshal or convert it first`);
}
