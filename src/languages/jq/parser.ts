import { exactNumber } from '../../core/conversion/exactNumber.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';

/** What a filter is, as it was written. Offsets are within the source text. */
export type Node =
  | { readonly type: 'identity' }
  | { readonly type: 'recurse' }
  | { readonly type: 'literal'; readonly value: unknown }
  | { readonly type: 'format'; readonly name: string; readonly at: number }
  /** Text with expressions inside; each goes through the format. */
  | { readonly type: 'text'; readonly parts: readonly (string | Node)[]; readonly format: string | null; readonly at: number }
  | { readonly type: 'field'; readonly of: Node; readonly key: Node }
  | { readonly type: 'slice'; readonly of: Node; readonly from: Node | null; readonly to: Node | null }
  | { readonly type: 'each'; readonly of: Node }
  | { readonly type: 'list'; readonly of: Node | null }
  | { readonly type: 'map'; readonly entries: readonly (readonly [Node, Node])[] }
  | { readonly type: 'negate'; readonly of: Node }
  | { readonly type: 'pipe' | 'comma'; readonly left: Node; readonly right: Node }
  | { readonly type: 'binary'; readonly operator: string; readonly left: Node; readonly right: Node }
  | { readonly type: 'assign'; readonly operator: string; readonly left: Node; readonly right: Node }
  | { readonly type: 'if'; readonly condition: Node; readonly then: Node; readonly otherwise: Node | null }
  | { readonly type: 'try'; readonly body: Node; readonly handler: Node | null }
  | { readonly type: 'reduce'; readonly of: Node; readonly pattern: Pattern; readonly from: Node; readonly update: Node }
  | { readonly type: 'foreach'; readonly of: Node; readonly pattern: Pattern; readonly from: Node; readonly update: Node; readonly extract: Node | null }
  | { readonly type: 'as'; readonly of: Node; readonly patterns: readonly Pattern[]; readonly body: Node }
  | { readonly type: 'def'; readonly name: string; readonly params: readonly string[]; readonly definition: Node; readonly body: Node }
  | { readonly type: 'label'; readonly name: string; readonly body: Node }
  | { readonly type: 'break'; readonly name: string; readonly at: number }
  | { readonly type: 'variable'; readonly name: string; readonly at: number }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Node[]; readonly at: number; readonly argTexts: readonly string[] };

export type Pattern =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'list'; readonly items: readonly Pattern[] }
  | { readonly type: 'map'; readonly entries: readonly { readonly key: Node; readonly name: string | null; readonly value: Pattern | null }[] };

const keywords = new Set(['def', 'if', 'then', 'elif', 'else', 'end', 'as', 'reduce', 'foreach', 'try', 'catch', 'label', 'import', 'include', 'and', 'or', '__loc__']);
const assignments = new Set(['=', '|=', '+=', '-=', '*=', '/=', '%=', '//=']);
const comparisons = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** Nesting of a filter at most. */
const deepest = 500;

