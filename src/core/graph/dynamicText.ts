import type { StepContext } from '../definition.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { ExchangeError } from '../errors.ts';
import type { Expression } from '../expression.ts';
import { whenKnown } from './flow.ts';
import { toText } from '../conversion/convert.ts';

/** Whether a text of the route's author holds functions of the Simple language. */
export const isDynamicText = (text: string): boolean => text.includes('${') || text.includes('$simple{');

/**
 * A text that may hold Simple, as Camel takes it for names, messages and URIs. Null becomes the empty text.
 * @throws ExpressionSyntaxError when the text is no valid Simple
 */
export const dynamicText = (text: string, context: StepContext, language = 'simple'): Expression<string> => textOrElse(text, context, language, '');

/** The same, where null stays null, and blanks at the ends stay, too. @throws ExpressionSyntaxError */
export const dynamicTextOrNull = (text: string, context: StepContext, language = 'simple'): Expression<string | null> => textOrElse(text, context, language, null, { trim: false });

/**
 * A name that may hold Simple; one that comes out as nothing fails the exchange, as in Camel.
 * @throws ExpressionSyntaxError
 */
export function dynamicName(name: string, context: StepContext): Expression<string> {
  const textOf = dynamicTextOrNull(name, context);
  if (!isDynamicText(name)) return textOf as Expression<string>;
  const checked = (text: string | null): string => {
    if (text === null) throw new ExchangeError('java.lang.NullPointerException', `\`${name}\` gives no name`);
    return text;
  };
  if (textOf.isAsync === true) {
    const later = textOf as unknown as Expression<Promise<string | null>>;
    return Object.assign((async (exchange: Exchange) => checked(await later(exchange))) as unknown as (exchange: Exchange) => string, { isAsync: true, label: name });
  }
  return Object.assign((exchange: Exchange) => checked(textOf(exchange)), { label: name });
}

function textOrElse<T extends string | null>(text: string, context: StepContext, language: string, otherwise: T, options?: Readonly<Record<string, unknown>>): Expression<string | T> {
  if (language === 'simple' && !isDynamicText(text)) return Object.assign(() => text, { label: text });
  const expression = context.languages.expression(language, text, options);
  if (expression.isAsync === true) {
    return Object.assign((exchange: Exchange) => whenKnown(expression(exchange), (value) => toText(value, exchange) ?? otherwise) as string | T, { isAsync: true, label: text });
  }
  return Object.assign((exchange: Exchange): string | T => toText(expression(exchange), exchange) ?? otherwise, { label: text });
}

/** A URI that may say what language it is written in (`language:xpath:/order/@to`), else Simple; null where the expression gives nothing. @throws ExpressionSyntaxError */
export function dynamicUri(uri: string, context: StepContext): Expression<string | null> {
  const named = /^language:([^:]+):(.+)$/s.exec(uri);
  return named === null ? dynamicTextOrNull(uri, context) : dynamicTextOrNull(named[2]!, context, named[1]!);
}
