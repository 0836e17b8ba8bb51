import { ExchangeError, simpleClassName } from '../errors.ts';
import { toText } from './convert.ts';
import { javaClassName } from './javaClassName.ts';
import type { XmlAttribute, XmlElement, XmlText } from './xml.ts';
import { escapeXml, XML_CDATA, XML_ELEMENT, XML_TEXT, XmlNode } from './xml.ts';
import { hasFewValues } from './fewValues.ts';
import { Slices } from './slices.ts';

const nameOfElement = /^[A-Za-z_\u00c0-\uffff][\w.\-\u00b7-\uffff]*$/;

/** A name that would be markup of its own: nobody puts elements into a document by the keys of a map. */
const markup = /[<>&"'/=\u0000-\u001f]/;

/** What no document can hold. */
const unwritable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

const writingError = (message: string): ExchangeError => new ExchangeError('com.fasterxml.jackson.databind.JsonMappingException', message);

const isMap = (value: unknown): value is Record<string, unknown> | Map<string, unknown> =>
  value instanceof Map || (typeof value === 'object' && value !== null && (Object.getPrototypeOf(value) === null || Object.getPrototypeOf(value) === Object.prototype));

export interface XmlStyle {
  readonly isPretty: boolean;
  readonly leavesNulls: boolean;
  readonly leavesEmpty?: boolean;
  readonly sortsKeys?: boolean;
  /** Names are those that an element can have, and not all that Jackson writes (`<first name>`). */
  readonly isStrict?: boolean;
}

const entriesOf = (value: Record<string, unknown> | Map<string, unknown>, style: XmlStyle): [string, unknown][] => {
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return style.sortsKeys === true ? entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) : entries;
};

/** As Jackson writes it: `>` stands for itself, but in `]]>` and where it comes first. */
function textOf(text: string): string {
  const wrong = unwritable.exec(text)?.[0].charCodeAt(0).toString(16);
  if (wrong !== undefined) throw writingError(`Invalid white space character (0x${wrong}) in text to output (in xml 1.1, could output as a character entity)`);
  return escapeXml(text)
    .replace(/(\]\])?&gt;/g, (all, before: string | undefined, at: number) => (before === undefined && at > 0 ? '>' : all))
    .replaceAll('\r', '&#xd;');
}

const isNothing = (value: unknown): boolean => value === '' || (Array.isArray(value) ? value.length === 0 : value instanceof Set ? value.size === 0 : isMap(value) && [...(value instanceof Map ? value.values() : Object.values(value))].every((item) => item === null || item === undefined || isNothing(item)));

/** A value as an element of a name; the items of a list as elements of that name in a row. */
function written(name: string, value: unknown, style: XmlStyle, depth: number, isEntry = false): string {
  if (depth > 1000) throw writingError('the value is nested too deeply');
  if (style.isStrict === true ? !nameOfElement.test(name) : markup.test(name)) throw writingError(`\`${name}\` can't be the name of an XML element`);
  const indent = style.isPretty ? `${depth === 0 ? '' : '\n'}${'  '.repeat(depth)}` : '';
  if (value === null || value === undefined) return style.leavesNulls && isEntry ? '' : `${indent}<${name}/>`;
  if (isEntry && style.leavesEmpty === true && isNothing(value)) return '';
  if (Array.isArray(value) || value instanceof Set) return Array.from(value as Iterable<unknown>, (item) => written(name, item, style, depth)).join('');
  if (value instanceof XmlNode) return indent + String(value);
  if (isMap(value)) {
    const entries = entriesOf(value, style);
    const inner = entries.map(([key, item]) => written(String(key), item, style, depth + 1, true)).join('');
    if (inner === '') return `${indent}<${name}/>`;
    return `${indent}<${name}>${inner}${style.isPretty ? `\n${'  '.repeat(depth)}` : ''}</${name}>`;
  }
  return `${indent}<${name}>${textOf(value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value instanceof Date ? String(value.getTime()) : (toText(value) ?? ''))}</${name}>`;
}

/** A map as it is put together: names that come again become lists. */
class DataOfElement {
  readonly map = Object.create(null) as Record<string, unknown>;
  private repeated: Set<string> | null = null;

  add(name: string, value: unknown): void {
    const { map } = this;
    if (!Object.hasOwn(map, name)) map[name] = value;
    else if (this.repeated?.has(name) === true) (map[name] as unknown[]).push(value);
    else {
      map[name] = [map[name], value];
      (this.repeated ??= new Set()).add(name);
    }
  }
}

const isDeclaration = (name: string): boolean => name === 'xmlns' || name.startsWith('xmlns:');

/** How elements are read; the features of Jackson's parser. */
export interface XmlReading {
  /** Whether `xsi:nil`, before all other attributes, says whether an element stands for null. */
  readonly takesNil: boolean;
  /** `<a/>` is null, and no empty text. */
  readonly emptyIsNull: boolean;
}

const usual: XmlReading = { takesNil: true, emptyIsNull: false };

const isNil = ({ localName, namespace }: XmlAttribute): boolean => localName === 'nil' && namespace === 'http://www.w3.org/2001/XMLSchema-instance';

const isEmptyTag = (element: XmlElement): boolean => element.children.length === 0 && element.document!.source.charCodeAt(element.end - 2) === 47;

const isElement = (node: XmlNode): node is XmlElement => node.nodeType === XML_ELEMENT;

/**
 * What is put together of an element: a text where it has neither attributes nor elements, null where it is nil, and else a map, to which `read`
 * has added each child element. Blanks between elements mean nothing.
 */
