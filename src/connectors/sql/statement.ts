import { toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { Row } from './database.ts';

/** A value that takes the place of a parameter. */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array;

type Part = string | { readonly name: string; readonly isList: boolean; readonly value: ((exchange: Exchange) => unknown) | null } | { readonly position: number };

const failed = (message: string): ExchangeError => new ExchangeError('org.apache.camel.RuntimeExchangeException', message);

/** A query with Camel's placeholders: `:#name`, `:#${simple}`, `:#in:names`, and `#` by position. */
export class Statement {
  private readonly source: string;
  private readonly parts: readonly Part[];
  private readonly positions: number;
  readonly hasNames: boolean;

  /** @param isGiven by a message, where `?` stands for a parameter, too: `:?name`, `:?${simple}`, and `?` by position */
  constructor(source: string, { placeholder, usePlaceholder, allowNamedParameters, simple }: { placeholder: string; usePlaceholder: boolean; allowNamedParameters: boolean; simple: (source: string) => (exchange: Exchange) => unknown }, isGiven = false) {
    this.source = source;
    const parts: Part[] = [];
    let position = 0;
    let hasNames = false;
    const mark = placeholder.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    // Texts in quotes stay as they are.
    const tokens = new RegExp(`'(?:[^']|'')*'|:\\?\\$\\{|:${isGiven ? '[#?]' : '#'}(in:)?(?:\\$\\{|([\\w.]+))|${usePlaceholder ? mark : '(?!)'}${isGiven ? '|\\?' : ''}`, 'g');
    let at = 0;
    for (let match = tokens.exec(source); match !== null; match = tokens.exec(source)) {
      const [text] = match;
      if (text.startsWith("'")) continue;
      if (text.startsWith(':') && !allowNamedParameters) continue;
      parts.push(source.slice(at, match.index));
      at = match.index + text.length;
      if (text.endsWith('{')) {
        const end = closing(source, at);
        const inner = source.slice(at, end);
        parts.push({ name: inner, isList: match[1] !== undefined, value: simple(`\${${inner}}`) });
        at = end + 1;
        tokens.lastIndex = at;
        hasNames = true;
      } else if (match[2] !== undefined) {
        parts.push({ name: match[2], isList: match[1] !== undefined, value: null });
        hasNames = true;
      } else parts.push({ position: position++ });
    }
    parts.push(source.slice(at));
    this.parts = parts;
    this.positions = position;
    this.hasNames = hasNames;
  }

  /** The text and the values for one set of parameters: a body (or the header CamelSqlParameters), and headers by name. */
  bind(exchange: Exchange, given: unknown, separator: string): { readonly text: string; readonly values: readonly SqlValue[] } {
    const byPosition = this.positions === 0 ? [] : positional(given, this.positions, separator, this.source);
    let text = '';
    const values: SqlValue[] = [];
    for (const part of this.parts) {
      if (typeof part === 'string') text += part;
      else if ('position' in part) {
        text += '?';
        values.push(sqlValue(byPosition[part.position]));
      } else {
        const value = part.value === null ? this.named(part.name, exchange, given) : part.value(exchange);
        if (part.isList) {
          const items = typeof value === 'string' ? value.split(separator) : Array.isArray(value) ? (value as unknown[]) : value instanceof Set ? [...(value as Set<unknown>)] : [value];
          text += items.length === 0 ? 'NULL' : items.map(() => '?').join(', ');
          for (const item of items) values.push(sqlValue(item));
        } else {
          text += '?';
          values.push(sqlValue(value));
        }
      }
    }
    return { text, values };
  }

  private named(name: string, exchange: Exchange, given: unknown): unknown {
    if (typeof given === 'object' && given !== null && !(given instanceof Uint8Array)) {
      if (given instanceof Map && given.has(name)) return given.get(name);
      if (Object.hasOwn(given, name)) return (given as Record<string, unknown>)[name];
    }
    const header = exchange.headers.get(name);
    if (header !== undefined) return header;
    throw failed(`Cannot find key [${name}] in message body or headers to use when setting named parameter in query [${this.source}]`);
  }
}

/** Where the brace behind `${` is closed. */
function closing(source: string, from: number): number {
  let depth = 1;
  for (let i = from; i < source.length; i++) {
    if (source[i] === '{') depth++;
    else if (source[i] === '}' && --depth === 0) return i;
  }
  throw new Error(`\`\${\` is not closed in the query \`${source}\``);
}

function positional(given: unknown, count: number, separator: string, source: string): readonly unknown[] {
  let values: readonly unknown[];
  if (Array.isArray(given)) values = given as unknown[];
  else if (given instanceof Set) values = [...(given as Set<unknown>)];
  else if (typeof given === 'object' && given !== null && !(given instanceof Uint8Array) && !(given instanceof Date)) values = Object.values(given);
  else if (typeof given === 'string' && count > 1) values = given.split(separator).map((part) => part.trim());
  else values = given === null || given === undefined ? [] : [given];
  if (values.length !== count) throw new ExchangeError('org.springframework.jdbc.UncategorizedSQLException', `PreparedStatementCallback; SQL [${source}]; Number of parameters mismatch. Expected: ${count}, was: ${values.length}`);
  return values;
}

function sqlValue(value: unknown): SqlValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || value instanceof Uint8Array) return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return value.toISOString();
  return toText(value);
}

/**
 * The only row, or the only column of it; null where there is none.
 * @throws ExchangeError for several rows
 */
export function onlyOf(rows: readonly Row[]): unknown {
  if (rows.length > 1) throw new ExchangeError('org.springframework.dao.DataIntegrityViolationException', `PreparedStatementCallback; Query result not unique for outputType=SelectOne. Got ${rows.length} count instead.`);
  const [row] = rows;
  if (row === undefined) return null;
  const columns = Object.values(row);
  return columns.length === 1 ? columns[0] : row;
}
