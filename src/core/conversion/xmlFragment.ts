import { bytesOfBody, convertTo } from './convert.ts';
import type { XmlDocument, XmlElement } from './xml.ts';
import { decodeXml, escapeXmlAttribute, parseXml, parseXmlInTurns, XmlNode } from './xml.ts';

/** A body as a document. @throws what the reader throws for what is no XML */
export const xmlDocumentOf = (body: unknown): XmlDocument =>
  body instanceof XmlNode ? (convertTo(body, 'org.w3c.dom.Document') as XmlDocument) : parseXml(typeof body === 'string' ? body : decodeXml(bytesOfBody(body)));

/** The same; a large one is read in slices. */
export const xmlDocumentInTurns = (body: unknown): XmlDocument | Promise<XmlDocument> =>
  body instanceof XmlNode ? (convertTo(body, 'org.w3c.dom.Document') as XmlDocument) : parseXmlInTurns(typeof body === 'string' ? body : decodeXml(bytesOfBody(body)));

/** An element as it stands in its document, with the namespaces that it has from around it: it may stand alone. */
export function xmlFragment(element: XmlElement): string {
  const text = element.document!.source.slice(element.start, element.end);
  const declared = [...element.namespaces].filter(([prefix, uri]) => prefix !== 'xml' && uri !== '' && element.declarations?.has(prefix) !== true);
  const behindName = 1 + element.name.length;
  return text.slice(0, behindName) + declared.map(([prefix, uri]) => ` xmlns${prefix === '' ? '' : `:${prefix}`}="${escapeXmlAttribute(uri)}"`).join('') + text.slice(behindName);
}
