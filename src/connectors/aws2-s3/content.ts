import type { ConnectorContext } from '../../core/connector.ts';
import { scalarNodeText } from '../../core/conversion/jsonNode.ts';
import { documentText } from '../../core/conversion/documentText.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { FileBody } from '../../core/conversion/file-body.ts';
import type { Headers } from '../../core/exchange/headers.ts';
import { networkBytes } from '../../core/conversion/network-bytes.ts';
import { cacheStream, discard, StreamCache } from '../../core/conversion/stream.ts';
import type { ObjectFields, ObjectStore, Requests } from './client.ts';
import { isChanged, isMissingKey } from './client.ts';
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

type Body = NodeJS.ReadableStream & AsyncIterable<Uint8Array> & { destroy(): void };

/**
 * The content of one version of an object, as it comes. When the connection breaks it goes on from where it was. It can be read again until it
 * is closed: then the server is asked for the same version once more.
 */
export class ObjectContent implements AsyncIterable<Uint8Array> {
  private readonly store: ObjectStore;
  private readonly input: GetInput;
  private readonly context: ConnectorContext;
  private readonly fields: ObjectFields;
  private readonly signal: AbortSignal | undefined;
  /** What came with the answer, until somebody reads it. */
  private first: Body | null;
  private readonly open = new Set<Body>();
  private isClosed = false;

  constructor(store: ObjectStore, input: GetInput, fields: ObjectFields, context: ConnectorContext, signal?: AbortSignal) {
    this.store = store;
    this.input = input;
    this.fields = fields;
    this.context = context;
    this.signal = signal;
    this.first = fields.Body as unknown as Body;
    // A connection that breaks before anybody reads is found when somebody does.
    this.first.on('error', () => {});
    this.open.add(this.first);
  }

  get length(): number {
    return this.fields.ContentLength ?? 0;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { ContentLength: length, ETag: etag } = this.fields;
    if (this.isClosed) throw this.broken(new Error('its message is done, and the stream closed'));
    let body = this.first;
    this.first = null;
    let read = 0;
    let failures = 0;
    try {
      for (;;) {
        try {
          body ??= await this.rest(read, etag);
          for await (const piece of body) {
            read += piece.length;
            failures = 0;
            yield piece;
          }
          if (length !== undefined && read < length) throw new Error(`the connection ended after ${read} of ${length} bytes`);
          return;
        } catch (thrown) {
          if (this.isClosed || length === undefined || etag === undefined || ++failures > mostResumptions || this.signal?.aborted === true || isChanged(thrown) || isMissingKey(thrown)) throw this.broken(thrown);
          this.end(body);
          body = null;
          await new Promise<void>((resolve) => void this.context.clock.schedule(100 * 2 ** failures, resolve));
          if (read === length) return;
        }
      }
    } finally {
      this.end(body);
    }
  }

  /** The same, each piece good only until the next one is asked for. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of this) {
      yield piece;
      discard(piece);
    }
  }

  /** Ends its connections, and lets nobody read any more. */
  close(): void {
    this.isClosed = true;
    for (const body of this.open) this.end(body);
  }

  private end(body: Body | null): void {
    if (body !== null && this.open.delete(body)) body.destroy();
  }

  private async rest(from: number, etag: string | undefined): Promise<Body> {
    if (etag === undefined) throw new Error('it was read before');
    const first = /^bytes=(\d+)-(\d*)$/.exec(this.input.Range ?? '');
    const start = (first === null ? 0 : Number(first[1])) + from;
    const range = first === null && start === 0 ? {} : { Range: `bytes=${start}-${first?.[2] ?? ''}` };
    const { Body: found } = await this.store.call('GetObject', { ...this.input, ...range, IfMatch: etag }, this.signal);
    const body = found as unknown as Body;
    body.on('error', () => {});
    if (this.isClosed) body.destroy();
    else this.open.add(body);
    return body;
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
  const cache = await cacheStream(content, { memoryBytes });
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
export type Content = { readonly bytes: Buffer } | { readonly open: () => AsyncIterable<Uint8Array | string>; readonly length: number | null };

/** The body as content. @throws InvalidPayloadException for null, and for what has no bytes and no text */
export function contentOf(exchange: Exchange): Content {
  const { body } = exchange;
  if (typeof body === 'string') return { bytes: Buffer.from(body) };
  if (body instanceof Uint8Array) return { bytes: Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength) };
  if (body instanceof StreamCache || body instanceof FileBody) {
    if (body.length <= memoryBytes) return { bytes: body.bytes() };
    return { open: () => (body instanceof StreamCache ? body.pieces() : body.stream()), length: body.length };
  }
  if (typeof body === 'object' && body !== null) {
    if (Symbol.asyncIterator in body) return { open: () => (body instanceof ObjectContent ? body.pieces() : (body as AsyncIterable<Uint8Array>)), length: body instanceof ObjectContent ? body.length : null };
    const text = documentText(body);
    if (text !== null) return { bytes: Buffer.from(text) };
    if (typeof (body as { bytes?: unknown }).bytes === 'function') return { bytes: (body as { bytes(): Buffer }).bytes() };
  }
  const scalar = scalarNodeText(exchange, body);
  if (scalar !== null) return { bytes: Buffer.from(scalar) };
  const kind = body === null || body === undefined ? 'a null body' : `a body of this kind (${Array.isArray(body) ? 'list' : typeof body})`;
  throw new ExchangeError('org.apache.camel.InvalidPayloadException', `${kind} can't be written to an object: marshal or convert it first`);
}
