import { defineDataFormat } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { missingOption, OptionError } from '../core/optionError.ts';
import type { Column, Row, RowOptions } from './univocity.ts';
import { cellText, character, rowFormat, rowOptions, trimmed } from './univocity.ts';

interface FixedOptions extends RowOptions {
  readonly padding: string;
  readonly skipTrailingCharsUntilNewline: boolean;
  readonly recordEndsOnNewline: boolean;
}

export const univocityFixed = defineDataFormat({
  name: 'univocityFixed',
  summary: 'Columns of fixed length: marshal writes maps as lines, unmarshal gives a list of lists, or of maps. The columns stand in `univocityHeader`, each with its `length`.',
  options: {
    ...rowOptions,
    padding: field.string('Character that fills up values.').default(' '),
    skipTrailingCharsUntilNewline: field.boolean('Skips what stands behind the last column, up to the end of the line.').default(false),
    recordEndsOnNewline: field.boolean('The end of a line ends a record that is too short, too.').default(false),
  },
  create: (options) => {
    for (const name of ['padding', 'comment'] as const) character(name, options[name]);
    const lengths = lengthsOf(options.univocityHeader ?? []);
    return rowFormat(options, {
      read: (text, newline) => read(text, newline, lengths, options),
      write: (values) => lengths.map((length, i) => cellText(values[i], options).slice(0, length).padEnd(length, options.padding)).join(''),
    });
  },
});

function lengthsOf(columns: readonly Column[]): readonly number[] {
  if (columns.length === 0) throw missingOption('`univocityFixed` has no columns', 'add `univocityHeader: [{ name: id, length: 5 }, { name: name, length: 20 }]`');
  return columns.map(({ length, name }) => {
    const number = Number(length);
    if (!Number.isInteger(number) || number <= 0) throw new OptionError('univocityHeader', `the column \`${name ?? ''}\` of \`univocityFixed\` has the length \`${length ?? ''}\``, 'a length is a whole number from 1 on');
    return number;
  });
}

function* read(text: string, newline: string, lengths: readonly number[], options: FixedOptions): Generator<Row> {
  const { comment, ignoreLeadingWhitespaces, ignoreTrailingWhitespaces, nullValue = null, padding, recordEndsOnNewline, skipEmptyLines, skipTrailingCharsUntilNewline } = options;
  const endOfLine = (from: number): number => {
    const end = text.indexOf(newline, from);
    return end < 0 ? text.length : end;
  };
  for (let at = 0; at < text.length; ) {
    const line = text.startsWith(newline, at) ? 1 : text.startsWith(`\r${newline}`, at) ? 2 : 0;
    if (line > 0) {
      at += line;
      if (!skipEmptyLines) yield [nullValue];
      continue;
    }
    if (text[at] === comment) {
      at = endOfLine(at) + 1;
      continue;
    }
    const last = recordEndsOnNewline ? endOfLine(at) : text.length;
    const row: Row = [];
    for (const length of lengths) {
      if (at >= last) break;
      const end = Math.min(at + length, last);
      row.push(trimmed(text.slice(at, end), ignoreLeadingWhitespaces, ignoreTrailingWhitespaces, padding) || nullValue);
      at = end;
    }
    // Without the room that a row has to grow: there may be millions.
    yield row.slice();
    if (skipTrailingCharsUntilNewline) at = endOfLine(at);
    if (text[at] === '\r' && text[at + 1] === newline) at++;
    if (text[at] === newline) at++;
  }
}
