import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { beanFields } from './beans.ts';
import { fromFields } from './from.ts';
import { routeFields } from './route.ts';
import { naming } from './shared.ts';

export const routeTemplate = defineElement({
  name: 'routeTemplate',
  summary: 'A route with parameters, from which routes are made by `templatedRoute` or as a kamelet.',
  options: {
    ...naming,
    id: field.string('Name of the template.').required(),
    parameters: field.list(
      'The parameters, which stand in the route as `{{name}}`.',
      field.element('One parameter.', {
        name: field.string('Its name.').required(),
        defaultValue: field.string('Its value when none is given.'),
        required: field.boolean('It must be given; so are those without a default value.').default(false),
        description: field.remark('What it is for.'),
      }),
    ),
    beans: field.list('Beans that each route made from the template has of its own.', field.element('One bean.', beanFields)),
    from: field.element('Where messages come from, and the steps that they go through.', fromFields, 'uri'),
    route: field.element('The route, where it has options of its own.', routeFields),
  },
  templates: ['beans', 'from', 'route'],
});
