import { encodeText, pieceDecoder } from '../core/conversion/charset.ts';
import { charsetOf, isByteSource, isContent, readBytes, textOfBody, toText } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { allRows, mostCells, noRowYet } from '../core/conversion/rows.ts';
import { inTurns } from '../core/conversion/slices.ts';
import { isNumeric } from '../core/conversion/exactNumber.ts';
import { field } from '../core/field.ts';
import { OptionError, oneCharacter } from '../core/optionError.ts';

/** How a CSV text is written; null characters are switched off. */
interface Dialect {
  readonly delimiter: string;
  readonly quote: string | null;
  readonly escape: string | null;
  readonly comment: string | null;
  readonly recordSeparator: string | null;
  readonly quoteMode: string | null;
  readonly nullString: string | null;
  readonly skipsEmptyLines: boolean;
  readonly ignoresSpaces: boolean;
  readonly trims: boolean;
  readonly endsWithDelimiter: boolean;
}

const standard: Dialect = {
  delimiter: ',',
  quote: '"',
  escape: null,
  comment: null,
  recordSeparator: '\r\n',
  quoteMode: null,
  nullString: null,
  skipsEmptyLines: true,
  ignoresSpaces: false,
  trims: false,
  endsWithDelimiter: false,
};

const database = { skipsEmptyLines: false, recordSeparator: '\n', escape: '\\' };

const formats: Readonly<Record<string, Partial<Dialect>>> = {
  DEFAULT: {},
  EXCEL: { skipsEmptyLines: false },
  RFC4180: { skipsEmptyLines: false },
  INFORMIX_UNLOAD: { delimiter: '|', escape: '\\', recordSeparator: '\n' },
  INFORMIX_UNLOAD_CSV: { recordSeparator: '\n' },
  MONGODB_CSV: { skipsEmptyLines: false, escape: '"', quoteMode: 'MINIMAL' },
  MONGODB_TSV: { skipsEmptyLines: false, delimiter: '\t', escape: '"', quoteMode: 'MINIMAL' },
  MYSQL: { ...database, delimiter: '\t', quote: null, nullString: '\\N', quoteMode: 'ALL_NON_NULL' },
  ORACLE: { ...database, trims: true, nullString: '\\N', quoteMode: 'MINIMAL' },
  POSTGRESQL_CSV: { ...database, escape: null, nullString: '', quoteMode: 'ALL_NON_NULL' },
  POSTGRESQL_TEXT: { ...database, delimiter: '\t', quote: null, nullString: '\\N', quoteMode: 'ALL_NON_NULL' },
};

type Row = (string | null)[];

const headerOfRecord = 'CamelCsvHeaderRecord';

