import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { disabled, naming, onWhen } from './shared.ts';

export const onCompletionFields = {
  mode: field.enum('After the reply was given, or just before it.', ['AfterConsumer', 'BeforeConsumer']).default('AfterConsumer'),
  onCompleteOnly: field.boolean('Only for messages that went through well.').default(false),
  onFailureOnly: field.boolean('Only for messages that failed.').default(false),
  onWhen: onWhen(),
  parallelProcessing: field.boolean('Runs the steps beside the route: whoever brought the message does not wait for them.').default(false),
  executorService: field.string('Pool in which they run, beside the route: a bean of `java.util.concurrent.Executors`, or a profile (`camel.threadpool.config[name]`).'),
  useOriginalMessage: field.boolean('Its steps see the message as it came into the route.').default(false),
  steps: field.steps('What a copy of the message goes through at its end.').required(),
  disabled,
  ...naming,
};

export const onCompletion = defineElement({
  name: 'onCompletion',
  summary: 'Steps that each message goes through when its route is done with it.',
  options: onCompletionFields,
  isBeforeRoutes: true,
});
