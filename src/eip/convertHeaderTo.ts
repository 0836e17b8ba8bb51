import { convertFields, convertStep } from '../core/graph/convertStep.ts';
import { defineEip } from '../core/definition.ts';

const values: Parameters<typeof convertStep>[1] = { missing: () => null, get: (exchange, name) => exchange.headers.get(name), set: (exchange, name, value) => exchange.headers.set(name, value) };

export const convertHeaderTo = defineEip({
  name: 'convertHeaderTo',
  summary: 'Converts the value of a header to another type; a header that is not there stays so.',
  options: convertFields('header'),
  examples: [
    {
      title: 'Compare a header as a number',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setHeader:\n          name: amount\n          simple: "${body}"\n      - convertHeaderTo:\n          name: amount\n          type: int\n      - filter:\n          simple: "${header.amount} > 9"\n          steps:\n            - to: mock:large\n',
      in: ['9', '10'],
      out: { 'mock:large': ['10'] },
    },
  ],
  operator: (options, context) => convertStep(options, values, context),
});
