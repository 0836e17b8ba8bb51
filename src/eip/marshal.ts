import { defineEip } from '../core/definition.ts';
import { conversion } from '../core/dataFormatStep.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/flow.ts';

export const marshal = defineEip({
  name: 'marshal',
  summary: 'Turns the body into the bytes or text of a data format.',
  options: {
    dataFormatType: field.dataFormat('The data format, with its options.').required(),
    variableSend: field.string('Variable that is marshalled instead of the body.'),
    variableReceive: field.string('Variable that takes the result; the body stays as it was.'),
  },
  operator: ({ dataFormatType: { name, options }, ...variables }, context) => {
    const format = context.dataFormat(name, options);
    return perform(conversion((exchange, body) => format.marshal(exchange, body), variables), context.info);
  },
});
