import type Handlebars from 'handlebars';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import { ExchangeError } from '../core/errors.ts';
import { field } from '../core/field.ts';
import { Bounds, kept, templateText, viewOf } from './template.ts';

/** The library calls what works for its templates by this object, so that others may put something before it. */
type Engine = ReturnType<typeof Handlebars.create> & { VM: { readonly invokePartial: (...given: unknown[]) => string } };

/** Of a template that a message brings; the library takes a second for as many. */
const mostLetters = 100_000;

const deepest = 300;

/** What opens and closes a block; `{{^}}` does neither. */
const blocks = /\{\{\{?~?\s*(?:([#^])(?!~?\s*\}\})|\/)/g;

/** The library takes more than the square of the blocks that stand in each other. */
function refuseDeepBlocks(template: string): void {
  let depth = 0;
  for (const [, opens] of template.matchAll(blocks)) {
    if (opens === undefined) depth = Math.max(0, depth - 1);
    else if (++depth > deepest) throw new ExchangeError('com.github.jknack.handlebars.HandlebarsException', `blocks of the template stand in each other more than ${deepest} deep`);
  }
}

async function producer({ options }: Endpoint<typeof handlebarsOptions>, context: ConnectorContext): Promise<Producer> {
  const { default: library } = await import('handlebars');
  const engine = library.create() as Engine;
  const bounds = new Bounds();
  const { each, with: within } = engine.helpers;
  for (const [name, helper] of Object.entries({ each, with: within })) {
    engine.registerHelper(name, function (this: unknown, of: unknown, options: Handlebars.HelperOptions) {
      // Without a value to go over the helper itself says what is missing.
      if (options === undefined) return (helper as Handlebars.HelperDelegate).call(this, of);
      return (helper as Handlebars.HelperDelegate).call(this, of, { ...options, fn: (value: unknown, more?: Handlebars.RuntimeOptions) => bounds.section(() => options.fn(value, more)) });
    });
  }
  const { invokePartial } = engine.VM;
  engine.VM = {
    ...engine.VM,
    invokePartial(this: unknown, ...given) {
      return bounds.section(() => invokePartial.apply(this, given));
    },
  };
  const renderOf = kept((template) => {
    refuseDeepBlocks(template);
    return engine.compile(template);
  });
  const textFor = templateText(options, { template: 'CamelHandlebarsTemplate', resource: 'CamelHandlebarsResourceUri', longest: mostLetters }, context);
  return {
    send: (exchange) => {
      const render = renderOf(textFor(exchange));
      bounds.reset();
      try {
        // Members are own ones: prototypes stay out of reach.
        const text = render(viewOf(exchange, options.allowContextMapAll), { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false });
        bounds.write(text.length);
        exchange.body = text;
      } catch (thrown) {
        throw new ExchangeError('com.github.jknack.handlebars.HandlebarsException', (thrown as Error).message, { cause: thrown });
      }
    },
  };
}

const handlebarsOptions = {
  resourceUri: field.string('The template: `greet.hbs`, `file:greet.hbs`.').required().inPath(),
  allowContextMapAll: field.boolean('Lets the template see the exchange besides body, headers and variables.').default(false),
  allowTemplateFromHeader: field.boolean('Takes the template from a header where there is one. Only for messages whose sender is trusted.').default(false),
  contentCache: field.boolean('Reads the template once.').default(true),
  encoding: field.string('Charset of the template.').ignored('templates are read as UTF-8'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
};

export const handlebars = defineConnector({
  scheme: 'handlebars',
  syntax: 'handlebars:resourceUri',
  summary: 'Makes the body from a Handlebars template; it sees `body`, `headers` and `variables`.',
  options: handlebarsOptions,
  headers: {
    CamelHandlebarsResourceUri: 'Another template file, where allowTemplateFromHeader is on.',
    CamelHandlebarsTemplate: 'The template itself, where allowTemplateFromHeader is on.',
  },
  producer,
});
