import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { naming, onWhen } from './shared.ts';

export const interceptSendToEndpointFields = {
  uri: field.string('Endpoint, or pattern of endpoints, that is meant.').required(),
  afterUri: field.string('Endpoint that the message goes to afterwards.'),
  skipSendToOriginalEndpoint: field.boolean('Does not send to the endpoint that was meant.').default(false),
  onWhen: onWhen(),
  steps: field.steps('What the message goes through before it is sent.').required(),
  disabled: field.boolean('Would leave it out.').default(false).ignored('as in Camel, it runs all the same'),
  ...naming,
};

export const interceptSendToEndpoint = defineElement({
  name: 'interceptSendToEndpoint',
  summary:
    'Steps that messages go through before they are sent to an endpoint. As in Camel, once a route has brought one it stands in the way of all routes that come after it, in other files too, and of all endpoints that are made at run time.',
  options: interceptSendToEndpointFields,
  isBeforeRoutes: true,
  shorthand: 'uri',
});
