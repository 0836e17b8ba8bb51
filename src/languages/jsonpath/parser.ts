import { ExpressionSyntaxError } from '../../core/expression.ts';
import { parseJson } from '../../core/conversion/json.ts';
import { BoundedRegExp } from '../../core/boundedRegExp.ts';

/** A JSONPath in Jayway's dialect, read. */
export interface PathNode {
  /** From the document (`$`) or from the node a filter looks at (`@`). */
  readonly isRooted: boolean;
  readonly tokens: readonly Token[];
  /** Leads to at most one value. */
  readonly isDefinite: boolean;
}

export type Token =
  | { readonly type: 'properties'; readonly names: readonly string[] }
  | { readonly type: 'indexes'; readonly indexes: readonly number[] }
  | { readonly type: 'slice'; readonly from: number | null; readonly to: number | null }
  | { readonly type: 'wildcard' }
  | { readonly type: 'scan' }
  | { readonly type: 'filter'; readonly condition: Condition }
  | { readonly type: 'function'; readonly name: string; readonly parameters: readonly Operand[] };

export type Condition =
  | { readonly type: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly type: 'not'; readonly part: Condition }
  | { readonly type: 'exists'; readonly path: PathNode }
  | { readonly type: 'compare'; readonly operator: string; readonly left: Operand; readonly right: Operand };

export type Operand =
  | { readonly type: 'path'; readonly path: PathNode }
  | { readonly type: 'literal'; readonly value: unknown }
  | { readonly type: 'pattern'; readonly pattern: RegExp }
  /** Fails when it is looked at. */
  | { readonly type: 'unreadable'; readonly error: Error };

const functions = new Set(['min', 'max', 'avg', 'sum', 'stddev', 'length', 'size', 'concat', 'keys', 'append', 'first', 'last', 'index']);

const operators = ['===', '!==', '==', '!=', '<=', '>=', '=~', '<', '>', 'nin', 'in', 'contains', 'subsetof', 'anyof', 'noneof', 'all', 'size', 'empty', 'type', 'matches'];

/** Nesting of filters and brackets that is read at most. */
const deepest = 100;

/** @throws ExpressionSyntaxError with the offset of what can't be read */
export function parsePath(source: string): PathNode {
  let text = source.trimEnd();
  let shift = 0;
  if (text.trimStart().length < text.length) {
    shift = text.length - text.trimStart().length;
    text = text.trimStart();
  }
  if (text === '') throw new ExpressionSyntaxError('the path is empty');
  if (!text.startsWith('$') && !text.startsWith('@')) {
    text = `$.${text}`;
    shift -= 2;
  }
  if (text.endsWith('.')) throw new ExpressionSyntaxError("Path must not end with a '.' or '..'", Math.max(0, text.length - 1 + shift));
  return new Parser(text, shift).path();
}

class Parser {
  private readonly text: string;
  private readonly shift: number;
  private at = 0;
  private depth = 0;

  constructor(text: string, shift: number) {
    this.text = text;
    this.shift = shift;
  }

  path(): PathNode {
    const path = this.pathNode(false);
    if (this.at < this.text.length) throw this.wrong('can not read on from here');
    return path;
  }

  private wrong(message: string, at = this.at): ExpressionSyntaxError {
    return new ExpressionSyntaxError(message, Math.max(0, at + this.shift), 1);
  }

  private blanks(): void {
    while (this.text[this.at] === ' ' || this.text[this.at] === '\t' || this.text[this.at] === '\n' || this.text[this.at] === '\r') this.at++;
  }

  private takes(part: string): boolean {
    if (!this.text.startsWith(part, this.at)) return false;
    this.at += part.length;
    return true;
  }

  private expect(part: string, message: string): void {
    this.blanks();
    if (!this.takes(part)) throw this.wrong(message);
  }

