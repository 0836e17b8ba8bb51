import { defineEip } from '../core/definition.ts';
import { STOPPED } from '../core/exchange/exchange.ts';
import { perform } from '../core/graph/flow.ts';

export const stop = defineEip({
  name: 'stop',
  summary: 'Ends the exchange here: no later step runs, in the routes that called this one neither. In a split or multicast it ends only that part.',
  isBare: true,
  ends: 'always',
  options: {},
  examples: [
    {
      title: 'End the route early',
      route: '- from:\n    uri: direct:start\n    steps:\n      - filter:\n          simple: "${body} == \'skip\'"\n          steps:\n            - stop: {}\n      - to: mock:out\n',
      in: ['a', 'skip', 'b'],
      out: { 'mock:out': ['a', 'b'] },
    },
  ],
  operator: (_, { info }) => perform((exchange) => void (exchange.halt |= STOPPED), info),
});
