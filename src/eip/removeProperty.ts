import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/flow.ts';

export const removeProperty = defineEip({
  name: 'removeProperty',
  summary: 'Removes a property of the exchange.',
  shorthand: 'name',
  options: { name: field.string('Property to remove.').required() },
  operator: ({ name }, { info }) =>
    perform((exchange) => {
      if (exchange.hasProperties) exchange.properties.remove(name);
    }, info),
});
