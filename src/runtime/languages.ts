import type { Fields } from '../core/field.ts';
import type { LanguageDefinition } from '../core/definition.ts';
import type { Diagnostics, Fix, Span } from '../core/diagnostics.ts';
import { nearest } from '../core/diagnostics.ts';
import { convertTo, isConvertibleType, primitiveDefaults, toTruth } from '../core/conversion/convert.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression, LanguageContext, Predicate, Preparation } from '../core/expression.ts';
import { ExpressionSyntaxError } from '../core/expression.ts';
import { whenKnown } from '../core/graph/flow.ts';
import { insertAt, replaceWith } from '../dsl/fixes.ts';
import { insteadOfLanguage } from '../dsl/instead.ts';
import { quoted } from '../dsl/textReader.ts';
import type { ExpressionModel } from '../dsl/model.ts';

const isBooleanType = (type: unknown): boolean => typeof type === 'string' && /^(java\.lang\.)?boolean$/i.test(type);

/** Applies `resultType`, which every language has, to what an expression gives. */
function typed(expression: Expression, resultType: unknown, { conversionFailed }: LanguageDefinition): Expression {
  if (typeof resultType !== 'string' || resultType === '' || resultType === 'java.lang.Object') return expression;
  if (!isConvertibleType(resultType)) {
    const known = ['String', 'Integer', 'Long', 'Double', 'Boolean', 'java.util.Map', 'java.util.List'];
    throw new ExpressionSyntaxError(`there is no type \`${resultType}\` that a value can be converted to`, 0, 1, `write ${known.map((type) => `\`${type}\``).join(', ')} or another class of Java's by its full name`);
  }
  if (expression.isAsync === true) {
    return Object.assign((exchange: Exchange) => whenKnown(expression(exchange), (value) => converted(value, resultType, exchange)), { isAsync: true, label: expression.label });
  }
  if (conversionFailed === undefined) return Object.assign((exchange: Exchange) => converted(expression(exchange), resultType, exchange), { label: expression.label });
  const convert = (exchange: Exchange): unknown => {
    const value = expression(exchange);
    try {
      return converted(value, resultType, exchange);
    } catch (thrown) {
      throw conversionFailed(thrown);
    }
  };
  return Object.assign(convert, { label: expression.label });
}

/** As in Camel, a value that can't become what is wanted at all is nothing; one that could, but is wrong, is an error. */
function converted(value: unknown, type: string, exchange: Exchange): unknown {
  // An iterator is what its steps give: only a list can be made of it.
  if (typeof value === 'object' && value !== null && typeof (value as { next?: unknown }).next === 'function' && !/(?:List|Set|Collection|\[\])$/.test(type.trim())) return value;
  if (value === null || value === undefined) return primitiveDefaults[type.trim()] ?? null;
  try {
    return convertTo(value, type, exchange);
  } catch (thrown) {
    if (thrown instanceof ExchangeError && thrown.type === 'org.apache.camel.NoTypeConversionAvailableException') return null;
    throw thrown;
  }
}

const truth = (expression: Expression): Predicate =>
  expression.isAsync === true
    ? Object.assign((exchange: Exchange) => whenKnown(expression(exchange), toTruth) as boolean, { isAsync: true, label: expression.label })
    : Object.assign((exchange: Exchange) => toTruth(expression(exchange)), { label: expression.label });

/** Compiles expressions of all languages; the same definition gives both expressions and predicates. */
export class Languages {
  private readonly definitions: Readonly<Record<string, LanguageDefinition>>;
  readonly context: LanguageContext;
  /** What the expressions that are being compiled want done before they are evaluated. */
  private preparations: Preparation[] | null = null;
  /** What properties say of all expressions of a language. */
  private readonly optionsOf: (language: string, fields: Fields) => Readonly<Record<string, unknown>>;

  constructor(definitions: Readonly<Record<string, LanguageDefinition>>, context: Omit<LanguageContext, 'expression' | 'predicate'> & { optionsOf?(language: string, fields: Fields): Readonly<Record<string, unknown>> }) {
    this.definitions = definitions;
    this.optionsOf = (language, fields) => context.optionsOf?.(language, fields) ?? {};
    this.context = {
      property: (key) => context.property(key),
      bean: (name) => context.bean(name),
      beanNames: () => context.beanNames(),
      resource: (uri) => context.resource(uri),
      environment: context.environment,
      log: (level, message) => context.log(level, message),
      expression: (language, source, options = {}) => this.expression(language, source, options),
      predicate: (language, source, options = {}) => this.predicate(language, source, options),
    };
  }

  /** Compiles something, and gives what the expressions in it, also those within others, want done before they are evaluated. */
  preparing<T>(compile: () => T): { readonly compiled: T; readonly preparations: readonly Preparation[] } {
    const { preparations: outer } = this;
    const preparations: Preparation[] = [];
    this.preparations = preparations;
    try {
      return { compiled: compile(), preparations };
    } finally {
      this.preparations = outer;
    }
  }

  private noted<E extends Expression>(expression: E): E {
    if (expression.prepare !== undefined) this.preparations?.push(expression.prepare);
    return expression;
  }

