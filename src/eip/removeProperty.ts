import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';

export const removeProperty = defineEip({
  name: 'removeProperty',
  summary: 'Removes a property of the exchange.',
  shorthand: 'name',
  options: { name: field.string('Property to remove.').required() },
  examples: [
    {
      title: 'Forget a property',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setProperty:\n          name: seen\n          constant: "yes"\n      - removeProperty: seen\n      - setBody:\n          simple: "seen: ${exchangeProperty.seen}"\n      - to: mock:out\n',
      in: ['x'],
      out: { 'mock:out': ['seen: '] },
    },
  ],
  operator: ({ name }, { info }) =>
    perform((exchange) => {
      if (exchange.hasProperties) exchange.properties.remove(name);
    }, info),
});
