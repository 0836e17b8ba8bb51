import { Bag } from '../../../src/core/exchange/bag.ts';
import type { LanguageDefinition } from '../../../src/core/definition.ts';
import { Exchange } from '../../../src/core/exchange/exchange.ts';
import type { Expression, LanguageContext } from '../../../src/core/expression.ts';
import { ExpressionSyntaxError } from '../../../src/core/expression.ts';
import { Headers } from '../../../src/core/exchange/headers.ts';
import { method } from '../../../src/languages/method.ts';
import { simple } from '../../../src/languages/simple/definition.ts';

export interface Setting {
  readonly properties?: Readonly<Record<string, string>>;
  readonly beans?: Readonly<Record<string, unknown>>;
  readonly resources?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly languages?: Readonly<Record<string, LanguageDefinition>>;
  readonly logged?: string[];
}

export function simpleContext({ properties = {}, beans = {}, resources = {}, environment = {}, languages = {}, logged }: Setting = {}): LanguageContext {
  const known: Readonly<Record<string, unknown>> = { simple, method, ...languages };
  const definitionOf = (language: string): LanguageDefinition => {
    const definition = known[language] as LanguageDefinition | undefined;
    if (definition === undefined) throw new ExpressionSyntaxError(`no language ${language}`);
    return definition;
  };
  const defaulted = (definition: LanguageDefinition, options: Readonly<Record<string, unknown>>): never => {
    const defaults = Object.entries(definition.options).map(([name, { shape }]) => [name, shape.default]);
    return { ...Object.fromEntries(defaults), ...options } as never;
  };
  const context: LanguageContext = {
    expression: (language, source, options = {}): Expression => definitionOf(language).expression(source, defaulted(definitionOf(language), options), context),
    predicate: (language, source, options = {}) => definitionOf(language).predicate!(source, defaulted(definitionOf(language), options), context),
    property: (key) => properties[key],
    bean: (name) => beans[name],
    beanNames: () => Object.keys(beans),
    resource: (uri) => {
      const text = resources[uri];
      if (text === undefined) throw new Error(`no resource ${uri}`);
      return text;
    },
    environment,
    log: (_level, message) => logged?.push(message),
  };
  return context;
}

export interface Message {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Milliseconds that the clock shows. */
  readonly now?: number;
}

export function exchangeWith({ body = null, headers = {}, properties = {}, variables = {}, now = 1_700_000_000_000 }: Message = {}): Exchange {
  const routes = new Map<string, Bag>();
  const scope = {
    name: 'oracle',
    clock: { now: () => now },
    nextExchangeId: () => 'exchange-1',
    property: () => undefined,
    bean: () => undefined,
    globalVariables: new Bag(),
    routeVariables: (routeId: string) => routes.get(routeId) ?? routes.set(routeId, new Bag()).get(routeId)!,
  };
  const exchange = new Exchange(scope, body, Headers.from(headers), true);
  for (const [name, value] of Object.entries(properties)) exchange.properties.set(name, value);
  for (const [name, value] of Object.entries(variables)) exchange.setVariable(name, value);
  exchange.routeId = 'route1';
  exchange.fromRouteId = 'route1';
  return exchange;
}

/** What an expression gives for a message. */
export function evaluate(source: string, message: Message = {}, setting: Setting & { options?: Readonly<Record<string, unknown>> } = {}): unknown {
  return simpleContext(setting).expression('simple', source, setting.options)(exchangeWith(message));
}

export function holds(source: string, message: Message = {}, setting: Setting = {}): boolean {
  return simpleContext(setting).predicate('simple', source)(exchangeWith(message));
}

/** The complaint about a source that is wrong. */
export function complaint(source: string, kind: 'expression' | 'predicate' = 'expression', setting: Setting = {}): ExpressionSyntaxError {
  try {
    simpleContext(setting)[kind]('simple', source);
  } catch (thrown) {
    if (thrown instanceof ExpressionSyntaxError) return thrown;
    throw thrown;
  }
  throw new Error(`no complaint about ${source}`);
}
