import { exactNumber, isNumeric } from '../../core/conversion/exactNumber.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { Bounds } from '../template.ts';
import { areEqual, calledOn, compared, computed, entriesOf, holds, isMap, memberOf, printed, valueAt } from './values.ts';

/** What a template is rendered with. */
export interface Surroundings {
  readonly bounds: Bounds;
  readonly view: Readonly<Record<string, unknown>>;
  readonly exchange: Exchange;
  /** The text of a resource, for `#parse` and `#include`. */
  read(name: string): string;
}

/** Why the pieces behind are left out. */
type Halt = 'none' | 'loop' | 'all';

type Piece = (rendering: Rendering) => void;
type Value = (rendering: Rendering) => unknown;

/** What `#define` names, and the content that a macro is called with: rendered where it is written. */
class Block {
  readonly render: Piece;

  constructor(render: Piece) {
    this.render = render;
  }
}

/** `$foreach`. */
class Loop {
  index = -1;
  readonly parent: Loop | null;
  readonly size: number;

  constructor(parent: Loop | null, size: number) {
    this.parent = parent;
    this.size = size;
  }

  member(name: string): unknown {
    switch (name) {
      case 'index':
        return this.index;
      case 'count':
        return this.index + 1;
      case 'hasNext':
        return this.index + 1 < this.size;
      case 'first':
        return this.index === 0;
      case 'last':
        return this.index + 1 === this.size;
      case 'parent':
        return this.parent;
      case 'topmost':
        return this.parent === null ? this : this.parent.member('topmost');
      default:
        return undefined;
    }
  }
}

interface Macro {
  readonly parameters: readonly { readonly name: string; readonly otherwise: Value | null }[];
  readonly body: Piece;
}

/** By name; null for one whose definition is yet to come. */
type Macros = Map<string, Macro | null>;

class Rendering {
  readonly around: Surroundings;
  readonly bounds: Bounds;
  private readonly variables = new Map<string, unknown>();
  out = '';
  halt: Halt = 'none';
  loop: Loop | null = null;

  constructor(around: Surroundings) {
    this.around = around;
    this.bounds = around.bounds;
  }

  write(text: string): void {
    this.bounds.write(text.length);
    this.out += text;
  }

  get(name: string): unknown {
    if (name === 'foreach') return this.loop;
    if (this.variables.has(name)) return this.variables.get(name);
    return Object.hasOwn(this.around.view, name) ? this.around.view[name] : undefined;
  }

  set(name: string, value: unknown): void {
    this.variables.set(name, value);
  }

  /** Runs with variables of its own, which are afterwards what they were. */
  within(names: readonly string[], run: () => void): void {
    const before = names.map((name) => [name, this.variables.has(name), this.variables.get(name)] as const);
    run();
    for (const [name, was, value] of before) {
      if (was) this.variables.set(name, value);
      else this.variables.delete(name);
    }
  }

  /** The text that a piece makes. */
  textOf(piece: Piece): string {
    const before = this.out;
    this.out = '';
    const text = this.bounds.section(() => {
      piece(this);
      return this.out;
    });
    this.out = before;
    return text;
  }

  print(value: unknown): string {
    return value instanceof Block ? this.textOf(value.render) : printed(value, this.bounds);
  }

  member(value: unknown, name: string): unknown {
    if (value instanceof Loop) return value.member(name);
    if (value instanceof Block) return undefined;
    const { view } = this.around;
    if (value === view['headers']) return this.header(name);
    return memberOf(value, name);
  }

  private header(name: string): unknown {
    const headers = this.around.view['headers'] as Record<string, unknown>;
    if (Object.hasOwn(headers, name)) return headers[name];
    const folded = name.toLowerCase();
    const found = Object.keys(headers).find((key) => key.toLowerCase() === folded);
    return found === undefined ? null : headers[found];
  }

  private setHeader(name: string, value: unknown): unknown {
    const headers = this.around.view['headers'] as Record<string, unknown>;
    const before = this.header(name);
    this.around.exchange.headers.set(name, value);
    headers[Object.keys(headers).find((key) => key.toLowerCase() === name.toLowerCase()) ?? name] = value;
    return before;
  }

