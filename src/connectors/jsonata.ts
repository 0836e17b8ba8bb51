import { defineConnector, runtimeOf } from '../core/connector.ts';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import type { Expression } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { toText } from '../core/conversion/convert.ts';
import { writeJsonInTurns } from '../core/conversion/json.ts';
import { templateText } from './template.ts';

const resourceHeader = 'CamelJsonataResourceUri';
const headers = { resource: resourceHeader };

const hasScheme = /^(?:resource:)?(?:file|classpath|https?|ref|bean):/;

function producer({ options }: Endpoint<typeof jsonataOptions>, context: ConnectorContext): Producer {
  const textFor = templateText(options, headers, context);
  let known: { readonly text: string; readonly expression: Expression } | null = null;
  return {
    send: async (exchange) => {
      const { inputType, allowTemplateFromHeader } = options;
      // As in Camel what names no resource is the expression itself.
      const named = allowTemplateFromHeader ? toText(exchange.headers.get(resourceHeader) ?? null) : null;
      const isExpression = named !== null && !hasScheme.test(named);
      if (isExpression) exchange.headers.remove(resourceHeader);
      const text = isExpression ? named : textFor(exchange);
      if (known?.text !== text) known = { text, expression: runtimeOf(context).expression('jsonata', text) };
      const { body } = exchange;
      // The language would read it as JSON.
      if (inputType === 'Jackson' && typeof body === 'string') exchange.body = JSON.stringify(body);
      let value: unknown;
      try {
        value = await known.expression(exchange);
      } finally {
        exchange.body = body;
      }
      exchange.body = options.outputType === 'JsonString' ? await writeJsonInTurns(value, { isPretty: options.prettyPrint }) : value;
    },
  };
}

const jsonataOptions = {
  resourceUri: field.string('The file with the JSONata expression.').required().inPath(),
  allowContextMapAll: field.boolean('Lets the expression see the whole exchange.').default(false).ignored('the expression sees body, headers, properties and variables'),
  allowTemplateFromHeader: field.boolean('Takes the expression from a header where there is one. Only for messages whose sender is trusted.').default(false),
  contentCache: field.boolean('Reads the file once.').default(true),
  inputType: field.enum('What a text is: JSON with JsonString, a value as it stands with Jackson.', ['Jackson', 'JsonString']).default('Jackson'),
  outputType: field.enum('What the body becomes: Jackson for the value, JsonString for its text.', ['Jackson', 'JsonString']).default('Jackson'),
  prettyPrint: field.boolean('Writes JSON with line breaks.').default(false),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
  frameBinding: field.string('Bean that adds functions.').ignored('headers, properties and variables are bound as `$headers`, `$properties`, `$variables`'),
};

export const jsonata = defineConnector({
  scheme: 'jsonata',
  syntax: 'jsonata:resourceUri',
  summary: 'Transforms a JSON body with a JSONata expression from a file.',
  options: jsonataOptions,
  headers: { [resourceHeader]: 'Another file (`file:other.jsonata`), or the expression itself, where allowTemplateFromHeader is on.' },
  producer,
});
