const fromNetwork = Symbol.for('mecha.fromNetwork');

/**
 * Marks bytes that came over a network. They are bytes like any others; only where a route asks for the class of its body (`${bodyType}`)
 * are they what Camel shows there: a cached stream, not an array.
 */
export function networkBytes(bytes: Buffer): Buffer {
  (bytes as unknown as Record<symbol, boolean>)[fromNetwork] = true;
  return bytes;
}

export const isNetworkBytes = (value: unknown): boolean => value instanceof Uint8Array && (value as unknown as Record<symbol, unknown>)[fromNetwork] === true;
