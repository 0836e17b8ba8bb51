import { convertTo, isConvertibleType } from '../core/conversion/convert.ts';
import { defineLanguage } from '../core/definition.ts';
import { ExpressionSyntaxError } from '../core/expression.ts';

/** The text itself. Placeholders are filled in by the loader; nothing else in it is looked at. */
export const constant = defineLanguage({
  name: 'constant',
  summary: 'A fixed text, taken as it is written.',
  options: {},
  examples: [{ expression: 'Hello ${body}', body: 'x', gives: 'Hello ${body}' }],
  expression: (source, options: { readonly resultType?: string }, context) => {
    const text = source.startsWith('resource:') ? context.resource(source) : source;
    const { resultType = '' } = options;
    const value = resultType === '' || !isConvertibleType(resultType) ? text : fixed(text, resultType);
    return () => value;
  },
});

/** A text that can't be what is wanted is an error of the route, not of its messages. */
function fixed(text: string, type: string): unknown {
  try {
    return convertTo(text, type);
  } catch (thrown) {
    throw new ExpressionSyntaxError((thrown as Error).message, 0, text.length);
  }
}
