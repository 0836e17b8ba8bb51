/** What a template is made of. */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly value: Expr }
  | { readonly kind: 'if'; readonly arms: readonly { readonly when: Expr | null; readonly body: readonly Node[] }[] }
  | { readonly kind: 'list'; readonly of: Expr; readonly names: readonly string[]; readonly body: readonly Node[]; readonly otherwise: readonly Node[] }
  | { readonly kind: 'items'; readonly names: readonly string[]; readonly body: readonly Node[] }
  | { readonly kind: 'sep'; readonly body: readonly Node[] }
  | { readonly kind: 'assign'; readonly scope: 'assign' | 'local' | 'global'; readonly name: string; readonly operator: string; readonly value: Expr | null; readonly body: readonly Node[] | null }
  | { readonly kind: 'macro'; readonly name: string; readonly isFunction: boolean; readonly parameters: readonly { readonly name: string; readonly value: Expr | null }[]; readonly rest: string | null; readonly body: readonly Node[] }
  | { readonly kind: 'call'; readonly callee: Expr; readonly named: ReadonlyMap<string, Expr>; readonly positional: readonly Expr[]; readonly variables: readonly string[]; readonly body: readonly Node[] | null }
  | { readonly kind: 'nested'; readonly values: readonly Expr[] }
  | { readonly kind: 'return'; readonly value: Expr | null }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'stop'; readonly message: Expr | null }
  | { readonly kind: 'switch'; readonly on: Expr; readonly cases: readonly { readonly value: Expr | null; readonly body: readonly Node[] }[] }
  | { readonly kind: 'compress'; readonly body: readonly Node[] }
  | { readonly kind: 'format'; readonly format: string | null; readonly isEscaping: boolean | null; readonly body: readonly Node[] }
  | { readonly kind: 'setting'; readonly name: string; readonly value: Expr }
  | { readonly kind: 'include'; readonly name: string; readonly as: string | null }
  | { readonly kind: 'attempt'; readonly body: readonly Node[]; readonly recover: readonly Node[] };

export type Expr =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'string'; readonly parts: readonly (string | Expr)[] }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'member'; readonly of: Expr; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expr; readonly at: Expr }
  | { readonly kind: 'call'; readonly of: Expr; readonly given: readonly Expr[] }
  | { readonly kind: 'builtin'; readonly of: Expr; readonly name: string; readonly given: readonly Expr[] | null }
  | { readonly kind: 'lambda'; readonly name: string; readonly body: Expr }
  | { readonly kind: 'let'; readonly name: string; readonly of: Expr; readonly body: Expr }
  | { readonly kind: 'default'; readonly of: Expr; readonly value: Expr | null }
  | { readonly kind: 'exists'; readonly of: Expr }
  | { readonly kind: 'group'; readonly of: Expr }
  | { readonly kind: 'unary'; readonly operator: string; readonly of: Expr }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'range'; readonly from: Expr; readonly to: Expr | null; readonly operator: string }
  | { readonly kind: 'list'; readonly items: readonly Expr[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Expr, Expr])[] };

/** A template that is none. */
export class TemplateSyntaxError extends Error {}

const words: Readonly<Record<string, string>> = { gt: '>', gte: '>=', lt: '<', lte: '<=', eq: '==', and: '&&', or: '||' };
const levels: readonly (readonly string[])[] = [['||'], ['&&'], ['==', '!=', '='], ['<', '>', '<=', '>='], ['..'], ['+', '-'], ['*', '/', '%']];
const deepest = 200;