export const csv = defineDataFormat({
  name: 'csv',
  summary: 'CSV: marshal writes lists or maps as lines, unmarshal gives a list of lists, or of maps.',
  shorthand: 'delimiter',
  options: {
    format: field.enum('Which habit to start from; the other options change it.', [
      'DEFAULT',
      'EXCEL',
      'INFORMIX_UNLOAD',
      'INFORMIX_UNLOAD_CSV',
      'MONGODB_CSV',
      'MONGODB_TSV',
      'MYSQL',
      'ORACLE',
      'POSTGRESQL_CSV',
      'POSTGRESQL_TEXT',
      'RFC4180',
    ]).default('DEFAULT'),
    delimiter: field.string('What stands between two values; a comma without it.'),
    quote: field.string('Quotes values; a double quote without it.'),
    quoteDisabled: field.boolean('Nothing is quoted.').default(false),
    escape: field.string('Takes the meaning of the character that follows.'),
    escapeDisabled: field.boolean('Nothing is escaped.').default(false),
    commentMarker: field.string('Lines that start with it are skipped.'),
    commentMarkerDisabled: field.boolean('No line is a comment.').default(false),
    header: field.string('Names of the columns, separated by commas. Marshalling writes them as the first line.'),
    headerDisabled: field.boolean('There are no column names.').default(false),
    skipHeaderRecord: field.boolean('Reading skips the first line, writing leaves out the line of names.').default(false),
    captureHeaderRecord: field.boolean(`Keeps the column names in the header ${headerOfRecord}.`).default(false),
    allowMissingColumnNames: field.boolean('Columns may have an empty name.').default(false),
    ignoreHeaderCase: field.boolean('Column names differ only by their letters, not by case.').default(false),
    ignoreEmptyLines: field.boolean('Skips empty lines. The formats know by themselves; the usual ones do so.'),
    ignoreSurroundingSpaces: field.boolean('Drops blanks around values, outside of quotes.').default(false),
    trim: field.boolean('Drops blanks at both ends of each value.').default(false),
    nullString: field.string('Text that stands for null.'),
    nullStringDisabled: field.boolean('No text stands for null.').default(false),
    recordSeparator: field.string('Ends each written line; CR LF without it.'),
    recordSeparatorDisabled: field.boolean('Lines are written without an end.').default(false),
    quoteMode: field.enum('Which values are quoted when writing.', ['ALL', 'ALL_NON_NULL', 'MINIMAL', 'NON_NUMERIC', 'NONE']),
    trailingDelimiter: field.boolean('Writes a delimiter after the last value, too.').default(false),
    lazyLoad: field.boolean('Unmarshals to an iterator that reads line by line.').default(false),
    useMaps: field.boolean('Unmarshals each line to a map; without `header` the first line has the names.').default(false),
    useOrderedMaps: field.boolean('As useMaps: maps keep the order of the columns.').default(false),
    marshallerFactoryRef: field.string('Factory of marshallers.').ignored('the factory is a Java interface'),
    recordConverterRef: field.string('Bean whose function makes something of each line: `(values, names) => ...`.'),
  },
  create: (options, context) => {
    const dialect = dialectOf(options);
    checkDialect(options, dialect);
    const names = options.headerDisabled || options.header === undefined ? null : options.header.split(',');
    const convert = options.recordConverterRef === undefined ? null : context.bean<(values: Row, names: readonly string[] | null) => unknown>(options.recordConverterRef);
    const reading: Reading = {
      dialect,
      names,
      skipsFirst: options.skipHeaderRecord,
      asMaps: options.useMaps || options.useOrderedMaps,
      captures: options.captureHeaderRecord,
      allowsMissing: options.allowMissingColumnNames,
      ignoresCase: options.ignoreHeaderCase,
      convert,
    };
    return {
      marshal: (exchange, body) => {
        const text = written(body, dialect, names, options.skipHeaderRecord);
        return typeof text === 'string' ? encodeText(text, charsetOf(exchange)) : text.then((whole) => encodeText(whole, charsetOf(exchange)));
      },
      unmarshal: (exchange, body) => {
        if (options.lazyLoad) return isByteSource(body) ? asyncRows(body, reading, exchange) : lazyRows(textOfBody(body, exchange), reading, exchange);
        return isByteSource(body) ? readBytes(body).then((bytes) => allRows(lazyRows(textOfBody(bytes, exchange), reading, exchange, true))) : allRows(lazyRows(textOfBody(body, exchange), reading, exchange, true));
      },
    };
  },
});

/** @throws Error when a character is several, or none, or means two things, as Apache Commons CSV has it */
function checkDialect(options: DialectOptions, dialect: Dialect): void {
  const given = {
    delimiter: options.delimiter,
    quote: options.quoteDisabled ? undefined : options.quote,
    escape: options.escapeDisabled ? undefined : options.escape,
    commentMarker: options.commentMarkerDisabled ? undefined : options.commentMarker,
  };
  for (const [name, text] of Object.entries(given)) if (text !== undefined && text.length !== 1) throw oneCharacter(name, text);
  const { delimiter, quote, escape, comment, quoteMode } = dialect;
  if (delimiter === '\n' || delimiter === '\r') throw new OptionError('delimiter', '`delimiter` can not be a line break');
  for (const [a, b, what] of [
    [quote, delimiter, ['quote', 'delimiter']],
    [escape, delimiter, ['escape', 'delimiter']],
    [comment, delimiter, ['commentMarker', 'delimiter']],
    [comment, quote, ['commentMarker', 'quote']],
    [comment, escape, ['commentMarker', 'escape']],
  ] as const) {
    if (a !== null && a === b) throw new OptionError(what, `\`${what[0]}\` and \`${what[1]}\` can not be the same character (\`${a}\`)`);
  }
  if (quoteMode === 'NONE' && escape === null) throw new OptionError('quoteMode', '`quoteMode: NONE` needs an `escape`', 'add `escape: "\\\\"`');
}

