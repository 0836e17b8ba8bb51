import { defineConnector, runtimeOf } from '../core/connector.ts';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import type { Expression } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { isByteSource, isStreamed, toText } from '../core/conversion/convert.ts';
import { writeJsonInTurns } from '../core/conversion/json.ts';
import { XmlNode, XmlNodeList } from '../core/conversion/xml.ts';
import { ExchangeError } from '../core/errors.ts';
import { jsonTextOf } from './jsonBody.ts';
import { templateText } from './template.ts';

const resourceHeader = 'CamelJsonataResourceUri';
const headers = { resource: resourceHeader };

const hasScheme = /^(?:resource:)?(?:file|classpath|https?|ref|bean):/;

/** What a body is as a value of JSON: a text is not read as a document. As in Camel bytes and streams are no value. */
function valueOf(body: unknown): unknown {
  if (body === null || body === undefined) return body;
  if (body instanceof XmlNodeList) throw new ExchangeError('java.lang.IllegalArgumentException', 'a list of XML nodes is no JSON value: `split` it, or convert it to a text first');
  // The language would read a text as JSON.
  if (typeof body === 'string' || body instanceof XmlNode) return JSON.stringify(String(body));
  if (body instanceof Uint8Array || isStreamed(body) || isByteSource(body))
    throw new ExchangeError('java.lang.IllegalArgumentException', 'Only JSON types (values, Map, List) are allowed as input, and the body is bytes: `inputType=JsonString` reads them');
  if (body instanceof Date) return body.getTime();
  return typeof (body as Partial<Iterator<unknown>>).next === 'function' ? [...({ [Symbol.iterator]: () => body } as Iterable<unknown>)] : body;
}

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
      let value: unknown;
      try {
        exchange.body = inputType === 'JsonString' ? await jsonTextOf(exchange, body, true) : valueOf(body);
        value = await known.expression(exchange);
      } finally {
        if (!isByteSource(body)) exchange.body = body;
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
