import { isByteSource, readBytes, toText } from '../core/conversion/convert.ts';
import { encodeText } from '../core/conversion/charset.ts';
import { isPlainMap } from '../core/conversion/plainValue.ts';
import type { XmlDocument, XmlElement } from '../core/conversion/xml.ts';
import { escapeXml, XmlNode } from '../core/conversion/xml.ts';
import { writeXmlElement } from '../core/conversion/xmlData.ts';
import { xmlDocumentInTurns, xmlDocumentOf, xmlFragment } from '../core/conversion/xmlFragment.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';

const java = 'there are no JAXB classes here: the content is XML, or a map';

const headerList = 'org.apache.camel.dataformat.soap.UNMARSHALLED_HEADER_LIST';

const versions = { '1.1': 'http://schemas.xmlsoap.org/soap/envelope/', '1.2': 'http://www.w3.org/2003/05/soap-envelope' } as const;

export const soap = defineDataFormat({
  name: 'soap',
  summary: 'SOAP envelopes: marshal puts XML, or a map with one key, into the body of an envelope, a failure as a fault; unmarshal gives the XML in it, and throws a fault.',
  shorthand: 'contextPath',
  options: {
    contextPath: field.string('Package of the classes.').ignored(java),
    encoding: field.string('Charset of what is written; UTF-8 without it.'),
    elementNameStrategy: field.string('Names elements after classes.').ignored(java),
    version: field.enum('Version of SOAP that is written.', ['1.1', '1.2']).default('1.1'),
    namespacePrefix: field.string('Prefixes of namespaces.').ignored('XML keeps the prefixes that it has'),
    schema: field.string('Schema to validate by.').ignored('write a step `to: validator:x.xsd`'),
    ignoreUnmarshalledHeaders: field.boolean(`Unmarshal does not keep the header elements in the header ${headerList}, from which marshal takes them.`).default(false),
  },
  create: ({ encoding, ignoreUnmarshalledHeaders, version }) => ({
    marshal: (exchange, body) => {
      const whole = (content: string): Buffer =>
        encodeText(`<?xml version="1.0" encoding="${encoding ?? 'UTF-8'}" standalone="yes"?>\n${envelope(exchange, content, version, ignoreUnmarshalledHeaders)}`, encoding ?? null);
      const write = (given: unknown): Buffer | Promise<Buffer> => {
        const failure = given instanceof Error ? given : exchange.exception;
        const content = failure instanceof Error ? fault(failure, version) : xmlOf(given);
        return typeof content === 'string' ? whole(content) : content.then(whole);
      };
      return isByteSource(body) ? readBytes(body).then(write) : write(body);
    },
    unmarshal: (exchange, body) => {
      const content = (document: XmlDocument): string => contentOf(exchange, document, ignoreUnmarshalledHeaders);
      const read = (given: unknown): string | Promise<string> => {
        const document = xmlDocumentInTurns(given);
        return document instanceof Promise ? document.then(content) : content(document);
      };
      return isByteSource(body) ? readBytes(body).then(read) : read(body);
    },
  }),
});

function envelope(exchange: Exchange, content: string, version: '1.1' | '1.2', ignoresHeaders: boolean): string {
  const headers = ignoresHeaders ? null : exchange.headers.get(headerList);
  const parts = Array.isArray(headers) ? headers.map(headerOf) : [];
  const head = parts.length === 0 ? '' : `<soap:Header>${parts.join('')}</soap:Header>`;
  return `<soap:Envelope xmlns:soap="${versions[version]}">${head}<soap:Body>${content}</soap:Body></soap:Envelope>`;
}

function fault({ message }: Error, version: '1.1' | '1.2'): string {
  const text = escapeXml(message);
  return version === '1.1'
    ? `<soap:Fault><faultcode>soap:Server</faultcode><faultstring>${text}</faultstring></soap:Fault>`
    : `<soap:Fault><soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang="en">${text}</soap:Text></soap:Reason></soap:Fault>`;
}

/** What is no document: nothing, or a map whose one key is an element. Null: it may be one. */
function writtenOf(value: unknown): string | null {
  if (value === null || value === undefined) return '';
  if (isPlainMap(value) && !(value instanceof XmlNode)) {
    const [name, ...more] = Object.keys(value);
    if (name === undefined || more.length > 0) throw new ExchangeError('jakarta.xml.bind.JAXBException', 'a map for a SOAP body has one key, the name of its element');
    return writeXmlElement(name, value[name]);
  }
  return typeof value === 'string' && value.trim() === '' ? '' : null;
}

const headerOf = (value: unknown): string => writtenOf(value) ?? xmlFragment(xmlDocumentOf(value).root);

/** What stands in a body: XML as it is, a map's one key as an element. */
function xmlOf(value: unknown): string | Promise<string> {
  const written = writtenOf(value);
  if (written !== null) return written;
  const document = xmlDocumentInTurns(value);
  return document instanceof Promise ? document.then(({ root }) => xmlFragment(root)) : xmlFragment(document.root);
}

function contentOf(exchange: Exchange, { root }: XmlDocument, ignoresHeaders: boolean): string {
  const namespace = Object.values(versions).find((one) => one === root.namespace);
  if (root.localName !== 'Envelope' || namespace === undefined) throw new ExchangeError('jakarta.xml.bind.JAXBException', `no SOAP envelope: the root is \`${root.name}\`${root.namespace === null ? '' : ` of ${root.namespace}`}`);
  const part = (of: XmlElement, name: string): XmlElement | undefined => of.elements.find((one) => one.localName === name && one.namespace === namespace);
  const content = part(root, 'Body');
  if (content === undefined) throw new ExchangeError('jakarta.xml.bind.JAXBException', 'the SOAP envelope has no Body');
  if (!ignoresHeaders) exchange.headers.set(headerList, (part(root, 'Header')?.elements ?? []).map(xmlFragment));
  const failed = part(content, 'Fault');
  if (failed !== undefined) throw new ExchangeError('jakarta.xml.ws.soap.SOAPFaultException', faultText(failed));
  const [first] = content.elements;
  return first === undefined ? '' : xmlFragment(first);
}

function faultText(fault: XmlElement): string {
  const named = (of: XmlElement, name: string): XmlElement | undefined => of.elements.find((one) => one.localName === name);
  const reason = named(fault, 'Reason');
  return (named(fault, 'faultstring') ?? (reason === undefined ? undefined : named(reason, 'Text')))?.stringValue.trim() ?? toText(fault.stringValue.trim()) ?? '';
}