interface DialectOptions {
  readonly format: string;
  readonly delimiter: string | undefined;
  readonly quote: string | undefined;
  readonly quoteDisabled: boolean;
  readonly escape: string | undefined;
  readonly escapeDisabled: boolean;
  readonly commentMarker: string | undefined;
  readonly commentMarkerDisabled: boolean;
  readonly ignoreEmptyLines: boolean | undefined;
  readonly ignoreSurroundingSpaces: boolean;
  readonly trim: boolean;
  readonly nullString: string | undefined;
  readonly nullStringDisabled: boolean;
  readonly recordSeparator: string | undefined;
  readonly recordSeparatorDisabled: boolean;
  readonly quoteMode: string | undefined;
  readonly trailingDelimiter: boolean;
}

function dialectOf(options: DialectOptions): Dialect {
  const base = { ...standard, ...formats[options.format] };
  const quote = options.quoteDisabled ? null : (options.quote ?? base.quote);
  return {
    delimiter: options.delimiter ?? base.delimiter,
    quote,
    escape: options.escapeDisabled ? null : (options.escape ?? base.escape),
    comment: options.commentMarkerDisabled ? null : (options.commentMarker ?? base.comment),
    recordSeparator: options.recordSeparatorDisabled ? null : (options.recordSeparator ?? base.recordSeparator),
    quoteMode: options.quoteMode ?? base.quoteMode,
    nullString: options.nullStringDisabled ? null : (options.nullString ?? base.nullString),
    skipsEmptyLines: options.ignoreEmptyLines ?? base.skipsEmptyLines,
    ignoresSpaces: options.ignoreSurroundingSpaces,
    trims: options.trim || base.trims,
    endsWithDelimiter: options.trailingDelimiter,
  };
}

// ------------------------------------------------------------------------------------------------ reading

interface Reading {
  readonly dialect: Dialect;
  readonly names: readonly string[] | null;
  readonly skipsFirst: boolean;
  readonly asMaps: boolean;
  readonly captures: boolean;
  readonly allowsMissing: boolean;
  readonly ignoresCase: boolean;
  readonly convert: ((values: Row, names: readonly string[] | null) => unknown) | null;
}

const sliceLength = 1 << 16;

function* lazyRows(text: string, reading: Reading, exchange: Exchange, isWhole = false): Generator<unknown> {
  const lexer = new Lexer(reading.dialect);
  const records = new Records(reading, exchange, isWhole);
  for (let at = 0; at < text.length; at += sliceLength) {
    const rows = lexer.push(text.slice(at, at + sliceLength));
    if (isWhole && rows.length === 0) yield noRowYet;
    for (const row of rows) if (records.take(row)) yield records.value;
  }
  for (const row of lexer.end()) if (records.take(row)) yield records.value;
  records.finish();
}

async function* asyncRows(source: AsyncIterable<Uint8Array | string>, reading: Reading, exchange: Exchange): AsyncGenerator<unknown> {
  const lexer = new Lexer(reading.dialect);
  const records = new Records(reading, exchange);
  const decoder = pieceDecoder(charsetOf(exchange));
  const rows = (text: string): Iterable<Row> => (text === '' ? [] : lexer.push(text));
  for await (const chunk of source) {
    const text = typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    for (const row of rows(text)) if (records.take(row)) yield records.value;
  }
  for (const row of rows(decoder.end())) if (records.take(row)) yield records.value;
  for (const row of lexer.end()) if (records.take(row)) yield records.value;
  records.finish();
}

const mostTwins = 1000;

/** Makes of each row what the options ask for. */
class Records {
  private readonly reading: Reading;
  private readonly exchange: Exchange;
  private names: readonly string[] | null;
  private readonly isWhole: boolean;
  private isFirst = true;
  private twins: ReadonlyMap<string, number> | null = null;
  private spellings: Map<string, string> | null = null;
  value: unknown = null;

  /** @param isWhole names are told when all of it was read, and was right */
  constructor(reading: Reading, exchange: Exchange, isWhole = false) {
    this.isWhole = isWhole;
    this.reading = reading;
    this.exchange = exchange;
    this.names = reading.names === null ? null : this.checkedNames(reading.names);
  }

  /** After the last row. A text without any has no names. */
  finish(): void {
    if ((this.isFirst || this.isWhole) && this.reading.captures) this.exchange.headers.set(headerOfRecord, [...(this.names ?? [])]);
  }

  /** Whether the row is a record, which `value` then has. */
  take(row: Row): boolean {
    if (this.isFirst) {
      this.isFirst = false;
      const isHeader = this.firstRow(row);
      if (isHeader) return false;
    }
    const { asMaps, convert } = this.reading;
    this.value = convert !== null ? convert(row, this.names) : asMaps ? this.mapOf(row) : row;
    return true;
  }