  private pathNode(isInFilter: boolean): PathNode {
    if (++this.depth > deepest) throw this.wrong('nested too deeply');
    const isRooted = this.text[this.at] === '$';
    this.at++;
    const tokens: Token[] = [];
    for (;;) {
      const char = this.text[this.at];
      if (char === '.') {
        this.at++;
        if (this.text[this.at] === '.') {
          this.at++;
          if (tokens.at(-1)?.type !== 'scan') tokens.push({ type: 'scan' });
          if (this.text[this.at] === '[') continue;
        }
        if (this.at >= this.text.length) throw this.wrong("Path must not end with a '.' or '..'");
        if (this.text[this.at] === '[') continue;
        tokens.push(...this.called(this.dotted(isInFilter)));
      } else if (char === '[') tokens.push(this.bracket());
      else if (char !== undefined && !isInFilter && !/\s/.test(char) && tokens.length === 0) throw this.wrong("behind the root a `.` or a `[` must stand");
      else break;
    }
    this.depth--;
    return node(isRooted, tokens);
  }

  /** As Jayway reads it, the parenthesis behind a function without parameters is a name when the path goes on: `first().x` leads nowhere. */
  private called(token: Token): Token[] {
    const goesOn = this.text[this.at] === '.' || this.text[this.at] === '[';
    return token.type === 'function' && goesOn && this.text.slice(0, this.at).endsWith('()') ? [token, { type: 'properties', names: [')'] }] : [token];
  }

