import { defineLanguage } from '../core/definition.ts';
import { field } from '../core/field.ts';

/** Blanks have been taken off where they should be. */
const asGiven = { trim: false };

export const language = defineLanguage({
  name: 'language',
  keepsType: true,
  summary: 'An expression in the language that `language` names.',
  options: {
    language: field.string('Name of the language, such as `simple` or `jsonpath`.').required(),
  },
  expression: (source, options, context) => context.expression(options.language, source, asGiven),
  predicate: (source, options, context) => context.predicate(options.language, source, asGiven),
});