  private firstRow(row: Row): boolean {
    const { names, asMaps, captures, skipsFirst } = this.reading;
    const takesNames = names === null && (asMaps || captures);
    if (takesNames || (names === null && skipsFirst)) this.names = this.checkedNames(row);
    if (captures && !this.isWhole && this.names !== null) this.exchange.headers.set(headerOfRecord, [...this.names]);
    return takesNames || skipsFirst;
  }

  private checkedNames(row: readonly (string | null)[]): string[] {
    const names = row.map((name) => name ?? '');
    if (!this.reading.allowsMissing && names.some((name) => name.trim() === '')) {
      throw new ExchangeError('java.lang.IllegalArgumentException', `A header name is missing in [${names.join(', ')}]`);
    }
    return names;
  }

  private mapOf(row: Row): Record<string, unknown> {
    const map = Object.create(null) as Record<string, unknown>;
    const names = this.names ?? [];
    const length = Math.min(names.length, row.length);
    for (let i = 0; i < length; i++) map[this.reading.ignoresCase ? this.spelling(names[i]!) : names[i]!] = row[i];
    // Of columns with one name the last one counts, also where a row ends before it.
    if (row.length < names.length) for (const [name, last] of this.twinsOf(names)) if (last >= row.length) delete map[name];
    return map;
  }

  /** Names that columns have in common, and where each stands last: few, but in a table that somebody made so. */
  private twinsOf(names: readonly string[]): ReadonlyMap<string, number> {
    if (this.twins === null) {
      const twins = new Map<string, number>();
      const seen = new Set<string>();
      names.forEach((name, i) => {
        if (seen.has(name)) twins.set(name, i);
        seen.add(name);
      });
      this.twins = twins;
      if (this.twins.size > mostTwins) throw new ExchangeError('java.lang.IllegalArgumentException', `more than ${mostTwins} names stand over several columns`);
    }
    return this.twins;
  }

  private spelling(name: string): string {
    if (this.spellings === null) {
      this.spellings = new Map();
      for (const one of this.names!) if (!this.spellings.has(one.toLowerCase())) this.spellings.set(one.toLowerCase(), one);
    }
    return this.spellings.get(name.toLowerCase())!;
  }
}

const START = 0;
const PLAIN = 1;
const QUOTED = 2;
const AFTER_QUOTE = 3;
const COMMENT = 4;

const longToken = 1 << 14;

/** Cuts text into rows, by the rules of Apache Commons CSV; text comes in pieces of any size. */
class Lexer {
  private readonly dialect: Dialect;
  private state = START;
  private token = '';
  /** What stands before the token where it is long: a text that is put together of millions of pieces takes far more room than they do. */
  private before: string[] = [];
  private row: Row = [];
  private line = 1;
  private quotedFrom = 0;
  private wasQuoted = false;
  /** What a piece ended with that only the next one explains: CR, an escape, a half delimiter, a quote. */
  private rest = '';
  /** Characters before it. */
  private passed = 0;

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  push(piece: string, isLast = false): Row[] {
    const rows: Row[] = [];
    const { delimiter, quote, escape, comment } = this.dialect;
    const text = this.rest + piece;
    const ahead = Math.max(2, delimiter.length);
    const end = isLast ? text.length : text.length - ahead;
    let at = 0;
    while (at < end) {
      const char = text[at]!;
      if (this.state === COMMENT) {
        const isEnd = char === '\n' || char === '\r';
        at += char === '\r' && text[at + 1] === '\n' ? 2 : 1;
        if (isEnd) this.state = START;
        continue;
      }
      if (this.state === QUOTED) {
        if (char === quote) {
          if (text[at + 1] === quote) {
            this.token += char;
            at += 2;
          } else {
            this.state = AFTER_QUOTE;
            at++;
          }
        } else if (char === escape) {
          this.token += this.unescaped(text[at + 1]);
          at += 2;
        } else {
          if (char === '\n') this.line++;
          const next = this.endOfRun(text, at, end, quote, escape);
          this.token += text.slice(at, next);
          at = next;
        }
        continue;
      }
      if (char === '\n' || char === '\r') {
        at += char === '\r' && text[at + 1] === '\n' ? 2 : 1;
        this.line++;
        this.endRow(rows);
        continue;
      }
      if (text.startsWith(delimiter, at)) {
        this.endToken();
        at += delimiter.length;
        continue;
      }
      if (this.state === AFTER_QUOTE) {
        if (char.charCodeAt(0) > 32) throw this.failure(`Invalid character between encapsulated token and delimiter at line: ${this.line}, position: ${this.passed + at + 1}`);
        at++;
        continue;
      }
      if (this.state === START) {
        if (this.dialect.ignoresSpaces && (char === ' ' || char === '\t')) {
          at++;
          continue;
        }
        if (char === comment && this.row.length === 0) {
          this.state = COMMENT;
          at++;
          continue;
        }
        if (char === quote) {
          this.state = QUOTED;
          this.wasQuoted = true;
          this.quotedFrom = this.line;
          at++;
          continue;
        }
        this.state = PLAIN;
      }
      if (char === escape) {
        this.token += this.unescaped(text[at + 1]);
        at += 2;
      } else {
        const next = this.endOfPlainRun(text, at, end);
        this.token += text.slice(at, next);
        at = next;
      }
    }
    this.rest = text.slice(at);
    this.passed += at;
    if (this.token.length >= longToken) {
      // Asking for a letter makes one text of the pieces.
      this.token.charCodeAt(0);
      this.before.push(this.token);
      this.token = '';
    }
    return rows;
  }

