import { exceptionClasses, fullNameOf } from './exceptionClasses.ts';

/**
 * A failure of an exchange. `type` is the Camel (or Java) class name by which routes catch it: a route that says
 * `onException: java.io.IOException` must catch what stands for it here.
 */
export class ExchangeError extends Error {
  readonly type: string;
  /** More that an error handler may read, such as `statusCode` of an HTTP failure. */
  readonly details: Readonly<Record<string, unknown>>;

  /** It was made without a message: `message` is empty, where Java has null. */
  readonly isWordless: boolean;

  constructor(type: string, message: string | null, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message ?? '', options.cause === undefined ? undefined : { cause: options.cause });
    this.isWordless = message === null;
    this.name = simpleClassName(type);
    this.type = qualifiedClassName(type);
    this.details = options.details ?? {};
  }
}

/** The message of what was thrown; null where it has none. */
export const messageOf = (thrown: Error): string | null => (thrown instanceof ExchangeError && thrown.isWordless ? null : thrown.message);

/** A failure in one line, as Java writes it: its class, and what it says. */
export function describeError(error: Error): string {
  const name = error instanceof ExchangeError ? error.type : error.name;
  const message = messageOf(error);
  return message === null ? name : `${name}: ${message}`;
}

export const simpleClassName = (type: string): string => type.slice(Math.max(type.lastIndexOf('.'), type.lastIndexOf('$')) + 1);

/** The name with its package, when it is one that we know; else as it is. */
export const qualifiedClassName = (type: string): string => (type.includes('.') ? type : (fullNameOf(type) ?? type));

/** Whether a name is a class that is known: a failure here can have it, or has it as a parent, or Java and Camel do. */
export const isKnownExceptionClass = (type: string): boolean => exceptionClasses().has(type) || fullNameOf(type) !== undefined;

/**
 * How many steps up the hierarchy `wanted` is from `type`: 0 when they are the same, -1 when it is no parent.
 * Unknown classes count as direct children of java.lang.Exception (a JavaScript error class that a module throws).
 */
export function classDistance(type: string, wanted: string): number {
  const target = qualifiedClassName(wanted);
  const classes = exceptionClasses();
  let current: string | undefined = qualifiedClassName(type);
  for (let distance = 0; current !== undefined; distance++) {
    if (current === target) return distance;
    if (!target.includes('.') && simpleClassName(current) === target) return distance;
    const known = classes.get(current);
    current = known === undefined ? 'java.lang.Exception' : (known.parent ?? undefined);
  }
  return -1;
}

const standardErrors: Readonly<Record<string, string>> = {
  TypeError: 'java.lang.IllegalArgumentException',
  RangeError: 'java.lang.IllegalArgumentException',
  SyntaxError: 'java.lang.IllegalArgumentException',
  ECONNREFUSED: 'java.net.ConnectException',
  ECONNRESET: 'java.net.SocketException',
  EPIPE: 'java.net.SocketException',
  ENOTFOUND: 'java.net.UnknownHostException',
  EAI_AGAIN: 'java.net.UnknownHostException',
  ETIMEDOUT: 'java.net.SocketTimeoutException',
  ENOENT: 'java.io.FileNotFoundException',
  EACCES: 'java.io.IOException',
  ENOSPC: 'java.io.IOException',
  EISDIR: 'java.io.IOException',
  ENOTDIR: 'java.io.IOException',
  EEXIST: 'java.io.IOException',
};

/** Anything thrown as an ExchangeError. A JavaScript error keeps its class name as its type, so a route can catch `OutOfStock` by name. */
export function toExchangeError(thrown: unknown): ExchangeError {
  if (thrown instanceof ExchangeError) return thrown;
  if (thrown instanceof Error) {
    const code = (thrown as { code?: unknown }).code;
    const type = (typeof code === 'string' ? standardErrors[code] : undefined) ?? standardErrors[thrown.name] ?? (thrown.name === 'Error' ? 'java.lang.Exception' : thrown.name);
    const error = new ExchangeError(type, thrown.message, { cause: thrown.cause });
    if (thrown.stack !== undefined) error.stack = thrown.stack;
    return error;
  }
  return new ExchangeError('java.lang.Exception', String(thrown));
}

/** The error and its causes, outermost first; cycles are cut. */
export function causeChain(error: unknown): ExchangeError[] {
  const chain: ExchangeError[] = [];
  const seen = new Set<unknown>();
  for (let current = error; current !== undefined && current !== null && !seen.has(current); current = (current as { cause?: unknown }).cause) {
    seen.add(current);
    chain.push(toExchangeError(current));
  }
  return chain;
}
