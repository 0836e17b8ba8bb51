import { ExchangeError } from '../errors.ts';
import { decodeText, nodeEncoding } from './charset.ts';

/** More parts than that, or longer heads of parts, are an attack. */
const mostParts = 10_000;
const longestHead = 64 * 1024;

export const multipartFailure = (message: string): ExchangeError => new ExchangeError('jakarta.mail.internet.ParseException', message);

export interface MultipartPart {
  /** Names in lower case. */
  readonly head: ReadonlyMap<string, string>;
  readonly content: Buffer;
}

export interface MultipartRules {
  readonly mostParts?: number;
  /** A message whose last boundary is missing is refused: it may have been cut. */
  readonly mustBeWhole?: boolean;
}

/**
 * The parts of a multipart message, their contents decoded.
 * @param type its content type, with the boundary; without one, the first line that begins with `--` is taken for it
 * @throws ExchangeError for too many parts, or too long a head
 */
export const multipartParts = (bytes: Buffer, type: string, rules: MultipartRules = {}): MultipartPart[] =>
  partsOf(bytes, headParameter(type, 'boundary'), rules).map((raw) => {
    const [head, content] = headOf(raw);
    return { head, content: decoded(content, head.get('content-transfer-encoding') ?? '') };
  });

/** A parameter of a field such as `multipart/mixed; boundary="x"`, also as RFC 2231 writes letters beyond ASCII. */
export function headParameter(text: string, name: string): string | null {
  for (const [, key, quoted, plain] of text.matchAll(/;\s*([!-:<>-~]+?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g)) {
    const value = quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1');
    if (key!.toLowerCase() === name) return value;
    if (key!.toLowerCase() !== `${name}*`) continue;
    const [charset, , escaped] = /^([^']*)'([^']*)'(.*)$/.exec(value)?.slice(1) ?? [];
    if (escaped === undefined) continue;
    const bytes = Buffer.from(escaped.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))), 'latin1');
    return decodeText(bytes, nodeEncoding(charset!) === undefined ? null : charset!);
  }
  return null;
}

/** What stands before the first empty line, names in lower case, and what stands behind it. */
export function headOf(bytes: Buffer): [head: Map<string, string>, content: Buffer] {
  const head = new Map<string, string>();
  let name = '';
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at);
    const line = bytes.toString('utf8', at, end < 0 ? bytes.length : end).replace(/\r$/, '');
    at = end < 0 ? bytes.length : end + 1;
    if (line === '') break;
    if (at > longestHead) throw multipartFailure(`the head of a part is longer than ${longestHead} bytes`);
    if (/^[ \t]/.test(line)) {
      if (head.has(name)) head.set(name, `${head.get(name)!} ${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    // A part may have no head at all; what is no field is no head.
    if (colon <= 0) continue;
    name = line.slice(0, colon).trim().toLowerCase();
    head.set(name, line.slice(colon + 1).trim());
  }
  return [head, bytes.subarray(at)];
}

/** The parts between the lines of a boundary; without one in the type, the first line that begins with `--` is taken for it. */
function partsOf(bytes: Buffer, given: string | null, { mostParts: most = mostParts, mustBeWhole = false }: MultipartRules): Buffer[] {
  let boundary: Buffer | null = given === null ? null : Buffer.from(`--${given}`);
  const parts: Buffer[] = [];
  let from = -1;
  for (let at = 0; at < bytes.length; ) {
    if (boundary !== null && (at = bytes.indexOf(boundary, at)) < 0) break;
    if (at > 0 && bytes[at - 1] !== 10) {
      at++;
      continue;
    }
    const newline = bytes.indexOf(10, at);
    const next = newline < 0 ? bytes.length : newline + 1;
    if (bytes[at] === 45 && bytes[at + 1] === 45) {
      boundary ??= Buffer.from(bytes.toString('latin1', at, next).trimEnd(), 'latin1');
      if (bytes.subarray(at, at + boundary.length).equals(boundary)) {
        const rest = bytes.toString('latin1', at + boundary.length, Math.min(next, at + boundary.length + 100)).trimEnd();
        if (rest === '' || rest === '--') {
          if (from >= 0) parts.push(bytes.subarray(from, endOfPart(bytes, from, at)));
          if (parts.length > most) throw multipartFailure(`the message has more than ${most} parts`);
          from = rest === '' ? next : -1;
          if (rest === '--') return parts;
        }
      }
    }
    at = next;
  }
  if (mustBeWhole) throw multipartFailure(from >= 0 ? 'the message ends within a part' : 'the message has no part');
  // A message that is cut: what is there of its last part.
  if (from >= 0) parts.push(bytes.subarray(from));
  return parts;
}

/** The line break before a boundary belongs to it. */
const endOfPart = (bytes: Buffer, from: number, at: number): number => (at - 1 >= from && bytes[at - 1] === 10 ? (at - 2 >= from && bytes[at - 2] === 13 ? at - 2 : at - 1) : at);

function decoded(content: Buffer, encoding: string): Buffer {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return Buffer.from(content.toString('latin1'), 'base64');
    case 'quoted-printable':
      return quotedPrintable(content);
    default:
      return Buffer.from(content);
  }
}

/** In pieces: texts of it all would take many times its room. */
function quotedPrintable(content: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let from = 0; from < content.length; ) {
    let end = withinLine(content, from + pieceLength);
    const isWithin = end >= 0;
    if (!isWithin) {
      end = endOfLine(content, from + pieceLength);
      while (end < content.length && goesOn(content, end)) end = endOfLine(content, end);
    }
    parts.push(plainLines(content.subarray(from, end), !isWithin));
    from = end;
  }
  return Buffer.concat(parts);
}

const pieceLength = 1 << 16;

/** A place near by where a line can be cut: before a letter, and not within the three that stand for one. */
function withinLine(content: Buffer, from: number): number {
  for (let at = from; at < Math.min(from + 100, content.length - 3); at++) {
    const byte = content[at]!;
    if (byte > 32 && byte < 127 && content[at - 1] !== 61 && content[at - 2] !== 61 && !content.subarray(at - 4, at).includes(10)) return at;
  }
  return -1;
}

/** Behind the line that goes on at a place. */
function endOfLine(content: Buffer, from: number): number {
  const at = content.indexOf(10, from);
  return at < 0 ? content.length : at + 1;
}

/** As `trimEnd` sees it. */
const isBlank = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13 && byte !== 10) || byte === 0xa0;

/** Whether the line that ends here has a `=` behind it, which takes its end away. */
function goesOn(content: Buffer, end: number): boolean {
  let at = end - 2;
  while (at >= 0 && isBlank(content[at]!)) at--;
  return content[at] === 61;
}

/** What a letter is as a digit of a number in base 16; 16 for any other. */
const digitOf = Uint8Array.from({ length: 256 }, (_, code) => (/[0-9a-f]/i.test(String.fromCharCode(code)) ? Number.parseInt(String.fromCharCode(code), 16) : 16));

/** @param isEnd whether a line ends with them, whose blanks at its end mean nothing */
function plainLines(content: Buffer, isEnd: boolean): Buffer {
  const texts = content.toString('latin1').split('\n');
  const lines = texts.map((line, i) => (isEnd || i < texts.length - 1 ? line.trimEnd() : line));
  return unquoted(Buffer.from(lines.join('\r\n'), 'latin1'));
}

/** Takes soft ends of lines out, then puts bytes in the place of `=3D`: in place, since nothing gets longer. */
function unquoted(bytes: Buffer): Buffer {
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 61 && bytes[at + 1] === 13 && bytes[at + 2] === 10) at += 2;
    else bytes[length++] = bytes[at]!;
  }
  let end = 0;
  for (let at = 0; at < length; at++) {
    const isCode = bytes[at] === 61 && at + 2 < length && digitOf[bytes[at + 1]!]! < 16 && digitOf[bytes[at + 2]!]! < 16;
    bytes[end++] = isCode ? digitOf[bytes[at + 1]!]! * 16 + digitOf[bytes[at + 2]!]! : bytes[at]!;
    if (isCode) at += 2;
  }
  return bytes.subarray(0, end);
}