  /** What stands behind an escape: letters that mean nothing there keep it. */
  private unescaped(char: string | undefined): string {
    const { delimiter, quote, escape, comment } = this.dialect;
    if (char === undefined) return '';
    const meant = escapes[char];
    if (meant !== undefined) return meant;
    const isSpecial = char === delimiter || char === quote || char === escape || char === comment || /[\n\r\t\b\f]/.test(char);
    return isSpecial ? char : escape! + char;
  }

  end(): Row[] {
    const rows = this.push('', true);
    if (this.state === QUOTED) throw this.failure(`(startline ${this.quotedFrom}) EOF reached before encapsulated token finished`);
    if (this.row.length > 0 || this.hasToken) this.endRow(rows);
    return rows;
  }

  private endOfRun(text: string, from: number, end: number, quote: string | null, escape: string | null): number {
    let at = from + 1;
    while (at < end && text[at] !== quote && text[at] !== escape && text[at] !== '\n') at++;
    return at;
  }

  /** A run of letters that mean nothing: letter by letter, a long text would be a chain of millions of links. */
  private endOfPlainRun(text: string, from: number, end: number): number {
    const { delimiter, escape } = this.dialect;
    let at = from + 1;
    while (at < end) {
      const char = text[at];
      if (char === '\n' || char === '\r' || char === delimiter[0] || char === escape) break;
      at++;
    }
    return at;
  }

  private endToken(): void {
    if (this.row.length >= mostCells) throw this.failure(`Line ${this.line} has more than ${mostCells} values`);
    const { nullString, trims, ignoresSpaces } = this.dialect;
    let value = this.token;
    if (this.before.length > 0) {
      value = this.before.join('') + value;
      this.before = [];
    }
    if (trims) value = value.trim();
    else if (ignoresSpaces && !this.wasQuoted) value = value.trimEnd();
    this.row.push(this.isNull(value, nullString) ? null : value);
    this.token = '';
    this.wasQuoted = false;
    this.state = START;
  }

  /** Where quotes tell texts from other values, an empty one without quotes is nothing. */
  private isNull(value: string, nullString: string | null): boolean {
    const { quoteMode } = this.dialect;
    const tells = quoteMode === 'NON_NUMERIC' || quoteMode === 'ALL_NON_NULL';
    if (nullString !== null) return value === nullString && !(tells && this.wasQuoted);
    return tells && value === '' && !this.wasQuoted;
  }

  private endRow(rows: Row[]): void {
    const isEmpty = this.row.length === 0 && !this.hasToken;
    if (isEmpty && this.dialect.skipsEmptyLines) {
      this.state = START;
      return;
    }
    // A delimiter behind the last value begins none.
    if (this.dialect.endsWithDelimiter && !this.hasToken) this.state = START;
    else this.endToken();
    rows.push(this.row);
    this.row = [];
  }

  private get hasToken(): boolean {
    return this.token !== '' || this.wasQuoted || this.before.length > 0;
  }

