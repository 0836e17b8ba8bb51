import { defineLanguage } from '../core/definition.ts';
import { namedText } from '../core/graph/namedText.ts';

export const variable = defineLanguage({
  name: 'variable',
  keepsType: true,
  summary: 'The value of a variable: of the exchange, or with `global:` or `route:` in front, a shared one.',
  options: {},
  expression: (source, _options, context) => {
    const name = namedText(source, context);
    if (typeof name === 'function') return (exchange) => exchange.variable(name(exchange)) ?? null;
    return (exchange) => exchange.variable(name) ?? null;
  },
});
