import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { beanFields } from './beans.ts';

export const templatedRoute = defineElement({
  name: 'templatedRoute',
  summary: 'A route made from a template.',
  options: {
    routeTemplateRef: field.string('Id of the template.').required(),
    routeId: field.string('Id of the route.'),
    prefixId: field.string('Stands before the ids of all steps of the route.'),
    group: field.string('Names a group of routes that belong together.'),
    parameters: field.list(
      'Values of the parameters.',
      field.element('One value.', {
        name: field.string('Name of the parameter.').required(),
        value: field.string('Its value.').required().maybeEmpty(),
      }),
    ),
    beans: field.list('Beans that the route has of its own.', field.element('One bean.', beanFields)),
  },
});
