import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/flow.ts';

export const removeHeader = defineEip({
  name: 'removeHeader',
  summary: 'Removes a header.',
  shorthand: 'name',
  options: { name: field.string('Header to remove, in any letter case.').required() },
  operator: ({ name }, { info }) => perform((exchange) => void exchange.headers.remove(name), info),
});
