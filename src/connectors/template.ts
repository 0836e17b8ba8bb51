import type { ConnectorContext } from '../core/connector.ts';
import { runtimeOf } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import { ExchangeError } from '../core/errors.ts';
import { Patience, workOf } from '../core/patience.ts';
import type { Exchange } from '../core/exchange/exchange.ts';

/** What one rendering may repeat, all together: loops within loops, and templates that call themselves, multiply, and nothing else would end them but the heap. */
const mostSections = 1_000_000;
/** Characters that a template may make. */
export const longestText = 64 * 1024 * 1024;
const deepestCall = 300;
/** What one rendering may take: others wait meanwhile. */
export const longestMillis = 1000;

/** Counts what a rendering does, and ends one that does too much. */
export class Bounds {
  private sections = 0;
  private length = 0;
  private depth = 0;
  private readonly patience = new Patience(longestMillis, (message) => this.end(`the template is ${message}; split the body before it`));
  /** What a library that goes on after failures is ended by when it is done. */
  exceeded: RangeError | null = null;

  reset(): void {
    this.sections = this.length = this.depth = 0;
    this.exceeded = null;
    this.patience.reset();
  }

  private end(message: string): RangeError {
    return (this.exceeded ??= new RangeError(message));
  }

  repeat(sections = 1): void {
    this.sections += sections;
    this.patience.spend(sections);
    if (!(this.sections <= mostSections)) throw this.end(`the template repeats more than ${mostSections} sections: those within each other multiply; split the body before it`);
  }

  /** Something is done with a value that takes as long as it is large. */
  use(value: unknown): void {
    this.patience.spend(1 + workOf(value));
  }

  write(characters: number): void {
    this.length += characters;
    this.patience.spend(characters >> 6);
    if (this.length > longestText) throw this.end(`the template makes more than ${longestText} characters; split the body before it`);
  }

  /** A section: what it gives counts once, however many sections within it have put it together. */
  section<T extends string>(render: () => T): T {
    this.repeat();
    if (++this.depth > deepestCall) throw this.end(`the sections of the template stand in each other more than ${deepestCall} deep: does one call itself without an end?`);
    const before = this.length;
    const text = render();
    this.depth--;
    this.length = before;
    this.write(text.length);
    return text;
  }
}

interface TemplateOptions {
  readonly resourceUri: string;
  readonly contentCache: boolean;
  readonly allowTemplateFromHeader: boolean;
}

/**
 * The text of a template for an exchange: of the resource, or of what headers name where that is allowed (the template itself, or another resource).
 * A fixed one is read when it is made. As in Camel one that is missing fails the messages; the log says so at the start.
 */
export function templateText(
  { resourceUri, contentCache, allowTemplateFromHeader }: TemplateOptions,
  headers: { readonly template: string; readonly resource: string; readonly stay?: boolean } | null,
  context: ConnectorContext,
): (exchange: Exchange) => string {
  const read = (uri: string): string => runtimeOf(context).resource(uri.replace(/^resource:/, ''));
  let fixed: string | null = null;
  if (contentCache && resourceUri !== '' && !(allowTemplateFromHeader && resourceUri === 'dummy')) {
    try {
      fixed = read(resourceUri);
    } catch (thrown) {
      context.log('warn', `messages will fail, there is no template ${resourceUri}: ${(thrown as Error).message}`);
    }
  }
  return (exchange) => {
    if (allowTemplateFromHeader && headers !== null) {
      const take = (name: string): unknown => (headers.stay === true ? exchange.headers.get(name) : exchange.headers.remove(name));
      const template = take(headers.template);
      if (template !== undefined && template !== null) return toText(template) ?? '';
      const other = take(headers.resource);
      if (other !== undefined && other !== null) return read(toText(other) ?? '');
    }
    if (fixed !== null) return fixed;
    try {
      const text = read(resourceUri);
      if (contentCache) fixed = text;
      return text;
    } catch (thrown) {
      throw new ExchangeError('java.io.FileNotFoundException', `no template ${resourceUri}`, { cause: thrown });
    }
  };
}

/** A value as a template may see it: only what documents hold, so that no name in a template reaches anything else. */
export function visible(value: unknown, depth = 0): unknown {
  if (value === null || value === undefined || depth > 100) return null;
  if (typeof value !== 'object') return typeof value === 'function' ? null : value;
  if (Array.isArray(value) || value instanceof Set) return Array.from(value as Iterable<unknown>, (item) => visible(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!(value instanceof Map) && prototype !== null && prototype !== Object.prototype) return toText(value);
  const record = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of value instanceof Map ? (value as Map<string, unknown>) : Object.entries(value)) record[key] = visible(item, depth + 1);
  return record;
}

/** What a template sees: body, headers and variables; the exchange too, where it may see all. */
export function viewOf(exchange: Exchange, isWhole: boolean): Record<string, unknown> {
  const view = Object.create(null) as Record<string, unknown>;
  view['body'] = visible(exchange.body);
  view['headers'] = visible(exchange.headers.toObject());
  const variables = Object.create(null) as Record<string, unknown>;
  if (exchange.hasVariables) exchange.variables.forEach((name, value) => void (variables[name] = visible(value)));
  view['variables'] = variables;
  if (!isWhole) return view;
  const properties = Object.create(null) as Record<string, unknown>;
  if (exchange.hasProperties) exchange.properties.forEach((name, value) => void (properties[name] = visible(value)));
  view['exchange'] = { exchangeId: exchange.id, fromRouteId: exchange.fromRouteId, pattern: exchange.isInOut ? 'InOut' : 'InOnly', properties };
  view['camelContext'] = { name: exchange.scope.name };
  return view;
}
