import { isByteSource, isContent } from '../core/conversion/convert.ts';
import { XML_CDATA, XML_TEXT, XmlNode } from '../core/conversion/xml.ts';
import { ExchangeError } from '../core/errors.ts';
import { defineDataFormat } from '../core/definition.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { featuresOf } from './jacksonFeatures.ts';
import { Slices } from '../core/conversion/slices.ts';
import type { XmlDocument, XmlText } from '../core/conversion/xml.ts';
import type { XmlReading } from '../core/conversion/xmlData.ts';
import { ofRoot, readXmlData, readXmlDataInTurns, writeXmlDataInTurns } from '../core/conversion/xmlData.ts';
import { xmlDocumentInTurns } from '../core/conversion/xmlFragment.ts';

const typed = (type: string, reason: string) => field.string(`The ${type}.`).ignored(reason);
const noClasses = 'documents become maps and lists here; there are no classes to bind to';

export const jacksonXml = defineDataFormat({
  name: 'jacksonXml',
  summary: 'XML from and to maps and lists: elements and attributes are keys, names that come again are lists, all values are texts.',
  options: {
    xmlMapper: typed('XmlMapper', noClasses),
    prettyPrint: field.boolean('Writes each element on a line of its own.').default(false),
    unmarshalType: field.string('Class to read: with `java.util.List` the children of the root are a list. Documents become maps else.'),
    jsonView: typed('view', noClasses),
    include: field.string('`NON_NULL` leaves out what is null.'),
    allowJmsType: field.boolean('Takes the class from the header JMSType.').default(false).ignored(noClasses),
    collectionType: field.string('Class of lists: the children of the root are read as a list of maps.'),
    useList: field.boolean('Reads the children of the root as a list of maps.').default(false),
    timezone: typed('time zone of dates', 'dates are written as numbers'),
    enableJaxbAnnotationModule: field.boolean('Uses JAXB annotations.').default(false).ignored(noClasses),
    moduleClassNames: typed('modules', noClasses),
    moduleRefs: typed('modules', noClasses),
    enableFeatures: field.string('Jackson features to switch on, separated by commas: INDENT_OUTPUT, ORDER_MAP_ENTRIES_BY_KEYS and EMPTY_ELEMENT_AS_NULL have an effect.'),
    disableFeatures: field.string('Jackson features to switch off, separated by commas: PROCESS_XSI_NIL has an effect.'),
    allowUnmarshallType: field.boolean('Takes the class from the header CamelJacksonUnmarshalType.').default(false).ignored(noClasses),
    contentTypeHeader: field.boolean('Sets the header Content-Type.').default(true),
    maxStringLength: field.integer('Longest text that is read.').ignored('documents as a whole are bounded'),
  },
  create: ({ prettyPrint, include, contentTypeHeader, useList, collectionType, unmarshalType, enableFeatures, disableFeatures }) => {
    const ofMaps = useList || collectionType !== undefined;
    const ofAnything = /(?:List|Collection|Set)$/.test(unmarshalType ?? '');
    const { enabled, disabled } = featuresOf({ enableFeatures, disableFeatures }, true);
    const reading = { takesNil: !disabled.has('PROCESS_XSI_NIL'), emptyIsNull: enabled.has('EMPTY_ELEMENT_AS_NULL') };
    const style = { isPretty: prettyPrint || enabled.has('INDENT_OUTPUT'), leavesNulls: include === 'NON_NULL' || include === 'NON_EMPTY', leavesEmpty: include === 'NON_EMPTY', sortsKeys: enabled.has('ORDER_MAP_ENTRIES_BY_KEYS') };
    return {
    marshal: (exchange: Exchange, body: unknown) => {
      if (typeof body === 'object' && body !== null && !(body instanceof XmlNode) && (isContent(body) || isByteSource(body))) throw new ExchangeError('com.fasterxml.jackson.databind.exc.InvalidDefinitionException', 'a stream can not be marshalled: convert it to a text first');
      const encoded = (text: string): Buffer => {
        if (contentTypeHeader) exchange.headers.set('Content-Type', 'application/xml');
        return Buffer.from(text);
      };
      const text = writeXmlDataInTurns(body, style);
      return typeof text === 'string' ? encoded(text) : text.then(encoded);
    },
    unmarshal: (_exchange: Exchange, body: unknown) => {
      const document = documentOf(body);
      const isList = ofMaps || ofAnything;
      if (document instanceof Promise) return document.then(async (large) => (isList ? asList(large, (await dataInTurns(large, true, reading)) as unknown[], ofMaps) : dataInTurns(large, false, reading)));
      return isList ? asList(document, document.root.elements.map((element) => readXmlData(element, reading)), ofMaps) : ofRoot(readXmlData(document.root, reading));
    },
    };
  },
});

/** @throws ExchangeError JsonParseException for what is no XML: it is Jackson that reads it in Camel */
function documentOf(body: unknown): XmlDocument | Promise<XmlDocument> {
  try {
    const document = xmlDocumentInTurns(body);
    return document instanceof Promise ? document.catch(refuse) : document;
  } catch (thrown) {
    return refuse(thrown);
  }
}

const noXml = (message: string, cause?: unknown): ExchangeError => new ExchangeError('com.fasterxml.jackson.core.JsonParseException', message, { cause });

function refuse(thrown: unknown): never {
  if (thrown instanceof ExchangeError && thrown.type === 'org.xml.sax.SAXParseException') throw noXml(thrown.message, thrown);
  throw thrown;
}

const mismatched = (message: string): ExchangeError => new ExchangeError('com.fasterxml.jackson.databind.exc.MismatchedInputException', message);

/** The children of the root; an empty one is an empty map. */
function asList({ root }: XmlDocument, items: readonly unknown[], ofMaps: boolean): unknown[] {
  if (root.children.some((child) => (child.nodeType === XML_TEXT || child.nodeType === XML_CDATA) && (child as XmlText).text.trim() !== '')) throw mismatched('a list has elements, and no text beside them');
  return items.map((item) => {
    if (typeof item !== 'string') return item;
    if (item.trim() === '') return {};
    if (ofMaps) throw mismatched('Cannot construct a map from a text: with useList the children of the root have elements or attributes');
    return item;
  });
}

async function dataInTurns({ root }: XmlDocument, isList: boolean, reading: XmlReading): Promise<unknown> {
  const slices = new Slices();
  if (!isList) return ofRoot(await readXmlDataInTurns(root, slices, reading));
  const list: unknown[] = [];
  for (const element of root.elements) list.push(await readXmlDataInTurns(element, slices, reading));
  return list;
}