function* dataOf(element: XmlElement, reading: XmlReading): Generator<XmlElement, unknown, unknown> {
  let data: DataOfElement | null = null;
  let isFirst = reading.takesNil;
  for (const attribute of element.attributes) {
    if (isDeclaration(attribute.name)) continue;
    if (!isFirst || !isNil(attribute)) (data ??= new DataOfElement()).add(attribute.localName, attribute.value);
    else if (attribute.value === 'true') return null;
    isFirst = false;
  }
  if (reading.emptyIsNull && data === null && isEmptyTag(element)) return null;
  let text = '';
  for (const child of element.children) {
    if (isElement(child)) {
      data ??= new DataOfElement();
      if (text.trim() !== '') data.add('', text);
      text = '';
      data.add(child.localName, yield child);
    } else if (child.nodeType === XML_TEXT || child.nodeType === XML_CDATA) text += (child as XmlText).text;
  }
  if (data === null) return text;
  if (text.trim() !== '') data.add('', text);
  return data.map;
}

/** An element as a map of its attributes and child elements; names that come again become lists. An element with text alone is its text. */
export function readXmlData(element: XmlElement, reading = usual): unknown {
  const work = dataOf(element, reading);
  let { done, value } = work.next();
  while (done !== true) ({ done, value } = work.next(readXmlData(value as XmlElement, reading)));
  return value;
}

/** What a document's root is read as: a map, whatever it holds. */
export const ofRoot = (data: unknown): unknown => (typeof data !== 'string' ? data : data.trim() === '' ? {} : { '': data });

/** What has not more nodes is read at once. */
const readAtOnce = 500;

/** The same, in slices. */
export async function readXmlDataInTurns(element: XmlElement, slices: Slices, reading = usual): Promise<unknown> {
  if (element.last - element.order <= readAtOnce) {
    if (slices.isOver) await slices.next();
    return readXmlData(element, reading);
  }
  const work = dataOf(element, reading);
  let { done, value } = work.next();
  while (done !== true) {
    const child = value as XmlElement;
    const data = child.last - child.order > readAtOnce ? await readXmlDataInTurns(child, slices, reading) : readXmlData(child, reading);
    if (slices.isOver) await slices.next();
    ({ done, value } = work.next(data));
  }
  return value;
}

const itemsJoined = 1000;

/** As `written`, in slices. */
async function writtenInTurns(name: string, value: unknown, style: XmlStyle, depth: number, slices: Slices): Promise<string> {
  if (slices.isOver) await slices.next();
  const isList = Array.isArray(value) || value instanceof Set;
  if ((!isList && !isMap(value)) || hasFewValues(value, readAtOnce)) return written(name, value, style, depth);
  // What is wrong with the name is said as for a small one.
  if (!isList) written(name, null, style, depth);
  const items: Iterable<unknown> = isList ? (value as Iterable<unknown>) : entriesOf(value as Record<string, unknown>, style);
  const whole: string[] = [];
  let inner: string[] = [];
  const innerDepth = isList ? depth : depth + 1;
  for (const one of items) {
    const [key, item] = isList ? [name, one] : (one as readonly [unknown, unknown]);
    if (hasFewValues(item, readAtOnce)) {
      inner.push(written(String(key), item, style, innerDepth));
      if (slices.isOver) await slices.next();
    } else inner.push(await writtenInTurns(String(key), item, style, innerDepth, slices));
    // One text takes much less room than the many that it was put together of.
    if (inner.length < itemsJoined) continue;
    whole.push(inner.join(''));
    inner = [];
  }
  const content = whole.join('') + inner.join('');
  if (isList) return content;
  const indent = style.isPretty ? `${depth === 0 ? '' : '\n'}${'  '.repeat(depth)}` : '';
  return content === '' ? `${indent}<${name}/>` : `${indent}<${name}>${content}${style.isPretty ? `\n${'  '.repeat(depth)}` : ''}</${name}>`;
}

/** As `writeXmlData`; a promise while what is large is written in slices. */
export function writeXmlDataInTurns(body: unknown, style: XmlStyle): string | Promise<string> {
  if (body instanceof XmlNode || hasFewValues(body, readAtOnce)) return writeXmlData(body, style);
  const slices = new Slices();
  if (Array.isArray(body) || body instanceof Set) return writtenInTurns('item', body, style, 1, slices).then((items) => listWritten(rootName(body), items, style));
  const text = writtenInTurns(rootName(body), body, style, 0, slices);
  return style.isPretty ? text.then((whole) => `${whole}\n`) : text;
}

/** A value as an element of that name. @throws ExchangeError for a name that no element can have */
export const writeXmlElement = (name: string, value: unknown): string => written(name, value, { isPretty: false, leavesNulls: false, isStrict: true }, 0);

/** A list is an element of its own around its items. */
function listWritten(root: string, items: string, { isPretty }: XmlStyle): string {
  const end = isPretty ? '\n' : '';
  return items === '' ? `<${root}/>${end}` : `<${root}>${items}${end}</${root}>${end}`;
}

/** A value as an XML document; the root has the name of the Java class that Camel's value would have. */
export const writeXmlData = (body: unknown, style: XmlStyle): string => {
  if (Array.isArray(body) || body instanceof Set) return listWritten(rootName(body), written('item', body, style, 1), style);
  const text = body instanceof XmlNode ? String(body) : written(rootName(body), body, style, 0);
  // As Jackson lays it out: a value that is no object has the end of the line before it.
  return !style.isPretty ? text : isMap(body) || body instanceof XmlNode ? `${text}\n` : `\n${text}`;
};

/** As Jackson names the root: by the Java class of the value. */
const rootName = (value: unknown): string => (value instanceof Uint8Array ? 'bytes' : simpleClassName(value === undefined ? 'null' : javaClassName(value)));
