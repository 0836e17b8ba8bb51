import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';
import { namePattern, namePatterns } from '../core/namePattern.ts';

export const removeHeaders = defineEip({
  name: 'removeHeaders',
  summary: 'Removes the headers whose names match a pattern.',
  shorthand: 'pattern',
  options: {
    pattern: field.string('A name, a start that ends with `*`, or a regular expression; letter case does not count.').required(),
    excludePattern: field.string('Names that stay, as patterns separated by commas.'),
  },
  examples: [
    {
      title: 'Take headers away, but for one',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setHeaders:\n          headers:\n            - name: tmp-a\n              constant: 1\n            - name: tmp-b\n              constant: 2\n      - removeHeaders:\n          pattern: tmp-*\n          excludePattern: tmp-b\n      - setBody:\n          simple: "${header.tmp-a}:${header.tmp-b}"\n      - to: mock:out\n',
      in: ['x'],
      out: { 'mock:out': [':2'] },
    },
  ],
  operator: ({ pattern, excludePattern }, { info }) => {
    const isUnwanted = namePattern(pattern);
    const stays = namePatterns(excludePattern);
    if (pattern === '*' && excludePattern === undefined) return perform((exchange) => exchange.headers.clear(), info);
    return perform((exchange) => void exchange.headers.removeWhere((name) => isUnwanted(name) && !stays(name)), info);
  },
});
