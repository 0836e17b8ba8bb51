import { LRUCache } from 'lru-cache';
import type { ConnectorContext } from '../core/connector.ts';
import { runtimeOf } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import { ExactNumber } from '../core/conversion/exactNumber.ts';
import { asJsonNode, isJsonNode, nodeJson } from '../core/conversion/jsonNode.ts';
import { ExchangeError, toExchangeError } from '../core/errors.ts';
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

/** A template that a message brings may have so many letters, where its engine takes no longer than others to read it. */
const mostLetters = 1_000_000;

const mostKept = 1000;

/** What is made of a text, kept for the texts that were used last. */
export function kept<T extends object | string>(make: (text: string) => T): (text: string) => T {
  const all = new LRUCache<string, T>({ max: mostKept });
  return (text) => {
    let made = all.get(text);
    if (made === undefined) all.set(text, (made = make(text)));
    return made;
  };
}

/** Reads what a template names besides itself: once, where content is kept. */
export function includedText({ contentCache }: Pick<TemplateOptions, 'contentCache'>, context: ConnectorContext): (name: string) => string {
  const read = (name: string): string => runtimeOf(context).resource(name);
  return contentCache ? kept(read) : read;
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
  headers: { readonly template?: string; readonly resource: string; readonly stay?: boolean; readonly longest?: number } | null,
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
      // As in Camel both are gone afterwards, whichever was taken.
      const other = exchange.headers.remove(headers.resource);
      const template: unknown = headers.template === undefined ? null : headers.stay === true ? exchange.headers.get(headers.template) : exchange.headers.remove(headers.template);
      if (template !== undefined && template !== null) {
        const text = toText(template) ?? '';
        const longest = headers.longest ?? mostLetters;
        if (text.length > longest) throw new ExchangeError('java.lang.IllegalArgumentException', `the header ${headers.template} has a template of ${text.length} letters: ${longest} are the most`);
        return text;
      }
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

/** What a template makes of a number that JavaScript has not (`5.0`, a long integer): its text, unless it says otherwise. */
type OfNumber = (value: ExactNumber) => unknown;

/**
 * A value as a template may see it: only what documents hold, so that no name in a template reaches anything else.
 * @param seen what has been made of lists and maps so far: one that stands in several places, or in itself, is made once
 */
export function visible(value: unknown, ofNumber: OfNumber = String, depth = 0, seen: Map<object, unknown> | null = null): unknown {
  if (value === null || value === undefined || depth > 100) return null;
  if (typeof value !== 'object') return typeof value === 'function' ? null : value;
  const before = seen?.get(value);
  if (before !== undefined) return before;
  if (Array.isArray(value) || value instanceof Set) {
    const list: unknown[] = [];
    const made = (seen ?? new Map<object, unknown>()).set(value, list);
    for (const item of value as Iterable<unknown>) list.push(visible(item, ofNumber, depth + 1, made));
    return asNodeLike(value, list);
  }
  if (value instanceof ExactNumber) return ofNumber(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!(value instanceof Map) && prototype !== null && prototype !== Object.prototype) return toText(value);
  const record = Object.create(null) as Record<string, unknown>;
  const made = (seen ?? new Map<object, unknown>()).set(value, record);
  for (const [key, item] of value instanceof Map ? (value as Map<string, unknown>) : Object.entries(value)) record[key] = visible(item, ofNumber, depth + 1, made);
  return asNodeLike(value, record);
}

/** What is made of a node of a JSON document is one itself. */
const asNodeLike = (value: object, copy: object): unknown => (isJsonNode(value) ? asJsonNode(copy) : copy);

/** The text that a template shows of a value; of a node it is JSON, as in Camel without blanks. */
export const shownText = (value: unknown): string | null => nodeJson(value) ?? toText(value);

function recordOf(bag: { forEach(visit: (name: string, value: unknown) => void): void } | null, ofNumber: OfNumber | undefined): Record<string, unknown> {
  const record = Object.create(null) as Record<string, unknown>;
  bag?.forEach((name, value) => void (record[name] = visible(value, ofNumber)));
  return record;
}

/** What a template sees, by the names that Camel gives it: body, headers, variables and what was caught; the exchange too, where it may see all. */
export function viewOf(exchange: Exchange, isWhole: boolean, ofNumber?: OfNumber): Record<string, unknown> {
  const view = Object.create(null) as Record<string, unknown>;
  const body = (view['body'] = visible(exchange.body, ofNumber));
  const headers = (view['header'] = view['headers'] = visible(exchange.headers.toObject(), ofNumber));
  const variables = (view['variable'] = view['variables'] = recordOf(exchange.hasVariables ? exchange.variables : null, ofNumber));
  const failure: unknown = exchange.exception ?? (exchange.hasProperties ? exchange.properties.get('CamelExceptionCaught') : null);
  const exception = (view['exception'] = failure === null || failure === undefined ? null : plain({ message: toExchangeError(failure).message, type: toExchangeError(failure).type }));
  if (!isWhole) return view;
  const properties = recordOf(exchange.hasProperties ? exchange.properties : null, ofNumber);
  const message = plain({ body, headers, header: headers, messageId: exchange.id });
  const { id: exchangeId, fromRouteId } = exchange;
  view['exchange'] = plain({ exchangeId, fromRouteId, pattern: exchange.isInOut ? 'InOut' : 'InOnly', properties, allProperties: properties, variables, exception, in: message, message });
  view['in'] = view['request'] = message;
  if (exchange.isInOut) view['out'] = view['response'] = message;
  view['exchangeProperty'] = view['exchangeProperties'] = properties;
  view['camelContext'] = plain({ name: exchange.scope.name });
  return view;
}

const plain = (members: Record<string, unknown>): Record<string, unknown> => Object.assign(Object.create(null) as Record<string, unknown>, members);
