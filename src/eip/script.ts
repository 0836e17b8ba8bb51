import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { performWith } from '../core/graph/flow.ts';

export const script = defineEip({
  name: 'script',
  summary: 'Evaluates an expression for what it does to the exchange; its value is dropped.',
  options: { expression: field.expression('What to evaluate.').required() },
  examples: [
    {
      title: 'Set a header beside the body',
      route: '- from:\n    uri: direct:start\n    steps:\n      - script:\n          simple: "${setHeader(size,${body.length})}"\n      - setBody:\n          header: size\n      - to: mock:out\n',
      in: ['abc'],
      out: { 'mock:out': [3] },
    },
  ],
  operator: ({ expression }, { info }) => performWith(expression, () => {}, info),
});
