import { defineDataFormat } from '../core/definition.ts';
import { field } from '../core/field.ts';
import type { Row, RowOptions } from './univocity.ts';
import { cellText, character, checkCells, rowFormat, rowOptions, trimmed } from './univocity.ts';

interface CsvOptions extends RowOptions {
  readonly delimiter: string;
  readonly quote: string;
  readonly quoteEscape: string;
  readonly quoteAllFields: boolean;
}

export const univocityCsv = defineDataFormat({
  name: 'univocityCsv',
  summary: 'CSV as uniVocity\'s parser has it: marshal writes maps as lines (without a line of names), unmarshal gives a list of lists, or of maps.',
  options: {
    ...rowOptions,
    delimiter: field.string('Character between two values.').default(','),
    quote: field.string('Character around values.').default('"'),
    quoteEscape: field.string('Character before a quote within quotes.').default('"'),
    quoteAllFields: field.boolean('Writes all values in quotes.').default(false),
  },
  create: (options) => {
    for (const name of ['delimiter', 'quote', 'quoteEscape', 'comment'] as const) character(name, options[name]);
    return rowFormat(options, { read: (text, newline) => read(text, newline, options), write: (values, newline, separator) => write(values, newline, options).replaceAll(newline, separator) });
  },
});

function write(values: readonly unknown[], newline: string, options: CsvOptions): string {
  const { comment, delimiter, quote, quoteAllFields, quoteEscape } = options;
  return values
    .map((value, i) => {
      const text = cellText(value, options);
      const isQuoted = quoteAllFields || text.startsWith(quote) || (i === 0 && text.startsWith(comment)) || text.includes(delimiter) || text.includes('\n') || text.includes('\r') || text.includes(newline);
      return isQuoted ? quote + text.replaceAll(quote, quoteEscape + quote) + quote : text;
    })
    .join(delimiter);
}

function* read(text: string, newline: string, options: CsvOptions): Generator<Row> {
  const { comment, delimiter, emptyValue = null, ignoreLeadingWhitespaces, ignoreTrailingWhitespaces, nullValue = null, quote, quoteEscape, skipEmptyLines } = options;
  let at = 0;
  const isBlank = (): boolean => at < text.length && text.charCodeAt(at) <= 32 && text[at] !== newline && text[at] !== delimiter;
  /** What stands before the next delimiter or end of a line, from `from` on. */
  const plain = (from: number): string => {
    while (at < text.length && text[at] !== delimiter && text[at] !== newline) at++;
    return text.slice(from, at);
  };
  const value = (): string | null => {
    const begin = at;
    if (ignoreLeadingWhitespaces) while (isBlank()) at++;
    if (text[at] !== quote) return trimmed(plain(begin), ignoreLeadingWhitespaces, ignoreTrailingWhitespaces) || nullValue;
    const opened = at++;
    let content = '';
    for (;;) {
      const from = at;
      while (at < text.length && text[at] !== quote && text[at] !== quoteEscape) at++;
      content += text.slice(from, at);
      if (at >= text.length) return content;
      const next = text[at + 1];
      if (text[at] === quoteEscape && (next === quote || (next === quoteEscape && quote !== quoteEscape))) {
        content += next;
        at += 2;
      } else if (text[at] !== quote) {
        content += text[at++];
      } else break;
    }
    at++;
    while (isBlank()) at++;
    if (at >= text.length || text[at] === delimiter || text[at] === newline) return content === '' ? emptyValue : content;
    // A quote within a value that is not escaped: the value goes on as if it had none.
    return trimmed(plain(opened), false, ignoreTrailingWhitespaces);
  };
  while (at < text.length) {
    if (text[at] === comment) {
      const end = text.indexOf(newline, at);
      at = end < 0 ? text.length : end + 1;
      continue;
    }
    const begin = at;
    const row: Row = [value()];
    while (text[at] === delimiter) {
      at++;
      row.push(value());
      checkCells(row.length);
    }
    const isEmpty = row.length === 1 && row[0] === nullValue && trimmed(text.slice(begin, at), true, true) === '';
    at++;
    if (!isEmpty || !skipEmptyLines) yield row;
  }
}
