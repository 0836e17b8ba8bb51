import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';

const type = field.string('Type that it checks.');

const validatorFields = {
  customValidator: field.element('A bean that checks.', {
    ref: field.reference('Its name.', 'Validator'),
    className: field.string('Class of the bean.'),
    type,
  }),
  endpointValidator: field.element('Sends the message to an endpoint, which fails when it is not valid.', {
    uri: field.endpoint('The endpoint.'),
    ref: field.reference('An endpoint that stands among the beans.', 'Endpoint'),
    type,
  }),
  predicateValidator: field.element('Checks with a predicate.', { expression: field.predicate('True for valid messages.').required(), type }),
};

export const validators = defineElement({
  name: 'validators',
  summary: 'How messages of a type would be checked; as in Camel, those declared in YAML are never asked.',
  options: validatorFields,
});