  private definition(language: string): LanguageDefinition {
    const found = this.definitions[language] ?? Object.values(this.definitions).find(({ name }) => name === language);
    if (found === undefined) {
      const near = nearest(language, Object.keys(this.definitions));
      throw new ExpressionSyntaxError(`unknown language \`${language}\`${insteadOfLanguage[language] === undefined ? '' : `: ${insteadOfLanguage[language]}`}`, 0, 1, near !== null ? `did you mean \`${near}\`?` : insteadOfLanguage[language] === undefined ? `the languages are ${quoted(Object.keys(this.definitions))}` : null);
    }
    return found;
  }

  expression(language: string, source: string, options: Readonly<Record<string, unknown>>): Expression {
    const definition = this.definition(language);
    const text = this.source(definition, source, options);
    const compiled = this.noted(withOrigin(language, text, () => definition.expression(text, this.withDefaults(definition, options), this.context)));
    if (definition.decidesOnBoolean === true && isBooleanType(options['resultType'])) return labelled(compiled, language, source);
    return typed(labelled(compiled, language, source), options['resultType'], definition);
  }

  predicate(language: string, source: string, options: Readonly<Record<string, unknown>>): Predicate {
    const definition = this.definition(language);
    const text = this.source(definition, source, options);
    const all = this.withDefaults(definition, options);
    if (definition.predicate !== undefined) return labelled(this.noted(withOrigin(language, text, () => definition.predicate!(text, all, this.context))), language, source);
    return labelled(truth(this.noted(withOrigin(language, text, () => definition.expression(text, all, this.context)))), language, source);
  }

  private withDefaults(definition: LanguageDefinition, options: Readonly<Record<string, unknown>>): never {
    const said = this.optionsOf(definition.name, definition.options);
    const all: Record<string, unknown> = { resultType: options['resultType'] };
    for (const [name, { shape }] of Object.entries(definition.options)) all[name] = options[name] ?? said[name] ?? shape.default;
    return all as never;
  }

  private source(definition: LanguageDefinition, source: string, options: Readonly<Record<string, unknown>>): string {
    // As in Camel, blanks at the ends of a resource belong to it.
    if (source.trimStart().startsWith('resource:')) return this.context.resource(source.trim());
    return definition.keepsBlanks === true || options['trim'] === false || options['trim'] === 'false' ? source : source.trim();
  }

  /** Compiles from the model; a wrong source text becomes a problem that points into it. */
  compile(model: ExpressionModel, problems: Diagnostics): Expression {
    const asPredicate = (): Predicate => this.compilePredicate(model, problems);
    return this.guarded(model, problems, (): Expression => Object.assign(this.expression(model.language, model.source, model.options), { asPredicate }), () => null);
  }

  compilePredicate(model: ExpressionModel, problems: Diagnostics): Predicate {
    return this.guarded(model, problems, () => this.predicate(model.language, model.source, model.options), () => false);
  }

  private guarded<T>(model: ExpressionModel, problems: Diagnostics, compile: () => T, standIn: T): T {
    try {
      return compile();
    } catch (thrown) {
      if (thrown instanceof ExpressionSyntaxError) {
        problems.report('M0301', `${model.language}: ${thrown.message}`, spanOf(model, thrown), { label: 'here', help: thrown.help, fix: fixOf(model, thrown), docs: `docs/languages/${model.language}.md` });
      } else {
        problems.report('M0302', `${model.language}: ${(thrown as Error).message}`, model.sourceAt ?? model.at, { help: 'what the text names must be there: check its name and path' });
      }
      return standIn;
    }
  }
}

function withOrigin<T>(language: string, text: string, compile: () => T): T {
  try {
    return compile();
  } catch (thrown) {
    if (thrown instanceof ExpressionSyntaxError) thrown.origin ??= { language, text };
    throw thrown;
  }
}

/** What the help of a language's complaint says, where the file has the source text as it is. */
function fixOf(model: ExpressionModel, error: ExpressionSyntaxError): Fix | null {
  const { sourceAt } = model;
  if (sourceAt === null || error.help === null) return null;
  const added = /^add `([^`]+)`$/.exec(error.help)?.[1];
  if (added !== undefined) return insertAt(sourceAt.source, sourceAt.end, added);
  const meant = /^did you mean `([^`:]+)`\?$/.exec(error.help)?.[1];
  const at = spanOf(model, error);
  // One letter is where a language does not know the place.
  return meant === undefined || (error.length === 1 && /\w/.test(at.source.text[at.start]!)) ? null : replaceWith(at, meant);
}

function spanOf(model: ExpressionModel, error: ExpressionSyntaxError): Span {
  const { sourceAt } = model;
  if (sourceAt === null) return model.at;
  // Trimming moves the offsets that the language saw.
  const shift = model.source.length - model.source.trimStart().length;
  const start = Math.min(sourceAt.start + shift + error.offset, sourceAt.end);
  return { source: sourceAt.source, start, end: Math.min(start + Math.max(1, error.length), Math.max(sourceAt.end, start + 1)) };
}

function labelled<E extends Expression>(expression: E, language: string, source: string): E {
  if (expression.label !== undefined) return expression;
  return Object.assign(expression, { label: `${language}{${source}}` });
}
