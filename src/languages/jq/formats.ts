import { pieceByPiece } from '../../core/conversion/manyParts.ts';
import { JqError, describe, json } from './values.ts';

const base32Letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export const asText = (value: unknown): string => (typeof value === 'string' ? value : json(value));

function rowOf(value: unknown, format: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new JqError(`${describe(value)} cannot be ${format}-formatted, only an array can be`);
  return value as unknown[];
}

const cell = (value: unknown, format: string, text: (plain: string) => string): string => {
  if (value === null) return '';
  if (typeof value === 'string') return text(value);
  if (typeof value === 'object' && (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)) {
    throw new JqError(`${describe(value)} is not valid in a ${format} row`);
  }
  return json(value);
};

const entities: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&apos;', '"': '&quot;' };

function shellWord(value: unknown): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "'\\''")}'`;
  if (typeof value === 'object' && value !== null && !('valueOf' in value && typeof value.valueOf() === 'number')) throw new JqError(`${describe(value)} can not be escaped for shell`);
  return json(value);
}

function base32(text: string): string {
  let bits = '';
  for (const byte of Buffer.from(text)) bits += byte.toString(2).padStart(8, '0');
  const letters = (bits.match(/.{1,5}/g) ?? []).map((five) => base32Letters[parseInt(five.padEnd(5, '0'), 2)]!).join('');
  return letters.padEnd(Math.ceil(letters.length / 8) * 8, '=');
}

function fromBase32(text: string): string {
  let bits = '';
  for (const letter of text.replace(/=+$/, '')) {
    const value = base32Letters.indexOf(letter);
    if (value < 0) throw new JqError(`${describe(text)} is not valid base32 data`);
    bits += value.toString(2).padStart(5, '0');
  }
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2))).toString();
}

function fromBase64(text: string): string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new JqError(`${describe(text)} is not valid base64 data`);
  return Buffer.from(text, 'base64').toString();
}

/** What `@name` makes of a value. */
export const formats: Readonly<Record<string, (value: unknown) => string>> = {
  '@text': asText,
  '@json': json,
  '@csv': (value) => rowOf(value, 'csv').map((item) => cell(item, 'csv', (text) => `"${text.replaceAll('"', '""')}"`)).join(','),
  '@tsv': (value) =>
    rowOf(value, 'tsv')
      .map((item) => cell(item, 'tsv', (text) => text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r')))
      .join('\t'),
  '@html': (value) => pieceByPiece(asText(value), (piece) => piece.replace(/[<>&'"]/g, (letter) => entities[letter]!)),
  '@uri': (value) => encodeURIComponent(asText(value)).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`),
  '@sh': (value) => (Array.isArray(value) ? value.map(shellWord).join(' ') : shellWord(value)),
  '@base64': (value) => Buffer.from(asText(value)).toString('base64'),
  '@base64d': (value) => fromBase64(asText(value)),
  '@base32': (value) => base32(asText(value)),
  '@base32d': (value) => fromBase32(asText(value)),
};
