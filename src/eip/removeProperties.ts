import { matchTogether } from '../core/boundedRegExp.ts';
import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';
import { namePattern, namePatterns } from '../core/namePattern.ts';

export const removeProperties = defineEip({
  name: 'removeProperties',
  summary: 'Removes the properties of the exchange whose names match a pattern.',
  shorthand: 'pattern',
  options: {
    pattern: field.string('A name, a start that ends with `*`, or a regular expression; letter case does not count.').required(),
    excludePattern: field.string('Names that stay, as patterns separated by commas.'),
  },
  examples: [
    {
      title: 'Forget properties by a pattern',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setProperty:\n          name: tmp-a\n          constant: 1\n      - setProperty:\n          name: kept\n          constant: 2\n      - removeProperties: tmp-*\n      - setBody:\n          simple: "${exchangeProperty.tmp-a}:${exchangeProperty.kept}"\n      - to: mock:out\n',
      in: ['x'],
      out: { 'mock:out': [':2'] },
    },
  ],
  operator: ({ pattern, excludePattern }, { info }) => {
    const isUnwanted = namePattern(pattern);
    const stays = namePatterns(excludePattern);
    return perform((exchange) => {
      if (!exchange.hasProperties) return;
      const { properties } = exchange;
      const names = properties.names();
      for (const name of matchTogether(names.length, () => names.filter((one) => isUnwanted(one) && !stays(one)))) properties.remove(name);
    }, info);
  },
});
