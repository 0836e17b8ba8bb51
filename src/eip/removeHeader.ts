import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';

export const removeHeader = defineEip({
  name: 'removeHeader',
  summary: 'Removes a header.',
  shorthand: 'name',
  options: { name: field.string('Header to remove, in any letter case.').required() },
  examples: [
    {
      title: 'Take one header away',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setHeader:\n          name: secret\n          constant: x\n      - removeHeader: secret\n      - setBody:\n          simple: "${body} ${header.secret}"\n      - to: mock:out\n',
      in: ['a'],
      out: { 'mock:out': ['a '] },
    },
  ],
  operator: ({ name }, { info }) => perform((exchange) => void exchange.headers.remove(name), info),
});
