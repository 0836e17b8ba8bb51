import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/flow.ts';
import { namePattern, namePatterns } from '../core/namePattern.ts';

export const removeHeaders = defineEip({
  name: 'removeHeaders',
  summary: 'Removes the headers whose names match a pattern.',
  shorthand: 'pattern',
  options: {
    pattern: field.string('A name, a start that ends with `*`, or a regular expression; letter case does not count.').required(),
    excludePattern: field.string('Names that stay, as patterns separated by commas.'),
  },
  operator: ({ pattern, excludePattern }, { info }) => {
    const isUnwanted = namePattern(pattern);
    const stays = namePatterns(excludePattern);
    if (pattern === '*' && excludePattern === undefined) return perform((exchange) => exchange.headers.clear(), info);
    return perform((exchange) => void exchange.headers.removeWhere((name) => isUnwanted(name) && !stays(name)), info);
  },
});
