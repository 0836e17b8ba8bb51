import { isUtf8 } from 'node:buffer';
import { decodeText, encodeText, nodeEncoding } from '../../core/conversion/charset.ts';
import { isContent, kindOf, readBytes, toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import { FileBody } from '../../core/conversion/file-body.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { isPlainObject } from '../../core/beans/javaTypes.ts';
import { ExactNumber } from '../../core/conversion/exactNumber.ts';
import type { Headers, HeaderSource } from '../../core/exchange/headers.ts';
import { fold } from '../../core/exchange/headers.ts';
import type { HeaderFilter } from '../../core/http/headers.ts';
import { isCamelHeader } from '../../core/http/headers.ts';
import { charsetOf } from '../../core/conversion/media-type.ts';
import { isStream, StreamCache } from '../../core/conversion/stream.ts';
import { XmlNode, XmlNodeList } from '../../core/conversion/xml.ts';
import type { WireMessage, WireProperties } from './client.ts';

/** Headers of ours on messages that wait to be tried again; they never show in an exchange. */
export const own = 'x-mecha-';
export const attemptHeader = `${own}attempt`;
export const exchangeHeader = `${own}exchange`;
export const routingKeyHeader = `${own}routing-key`;
export const userIdHeader = `${own}user-id`;

const prefix = 'CamelSpringRabbitmq';
const foldedPrefix = prefix.toLowerCase();

export const routingOverride = fold(`${prefix}RoutingOverrideKey`);
export const exchangeOverride = fold(`${prefix}ExchangeOverrideName`);

interface InProperty {
  readonly name: string;
  readonly folded: string;
  readonly read: (message: WireMessage) => unknown;
}

const property = (name: string, read: InProperty['read']): InProperty => ({ name: `${prefix}${name}`, folded: fold(`${prefix}${name}`), read });

const ownHeader = (message: WireMessage, name: string): unknown => message.properties.headers?.[name];

const incoming: readonly InProperty[] = [
  property('Redelivered', ({ fields }) => fields.redelivered),
  property('DeliveryTag', ({ fields }) => fields.deliveryTag),
  property('ExchangeName', (message) => ownHeader(message, exchangeHeader) ?? message.fields.exchange),
  property('RoutingKey', (message) => ownHeader(message, routingKeyHeader) ?? message.fields.routingKey),
  property('DeliveryMode', ({ properties }) => (properties.deliveryMode === 2 ? 'PERSISTENT' : 'NON_PERSISTENT')),
  property('Type', ({ properties }) => properties.type),
  property('ContentType', ({ properties }) => properties.contentType),
  property('ContentLength', ({ content }) => (content.length > 0 ? content.length : undefined)),
  property('ContentEncoding', ({ properties }) => properties.contentEncoding),
  property('MessageId', ({ properties }) => properties.messageId),
  property('CorrelationId', ({ properties }) => properties.correlationId),
  property('ReplyTo', ({ properties }) => properties.replyTo),
  property('Expiration', ({ properties }) => properties.expiration),
  property('Timestamp', ({ properties }) => (typeof properties.timestamp === 'number' ? new Date(properties.timestamp * 1000) : undefined)),
  property('UserId', (message) => ownHeader(message, userIdHeader) ?? message.properties.userId),
  property('AppId', ({ properties }) => properties.appId),
  property('Priority', ({ properties }) => properties.priority),
  property('ClusterId', ({ properties }) => properties.clusterId),
];

const incomingByName: ReadonlyMap<string, InProperty> = new Map(incoming.map((one) => [one.folded, one]));

/** The headers of a message that came: its own and its properties, read when somebody asks for them. */
export class MessageHeaders implements HeaderSource {
  private readonly message: WireMessage;
  private readonly filter: HeaderFilter | null;

  constructor(message: WireMessage, filter: HeaderFilter | null) {
    this.message = message;
    this.filter = filter;
  }

  get(folded: string): unknown {
    if (folded.startsWith('camel')) return folded.startsWith(foldedPrefix) ? (incomingByName.get(folded)?.read(this.message) ?? undefined) : undefined;
    const { headers } = this.message.properties;
    if (headers === undefined) return undefined;
    for (const name in headers) if (fold(name) === folded) return this.isTaken(name, headers[name]) ? fromWire(headers[name], name) : undefined;
    return undefined;
  }

  forEach(visit: (name: string, value: unknown) => void): void {
    const { headers } = this.message.properties;
    if (headers !== undefined) {
      for (const name in headers) if (this.isTaken(name, headers[name])) visit(name, fromWire(headers[name], name));
    }
    for (const { name, read } of incoming) {
      const value = read(this.message);
      if (value !== undefined) visit(name, value);
    }
  }

  private isTaken(name: string, value: unknown): boolean {
    if (isCamelHeader(name) || name.startsWith(own)) return false;
    if (name === 'x-death' && Array.isArray(value) && value.every(isOwnDeath)) return false;
    return this.filter?.applyFilterToExternalHeaders?.(name, value) !== true;
  }
}

/** What the broker notes when a message has waited in a retry queue. */
const isOwnDeath = (death: unknown): boolean => /\.retry\.\d+$/.test(String((death as { queue?: unknown } | null)?.queue));

/** Headers of a message without what its waiting in a retry queue has added, and without those that would have it sent to more queues. */
export function withoutRetries(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(own) || name === 'CC' || name === 'BCC') continue;
    if (name === 'x-death' && Array.isArray(value)) {
      const others = value.filter((death) => !isOwnDeath(death));
      if (others.length > 0) kept[name] = others;
    } else if (!(name.startsWith('x-first-death-') && /\.retry\.\d+$/.test(String(headers['x-first-death-queue'])))) kept[name] = value;
  }
  return kept;
}

