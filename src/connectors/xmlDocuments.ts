import { isByteSource, isContent, readBytes } from '../core/conversion/convert.ts';
import { documentText } from '../core/conversion/documentText.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { decodeXml } from '../core/conversion/xml.ts';

/** Where the documents of a set seem to be: nothing is ever asked for there. */
const origin = 'http://mecha.invalid';

/** A document and all that it includes, by their addresses. */
export interface DocumentSet {
  readonly url: string;
  readonly texts: Readonly<Record<string, string>>;
}

const mostDocuments = 1000;

/**
 * Reads a resource and what it refers to, for a library that can't read files (and must not read what it is not given).
 * @param references a pattern with the `g` flag that finds references; what its groups match is an address, relative to the document
 */
export function readDocumentSet(resourceUri: string, references: RegExp, read: (uri: string) => string): DocumentSet {
  const [, scheme = '', path] = /^(?:resource:)?((?:file|classpath|http|https):(?:\/\/)?)?(.*)$/s.exec(resourceUri)!;
  const url = new URL(path!.split('/').map(encodeURIComponent).join('/'), `${origin}/`).href;
  const texts: Record<string, string> = {};
  const add = (address: string, text: string): void => {
    texts[address] = text;
    if (Object.keys(texts).length > mostDocuments) throw new Error(`${resourceUri} refers to more than ${mostDocuments} documents`);
    for (const match of text.matchAll(references)) {
      const reference = match.slice(1).find((group) => group !== undefined);
      if (reference === undefined || !URL.canParse(reference, address)) continue;
      const other = new URL(reference, address);
      if (other.origin !== origin || other.href in texts) continue;
      other.hash = '';
      const isAbsolute = path!.startsWith('/');
      const file = decodeURIComponent(other.pathname).slice(isAbsolute ? 0 : 1);
      add(other.href, read(scheme + file));
    }
  };
  add(url, read(resourceUri.replace(/^resource:/, '')));
  return { url, texts };
}

/** The document that a body or a header holds; null where there is nothing, or what is no text, no bytes and no node: a map, a list, a number. */
export async function xmlTextOf(exchange: Exchange, value: unknown, isBody: boolean): Promise<string | null> {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return decodeXml(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  if (isByteSource(value)) {
    const bytes = await readBytes(value);
    // What was read must be there for the steps behind.
    if (isBody) exchange.body = bytes;
    return decodeXml(bytes);
  }
  if (typeof value === 'string') return value;
  return documentText(value) ?? (typeof value === 'object' && isContent(value) ? value.text() : null);
}

/** An encoding that a document declares behind so many letters is looked for in vain: the search takes the square of them. */
const longestDeclaration = 1000;

/** A text in a thread's program: `withoutDeclaredEncoding` of it, for it is no longer in the charset that it declares. */
export const withoutDeclaredEncoding = (text: string): string => !text.startsWith('<?xml') ? text : text.slice(0, longestDeclaration).replace(/^(<\?xml[^>]*?)\s+encoding\s*=\s*(?:"[^"]*"|'[^']*')/, '$1') + text.slice(longestDeclaration);
