import { bytesOfBody, convertTo, toText } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import type { XmlElement, XmlText } from '../core/conversion/xml.ts';
import { decodeXml, escapeXml, parseXml, XML_CDATA, XML_TEXT, XmlNode } from '../core/conversion/xml.ts';

const nameOfElement = /^[A-Za-z_\u00c0-\uffff][\w.\-\u00b7-\uffff]*$/;

const writingError = (message: string): ExchangeError => new ExchangeError('com.fasterxml.jackson.databind.JsonMappingException', message);

const isMap = (value: unknown): value is Record<string, unknown> | Map<string, unknown> =>
  value instanceof Map || (typeof value === 'object' && value !== null && (Object.getPrototypeOf(value) === null || Object.getPrototypeOf(value) === Object.prototype));

interface Style {
  readonly isPretty: boolean;
  readonly leavesNulls: boolean;
}

/** A value as an element of a name; the items of a list as elements of that name in a row. */
function written(name: string, value: unknown, style: Style, depth: number): string {
  if (depth > 1000) throw writingError('the value is nested too deeply');
  if (!nameOfElement.test(name)) throw writingError(`\`${name}\` can't be the name of an XML element`);
  const indent = style.isPretty ? `${depth === 0 ? '' : '\n'}${'  '.repeat(depth)}` : '';
  if (value === null || value === undefined) return style.leavesNulls ? '' : `${indent}<${name}/>`;
  if (Array.isArray(value) || value instanceof Set) return Array.from(value as Iterable<unknown>, (item) => written(name, item, style, depth)).join('');
  if (value instanceof XmlNode) return indent + String(value);
  if (isMap(value)) {
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    const inner = entries.map(([key, item]) => written(String(key), item, style, depth + 1)).join('');
    if (inner === '') return `${indent}<${name}/>`;
    return `${indent}<${name}>${inner}${style.isPretty ? `\n${'  '.repeat(depth)}` : ''}</${name}>`;
  }
  return `${indent}<${name}>${escapeXml(value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value instanceof Date ? String(value.getTime()) : (toText(value) ?? ''))}</${name}>`;
}

/** An element as a map of its attributes and child elements; names that come again become lists. An element with text alone is its text. */
function read(element: XmlElement): unknown {
  const text = element.children
    .filter((child): child is XmlText => child.nodeType === XML_TEXT || child.nodeType === XML_CDATA)
    .map((child) => child.text)
    .join('');
  const attributes = element.attributes.filter(({ name }) => !/^xmlns(:|$)/.test(name));
  const children = element.elements;
  if (attributes.length === 0 && children.length === 0) return text;
  const map = Object.create(null) as Record<string, unknown>;
  const repeated = new Set<string>();
  const add = (name: string, value: unknown): void => {
    if (!Object.hasOwn(map, name)) map[name] = value;
    else if (repeated.has(name)) (map[name] as unknown[]).push(value);
    else {
      map[name] = [map[name], value];
      repeated.add(name);
    }
  };
  for (const { localName, value } of attributes) add(localName, value);
  for (const child of children) add(child.localName, read(child));
  if (text.trim() !== '') add('', text);
  return map;
}

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
      if (contentTypeHeader) exchange.headers.set('Content-Type', 'application/xml');
      const style = { isPretty: prettyPrint, leavesNulls: include === 'NON_NULL' || include === 'NON_EMPTY' };
      const text = body instanceof XmlNode ? String(body) : Array.isArray(body) ? `<ArrayList>${written('item', body, style, 1)}</ArrayList>` : written(rootName(body), body, style, 0);
      return Buffer.from(prettyPrint ? `${text}\n` : text);
    },
    unmarshal: (_exchange: Exchange, body: unknown) => {
      const document = body instanceof XmlNode ? convertTo(body, 'org.w3c.dom.Document') : parseXml(typeof body === 'string' ? body : decodeXml(bytesOfBody(body)));
      const { root } = document as { root: XmlElement };
      return useList ? root.elements.map(read) : read(root);
    },
  }),
});

/** As Jackson names the root: by the Java class of the value. */
const rootName = (value: unknown): string =>
  isMap(value)
    ? 'LinkedHashMap'
    : typeof value === 'string'
      ? 'String'
      : typeof value === 'boolean'
        ? 'Boolean'
        : typeof value === 'number'
          ? Number.isInteger(value)
            ? 'Integer'
            : 'Double'
          : value === null || value === undefined
            ? 'null'
            : 'Object';
