import { isByteSource, isContent } from '../core/conversion/convert.ts';
import { XmlNode } from '../core/conversion/xml.ts';
import { ExchangeError } from '../core/errors.ts';
import { defineDataFormat } from '../core/definition.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { Slices } from '../core/conversion/slices.ts';
import type { XmlDocument } from '../core/conversion/xml.ts';
import { readXmlData, readXmlDataInTurns, writeXmlDataInTurns } from '../core/conversion/xmlData.ts';
import { xmlDocumentInTurns } from '../core/conversion/xmlFragment.ts';

const typed = (type: string, reason: string) => field.string(`The ${type}.`).ignored(reason);
const noClasses = 'documents become maps and lists here; there are no classes to bind to';

export const jacksonXml = defineDataFormat({
  name: 'jacksonXml',
  summary: 'XML from and to maps and lists: elements and attributes are keys, names that come again are lists, all values are texts.',
  options: {
    xmlMapper: typed('XmlMapper', noClasses),
    prettyPrint: field.boolean('Writes each element on a line of its own.').default(false),
    unmarshalType: typed('class to read', noClasses),
    jsonView: typed('view', noClasses),
    include: field.string('`NON_NULL` leaves out what is null.'),
    allowJmsType: field.boolean('Takes the class from the header JMSType.').default(false).ignored(noClasses),
    collectionType: typed('class of lists', noClasses),
    useList: field.boolean('Reads the children of the root as a list of maps.').default(false),
    timezone: typed('time zone of dates', 'dates are written as numbers'),
    enableJaxbAnnotationModule: field.boolean('Uses JAXB annotations.').default(false).ignored(noClasses),
    moduleClassNames: typed('modules', noClasses),
    moduleRefs: typed('modules', noClasses),
    enableFeatures: typed('features to switch on', noClasses),
    disableFeatures: typed('features to switch off', noClasses),
    allowUnmarshallType: field.boolean('Takes the class from the header CamelJacksonUnmarshalType.').default(false).ignored(noClasses),
    contentTypeHeader: field.boolean('Sets the header Content-Type.').default(true),
    maxStringLength: field.integer('Longest text that is read.').ignored('documents as a whole are bounded'),
  },
  create: ({ prettyPrint, include, contentTypeHeader, useList }) => ({
    marshal: (exchange: Exchange, body: unknown) => {
      if (typeof body === 'object' && body !== null && !(body instanceof XmlNode) && (isContent(body) || isByteSource(body))) throw new ExchangeError('com.fasterxml.jackson.databind.exc.InvalidDefinitionException', 'a stream can not be marshalled: convert it to a text first');
      if (contentTypeHeader) exchange.headers.set('Content-Type', 'application/xml');
      const style = { isPretty: prettyPrint, leavesNulls: include === 'NON_NULL' || include === 'NON_EMPTY' };
      const text = writeXmlDataInTurns(body, style);
      return typeof text === 'string' ? Buffer.from(text) : text.then((whole) => Buffer.from(whole));
    },
    unmarshal: (_exchange: Exchange, body: unknown) => {
      const document = xmlDocumentInTurns(body);
      if (document instanceof Promise) return document.then((large) => dataInTurns(large, useList));
      return useList ? document.root.elements.map(readXmlData) : ofRoot(readXmlData(document.root));
    },
  }),
});

/** A document is a map, whatever it holds. */
const ofRoot = (data: unknown): unknown => (typeof data !== 'string' ? data : data === '' ? {} : { '': data });

async function dataInTurns({ root }: XmlDocument, isList: boolean): Promise<unknown> {
  const slices = new Slices();
  if (!isList) return ofRoot(await readXmlDataInTurns(root, slices));
  const list: unknown[] = [];
  for (const element of root.elements) list.push(await readXmlDataInTurns(element, slices));
  return list;
}
