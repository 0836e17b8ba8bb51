import { defineLanguage } from '../core/definition.ts';
import { namedText } from '../core/graph/namedText.ts';

export const exchangeProperty = defineLanguage({
  name: 'exchangeProperty',
  keepsType: true,
  summary: 'The value of an exchange property.',
  options: {},
  expression: (source, _options, context) => {
    const name = namedText(source, context);
    if (typeof name === 'function') return (exchange) => exchange.property(name(exchange)) ?? null;
    return (exchange) => exchange.property(name) ?? null;
  },
});
