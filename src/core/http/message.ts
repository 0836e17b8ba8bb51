import { Readable } from 'node:stream';
import { encodeText } from '../conversion/charset.ts';
import { isContent, kindOf, toText } from '../conversion/convert.ts';
import { documentText } from '../conversion/documentText.ts';
import { ExchangeError } from '../errors.ts';
import { FileBody } from '../conversion/file-body.ts';
import type { Headers, HeaderSource } from '../exchange/headers.ts';
import { fold } from '../exchange/headers.ts';
import type { HeaderFilter } from './headers.ts';
import { entriesOf, generalHeaders, hopByHop, isCamelHeader, isPlainMap } from './headers.ts';
import { charsetOf } from '../conversion/media-type.ts';
import { StreamCache } from '../conversion/stream.ts';

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
 
const unsafe = /[\x00-\x08\x0a-\x1f\x7f]/g;
 
const notLatin = /[^\x00-\xff]/;

// The request that is being put together: one at a time, so that nothing but its list is allocated.
let lines: string[] = [];
let filter: HeaderFilter | null = null;

function addHeader(name: string, value: unknown): void {
  if (value === null || value === undefined) return;
  const folded = fold(name);
  if (isCamelHeader(folded) || hopByHop.has(folded)) return;
  if (filter !== null) {
    if (filter.applyFilterToCamelHeaders?.(name, value) === true) return;
  } else if (generalHeaders.has(folded)) return;
  if (!token.test(name)) return;
  lines.push(name, typeof value === 'string' ? safeValue(value) : safeValue(listText(value)));
}

/** What a header value may be on the wire: one line, one byte a letter. */
function safeValue(text: string): string {
  const line = unsafe.test(text) ? text.replace(unsafe, ' ') : text;
  return notLatin.test(line) ? Buffer.from(line, 'utf8').toString('latin1') : line;
}

/** As Camel sends them: a list of one is that one, several are `[a, b]`, a map is its entries. */
function listText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 1 ? (toText(value[0]) ?? '') : (toText(value) ?? '');
  if (isPlainMap(value)) return listText([...entriesOf(value)].map(([key, item]) => `${key}=${toText(item) ?? ''}`));
  return toText(value) ?? '';
}

/** A message's headers as a request carries them: name, value, name, value. Camel's own, hop-by-hop ones and null stay behind. */
export function requestHeaders(headers: Headers, headerFilter: HeaderFilter | null): string[] {
  lines = [];
  filter = headerFilter;
  headers.forEach(addHeader);
  return lines;
}

/**
 * A body as it is sent. Text is encoded by the charset of the content type.
 * @throws InvalidPayloadException for what is no bytes, no text and no stream: such as a map, which must be marshalled first
 */
export function requestBody(body: unknown, contentType: unknown): string | Buffer | Readable | null {
  if (body === null || body === undefined) return null;
  if (typeof body === 'string') {
    const charset = typeof contentType === 'string' && contentType.includes('charset') ? charsetOf(contentType) : null;
    return charset === null || charset === 'utf-8' || charset === 'utf8' ? body : encodeText(body, charset);
  }
  if (Buffer.isBuffer(body)) return body;
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof FileBody) return body.stream();
  if (body instanceof StreamCache) return body.isInMemory ? body.bytes() : body.stream();
  if (body instanceof Readable) return body;
  const text = documentText(body);
  if (text !== null) return text;
  if (typeof body === 'object') {
    if (Symbol.asyncIterator in body) return Readable.from(body as AsyncIterable<unknown>);
    if (isContent(body)) return body.bytes();
  }
  throw new ExchangeError('org.apache.camel.InvalidPayloadException', `a ${kindOf(body)} can't be sent over HTTP: marshal or convert it first`);
}

/** What Camel does not carry over from the request to the message that the reply becomes. Folded. */
const protocolHeaders: ReadonlySet<string> = new Set([
  ...hopByHop,
  ...generalHeaders,
  'content-encoding',
  'content-language',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'etag',
  'expires',
  'from',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authenticate',
  'proxy-authorization',
  'range',
  'referer',
  'retry-after',
  'server',
  'user-agent',
  'vary',
  'www-authenticate',
]);

/**
 * The headers of a message that a reply has become: the reply's lie over those that the message had before. Raw ones are only decoded
 * when somebody asks.
 */
export class ReplyHeaders implements HeaderSource {
  private readonly raw: readonly Buffer[];
  private readonly before: Headers | null;
  private readonly status: number;
  private readonly statusText: string;
  private readonly filter: HeaderFilter | null;
  /** The body has been unpacked: the reply's `Content-Encoding` does not hold any more. */
  private readonly isUnpacked: boolean;
  private own: unknown[] | null = null;

  constructor(raw: readonly Buffer[], before: Headers | null, status: number, statusText: string, headerFilter: HeaderFilter | null, isUnpacked: boolean) {
    this.raw = raw;
    this.before = before;
    this.status = status;
    this.statusText = statusText;
    this.filter = headerFilter;
    this.isUnpacked = isUnpacked;
  }

  get(folded: string): unknown {
    if (folded === 'camelhttpresponsecode') return this.status;
    if (folded === 'camelhttpresponsetext') return this.statusText;
    const own = this.ownHeaders();
    for (let i = 0; i < own.length; i += 3) if (own[i] === folded) return own[i + 2];
    if (this.before === null || protocolHeaders.has(folded)) return undefined;
    return this.before.lookup(folded) ?? undefined;
  }

  forEach(visit: (name: string, value: unknown) => void): void {
    this.before?.forEach((name, value) => this.visitBefore(name, value, visit));
    this.visitOwn(visit);
  }

  forEachExcept(origin: HeaderSource, visit: (name: string, value: unknown) => void): boolean {
    if (this.before === null) {
      this.visitOwn(visit);
      return true;
    }
    if (!this.before.forEachExcept(origin, (name, value) => this.visitBefore(name, value, visit))) return false;
    this.visitOwn(visit);
    return true;
  }

  private visitBefore(name: string, value: unknown, visit: (name: string, value: unknown) => void): void {
    if (value === null || value === undefined) return;
    const folded = fold(name);
    if (protocolHeaders.has(folded) || folded === 'camelhttpresponsecode' || folded === 'camelhttpresponsetext') return;
    const own = this.ownHeaders();
    for (let i = 0; i < own.length; i += 3) if (own[i] === folded) return;
    visit(name, value);
  }

  private visitOwn(visit: (name: string, value: unknown) => void): void {
    const own = this.ownHeaders();
    for (let i = 0; i < own.length; i += 3) visit(own[i + 1] as string, own[i + 2]);
    visit('CamelHttpResponseCode', this.status);
    visit('CamelHttpResponseText', this.statusText);
  }

  private ownHeaders(): readonly unknown[] {
    if (this.own !== null) return this.own;
    const own: unknown[] = [];
    const { raw } = this;
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]!.toString('latin1');
      const folded = fold(name);
      if (hopByHop.has(folded) || isCamelHeader(folded) || (this.isUnpacked && folded === 'content-encoding')) continue;
      const value = raw[i + 1]!.toString('latin1');
      if (this.filter?.applyFilterToExternalHeaders?.(name, value) === true) continue;
      let at = 0;
      while (at < own.length && own[at] !== folded) at += 3;
      if (at >= own.length) own.push(folded, name, value);
      else own[at + 2] = Array.isArray(own[at + 2]) ? [...(own[at + 2] as unknown[]), value] : [own[at + 2], value];
    }
    return (this.own = own);
  }
}