  /** A name, `*` or a function after a dot. */
  private dotted(isInFilter: boolean): Token {
    if (this.text[this.at] === '*') {
      this.at++;
      return { type: 'wildcard' };
    }
    const stop = isInFilter ? /[.[\s()=<>!&|,]/y : /[.[\s(),]/y;
    const start = this.at;
    while (this.at < this.text.length) {
      stop.lastIndex = this.at;
      if (stop.test(this.text)) break;
      this.at++;
    }
    const name = this.text.slice(start, this.at);
    if (this.text[this.at] === '(') return this.call(name, start);
    if (name === '') throw this.wrong(this.at < this.text.length && /\s/.test(this.text[this.at]!) ? "Use bracket notion ['my prop'] if your property contains blank characters." : 'a name is missing');
    if (!isInFilter && /\s/.test(this.text[this.at] ?? '') && this.depth === 1) throw this.wrong("Use bracket notion ['my prop'] if your property contains blank characters.");
    return { type: 'properties', names: [name] };
  }

  private call(name: string, start: number): Token {
    if (!functions.has(name)) throw this.wrong(`Function with name: ${name} does not exist.`, start);
    this.at++;
    return { type: 'function', name, parameters: this.takes(')') ? [] : this.parameters(name) };
  }

  /** As Jayway cuts them: what stands before the first sign of JSON or of a path, such as a text in single quotes, is passed over. Quotes don't protect brackets. */
  private parameters(name: string): Operand[] {
    const found: Operand[] = [];
    let start = -1;
    let depth = 0;
    let isQuoted = false;
    for (; this.at < this.text.length; this.at++) {
      const char = this.text[this.at]!;
      if (start < 0 && /[{\d"\-$@]/.test(char)) start = this.at;
      if (char === '"' && this.text[this.at - 1] !== '\\') isQuoted = !isQuoted;
      if (!isQuoted && depth === 0 && (char === ',' || char === ')')) {
        if (start >= 0) found.push(this.parameter(start, this.text.slice(start, this.at)));
        start = -1;
        if (char === ',') continue;
        this.at++;
        return found;
      }
      if (char === '(' || char === '[' || char === '{') depth++;
      else if (char === ')' || char === ']' || char === '}') depth--;
    }
    throw this.wrong(`Arguments to function: '${name}' are not closed properly.`);
  }

  /** What stands behind a map or a text is passed over, too. */
  private parameter(start: number, text: string): Operand {
    if (text.startsWith('$') || text.startsWith('@')) return { type: 'path', path: { ...new Parser(text, this.shift + start).path(), isRooted: true } };
    try {
      return { type: 'literal', value: parseJson(/^[{"]/.test(text) ? text.slice(0, text.lastIndexOf(text[0] === '{' ? '}' : '"') + 1) : text) };
    } catch (thrown) {
      return { type: 'unreadable', error: thrown as Error };
    }
  }

  private bracket(): Token {
    const start = this.at;
    this.at++;
    this.blanks();
    const char = this.text[this.at];
    if (char === "'" || char === '"') return this.properties();
    if (char === '*') {
      this.at++;
      this.expect(']', 'Expected wildcard token to end with ]');
      return { type: 'wildcard' };
    }
    if (char === '?') return this.filter();
    const inside = /^([\d\s,:-]*)(\]|$)/.exec(this.text.slice(this.at));
    if (inside === null) throw this.wrong(`Could not parse token starting at position ${start}. Expected ?, ', 0-9, * `);
    this.at += inside[0].length;
    const range = inside[1]!.replace(/\s/g, '');
    if (range === '') {
      // Jayway takes a bracket that ends a path for a wildcard, but not right behind the root.
      if (start === 1 || this.at < this.text.length || inside[2] === ']') throw this.wrong(`Could not parse token starting at position ${start}. Expected ?, ', 0-9, * `, start);
      return { type: 'wildcard' };
    }
    if (/^-?\d+(,-?\d+)*$/.test(range)) return { type: 'indexes', indexes: range.split(',').map(Number) };
    const slice = /^(-?\d+)?:(-?\d+)?(?::-?\d*)?$/.exec(range);
    if (slice === null || (slice[1] === undefined && slice[2] === undefined)) throw this.wrong(`Failed to parse SliceOperation: ${range}`, start);
    return { type: 'slice', from: slice[1] === undefined ? null : Number(slice[1]), to: slice[2] === undefined ? null : Number(slice[2]) };
  }

  private properties(): Token {
    const names: string[] = [];
    for (;;) {
      this.blanks();
      const char = this.text[this.at];
      if (char !== "'" && char !== '"') throw this.wrong("Property has not been closed - missing closing '");
      names.push(this.quoted());
      this.blanks();
      if (this.takes(']')) return { type: 'properties', names };
      if (!this.takes(',')) throw this.wrong('Property must be separated by comma or Property must be terminated close square bracket');
    }
  }

  private quoted(): string {
    const start = this.at;
    const quote = this.text[this.at++]!;
    let value = '';
    while (this.at < this.text.length) {
      const char = this.text[this.at++]!;
      if (char === quote) return value;
      if (char !== '\\') value += char;
      else {
        const next = this.text[this.at++] ?? '';
        if (next === 'u') {
          value += String.fromCharCode(Number.parseInt(this.text.slice(this.at, this.at + 4), 16) || 0);
          this.at += 4;
        } else value += { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }[next] ?? next;
      }
    }
    throw this.wrong("Property has not been closed - missing closing '", start);
  }

  private filter(): Token {
    const start = this.at - 1;
    this.at++;
    this.blanks();
    if (this.text[this.at] === ']') throw this.wrong(`Not enough predicates supplied for filter [?] at position ${start}`, start);
    this.expect('(', 'Failed to parse filter: ( expected');
    const condition = this.either();
    this.expect(')', 'Expected character: )');
    this.blanks();
    if (!this.takes(']')) throw this.wrong(`Could not parse token starting at position ${start}. Expected ?, ', 0-9, * `, start);
    return { type: 'filter', condition };
  }

  private either(): Condition {
    const parts = [this.both()];
    for (this.blanks(); this.takes('||'); this.blanks()) parts.push(this.both());
    return parts.length === 1 ? parts[0]! : { type: 'or', parts };
  }

  private both(): Condition {
    const parts = [this.single()];
    for (this.blanks(); this.takes('&&'); this.blanks()) parts.push(this.single());
    return parts.length === 1 ? parts[0]! : { type: 'and', parts };
  }

  private single(): Condition {
    if (++this.depth > deepest) throw this.wrong('nested too deeply');
    try {
      this.blanks();
      if (this.text[this.at] === '!' && this.text[this.at + 1] !== '=') {
        this.at++;
        return { type: 'not', part: this.single() };
      }
      if (this.takes('(')) {
        const inner = this.either();
        this.expect(')', 'Expected character: )');
        return inner;
      }
      return this.comparison();
    } finally {
      this.depth--;
    }
  }

  private comparison(): Condition {
    const left = this.operand();
    this.blanks();
    const operator = this.operator();
    if (operator === null) {
      if (left.type !== 'path') throw this.wrong('Expected path node');
      return { type: 'exists', path: left.path };
    }
    this.blanks();
    const right = this.operand();
    return { type: 'compare', operator, left, right };
  }

  private operator(): string | null {
    const rest = this.text.slice(this.at, this.at + 9).toLowerCase();
    for (const operator of operators) {
      if (!rest.startsWith(operator)) continue;
      if (/[a-z]/.test(operator) && /[\w.]/.test(this.text[this.at + operator.length] ?? ' ')) continue;
      this.at += operator.length;
      return operator;
    }
    return null;
  }

  private operand(): Operand {
    const char = this.text[this.at];
    if (char === '$' || char === '@') return { type: 'path', path: this.pathNode(true) };
    if (char === "'" || char === '"') return { type: 'literal', value: this.quoted() };
    if (char === '/') return this.pattern();
    if (char === '[' || char === '{') return this.json();
    const match = /^(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w$])/.exec(this.text.slice(this.at));
    if (match === null) throw this.wrong(`Failed to parse filter: error on position: ${this.at}, char: ${char ?? 'end'}`);
    this.at += match[0].length;
    return { type: 'literal', value: JSON.parse(match[0]) };
  }

  private pattern(): Operand {
    const start = this.at++;
    let isInClass = false;
    while (this.at < this.text.length && (this.text[this.at] !== '/' || isInClass)) {
      const char = this.text[this.at];
      if (char === '\\') this.at++;
      else if (char === '[') isInClass = true;
      else if (char === ']') isInClass = false;
      this.at++;
    }
    if (this.at >= this.text.length) throw this.wrong('Pattern not closed. Expected / ', start);
    const source = this.text.slice(start + 1, this.at++);
    const flags = /^[idmsuxU]*/.exec(this.text.slice(this.at))![0];
    this.at += flags.length;
    try {
      return { type: 'pattern', pattern: new BoundedRegExp(`^(?:${source})$`, [...new Set(flags.replace(/[dxU]/g, ''))].join('')) };
    } catch (thrown) {
      throw this.wrong((thrown as Error).message, start);
    }
  }

  /** A list or map, strings in either quotes. */
  private json(): Operand {
    const start = this.at;
    let depth = 0;
    let json = '';
    while (this.at < this.text.length) {
      const char = this.text[this.at]!;
      if (char === "'" || char === '"') {
        json += JSON.stringify(this.quoted());
        continue;
      }
      if (char === '[' || char === '{') depth++;
      if (char === ']' || char === '}') depth--;
      json += char;
      this.at++;
      if (depth === 0) break;
    }
    try {
      return { type: 'literal', value: parseJson(json) };
    } catch {
      throw this.wrong(`Failed to parse filter: ${this.text.slice(start, this.at)} is no list or map`, start);
    }
  }
}

const isSingle = (token: Token): boolean =>
  token.type === 'properties' ? token.names.length === 1 : token.type === 'indexes' ? token.indexes.length === 1 : token.type === 'function';

function node(isRooted: boolean, tokens: Token[]): PathNode {
  const last = tokens.at(-1);
  if (last?.type === 'scan') throw new ExpressionSyntaxError("Path must not end with a '.' or '..'");
  // A function after a deep scan is applied to all that the scan finds, not to each.
  if (last?.type === 'function' && tokens.some((token) => token.type === 'scan')) {
    const scanned = tokens.slice(0, -1);
    const counted: Token[] = last.name === 'length' || last.name === 'size' ? [...scanned, { type: 'wildcard' }] : scanned;
    const parameter: Operand = { type: 'path', path: { isRooted, tokens: counted, isDefinite: false } };
    return { isRooted, tokens: [{ ...last, parameters: [parameter, ...last.parameters] }], isDefinite: true };
  }
  // Several names at the end make one map; before the end they lead to several values.
  const isDefinite = tokens.every((token, i) => isSingle(token) || (token.type === 'properties' && i === tokens.length - 1));
  return { isRooted, tokens, isDefinite };
}
