import { defineEip } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { ROLLBACK_ONLY, ROLLBACK_ONLY_LAST } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';
import { exclusiveOptions } from '../core/optionError.ts';

export const rollback = defineEip({
  name: 'rollback',
  summary: 'Gives the message back to its source: the exchange fails, or is only marked, and no later step runs.',
  shorthand: 'message',
  isBare: true,
  options: {
    message: field.string('Text of the exception; as it is, without Simple.'),
    markRollbackOnly: field.boolean('Marks the exchange without an exception.').default(false),
    markRollbackOnlyLast: field.boolean('Marks only the innermost transaction, without an exception.').default(false),
  },
  examples: [
    {
      title: 'Give a message back to its source',
      route: '- from:\n    uri: direct:start\n    steps:\n      - choice:\n          when:\n            - simple: "${body} == \'bad\'"\n              steps:\n                - to: mock:bad\n                - rollback:\n                    markRollbackOnly: true\n      - to: mock:good\n',
      in: ['good', 'bad'],
      out: { 'mock:good': ['good'], 'mock:bad': ['bad'] },
    },
  ],
  operator: ({ message, markRollbackOnly, markRollbackOnlyLast }, { info }) => {
    if (markRollbackOnly && markRollbackOnlyLast) throw exclusiveOptions('markRollbackOnly', 'markRollbackOnlyLast');
    return perform((exchange) => {
      exchange.halt |= markRollbackOnlyLast ? ROLLBACK_ONLY_LAST : ROLLBACK_ONLY;
      if (markRollbackOnly || markRollbackOnlyLast) return;
      throw new ExchangeError('org.apache.camel.RollbackExchangeException', `${message ?? 'Intended rollback'}. Exchange[${exchange.id}]`);
    }, info);
  },
});
