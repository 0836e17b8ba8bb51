import { defineEip } from '../core/definition.ts';
import { dynamicName, isDynamicText } from '../core/graph/dynamicText.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { performWith, settled } from '../core/graph/flow.ts';

// As in Camel, a variable that becomes null is no longer there.
const put = (exchange: Exchange, name: string, value: unknown): void => {
  if (value === null || value === undefined) exchange.removeVariable(name);
  else exchange.setVariable(name, value);
};

export const setVariable = defineEip({
  name: 'setVariable',
  summary: 'Sets a variable to the value of an expression.',
  options: {
    name: field.string("Variable to set: `x` is the exchange's own, `global:x` the runtime's, `route:x` the route's; may hold Simple.").required(),
    expression: field.expression('Gives the value; null removes the variable.').required(),
  },
  examples: [
    {
      title: 'Keep the first body beside the message',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setVariable:\n          name: first\n          simple: "${body}"\n      - setBody:\n          constant: other\n      - setBody:\n          simple: "${variable.first} and ${body}"\n      - to: mock:out\n',
      in: ['a'],
      out: { 'mock:out': ['a and other'] },
    },
  ],
  operator: ({ name, expression }, context) => {
    const { info } = context;
    if (!isDynamicText(name)) return performWith(expression, (exchange, value) => put(exchange, name, value), info);
    return settled(dynamicName(name, context), info, (nameOf) => performWith(expression, (exchange, value) => put(exchange, nameOf(exchange), value), info));
  },
});
