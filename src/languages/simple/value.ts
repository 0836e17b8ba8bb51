import { nearest } from '../../core/diagnostics.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { LanguageContext } from '../../core/expression.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';

/** A compiled piece of Simple. Constants say so, to be folded into what uses them. */
export interface Value {
  (exchange: Exchange): unknown;
  readonly isConstant?: boolean;
  readonly isAsync?: boolean;
}

export const constant = (value: unknown): Value => Object.assign(() => value, { isConstant: true });

const nowhere = undefined as unknown as Exchange;

/** What a constant is. */
export const constantOf = (value: Value): unknown => value(nowhere);

export const body: Value = (exchange) => exchange.body;

export const illegalSyntax = (message: string, cause?: unknown): ExchangeError =>
  new ExchangeError('org.apache.camel.language.simple.types.SimpleIllegalSyntaxException', message, { cause });

/** What the functions ask of whoever compiles them. */
export interface Compiler {
  readonly context: LanguageContext;
  /** A text with functions in it. */
  template(source: string, at?: number): Value;
  predicate(source: string, at?: number): (exchange: Exchange) => boolean;
  /** A function of the author's own (`$name ~:= ...`), null when there is none. */
  custom(name: string): Value | null;
}

/** One `${name...}`, as its function sees it. */
export class Call {
  /** All that stands between the braces. */
  readonly text: string;
  readonly name: string;
  /** What follows the name. */
  readonly tail: string;
  /** Offset of `text` in the whole source. */
  readonly at: number;
  readonly compiler: Compiler;

  constructor(text: string, name: string, at: number, compiler: Compiler) {
    this.text = text;
    this.name = name;
    this.tail = text.slice(name.length);
    this.at = at;
    this.compiler = compiler;
  }

  get hasParentheses(): boolean {
    return this.tail.startsWith('(');
  }

  /** What stands between the first `(` and the last `)`; empty when nothing but blanks does. */
  get inner(): string {
    const end = this.tail.lastIndexOf(')');
    const inner = end < 0 ? '' : this.tail.slice(1, end);
    return inner.trim() === '' ? '' : inner;
  }

  template(source: string): Value {
    return this.compiler.template(source, this.offsetOf(source));
  }

  predicate(source: string): (exchange: Exchange) => boolean {
    return this.compiler.predicate(source, this.offsetOf(source));
  }

  /** Where a part of the text stands in the source. */
  offsetOf(part: string): number {
    const index = this.text.indexOf(part, this.name.length);
    return this.at + Math.max(0, index);
  }

  /** The error for a call that is written in a way the function doesn't know. */
  wrong(syntax: string): ExpressionSyntaxError {
    return new ExpressionSyntaxError(`\`\${${this.text}}\` is not how \`${this.name}\` is called`, this.at, this.text.length, `write ${syntax}`);
  }

  unknown(names: Iterable<string>): ExpressionSyntaxError {
    const near = nearest(this.name, names);
    const help = near === null ? null : `did you mean \`${near}\`?`;
    const shown = this.text === '' ? '${}' : this.name === '' ? this.text : this.name;
    return new ExpressionSyntaxError(`unknown function \`${shown}\``, this.at, Math.max(1, this.name.length || this.text.length), help);
  }
}

export type FunctionBuilder = (call: Call) => Value;
