import { defineEip } from '../core/definition.ts';
import { dynamicText, isDynamicText } from '../core/graph/dynamicText.ts';
import { field } from '../core/field.ts';
import { perform, performWith } from '../core/graph/flow.ts';

export const removeVariable = defineEip({
  name: 'removeVariable',
  summary: 'Removes a variable.',
  shorthand: 'name',
  options: { name: field.string('Variable to remove: `x`, `global:x` or `route:x`; may hold Simple.').required() },
  examples: [
    {
      title: 'Forget a variable',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setVariable:\n          name: seen\n          constant: "yes"\n      - removeVariable: seen\n      - setBody:\n          simple: "seen: ${variable.seen}"\n      - to: mock:out\n',
      in: ['x'],
      out: { 'mock:out': ['seen: '] },
    },
  ],
  operator: ({ name }, context) => {
    if (!isDynamicText(name)) return perform((exchange) => void exchange.removeVariable(name), context.info);
    return performWith(dynamicText(name, context), (exchange, variable) => void exchange.removeVariable(variable), context.info);
  },
});
