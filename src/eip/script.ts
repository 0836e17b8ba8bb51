import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { performWith } from '../core/flow.ts';

export const script = defineEip({
  name: 'script',
  summary: 'Evaluates an expression for what it does to the exchange; its value is dropped.',
  options: { expression: field.expression('What to evaluate.').required() },
  operator: ({ expression }, { info }) => performWith(expression, () => {}, info),
});
