import { toTruth } from '../../src/core/conversion/convert.ts';
import type { LanguageDefinition } from '../../src/core/definition.ts';
import type { Expression, LanguageContext, Predicate } from '../../src/core/expression.ts';
import { Exchange } from '../../src/core/exchange/exchange.ts';
import { Headers } from '../../src/core/exchange/headers.ts';

/** Stands in for Simple where a language embeds it: `${body}`, `${header.x}`, `${variable.x}` and text around them. */
const miniSimple = (source: string): Expression => {
  const read = (exchange: Exchange, path: string): unknown => {
    const [kind, name = ''] = path.split(/[.](.*)/s);
    if (kind === 'header') return exchange.headers.get(name);
    if (kind === 'variable') return exchange.variable(name);
    return exchange.body;
  };
  const single = /^\$\{([^}]*)\}$/.exec(source);
  if (single !== null) return (exchange) => read(exchange, single[1]!);
  return (exchange) => source.replace(/\$\{([^}]*)\}/g, (_, path: string) => String(read(exchange, path) ?? ''));
};

export interface Setting {
  readonly beans?: Readonly<Record<string, unknown>>;
  readonly languages?: Readonly<Record<string, LanguageDefinition>>;
  readonly resources?: Readonly<Record<string, string>>;
}

export function languageContext({ beans = {}, languages = {}, resources = {} }: Setting = {}): LanguageContext {
  const expression = (language: string, source: string, options: Readonly<Record<string, unknown>> = {}): Expression => {
    const definition = languages[language];
    if (definition !== undefined) return definition.expression(source, options as never, context);
    if (language === 'simple') return miniSimple(source);
    if (language === 'constant') return () => source;
    throw new Error(`no language ${language}`);
  };
  const context: LanguageContext = {
    expression,
    predicate: (language, source, options): Predicate => {
      const value = expression(language, source, options);
      return (exchange) => toTruth(value(exchange));
    },
    property: () => undefined,
    bean: (name) => beans[name],
    beanNames: () => Object.keys(beans),
    resource: (uri) => resources[uri] ?? '',
    environment: {},
    log: () => {},
  };
  return context;
}

export const exchangeWith = (body: unknown, headers: Readonly<Record<string, unknown>> = {}): Exchange => new Exchange(undefined, body, Headers.from(headers));

/** What a language gives for a body; options as its code gets them. */
export function evaluate(definition: { readonly expression: unknown }, source: string, body: unknown, options: object = {}, setting: Setting = {}): unknown {
  const exchange = body instanceof Exchange ? body : exchangeWith(body);
  return (definition.expression as LanguageDefinition['expression'])(source, options as never, languageContext(setting))(exchange);
}
