import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { errorHandlerFields } from './errorHandler.ts';
import { fromFields } from './from.ts';
import { naming } from './shared.ts';

const dataType = (description: string) =>
  field.element(description, {
    urn: field.string('The type, such as `plain-text` or `application-json`.').required(),
    validate: field.boolean('Checks the message with the validator of that type.').default(false),
    ...naming,
  });

export const routeFields = {
  ...naming,
  from: field.element('Where messages come from, and the steps that they go through.', fromFields, 'uri').required(),
  group: field.string('Names a group of routes that belong together.'),
  nodePrefixId: field.string('Stands before the ids of all steps of the route.'),
  precondition: field.string('Simple predicate; when it is false at the start, the route is left out.'),
  autoStartup: field.boolean('Starts the route with the runtime.').default(true),
  startupOrder: field.integer('Routes with lower numbers start earlier and stop later.'),
  routeConfigurationId: field.string('Route configurations that the route takes part in: ids or patterns, with commas between them.'),
  errorHandler: field.element('What happens to messages of this route whose steps fail.', errorHandlerFields),
  errorHandlerRef: field.reference('An error handler that stands among the beans.', 'ErrorHandler'),
  inputType: dataType('Type that incoming messages have.'),
  outputType: dataType('Type that replies have.'),
  streamCache: field.boolean('Keeps streams, so that they can be read more than once.').default(true),
  logMask: field.boolean('Masks passwords and the like in log lines of the route.'),
  messageHistory: field.boolean('Keeps the list of steps that a message went through.'),
  trace: field.boolean('Logs every step of every message.'),
  routePolicyRef: field.reference("Beans, with commas between them, that are told of each message's begin and end in the route (`onExchangeBegin(route, exchange)`, `onExchangeDone(route, exchange)`), and of its start and stop (`onStart(route)`, `onStop(route)`); `route` has `id`, `pauseSource()` and `resumeSource()`. Built in are org.apache.camel.throttling.ThrottlingInflightRoutePolicy and ThrottlingExceptionRoutePolicy.", 'RoutePolicy'),
  shutdownRoute: field.enum('When the route stops: with the others, or as late as possible.', ['Default', 'Defer']).default('Default'),
  shutdownRunningTask: field
    .enum('What a consumer of batches finishes when it stops: its current message, or the whole batch.', ['CompleteCurrentTaskOnly', 'CompleteAllTasks'])
    .default('CompleteCurrentTaskOnly'),
};

export const route = defineElement({
  name: 'route',
  summary: 'A route with its own id and options.',
  options: routeFields,
});
