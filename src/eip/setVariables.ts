import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { sequence } from '../core/graph/flow.ts';
import { missingOption } from '../core/optionError.ts';
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
  examples: [
    {
      title: 'Set several variables',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setVariables:\n          variables:\n            - name: first\n              simple: "${body}"\n            - name: second\n              constant: b\n      - setBody:\n          simple: "${variable.first}${variable.second}"\n      - to: mock:out\n',
      in: ['a'],
      out: { 'mock:out': ['ab'] },
    },
  ],
  operator: ({ variables }, context) => {
    if (variables.length === 0) throw missingOption('`setVariables` sets no variable', 'add `variables: [ { name: a, constant: x } ]`');
    return sequence(variables.map((variable) => setVariable.operator(variable, context)));
  },
});
