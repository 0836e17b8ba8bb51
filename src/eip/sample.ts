import { defineEip } from '../core/definition.ts';
import { STOPPED } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';

export const sample = defineEip({
  name: 'sample',
  keepsState: true,
  summary: 'Lets one exchange of a period, or every n-th one, through; the others stop here.',
  shorthand: 'samplePeriod',
  isBare: true,
  options: {
    samplePeriod: field.millis('At most one exchange goes through in so much time.').atLeast(1).default(1000),
    messageFrequency: field.integer('Every so many exchanges one goes through; the period does not count then.').atLeast(1),
  },
  examples: [
    {
      title: 'Let every second message through',
      route: '- from:\n    uri: direct:start\n    steps:\n      - sample:\n          messageFrequency: 2\n      - to: mock:out\n',
      in: [1, 2, 3, 4],
      out: { 'mock:out': [2, 4] },
    },
  ],
  operator: ({ samplePeriod, messageFrequency }, { clock, info }) => {
    let count = 0;
    let next = -Infinity;
    const isSample = (): boolean => {
      if (messageFrequency !== undefined) {
        count = (count + 1) % messageFrequency;
        return count === 0;
      }
      const now = clock.now();
      if (now < next) return false;
      next = now + samplePeriod;
      return true;
    };
    return perform((exchange) => {
      if (!isSample()) exchange.halt |= STOPPED;
    }, info);
  },
});