/** `<#t>` and its like take the blanks at the ends of their line away. */
function withTrimmedLines(source: string): string {
  if (!/<#(?:t|lt|rt|nt)>/.test(source)) return source;
  return source.replace(/[^\n]*<#(?:t|lt|rt)>[^\n]*(?:\n|$)/g, (line) => {
    const start = /<#(?:t|lt)>/.test(line) ? line.replace(/^[ \t]+/, '') : line;
    return (/<#(?:t|rt)>/.test(line) ? start.replace(/[ \t\r]*\n?$/, '') : start).replace(/<#(?:t|lt|rt)>/g, '');
  });
}

/** Lines that hold nothing but tags and blanks leave no trace. */
function withoutTagLines(source: string): string {
  // A definition on one line writes nothing either.
  const definition = String.raw`<#(?:macro|function)\b[^\n]*?<\/#(?:macro|function)>`;
  const tag = String.raw`(?:<#--[^]*?-->|${definition}|<\/?[#@](?:[^>"']|"[^"]*"|'[^']*')*>)`;
  return source.replace(new RegExp(String.raw`^[ \t]*((?:${tag}[ \t]*)+)(?:\r?\n|$(?![^]))`, 'gm'), (line, tags: string) => (/^<#(nested|noparse)\b/.test(tags) ? line : tags.trimEnd()));
}

export class Parser {
  private readonly text: string;
  private at = 0;
  private depth = 0;
  private readonly escapes: { readonly name: string; readonly body: Expr }[] = [];

  private constructor(text: string) {
    this.text = text;
  }

  static parse(source: string): readonly Node[] {
    const parser = new Parser(withoutTagLines(withTrimmedLines(source)));
    const format = parser.header();
    const { nodes, end } = parser.nodes();
    if (end !== null) throw parser.wrong(`\`${end.text}\` closes nothing`);
    return format === null ? nodes : [...nodes.filter(({ kind }) => kind === 'macro'), { kind: 'format', format, isEscaping: null, body: nodes.filter(({ kind }) => kind !== 'macro') }];
  }

  /** The output format that `<#ftl ...>` at the beginning names; null without one. */
  private header(): string | null {
    const header = /^\s*<#ftl\b([^>]*)>(?:[ \t]*\r?\n)?/.exec(this.text);
    if (header === null) return null;
    this.at = header[0].length;
    return /\boutput_?[fF]ormat\s*=\s*["']([^"']+)["']/.exec(header[1]!)?.[1] ?? null;
  }

  private wrong(message: string): TemplateSyntaxError {
    const before = this.text.slice(0, this.at).split('\n');
    return new TemplateSyntaxError(`${message} (line ${before.length}, column ${before.at(-1)!.length + 1})`);
  }

  /** Nodes up to a tag that belongs to the element around them. */
  private nodes(): { readonly nodes: Node[]; readonly end: { readonly name: string; readonly isClose: boolean; readonly text: string } | null } {
    if (++this.depth > deepest) throw this.wrong('elements are nested too deeply');
    const nodes: Node[] = [];
    for (;;) {
      const next = /<#--|<\/?[#@]|[$#]\{/g;
      next.lastIndex = this.at;
      const found = next.exec(this.text);
      const upTo = found?.index ?? this.text.length;
      if (upTo > this.at) nodes.push({ kind: 'text', text: this.text.slice(this.at, upTo) });
      this.at = upTo;
      if (found === null) break;
      if (found[0] === '<#--') {
        const end = this.text.indexOf('-->', this.at);
        if (end < 0) throw this.wrong('a comment is not closed');
        this.at = end + 3;
      } else if (found[0] === '${') {
        this.at += 2;
        const value = this.expression();
        this.expect('}');
        nodes.push({ kind: 'print', value: this.escapes.reduceRight<Expr>((of, { name, body }) => ({ kind: 'let', name, of, body }), value) });
      } else if (found[0] === '#{') {
        this.at += 2;
        const of = this.expression();
        const digits = this.skip(';') ? /^(?:m(\d{1,2}))?(?:M(\d{1,2}))?/.exec(this.word())! : [];
        this.expect('}');
        const least = Number(digits[1] ?? 0);
        const most = Math.max(least, Number(digits[2] ?? least));
        nodes.push({ kind: 'print', value: { kind: 'builtin', of, name: 'string', given: [{ kind: 'value', value: `0${most > 0 ? '.' : ''}${'0'.repeat(least)}${'#'.repeat(most - least)}` }] } });
      } else {
        const start = this.at;
        this.at += found[0].length;
        const isClose = found[0].startsWith('</');
        const name = found[0].endsWith('@') ? (isClose ? '@' : '@') : this.word();
        if (isClose || ['else', 'elseif', 'case', 'default', 'recover', 'on'].includes(name)) {
          if (isClose) {
            const end = this.text.indexOf('>', this.at);
            if (end < 0) throw this.wrong('a tag is not closed');
            this.at = end + 1;
          }
          this.depth--;
          return { nodes, end: { name, isClose, text: this.text.slice(start, this.at) } };
        }
        const node = name === '@' ? this.macroCall() : this.directive(name);
        if (node !== null) nodes.push(...node);
      }
    }
    this.depth--;
    return { nodes, end: null };
  }

  private body(name: string): Node[] {
    const { nodes, end } = this.nodes();
    if (end?.isClose !== true || end.name !== name) throw this.wrong(`\`<${name === '@' ? '@' : `#${name}`}>\` is not closed`);
    return nodes;
  }

  private close(): void {
    this.blanks();
    if (this.text.startsWith('/>', this.at)) this.at += 2;
    else this.expect('>');
  }

  private directive(name: string): readonly Node[] | null {
    switch (name) {
      case 'if':
        return [this.condition()];
      case 'list':
        return [this.list()];
      case 'items': {
        this.keyword('as');
        const names = this.names();
        this.close();
        return [{ kind: 'items', names, body: this.body('items') }];
      }
      case 'sep': {
        this.close();
        // Goes up to the end of the list, with or without its own end.
        const { nodes, end } = this.nodes();
        if (end === null) throw this.wrong('`<#sep>` is outside of a list');
        if (end.name !== 'sep') this.at -= end.text.length;
        return [{ kind: 'sep', body: nodes }];
      }
      case 'assign':
      case 'local':
      case 'global':
        return this.assignment(name);
      case 'macro':
      case 'function':
        return [this.macro(name)];
      case 'nested': {
        const values: Expr[] = [];
        while (!this.isClosing()) {
          values.push(this.expression());
          this.skip(',');
        }
        this.close();
        return [{ kind: 'nested', values }];
      }
      case 'return': {
        const value = this.isClosing() ? null : this.expression();
        this.close();
        return [{ kind: 'return', value }];
      }
      case 'break':
      case 'continue':
        this.close();
        return [{ kind: name }];
      case 'stop': {
        const message = this.isClosing() ? null : this.expression();
        this.close();
        return [{ kind: 'stop', message }];
      }
      case 'switch':
        return [this.switch()];
      case 'attempt': {
        this.close();
        const { nodes, end } = this.nodes();
        if (end?.name !== 'recover') throw this.wrong('`<#attempt>` needs `<#recover>`');
        this.close();
        const recover = this.nodes();
        if (recover.end?.isClose !== true || !['attempt', 'recover'].includes(recover.end.name)) throw this.wrong('`<#attempt>` is not closed');
        return [{ kind: 'attempt', body: nodes, recover: recover.nodes }];
      }
      case 'noparse': {
        this.close();
        const end = this.text.indexOf('</#noparse>', this.at);
        if (end < 0) throw this.wrong('`<#noparse>` is not closed');
        const text = this.text.slice(this.at, end);
        this.at = end + '</#noparse>'.length;
        return [{ kind: 'text', text }];
      }
      case 'compress':
        this.close();
        return [{ kind: 'compress', body: this.body(name) }];
      case 'noautoesc':
      case 'autoesc':
        this.close();
        return [{ kind: 'format', format: null, isEscaping: name === 'autoesc', body: this.body(name) }];
      case 'outputformat': {
        this.blanks();
        const format = this.quoted();
        this.close();
        return [{ kind: 'format', format, isEscaping: null, body: this.body(name) }];
      }
      case 'escape': {
        const own = this.word();
        this.keyword('as');
        const body = this.expression();
        this.close();
        this.escapes.push({ name: own, body });
        const nodes = this.body(name);
        this.escapes.pop();
        return nodes;
      }
      case 'noescape': {
        this.close();
        const escape = this.escapes.pop();
        if (escape === undefined) throw this.wrong('`<#noescape>` is outside of `<#escape>`');
        const nodes = this.body(name);
        this.escapes.push(escape);
        return nodes;
      }
      case 'setting': {
        const own = this.word();
        this.expect('=');
        const value = this.expression();
        this.close();
        return [{ kind: 'setting', name: own.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value }];
      }
      case 'include':
      case 'import': {
        // Only what the template itself names: a message could name any file.
        this.blanks();
        if (!/["']/.test(this.text[this.at] ?? '')) throw this.wrong(`\`<#${name}>\` needs the name of a file as a text`);
        const file = this.quoted();
        if (name === 'import') this.keyword('as');
        const as = name === 'import' ? this.word() : null;
        this.close();
        return [{ kind: 'include', name: file, as }];
      }
      case 'ftl':
        throw this.wrong('`<#ftl>` stands at the beginning of a template');
      case 'nt':
        this.close();
        return null;
      default:
        throw this.wrong(`there is no directive \`<#${name}>\` here`);
    }
  }

  private condition(): Node {
    const arms: { when: Expr | null; body: readonly Node[] }[] = [];
    let when: Expr | null = this.expression();
    this.close();
    for (;;) {
      const { nodes, end } = this.nodes();
      arms.push({ when, body: nodes });
      if (end?.name === 'if' && end.isClose) return { kind: 'if', arms };
      if (end?.name !== 'else' && end?.name !== 'elseif') throw this.wrong('`<#if>` is not closed');
      when = end.name === 'else' ? null : this.expression();
      this.close();
    }
  }

  private list(): Node {
    const of = this.expression();
    let names: string[] = [];
    if (this.skipWord('as')) names = this.names();
    this.close();
    let { nodes, end } = this.nodes();
    const body = nodes;
    let otherwise: readonly Node[] = [];
    if (end?.name === 'else') {
      this.close();
      ({ nodes, end } = this.nodes());
      otherwise = nodes;
    }
    if (end?.name !== 'list' || !end.isClose) throw this.wrong('`<#list>` is not closed');
    return { kind: 'list', of, names, body, otherwise };
  }

  private names(): string[] {
    const names = [this.word()];
    while (this.skip(',')) names.push(this.word());
    return names;
  }

  private assignment(scope: 'assign' | 'local' | 'global'): Node[] {
    const nodes: Node[] = [];
    do {
      this.blanks();
      const name = /["']/.test(this.text[this.at] ?? '') ? this.quoted() : this.word();
      this.blanks();
      const operator = /^(?:\+\+|--|[-+*/%]?=)/.exec(this.text.slice(this.at))?.[0];
      if (operator === undefined) {
        this.close();
        nodes.push({ kind: 'assign', scope, name, operator: '=', value: null, body: this.body(scope) });
        return nodes;
      }
      this.at += operator.length;
      nodes.push({ kind: 'assign', scope, name, operator, value: operator === '++' || operator === '--' ? null : this.expression(), body: null });
      this.skip(',');
    } while (!this.isClosing());
    this.close();
    return nodes;
  }

  private macro(name: 'macro' | 'function'): Node {
    const own = this.word();
    const isWrapped = this.skip('(');
    const parameters: { name: string; value: Expr | null }[] = [];
    let rest: string | null = null;
    while (!this.isClosing() && !(isWrapped && this.peek(')'))) {
      const parameter = this.word();
      if (this.skip('...')) rest = parameter;
      else parameters.push({ name: parameter, value: this.skip('=') ? this.level(0) : null });
      this.skip(',');
    }
    if (isWrapped) this.expect(')');
    this.close();
    return { kind: 'macro', name: own, isFunction: name === 'function', parameters, rest, body: this.body(name) };
  }

  private macroCall(): Node[] {
    let callee: Expr = { kind: 'name', name: this.word() };
    while (this.text[this.at] === '.') {
      this.at++;
      callee = { kind: 'member', of: callee, name: this.word() };
    }
    const named = new Map<string, Expr>();
    const positional: Expr[] = [];
    const variables: string[] = [];
    while (!this.isClosing()) {
      if (this.skip(';')) {
        variables.push(...this.names());
        break;
      }
      const name = /^([A-Za-z_]\w*)\s*=(?!=)/.exec(this.text.slice(this.at));
      if (name !== null) {
        this.at += name[0].length;
        named.set(name[1]!, this.level(0));
      } else positional.push(this.level(0));
      this.skip(',');
    }
    this.blanks();
    const isEmpty = this.text.startsWith('/>', this.at);
    this.close();
    return [{ kind: 'call', callee, named, positional, variables, body: isEmpty ? null : this.body('@') }];
  }

  private switch(): Node {
    const on = this.expression();
    this.close();
    const cases: { value: Expr | null; body: readonly Node[] }[] = [];
    let { end } = this.nodes();
    for (;;) {
      if (end?.name === 'switch' && end.isClose) return { kind: 'switch', on, cases };
      if (end?.name === 'on') {
        // Unlike a case it ends before the next one.
        const values = [this.expression()];
        while (this.skip(',')) values.push(this.expression());
        this.close();
        const part = this.nodes();
        values.forEach((value, i) => cases.push({ value, body: i + 1 < values.length ? [] : [...part.nodes, { kind: 'break' }] }));
        end = part.end;
        continue;
      }
      if (end?.name !== 'case' && end?.name !== 'default') throw this.wrong('`<#switch>` is not closed');
      const value = end.name === 'default' ? null : this.expression();
      this.close();
      const part = this.nodes();
      cases.push({ value, body: part.nodes });
      end = part.end;
    }
  }

  // Expressions.

  private blanks(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }

  private peek(token: string): boolean {
    this.blanks();
    return this.text.startsWith(token, this.at);
  }

  private skip(token: string): boolean {
    if (!this.peek(token)) return false;
    this.at += token.length;
    return true;
  }

  private expect(token: string): void {
    if (!this.skip(token)) throw this.wrong(`expected \`${token}\`, found \`${this.text.slice(this.at, this.at + 10)}\``);
  }

  private isClosing(): boolean {
    return this.peek('>') || this.peek('/>') || this.at >= this.text.length;
  }

  private word(): string {
    this.blanks();
    const word = /^[A-Za-z_@$][\w@$]*/.exec(this.text.slice(this.at, this.at + 200))?.[0];
    if (word === undefined) throw this.wrong(`expected a name, found \`${this.text.slice(this.at, this.at + 10)}\``);
    this.at += word.length;
    return word;
  }

  private skipWord(word: string): boolean {
    this.blanks();
    if (!new RegExp(`^${word}\\b`).test(this.text.slice(this.at, this.at + word.length + 1))) return false;
    this.at += word.length;
    return true;
  }

  private keyword(word: string): void {
    if (!this.skipWord(word)) throw this.wrong(`expected \`${word}\``);
  }

  /** Brackets are open: `>` is an operator there, and the end of the tag elsewhere. */
  private open = 0;

  private expression(): Expr {
    const open = this.open;
    this.open = 0;
    if (++this.depth > deepest) throw this.wrong('expressions are nested too deeply');
    try {
      return this.level(0);
    } finally {
      this.depth--;
      this.open = open;
    }
  }

  private inside<T>(read: () => T): T {
    this.open++;
    if (++this.depth > deepest) throw this.wrong('expressions are nested too deeply');
    try {
      return read();
    } finally {
      this.depth--;
      this.open--;
    }
  }

  private operator(level: readonly string[]): string | null {
    this.blanks();
    const rest = this.text.slice(this.at, this.at + 4);
    const word = /^(gte|gt|lte|lt|eq|and|or)\b/.exec(rest)?.[1];
    if (word !== undefined) {
      const operator = words[word]!;
      if (!level.includes(operator)) return null;
      this.at += word.length;
      return operator;
    }
    const symbol = /^(?:\|\||&&|&lt;=|&gt;=|==|!=|<=|>=|\.\.[<!*]?|[-=<>+*/%])/.exec(rest)?.[0];
    if (symbol === undefined || ((symbol === '>' || symbol === '>=') && this.open === 0) || (symbol === '/' && rest[1] === '>')) return null;
    if (symbol.startsWith('..') ? !level.includes('..') : !level.includes(symbol)) return null;
    this.at += symbol.length;
    return symbol;
  }

  private level(index: number): Expr {
    const level = levels[index];
    if (level === undefined) return this.unary();
    let left = this.level(index + 1);
    for (let operator = this.operator(level); operator !== null; operator = this.operator(level)) {
      if (operator.startsWith('..')) {
        this.blanks();
        const isOpen = operator === '..' && /^[\])}>]|^as\b|^,/.test(this.text.slice(this.at, this.at + 3));
        left = { kind: 'range', from: left, to: isOpen ? null : this.level(index + 1), operator };
      } else left = { kind: 'binary', operator: operator === '=' ? '==' : operator, left, right: this.level(index + 1) };
    }
    return left;
  }

  private unary(): Expr {
    for (const operator of ['!', '-', '+']) if (this.peek(operator)) {
      this.at++;
      return this.inside(() => ({ kind: 'unary', operator, of: this.unary() }) as const);
    }
    return this.postfix(this.primary());
  }

  private postfix(first: Expr): Expr {
    let of = first;
    for (;;) {
      this.blanks();
      const rest = this.text.slice(this.at, this.at + 3);
      if (rest.startsWith('??')) {
        this.at += 2;
        of = { kind: 'exists', of };
      } else if (rest.startsWith('?')) {
        this.at++;
        const name = this.word();
        of = { kind: 'builtin', of, name, given: this.text[this.at] === '(' ? this.given() : this.formatBehind(name) };
      } else if (rest.startsWith('.') && !rest.startsWith('..')) {
        this.at++;
        of = { kind: 'member', of, name: this.word() };
      } else if (rest.startsWith('[')) {
        this.at++;
        const value = of;
        of = this.inside(() => ({ kind: 'index', of: value, at: this.level(0) }) as const);
        this.expect(']');
      } else if (rest.startsWith('(')) of = { kind: 'call', of, given: this.given() };
      else if (rest.startsWith('!') && !rest.startsWith('!=')) {
        this.at++;
        of = { kind: 'default', of, value: this.startsValue() ? this.unaryDefault() : null };
      } else return of;
    }
  }

  /** The format of `?string.short` and `?string["0.0"]`. */
  private formatBehind(name: string): Expr[] | null {
    if (!/^(?:string|date|time|datetime)$/.test(name)) return null;
    const named = /^\.([A-Za-z]\w*)/.exec(this.text.slice(this.at, this.at + 50));
    if (named !== null) {
      this.at += named[0].length;
      return [{ kind: 'value', value: named[1]! }];
    }
    if (this.text[this.at] !== '[' || name !== 'string') return null;
    this.at++;
    const format = this.inside(() => this.level(0));
    this.expect(']');
    return [format];
  }

  /** Whether what stands behind `!` is its value. */
  private startsValue(): boolean {
    const rest = this.text.slice(this.at, this.at + 6);
    return /^\s*(?:["'\d({[]|[A-Za-z_](?!\w*\s*=[^=]))/.test(rest) && !/^\s*(?:gte?|lte?|eq|and|or|as)\b/.test(rest);
  }

  private unaryDefault(): Expr {
    return this.postfix(this.primary());
  }

  private given(): Expr[] {
    this.expect('(');
    const given = this.inside(() => {
      const values: Expr[] = [];
      while (!this.peek(')')) {
        const lambda = /^(?:([A-Za-z_]\w*)|\(\s*([A-Za-z_]\w*)\s*\))\s*->/.exec(this.text.slice(this.at, this.at + 200));
        if (lambda !== null) {
          this.at += lambda[0].length;
          values.push({ kind: 'lambda', name: lambda[1] ?? lambda[2]!, body: this.level(0) });
        } else values.push(this.level(0));
        if (!this.skip(',')) break;
      }
      return values;
    });
    this.expect(')');
    return given;
  }

  private primary(): Expr {
    this.blanks();
    const char = this.text[this.at] ?? '';
    if (char === '(') {
      this.at++;
      const of = this.inside(() => this.level(0));
      this.expect(')');
      return { kind: 'group', of };
    }
    if (char === '[') {
      this.at++;
      const items = this.inside(() => {
        const values: Expr[] = [];
        while (!this.peek(']')) {
          values.push(this.level(0));
          if (!this.skip(',')) break;
        }
        return values;
      });
      this.expect(']');
      return { kind: 'list', items };
    }
    if (char === '{') {
      this.at++;
      const entries = this.inside(() => {
        const values: (readonly [Expr, Expr])[] = [];
        while (!this.peek('}')) {
          const key = this.level(0);
          if (!this.skip(':')) this.expect(',');
          values.push([key, this.level(0)]);
          if (!this.skip(',')) break;
        }
        return values;
      });
      this.expect('}');
      return { kind: 'map', entries };
    }
    if (char === '"' || char === "'") return this.string();
    if (char === 'r' && /["']/.test(this.text[this.at + 1] ?? '')) {
      const end = this.text.indexOf(this.text[this.at + 1]!, this.at + 2);
      if (end < 0) throw this.wrong('a text is not closed');
      const value = this.text.slice(this.at + 2, end);
      this.at = end + 1;
      return { kind: 'value', value };
    }
    const number = /^\d+(?:\.\d+)?/.exec(this.text.slice(this.at, this.at + 40))?.[0];
    if (number !== undefined) {
      this.at += number.length;
      return { kind: 'value', value: Number(number) };
    }
    if (char === '.') {
      this.at++;
      return { kind: 'name', name: `.${this.word()}` };
    }
    const name = this.word();
    return name === 'true' || name === 'false' ? { kind: 'value', value: name === 'true' } : { kind: 'name', name };
  }

  private quoted(): string {
    const value = this.string();
    if (value.kind !== 'value' || typeof value.value !== 'string') throw this.wrong('expected a plain text');
    return value.value;
  }

  private string(): Expr {
    const quote = this.text[this.at++]!;
    const parts: (string | Expr)[] = [];
    let text = '';
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined) throw this.wrong('a text is not closed');
      if (char === quote) break;
      if (char === '\\') {
        const [all, hex, simple] = /^\\(?:x([0-9A-Fa-f]{1,4})|([^]))/.exec(this.text.slice(this.at, this.at + 6)) ?? ['\\'];
        text += hex === undefined ? ({ n: '\n', t: '\t', r: '\r', l: '<', g: '>', a: '&' }[simple!] ?? simple ?? '') : String.fromCodePoint(parseInt(hex, 16));
        this.at += all.length;
      } else if (char === '$' && this.text[this.at + 1] === '{') {
        this.at += 2;
        if (text !== '') parts.push(text);
        text = '';
        parts.push(this.inside(() => this.level(0)));
        this.expect('}');
      } else {
        text += char;
        this.at++;
      }
    }
    this.at++;
    if (parts.length === 0) return { kind: 'value', value: text };
    if (text !== '') parts.push(text);
    return { kind: 'string', parts };
  }
}
