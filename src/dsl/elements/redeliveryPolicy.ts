import { field } from '../../core/field.ts';
import { logLevel, noJavaLogger } from './shared.ts';

/** How often, and after which waits, a failing step is tried again. */
export const redeliveryFields = {
  id: field.string('Names the policy.'),
  maximumRedeliveries: field.integer('Attempts after the first one; -1 = for ever, 0 = none.'),
  redeliveryDelay: field.millis('Wait before the first new attempt.').default(1000),
  maximumRedeliveryDelay: field.millis('Longest wait; 0 = no limit.').default(60_000),
  useExponentialBackOff: field.boolean('Multiplies the wait after each attempt.').default(false),
  backOffMultiplier: field.number('What the wait is multiplied with.').default(2),
  useCollisionAvoidance: field.boolean('Varies waits at random, so that messages which failed together do not come back together.').default(false),
  collisionAvoidanceFactor: field.number('How much waits vary: 0.15 = up to 15 % more or less.').default(0.15),
  delayPattern: field.string('Waits by attempt, such as `1:1000;5:5000`: from the first attempt a second, from the fifth five.'),
  disableRedelivery: field.boolean('Tries nothing again.').default(false),
  asyncDelayedRedelivery: field.boolean('The source goes on with the next message while one waits, where it is a queue (`seda`), a folder or a scheduler.').default(false),
  allowRedeliveryWhileStopping: field.boolean('Goes on trying while the runtime stops.').default(true),
  logContinued: field.boolean('Logs failures after which the route goes on.').default(false),
  logExhausted: field.boolean('Logs that all attempts have failed.').default(true),
  logExhaustedMessageBody: field.boolean('Shows the body in that log line.').default(false),
  logExhaustedMessageHistory: field.boolean('Shows the steps that the message went through in that log line.').default(false),
  logHandled: field.boolean('Logs failures that were handled.').default(false),
  logNewException: field.boolean('Logs a failure that happens while another one is handled.').default(true),
  logRetryAttempted: field.boolean('Logs every attempt.').default(true),
  logRetryStackTrace: field.boolean('Shows the stack of the failure with every attempt.').default(false),
  logStackTrace: field.boolean('Shows the stack of the failure when all attempts have failed.').default(true),
  retriesExhaustedLogLevel: logLevel('Level for "all attempts have failed".').default('ERROR'),
  retryAttemptedLogLevel: logLevel('Level for a failed attempt.').default('DEBUG'),
  retryAttemptedLogInterval: field.integer('Logs only every so many attempts.').default(1),
  exchangeFormatterRef: field.reference('Formats the message for these log lines.', 'ExchangeFormatter').ignored(noJavaLogger),
};

export const redeliveryPolicy = () => field.element('How often, and after which waits, a failing step is tried again.', redeliveryFields);
