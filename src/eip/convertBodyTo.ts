import { defineEip } from '../core/definition.ts';
import { convertTo, describeValue, isByteSource, isConvertibleType, toText } from '../core/conversion/convert.ts';
import { FileBody } from '../core/conversion/file-body.ts';
import { readStream } from '../core/conversion/stream.ts';
import { ExchangeError, toExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';
import { mayBeCharset, nodeEncoding, prepareCharset } from '../core/conversion/charset.ts';

/** The charset that the exchange names, as a consumer of files does. */
const charsetOf = (exchange: Exchange): string | null => {
  const { body } = exchange;
  // A file knows its own.
  if (body instanceof FileBody || (typeof body !== 'string' && typeof body !== 'object')) return null;
  return toText(exchange.property('CamelCharsetName') ?? exchange.headers.lookup('camelcharsetname') ?? null);
};

async function named(charset: string): Promise<void> {
  try {
    await prepareCharset(charset);
  } catch (thrown) {
    throw new ExchangeError('org.apache.camel.InvalidPayloadException', `the exchange names no charset: ${(thrown as Error).message}`, { cause: thrown });
  }
}

export const convertBodyTo = defineEip({
  name: 'convertBodyTo',
  summary: 'Converts the body to another type.',
  shorthand: 'type',
  options: {
    type: field.string('Name of the type as Java has it: `String`, `int`, `byte[]`, `java.util.List`, ...').required(),
    mandatory: field.boolean('A body that nothing converts fails the exchange; else it becomes null.').default(true),
    charset: field.string('Charset of text that becomes bytes, and of bytes that become text; that which the exchange names (`CamelCharsetName`), or UTF-8, when absent.'),
  },
  examples: [
    {
      title: 'Make a number of a text',
      route: '- from:\n    uri: direct:start\n    steps:\n      - convertBodyTo: int\n      - to: mock:out\n',
      in: ['42', 7.9],
      out: { 'mock:out': [42, 7] },
    },
  ],
  operator: ({ type, mandatory, charset }, { info }) => {
    if (!isConvertibleType(type)) throw new Error(`there is no type \`${type}\``);
    if (charset !== undefined && !mayBeCharset(charset)) throw new Error(`there is no charset \`${charset}\``);
    const convert = (exchange: Exchange, body: unknown, encoding: string | null): void => {
      try {
        exchange.body = convertTo(body, type, encoding);
      } catch (thrown) {
        const cause = toExchangeError(thrown);
        if (mandatory) throw new ExchangeError('org.apache.camel.InvalidPayloadException', `No body available of type: ${type}, but ${describeValue(body)}: ${cause.message}`, { cause });
        if (cause.type !== 'org.apache.camel.NoTypeConversionAvailableException') throw cause;
        exchange.body = null;
      }
    };
    const ready = charset === undefined ? null : prepareCharset(charset);
    ready?.catch(() => {});
    let isReady = ready === null;
    ready?.then(() => (isReady = true), () => {});
    const convertLater = async (exchange: Exchange, encoding: string | null): Promise<void> => {
      if (charset !== undefined) await ready;
      else if (encoding !== null) await named(encoding);
      const { body } = exchange;
      convert(exchange, isByteSource(body) ? await readStream(body) : body, encoding);
    };
    return perform((exchange) => {
      const encoding = charset ?? charsetOf(exchange);
      const isKnown = charset === undefined ? nodeEncoding(encoding) !== undefined : isReady;
      return isKnown && !isByteSource(exchange.body) ? convert(exchange, exchange.body, encoding) : convertLater(exchange, encoding);
    }, info);
  },
});
