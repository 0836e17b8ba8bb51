import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { encodeText } from '../../core/conversion/charset.ts';
import { isContent, kindOf, toText } from '../../core/conversion/convert.ts';
import { ExactNumber } from '../../core/conversion/exactNumber.ts';
import { documentText } from '../../core/conversion/documentText.ts';
import { causeChain } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { FAILED, HANDLED } from '../../core/exchange/exchange.ts';
import { FileBody } from '../../core/conversion/file-body.ts';
import { fold } from '../../core/exchange/headers.ts';
import type { HeaderFilter } from '../../core/http/headers.ts';
import { entriesOf, generalHeaders, hopByHop, isCamelHeader, isPlainMap } from '../../core/http/headers.ts';
import { charsetOf } from '../../core/conversion/media-type.ts';
import { StreamCache } from '../../core/conversion/stream.ts';
import type { Outbox } from '../../core/http/outbox.ts';
import type { RequestHeaders } from './request.ts';

export interface ReplyOptions {
  readonly filter: HeaderFilter | null;
  /** Failures are answered without their text. */
  readonly isMuted: boolean;
  /** Headers of the request go back with the reply. */
  readonly returnsRequestHeaders: boolean;
}

/** What a request may carry and a reply has no use for: kept from going back (secrets are among them). Folded. */
const requestHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-datetime',
  'accept-encoding',
  'accept-language',
  'access-control-request-headers',
  'access-control-request-method',
  'authorization',
  'cookie',
  'expect',
  'forwarded',
  'from',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'max-forwards',
  'origin',
  'proxy-authorization',
  'range',
  'referer',
  'user-agent',
]);

// The reply that is being put together; replies are put together one at a time, so nothing is allocated for it but the list of headers.
let lines: string[] = [];
let options: ReplyOptions | null = null;
let origin: RequestHeaders | null = null;
let outbox: Outbox | null = null;

function addHeader(name: string, value: unknown): void {
  if (value === null || value === undefined) return;
  const folded = fold(name);
  if (isCamelHeader(folded) || hopByHop.has(folded) || folded === 'content-type') return;
  if (options!.filter !== null) {
    if (options!.filter.applyFilterToCamelHeaders?.(name, value) === true) return;
  } else if (generalHeaders.has(folded) || (!options!.returnsRequestHeaders && requestHeaders.has(folded))) return;
  if (origin !== null && origin.get(folded) === value) return;
  if (typeof value === 'string') lines.push(name, value);
  else if (Array.isArray(value)) for (const item of value) lines.push(name, toText(item) ?? '');
  else if (isPlainMap(value)) for (const [key, item] of entriesOf(value)) lines.push(name, `${key}=${toText(item) ?? ''}`);
  else lines.push(name, toText(value) ?? '');
}

/** Thrown for a reply that can't be written; the request is answered with 500 then, and with the headers that it would have had. */
export class UnwritableReply extends Error {
  readonly head: readonly string[];

  constructor(message: string, head: readonly string[] = []) {
    super(message);
    this.head = head;
  }
}

/** Short bodies go out in one piece with the head. */
const inOnePieceBytes = 16 * 1024;

/**
 * Answers a request with what has become of its exchange. A failure that nobody handled is 500 with an empty text; a body that is null or
 * blank is 204; `CamelHttpResponseCode` decides otherwise, but never makes a failure look like a success.
 * @throws when the reply can't be written (a map as the body, a status that is none); nothing has been sent then
 */
export function writeReply(reply: ServerResponse, exchange: Exchange, request: RequestHeaders, replyOptions: ReplyOptions): void {
  const { headers } = exchange;
  const isFailed = (exchange.halt & (FAILED | HANDLED)) === FAILED;
  let { body } = exchange;
  let status = statusOf(headers.lookup('camelhttpresponsecode'), isFailed);
  lines = [];
  options = replyOptions;
  outbox = request.request.listener.outbox;
  if (isFailed) {
    body = replyOptions.isMuted ? '' : traceOf(exchange);
    lines.push('Content-Type', 'text/plain; charset=utf-8');
  } else {
    if (status === 0) status = body === null || body === undefined || (typeof body === 'string' && isBlank(body)) ? 204 : 200;
    const type = headers.lookup('content-type');
    if (typeof type === 'string') lines.push('Content-Type', type);
    else if (type !== null && type !== undefined) lines.push('Content-Type', toText(type) ?? '');
  }
  if (replyOptions.returnsRequestHeaders) {
    headers.forEach(addHeader);
  } else if (!headers.forEachExcept(request, addHeader)) {
    // The message has been put together anew: what it still has of the request does not go back.
    origin = request;
    headers.forEach(addHeader);
    origin = null;
  }
  writeBody(reply, status, lines, body);
}

