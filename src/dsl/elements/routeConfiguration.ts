import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { errorHandlerFields } from './errorHandler.ts';
import { interceptFields } from './intercept.ts';
import { interceptFromFields } from './interceptFrom.ts';
import { interceptSendToEndpointFields } from './interceptSendToEndpoint.ts';
import { onCompletionFields } from './onCompletion.ts';
import { onExceptionFields } from './onException.ts';
import { naming } from './shared.ts';

export const routeConfiguration = defineElement({
  name: 'routeConfiguration',
  summary: 'Error handling and interception for the routes that name it; without an id, for those that name none.',
  options: {
    ...naming,
    precondition: field.string('Simple predicate; when it is false at the start, the configuration is left out.'),
    errorHandler: field.element('What happens to messages whose steps fail.', errorHandlerFields),
    onException: field.list('What happens to messages that failed in a certain way.', field.element('One of them.', { onException: field.element('Its options.', onExceptionFields).required() })),
    onCompletion: field.list('Steps at the end of each message.', field.element('One of them.', { onCompletion: field.element('Its options.', onCompletionFields).required() })),
    intercept: field.list('Steps before every step.', field.element('One of them.', { intercept: field.element('Its options.', interceptFields).required() })),
    interceptFrom: field.list('Steps before the route.', field.element('One of them.', { interceptFrom: field.element('Its options.', interceptFromFields, 'uri').required() })),
    interceptSendToEndpoint: field.list(
      'Steps before sending to an endpoint.',
      field.element('One of them.', { interceptSendToEndpoint: field.element('Its options.', interceptSendToEndpointFields, 'uri').required() }),
    ),
  },
});
