import type { ConnectorContext, Endpoint, Producer } from '../../core/connector.ts';
import { defineConnector } from '../../core/connector.ts';
import type { ExactNumber } from '../../core/conversion/exactNumber.ts';
import { ExchangeError } from '../../core/errors.ts';
import { field } from '../../core/field.ts';
import { includedText, kept, templateText, viewOf } from '../template.ts';

async function producer({ options }: Endpoint<typeof freemarkerOptions>, context: ConnectorContext): Promise<Producer> {
  const [{ compileTemplate, MissingError }, { TemplateSyntaxError }] = [await import('./template.ts'), await import('./syntax.ts')];
  const renderOf = kept(compileTemplate);
  const textFor = templateText(options, { template: 'CamelFreemarkerTemplate', resource: 'CamelFreemarkerResourceUri' }, context);
  const around = { read: includedText(options, context), now: () => context.clock.now() };
  // A template counts with doubles; a whole number that they can't hold is a text.
  const plain = (value: ExactNumber): unknown => (value.kind === 'integer' ? value.text : Number(value));
  const typeOf = (thrown: unknown): string =>
    thrown instanceof TemplateSyntaxError ? 'freemarker.core.ParseException' : thrown instanceof MissingError ? 'freemarker.core.InvalidReferenceException' : 'freemarker.template.TemplateException';
  return {
    send: (exchange) => {
      const template = textFor(exchange);
      try {
        exchange.body = renderOf(template)(viewOf(exchange, options.allowContextMapAll, plain), around);
      } catch (thrown) {
        throw new ExchangeError(typeOf(thrown), (thrown as Error).message, { cause: thrown });
      }
    },
  };
}

const freemarkerOptions = {
  resourceUri: field.string('The template: `greet.ftl`, `file:greet.ftl`.').required().inPath(),
  allowContextMapAll: field.boolean('Lets the template see the exchange besides body, headers and variables.').default(false),
  allowTemplateFromHeader: field.boolean('Takes the template from a header where there is one. Only for messages whose sender is trusted.').default(false),
  contentCache: field.boolean('Reads the template once.').default(true),
  encoding: field.string('Charset of the template.').ignored('templates are read as UTF-8'),
  templateUpdateDelay: field.count('Seconds that a template stays cached.').ignored('`contentCache: false` reads it for each message'),
  configuration: field.string('Bean that configures FreeMarker.').ignored('there is no Java engine here'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
};

export const freemarker = defineConnector({
  scheme: 'freemarker',
  syntax: 'freemarker:resourceUri',
  summary: 'Makes the body from a FreeMarker template; it sees `body`, `headers` and `variables`.',
  options: freemarkerOptions,
  headers: {
    CamelFreemarkerResourceUri: 'Another template file, where allowTemplateFromHeader is on.',
    CamelFreemarkerTemplate: 'The template itself, where allowTemplateFromHeader is on.',
  },
  producer,
});
