import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';

export const beanFields = {
  name: field.string('Name by which others refer to it.').required(),
  type: field.string('What it is: `#module:./pricing.mjs`, `#class:` with a well-known class, or such a class alone.').required(),
  properties: field.map('Properties that are set on it; dots and nested mappings reach inner ones.', field.any('A value.')),
  constructors: field.map('Arguments of the constructor, by position from 0.', field.any('A value.')),
  initMethod: field.string('Method called when the bean is ready.'),
  destroyMethod: field.string('Method called when the runtime stops.'),
  factoryBean: field.string('Bean whose method makes this one.'),
  factoryMethod: field.string('Method that makes the bean.'),
  builderClass: field.string('Class of a builder, such as `#module:./builder.mjs`: the properties are set on it, or its methods of their names are called.'),
  builderMethod: field.string('Method of that builder that makes the bean.').default('build'),
  script: field.string('Source text that makes the bean.'),
  scriptLanguage: field.string('Language of that text.'),
  scriptPropertyPlaceholders: field.boolean('Fills property placeholders in the script.').default(true),
};

export const beans = defineElement({
  name: 'beans',
  summary: 'Objects that routes refer to by name: modules of yours, aggregation strategies, repositories.',
  options: { beans: field.list('The beans.', field.element('One bean.', beanFields)).required() },
  shorthand: 'beans',
});
