import { defineDataFormat } from '../core/definition.ts';
import { field } from '../core/field.ts';
import type { Row, RowOptions } from './univocity.ts';
import { mostCells } from '../core/conversion/rows.ts';
import { cellText, character, checkCells, rowFormat, rowOptions, trimmed } from './univocity.ts';

interface TsvOptions extends RowOptions {
  readonly escapeChar: string;
}

const letters: Readonly<Record<string, string>> = { '\t': 't', '\n': 'n', '\r': 'r' };
const meant: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r' };

export const univocityTsv = defineDataFormat({
  name: 'univocityTsv',
  summary: 'Values between tabs: marshal writes maps as lines (without a line of names), unmarshal gives a list of lists, or of maps.',
  options: {
    ...rowOptions,
    escapeChar: field.string('Stands before `t`, `n`, `r` and itself for a tab, the ends of lines, and itself.').default('\\'),
  },
  create: (options) => {
    for (const name of ['escapeChar', 'comment'] as const) character(name, options[name]);
    return rowFormat(options, {
      read: (text, newline) => read(text, newline, options),
      write: (values) => values.map((value) => escaped(cellText(value, options), options.escapeChar)).join('\t'),
    });
  },
});

function escaped(text: string, escape: string): string {
  let made = '';
  for (const char of text) made += char === escape || char in letters ? escape + (letters[char] ?? char) : char;
  return made;
}

function unescaped(text: string, escape: string): string {
  let made = '';
  for (let at = 0; at < text.length; at++) {
    const next = text[at + 1];
    if (text[at] !== escape || next === undefined || (next !== escape && !(next in meant))) made += text[at]!;
    else {
      made += meant[next] ?? next;
      at++;
    }
  }
  return made;
}

function* read(text: string, newline: string, options: TsvOptions): Generator<Row> {
  const { comment, escapeChar, ignoreLeadingWhitespaces, ignoreTrailingWhitespaces, nullValue = null, skipEmptyLines } = options;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf(newline, at);
    const line = text.slice(at, end < 0 ? text.length : end);
    at += line.length + 1;
    if (line[0] === comment || (skipEmptyLines && !line.includes('\t') && trimmed(line, true, true) === '')) continue;
    // An escape at the very end of a value has nothing to stand before.
    const cells = line.split('\t', mostCells + 1);
    checkCells(cells.length);
    yield cells.map((cell) => unescaped(trimmed(cell, ignoreLeadingWhitespaces, ignoreTrailingWhitespaces), escapeChar) || nullValue);
  }
}
