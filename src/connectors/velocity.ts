import { LRUCache } from 'lru-cache';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { Bounds, templateText, viewOf, visible } from './template.ts';

const mostTemplates = 1000;
/** Sections that a text with names in it counts for: it takes as long. */
const textIsWorth = 50;

/** What of the library is put something before: its own types show less. */
interface Library {
  render(view: unknown): string;
  renderAstList(asts?: unknown, contextId?: string): string;
  evalStr(text: string): string;
  getArray(literal: unknown): unknown;
  getReferences(ast: unknown, isWritten?: boolean): unknown;
}

/** What Java's values can do in a template and JavaScript's can't. */
const javaMethods: Readonly<Record<string, (value: never, ...args: never[]) => unknown>> = {
  length: (value: unknown) => (typeof value === 'string' ? value.length : undefined),
  size: (value: unknown) => (Array.isArray(value) ? value.length : Object.keys(value as object).length),
  isEmpty: (value: unknown) => (typeof value === 'string' || Array.isArray(value) ? value.length === 0 : Object.keys(value as object).length === 0),
  equals: (value: unknown, other: unknown) => value === other,
  equalsIgnoreCase: (value: unknown, other: unknown) => String(value).toLowerCase() === String(other).toLowerCase(),
  contains: (value: unknown, part: unknown) => (typeof value === 'string' ? value.includes(String(part)) : (value as unknown[]).includes(part)),
  containsKey: (value: object, key: unknown) => Object.hasOwn(value, String(key)),
  toString: (value: unknown) => toText(value),
  concat: (value: unknown, other: unknown) => (typeof value === 'string' ? value + String(other) : undefined),
  values: (value: object) => Object.values(value),
};

/** Members of JavaScript's own that lead out of the template. */
const forbidden = /^(constructor|prototype|__.*__|caller|callee|arguments|apply|call|bind|eval|getClass|flat|flatMap|fill|splice|toSpliced|padStart|padEnd)$/;

const refuse = (name: string): never => {
  throw new ExchangeError('org.apache.velocity.exception.MethodInvocationException', `a template may not use \`${name}\``);
};

/** A directive at a place of a line: its length; 0 where there is none. */
function directiveAt(line: string, at: number): number {
  const head = /^#\{?(?:(end|else|stop|break)\b\}?|(?:set|if|elseif|foreach|macro|define|evaluate|parse|include)\}?\s*\()/.exec(line.slice(at));
  if (head === null) return 0;
  if (head[1] !== undefined) return head[0].length;
  let depth = 1;
  let quote = '';
  for (let i = at + head[0].length; i < line.length; i++) {
    const char = line[i]!;
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '(') depth++;
    else if (char === ')' && --depth === 0) return i + 1 - at;
  }
  return 0;
}

/**
 * Blanks and line breaks as Velocity has them: those around what begins and ends a line as a directive go; everything else stays. The library drops the
 * line break behind any directive, and no indentation.
 */
export function withVelocityLines(source: string): string {
  return source.replace(/^([^\n]*)\n/gm, (all, line: string) => {
    let startsInText = false;
    let sawDirective = false;
    let endsInDirective = false;
    for (let at = 0; at < line.length; ) {
      if (line.startsWith('##', at)) break;
      const length = directiveAt(line, at);
      if (length > 0) {
        sawDirective = endsInDirective = true;
        at += length;
        continue;
      }
      if (!/\s/.test(line[at]!)) {
        startsInText ||= !sawDirective;
        endsInDirective = false;
      }
      at++;
    }
    if (!endsInDirective) return all;
    return startsInText ? `${line}\n\n` : `${line.trim()}\n`;
  });
}