function writeBody(reply: ServerResponse, status: number, head: string[], body: unknown): void {
  if (body === null || body === undefined || status === 204 || status === 304) {
    if (status !== 204 && status !== 304) head.push('Content-Length', '0');
    reply.writeHead(status, head);
    reply.end();
    return;
  }
  if (typeof body === 'string') return writeText(reply, status, head, body);
  if (body instanceof Uint8Array) return writeBytes(reply, status, head, Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  if (typeof body === 'number' || typeof body === 'bigint') return writeText(reply, status, head, String(body));
  if (body instanceof StreamCache && body.isInMemory) return writeBytes(reply, status, head, body.bytes());
  if (body instanceof FileBody || body instanceof StreamCache) {
    head.push('Content-Length', String(body.length));
    return writeStream(reply, status, head, body.stream());
  }
  if (body instanceof Readable) return writeStream(reply, status, head, body);
  if (typeof body === 'object' && Symbol.asyncIterator in body) return writeStream(reply, status, head, Readable.from(body as AsyncIterable<unknown>));
  const text = body instanceof ExactNumber ? String(body) : documentText(body);
  if (text !== null) return writeText(reply, status, head, text);
  if (typeof body === 'object' && isContent(body)) return writeBytes(reply, status, head, body.bytes());
  throw new UnwritableReply(`a ${kindOf(body)} can't be sent as an HTTP reply: marshal it first`, head);
}

function writeText(reply: ServerResponse, status: number, head: string[], text: string): void {
  const charset = head[0] === 'Content-Type' && head[1]!.includes('charset') ? charsetOf(head[1]!) : null;
  if (charset !== null && charset !== 'utf-8' && charset !== 'utf8') {
    let bytes: Buffer;
    try {
      bytes = encodeText(text, charset);
    } catch {
      bytes = Buffer.from(text);
    }
    return writeBytes(reply, status, head, bytes);
  }
  const length = Buffer.byteLength(text);
  head.push('Content-Length', String(length));
  reply.writeHead(status, head);
  if (length === text.length && length <= inOnePieceBytes) outbox!.end(reply, text);
  else reply.end(text);
}

function writeBytes(reply: ServerResponse, status: number, head: string[], bytes: Buffer): void {
  head.push('Content-Length', String(bytes.length));
  reply.writeHead(status, head);
  // A text goes out in one write with the head, bytes in a second one.
  if (bytes.length <= inOnePieceBytes) outbox!.end(reply, bytes.toString('latin1'));
  else reply.end(bytes);
}

function writeStream(reply: ServerResponse, status: number, head: string[], stream: Readable): void {
  reply.writeHead(status, head);
  // What is half sent can't be taken back: the connection is cut, so that the client does not take it for the whole.
  stream.once('error', () => reply.destroy());
  reply.once('close', () => {
    if (!stream.readableEnded) stream.destroy();
  });
  stream.pipe(reply);
}

/** 0 = not decided yet. */
function statusOf(code: unknown, isFailed: boolean): number {
  // As in Camel, several of them (`a` of `?a=1&a=2`) are none.
  if (code === undefined || code === null || Array.isArray(code)) return isFailed ? 500 : 0;
  const status = typeof code === 'number' ? code : Number(/^[+-]?\d+$/.exec(toText(code) ?? '')?.[0]);
  if (!Number.isInteger(status) || status < 100 || status > 999) throw new UnwritableReply(`${toText(code) ?? ''} is no HTTP status (header CamelHttpResponseCode)`);
  // What a backend has answered to an earlier step: whoever reads it would think that the message is done.
  return isFailed && status < 400 ? 500 : status;
}

/** Most texts begin with something that shows. */
const isBlank = (text: string): boolean => text === '' || ((text.charCodeAt(0) <= 32 || text.charCodeAt(0) > 126) && text.trim() === '');

/** The failure and its causes, without what runs inside. */
function traceOf(exchange: Exchange): string {
  const step = exchange.failedStep;
  const place = step === null ? '' : `\n\tat ${step.routeId}/${step.stepId}${step.at === null ? '' : ` (${step.at})`}`;
  return causeChain(exchange.exception)
    .map((error, i) => `${i === 0 ? '' : 'Caused by: '}${error.type}: ${error.message}${i === 0 ? place : ''}`)
    .join('\n');
}
