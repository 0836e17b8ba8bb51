import { defineEip } from '../core/definition.ts';
import { conversion } from '../core/graph/dataFormatStep.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';

export const marshal = defineEip({
  name: 'marshal',
  summary: 'Turns the body into the bytes or text of a data format.',
  options: {
    dataFormatType: field.dataFormat('The data format, with its options.').required(),
    variableSend: field.string('Variable that is marshalled instead of the body.'),
    variableReceive: field.string('Variable that takes the result; the body stays as it was.'),
  },
  examples: [
    {
      title: 'Write a list as CSV',
      route: '- from:\n    uri: direct:start\n    steps:\n      - marshal:\n          csv: {}\n      - convertBodyTo: String\n      - to: mock:out\n',
      in: [[['tea', 3], ['mug', 2]]],
      out: { 'mock:out': ['tea,3\r\nmug,2\r\n'] },
    },
  ],
  operator: ({ dataFormatType: { name, options }, ...variables }, context) => {
    const format = context.dataFormat(name, options);
    return perform(
      conversion((exchange, body): unknown => format.marshal(exchange, body), variables),
      context.info,
    );
  },
});
