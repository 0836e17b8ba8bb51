import { Readable } from 'node:stream';
import { existsSync, readFileSync } from 'node:fs';
import { Exchange } from '../../src/core/exchange/exchange.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import type { Headers } from '../../src/core/exchange/headers.ts';
import { XmlNodeList } from '../../src/core/conversion/xml.ts';
import { ByteStream, StreamCache } from '../../src/core/conversion/stream.ts';

const volatileHeaders = new Set(
  (
    'host breadcrumbId CamelMessageTimestamp CamelTimerFiredTime firedTime CamelFileLastModified CamelFileInitialOffset Host User-Agent Date CamelExecPid fireTime jobRunTime ' +
    'nextFireTime previousFireTime scheduledFireTime jobDetail jobInstance scheduler trigger triggerGroup triggerName calendar mergedJobDataMap refireCount result'
  ).split(' '),
);

export interface RenderedError {
  readonly type: string;
  readonly message: string | null;
  readonly causes?: readonly { readonly type: string; readonly message: string | null }[];
}

/** Turns our values into the JSON of the answers, and takes out what differs from run to run. */
export class Render {
  private readonly workDir: string;
  private readonly httpPort: number;

  constructor(workDir: string, httpPort: number) {
    this.workDir = workDir;
    this.httpPort = httpPort;
  }

  async message(exchange: { readonly body: unknown; readonly headers: Headers }): Promise<{ body: unknown; bodyType: string; headers: Record<string, unknown> }> {
    const { body } = exchange;
    return { body: await this.value(body), bodyType: bodyType(body), headers: await this.headers(exchange.headers) };
  }

  private async headers(headers: Headers): Promise<Record<string, unknown>> {
    const rendered: Record<string, unknown> = {};
    for (const name of headers.names().sort()) {
      if (!volatileHeaders.has(name)) rendered[name] = await this.value(headers.get(name));
    }
    return rendered;
  }

  error(error: unknown): RenderedError {
    const one = (thrown: unknown): { type: string; message: string | null } => ({
      type: thrown instanceof ExchangeError ? thrown.type : thrown instanceof Error ? thrown.name : 'java.lang.Exception',
      message: thrown instanceof ExchangeError && thrown.isWordless ? null : this.text(thrown instanceof Error ? thrown.message : String(thrown)),
    });
    const causes: { type: string; message: string | null }[] = [];
    for (let cause = (error as { cause?: unknown }).cause; cause !== undefined && cause !== null && causes.length < 6; cause = (cause as { cause?: unknown }).cause) causes.push(one(cause));
    return causes.length === 0 ? one(error) : { ...one(error), causes };
  }

  text(text: string): string {
    let shown = text.replaceAll(this.workDir, '{{workDir}}');
    if (this.httpPort > 0) shown = shown.replaceAll(`:${this.httpPort}`, ':{{httpPort}}');
    return shown.replace(/\b[0-9A-Z]{6,}-[0-9A-Z]{1,4}-[0-9A-F]{16}\b/g, '<id>');
  }

  async value(value: unknown): Promise<unknown> {
    try {
      return await this.rendered(value);
    } catch (thrown) {
      return `<unreadable: ${String(thrown)}>`;
    }
  }

  private async rendered(value: unknown): Promise<unknown> {
    if (value === null || value === undefined) return null;
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
    if (typeof value === 'boolean') return value;
    if (typeof value === 'bigint') return Number(value);
    if (value instanceof Uint8Array) return this.bytes(Buffer.from(value));
    if (Array.isArray(value)) return Promise.all(value.map((item) => this.value(item)));
    if (value instanceof Set) return Promise.all([...value].map((item) => this.value(item)));
    if (value instanceof Map) return Object.fromEntries(await Promise.all([...value].map(async ([key, item]) => [String(key), await this.value(item)] as const)));
    if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
    if (value instanceof Exchange) return { ...(await this.message(value)), ...(value.exception === null ? {} : { exception: this.error(value.exception) }) };
    if (value instanceof Error) return this.error(value);
    if (value instanceof ByteStream || value instanceof StreamCache) return this.bytes(value.bytes());
    if (value instanceof Readable) return this.bytes(await readAll(value));
    const object = value as Record<string | symbol, unknown>;
    if (typeof object['path'] === 'string' && bodyType(value) === 'file') {
      return existsSync(object['path']) ? this.text(readFileSync(object['path'], 'utf8')) : `<no file: ${this.text(object['path'])}>`;
    }
    if (typeof object['readBytes'] === 'function') return this.bytes(Buffer.from((await (object['readBytes'] as () => Promise<Uint8Array>)()) as Uint8Array));
    if (typeof object['bytes'] === 'function') return this.bytes(Buffer.from((await (object['bytes'] as () => Promise<Uint8Array>)()) as Uint8Array));
    if (object['body'] !== undefined && typeof (object['headers'] as { lookup?: unknown } | undefined)?.lookup === 'function') return this.message(object as never);
    if (typeof object[Symbol.asyncIterator] === 'function') return this.bytes(await readAll(Readable.from(value as AsyncIterable<Uint8Array>)));
    if (typeof object['next'] === 'function') return '<iterator>';
    if (typeof object['valueOf'] === 'function' && typeof (object['valueOf'] as () => unknown)() === 'number') return (object['valueOf'] as () => unknown)();
    if (object.constructor?.name === 'JavaClass') return this.text(String(object['name']));
    const prototype = Object.getPrototypeOf(value) as unknown;
    if (prototype === null || prototype === Object.prototype) {
      const rendered: Record<string, unknown> = {};
      for (const [key, item] of Object.entries(value)) rendered[key] = await this.value(item);
      return rendered;
    }
    return this.text(String(value));
  }

  private bytes(bytes: Buffer): unknown {
    const text = bytes.toString('utf8');
    return Buffer.from(text, 'utf8').equals(bytes) ? this.text(text) : { base64: bytes.toString('base64') };
  }
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

export function bodyType(body: unknown): string {
  if (body === null || body === undefined) return 'null';
  if (typeof body === 'string') return 'string';
  if (typeof body === 'number') return Number.isInteger(body) ? 'integer' : 'double';
  if (typeof body === 'bigint') return 'long';
  if (typeof body === 'boolean') return 'boolean';
  if (body instanceof Uint8Array) return 'bytes';
  if (body instanceof XmlNodeList) return 'xml';
  if (Array.isArray(body)) return 'list';
  if (body instanceof Set) return 'set';
  if (body instanceof Map) return 'map';
  if (body instanceof Readable || body instanceof ByteStream || body instanceof StreamCache) return 'stream';
  if (body instanceof Exchange) return 'exchange';
  if (body instanceof Error) return 'exception';
  if (body instanceof Date) return 'date';
  const object = body as Record<string | symbol, unknown>;
  const { name } = (object.constructor as { name?: string } | undefined) ?? {};
  if (name === 'FileBody' || name === 'GenericFile') return 'file';
  if (typeof object[Symbol.asyncIterator] === 'function') return 'stream';
  if (typeof object['next'] === 'function') return 'iterator';
  if (typeof object['valueOf'] === 'function' && typeof (object['valueOf'] as () => unknown)() === 'number') return 'decimal';
  if (typeof object['nodeType'] === 'number') return 'xml';
  const prototype = Object.getPrototypeOf(body) as unknown;
  return prototype === null || prototype === Object.prototype ? 'map' : `java:${name ?? 'Object'}`;
}
