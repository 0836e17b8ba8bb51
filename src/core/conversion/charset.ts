type IconvLite = typeof import('iconv-lite');

let iconv: IconvLite | null = null;

/** Charsets that Node's buffers know, by their folded names. */
const native: Readonly<Record<string, BufferEncoding>> = {
  'utf-8': 'utf8',
  utf8: 'utf8',
  'utf-16le': 'utf16le',
  'us-ascii': 'latin1',
  ascii: 'latin1',
  'iso-8859-1': 'latin1',
  'iso8859-1': 'latin1',
  latin1: 'latin1',
};

/**
 * Makes a charset ready for `decodeText` and `encodeText`; the common ones always are.
 * @throws Error when nobody knows a charset of this name
 */
export async function prepareCharset(charset: string): Promise<void> {
  if (charset.toLowerCase() in native) return;
  iconv ??= (await import('iconv-lite')).default;
  if (!iconv.encodingExists(charset)) throw new Error(`unknown charset ${charset}`);
}

const prepared = (charset: string): IconvLite => {
  if (iconv === null || !iconv.encodingExists(charset)) throw new Error(`unknown charset ${charset}`);
  return iconv;
};

/** What Node's own decoders call a charset (null is UTF-8); undefined when they don't know it. */
export const nodeEncoding = (charset: string | null): BufferEncoding | undefined => (charset === null ? 'utf8' : native[charset.toLowerCase()]);

/** Text of bytes; null is UTF-8. A byte order mark is kept, as Java does. */
export function decodeText(bytes: Buffer, charset: string | null): string {
  const encoding = charset === null ? 'utf8' : native[charset.toLowerCase()];
  return encoding === undefined ? prepared(charset!).decode(bytes, charset!, { stripBOM: false }) : bytes.toString(encoding);
}

/** Bytes of a text; null is UTF-8. */
export function encodeText(text: string, charset: string | null): Buffer {
  const encoding = charset === null ? 'utf8' : native[charset.toLowerCase()];
  return encoding === undefined ? prepared(charset!).encode(text, charset!) : Buffer.from(text, encoding);
}
