import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';

export const setExchangePattern = defineEip({
  name: 'setExchangePattern',
  summary: 'Changes the pattern of the exchange from here on: InOnly sends without waiting, InOut asks for a reply.',
  shorthand: 'pattern',
  options: { pattern: field.enum('The new pattern.', ['InOnly', 'InOut']).required() },
  examples: [
    {
      title: 'Make the rest of the route one-way',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setExchangePattern: InOnly\n      - setBody:\n          simple: "${exchange.pattern}"\n      - to: mock:out\n',
      in: ['x'],
      out: { 'mock:out': ['InOnly'] },
    },
  ],
  operator: ({ pattern }, { info }) => {
    const isInOut = pattern === 'InOut';
    return perform((exchange) => void (exchange.isInOut = isInOut), info);
  },
});
