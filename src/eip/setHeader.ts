import { defineEip } from '../core/definition.ts';
import { dynamicName, isDynamicText } from '../core/graph/dynamicText.ts';
import { field } from '../core/field.ts';
import { perform, performWith, settled } from '../core/graph/flow.ts';
import { fold } from '../core/exchange/headers.ts';

export const setHeader = defineEip({
  name: 'setHeader',
  summary: 'Sets a header to the value of an expression.',
  options: {
    name: field.string('Header to set; may hold Simple.').required(),
    expression: field.expression('Gives the value; null is kept as a value.').required(),
  },
  examples: [
    {
      title: 'Name the region',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setHeader: { name: region, simple: "${body}-1" }\n      - setBody: { simple: "${header.region}" }\n      - to: mock:out\n',
      in: ['eu'],
      out: { 'mock:out': ['eu-1'] },
    },
  ],
  operator: ({ name, expression }, context) => {
    const { info } = context;
    if (!isDynamicText(name)) {
      const folded = fold(name);
      if (expression.isAsync !== true) return perform((exchange) => exchange.headers.put(name, folded, expression(exchange) ?? null), info);
      return performWith(expression, (exchange, value) => exchange.headers.put(name, folded, value ?? null), info);
    }
    return settled(dynamicName(name, context), info, (nameOf) => performWith(expression, (exchange, value) => exchange.headers.set(nameOf(exchange), value ?? null), info));
  },
});
