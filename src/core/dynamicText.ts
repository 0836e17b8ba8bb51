import type { Exchange } from './exchange.ts';
import type { LanguageContext } from './expression.ts';
import { toText } from './convert.ts';

export const hasSimple = (text: string): boolean => text.includes('${') || text.includes('$simple{');

/** A text that may hold Simple functions, as a function of the exchange. Plain texts are given as they are. */
export function dynamicText(source: string, context: LanguageContext): string | ((exchange: Exchange) => string) {
  if (!hasSimple(source)) return source;
  const expression = context.expression('simple', source);
  return (exchange) => toText(expression(exchange)) ?? '';
}
