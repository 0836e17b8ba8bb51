import { javaClass } from './javaClass.ts';

type Marked = Record<symbol, string | undefined>;

/**
 * Marks bytes that came over a network. They are bytes like any others; only where a route asks for the class of its body (`${bodyType}`) or for
 * its parts are they what Camel has there: a cached stream, which is one thing, not an array.
 */
export function networkBytes(bytes: Buffer): Buffer {
  (bytes as unknown as Marked)[javaClass] = 'org.apache.camel.converter.stream.ByteArrayInputStreamCache';
  return bytes;
}

/** Marks what a data format has written or read, if it is bytes: in Camel a cached stream, too. */
export function writtenBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) (value as unknown as Marked)[javaClass] = 'org.apache.camel.converter.stream.InputStreamCache';
  return value;
}

/** The class of the cached stream that these bytes are in Camel. Undefined: they are an array of bytes there, as everything is that was converted to `byte[]`. */
export const streamClass = (bytes: Uint8Array): string | undefined => (bytes as unknown as Marked)[javaClass];

export const isNetworkBytes = (value: unknown): boolean => value instanceof Uint8Array && streamClass(value) !== undefined;
