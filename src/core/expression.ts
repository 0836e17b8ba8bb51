import type { Exchange } from './exchange/exchange.ts';

/**
 * A compiled expression. It is called once a message with no allocation of its own; where `isAsync` is true it may give a promise,
 * else it gives the value itself. It throws an ExchangeError when it can't be evaluated.
 */
export interface Expression<T = unknown> {
  (exchange: Exchange): T;
  readonly isAsync?: boolean;
  /** As the author wrote it, such as `simple{${body}}`: for logs, history and Camel's messages. */
  readonly label?: string;
  /** Does what takes long beforehand, in turns with everybody else (a large document is parsed); gives a promise where there is something to wait for. Never fails. */
  readonly prepare?: Preparation;
  /** The same source read as a predicate, where an option of the step decides which of the two it is (`loop`). */
  readonly asPredicate?: () => Predicate;
}

export type Preparation = (exchange: Exchange) => Promise<void> | undefined;

export type Predicate = Expression<boolean>;

/** What a language may ask for while it compiles. */
export interface LanguageContext {
  /** Another language, for `${jsonpath(...)}` and the like. Throws when there is none. */
  expression(language: string, source: string, options?: Readonly<Record<string, unknown>>): Expression;
  predicate(language: string, source: string, options?: Readonly<Record<string, unknown>>): Predicate;
  /** Property placeholder value, undefined when it is not set. */
  property(key: string): string | undefined;
  /** A bean of the registry, undefined when there is none. */
  bean(name: string): unknown;
  /** Names of all beans, for "did you mean". */
  beanNames(): string[];
  /** The text of `resource:file:...` or `resource:classpath:...`. Throws when it can't be read. */
  resource(uri: string): string;
  /** Environment and system properties that expressions may see. */
  readonly environment: Readonly<Record<string, string>>;
  /** What to log with when an expression logs. */
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string): void;
}

/** Thrown by a language for a source text that is wrong; `offset` and `length` are within that text. */
export class ExpressionSyntaxError extends Error {
  readonly offset: number;
  readonly length: number;
  readonly help: string | null;
  /** The language, and the text that offsets count in; null until a language was asked to read it. */
  origin: { readonly language: string; readonly text: string } | null = null;

  constructor(message: string, offset = 0, length = 1, help: string | null = null) {
    super(message);
    this.name = 'ExpressionSyntaxError';
    this.offset = offset;
    this.length = length;
    this.help = help;
  }
}
