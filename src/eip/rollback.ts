import { defineEip } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { ROLLBACK_ONLY, ROLLBACK_ONLY_LAST } from '../core/exchange.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/flow.ts';

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
  operator: ({ message, markRollbackOnly, markRollbackOnlyLast }, { info }) =>
    perform((exchange) => {
      exchange.halt |= markRollbackOnlyLast ? ROLLBACK_ONLY_LAST : ROLLBACK_ONLY;
      if (markRollbackOnly || markRollbackOnlyLast) return;
      throw new ExchangeError('org.apache.camel.RollbackExchangeException', `${message ?? 'Intended rollback'}. Exchange[${exchange.id}]`);
    }, info),
});
