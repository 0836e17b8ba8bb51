import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { performWith } from '../core/graph/flow.ts';

export const setBody = defineEip({
  name: 'setBody',
  summary: 'Replaces the message body with the value of an expression.',
  options: {
    expression: field.expression('Gives the new body.').required(),
  },
  examples: [{ title: 'Greet', route: '- from:\n    uri: direct:start\n    steps:\n      - setBody: { simple: "Hello ${body}" }\n      - to: mock:out\n', in: ['Ada'], out: { 'mock:out': ['Hello Ada'] } }],
  operator: ({ expression }, { info }) => performWith(expression, (exchange, value) => void (exchange.body = value ?? null), info),
});
