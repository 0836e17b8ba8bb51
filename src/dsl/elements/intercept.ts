import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { naming, onWhen } from './shared.ts';

export const interceptFields = {
  onWhen: onWhen(),
  steps: field.steps('What the message goes through before each step.').required(),
  disabled: field.boolean('Would leave it out.').default(false).ignored('as in Camel, it runs all the same'),
  ...naming,
};

export const intercept = defineElement({
  name: 'intercept',
  summary: 'Steps that run before every step of every route of the file.',
  options: interceptFields,
  isBeforeRoutes: true,
});
