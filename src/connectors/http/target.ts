import { ExchangeError } from '../../core/errors.ts';
import { encodeQueryComponent } from '../../core/http/headers.ts';

/** What to call: `origin` is `http://host:port`. */
export interface Target {
  readonly origin: string;
  /** Path and query, encoded. */
  readonly path: string;
  /** The whole, as errors show it. */
  readonly url: string;
}

/** An endpoint's path as a URL: `//host/x`, `host/x`, `http://host/x`. */
export function urlOfEndpoint(scheme: string, path: string): string {
  const nested = /^\/*(https?):\/*(?=[^/])/i.exec(path);
  if (nested !== null && /^\/*https?:\/\//i.test(path)) return `${nested[1]!.toLowerCase()}://${path.slice(nested[0].length)}`;
  return `${scheme}://${path.replace(/^\/+/, '')}`;
}

/** Parameters of the URL that are no options, as Camel puts them on the wire: sorted by name. */
export function queryOf(parameters: Readonly<Record<string, string>>): string | null {
  const names = Object.keys(parameters).sort();
  if (names.length === 0) return null;
  return names.map((name) => `${encodeQueryComponent(name)}=${encodeQueryComponent(parameters[name]!)}`).join('&');
}

/** What may not stand in a URL as it is; escapes stay. */
const unsafe = /[\s"<>\\^`{|}\x7f-\uffff]|%(?![0-9a-fA-F]{2})/gu;

export const encodeUnsafe = (text: string): string =>
  text.replace(unsafe, (letter) => {
    try {
      return letter === '%' ? '%25' : encodeURIComponent(letter);
    } catch {
      return '%EF%BF%BD';
    }
  });

/** Exactly one slash between the two; a query stays behind. */
export function appendPath(url: string, path: string): string {
  const added = path.startsWith('/') ? path.slice(1) : path;
  if (added === '') return url;
  const mark = url.indexOf('?');
  const base = mark < 0 ? url : url.slice(0, mark);
  return `${base.endsWith('/') ? base : `${base}/`}${added}${mark < 0 ? '' : url.slice(mark)}`;
}

/**
 * A URL taken apart.
 * @param query replaces the URL's own; null = keep it
 * @throws IllegalArgumentException when it is no absolute http(s) URL
 */
export function parseTarget(url: string, query: string | null): Target {
  const encoded = encodeUnsafe(url);
  const match = /^(https?):\/\/(?:[^/?#@]*@)?([^/?#]+)([^?#]*)(?:\?([^#]*))?/i.exec(encoded);
  if (match === null) {
    throw new ExchangeError(
      'java.lang.IllegalArgumentException',
      `\`${url}\` is no URL that can be called. If it came with an HTTP request (header CamelHttpUri), set bridgeEndpoint=true on the endpoint, or remove the header first`,
    );
  }
  const path = match[3] === '' ? '/' : match[3]!;
  const finalQuery = query ?? match[4] ?? null;
  const origin = `${match[1]!.toLowerCase()}://${match[2]!}`;
  const whole = finalQuery === null || finalQuery === '' ? path : `${path}?${encodeUnsafe(finalQuery)}`;
  return { origin, path: whole, url: `${origin}${match[3]!}${whole.slice(path.length)}` };
}
