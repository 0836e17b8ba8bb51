import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';

export const pipeline = defineEip({
  name: 'pipeline',
  summary: 'Several steps in a row, as one step: inside `multicast` and `loadBalance` one branch.',
  options: { steps: field.steps('The steps.').required() },
  operator: ({ steps }) => steps,
});
