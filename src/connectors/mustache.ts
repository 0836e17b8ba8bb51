import { pieceByPiece } from '../core/conversion/manyParts.ts';
import { LRUCache } from 'lru-cache';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector, runtimeOf } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import { ExchangeError } from '../core/errors.ts';
import { field } from '../core/field.ts';
import { Bounds, kept, shownText, templateText, viewOf } from './template.ts';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;', '=': '&#61;', '\n': '&#10;', '\r': '&#13;', '\t': '&#9;' };

const escaped = (value: unknown): string => pieceByPiece(shownText(value) ?? '', (piece) => piece.replace(/[&<>"'`=\n\r\t]/g, (char) => escapes[char]!));

/** What Java's objects say of themselves, by the names that Mustache finds there: a list its `size`, a text its `length`. Maps have their keys only. */
const ofTexts: Readonly<Record<string, (text: string) => unknown>> = {
  length: (text) => text.length,
  empty: (text) => text === '',
  isEmpty: (text) => text === '',
  toLowerCase: (text) => text.toLowerCase(),
  toUpperCase: (text) => text.toUpperCase(),
  trim: (text) => text.trim(),
  toString: (text: string) => text,
};
const ofLists: Readonly<Record<string, (list: readonly unknown[]) => unknown>> = {
  size: (list) => list.length,
  empty: (list) => list.length === 0,
  isEmpty: (list) => list.length === 0,
  toString: (list: readonly unknown[]) => toText(list),
};
const ofNumbers: Readonly<Record<string, (value: number) => unknown>> = { intValue: Math.trunc, longValue: Math.trunc, doubleValue: (value) => value, toString: String };
const ofTruths: Readonly<Record<string, (value: boolean) => unknown>> = { booleanValue: (value) => value, toString: String };

interface Step {
  readonly found: boolean;
  readonly value: unknown;
}

const nothing: Step = { found: false, value: undefined };

const said = <T>(names: Readonly<Record<string, (value: T) => unknown>>, name: string, value: T): Step => (Object.hasOwn(names, name) ? { found: true, value: names[name]!(value) } : nothing);

function stepInto(value: unknown, name: string): Step {
  if (Array.isArray(value)) return said(ofLists, name, value as unknown[]);
  if (typeof value === 'string') return said(ofTexts, name, value);
  if (typeof value === 'number') return said(ofNumbers, name, value);
  if (typeof value === 'boolean') return said(ofTruths, name, value);
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? { found: true, value: (value as Record<string, unknown>)[name] } : nothing;
}

/** The member that a dotted name leads to. */
function memberOf(view: unknown, name: string): Step {
  let value = view;
  for (const part of name.split('.')) {
    const member = stepInto(value, part);
    if (!member.found) return nothing;
    ({ value } = member);
  }
  return { found: true, value };
}

async function producer({ options }: Endpoint<typeof mustacheOptions>, context: ConnectorContext): Promise<Producer> {
  const { default: library } = await import('mustache');
  const bounds = new Bounds();
  class View extends library.Context {
    override lookup(name: string): unknown {
      if (name === '.') return (this as unknown as { view: unknown }).view;
      const { view, parent } = this as unknown as { view: unknown; parent?: View };
      const { found, value } = memberOf(view, name);
      return found ? value : parent?.lookup(name);
    }

    override push(view: unknown): InstanceType<typeof library.Context> {
      bounds.repeat();
      return new View(view, this);
    }
  }
  const tags: [string, string] = [options.startDelimiter, options.endDelimiter];
  const parsed = new LRUCache<string, true>({ max: 1000 });
  type Given<K extends 'renderSection' | 'renderInverted'> = Parameters<InstanceType<typeof library.Writer>[K]>;
  class Writer extends library.Writer {
    // As in Camel a number is something, 0 too, and within the section of a truth value `.` is that value.
    override renderSection(...given: Given<'renderSection'>): string {
      const [[, name, , , content], context, partials, template] = given as unknown as [[string, string, number, number, never], View, never, string];
      const value = context.lookup(name);
      return value === 0 || value === true ? this.renderTokens(content, context.push(value) as never, partials, template) : super.renderSection(...given);
    }

    override renderInverted(...given: Given<'renderInverted'>): string {
      const [token, context] = given;
      return context.lookup(token[1]!) === 0 ? '' : super.renderInverted(...given);
    }

    /** The library would have JavaScript make a text of a map or a list. */
    override unescapedValue(...given: Parameters<InstanceType<typeof library.Writer>['unescapedValue']>): string {
      const [[, name], context] = given as unknown as [[string, string], View];
      return shownText(context.lookup(name)) ?? '';
    }

    override renderTokens(...given: Parameters<InstanceType<typeof library.Writer>['renderTokens']>): string {
      return bounds.section(() => super.renderTokens(...given));
    }
  }
  const writer = new Writer();
  const extension = /\.[^./]*$/.exec(options.resourceUri)?.[0] ?? '';
  /** Only what the template itself names: the text of a partial, with or without the extension of the template. */
  const partial = (name: string): string => {
    for (const file of [name, `${name}${extension}`]) {
      try {
        return runtimeOf(context).resource(file);
      } catch {
        // The next one, or none.
      }
    }
    throw new ExchangeError('com.github.mustachejava.MustacheNotFoundException', `there is no partial \`${name}\``);
  };
  const read = options.contentCache ? kept(partial) : partial;
  const textFor = templateText(options, { template: 'MustacheTemplate', resource: 'MustacheResourceUri' }, context);
  return {
    send: (exchange) => {
      const template = textFor(exchange);
      // The library keeps what it has parsed for ever.
      if (!parsed.has(template) && parsed.size >= 1000) writer.clearCache();
      parsed.set(template, true);
      bounds.reset();
      try {
        exchange.body = writer.render(template, new View(viewOf(exchange, options.allowContextMapAll)), read, { tags, escape: escaped });
      } catch (thrown) {
        if (thrown instanceof ExchangeError || thrown instanceof RangeError) throw thrown;
        throw new ExchangeError('com.github.mustachejava.MustacheException', (thrown as Error).message, { cause: thrown });
      }
    },
  };
}

const mustacheOptions = {
  resourceUri: field.string('The template: `greet.mustache`, `file:greet.mustache`.').required().inPath(),
  allowContextMapAll: field.boolean('Lets the template see the exchange besides body, headers and variables.').default(false),
  allowTemplateFromHeader: field.boolean('Takes the template from a header where there is one. Only for messages whose sender is trusted.').default(false),
  contentCache: field.boolean('Reads the template once.').default(true),
  encoding: field.string('Charset of the template.').ignored('templates are read as UTF-8'),
  endDelimiter: field.string('What closes a tag.').default('}}'),
  startDelimiter: field.string('What opens a tag.').default('{{'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
};

export const mustache = defineConnector({
  scheme: 'mustache',
  syntax: 'mustache:resourceUri',
  summary: 'Makes the body from a Mustache template; it sees `body`, `headers` and `variables`.',
  options: mustacheOptions,
  headers: { MustacheResourceUri: 'Another template file, where allowTemplateFromHeader is on.', MustacheTemplate: 'The template itself, where allowTemplateFromHeader is on.' },
  producer,
});