/** The library gives time stamps, decimals and tables in forms of its own. */
function fromWire(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  if (Array.isArray(value)) return value.map((item) => fromWire(item, name));
  const typed = value as { '!'?: unknown; value?: unknown };
  if (typed['!'] === 'timestamp') return new Date(Number(typed.value) * 1000);
  if (typed['!'] === 'decimal') {
    const { digits, places } = typed.value as { digits: number; places: number };
    return digits / 10 ** places;
  }
  const table = Object.create(null) as Record<string, unknown>;
  for (const key in value) table[key] = fromWire((value as Record<string, unknown>)[key], key);
  return table;
}

/** A value as the library can write it; undefined: it can't be sent. */
function toWire(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return String(value);
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null || Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof Date) return { '!': 'timestamp', value: Math.floor(value.getTime() / 1000) };
  if (value instanceof ExactNumber) return String(value);
  if (Array.isArray(value)) return value.map(toWire).filter((item) => item !== undefined);
  if (!isPlainObject(value)) return toText(value) ?? undefined;
  const table: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const written = toWire(item);
    if (written !== undefined) table[key] = written;
  }
  return table;
}

/** Headers that become properties of the message, and how. They are used up by the message that they are sent with. */
const outgoing: ReadonlyMap<string, (value: unknown, properties: WireProperties) => void> = new Map(
  (
    [
      ['DeliveryMode', (value, properties) => (properties.deliveryMode = deliveryMode(value))],
      ['Type', (value, properties) => (properties.type = short('Type', value))],
      ['ContentType', (value, properties) => (properties.contentType = short('ContentType', value))],
      ['ContentLength', () => undefined],
      ['ContentEncoding', (value, properties) => (properties.contentEncoding = short('ContentEncoding', value))],
      ['MessageId', (value, properties) => (properties.messageId = short('MessageId', value))],
      ['CorrelationId', (value, properties) => (properties.correlationId = short('CorrelationId', value))],
      ['ReplyTo', (value, properties) => (properties.replyTo = short('ReplyTo', value))],
      ['Expiration', (value, properties) => (properties.expiration = String(whole('Expiration', value, 2 ** 32 - 1)))],
      ['Timestamp', (value, properties) => (properties.timestamp = Math.floor((value instanceof Date ? value.getTime() : whole('Timestamp', value, Number.MAX_SAFE_INTEGER)) / 1000))],
      ['UserId', (value, properties) => (properties.userId = short('UserId', value))],
      ['AppId', (value, properties) => (properties.appId = short('AppId', value))],
      ['Priority', (value, properties) => (properties.priority = whole('Priority', value, 255))],
      ['ClusterId', () => undefined],
    ] as [string, (value: unknown, properties: WireProperties) => void][]
  ).map(([name, write]) => [fold(`${prefix}${name}`), write]),
);

function deliveryMode(value: unknown): number {
  const text = String(toText(value)).toUpperCase();
  if (text === '2' || text === 'PERSISTENT') return 2;
  if (text === '1' || text === 'NON_PERSISTENT') return 1;
  throw wrongHeader('DeliveryMode', value, '1, 2, PERSISTENT or NON_PERSISTENT');
}

function short(name: string, value: unknown): string {
  const text = toText(value) ?? '';
  if (Buffer.byteLength(text) > 255) throw wrongHeader(name, text.slice(0, 20), 'no longer than 255 bytes');
  return text;
}

function whole(name: string, value: unknown, most: number): number {
  const number = Number(toText(value));
  if (!Number.isInteger(number) || number < 0 || number > most) throw wrongHeader(name, value, `a whole number from 0 to ${most}`);
  return number;
}

