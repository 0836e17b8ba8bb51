import { LRUCache } from 'lru-cache';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { templateText, viewOf, visible } from './template.ts';

const mostTemplates = 1000;

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
  values: (value: object) => Object.values(value),
};

/** Members of JavaScript's own that lead out of the template. */
const forbidden = /^(constructor|prototype|__.*__|caller|callee|arguments|apply|call|bind|eval|getClass)$/;

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
  const parsed = new LRUCache<string, ReturnType<typeof parse>>({ max: mostTemplates });
  const config = {
    customMethodHandlers: [
      { uid: 'forbidden', match: ({ property }: { property: string }) => forbidden.test(property), resolve: ({ property }: { property: string }) => refuse(property) },
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
      exchange.body = new Compile(ast, config as never).render(viewFor(exchange, options.allowContextMapAll, options.allowTemplateFromHeader) as never);
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
