import { pieceByPiece } from './manyParts.ts';
import { StringDecoder } from 'node:string_decoder';
import iconv from 'iconv-lite';
import { ExchangeError } from '../errors.ts';
import { OptionError } from '../optionError.ts';

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

/** Whether there is a charset of this name. */
export const isCharset = (charset: string): boolean => Object.hasOwn(native, charset.toLowerCase()) || iconv.encodingExists(charset);

/** @throws Error when nobody knows a charset of this name */
export function checkCharset(charset: string): void {
  if (!isCharset(charset)) throw new OptionError(['charset', 'encoding'], `there is no charset \`${charset}\``, 'write `UTF-8`, `ISO-8859-1`, `UTF-16` or another by its name');
}

const wide = /^utf[-_]?(16|32)$/i;
const marks: Readonly<Record<string, Buffer>> = { 16: Buffer.from([0xff, 0xfe]), 32: Buffer.from([0xff, 0xfe, 0, 0]) };

/** As in Java: where no mark says otherwise the high byte comes first. */
function decodeWide(bytes: Buffer, charset: string, width: string): string {
  const mark = marks[width]!;
  const text = iconv.decode(bytes, `utf-${width}${mark.equals(bytes.subarray(0, mark.length)) ? 'le' : 'be'}`, { stripBOM: true });
  return bytes.length % (Number(width) / 8) === 0 ? text : `${text}\ufffd`;
}

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
  if (encoding === undefined) {
    checkCharset(charset!);
    const width = wide.exec(charset!)?.[1];
    return width === undefined ? iconv.decode(bytes, charset!, { stripBOM: false }) : decodeWide(bytes, charset!, width);
  }
  return encoding === 'ascii' ? pieceByPiece(bytes.toString('latin1'), (piece) => piece.replace(notAscii, '\ufffd')) : bytes.toString(encoding);
}

/** Makes text of bytes that come piece by piece. */
export interface PieceDecoder {
  write(bytes: Buffer): string;
  end(): string;
}

const allBytes = Buffer.from(Array.from({ length: 256 }, (_none, byte) => byte));

const isOfSingleBytes = (charset: string): boolean => decodeText(allBytes, charset).length === allBytes.length;

/**
 * Null is UTF-8.
 * @throws Error when nobody knows a charset of this name
 */
export function pieceDecoder(charset: string | null): PieceDecoder {
  const encoding = charset === null ? 'utf8' : native[charset.toLowerCase()];
  if (encoding === 'ascii') return { write: (bytes) => decodeText(bytes, charset), end: () => '' };
  if (encoding !== undefined) return new StringDecoder(encoding);
  checkCharset(charset!);
  if (isOfSingleBytes(charset!)) {
    const decoder = iconv.getDecoder(charset!, { stripBOM: false });
    return { write: (bytes) => decoder.write(bytes), end: () => decoder.end() ?? '' };
  }
  // Which byte comes first, and what is left over, is known only of the whole; the library loses letters of four bytes where they are cut.
  const kept: Buffer[] = [];
  return {
    write: (bytes) => {
      kept.push(Buffer.from(bytes));
      return '';
    },
    end: () => decodeText(Buffer.concat(kept), charset),
  };
}

/** Bytes of a text; null is UTF-8. What the charset does not have becomes `?`, as in Java; UTF-16 begins with its byte order mark. */
export function encodeText(text: string, charset: string | null): Buffer {
  const encoding = charset === null ? 'utf8' : native[charset.toLowerCase()];
  if (encoding === 'latin1') return Buffer.from(pieceByPiece(text, (piece) => piece.replace(notLatin, '?')), encoding);
  if (encoding === 'ascii') return Buffer.from(pieceByPiece(text, (piece) => piece.replace(notAscii, '?')), 'latin1');
  if (encoding !== undefined) return Buffer.from(text, encoding);
  checkCharset(charset!);
  const width = wide.exec(charset!)?.[1];
  if (width === undefined) return iconv.encode(text, charset!);
  return iconv.encode(text, `utf-${width}be`, { addBOM: width === '16' && text !== '' });
}

const question = 0x3f;

/** The first character that a charset does not have; null when it has all of them. */
function missingFrom(text: string, charset: string): string | null {
  const encoding = native[charset.toLowerCase()];
  if (encoding === 'latin1') {
    const at = text.search(notLatin);
    return at < 0 ? null : String.fromCodePoint(text.codePointAt(at)!);
  }
  for (const char of new Set(text)) {
    if (char <= '\x7f') continue;
    if (/^[\ud800-\udfff]$/.test(char)) return char;
    const bytes = encodeText(char, charset);
    if (bytes.length === 1 && bytes[0] === question) return char;
  }
  return null;
}

/**
 * Makes bytes of texts that come one after the other, and refuses what the charset does not have, instead of losing it.
 * @throws ExchangeError UnmappableCharacterException
 */
export class StrictEncoder {
  private readonly charset: string;
  private readonly width: string | undefined;
  private half = '';
  private isFirst = true;

  constructor(charset: string) {
    this.charset = charset;
    this.width = wide.exec(charset)?.[1];
  }

  encode(text: string, isLast: boolean): Buffer {
    const all = this.half + text;
    const cut = !isLast && /[\ud800-\udbff]$/.test(all) ? all.length - 1 : all.length;
    this.half = all.slice(cut);
    const whole = all.slice(0, cut);
    const missing = missingFrom(whole, this.charset);
    if (missing !== null) throw new ExchangeError('java.nio.charset.UnmappableCharacterException', `the charset ${this.charset} has no \`${missing}\` (U+${missing.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')})`);
    if (whole === '') return Buffer.alloc(0);
    const bytes = encodeText(whole, this.isFirst || this.width === undefined ? this.charset : `utf-${this.width}be`);
    this.isFirst = false;
    return bytes;
  }
}
