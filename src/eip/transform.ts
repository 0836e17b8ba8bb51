import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { performWith } from '../core/flow.ts';

export const transform = defineEip({
  name: 'transform',
  summary: 'Makes the value of an expression the new message body.',
  options: { expression: field.expression('Gives the new body.').required() },
  operator: ({ expression }, { info }) => performWith(expression, (exchange, value) => void (exchange.body = value ?? null), info),
});
