import { toText } from '../conversion/convert.ts';
import { jsonText, parseJson, writeJson } from '../conversion/json.ts';
import { isJsonType, mediaTypeOf } from '../conversion/media-type.ts';
import { isPlainMap } from '../conversion/plainValue.ts';
import type { Exchange } from '../exchange/exchange.ts';

/** Attributes of CloudEvents 1.0 with the Camel headers that carry them. */
const attributes: readonly (readonly [attribute: string, header: string])[] = [
  ['id', 'CamelCloudEventID'],
  ['source', 'CamelCloudEventSource'],
  ['type', 'CamelCloudEventType'],
  ['specversion', 'CamelCloudEventVersion'],
  ['subject', 'CamelCloudEventSubject'],
  ['time', 'CamelCloudEventTime'],
  ['dataschema', 'CamelCloudEventSchemaURL'],
];

/** Blanks, quotes, percent signs and what is no printable ASCII are escaped (HTTP binding, 3.1.3.2). */
const escaped = (text: string): string => text.replace(/[^\x21\x23\x24\x26-\x7e]/gu, (letter) => encodeURIComponent(letter));

const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const required = ['specversion', 'id', 'source', 'type'];

/** The media type of an event that is one JSON document. */
const structured = 'application/cloudevents+json';

export const isStructured = (contentType: unknown): boolean => typeof contentType === 'string' && mediaTypeOf(contentType) === structured;

/** The attributes of the event that an exchange is; its headers win over `defaults`. */
function attributesOf(exchange: Exchange, defaults: Readonly<Record<string, string | undefined>>): [name: string, value: string][] {
  const found: [string, string][] = [];
  for (const [attribute, header] of attributes) {
    const value = attribute === 'specversion' ? '1.0' : (toText(exchange.headers.get(header)) ?? toText(exchange.headers.get(`ce-${attribute}`)) ?? defaults[attribute]);
    if (value !== undefined && value !== '') found.push([attribute, value]);
  }
  return found;
}

/** Puts the attributes of the exchange's event on a request in binary mode. */
export function addEventHeaders(lines: string[], exchange: Exchange, defaults: Readonly<Record<string, string | undefined>>): void {
  dropHeaders(lines, (name) => attributes.some(([attribute]) => `ce-${attribute}` === name));
  for (const [attribute, value] of attributesOf(exchange, defaults)) lines.push(`ce-${attribute}`, escaped(value));
}

/** The event that a message is as one JSON document; its extensions are what other `ce-` headers the request has. */
export function structuredEvent(lines: string[], exchange: Exchange, defaults: Readonly<Record<string, string | undefined>>, body: string | Buffer | null): string {
  const event: Record<string, unknown> = Object.fromEntries(attributesOf(exchange, defaults));
  let type: string | null = null;
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i]!.toLowerCase();
    if (name === 'content-type') type = lines[i + 1]!;
    else if (name.startsWith('ce-') && !(name.slice(3) in event)) event[name.slice(3)] = unescaped(lines[i + 1]!);
  }
  dropHeaders(lines, (name) => name.startsWith('ce-') || name === 'content-type');
  lines.push('Content-Type', `${structured}; charset=utf-8`);
  if (type !== null) event['datacontenttype'] = type;
  if (body === null || body.length === 0) return writeJson(event);
  if (type === null || isJsonType(mediaTypeOf(type))) {
    const text = typeof body === 'string' ? body : jsonText(body);
    try {
      return writeJson({ ...event, data: parseJson(text) });
    } catch (thrown) {
      if (type !== null) throw thrown;
      return writeJson({ ...event, datacontenttype: 'text/plain', data: text });
    }
  }
  return writeJson(typeof body === 'string' ? { ...event, data: body } : { ...event, data_base64: body.toString('base64') });
}

function dropHeaders(lines: string[], isDropped: (folded: string) => boolean): void {
  for (let i = lines.length - 2; i >= 0; i -= 2) if (isDropped(lines[i]!.toLowerCase())) lines.splice(i, 2);
}

/** Whether a message is an event in binary mode: the attributes that every event has are there. */
export const isEvent = (exchange: Exchange): boolean => required.every((name) => exchange.headers.has(`ce-${name}`));

/** The attributes of an event in binary mode, under Camel's names beside their own. */
export function readEventHeaders(exchange: Exchange): void {
  for (const [attribute, header] of attributes) {
    const value = toText(exchange.headers.get(`ce-${attribute}`));
    if (value !== null) exchange.headers.set(header, unescaped(value));
  }
}

/**
 * Makes of a message that is an event in structured mode what one in binary mode is: its data are the body, its attributes Camel's headers.
 * @returns attributes that have no header of Camel's, by their names
 * @throws Error that says what is missing
 */
export function readStructured(exchange: Exchange, text: string): Readonly<Record<string, string>> {
  const event = parseJson(text);
  if (!isPlainMap(event)) throw new Error('a CloudEvent in structured mode is a JSON object');
  const lacks = required.filter((name) => typeof event[name] !== 'string' || event[name] === '');
  if (lacks.length > 0) throw new Error(`no CloudEvent: it has no ${lacks.map((name) => `\`${name}\``).join(', ')}`);
  const { data, data_base64: packed, datacontenttype: type } = event;
  const extensions: Record<string, string> = {};
  for (const [name, value] of Object.entries(event)) {
    if (name === 'data' || name === 'data_base64' || name === 'datacontenttype' || value === null) continue;
    const header = attributes.find(([attribute]) => attribute === name)?.[1];
    const shown = toText(value) ?? '';
    if (header === undefined) extensions[name] = shown;
    else exchange.headers.set(header, shown);
  }
  const isJson = typeof type !== 'string' || isJsonType(mediaTypeOf(type));
  exchange.headers.set('Content-Type', typeof type === 'string' ? type : 'application/json');
  if (typeof packed === 'string') exchange.body = Buffer.from(packed, 'base64');
  else if (data === undefined || (data === null && !isJson)) exchange.body = null;
  else exchange.body = isJson || typeof data !== 'string' ? writeJson(data) : data;
  return extensions;
}

/**
 * Takes what has come for an event, in whichever mode.
 * @throws Error that says why it is none
 */
export function takeEvent(exchange: Exchange): void {
  const type = exchange.headers.get('content-type');
  const extensions: Record<string, string> = {};
  if (isStructured(type)) Object.assign(extensions, readStructured(exchange, toText(exchange.body) ?? ''));
  else {
    const lacks = required.filter((name) => !exchange.headers.has(`ce-${name}`));
    if (lacks.length > 0) throw new Error(`no CloudEvent: it has no ${lacks.map((name) => `\`ce-${name}\``).join(', ')}, and its type is not ${structured}`);
    readEventHeaders(exchange);
    exchange.headers.forEach((name, value) => {
      const folded = name.toLowerCase();
      if (folded.startsWith('ce-') && !attributes.some(([attribute]) => `ce-${attribute}` === folded)) extensions[folded.slice(3)] = unescaped(toText(value) ?? '');
    });
  }
  if (Object.keys(extensions).length > 0) exchange.headers.set('CamelCloudEventExtensions', extensions);
}
