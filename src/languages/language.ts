import { defineLanguage } from '../core/definition.ts';
import { field } from '../core/field.ts';

export const language = defineLanguage({
  name: 'language',
  summary: 'An expression in the language that `language` names.',
  options: {
    language: field.string('Name of the language, such as `simple` or `jsonpath`.').required(),
  },
  expression: (source, options, context) => context.expression(options.language, source),
  predicate: (source, options, context) => context.predicate(options.language, source),
});
