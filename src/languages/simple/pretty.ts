import { isPlainObject } from '../../core/beans/javaTypes.ts';
import { parseJson, writeJson } from '../../core/conversion/json.ts';

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
  if ((start === '{' && end === '}') || (start === '[' && end === ']')) {
    try {
      return prettyJson(parseJson(text));
    } catch {
      return null;
    }
  }
  return start === '<' && end === '>' ? prettyXml(text) : text;
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
