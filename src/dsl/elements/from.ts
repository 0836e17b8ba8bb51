import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { naming } from './shared.ts';

export const fromFields = {
  uri: field.endpoint('The endpoint that messages come from.').required(),
  steps: field.steps('What each message goes through.').required(),
  orderBy: field.expression('Messages for which it gives the same value keep their order; others may overtake them.').notInline(),
  lanes: field.count('Lanes that the values of `orderBy` are spread over: so many messages can be under way side by side.').atLeast(1),
  variableReceive: field.string('Variable that takes the incoming body and headers; body and headers of the message stay empty.'),
  ...naming,
};

export const from = defineElement({
  name: 'from',
  summary: 'A route in short: where messages come from, and the steps that they go through.',
  options: fromFields,
  shorthand: 'uri',
});
