import { bytesOfBody, isByteSource, readBytes } from '../core/conversion/convert.ts';
import { jsonText } from '../core/conversion/json.ts';
import type { Exchange } from '../core/exchange/exchange.ts';

/**
 * The JSON text that a body or a header holds: a text, bytes, a stream, a file, a node of a document.
 * @throws NoTypeConversionAvailableException for what has no bytes: a map, a list, a number; marshal it first
 */
export async function jsonTextOf(exchange: Exchange, value: unknown, isBody: boolean): Promise<string> {
  if (typeof value === 'string') return value;
  if (!isByteSource(value)) return jsonText(bytesOfBody(value, exchange));
  const bytes = await readBytes(value);
  // What was read must be there for the steps behind.
  if (isBody) exchange.body = bytes;
  return jsonText(bytes);
}
