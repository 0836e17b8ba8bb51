import type { ConnectorContext, Endpoint, Producer } from '../../core/connector.ts';
import { defineConnector, runtimeOf } from '../../core/connector.ts';
import { isByteSource, readBytes, toText } from '../../core/conversion/convert.ts';
import { FileBody } from '../../core/conversion/file-body.ts';
import { StreamCache } from '../../core/conversion/stream.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { field } from '../../core/field.ts';
import { jsonText, parseJsonInTurns, toPlainNumbers, writeJsonInTurns } from '../../core/conversion/json.ts';
import { kept, templateText, viewOf } from '../template.ts';

/** The JSON that a body holds: a text, bytes, a stream or a file. As in Camel a map, or a node of a document, is none. */
async function documentOf(exchange: Exchange): Promise<unknown> {
  let { body } = exchange;
  if (isByteSource(body)) body = await readBytes(body);
  else if (isStored(body)) body = toText(body);
  if (typeof body === 'string' || body instanceof Uint8Array) return toPlainNumbers(await parseJsonInTurns(typeof body === 'string' ? body : jsonText(body)));
  throw new ExchangeError('org.apache.camel.ValidationException', 'Allowed body types are String, Reader, File, byte[] or InputStream: `marshal: json` it first');
}

/** A stream that is kept, or a file. */
const isStored = (body: unknown): boolean => body instanceof StreamCache || body instanceof FileBody;

async function producer({ options }: Endpoint<typeof jsltOptions>, context: ConnectorContext): Promise<Producer> {
  const [{ compileJslt }, { JsltSyntaxError }] = [await import('./compile.ts'), await import('./syntax.ts')];
  const surroundings = { read: (uri: string) => runtimeOf(context).resource(uri), now: () => context.clock.now() };
  const runOf = kept((source) => compileJslt(source, surroundings));
  const textFor = templateText(options, { template: 'CamelJsltString', resource: resourceHeader, stay: true }, context);
  return {
    send: async (exchange) => {
      try {
        // The body comes first, as in Camel: what is wrong with it shows before the template does.
        const document = await documentOf(exchange).catch((thrown: unknown) => {
          // Which is obeyed, if too late.
          if (options.allowTemplateFromHeader) exchange.headers.remove(resourceHeader);
          throw thrown;
        });
        const source = textFor(exchange);
        if (source.trim() === '') throw new JsltSyntaxError('there is no expression');
        const run = runOf(source);
        const { body: _body, ...view } = viewOf(exchange, options.allowContextMapAll);
        const result = run(document, new Map(Object.entries(view)));
        exchange.body = await writeJsonInTurns(result, { isPretty: options.prettyPrint });
      } catch (thrown) {
        if (thrown instanceof ExchangeError) throw thrown;
        throw new ExchangeError('com.schibsted.spt.data.jslt.JsltException', `${thrown instanceof JsltSyntaxError ? 'Parse error: ' : ''}${(thrown as Error).message}`, { cause: thrown });
      }
    },
  };
}

const resourceHeader = 'CamelJsltResourceUri';

const jsltOptions = {
  resourceUri: field.string('The file with the JSLT expression.').required().inPath(),
  allowContextMapAll: field.boolean('Binds `$exchange` and `$camelContext`, too.').default(false),
  allowTemplateFromHeader: field.boolean('Takes the expression from a header where there is one. Only for messages whose sender is trusted.').default(false),
  contentCache: field.boolean('Reads the file once.').default(true),
  mapBigDecimalAsFloats: field.boolean('Reads decimals as BigDecimal.').default(false).ignored('numbers are as JSON has them'),
  objectMapper: field.string('Bean that is the ObjectMapper.').ignored('there is no Jackson here'),
  prettyPrint: field.boolean('Writes JSON with line breaks.').default(false),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
};

export const jslt = defineConnector({
  scheme: 'jslt',
  syntax: 'jslt:resourceUri',
  summary: 'Transforms a JSON body with a JSLT expression from a file; `$headers` and `$variables` are bound.',
  options: jsltOptions,
  headers: { [resourceHeader]: 'Another file, where allowTemplateFromHeader is on.', CamelJsltString: 'The expression itself, where allowTemplateFromHeader is on.' },
  producer,
});
