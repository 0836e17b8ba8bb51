import { defineEip } from '../core/definition.ts';
import { convertTo, describeValue, isByteSource, isConvertibleType } from '../core/conversion/convert.ts';
import { readStream } from '../core/conversion/stream.ts';
import { ExchangeError, toExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';
import { mayBeCharset, prepareCharset } from '../core/conversion/charset.ts';

export const convertBodyTo = defineEip({
  name: 'convertBodyTo',
  summary: 'Converts the body to another type.',
  shorthand: 'type',
  options: {
    type: field.string('Name of the type as Java has it: `String`, `int`, `byte[]`, `java.util.List`, ...').required(),
    mandatory: field.boolean('A body that nothing converts fails the exchange; else it becomes null.').default(true),
    charset: field.string('Charset of text that becomes bytes, and of bytes that become text; UTF-8 when absent.'),
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
    const encoding = charset ?? null;
    const convert = (exchange: Exchange, body: unknown): void => {
      try {
        exchange.body = convertTo(body, type, encoding);
      } catch (thrown) {
        const cause = toExchangeError(thrown);
        if (mandatory) throw new ExchangeError('org.apache.camel.InvalidPayloadException', `No body available of type: ${type}, but ${describeValue(body)}: ${cause.message}`, { cause });
        if (cause.type !== 'org.apache.camel.NoTypeConversionAvailableException') throw cause;
        exchange.body = null;
      }
    };
    const ready = encoding === null ? null : prepareCharset(encoding);
    ready?.catch(() => {});
    let isReady = ready === null;
    ready?.then(() => (isReady = true), () => {});
    const convertLater = async (exchange: Exchange): Promise<void> => {
      await ready;
      const { body } = exchange;
      convert(exchange, isByteSource(body) ? await readStream(body) : body);
    };
    return perform((exchange) => (isReady && !isByteSource(exchange.body) ? convert(exchange, exchange.body) : convertLater(exchange)), info);
  },
});
