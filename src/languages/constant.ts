import { convertTo, isConvertibleType } from '../core/conversion/convert.ts';
import { defineLanguage } from '../core/definition.ts';

/** The text itself. Placeholders are filled in by the loader; nothing else in it is looked at. */
export const constant = defineLanguage({
  name: 'constant',
  summary: 'A fixed text, taken as it is written.',
  options: {},
  examples: [{ expression: 'Hello ${body}', body: 'x', gives: 'Hello ${body}' }],
  expression: (source, options: { readonly resultType?: string }, context) => {
    const text = source.startsWith('resource:') ? context.resource(source) : source;
    // A text that can't be what is wanted is an error of the route, not of its messages.
    const value = options.resultType === undefined || options.resultType === '' || !isConvertibleType(options.resultType) ? text : convertTo(text, options.resultType);
    return () => value;
  },
});
