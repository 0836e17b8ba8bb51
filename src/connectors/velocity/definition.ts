import type { ConnectorContext, Endpoint, Producer } from '../../core/connector.ts';
import { defineConnector } from '../../core/connector.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { field } from '../../core/field.ts';
import { Bounds, includedText, kept, templateText, viewOf, visible } from '../template.ts';

async function producer({ options }: Endpoint<typeof velocityOptions>, context: ConnectorContext): Promise<Producer> {
  const { compileTemplate } = await import('./template.ts');
  const bounds = new Bounds();
  const renderOf = kept(compileTemplate);
  const textFor = templateText(options, { template: 'CamelVelocityTemplate', resource: 'CamelVelocityResourceUri' }, context);
  const read = includedText(options, context);
  return {
    send: (exchange) => {
      const render = renderOf(textFor(exchange));
      exchange.body = render({ bounds, exchange, view: viewFor(exchange, options.allowContextMapAll, options.allowTemplateFromHeader), read });
    },
  };
}

function viewFor(exchange: Exchange, isWhole: boolean, takesHeaders: boolean): Record<string, unknown> {
  const view = viewOf(exchange, isWhole, (number) => number);
  const more = takesHeaders ? visible(exchange.headers.get('CamelVelocitySupplementalContext') ?? null, (number) => number) : null;
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
  summary: 'Makes the body from a Velocity template; it sees `body`, `headers` and `variables`. `$headers.put("a", 1)` sets a header.',
  options: velocityOptions,
  headers: {
    CamelVelocityResourceUri: 'Another template file, where allowTemplateFromHeader is on.',
    CamelVelocityTemplate: 'The template itself, where allowTemplateFromHeader is on.',
    CamelVelocitySupplementalContext: 'More names for the template, where allowTemplateFromHeader is on.',
  },
  producer,
});
