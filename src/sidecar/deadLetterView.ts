/** A stored body as people see it: text where it is text, base64 where it is not. */
export function deserialisedText(body: unknown): unknown {
  if (!(body instanceof Uint8Array)) return body;
  const bytes = Buffer.from(body);
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : { base64: bytes.toString('base64') };
}
