import { defineLanguage } from '../core/definition.ts';
import { dynamicText } from '../core/dynamicText.ts';

export const exchangeProperty = defineLanguage({
  name: 'exchangeProperty',
  summary: 'The value of an exchange property.',
  options: {},
  expression: (source, _options, context) => {
    const name = dynamicText(source, context);
    if (typeof name === 'function') return (exchange) => exchange.property(name(exchange)) ?? null;
    return (exchange) => exchange.property(name) ?? null;
  },
});
