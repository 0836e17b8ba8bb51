import { unescape } from 'node:querystring';

/** Headers that steer Camel endpoints: they never come in from, nor go out to, a network. */
export const isCamelHeader = (name: string): boolean => name.length >= 5 && (name.charCodeAt(0) | 32) === 99 && name.slice(0, 5).toLowerCase() === 'camel';

/** Of one connection only: the next has its own. Folded. */
export const connectionHeaders: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding']);

/** These, and those about how a message is framed on its connection: nothing that a message carries further. Folded. */
export const hopByHop: ReadonlySet<string> = new Set([...connectionHeaders, 'content-length', 'expect', 'host', 'upgrade']);

/** What Camel's HTTP connectors keep to themselves besides: about caching and the way of one message. Folded. */
export const generalHeaders: ReadonlySet<string> = new Set(['cache-control', 'date', 'pragma', 'via', 'warning']);

/**
 * What other systems may send or be sent is decided by one of these: a bean named by `headerFilterStrategy`. True = filtered out.
 */
export interface HeaderFilter {
  applyFilterToCamelHeaders?(name: string, value: unknown): boolean;
  applyFilterToExternalHeaders?(name: string, value: unknown): boolean;
}

/** A decoded `application/x-www-form-urlencoded` text or query, in order: name, value, name, value. */
export function parseQuery(query: string): string[] {
  const pairs: string[] = [];
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    pairs.push(decodeComponent(equals < 0 ? part : part.slice(0, equals)), equals < 0 ? '' : decodeComponent(part.slice(equals + 1)));
  }
  return pairs;
}

function decodeComponent(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  return decodeEscapes(spaced);
}

/** Bytes that are no UTF-8 become replacement characters, as in Camel. */
export const decodeEscapes = (text: string): string => (text.includes('%') ? unescape(text) : text);

/** A `%` without two hexadecimal digits behind it: what has one can't be decoded. */
export const hasBrokenEscape = (text: string): boolean => text.includes('%') && /%(?![0-9A-Fa-f]{2})/.test(text);

/** As a query writes it: a space becomes `+`, letters, digits and `-_.*` stay. */
export const encodeQueryComponent = (text: string): string =>
  encodeURIComponent(text).replace(/%20/g, '+').replace(/[!'()~]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);

/** A map of the message: an object as JSON gives it, or a Map. */
export function isPlainMap(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === Object.prototype || prototype === null || value instanceof Map;
}

export const entriesOf = (map: object): Iterable<readonly [string, unknown]> => (map instanceof Map ? (map as Map<string, unknown>) : Object.entries(map));
