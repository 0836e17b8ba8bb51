import { toText } from '../conversion/convert.ts';
import { ExchangeError } from '../errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Expression } from '../expression.ts';
import type { EndpointReference } from '../field.ts';
import { field } from '../field.ts';
import { maskUri } from '../mask.ts';
import { isPromise } from './flow.ts';
import { camelUri } from '../uri.ts';

/** Options of all steps whose endpoints are only known when a message comes. */
export const dynamicEndpointFields = {
  cacheSize: field.integer('How many producers are kept open.').ignored('producers of dynamic endpoints are kept in one bounded cache'),
  allowedSchemes: field.string('Comma-separated schemes that the endpoints may have; without it, whatever the runtime allows.'),
};

/** The rest of such options, where there is one endpoint at a time. */
export const optimisationFields = {
  allowOptimisedComponents: field.boolean('Lets connectors keep one endpoint for many addresses.').default(true).ignored('connectors share their clients anyway'),
  autoStartComponents: field.boolean('Starts connectors on their first use.').default(true).ignored('connectors are always started on first use'),
};

/** A URI as Camel shows it in properties: slashes after the scheme, options sorted; secrets are masked. */
export function shownUri(uri: string): string {
  const shown = camelUri(maskUri(uri));
  const question = shown.indexOf('?');
  if (question < 0 || !shown.includes('&', question)) return shown;
  return `${shown.slice(0, question)}?${shown.slice(question + 1).split('&').sort().join('&')}`;
}

const schemeOf = (uri: string): string => uri.slice(0, Math.max(0, uri.indexOf(':')));

/**
 * A check of `allowedSchemes`; null when the option is not set.
 * @param isList Camel words the message of steps with several endpoints a little differently
 */
export function schemeCheck(allowed: string | undefined, isList: boolean): ((uri: string) => void) | null {
  if (allowed === undefined) return null;
  const schemes = allowed.split(',').map((scheme) => scheme.trim());
  const shown = isList ? `[${schemes.join(', ')}]` : allowed;
  return (uri) => {
    const scheme = schemeOf(uri);
    if (schemes.includes(scheme)) return;
    throw new ExchangeError('org.apache.camel.ResolveEndpointFailedException', `Failed to resolve endpoint: ${shownUri(uri)} due to: Scheme ${scheme} is not in the allowed schemes: ${shown}`);
  };
}

/** @throws ExchangeError for what can't be a URI */
export function checkForm(uri: string): void {
  if (!uri.includes(':')) throw new ExchangeError('org.apache.camel.ResolveEndpointFailedException', `Failed to resolve endpoint: ${shownUri(uri)} due to: Endpoint should include scheme:path`);
}

/** The URI that a value of an expression names: text without blanks around it. */
export const uriOf = (value: unknown, exchange: Exchange): string => (toText(value, exchange) ?? 'null').trim();

/** A URI with its `parameters` as the query, for those that are evaluated before they are resolved. */
export function wholeUri({ uri, parameters }: EndpointReference): string {
  const query = Object.entries(parameters ?? {}).map(([name, value]) => `${name}=${(toText(value) ?? '').replace(/[%&+#]/g, encodeURIComponent)}`);
  return query.length === 0 ? uri : `${uri}${uri.includes('?') ? '&' : '?'}${query.join('&')}`;
}

/** As in Camel, where an endpoint that does not exist is passed over, so is one whose expression fails: it gives null then. */
export function orNone<T>(expression: Expression<T>, passesOver: boolean): Expression<T> {
  if (!passesOver) return expression;
  const none = (): T => null as T;
  const evaluate = (exchange: Exchange): T => {
    try {
      const value = expression(exchange);
      return isPromise(value) ? (value.then((known) => known, none) as T) : value;
    } catch {
      return none();
    }
  };
  return Object.assign(evaluate, { isAsync: expression.isAsync === true, ...(expression.label === undefined ? {} : { label: expression.label }) });
}

/** Whether a failure says that there is no such endpoint, rather than that something went wrong there. */
export const isInvalidEndpoint = (error: ExchangeError): boolean =>
  /(NoSuchEndpoint|ResolveEndpointFailed|FailedToCreateProducer|FailedToCreateConsumer|NoSuchBean)Exception$/.test(error.type) || error.message === emptyUri;

export const emptyUri = 'uri must be specified and not empty';
