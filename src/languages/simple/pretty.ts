import { isPlainObject } from '../../core/beans/javaTypes.ts';
import { writeJson } from '../../core/conversion/json.ts';
import { ExchangeError } from '../../core/errors.ts';

const plain = (value: unknown): unknown => {
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (value instanceof Date) return value.getTime();
  return value;
};

export const compactJson = (value: unknown): string => writeJson(plain(value));

/** One value a line, indented with tabs, an end of line at the end: as Camel writes it. */
export function prettyJson(value: unknown): string {
  const text = write(plain(value), '');
  return text.includes('\n') ? `${text}\n` : text;
}

function write(value: unknown, indent: string): string {
  const inner = `${indent}\t`;
  if (Array.isArray(value)) {
    if (value.length === 0) return `[\n${inner}\n${indent}]`;
    return `[\n${value.map((item) => inner + write(plain(item), inner)).join(',\n')}\n${indent}]`;
  }
  if (isPlainObject(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) return `{\n${inner}\n${indent}}`;
    return `{\n${entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${write(plain(item), inner)}`).join(',\n')}\n${indent}}`;
  }
  return writeJson(value);
}

/** JSON and XML are laid out; any other text stays as it is, and so do these with blanks around them. Null for what only looks like JSON. */
export function prettyText(text: string): string | null {
  const start = text[0];
  const end = text.at(-1);
  if ((start === '{' && end === '}') || (start === '[' && end === ']')) return layOut(text);
  return start === '<' && end === '>' ? prettyXml(text) : text;
}

const token = /[{}[\],:]|"(?:[^"\\]|\\[^])*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|[ \t\r\n]+|"(?:[^"\\]|\\[^])*\\?$/y;
/** Deeper than any JSON that is read here. */
const deepest = 1000;

/**
 * Lays out whatever the pieces of JSON are put together to, as Camel does: several documents in a row, a comma too many. Null where something is none.
 * @throws ExchangeError for a bracket that closes nothing
 */
function layOut(text: string): string | null {
  const before: string[] = [];
  let out = '';
  let indent = '';
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    if (found === null) return null;
    const [part] = found;
    if (out.length >= longText) {
      // Asking for a letter makes one text of the pieces, of which there are millions.
      out.charCodeAt(0);
      before.push(out);
      out = '';
    }
    switch (part[0]) {
      case '{':
      case '[':
        if (indent.length === deepest) return null;
        indent += '\t';
        out += `${part}\n${indent}`;
        break;
      case '}':
      case ']':
        if (indent === '') throw new ExchangeError('java.lang.IllegalArgumentException', 'count is negative: -1');
        indent = indent.slice(1);
        out += `\n${indent}${part}`;
        break;
      case ',':
        out += `,\n${indent}`;
        break;
      case ':':
        out += ': ';
        break;
      case '"':
        // A text without its end is left out.
        if (token.lastIndex < text.length) out += special.test(part) ? quoted(part) : part;
        break;
      case 't':
      case 'f':
      case 'n':
        out += part;
        break;
      default:
        if (plainNumber.test(part)) out += part;
        else if (part.trim() !== '') out += decimal(part);
    }
  }
  return before.length === 0 ? `${out}\n` : `${before.join('')}${out}\n`;
}

const longText = 1 << 16;

/** What a text holds that is written otherwise than it may stand there. */
const special = /[\\/\u0000-\u001f\u007f-\u009f\u2000-\u20ff]/;

const plainNumber = /^(?:0|-?[1-9]\d{0,14})$/;

const controls: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const escapes: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '/': '\\/', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text as it is, but for how it is escaped. A backslash before anything else stands for itself. */
function quoted(part: string): string {
  const value = part.slice(1, -1).replace(/\\(?:u([\dA-Fa-f]{4})|(["\\/])|([bfnrt]))/g, (_all, code?: string, itself?: string, control?: string) =>
    code === undefined ? (itself ?? controls[control!]!) : String.fromCharCode(Number.parseInt(code, 16)),
  );
  return `"${value.replace(/["\\/\u0000-\u001f\u007f-\u009f\u2000-\u20ff]/g, (letter) => escapes[letter] ?? `\\u${letter.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`)}"`;
}

/** A number as Java writes its BigDecimal: every digit of it, an exponent only where it needs one. */
function decimal(part: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(part)!;
  const digits = (whole + fraction).replace(/^0+(?=\d)/, '');
  const scale = fraction.length - Number(exponent);
  const minus = sign === '-' && /[1-9]/.test(digits) ? '-' : '';
  const power = digits.length - 1 - scale;
  if (scale === 0) return minus + digits;
  if (scale > 0 && power >= -6) {
    const padded = digits.padStart(scale + 1, '0');
    return `${minus}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`;
  return `${minus}${mantissa}${power === 0 ? '' : `E${power > 0 ? '+' : ''}${power}`}`;
}

const piece = /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>|<![^>]*>|<\/?[^<>]+>|[^<]+/g;

/** Every element and every text on a line of its own, indented by two blanks. */
function prettyXml(source: string): string {
  const lines: string[] = [];
  let depth = 0;
  for (const [part] of source.matchAll(piece)) {
    const text = part.trim();
    if (text === '') continue;
    if (text.startsWith('</')) depth = Math.max(0, depth - 1);
    const indent = '  '.repeat(depth);
    const empty = /^<([^\s/?!>]+)[^]*\/>$/.exec(text);
    if (empty !== null) {
      lines.push(`${indent}${withDoubleQuotes(text).slice(0, -2).trimEnd()}>`, `${indent}</${empty[1]}>`);
      continue;
    }
    lines.push(indent + (text.startsWith('<') ? withDoubleQuotes(text) : text));
    if (/^<[^/?!]/.test(text)) depth++;
  }
  return lines.join('\n');
}

const withDoubleQuotes = (tag: string): string => (tag.startsWith('<!') ? tag : tag.replace(/='([^'"]*)'/g, '="$1"'));