  call(value: unknown, name: string, args: readonly unknown[]): unknown {
    if (value instanceof Loop) return args.length === 0 ? value.member(/^(?:is|get)[A-Z]/.test(name) ? name.replace(/^(?:is|get)(.)/, (_all, letter: string) => letter.toLowerCase()) : name) : undefined;
    if (value instanceof Block) return undefined;
    const { view } = this.around;
    const [first, second] = args;
    if (value === view['headers'] && args.length > 0) {
      const key = printed(first, this.bounds);
      if (name === 'get') return this.header(key);
      if (name === 'containsKey') return this.header(key) !== null;
      if (name === 'put') return this.setHeader(key, second);
    }
    if (isMap(value) && (value === view['in'] || value === view['exchange'])) {
      const found = this.calledOnMessage(value, name, args);
      if (found !== undefined) return found;
    }
    return calledOn(value, name, args, this.bounds);
  }

  /** The exchange and its message, where a template may see them. */
  private calledOnMessage(value: Record<string, unknown> | Map<unknown, unknown>, name: string, args: readonly unknown[]): unknown {
    const key = args.length > 0 ? printed(args[0], this.bounds) : '';
    const { exchange, view } = this.around;
    switch (args.length > 0 ? name : '') {
      case 'getHeader':
        return this.header(key);
      case 'setHeader':
        this.setHeader(key, args[1]);
        return '';
      case 'getProperty':
        return valueAt(view['exchangeProperties'] as Record<string, unknown>, key);
      case 'setProperty':
        exchange.properties.set(key, args[1]);
        (view['exchangeProperties'] as Record<string, unknown>)[key] = args[1];
        return '';
      case 'getVariable':
        return valueAt(view['variables'] as Record<string, unknown>, key);
      case 'setVariable':
        exchange.variables.set(key, args[1]);
        (view['variables'] as Record<string, unknown>)[key] = args[1];
        return '';
      default: {
        const member = args.length === 0 ? /^get([A-Z].*)$/.exec(name)?.[1] : undefined;
        return member === undefined ? undefined : (valueAt(value, member.charAt(0).toLowerCase() + member.slice(1)) ?? undefined);
      }
    }
  }
}

const nothing: Piece = () => undefined;

const parseError = (message: string, source: string, at: number): ExchangeError => {
  const before = source.slice(0, at);
  const line = before.split('\n').length;
  return new ExchangeError('org.apache.velocity.exception.ParseErrorException', `${message} (line ${line}, column ${at - before.lastIndexOf('\n')})`);
};

/** What takes something in parentheses; `#name` alone is a text. */
const withParentheses = new Set(['set', 'if', 'elseif', 'foreach', 'macro', 'define', 'evaluate', 'parse', 'include']);
const alone = new Set(['else', 'end', 'break', 'stop']);

/** What a text with names in it counts for that is parsed when it is rendered. */
const textIsWorth = 50;
const deepest = 500;

interface Reference {
  readonly name: string;
  readonly path: readonly Step[];
  readonly isQuiet: boolean;
  readonly alternate: Value | null;
  /** As it stands in the template. */
  readonly text: string;
}

type Step = { readonly name: string; readonly args: readonly Value[] | null } | { readonly index: Value };

/** Where the blanks begin that end at a place. */
function blanksBefore(text: string, end: number): number {
  let at = end;
  while (at > 0 && (text[at - 1] === ' ' || text[at - 1] === '\t')) at--;
  return at;
}

class Parser {
  private readonly source: string;
  private readonly macros: Macros;
  /** Behind it nothing that is written as it stands is closed. */
  private readonly lastRawEnd: number;
  private at = 0;
  private depth = 0;

