import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { sequence } from '../core/graph/flow.ts';
import { missingOption } from '../core/optionError.ts';
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
  examples: [
    {
      title: 'Set several headers',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setHeaders:\n          headers:\n            - name: first\n              simple: "${body}"\n            - name: second\n              simple: "${header.first}+"\n      - setBody:\n          header: second\n      - to: mock:out\n',
      in: ['a'],
      out: { 'mock:out': ['a+'] },
    },
  ],
  operator: ({ headers }, context) => {
    if (headers.length === 0) throw missingOption('`setHeaders` sets no header', 'add `headers: [ { name: a, constant: x } ]`');
    return sequence(headers.map((header) => setHeader.operator(header, context)));
  },
});