async function producer({ options }: Endpoint<typeof velocityOptions>, context: ConnectorContext): Promise<Producer> {
  const { Compile, parse } = await import('velocityjs');
  const bounds = new Bounds();
  class Rendering extends (Compile as unknown as new (...given: unknown[]) => Library) {
    override renderAstList(asts?: unknown, contextId?: string): string {
      return bounds.section(() => super.renderAstList(asts, contextId));
    }

    override evalStr(text: string): string {
      // A text with names in it is parsed each time.
      bounds.repeat(textIsWorth);
      return super.evalStr(text);
    }

    override getArray(literal: { readonly isRange?: boolean; readonly value: readonly unknown[] }): unknown {
      if (literal.isRange === true) {
        const [from, to] = literal.value.map((end) => Number(typeof end === 'object' ? this.getReferences(end) : end)) as [number, number];
        if (!Number.isNaN(to - from)) bounds.repeat(Math.abs(to - from));
      }
      return super.getArray(literal);
    }

    override getReferences(ast: unknown, isWritten?: boolean): unknown {
      const value = super.getReferences(ast, isWritten);
      return isWritten === true && typeof value === 'object' && value !== null ? this.written(value) : value;
    }

    /** Lists that hold one list several times multiply, too. */
    private written(value: unknown): string {
      if (typeof value !== 'object' || value === null) return String(value);
      return bounds.section(() => (Array.isArray(value) ? `[${value.map((item) => this.written(item)).join(', ')}]` : `{${Object.entries(value).map(([key, item]) => `${key}=${this.written(item)}`).join(', ')}}`));
    }
  }
  const parsed = new LRUCache<string, ReturnType<typeof parse>>({ max: mostTemplates });
  const config = {
    customMethodHandlers: [
      { uid: 'forbidden', match: ({ property, context: value }: { property: string; context: unknown }) => {
          bounds.use(value);
          return forbidden.test(property);
        }, resolve: ({ property }: { property: string }) => refuse(property) },
      {
        uid: 'java',
        match: ({ property, context: value }: { property: string; context: unknown }) => Object.hasOwn(javaMethods, property) && value !== null && value !== undefined,
        resolve: ({ property, context: value, params }: { property: string; context: unknown; params: unknown[] }) => javaMethods[property]!(value as never, ...(params as never[])),
      },
    ],
    valueMapper: (value: unknown) => value,
  };
  const textFor = templateText(options, { template: 'CamelVelocityTemplate', resource: 'CamelVelocityResourceUri' }, context);
  return {
    send: (exchange) => {
      const template = textFor(exchange);
      let ast = parsed.get(template);
      if (ast === undefined) {
        try {
          parsed.set(template, (ast = parse(withVelocityLines(template))));
        } catch (thrown) {
          throw new ExchangeError('org.apache.velocity.exception.ParseErrorException', (thrown as Error).message, { cause: thrown });
        }
      }
      bounds.reset();
      exchange.body = new Rendering(ast, config).render(viewFor(exchange, options.allowContextMapAll, options.allowTemplateFromHeader));
    },
  };
}

function viewFor(exchange: Exchange, isWhole: boolean, takesHeaders: boolean): Record<string, unknown> {
  const view = viewOf(exchange, isWhole);
  const more = takesHeaders ? visible(exchange.headers.get('CamelVelocitySupplementalContext') ?? null) : null;
  return more !== null && typeof more === 'object' ? Object.assign(view, more) : view;
}

const velocityOptions = {
  resourceUri: field.string('The template: `greet.vm`, `file:greet.vm`.').required().inPath(),
  allowContextMapAll: field.boolean('Lets the template see the exchange besides body, headers and variables.').default(false),
  allowTemplateFromHeader: field.boolean('Takes the template from a header where there is one. Only for messages whose sender is trusted.').default(false),
  contentCache: field.boolean('Reads the template once.').default(true),
  encoding: field.string('Charset of the template.').ignored('templates are read as UTF-8'),
  loaderCache: field.boolean('Lets Velocity cache templates.').default(true).ignored('what was parsed is kept'),
  propertiesFile: field.string('Properties of the VelocityEngine.').ignored('there is no Java engine here'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
};

export const velocity = defineConnector({
  scheme: 'velocity',
  syntax: 'velocity:resourceUri',
  summary: 'Makes the body from a Velocity template; it sees `body`, `headers` and `variables`.',
  options: velocityOptions,
  headers: {
    CamelVelocityResourceUri: 'Another template file, where allowTemplateFromHeader is on.',
    CamelVelocityTemplate: 'The template itself, where allowTemplateFromHeader is on.',
    CamelVelocitySupplementalContext: 'More names for the template, where allowTemplateFromHeader is on.',
  },
  producer,
});
