import { convertTo, isByteSource } from '../core/conversion/convert.ts';
import { readStream } from '../core/conversion/stream.ts';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { isPromise, perform } from '../core/graph/flow.ts';
import { OptionError } from '../core/optionError.ts';

/** Content types by the names of data types. */
const contentType = (name: string): string => name.replace('-', '/');

type Transform = (exchange: Exchange, body: unknown) => unknown;

const isPlain = (body: unknown): boolean => typeof body === 'string' || Buffer.isBuffer(body);

/** The data types that need nothing but what every route has. */
function transformTo(type: string, context: StepContext): Transform | null {
  switch (type.replace(/^camel:/, '')) {
    case 'text-plain':
      return (exchange, body) => convertTo(body, 'String', exchange);
    case 'application-octet-stream':
      return (exchange, body) => convertTo(body, 'byte[]', exchange);
    case 'application-json': {
      const json = context.dataFormat('json', {});
      return (exchange, body) => (isPlain(body) ? convertTo(body, 'byte[]', exchange) : json.marshal(exchange, body));
    }
    case 'application-x-struct':
    case 'application-x-java-object': {
      const json = context.dataFormat('json', type.endsWith('struct') ? { unmarshalType: 'com.fasterxml.jackson.databind.JsonNode' } : {});
      return (exchange, body) => (isPlain(body) ? json.unmarshal(exchange, body) : body);
    }
    default:
      return null;
  }
}

export const transformDataType = defineEip({
  name: 'transformDataType',
  summary: 'Turns the body into another data type: text, bytes, JSON or the value that JSON stands for.',
  options: {
    fromType: field.string('Data type of the body.').ignored('the body itself shows what it is'),
    toType: field.string('`text-plain`, `application-octet-stream`, `application-json`, `application-x-struct` or `application-x-java-object`.').required(),
  },
  examples: [
    {
      title: 'Read JSON by its data type',
      route: '- from:\n    uri: direct:start\n    steps:\n      - transformDataType:\n          toType: application-x-struct\n      - setBody:\n          simple: "${body[id]}"\n      - to: mock:out\n',
      in: ['{"id":7}'],
      out: { 'mock:out': [7] },
    },
  ],
  operator: ({ toType }, context) => {
    const transform = transformTo(toType, context);
    if (transform === null) throw new OptionError('toType', `nothing transforms to \`${toType}\``, 'write one of those that docs/eip/transformDataType.md lists, such as `application-json`');
    const header = contentType(toType.replace(/^camel:/, ''));
    const set = (exchange: Exchange, value: unknown): void => {
      exchange.body = value;
      exchange.headers.set('Content-Type', header);
    };
    const put = (exchange: Exchange, value: unknown): void | Promise<void> => {
      if (isPromise(value)) return value.then((later) => set(exchange, later));
      set(exchange, value);
    };
    return perform((exchange) => {
      const { body } = exchange;
      if (body === null || body === undefined) {
        if (header === 'text/plain') exchange.headers.set('Content-Type', header);
        return;
      }
      if (isByteSource(body)) return readStream(body).then((bytes) => put(exchange, transform(exchange, bytes)));
      return put(exchange, transform(exchange, body));
    }, context.info);
  },
});
