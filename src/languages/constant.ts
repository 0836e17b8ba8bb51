import { defineLanguage } from '../core/definition.ts';

/** The text itself. Placeholders are filled in by the loader; nothing else in it is looked at. */
export const constant = defineLanguage({
  name: 'constant',
  summary: 'A fixed text, taken as it is written.',
  options: {},
  examples: [{ expression: 'Hello ${body}', body: 'x', gives: 'Hello ${body}' }],
  expression: (source, _options, context) => {
    const value = source.startsWith('resource:') ? context.resource(source) : source;
    return () => value;
  },
});
