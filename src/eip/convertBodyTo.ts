import { noType } from '../core/optionError.ts';
import { defineEip } from '../core/definition.ts';
import { fullTypeName, isByteSource, isConvertibleType } from '../core/conversion/convert.ts';
import { javaClassName } from '../core/conversion/javaClassName.ts';
import { readStream } from '../core/conversion/stream.ts';
import { ExchangeError, toExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { isPromise, perform } from '../core/graph/flow.ts';
import { checkCharset } from '../core/conversion/charset.ts';
import { convertIn } from '../core/graph/convertStep.ts';

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
    if (!isConvertibleType(type)) throw noType(type);
    if (charset !== undefined) checkCharset(charset);
    const conversion = { type, mandatory, charset };
    const failure = (body: unknown, thrown: unknown): ExchangeError => {
      const cause = toExchangeError(thrown);
      return mandatory ? new ExchangeError('org.apache.camel.InvalidPayloadException', `No body available of type: ${fullTypeName(type)} but has type: ${javaClassName(body)} on: Message. Caused by: ${cause.message}`, { cause }) : cause;
    };
    const convert = (exchange: Exchange, body: unknown): void | Promise<void> => {
      let converted: unknown;
      try {
        converted = convertIn(exchange, body, conversion);
      } catch (thrown) {
        throw failure(body, thrown);
      }
      if (!isPromise(converted)) return void (exchange.body = converted);
      return converted.then(
        (later) => void (exchange.body = later),
        (thrown: unknown) => {
          throw failure(body, thrown);
        },
      );
    };
    const convertLater = async (exchange: Exchange, body: AsyncIterable<Uint8Array | string>): Promise<void> => convert(exchange, await readStream(body));
    return perform((exchange) => (isByteSource(exchange.body) ? convertLater(exchange, exchange.body) : convert(exchange, exchange.body)), info);
  },
});