  private failure(message: string): ExchangeError {
    const cause = new ExchangeError('org.apache.commons.csv.CSVException', message);
    return new ExchangeError('java.io.UncheckedIOException', `org.apache.commons.csv.CSVException: ${message}`, { cause });
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

// ------------------------------------------------------------------------------------------------ writing

const notAList = (body: unknown): ExchangeError =>
  new ExchangeError('org.apache.camel.NoTypeConversionAvailableException', `No type converter available to convert from ${typeof body} to the required type: java.util.List`);

const isMapping = (value: unknown): value is Record<string, unknown> | Map<unknown, unknown> =>
  typeof value === 'object' && value !== null && !isNumeric(value) && !isContent(value) && !(Symbol.iterator in value && !(value instanceof Map)) && !(value instanceof Date);

/** The lines; a promise while many are written in slices. */
function written(body: unknown, dialect: Dialect, names: readonly string[] | null, skipsNames: boolean): string | Promise<string> {
  const rows = rowsOf(body)[Symbol.iterator]();
  const texts: string[] = [];
  let text = names !== null && !skipsNames ? line(names, dialect) : '';
  return inTurns(
    () => {
      for (let i = 0; i < linesBetweenLooks; i++) {
        const next = rows.next();
        if (next.done === true) return true;
        text += line(valuesOf(next.value, names), dialect);
      }
      if (text.length > longToken) {
        texts.push(text);
        text = '';
      }
      return false;
    },
    () => (texts.length === 0 ? text : texts.join('') + text),
  );
}

const linesBetweenLooks = 32;

function rowsOf(body: unknown): Iterable<unknown> {
  if (body === null || body === undefined || body === '') return [];
  if (Array.isArray(body) || body instanceof Set) return body as Iterable<unknown>;
  if (isMapping(body)) return [body];
  if (typeof body === 'object' && typeof (body as { next?: unknown }).next === 'function') return { [Symbol.iterator]: () => body as Iterator<unknown> };
  throw notAList(body);
}

function valuesOf(row: unknown, names: readonly string[] | null): readonly unknown[] {
  if (Array.isArray(row)) return row;
  if (row instanceof Set) return [...(row as Set<unknown>)];
  if (!isMapping(row)) throw notAList(row);
  const get = row instanceof Map ? (name: string) => row.get(name) : (name: string) => (Object.hasOwn(row, name) ? row[name] : null);
  if (names !== null) return names.map(get);
  return row instanceof Map ? [...row.values()] : Object.values(row);
}

function line(values: readonly unknown[], dialect: Dialect): string {
  let text = '';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += dialect.delimiter;
    text += cell(values[i], i === 0, dialect);
  }
  if (dialect.endsWithDelimiter) text += dialect.delimiter;
  return text + (dialect.recordSeparator ?? '');
}

function cell(value: unknown, isFirst: boolean, dialect: Dialect): string {
  const isNull = value === null || value === undefined;
  if (isNull && dialect.nullString === null) return '';
  const plain = isNull ? dialect.nullString! : toText(value)!;
  const text = dialect.trims ? plain.trim() : plain;
  const { quote } = dialect;
  if (quote !== null && dialect.quoteMode !== 'NONE') {
    if (!isQuoted(text, isNull, value, isFirst, dialect)) return text;
    return quote + inQuotes(text, quote, dialect.escape) + quote;
  }
  return dialect.escape === null ? text : escaped(text, dialect);
}

/** A quote in quotes stands behind the escape, which does so itself; without one it is doubled. */
function inQuotes(text: string, quote: string, escape: string | null): string {
  if (escape === null) return text.split(quote).join(quote + quote);
  const escaped = text.split(escape).join(escape + escape);
  return escape === quote ? escaped : escaped.split(quote).join(escape + quote);
}

function isQuoted(text: string, isNull: boolean, value: unknown, isFirst: boolean, dialect: Dialect): boolean {
  switch (dialect.quoteMode) {
    case 'ALL':
      return true;
    case 'ALL_NON_NULL':
      return !isNull;
    case 'NON_NUMERIC':
      return !isNumeric(value);
    default:
      break;
  }
  if (isNull) return false;
  if (text === '') return isFirst;
  // As Commons CSV does: a start up to `#` could be taken for a comment.
  if (text.charCodeAt(0) <= 35 || text.charCodeAt(text.length - 1) <= 32) return true;
  // A value that ends like a long delimiter begins would join it.
  return text.includes(dialect.delimiter[0]!) || text.includes(dialect.quote!) || text.includes('\n') || text.includes('\r') || (dialect.escape !== null && text.includes(dialect.escape));
}

function escaped(text: string, { escape, delimiter }: Dialect): string {
  let result = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (text.startsWith(delimiter, at)) {
      result += escape! + delimiter;
      at += delimiter.length - 1;
    } else if (char === '\n') result += `${escape}n`;
    else if (char === '\r') result += `${escape}r`;
    else result += char === escape ? char + char : char;
  }
  return result;
}
