import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { performWith } from '../core/graph/flow.ts';

export const transform = defineEip({
  name: 'transform',
  summary: 'Makes the value of an expression the new message body.',
  options: { expression: field.expression('Gives the new body.').required() },
  examples: [
    {
      title: 'Make a new body',
      route: '- from:\n    uri: direct:start\n    steps:\n      - transform:\n          simple: "Hello ${body}"\n      - to: mock:out\n',
      in: ['Ann'],
      out: { 'mock:out': ['Hello Ann'] },
    },
  ],
  operator: ({ expression }, { info }) => performWith(expression, (exchange, value) => void (exchange.body = value ?? null), info),
});
