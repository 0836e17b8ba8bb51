import { defineEip } from '../core/definition.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';
import { processorOf } from '../core/graph/processor.ts';

export const process = defineEip({
  name: 'process',
  summary: 'Hands the exchange to a JavaScript function that works on it in place.',
  shorthand: 'ref',
  options: {
    ref: field.string('Bean: a function of the exchange, or an object with `process`; `#module:./file.mjs` names a module.').required(),
  },
  examples: [
    {
      title: 'Hand the exchange to a function',
      route: '- from:\n    uri: direct:start\n    steps:\n      - process:\n          ref: "#module:./examples/modules/shout.mjs"\n      - to: mock:out\n',
      in: ['hello'],
      out: { 'mock:out': ['hello!'] },
    },
  ],
  operator: ({ ref }, context) => {
    const run: (exchange: Exchange) => void | Promise<void> = processorOf(context.bean(ref, 'Processor'), ref);
    return perform(run, context.info);
  },
});
