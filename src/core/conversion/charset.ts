type IconvLite = typeof import('iconv-lite');

let iconv: IconvLite | null = null;

/** Charsets that Node's buffers know, by their folded names. */
const native: Readonly<Record<string, 'utf8' | 'utf16le' | 'latin1' | 'ascii'>> = {
  'utf-8': 'utf8',
  utf8: 'utf8',
  'utf-16le': 'utf16le',
  'us-ascii': 'ascii',
  ascii: 'ascii',
  'iso-8859-1': 'latin1',
  'iso8859-1': 'latin1',
  latin1: 'latin1',
};

/** Families of charsets that no decoder of the platform knows. */
const families = /^(?:utf-?(?:7|16|32)(?:-?(?:le|be))?|x?-?(?:cp|ibm|windows|mac)[-_]?\w+|iso[-_]?8859[-_]?\d+|(?:armscii|big5|cesu|euc|gb|hkscs|koi8|latin|pt|rk|shift|tcvn|tis|viscii|ucs|us|hp|georgian)[-_]?\w*)$/i;

/** Whether there may be a charset of this name: what is plainly none can be told before it is needed. */
export function mayBeCharset(name: string): boolean {
  if (name.toLowerCase() in native || families.test(name)) return true;
  try {
    return new TextDecoder(name) !== undefined;
  } catch {
    return false;
  }
}

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
export const nodeEncoding = (charset: string | null): BufferEncoding | undefined => {
  const encoding = charset === null ? 'utf8' : native[charset.toLowerCase()];
  return encoding === 'ascii' ? 'latin1' : encoding;
};

const notAscii = /[^\x00-\x7f]/gu;
const notLatin = /[^\x00-\xff]/gu;

/** Text of bytes; null is UTF-8. A byte order mark is kept, as Java does, but for UTF-16, which has none of its own order. */
export function decodeText(bytes: Buffer, charset: string | null): string {
  const encoding = charset === null ? 'utf8' : native[charset.toLowerCase()];
  if (encoding === undefined) return prepared(charset!).decode(bytes, charset!, { stripBOM: /^utf-?(?:16|32)$/i.test(charset!) });
  return encoding === 'ascii' ? bytes.toString('latin1').replace(notAscii, '\ufffd') : bytes.toString(encoding);
}

/** Bytes of a text; null is UTF-8. What the charset does not have becomes `?`, as in Java. */
export function encodeText(text: string, charset: string | null): Buffer {
  const encoding = charset === null ? 'utf8' : native[charset.toLowerCase()];
  if (encoding === 'latin1') return Buffer.from(text.replace(notLatin, '?'), encoding);
  if (encoding === 'ascii') return Buffer.from(text.replace(notAscii, '?'), 'latin1');
  return encoding === undefined ? prepared(charset!).encode(text, charset!) : Buffer.from(text, encoding);
}