const blank = /(?:\s+|#[^\n]*)+/y;
const symbol = /\?\/\/|\/\/=|\|=|\+=|-=|\*=|\/=|%=|==|!=|<=|>=|\/\/|\.\.|[|,:;=<>+\-*/%()[\]{}?.]/y;
const word = /[A-Za-z_][\w]*(?:::[A-Za-z_][\w]*)*/y;
const number = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;

/** Reads a filter. @throws ExpressionSyntaxError with the place of what is wrong */
export const parseJq = (source: string): Node => new Parser(source).filter();

class Parser {
  private readonly source: string;
  private at = 0;
  private depth = 0;

  constructor(source: string) {
    this.source = source;
  }

  filter(): Node {
    const node = this.pipe();
    if (this.at < this.source.length) this.fail(`unexpected \`${this.rest()}\``);
    return node;
  }

  private fail(message: string, at = this.at, length = 1): never {
    throw new ExpressionSyntaxError(message, Math.min(at, this.source.length), length);
  }

  private rest(): string {
    this.skip();
    return this.peekWord() ?? this.source[this.at] ?? 'end of the expression';
  }

  private skip(): void {
    blank.lastIndex = this.at;
    if (blank.test(this.source)) this.at = blank.lastIndex;
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    return pattern.exec(this.source)?.[0] ?? null;
  }

  private peekSymbol(): string | null {
    this.skip();
    return this.match(symbol);
  }

  private peekWord(): string | null {
    this.skip();
    return this.match(word);
  }

  private takeSymbol(wanted: string): boolean {
    if (this.peekSymbol() !== wanted) return false;
    this.at += wanted.length;
    return true;
  }

  private takeWord(wanted: string): boolean {
    if (this.peekWord() !== wanted) return false;
    this.at += wanted.length;
    return true;
  }

  private expect(wanted: string): void {
    if (/^\w/.test(wanted) ? !this.takeWord(wanted) : !this.takeSymbol(wanted)) this.fail(`\`${wanted}\` is missing before \`${this.rest()}\``);
  }

  // ---------------------------------------------------------------- operators, from the loosest to the tightest

  private pipe(): Node {
    if (++this.depth > deepest) this.fail(`nested deeper than ${deepest}`);
    try {
      if (this.peekWord() === 'def') return this.definition();
      const left = this.comma();
      return this.takeSymbol('|') ? { type: 'pipe', left, right: this.pipe() } : left;
    } finally {
      this.depth--;
    }
  }

  private definition(): Node {
    this.expect('def');
    const name = this.name();
    const params: string[] = [];
    if (this.takeSymbol('(')) {
      do {
        this.skip();
        params.push(this.source[this.at] === '$' ? `$${this.variableName()}` : this.name());
      } while (this.takeSymbol(';'));
      this.expect(')');
    }
    this.expect(':');
    const definition = this.pipe();
    this.expect(';');
    return { type: 'def', name, params, definition, body: this.pipe() };
  }

  private name(): string {
    const found = this.peekWord();
    if (found === null) this.fail(`a name is missing before \`${this.rest()}\``);
    this.at += found.length;
    return found;
  }

  private comma(): Node {
    let left = this.alternative();
    while (this.takeSymbol(',')) left = { type: 'comma', left, right: this.alternative() };
    return left;
  }

  /** `//` binds to the right, assignments do not chain. */
  private alternative(): Node {
    const left = this.assignment();
    return this.takeSymbol('//') ? { type: 'binary', operator: '//', left, right: this.alternative() } : left;
  }

  private assignment(): Node {
    const left = this.or();
    const operator = this.peekSymbol();
    if (operator === null || !assignments.has(operator)) return left;
    this.at += operator.length;
    return { type: 'assign', operator, left, right: this.alternative() };
  }

  private or(): Node {
    let left = this.and();
    while (this.takeWord('or')) left = { type: 'binary', operator: 'or', left, right: this.and() };
    return left;
  }

  private and(): Node {
    let left = this.comparison();
    while (this.takeWord('and')) left = { type: 'binary', operator: 'and', left, right: this.comparison() };
    return left;
  }

  private comparison(): Node {
    const left = this.sum();
    const operator = this.peekSymbol();
    if (operator === null || !comparisons.has(operator)) return left;
    this.at += operator.length;
    return { type: 'binary', operator, left, right: this.sum() };
  }

  private sum(): Node {
    let left = this.product();
    for (;;) {
      const operator = this.peekSymbol();
      if (operator !== '+' && operator !== '-') return left;
      this.at++;
      left = { type: 'binary', operator, left, right: this.product() };
    }
  }

  private product(): Node {
    let left = this.unary();
    for (;;) {
      const operator = this.peekSymbol();
      if (operator !== '*' && operator !== '/' && operator !== '%') return left;
      this.at++;
      left = { type: 'binary', operator, left, right: this.unary() };
    }
  }

  private unary(): Node {
    if (this.takeSymbol('-')) return { type: 'negate', of: this.unary() };
    const term = this.postfix();
    if (!this.takeWord('as')) return term;
    const patterns = [this.pattern()];
    while (this.takeSymbol('?//')) patterns.push(this.pattern());
    this.expect('|');
    return { type: 'as', of: term, patterns, body: this.pipe() };
  }

  // ---------------------------------------------------------------- terms

  private postfix(): Node {
    let term = this.term();
    for (;;) {
      this.skip();
      const next = this.source[this.at];
      if (next === '?' && this.peekSymbol() === '?') {
        this.at++;
        term = { type: 'try', body: term, handler: null };
      } else if (next === '[') {
        term = this.brackets(term);
      } else if (next === '.' && this.source[this.at + 1] !== '.') {
        this.at++;
        this.skip();
        if (this.source[this.at] === '[') term = this.brackets(term);
        else if (this.source[this.at] === '"') term = { type: 'field', of: term, key: this.text(null) };
        else term = { type: 'field', of: term, key: { type: 'literal', value: this.name() } };
      } else return term;
    }
  }

  private brackets(of: Node): Node {
    this.expect('[');
    if (this.takeSymbol(']')) return { type: 'each', of };
    if (this.takeSymbol(':')) {
      const to = this.pipe();
      this.expect(']');
      return { type: 'slice', of, from: null, to };
    }
    const key = this.pipe();
    if (this.takeSymbol(':')) {
      const to = this.peekSymbol() === ']' ? null : this.pipe();
      this.expect(']');
      return { type: 'slice', of, from: key, to };
    }
    this.expect(']');
    return { type: 'field', of, key };
  }

  private term(): Node {
    this.skip();
    const { at } = this;
    const letter = this.source[at];
    if (letter === undefined) this.fail('the expression ends too early');
    if (letter === '"') return this.text(null);
    if (letter === '@') return this.format();
    if (letter === '$') return this.dollar();
    if (letter === '(') {
      this.at++;
      const inner = this.pipe();
      this.expect(')');
      return inner;
    }
    if (letter === '[') {
      this.at++;
      if (this.takeSymbol(']')) return { type: 'list', of: null };
      const of = this.pipe();
      this.expect(']');
      return { type: 'list', of };
    }
    if (letter === '{') return this.map();
    const digits = this.match(number);
    if (digits !== null && (letter !== '.' || /\d/.test(this.source[at + 1] ?? ''))) {
      this.at += digits.length;
      return { type: 'literal', value: /^\d+$/.test(digits) ? exactNumber(digits) : Number(digits) };
    }
    if (letter === '.') return this.dot();
    const name = this.peekWord();
    if (name === null) this.fail(`unexpected \`${letter}\``);
    return this.named(name, at);
  }

  private dot(): Node {
    if (this.takeSymbol('..')) return { type: 'recurse' };
    this.at++;
    const next = this.source[this.at];
    if (next === '"') return { type: 'field', of: { type: 'identity' }, key: this.text(null) };
    const key = this.match(word);
    if (key === null) return { type: 'identity' };
    this.at += key.length;
    return { type: 'field', of: { type: 'identity' }, key: { type: 'literal', value: key } };
  }

  private named(name: string, at: number): Node {
    this.at += name.length;
    switch (name) {
      case 'if':
        return this.condition();
      case 'try': {
        const body = this.postTry();
        return { type: 'try', body, handler: this.takeWord('catch') ? this.postTry() : null };
      }
      case 'reduce': {
        const [of, pattern] = this.sourceAndPattern();
        this.expect('(');
        const from = this.pipe();
        this.expect(';');
        const update = this.pipe();
        this.expect(')');
        return { type: 'reduce', of, pattern, from, update };
      }
      case 'foreach': {
        const [of, pattern] = this.sourceAndPattern();
        this.expect('(');
        const from = this.pipe();
        this.expect(';');
        const update = this.pipe();
        const extract = this.takeSymbol(';') ? this.pipe() : null;
        this.expect(')');
        return { type: 'foreach', of, pattern, from, update, extract };
      }
      case 'label': {
        const label = this.variableName();
        this.expect('|');
        return { type: 'label', name: label, body: this.pipe() };
      }
      case 'def':
        this.at = at;
        return this.definition();
      case 'import':
      case 'include':
        return this.fail('modules can not be loaded here', at, name.length);
      case 'null':
        return { type: 'literal', value: null };
      case 'true':
      case 'false':
        return { type: 'literal', value: name === 'true' };
    }
    if (name === 'break') return { type: 'break', name: this.variableName(), at };
    if (keywords.has(name)) this.fail(`unexpected \`${name}\``, at, name.length);
    const args: Node[] = [];
    const argTexts: string[] = [];
    if (this.takeSymbol('(')) {
      do {
        const start = this.at;
        args.push(this.pipe());
        argTexts.push(this.source.slice(start, this.at).trim());
      } while (this.takeSymbol(';'));
      this.expect(')');
    }
    return { type: 'call', name, args, at, argTexts };
  }

  private sourceAndPattern(): [Node, Pattern] {
    const of = this.postfix();
    this.expect('as');
    return [of, this.pattern()];
  }

  private postTry(): Node {
    if (this.takeSymbol('-')) return { type: 'negate', of: this.postfix() };
    return this.postfix();
  }

  private condition(): Node {
    const condition = this.pipe();
    this.expect('then');
    const then = this.pipe();
    if (this.takeWord('elif')) return { type: 'if', condition, then, otherwise: this.condition() };
    const otherwise = this.takeWord('else') ? this.pipe() : null;
    this.expect('end');
    return { type: 'if', condition, then, otherwise };
  }

  private variableName(): string {
    this.skip();
    if (this.source[this.at] !== '$') this.fail(`a variable (\`$name\`) is missing before \`${this.rest()}\``);
    this.at++;
    return this.name();
  }

  private dollar(): Node {
    const { at } = this;
    const name = this.variableName();
    if (name === '__loc__') return { type: 'literal', value: { file: '<top-level>', line: this.source.slice(0, at).split('\n').length } };
    return { type: 'variable', name, at };
  }

  private format(): Node {
    const { at } = this;
    this.at++;
    const name = `@${this.name()}`;
    this.skip();
    return this.source[this.at] === '"' ? this.text(name) : { type: 'format', name, at };
  }

  private text(format: string | null): Node {
    const start = this.at;
    this.at++;
    const parts: (string | Node)[] = [];
    let text = '';
    for (;;) {
      const letter = this.source[this.at];
      if (letter === undefined) this.fail('the text does not end', start);
      this.at++;
      if (letter === '"') break;
      if (letter !== '\\') {
        text += letter;
        continue;
      }
      const escaped = this.source[this.at++];
      if (escaped === '(') {
        parts.push(text, this.pipe());
        text = '';
        this.expect(')');
      } else text += this.escape(escaped);
    }
    if (parts.length === 0 && format === null) return { type: 'literal', value: text };
    return { type: 'text', parts: [...parts, text], format, at: start };
  }

  private escape(letter: string | undefined): string {
    if (letter === 'u') {
      const digits = /^[0-9a-fA-F]{4}/.exec(this.source.slice(this.at, this.at + 4))?.[0];
      if (digits === undefined) this.fail('four hexadecimal digits are missing after `\\u`');
      this.at += 4;
      return String.fromCharCode(parseInt(digits, 16));
    }
    const found = letter === undefined ? undefined : { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }[letter];
    if (found === undefined) this.fail(`\`\\${letter ?? ''}\` stands for nothing in a text`, this.at - 2, 2);
    return found;
  }

  private map(): Node {
    this.expect('{');
    const entries: [Node, Node][] = [];
    while (!this.takeSymbol('}')) {
      if (entries.length > 0) this.expect(',');
      if (entries.length > 0 && this.takeSymbol('}')) break;
      entries.push(this.entry());
    }
    return { type: 'map', entries };
  }

  private entry(): [Node, Node] {
    this.skip();
    const { at } = this;
    const letter = this.source[at];
    let key: Node;
    let usual: Node | null = null;
    if (letter === '$') {
      usual = this.dollar();
      key = { type: 'literal', value: usual.type === 'variable' ? usual.name : '__loc__' };
      return [key, usual];
    }
    if (letter === '(') {
      this.at++;
      key = this.pipe();
      this.expect(')');
    } else if (letter === '"' || letter === '@') {
      key = letter === '"' ? this.text(null) : this.format();
      usual = { type: 'field', of: { type: 'identity' }, key };
    } else {
      const digits = this.match(number);
      if (digits !== null) this.at += digits.length;
      key = { type: 'literal', value: digits ?? this.name() };
      usual = { type: 'field', of: { type: 'identity' }, key };
    }
    if (this.takeSymbol(':')) return [key, this.entryValue()];
    if (usual === null) this.fail('a value is missing: `(key): value`');
    return [key, usual];
  }

  /** Everything but a comma. */
  private entryValue(): Node {
    const left = this.alternative();
    return this.takeSymbol('|') ? { type: 'pipe', left, right: this.entryValue() } : left;
  }

  private pattern(): Pattern {
    this.skip();
    if (this.source[this.at] === '$') return { type: 'name', name: this.variableName() };
    if (this.takeSymbol('[')) {
      const items: Pattern[] = [];
      do items.push(this.pattern());
      while (this.takeSymbol(','));
      this.expect(']');
      return { type: 'list', items };
    }
    this.expect('{');
    const entries: { key: Node; name: string | null; value: Pattern | null }[] = [];
    do {
      this.skip();
      const letter = this.source[this.at];
      let key: Node;
      let name: string | null = null;
      if (letter === '$') {
        name = this.variableName();
        key = { type: 'literal', value: name };
      } else if (letter === '(') {
        this.at++;
        key = this.pipe();
        this.expect(')');
      } else if (letter === '"') key = this.text(null);
      else key = { type: 'literal', value: this.name() };
      const value = this.takeSymbol(':') ? this.pattern() : null;
      if (name === null && value === null) this.fail('a pattern is missing: `{key: $name}`');
      entries.push({ key, name, value });
    } while (this.takeSymbol(','));
    this.expect('}');
    return { type: 'map', entries };
  }
}
