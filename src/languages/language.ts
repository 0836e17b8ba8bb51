import { defineLanguage } from '../core/definition.ts';
import { field } from '../core/field.ts';

/** Blanks have been taken off where they should be. */
const asGiven = { trim: false };

/** Camel's own names of two of them: `file` is Simple, and `bean` calls what stands before `?method=`, or before the dot. */
function named(language: string, source: string): [language: string, source: string] {
  if (language === 'file') return ['simple', source];
  if (language !== 'bean') return [language, source];
  const call = /^([^.?(]+)\.(.+)$/s.exec(source);
  return ['method', call === null ? source : `${call[1]}?method=${call[2]}`];
}

export const language = defineLanguage({
  name: 'language',
  keepsType: true,
  summary: 'An expression in the language that `language` names.',
  options: {
    language: field.string('Name of the language, such as `simple` or `jsonpath`.').required(),
  },
  expression: (source, options, context) => {
    const [name, text] = named(options.language, source);
    return context.expression(name, text, asGiven);
  },
  predicate: (source, options, context) => {
    const [name, text] = named(options.language, source);
    return context.predicate(name, text, asGiven);
  },
});
