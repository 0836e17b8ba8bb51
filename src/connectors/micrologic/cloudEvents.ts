import { toText } from '../../core/conversion/convert.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';

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

/** Puts the attributes of the exchange's event on a request in binary mode; headers win over `defaults`. */
export function addEventHeaders(lines: string[], exchange: Exchange, defaults: Readonly<Record<string, string | undefined>>): void {
  for (let i = lines.length - 2; i >= 0; i -= 2) if (lines[i]!.toLowerCase().startsWith('ce-') && attributes.some(([name]) => `ce-${name}` === lines[i]!.toLowerCase())) lines.splice(i, 2);
  for (const [attribute, header] of attributes) {
    const value = attribute === 'specversion' ? '1.0' : (toText(exchange.headers.get(header)) ?? toText(exchange.headers.get(`ce-${attribute}`)) ?? defaults[attribute]);
    if (value !== undefined && value !== '') lines.push(`ce-${attribute}`, escaped(value));
  }
}

/** Whether a reply is an event in binary mode: the attributes that every event has are there. */
export const isEvent = (exchange: Exchange): boolean =>
  exchange.headers.has('ce-specversion') && exchange.headers.has('ce-id') && exchange.headers.has('ce-source') && exchange.headers.has('ce-type');

/** The attributes of a reply, under Camel's names beside their own. */
export function readEventHeaders(exchange: Exchange): void {
  for (const [attribute, header] of attributes) {
    const value = toText(exchange.headers.get(`ce-${attribute}`));
    if (value !== null) exchange.headers.set(header, unescaped(value));
  }
}
