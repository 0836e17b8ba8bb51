import { toText } from '../../core/conversion/convert.ts';
import { defineLanguage } from '../../core/definition.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { LanguageContext } from '../../core/expression.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';
import { whenKnown } from '../../core/graph/flow.ts';
import { field } from '../../core/field.ts';
import { SimpleCompiler } from './compile.ts';
import { initBlock, withNames } from './initBlock.ts';
import { prettyText } from './pretty.ts';
import type { Value } from './value.ts';
import { constant, illegalSyntax } from './value.ts';

interface SimpleOptions {
  readonly trimResult?: boolean | undefined;
  readonly pretty?: boolean | undefined;
  readonly nested?: boolean | undefined;
  readonly resultType?: unknown;
}

/** What an init block sets, before the expression itself is evaluated. */
type Preparation = (exchange: Exchange) => void;

/** The source without its init block, what the block does, and where the rest stood. */
function prepared(source: string, compiler: SimpleCompiler): { rest: string; offset: number; prepare: Preparation | null } {
  const block = initBlock(source);
  if (block === null) return { rest: source, offset: 0, prepare: null };
  const { statements } = block;
  const steps: Preparation[] = [];
  for (const { name, isFunction, source: text, offset } of statements) {
    const value = statementValue(text, offset, compiler);
    if (isFunction) compiler.define(name, value);
    else steps.push((exchange) => exchange.setVariable(name, value(exchange) ?? null));
  }
  const prepare: Preparation = (exchange) => {
    for (const step of steps) step(exchange);
  };
  return { rest: withNames(block.rest, statements), offset: block.restOffset, prepare };
}

function statementValue(text: string, offset: number, compiler: SimpleCompiler): Value {
  const quote = /^['"]/.exec(text)?.[0];
  if (quote === undefined) return compiler.template(text, offset);
  // Each of the two is taken off for itself, as in Camel.
  return compiler.template(text.slice(1, text.length > 1 && text.endsWith(quote) ? -1 : undefined), offset + 1);
}

const isBooleanType = (type: unknown): boolean => typeof type === 'string' && /^(?:java\.lang\.)?boolean$/i.test(type);

function expression(source: string, options: SimpleOptions, context: LanguageContext): Value {
  const compiler = new SimpleCompiler(context);
  const { rest, offset, prepare } = prepared(resourceOr(source, context), compiler);
  // A result that is a truth makes the source a condition, as in Camel.
  let value = isBooleanType(options.resultType) ? truthOf(compiler, rest, offset) : compiler.template(rest, offset);
  if (prepare !== null) {
    const main = value;
    value = Object.assign(
      (exchange: Exchange) => {
        prepare(exchange);
        // What follows a block is text, also where it is one function alone.
        return toText(main(exchange), exchange) ?? '';
      },
      { isAsync: false },
    );
  }
  // A truth is no expression.
  if (options.nested === true && !isBooleanType(options.resultType)) value = nested(value, context);
  if (options.trimResult === true) value = mapped(value, (result) => (typeof result === 'string' ? result.trim() : result));
  if (options.pretty === true) value = mapped(value, (result) => (result === null || result === undefined ? null : prettyText(toText(result) ?? '')));
  return value;
}

/** One function alone, or one quoted text, is a value; where something stands beside it, or an operator is in it, it is a condition. */
function truthOf(compiler: SimpleCompiler, source: string, offset: number): Value {
  const alone = source.trim();
  const quoted = /^(['"])([^'"$\\]*)\1$/.exec(alone);
  if (quoted !== null) return constant(quoted[2]);
  const isValue = /^\$(?:simple)?\{[^{}]*\}$/.test(alone) && !/\s\?\s/.test(alone);
  return isValue ? compiler.template(alone, offset + source.indexOf(alone)) : compiler.predicate(source, offset);
}

function mapped(value: Value, map: (result: unknown) => unknown): Value {
  if (value.isConstant) return constant(map(value(undefined as unknown as Exchange)));
  if (value.isAsync === true) return Object.assign((exchange: Exchange) => whenKnown(value(exchange), map), { isAsync: true });
  return (exchange) => map(value(exchange));
}

/** The result is an expression itself; those seen last are kept compiled. */
function nested(value: Value, context: LanguageContext): Value {
  const compiled = new Map<string, Value>();
  return (exchange) => {
    const source = value(exchange);
    if (typeof source !== 'string') return source;
    let inner = compiled.get(source);
    if (inner === undefined) {
      try {
        inner = expression(source, {}, context);
      } catch (thrown) {
        if (thrown instanceof ExpressionSyntaxError) throw illegalSyntax(thrown.message, thrown);
        throw thrown instanceof ExchangeError ? thrown : illegalSyntax((thrown as Error).message, thrown);
      }
      if (compiled.size >= 100) compiled.clear();
      compiled.set(source, inner);
    }
    return inner(exchange);
  };
}

const resourceOr = (source: string, context: LanguageContext): string => (source.startsWith('resource:') ? context.resource(source) : source);

function predicate(source: string, context: LanguageContext): (exchange: Exchange) => boolean {
  const compiler = new SimpleCompiler(context);
  const { rest, offset, prepare } = prepared(resourceOr(source, context), compiler);
  // As in Camel, nothing is a condition that nothing meets.
  const isEmpty = rest.trim() === '';
  if (isEmpty) context.log('warn', 'simple: an empty condition is never met');
  const condition = isEmpty ? () => false : compiler.predicate(rest, offset);
  if (prepare === null) return condition;
  return (exchange) => {
    prepare(exchange);
    return condition(exchange);
  };
}

export const simple = defineLanguage({
  name: 'simple',
  decidesOnBoolean: true,
  summary: 'Camel’s own small language: texts with functions in them (`Hello ${header.name}`), and conditions (`${body[amount]} > 100`).',
  options: {
    trimResult: field.boolean('Takes blanks off both ends of a result that is a text.').default(false),
    pretty: field.boolean('Lays out a result that is JSON or XML.').default(false),
    nested: field.boolean('The result is an expression in Simple again, and is evaluated too.').default(false),
  },
  examples: [
    { expression: 'Hello ${body}', body: 'World', gives: 'Hello World' },
    { expression: '${body[name]}', body: { name: 'Ann' }, gives: 'Ann' },
    { expression: '${uppercase()} ~> ${quote()}', body: 'abc', gives: '"ABC"' },
    { expression: "${body > 3 ? 'many' : 'few'}", body: 5, gives: 'many' },
  ],
  expression: (source, options, context) => expression(source, options, context),
  predicate: (source, _options, context) => predicate(source, context),
});
