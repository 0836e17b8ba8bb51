import { defineEip } from '../core/definition.ts';
import { dynamicName, isDynamicText } from '../core/graph/dynamicText.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { performWith, settled } from '../core/graph/flow.ts';

// As in Camel, a property that becomes null is no longer there.
const put = (exchange: Exchange, name: string, value: unknown): void => {
  if (value === null || value === undefined) exchange.properties.remove(name);
  else exchange.properties.set(name, value);
};

export const setProperty = defineEip({
  name: 'setProperty',
  summary: 'Sets a property of the exchange to the value of an expression.',
  options: {
    name: field.string('Property to set; may hold Simple.').required(),
    expression: field.expression('Gives the value; null removes the property.').required(),
  },
  examples: [
    {
      title: 'Keep the first body',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setProperty:\n          name: first\n          simple: "${body}"\n      - setBody:\n          constant: other\n      - setBody:\n          exchangeProperty: first\n      - to: mock:out\n',
      in: ['a'],
      out: { 'mock:out': ['a'] },
    },
  ],
  operator: ({ name, expression }, context) => {
    const { info } = context;
    if (!isDynamicText(name)) return performWith(expression, (exchange, value) => put(exchange, name, value), info);
    return settled(dynamicName(name, context), info, (nameOf) => performWith(expression, (exchange, value) => put(exchange, nameOf(exchange), value), info));
  },
});
