import { defineEip } from '../core/definition.ts';
import { isByteSource } from '../core/conversion/convert.ts';
import { readStream } from '../core/conversion/stream.ts';
import { conversion } from '../core/graph/dataFormatStep.ts';
import { ExchangeError } from '../core/errors.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';

export const unmarshal = defineEip({
  name: 'unmarshal',
  summary: 'Reads a value from the bytes or text of a data format.',
  options: {
    dataFormatType: field.dataFormat('The data format, with its options.').required(),
    variableSend: field.string('Variable that is read instead of the body.'),
    variableReceive: field.string('Variable that takes the result; the body stays as it was.'),
    allowNullBody: field.boolean('A body that is null stays null instead of failing the exchange.').default(false),
  },
  examples: [
    {
      title: 'Read JSON',
      route: '- from:\n    uri: direct:start\n    steps:\n      - unmarshal:\n          json: {}\n      - setBody:\n          simple: "${body[name]}"\n      - to: mock:out\n',
      in: ['{"name":"Ann"}'],
      out: { 'mock:out': ['Ann'] },
    },
  ],
  operator: ({ dataFormatType: { name, options }, allowNullBody, ...variables }, context) => {
    const format = context.dataFormat(name, options);
    return perform(
      conversion((exchange, body) => {
        if (body === null || body === undefined) {
          if (allowNullBody || options['allowNullBody'] === true || options['allowNullBody'] === 'true') return null;
          throw new ExchangeError('org.apache.camel.NoTypeConversionAvailableException', 'No type converter available to convert from type: null to the required type: java.io.InputStream');
        }
        if (isByteSource(body) && format.takesStreams !== true) return readStream(body).then((bytes) => format.unmarshal(exchange, bytes));
        return format.unmarshal(exchange, body);
      }, variables),
      context.info,
    );
  },
});
