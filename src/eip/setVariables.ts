import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { sequence } from '../core/flow.ts';
import { setVariable } from './setVariable.ts';

export const setVariables = defineEip({
  name: 'setVariables',
  summary: 'Sets several variables, one after the other.',
  options: {
    variables: field
      .list(
        'The variables; a later one sees those before it.',
        field.element('One variable.', {
          name: field.string('Variable to set; may hold Simple.').required(),
          expression: field.expression('Gives the value.').required(),
        }),
      )
      .required(),
  },
  operator: ({ variables }, context) => sequence(variables.map((variable) => setVariable.operator(variable, context))),
});
