import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { redeliveryPolicy } from './redeliveryPolicy.ts';
import { disabled, naming, onWhen } from './shared.ts';

export const onExceptionFields = {
  exception: field.list('Classes of failures that it is for.', field.string('Name of a class.')),
  onWhen: onWhen(),
  handled: field.predicate('True: the caller does not see the failure.').notInline(),
  continued: field.predicate('True: the route goes on after the step that failed.').notInline(),
  retryWhile: field.predicate('Tries again as long as it is true.').notInline(),
  redeliveryPolicy: redeliveryPolicy(),
  redeliveryPolicyRef: field.reference('A policy that stands among the beans.', 'RedeliveryPolicy'),
  onExceptionOccurredRef: field.reference('Called at once for every failure.', 'Processor'),
  onRedeliveryRef: field.reference('Called before every new attempt.', 'Processor'),
  useOriginalMessage: field.boolean('Its steps see the message as it came into the route.').default(false),
  useOriginalBody: field.boolean('Its steps see the body as it came into the route, and the headers as they are. As in Camel it fails where nothing keeps the original: a `useOriginalMessage`, a dead-letter channel with either option, or `camel.main.allowUseOriginalMessage: true`.').default(false),
  steps: field.steps('What a message that failed goes through.'),
  disabled,
  ...naming,
};

export const onException = defineElement({
  name: 'onException',
  summary: 'What happens to messages that failed in a certain way, in all routes of the file.',
  options: onExceptionFields,
  isBeforeRoutes: true,
});
