export type Expr =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'dot' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'member'; readonly of: Expr; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expr; readonly at: Expr }
  | { readonly kind: 'slice'; readonly of: Expr; readonly from: Expr | null; readonly to: Expr | null }
  | { readonly kind: 'call'; readonly name: string; readonly given: readonly Expr[] }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'if'; readonly when: Expr; readonly then: Block; readonly otherwise: Expr | null }
  | { readonly kind: 'array'; readonly items: readonly Expr[] }
  | { readonly kind: 'arrayFor'; readonly of: Expr; readonly each: Block; readonly when: Expr | null }
  | { readonly kind: 'object'; readonly lets: readonly Let[]; readonly entries: readonly (readonly [Expr, Expr])[]; readonly rest: { readonly without: readonly string[]; readonly of: Expr } | null }
  | { readonly kind: 'objectFor'; readonly of: Expr; readonly lets: readonly Let[]; readonly key: Expr; readonly value: Expr; readonly when: Expr | null }
  | { readonly kind: 'pipe'; readonly of: Expr; readonly into: Expr }
  | { readonly kind: 'block'; readonly block: Block };

export interface Let {
  readonly name: string;
  readonly value: Block;
}

export interface Block {
  readonly lets: readonly Let[];
  readonly value: Expr;
}

export interface Function {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: Block;
}

export interface Program {
  readonly imports: readonly { readonly from: string; readonly as: string }[];
  readonly functions: readonly Function[];
  readonly lets: readonly Let[];
  /** A module may have none. */
  readonly value: Expr | null;
}

/** An expression that is none. */
export class JsltSyntaxError extends Error {}

const token = /(?:\s+|\/\/[^\n]*)*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|([A-Za-z_][\w-]*(?::[A-Za-z_][\w-]*)?)|(\$[A-Za-z_][\w-]*(?::[A-Za-z_][\w-]*)?)|(==|!=|<=|>=|[-.,:;|()[\]{}+*/<>=]))/y;
const end = /(?:\s+|\/\/[^\n]*)*$/y;

type Kind = 'text' | 'number' | 'name' | 'variable' | 'symbol' | 'end';

interface Token {
  readonly kind: Kind;
  readonly text: string;
  readonly at: number;
}

const kinds: readonly Kind[] = ['text', 'number', 'name', 'variable', 'symbol'];
const levels: readonly (readonly string[])[] = [['|'], ['or'], ['and'], ['==', '!=', '<', '<=', '>', '>='], ['+', '-'], ['*', '/']];
const deepest = 200;

export class Parser {
  private readonly source: string;
  private readonly tokens: Token[] = [];
  private at = 0;
  private depth = 0;

  private constructor(source: string) {
    this.source = source;
    let index = 0;
    for (;;) {
      token.lastIndex = index;
      const found = token.exec(source);
      if (found === null) break;
      index = token.lastIndex;
      const which = found.slice(1).findIndex((group) => group !== undefined);
      const text = found[which + 1]!;
      this.tokens.push({ kind: kinds[which]!, text, at: index - text.length });
    }
    end.lastIndex = index;
    if (!end.test(source)) throw this.wrongAt(index, `unexpected \`${source.slice(index).trim().slice(0, 10)}\``);
    this.tokens.push({ kind: 'end', text: 'the end', at: source.length });
  }

  /** @throws JsltSyntaxError */
  static parse(source: string): Program {
    return new Parser(source).program();
  }

  private wrongAt(index: number, message: string): JsltSyntaxError {
    const before = this.source.slice(0, index).split('\n');
    return new JsltSyntaxError(`${message} (line ${before.length}, column ${before.at(-1)!.length + 1})`);
  }

  private wrong(wanted: string): JsltSyntaxError {
    return this.wrongAt(this.next.at, `expected ${wanted}, found \`${this.next.text}\``);
  }

  private get next(): Token {
    return this.tokens[this.at]!;
  }

  private is(text: string, ahead = 0): boolean {
    const found = this.tokens[this.at + ahead];
    return found !== undefined && found.text === text && found.kind !== 'text' && found.kind !== 'end';
  }

