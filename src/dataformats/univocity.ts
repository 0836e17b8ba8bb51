/** What the three formats of uniVocity's parsers share: their options, and rows from and to bodies. */
import { encodeText } from '../core/conversion/charset.ts';
import { allRows, mostCells } from '../core/conversion/rows.ts';
import { isNumeric } from '../core/conversion/exactNumber.ts';
import { charsetOf, toText, withBytes } from '../core/conversion/convert.ts';
import { putKey } from '../core/conversion/plainValue.ts';
import type { DataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { oneCharacter } from '../core/optionError.ts';

export type Row = (string | null)[];

export const rowOptions = {
  nullValue: field.string('Text for null: written for it, and read where nothing stands.'),
  skipEmptyLines: field.boolean('Leaves out lines without anything, when reading and when writing.').default(true),
  ignoreTrailingWhitespaces: field.boolean('Drops blanks behind values.').default(true),
  ignoreLeadingWhitespaces: field.boolean('Drops blanks before values.').default(true),
  headersDisabled: field.boolean('The names of `univocityHeader` do not count.').default(false),
  univocityHeader: field.list('The columns, in their order.', field.element('A column.', { name: field.string('Its name.'), length: field.string('How many characters it has (`univocityFixed`).') }, 'name')),
  headerExtractionEnabled: field.boolean('The first line has the names of the columns.').default(false),
  numberOfRecordsToRead: field.integer('Reads at most so many records.'),
  emptyValue: field.string('Text for an empty text: written for it, and read for an empty text in quotes.'),
  lineSeparator: field.string('Ends a line; a line feed without it.'),
  normalizedLineSeparator: field.string('One character that stands for the end of a line within values; a line feed without it.'),
  comment: field.string('Lines that begin with this character are skipped.').default('#'),
  lazyLoad: field.boolean('Unmarshals to an iterator that reads row by row.').default(false),
  asMap: field.boolean('Unmarshals to maps, by the names of the columns; without names those of the first row.').default(false),
};

export interface Column {
  readonly name?: string | undefined;
  readonly length?: string | undefined;
}

export interface RowOptions {
  readonly nullValue: string | undefined;
  readonly skipEmptyLines: boolean;
  readonly ignoreTrailingWhitespaces: boolean;
  readonly ignoreLeadingWhitespaces: boolean;
  readonly headersDisabled: boolean;
  readonly univocityHeader: readonly Column[] | undefined;
  readonly headerExtractionEnabled: boolean;
  readonly numberOfRecordsToRead: number | undefined;
  readonly emptyValue: string | undefined;
  readonly lineSeparator: string | undefined;
  readonly normalizedLineSeparator: string | undefined;
  readonly comment: string;
  readonly lazyLoad: boolean;
  readonly asMap: boolean;
}

/** How one of the three writes and reads. */
export interface Dialect {
  /** Rows of a text whose lines end with `newline`. */
  read(text: string, newline: string): Iterable<Row>;
  /** One line, without its end. Within values, `newline` stands for `separator`. */
  write(values: readonly unknown[], newline: string, separator: string): string;
}

export function rowFormat(options: RowOptions, dialect: Dialect): DataFormat {
  const given = options.univocityHeader?.map(({ name }) => name ?? '') ?? null;
  const names = options.headersDisabled ? null : given;
  const separator = options.lineSeparator ?? '\n';
  const newline = character('normalizedLineSeparator', options.normalizedLineSeparator ?? '\n');

  function* rows(text: string): Generator<unknown> {
    let columns = names;
    let left = options.numberOfRecordsToRead ?? Infinity;
    let isFirst = true;
    for (const row of dialect.read(separator === newline ? text : text.replaceAll(separator, newline), newline)) {
      if (isFirst) {
        isFirst = false;
        columns ??= row.map((name) => name ?? '');
        if (options.headerExtractionEnabled) continue;
      }
      if (--left < 0) return;
      yield options.asMap ? mapOf(columns!, row) : row;
    }
  }

  const written = (exchange: Exchange, body: unknown): Buffer => {
    const columns = new Set(given);
    let text = '';
    for (const row of rowsOf(body)) {
      const value = lookup(row);
      if (given === null) for (const name of value.names) columns.add(name);
      const line = dialect.write(Array.from(columns, value.get), newline, separator);
      if (line !== '' || !options.skipEmptyLines) text += line + separator;
    }
    return encodeText(text, charsetOf(exchange));
  };

  return {
    marshal: (exchange, body) => written(exchange, body),
    unmarshal: (exchange, body) =>
      withBytes(exchange, body, (bytes) => {
        const text = toText(bytes, exchange)!.replace(/^\ufeff/, '');
        return options.lazyLoad ? rows(text) : allRows(rows(text));
      }),
  };
}

/** A character of the dialect: Camel takes exactly one. */
export function character(option: string, given: string): string {
  if (given.length !== 1) throw oneCharacter(option, given);
  return given;
}

/** @throws for a line with too many values to be read */
export function checkCells(count: number): void {
  if (count > mostCells) throw new ExchangeError('com.univocity.parsers.common.TextParsingException', `a line has more than ${mostCells} values`);
}

function mapOf(names: readonly string[], row: Row): object {
  const map = {};
  const length = Math.min(names.length, row.length);
  for (let i = 0; i < length; i++) putKey(map, names[i]!, row[i]);
  return map;
}

const isMapping = (value: unknown): value is Record<string, unknown> | Map<unknown, unknown> =>
  typeof value === 'object' && value !== null && (value instanceof Map || !(isNumeric(value) || value instanceof Date || value instanceof Uint8Array || Symbol.iterator in value));

const rowsOf = (body: unknown): Iterable<unknown> => (typeof body === 'object' && body !== null && Symbol.iterator in body && !(body instanceof Map) ? (body as Iterable<unknown>) : [body]);

function lookup(row: unknown): { names: Iterable<string>; get: (name: string) => unknown } {
  if (!isMapping(row)) {
    const type = row === null || row === undefined ? 'null' : Array.isArray(row) ? 'java.util.ArrayList' : typeof row === 'string' ? 'java.lang.String' : `java.lang.${typeof row}`;
    throw new ExchangeError('org.apache.camel.NoTypeConversionAvailableException', `No type converter available to convert from type: ${type} to the required type: java.util.Map: each row must be a map`);
  }
  if (row instanceof Map) return { names: Array.from(row.keys(), String), get: (name) => row.get(name) };
  return { names: Object.keys(row), get: (name) => (Object.hasOwn(row, name) ? row[name] : null) };
}

const isBlank = (text: string, at: number): boolean => text.charCodeAt(at) <= 32;

/** The piece of a text without the blanks that the options drop, and without `padding` at both ends. */
export function trimmed(text: string, leading: boolean, trailing: boolean, padding: string | null = null): string {
  let from = 0;
  let to = text.length;
  while (from < to && (text[from] === padding || (leading && isBlank(text, from)))) from++;
  while (to > from && (text[to - 1] === padding || (trailing && isBlank(text, to - 1)))) to--;
  return text.slice(from, to);
}

/** A value as it is written: null and the empty text by their names, without the blanks that the options drop. */
export function cellText(value: unknown, { nullValue = '', emptyValue = '', ignoreLeadingWhitespaces, ignoreTrailingWhitespaces }: RowOptions): string {
  if (value === null || value === undefined) return nullValue;
  return trimmed(toText(value) ?? '', ignoreLeadingWhitespaces, ignoreTrailingWhitespaces) || emptyValue;
}
