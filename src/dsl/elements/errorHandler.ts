import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { redeliveryPolicy } from './redeliveryPolicy.ts';
import { logLevel, noJavaLogger, noJavaThreads } from './shared.ts';

const handlerFields = {
  id: field.string('Names the error handler.'),
  redeliveryPolicy: redeliveryPolicy(),
  redeliveryPolicyRef: field.reference('A policy that stands among the beans.', 'RedeliveryPolicy'),
  retryWhileRef: field.reference('A predicate: tries again as long as it holds.', 'Predicate'),
  useOriginalMessage: field.boolean('Handles the message as it came into the route, not as it was when a step failed.').default(false),
  useOriginalBody: field.boolean('As `useOriginalMessage`, but only the body; headers stay as they are.').default(false),
  onExceptionOccurredRef: field.reference('Called at once for every failure.', 'Processor'),
  onPrepareFailureRef: field.reference('Called before a failed message is handed over.', 'Processor'),
  onRedeliveryRef: field.reference('Called before every new attempt.', 'Processor'),
  executorServiceRef: field.reference('Thread pool for waits.', 'ExecutorService').ignored(noJavaThreads),
  level: logLevel('Level of its log lines.').default('ERROR'),
  logName: field.string('Logger that it writes to.').ignored(noJavaLogger),
  loggerRef: field.reference('Logger that it writes to.', 'Logger').ignored(noJavaLogger),
};

const transactionFields = {
  ...handlerFields,
  rollbackLoggingLevel: logLevel('Level at which a rollback is logged.').default('WARN'),
  transactedPolicyRef: field.reference('Policy of the transaction.', 'TransactedPolicy'),
};

export const errorHandlerFields = {
  id: field.string('Names the error handler.'),
  deadLetterChannel: field.element('Sends what can not be handled to an endpoint.', {
    deadLetterUri: field.endpoint('Where failed messages go.').required(),
    deadLetterHandleNewException: field.boolean('Counts a message as handled even if that endpoint fails.').default(true),
    ...handlerFields,
  }),
  defaultErrorHandler: field.element('Gives failures back to the caller, after trying again where its policy says so.', handlerFields),
  noErrorHandler: field.element('Gives failures back to the caller at once.', { id: field.string('Names the error handler.') }),
  refErrorHandler: field.element(
    'An error handler that stands among the beans.',
    { ref: field.reference('Its name.', 'ErrorHandler').required(), id: field.string('Names the error handler.') },
    'ref',
  ),
  jtaTransactionErrorHandler: field.element('Error handling of a transacted route.', transactionFields),
  springTransactionErrorHandler: field.element('Error handling of a transacted route.', transactionFields),
};

export const errorHandler = defineElement({
  name: 'errorHandler',
  summary: 'What happens to messages of all routes of the file whose steps fail.',
  options: errorHandlerFields,
});