  constructor(source: string, macros: Macros = new Map()) {
    this.source = source;
    this.macros = macros;
    this.lastRawEnd = source.lastIndexOf(']]#');
    for (const [, name] of source.matchAll(/#\{?macro\}?\s*\(\s*([A-Za-z_]\w*)/g)) if (!macros.has(name!)) macros.set(name!, null);
  }

  template(): Piece {
    const { piece, end } = this.block([]);
    if (end !== null) throw this.error(`\`#${end}\` has nothing to end`);
    return piece;
  }

  private error(message: string, at = this.at): ExchangeError {
    return parseError(message, this.source, at);
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (found !== null) this.at += found[0].length;
    return found;
  }

  private blanks(): void {
    this.match(/\s*/y);
  }

  private expect(symbol: string): void {
    this.blanks();
    if (!this.source.startsWith(symbol, this.at)) throw this.error(`expected \`${symbol}\``);
    this.at += symbol.length;
  }

  /** Pieces up to one of the directives that end them, which has been read then (up to its parentheses). */
  private block(ends: readonly string[]): { readonly piece: Piece; readonly end: string | null } {
    if (++this.depth > deepest) throw this.error(`directives stand in each other more than ${deepest} deep`);
    const pieces: Piece[] = [];
    let text = '';
    const flush = (): void => {
      if (text !== '') pieces.push(literal(text));
      text = '';
    };
    let end: string | null = null;
    while (this.at < this.source.length) {
      const plain = this.match(/[^$#\\]+/y);
      if (plain !== null) text += plain[0];
      const char = this.source[this.at];
      if (char === undefined) break;
      if (char === '\\') {
        const slashes = this.match(/\\+/y)![0];
        const piece = this.escaped(slashes);
        if (typeof piece === 'string') text += piece;
        else {
          flush();
          pieces.push(piece);
        }
        continue;
      }
      if (char === '$') {
        const reference = this.reference();
        if (reference === null) {
          text += '$';
          this.at++;
        } else {
          flush();
          pieces.push(written(reference));
        }
        continue;
      }
      if (this.match(/##[^\n]*(?:\n|$)/y) !== null) continue;
      if (this.match(/#\*[\s\S]*?(?:\*#|$)/y) !== null) continue;
      const raw = this.at + 3 <= this.lastRawEnd ? this.match(/#\[\[([\s\S]*?)\]\]#/y) : null;
      if (raw !== null) {
        text += raw[1]!;
        continue;
      }
      const start = this.at;
      const directive = this.directive();
      if (directive === null) {
        text += '#';
        this.at++;
        continue;
      }
      // Alone before it on its line: blanks there are not written.
      const lineStart = blanksBefore(this.source, start);
      const isFirst = lineStart === 0 || this.source[lineStart - 1] === '\n';
      if (isFirst) text = text.slice(0, blanksBefore(text, text.length));
      flush();
      if (directive.name === 'end' || directive.name === 'else' || directive.name === 'elseif') {
        if (!ends.includes(directive.name)) throw this.error(`\`#${directive.name}\` has nothing to end`, start);
        end = directive.name;
        break;
      }
      pieces.push(this.after(directive, isFirst, start));
    }
    flush();
    this.depth--;
    if (end === null && ends.length > 0) throw this.error('`#end` is missing');
    return { piece: sequence(pieces), end };
  }

  /** The name of a directive, which has been read; null where none stands. */
  private directive(): { readonly name: string; readonly isBlock: boolean } | null {
    const from = this.at;
    const found = this.match(/#(?:\{(@?)([A-Za-z_]\w*)\}|(@?)([A-Za-z_]\w*))/y);
    const name = found?.[2] ?? found?.[4];
    const isBlock = (found?.[1] ?? found?.[3]) === '@';
    if (name !== undefined) {
      if (!isBlock && alone.has(name)) return { name, isBlock };
      const isCall = /[ \t]*\(/y;
      isCall.lastIndex = this.at;
      if (isCall.test(this.source)) {
        if (isBlock || withParentheses.has(name) || this.macros.has(name)) return { name, isBlock };
      } else if (!isBlock && (name === 'if' || name === 'elseif')) throw this.error(`\`#${name}\` needs a condition in parentheses`);
    }
    this.at = from;
    return null;
  }

  /** Behind backslashes: a reference or directive that is meant as it stands. */
  private escaped(slashes: string): string | Piece {
    const half = slashes.slice(0, slashes.length >> 1);
    const isOdd = slashes.length % 2 === 1;
    if (this.source[this.at] === '$') {
      const from = this.at;
      const reference = this.reference();
      if (reference === null) return slashes;
      const value = resolved(reference);
      const text = this.source.slice(from, this.at);
      return (rendering) => {
        const found = value(rendering);
        if (found === null || found === undefined) rendering.write(slashes + text);
        else rendering.write(half + (isOdd ? text : rendering.print(found)));
      };
    }
    if (this.source[this.at] === '#') {
      const from = this.at;
      const name = /#\{?([a-z]+)/y;
      name.lastIndex = from;
      const plain = name.exec(this.source);
      if (isOdd && plain !== null && withParentheses.has(plain[1]!)) {
        this.at += plain[0].length;
        return half + plain[0];
      }
      if (this.directive() === null) return slashes;
      if (isOdd) return half + this.source.slice(from, this.at);
      this.at = from;
      return half;
    }
    return slashes;
  }

  /** Blanks and the end of the line: they belong to what stood before. */
  private restOfLine(): void {
    this.match(/[ \t]*\r?\n/y);
  }

  private after({ name, isBlock }: { readonly name: string; readonly isBlock: boolean }, isFirst: boolean, start: number): Piece {
    const line = (piece: Piece): Piece => {
      if (isFirst) this.restOfLine();
      return piece;
    };
    switch (isBlock ? '' : name) {
      case 'set':
        return line(this.set());
      case 'if':
        return line(this.condition());
      case 'foreach':
        return line(this.foreach());
      case 'break':
        if (this.match(/[ \t]*\(/y) !== null) this.list(')');
        return line((rendering) => void (rendering.halt = rendering.loop === null ? 'all' : 'loop'));
      case 'stop':
        if (this.match(/[ \t]*\(/y) !== null) this.list(')');
        return line((rendering) => void (rendering.halt = 'all'));
      case 'macro':
        return line(this.macro());
      case 'define':
        return line(this.define());
      case 'evaluate': {
        const [source] = this.arguments();
        if (source === undefined) throw this.error('`#evaluate` needs a text', start);
        const { macros } = this;
        return line((rendering) => {
          rendering.bounds.repeat(textIsWorth);
          const value = source(rendering);
          if (value !== null && value !== undefined) rendering.write(rendering.textOf(new Parser(rendering.print(value), new Map(macros)).template()));
        });
      }
      case 'parse':
      case 'include':
        return line(this.included(name, start));
      default:
        return line(this.macroCall(name, isBlock, start));
    }
  }

  private arguments(): Value[] {
    this.expect('(');
    return this.list(')');
  }

  private set(): Piece {
    this.expect('(');
    this.blanks();
    const reference = this.reference();
    if (reference === null) throw this.error('`#set` needs a reference, as in `#set($name = 1)`');
    this.expect('=');
    const value = this.expression();
    this.expect(')');
    const { name, path } = reference;
    const last = path.at(-1);
    if (last === undefined) return (rendering) => rendering.set(name, value(rendering) ?? null);
    const owner = resolved({ ...reference, path: path.slice(0, -1), alternate: null });
    if ('name' in last && last.args !== null) throw this.error('nothing can be set to what a call gives');
    const key: Value = 'name' in last ? () => last.name : last.index;
    return (rendering) => {
      const target = owner(rendering);
      const item = value(rendering) ?? null;
      const at = key(rendering);
      if (Array.isArray(target)) {
        if (!isNumeric(at) || !(Number(at) >= 0 && Number(at) < target.length)) throw new ExchangeError('org.apache.velocity.exception.MethodInvocationException', `Index ${rendering.print(at)} out of bounds for length ${target.length}`);
        target[Number(at)] = item;
      } else if (isMap(target)) rendering.call(target, 'put', [at, item]);
    };
  }

  /** The content of a directive begins behind the end of its line. */
  private content(ends: readonly string[]): { readonly piece: Piece; readonly end: string | null } {
    this.restOfLine();
    return this.block(ends);
  }

  private condition(): Piece {
    const branches: { readonly test: Value | null; readonly piece: Piece }[] = [];
    let test: Value | null = this.test();
    for (;;) {
      const { piece, end }: { readonly piece: Piece; readonly end: string | null } = this.content(test === null ? ['end'] : ['elseif', 'else', 'end']);
      branches.push({ test, piece });
      if (end === 'end') break;
      test = end === 'elseif' ? this.test() : null;
    }
    return (rendering) => {
      for (const { test: condition, piece } of branches) if (condition === null || holds(condition(rendering))) return piece(rendering);
    };
  }

  private test(): Value {
    this.expect('(');
    const value = this.expression();
    this.expect(')');
    return value;
  }

  private foreach(): Piece {
    this.expect('(');
    this.blanks();
    const variable = this.reference();
    this.blanks();
    if (variable === null || this.match(/in\b/y) === null) throw this.error('expected `$item in $list`');
    const source = this.expression();
    this.expect(')');
    const { piece, end } = this.content(['else', 'end']);
    const otherwise = end === 'else' ? this.content(['end']).piece : nothing;
    const { name } = variable;
    return (rendering) => {
      const value = source(rendering);
      const items = Array.isArray(value) ? value : value instanceof Set ? [...(value as Set<unknown>)] : isMap(value) ? entriesOf(value).map(([, item]) => item) : null;
      if (items === null || items.length === 0) return value === null || value === undefined || items !== null ? otherwise(rendering) : undefined;
      const outer = rendering.loop;
      const loop = (rendering.loop = new Loop(outer, items.length));
      rendering.within([name], () => {
        for (const item of items) {
          loop.index++;
          rendering.bounds.repeat();
          rendering.set(name, item);
          piece(rendering);
          if (rendering.halt === 'loop') rendering.halt = 'none';
          else if (rendering.halt === 'none') continue;
          break;
        }
      });
      rendering.loop = outer;
    };
  }

  private macro(): Piece {
    this.expect('(');
    this.blanks();
    const name = this.match(/[A-Za-z_]\w*/y)?.[0];
    if (name === undefined) throw this.error('`#macro` needs a name, as in `#macro(greet $who)`');
    const parameters: { name: string; otherwise: Value | null }[] = [];
    const parameter = /[\s,]*\$([A-Za-z_]\w*)/y;
    for (let found = this.match(parameter); found !== null; found = this.match(parameter)) {
      parameters.push({ name: found[1]!, otherwise: this.match(/\s*=\s*/y) === null ? null : this.primary() });
    }
    this.expect(')');
    const { piece: body } = this.content(['end']);
    // As in Velocity the first one stays.
    if ((this.macros.get(name) ?? null) === null) this.macros.set(name, { parameters, body });
    return nothing;
  }

  private macroCall(name: string, isBlock: boolean, start: number): Piece {
    const args = this.arguments();
    const content = isBlock ? new Block(this.content(['end']).piece) : null;
    const text = this.source.slice(start, this.at);
    const { macros } = this;
    return (rendering) => {
      const macro = macros.get(name) ?? null;
      if (macro === null) return rendering.write(text);
      const values = args.map((arg) => arg(rendering));
      const { parameters, body } = macro;
      rendering.within([...parameters.map((parameter) => parameter.name), 'bodyContent'], () => {
        parameters.forEach((parameter, i) => rendering.set(parameter.name, i < values.length ? values[i] : (parameter.otherwise?.(rendering) ?? null)));
        rendering.set('bodyContent', content);
        rendering.write(rendering.textOf(body));
      });
    };
  }

  private define(): Piece {
    this.expect('(');
    this.blanks();
    const reference = this.reference();
    if (reference === null) throw this.error('`#define` needs a reference, as in `#define($block)`');
    this.expect(')');
    const block = new Block(this.content(['end']).piece);
    return (rendering) => rendering.set(reference.name, block);
  }

  /** Only what the template itself names: a message could name any file. */
  private included(directive: string, start: number): Piece {
    this.expect('(');
    const names: string[] = [];
    for (this.blanks(); this.source[this.at] !== ')'; this.match(/[\s,]*/y)) {
      const name = this.match(/'([^']*)'|"([^"$#]*)"/y);
      if (name === null) throw this.error(`\`#${directive}\` needs the name of a file as a text`, start);
      names.push(name[1] ?? name[2]!);
    }
    this.at++;
    const { macros } = this;
    return (rendering) => {
      for (const name of names) {
        let text: string;
        try {
          text = rendering.around.read(name);
        } catch (thrown) {
          throw new ExchangeError('org.apache.velocity.exception.ResourceNotFoundException', `Unable to find resource '${name}'`, { cause: thrown });
        }
        rendering.bounds.repeat(textIsWorth);
        if (directive === 'include') rendering.write(text);
        else rendering.write(rendering.textOf(new Parser(text, new Map(macros)).template()));
      }
    };
  }

  // ---------------------------------------------------------------- references

  /** A reference, which has been read; null where there is none. */
  private reference(): Reference | null {
    const from = this.at;
    const begin = this.match(/\$(!?)(\{?)([A-Za-z_]\w*)/y);
    if (begin === null) return null;
    const isBraced = begin[2] === '{';
    const path: Step[] = [];
    for (;;) {
      const name = this.match(/\.([A-Za-z_]\w*)/y);
      if (name !== null) {
        path.push({ name: name[1]!, args: this.source[this.at] === '(' ? this.arguments() : null });
        continue;
      }
      if (this.source[this.at] !== '[') break;
      this.at++;
      const index = this.expression();
      this.expect(']');
      path.push({ index });
    }
    let alternate: Value | null = null;
    if (isBraced) {
      if (this.match(/\s*\|/y) !== null) alternate = this.expression();
      this.blanks();
      if (this.source[this.at] !== '}') throw this.error(`expected \`}\` behind \`${this.source.slice(from, this.at)}\``);
      this.at++;
    }
    return { name: begin[3]!, path, isQuiet: begin[1] === '!', alternate, text: this.source.slice(from, this.at) };
  }

  // ---------------------------------------------------------------- expressions

  /** Up to what closes it. */
  private list(close: string): Value[] {
    const values: Value[] = [];
    for (;;) {
      this.match(/[\s,]*/y);
      if (this.source.startsWith(close, this.at)) {
        this.at += close.length;
        return values;
      }
      values.push(this.expression());
    }
  }

  private expression(): Value {
    if (++this.depth > deepest) throw this.error(`expressions stand in each other more than ${deepest} deep`);
    const value = this.binary(0);
    this.depth--;
    return value;
  }

  private binary(level: number): Value {
    if (level === levels.length) return this.unary();
    let left = this.binary(level + 1);
    for (;;) {
      const from = this.at;
      this.blanks();
      const found = this.match(levels[level]!);
      if (found === null) {
        this.at = from;
        return left;
      }
      const operation = operations[found[0]]!;
      const [a, b] = [left, this.binary(level + 1)];
      left = (rendering) => operation(a, b, rendering);
    }
  }

  private unary(): Value {
    this.blanks();
    if (this.match(/!(?!=)|not\b/y) !== null) {
      const value = this.unary();
      return (rendering) => !holds(value(rendering));
    }
    if (this.match(/-(?!\d)/y) !== null) {
      const value = this.unary();
      return (rendering) => computed('-', 0, value(rendering), rendering.bounds);
    }
    return this.primary();
  }

  private primary(): Value {
    this.blanks();
    const number = this.match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number !== null) {
      const value = exactNumber(number[0]);
      return () => value;
    }
    switch (this.source[this.at]) {
      case "'": {
        const text = this.match(/'((?:[^']|'')*)'/y);
        if (text === null) throw this.error('the text is not closed');
        const value = text[1]!.replaceAll("''", "'");
        return () => value;
      }
      case '"': {
        const text = this.match(/"((?:[^"]|"")*)"/y);
        if (text === null) throw this.error('the text is not closed');
        const value = text[1]!.replaceAll('""', '"');
        if (!/[$#]/.test(value)) return () => value;
        const piece = new Parser(value, this.macros).template();
        return (rendering) => rendering.textOf(piece);
      }
      case '$': {
        const reference = this.reference();
        if (reference !== null) return resolved(reference);
        break;
      }
      case '(': {
        this.at++;
        const value = this.expression();
        this.expect(')');
        return value;
      }
      case '[':
        this.at++;
        return this.array();
      case '{':
        this.at++;
        return this.map();
      default: {
        const word = this.match(/true\b|false\b/y);
        if (word !== null) {
          const isTrue = word[0] === 'true';
          return () => isTrue;
        }
      }
    }
    throw this.error(this.at < this.source.length ? `\`${this.source.slice(this.at, this.at + 10)}\` is no expression` : 'an expression is missing');
  }

  private array(): Value {
    this.blanks();
    if (this.source[this.at] === ']') {
      this.at++;
      return () => [];
    }
    const first = this.expression();
    if (this.match(/\s*\.\.\s*/y) !== null) {
      const last = this.expression();
      this.expect(']');
      return (rendering) => range(first(rendering), last(rendering), rendering.bounds);
    }
    const items = [first, ...this.list(']')];
    return (rendering) => items.map((item) => item(rendering) ?? null);
  }

  private map(): Value {
    const entries: [Value, Value][] = [];
    for (;;) {
      this.match(/[\s,]*/y);
      if (this.source[this.at] === '}') break;
      const key = this.expression();
      this.expect(':');
      entries.push([key, this.expression()]);
    }
    this.at++;
    return (rendering) => new Map(entries.map(([key, value]) => [key(rendering), value(rendering) ?? null]));
  }
}

const levels = [/\|\||or\b/y, /&&|and\b/y, /==|!=|eq\b|ne\b/y, /<=|>=|<|>|le\b|ge\b|lt\b|gt\b/y, /\+|-(?=\s|\$|\()|(?<!\s)-/y, /\*|\/|%/y];

type Operation = (a: Value, b: Value, rendering: Rendering) => unknown;

const compares = (fits: (order: number) => boolean): Operation => (a, b, rendering) => {
  const order = compared(a(rendering), b(rendering));
  return order !== null && fits(order);
};
const equals: Operation = (a, b, rendering) => areEqual(a(rendering), b(rendering), rendering.bounds);
const differs: Operation = (a, b, rendering) => !areEqual(a(rendering), b(rendering), rendering.bounds);
const or: Operation = (a, b, rendering) => holds(a(rendering)) || holds(b(rendering));
const and: Operation = (a, b, rendering) => holds(a(rendering)) && holds(b(rendering));
const counts = (operator: string): Operation => (a, b, rendering) => computed(operator, a(rendering), b(rendering), rendering.bounds);
const [less, more, atMost, atLeast] = [compares((order) => order < 0), compares((order) => order > 0), compares((order) => order <= 0), compares((order) => order >= 0)];

const operations: Readonly<Record<string, Operation>> = {
  '||': or,
  or,
  '&&': and,
  and,
  '==': equals,
  eq: equals,
  '!=': differs,
  ne: differs,
  '<': less,
  lt: less,
  '>': more,
  gt: more,
  '<=': atMost,
  le: atMost,
  '>=': atLeast,
  ge: atLeast,
  ...Object.fromEntries(['+', '-', '*', '/', '%'].map((operator) => [operator, counts(operator)])),
};

function range(from: unknown, to: unknown, bounds: Bounds): unknown {
  if (!isNumeric(from) || !isNumeric(to)) return null;
  const [first, last] = [Math.trunc(Number(from)), Math.trunc(Number(to))];
  bounds.repeat(Math.abs(last - first));
  const step = last < first ? -1 : 1;
  return Array.from({ length: Math.abs(last - first) + 1 }, (_none, i) => first + i * step);
}

const literal =
  (text: string): Piece =>
  (rendering) =>
    rendering.write(text);

function sequence(pieces: readonly Piece[]): Piece {
  if (pieces.length === 0) return nothing;
  if (pieces.length === 1) return pieces[0]!;
  return (rendering) => {
    for (const piece of pieces) {
      piece(rendering);
      if (rendering.halt !== 'none') return;
    }
  };
}

/** The value that a reference leads to; null or undefined where it leads nowhere. */
function resolved({ name, path, alternate }: Reference): Value {
  const found: Value =
    path.length === 0
      ? (rendering) => rendering.get(name)
      : (rendering) => {
          let value = rendering.get(name);
          for (const step of path) {
            if (value === null || value === undefined) return value;
            if ('index' in step) value = itemOf(value, step.index(rendering), rendering);
            else value = step.args === null ? rendering.member(value, step.name) : rendering.call(value, step.name, step.args.map((arg) => arg(rendering)));
          }
          return value;
        };
  if (alternate === null) return found;
  return (rendering) => {
    const value = found(rendering);
    return holds(value) ? value : alternate(rendering);
  };
}

function itemOf(value: unknown, index: unknown, rendering: Rendering): unknown {
  if (Array.isArray(value)) {
    const at = Number(index) < 0 ? value.length + Number(index) : Number(index);
    if (!(at >= 0 && at < value.length)) throw new ExchangeError('org.apache.velocity.exception.MethodInvocationException', `Index ${rendering.print(index)} out of bounds for length ${value.length}`);
    return value[at];
  }
  return isMap(value) ? rendering.call(value, 'get', [index]) : undefined;
}

/** Nothing is written as it stands in the template, or not at all. */
function written(reference: Reference): Piece {
  const value = resolved(reference);
  const missing = reference.isQuiet ? '' : reference.text;
  return (rendering) => {
    const found = value(rendering);
    rendering.write(found === null || found === undefined ? missing : rendering.print(found));
  };
}

/** @throws ExchangeError ParseErrorException */
export function compileTemplate(source: string): (around: Surroundings) => string {
  const piece = new Parser(source).template();
  return (around) => {
    const rendering = new Rendering(around);
    around.bounds.reset();
    piece(rendering);
    return rendering.out;
  };
}
