import { javaBytes, toText } from '../../../core/conversion/convert.ts';
import { childrenOf, XmlNode } from '../../../core/conversion/xml.ts';
import { isPlainObject } from '../../../core/beans/javaTypes.ts';

/** What a value holds, as Camel walks through it: texts are cut at commas, maps give their entries, anything else is one. */
export function iterate(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (typeof value === 'string') return value.includes(',') ? cutAtCommas(value) : value.trim() === '' ? [] : [value];
  if (Array.isArray(value)) return value as unknown[];
  if (value instanceof Set) return [...value];
  if (value instanceof Map) return [...value].map(([key, item]) => `${toText(key)}=${toText(item)}`);
  if (value instanceof Uint8Array) return Array.from(javaBytes(value));
  if (value instanceof XmlNode) return childrenOf(value);
  if (isPlainObject(value)) return Object.entries(value).map(([key, item]) => `${key}=${toText(item)}`);
  if (typeof value === 'object' && Symbol.iterator in value) return [...(value as Iterable<unknown>)];
  return [value];
}

/** As in Camel, one empty part at either end counts for nothing. */
function cutAtCommas(text: string): string[] {
  const parts = text.split(',');
  if (parts[0] === '') parts.shift();
  if (parts[parts.length - 1] === '') parts.pop();
  return parts;
}
