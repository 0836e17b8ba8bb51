import type { Exchange } from '../exchange/exchange.ts';
import type { LanguageContext } from '../expression.ts';
import { toText } from '../conversion/convert.ts';
import { isDynamicText } from './dynamicText.ts';

/** For languages whose source names something: a plain text is given as it is, one with Simple functions as a function of the exchange. */
export function namedText(source: string, context: LanguageContext): string | ((exchange: Exchange) => string) {
  if (!isDynamicText(source)) return source;
  const expression = context.expression('simple', source);
  return (exchange) => toText(expression(exchange), exchange) ?? '';
}
