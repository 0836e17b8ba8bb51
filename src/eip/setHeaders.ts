import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { sequence } from '../core/flow.ts';
import { setHeader } from './setHeader.ts';

export const setHeaders = defineEip({
  name: 'setHeaders',
  summary: 'Sets several headers, one after the other.',
  options: {
    headers: field
      .list(
        'The headers; a later one sees those before it.',
        field.element('One header.', {
          name: field.string('Header to set; may hold Simple.').required(),
          expression: field.expression('Gives the value.').required(),
        }),
      )
      .required(),
  },
  operator: ({ headers }, context) => sequence(headers.map((header) => setHeader.operator(header, context))),
});