const wrongHeader = (name: string, value: unknown, wanted: string): ExchangeError =>
  new ExchangeError('java.lang.IllegalArgumentException', `the header \`${prefix}${name}\` must be ${wanted}, not \`${toText(value) ?? 'null'}\``);

/**
 * Properties and headers of a message as they go out. `Camel*` stays behind; what steers this message is taken off the exchange, as in Camel.
 * @throws ExchangeError IllegalArgumentException for a value that the broker would not take
 */
export function propertiesOf(headers: Headers, filter: HeaderFilter | null, each: (visit: (name: string, value: unknown) => void) => void = (visit) => headers.forEach(visit)): WireProperties {
  const properties: WireProperties = { deliveryMode: 2 };
  let table: Record<string, unknown> | undefined;
  let used: string[] | null = null;
  each((name, value) => {
    if (isCamelHeader(name)) {
      const write = outgoing.get(fold(name));
      if (write === undefined) return;
      if (value !== null && value !== undefined) write(value, properties);
      (used ??= []).push(name);
      return;
    }
    if (name.startsWith(own) || filter?.applyFilterToCamelHeaders?.(name, value) === true || Buffer.byteLength(name) > 255) return;
    const written = toWire(value);
    if (written !== undefined && written !== null) (table ??= {})[name] = written;
  });
  if (used !== null) for (const name of used as string[]) headers.remove(name);
  properties.headers = table;
  return properties;
}

const overrideText = (headers: Headers, folded: string): string | null => {
  const value = headers.lookup(folded);
  return value === undefined || value === null ? null : toText(value);
};

/** The exchange or routing key that a header names instead of the endpoint; it is used up. */
export function takeOverride(headers: Headers, folded: string): string | null {
  const value = overrideText(headers, folded);
  if (value !== null) headers.remove(folded);
  return value;
}

/** Text where the content type says so and the bytes agree; all else is bytes. */
export function bodyOf({ content, properties }: WireMessage): unknown {
  const { contentType, contentEncoding } = properties;
  if (contentType === undefined || !contentType.startsWith('text')) return content;
  const charset = contentEncoding ?? charsetOf(contentType) ?? null;
  const encoding = nodeEncoding(charset);
  if (encoding === undefined || (encoding === 'utf8' && !isUtf8(content))) return content;
  return decodeText(content, charset);
}

const unfit = (kind: string): ExchangeError =>
  new ExchangeError('org.springframework.amqp.support.converter.MessageConversionException', `a ${kind} is no body of a message: marshal it before, for example to json`);

/**
 * The bytes of a body, and what it says about its type where no header does. Streams are read.
 * @throws ExchangeError MessageConversionException for what has no bytes (a map, a list, a number), and for no body where that is not allowed
 */
export function contentOf(exchange: Exchange, properties: WireProperties, allowsNull: boolean): Buffer | Promise<Buffer> {
  const { body } = exchange;
  if (typeof body === 'string') return textContent(body, properties);
  if (Buffer.isBuffer(body)) return bytesContent(body, properties);
  if (body === null || body === undefined) {
    if (allowsNull) return Buffer.alloc(0);
    throw new ExchangeError('org.springframework.amqp.support.converter.MessageConversionException', 'there is no body to send: allowNullBody=true sends an empty message');
  }
  if (body instanceof Uint8Array) return bytesContent(Buffer.from(body.buffer, body.byteOffset, body.byteLength), properties);
  if (body instanceof StreamCache) return bytesContent(body.bytes(), properties);
  if (body instanceof FileBody) return readBytes(body.stream()).then((bytes) => bytesContent(bytes, properties));
  if (isStream(body)) return readBytes(body).then((bytes) => bytesContent(bytes, properties));
  if (body instanceof XmlNode || body instanceof XmlNodeList) return bytesContent(Buffer.from(body.toString()), properties);
  if (typeof body === 'object' && isContent(body)) return bytesContent(body.bytes(), properties);
  throw unfit(kindOf(body));
}

const bytesContent = (bytes: Buffer, properties: WireProperties): Buffer => {
  properties.contentType ??= 'application/octet-stream';
  return bytes;
};

function textContent(text: string, properties: WireProperties): Buffer {
  const { contentType, contentEncoding } = properties;
  if (contentType === undefined) {
    properties.contentType = 'text/plain';
    properties.contentEncoding ??= 'UTF-8';
    return Buffer.from(text);
  }
  const charset = charsetOf(contentType) ?? contentEncoding ?? null;
  return nodeEncoding(charset) === undefined ? Buffer.from(text) : encodeText(text, charset);
}
