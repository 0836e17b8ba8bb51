import type { EndpointReference } from './field.ts';

const written = (value: unknown): string => {
  const text = String(value);
  // What would be read as the next parameter stays whole.
  return text.includes('&') ? `RAW(${text})` : text;
};

/** A reference as one URI: its parameters as the query. */
export function endpointText({ uri, parameters }: EndpointReference): string {
  const query = Object.entries(parameters ?? {})
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${written(value)}`)
    .join('&');
  if (query === '') return uri;
  return `${uri}${uri.includes('?') ? '&' : '?'}${query}`;
}

export const schemeOf = (uri: string): string => uri.slice(0, Math.max(0, uri.indexOf(':')));