  private skip(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  private expect(text: string): void {
    if (!this.skip(text)) throw this.wrong(`\`${text}\``);
  }

  private take(kind: Kind, wanted: string): string {
    if (this.next.kind !== kind) throw this.wrong(wanted);
    return this.tokens[this.at++]!.text;
  }

  private text(): string {
    const given = this.take('text', 'a text');
    try {
      return JSON.parse(given.replace(/[\n\r\t]/g, (char) => JSON.stringify(char).slice(1, -1))) as string;
    } catch {
      throw this.wrongAt(this.tokens[this.at - 1]!.at, `${given} is no text`);
    }
  }

  private program(): Program {
    const imports: { from: string; as: string }[] = [];
    while (this.skip('import')) {
      const from = this.text();
      this.expect('as');
      imports.push({ from, as: this.take('name', 'a prefix') });
    }
    const lets: Let[] = [];
    const functions: Function[] = [];
    for (;;) {
      if (this.is('let')) lets.push(this.let());
      else if (this.skip('def')) functions.push(this.function());
      else break;
    }
    const value = this.next.kind === 'end' ? null : this.expression();
    if (this.next.kind !== 'end') throw this.wrong('the end');
    return { imports, functions, lets, value };
  }

  private let(): Let {
    this.expect('let');
    const name = this.take('name', 'a name');
    this.expect('=');
    return { name, value: { lets: [], value: this.expression() } };
  }

  private lets(): Let[] {
    const lets: Let[] = [];
    while (this.is('let')) lets.push(this.let());
    return lets;
  }

  private block(): Block {
    return { lets: this.lets(), value: this.expression() };
  }

  private function(): Function {
    const name = this.take('name', 'a name');
    this.expect('(');
    const parameters: string[] = [];
    while (!this.is(')')) {
      parameters.push(this.take('name', 'a parameter'));
      if (!this.skip(',')) break;
    }
    this.expect(')');
    return { name, parameters, body: this.block() };
  }

  private expression(): Expr {
    if (++this.depth > deepest) throw this.wrong('less nesting');
    const value = this.level(0);
    this.depth--;
    return value;
  }

  private level(index: number): Expr {
    const operators = levels[index];
    if (operators === undefined) return this.postfix(this.primary());
    let left = this.level(index + 1);
    while (operators.some((operator) => this.is(operator))) {
      const operator = this.tokens[this.at++]!.text;
      const right = this.level(index + 1);
      left = operator === '|' ? { kind: 'pipe', of: left, into: right } : { kind: 'binary', operator, left, right };
    }
    return left;
  }

  private postfix(first: Expr): Expr {
    let of = first;
    for (;;) {
      if (this.is('.') && ['name', 'text'].includes(this.tokens[this.at + 1]!.kind)) {
        this.at++;
        of = { kind: 'member', of, name: this.next.kind === 'text' ? this.text() : this.take('name', 'a key') };
      } else if (this.skip('[')) {
        const from = this.is(':') ? null : this.expression();
        if (this.skip(':')) of = { kind: 'slice', of, from, to: this.is(']') ? null : this.expression() };
        else of = { kind: 'index', of, at: from! };
        this.expect(']');
      } else return of;
    }
  }

  private primary(): Expr {
    const { kind, text } = this.next;
    switch (kind) {
      case 'text':
        return { kind: 'value', value: this.text() };
      case 'number':
        this.at++;
        return { kind: 'value', value: Number(text) };
      case 'variable':
        this.at++;
        return { kind: 'variable', name: text.slice(1) };
      case 'name':
        return this.named(text);
      case 'symbol':
        return this.symbol(text);
      default:
        throw this.wrong('an expression');
    }
  }

  private named(text: string): Expr {
    this.at++;
    switch (text) {
      case 'true':
      case 'false':
        return { kind: 'value', value: text === 'true' };
      case 'null':
        return { kind: 'value', value: null };
      case 'if': {
        this.expect('(');
        const when = this.expression();
        this.expect(')');
        const then = this.block();
        return { kind: 'if', when, then, otherwise: this.skip('else') ? { kind: 'block', block: this.block() } : null };
      }
    }
    if (!this.skip('(')) {
      this.at--;
      throw this.wrong('an expression');
    }
    const given: Expr[] = [];
    while (!this.is(')')) {
      given.push(this.expression());
      if (!this.skip(',')) break;
    }
    this.expect(')');
    return { kind: 'call', name: text, given };
  }

  private symbol(text: string): Expr {
    switch (text) {
      case '.': {
        this.at++;
        const { kind } = this.next;
        // `.key` beside the dot; a keyword behind a lone dot is not its key.
        const isBeside = this.next.at === this.tokens[this.at - 1]!.at + 1;
        if (isBeside && kind === 'text') return { kind: 'member', of: { kind: 'dot' }, name: this.text() };
        if (isBeside && kind === 'name') return { kind: 'member', of: { kind: 'dot' }, name: this.take('name', 'a key') };
        return { kind: 'dot' };
      }
      case '(': {
        this.at++;
        const block = this.block();
        this.expect(')');
        return { kind: 'block', block };
      }
      case '[':
        this.at++;
        return this.array();
      case '{':
        this.at++;
        return this.object();
      case '-':
        this.at++;
        return { kind: 'binary', operator: '-', left: { kind: 'value', value: 0 }, right: this.postfix(this.primary()) };
      default:
        throw this.wrong('an expression');
    }
  }

  private filter(): Expr | null {
    if (!this.skip('if')) return null;
    this.expect('(');
    const when = this.expression();
    this.expect(')');
    return when;
  }

  private of(): Expr {
    this.expect('(');
    const of = this.expression();
    this.expect(')');
    return of;
  }

  private array(): Expr {
    if (this.skip('for')) {
      const of = this.of();
      const each = this.block();
      const when = this.filter();
      this.expect(']');
      return { kind: 'arrayFor', of, each, when };
    }
    const items: Expr[] = [];
    while (!this.is(']')) {
      items.push(this.expression());
      if (!this.skip(',')) break;
    }
    this.expect(']');
    return { kind: 'array', items };
  }

  private object(): Expr {
    if (this.skip('for')) {
      const of = this.of();
      const lets = this.lets();
      const key = this.expression();
      this.expect(':');
      const value = this.expression();
      const when = this.filter();
      this.expect('}');
      return { kind: 'objectFor', of, lets, key, value, when };
    }
    const lets = this.lets();
    const entries: (readonly [Expr, Expr])[] = [];
    let rest: { without: string[]; of: Expr } | null = null;
    while (!this.is('}')) {
      if (this.skip('*')) {
        const without: string[] = [];
        if (this.skip('-')) {
          do without.push(this.next.kind === 'text' ? this.text() : this.take('name', 'a key'));
          while (this.skip(','));
        }
        this.expect(':');
        rest = { without, of: this.expression() };
        break;
      }
      const key = this.level(1);
      this.expect(':');
      entries.push([key, this.expression()]);
      if (!this.skip(',')) break;
    }
    this.expect('}');
    return { kind: 'object', lets, entries, rest };
  }
}
