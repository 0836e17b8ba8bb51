import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { disabled, naming, onWhen } from './shared.ts';

export const interceptFromFields = {
  uri: field.string('Endpoint, or pattern of endpoints, whose messages are meant; all when it is missing.'),
  onWhen: onWhen(),
  steps: field.steps('What the message goes through before the route.').required(),
  disabled,
  ...naming,
};

export const interceptFrom = defineElement({
  name: 'interceptFrom',
  summary: 'Steps that messages go through before their route begins.',
  options: interceptFromFields,
  isBeforeRoutes: true,
  shorthand: 'uri',
});
