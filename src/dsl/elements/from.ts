import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { naming } from './shared.ts';

export const fromFields = {
  uri: field.endpoint('The endpoint that messages come from.').required(),
  steps: field.steps('What each message goes through.').required(),
  variableReceive: field.string('Variable that takes the incoming body and headers; body and headers of the message stay empty.'),
  ...naming,
};

export const from = defineElement({
  name: 'from',
  summary: 'A route in short: where messages come from, and the steps that they go through.',
  options: fromFields,
  shorthand: 'uri',
});
