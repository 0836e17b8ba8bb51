import { defineLanguage } from '../core/definition.ts';
import { namedText } from '../core/graph/namedText.ts';
import { fold } from '../core/exchange/headers.ts';

export const header = defineLanguage({
  name: 'header',
  keepsType: true,
  summary: 'The value of a message header; names are case-insensitive.',
  options: {},
  expression: (source, _options, context) => {
    const name = namedText(source, context);
    if (typeof name === 'function') return (exchange) => exchange.headers.get(name(exchange)) ?? null;
    const folded = fold(name);
    return (exchange) => exchange.headers.lookup(folded) ?? exchange.property(name) ?? null;
  },
});
