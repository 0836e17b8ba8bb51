import type * as StringTemplate from 'stringtemplate4ts';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { oneCharacter } from '../core/optionError.ts';
import type { Resolve } from '../core/userLibrary.ts';
import { UserLibrary } from '../core/userLibrary.ts';
import { Bounds, templateText, viewOf, visible } from './template.ts';

type Library = typeof StringTemplate;

/** It brings 12 MB of its own that hardly anybody else needs. */
const stringTemplateLibrary = new UserLibrary<Library>('stringtemplate4ts', '`string-template` needs the library stringtemplate4ts, which does not come with this program for its size', '2');

/** @throws Error that says how to install the library when it is not there */
export const checkLibrary = (resolve?: Resolve): void => stringTemplateLibrary.check(resolve);

const stringTemplateOptions = {
  resourceUri: field.string('The template: `greet.st`, `file:greet.st`.').required().inPath(),
  allowContextMapAll: field.boolean('Lets the template see the exchange besides body, headers and variables.').default(false),
  allowTemplateFromHeader: field.boolean('Takes the template from a header where there is one. Only for messages whose sender is trusted.').default(false),
  contentCache: field.boolean('Reads the template once.').default(true),
  delimiterStart: field.string('Character that begins an expression.').default('<'),
  delimiterStop: field.string('Character that ends an expression.').default('>'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
};

const resourceHeader = 'CamelStringTemplateResourceUri';
/** Of a template that a message brings; the library takes a second for as many. */
const mostLetters = 200_000;

const variablesHeader = 'CamelStringTemplateVariableMap';

const failure = (problem: { toString(): string }): ExchangeError => new ExchangeError('org.stringtemplate.v4.compiler.STException', problem instanceof RangeError ? problem.message : String(problem));

async function producer({ options }: Endpoint<typeof stringTemplateOptions>, context: ConnectorContext): Promise<Producer> {
  for (const name of ['delimiterStart', 'delimiterStop'] as const) {
    if (options[name].length !== 1) throw oneCharacter(name, options[name]);
  }
  checkLibrary();
  const { AutoIndentWriter, ST, STGroup, StringWriter } = await stringTemplateLibrary.load();
  const bounds = new Bounds();
  /** Every template that is applied to a value is made by its group. */
  class Group extends STGroup {
    override createStringTemplateInternally(...given: Parameters<StringTemplate.STGroup['createStringTemplateInternally']>): StringTemplate.IST {
      bounds.repeat();
      return super.createStringTemplateInternally(...given);
    }
  }
  class Writer extends AutoIndentWriter {
    override write(...given: Parameters<StringTemplate.AutoIndentWriter['write']>): number {
      const [text, wrap] = given;
      bounds.write(text.length);
      if (wrap !== undefined || this.atStartOfLine || /[\r\n]/.test(text)) return super.write(...given);
      // The library goes through a text letter by letter for the sake of its lines.
      this.out.write(text);
      this.charPosition += text.length;
      this.charIndex += text.length;
      return text.length;
    }
  }
  const textFor = templateText(options, { template: 'CamelStringTemplateTemplate', resource: resourceHeader, longest: mostLetters }, context);
  let problem: unknown = null;
  const note = (message: unknown): void => {
    problem ??= message;
  };
  const group = new Group(options.delimiterStart, options.delimiterStop);
  // Errors at run time are values that a template asks for and that are not there: nothing is written for them, as in Camel.
  group.setListener({ compileTimeError: note, runTimeError: () => undefined, iOError: note, internalError: note } as never);
  return {
    send: (exchange) => {
      problem = null;
      bounds.reset();
      const named: unknown = options.allowTemplateFromHeader ? exchange.headers.get(resourceHeader) : null;
      const text = textFor(exchange);
      let made: string;
      try {
        const template = new ST(group, text);
        for (const [name, value] of Object.entries(viewFor(exchange, options))) template.add(name, asMaps(value));
        const out = new StringWriter();
        template.write(new Writer(out));
        made = out.toString();
      } catch (thrown) {
        throw problem === null ? failure(thrown as Error) : failure(problem as Error);
      }
      if (bounds.exceeded !== null) throw failure(bounds.exceeded);
      if (problem !== null) throw failure(problem as Error);
      exchange.body = made;
      exchange.headers.set(resourceHeader, named ?? options.resourceUri);
    },
  };
}

function viewFor(exchange: Exchange, { allowContextMapAll, allowTemplateFromHeader }: Endpoint<typeof stringTemplateOptions>['options']): Record<string, unknown> {
  const given = allowTemplateFromHeader ? visible(exchange.headers.get(variablesHeader) ?? null) : null;
  return given !== null && typeof given === 'object' ? (given as Record<string, unknown>) : viewOf(exchange, allowContextMapAll);
}

/** The library reads keys of Maps, and members of whatever else it is given. */
const asMaps = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(asMaps) : typeof value === 'object' && value !== null ? new Map(Object.entries(value).map(([key, item]) => [key, asMaps(item)])) : value;

export const stringTemplate = defineConnector({
  scheme: 'string-template',
  syntax: 'string-template:resourceUri',
  summary: 'Makes the body from a StringTemplate; it sees `body`, `headers` and `variables`. Needs the library `stringtemplate4ts`, to be installed beside this program.',
  options: stringTemplateOptions,
  library: stringTemplateLibrary,
  headers: {
    [resourceHeader]: 'The template that was used. Set by the route: another template file, where allowTemplateFromHeader is on.',
    CamelStringTemplateTemplate: 'The template itself, where allowTemplateFromHeader is on.',
    [variablesHeader]: 'What the template sees in place of the message, where allowTemplateFromHeader is on.',
  },
  producer,
});
