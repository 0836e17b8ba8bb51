import { splitText } from './manyParts.ts';
import { Pieces } from './pieces.ts';
import { checkCharset, decodeText, encodeText } from './charset.ts';
import { describeError, ExchangeError, toExchangeError } from '../errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { compareNumbers, doubleText, ExactNumber, exactNumber, isNumeric, javaDouble } from './exactNumber.ts';
import { jsonText, parseJson } from './json.ts';
import { documentText } from './documentText.ts';
import { javaClassName } from './javaClassName.ts';
import { asJsonNode, isJsonNode, nodeText, notTooDeep, scalarNodeText } from './jsonNode.ts';
import { javaClass, listOfClass } from './javaClass.ts';
import { isNetworkBytes, networkBytes } from './network-bytes.ts';
import { childrenOf, decodeXml, parseXml, parseXmlInTurns, XmlDocument, XmlElement, XmlNode, XmlNodeList } from './xml.ts';

const groupedList = 'org.apache.camel.processor.aggregate.AbstractListAggregationStrategy$GroupedExchangeList';

/** Marks a list that a grouping strategy has made: as in Camel its text says only how long it is. */
export function groupOf(list: unknown): unknown {
  return Array.isArray(list) ? listOfClass(list, groupedList) : list;
}

/**
 * Text of a value as Camel gives it: null stays null.
 * @param exchange names the charset of bytes (`CamelCharsetName`); UTF-8 without one
 */
export function toText(value: unknown, exchange?: Exchange): string | null {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return bytesText(value, exchange);
  if (value instanceof Error) return describeError(value);
  if (value instanceof XmlNodeList) return value.toString();
  const json = typeof value === 'object' ? nodeText(value) : null;
  if (json !== null) return json;
  if (Array.isArray(value)) return (value as { readonly [javaClass]?: string })[javaClass] === groupedList ? `List<Exchange>(${value.length} elements)` : `[${value.map((item) => nestedText(item, value)).join(', ')}]`;
  if (value instanceof Set) return `[${[...(value as Set<unknown>)].map((item) => nestedText(item, value)).join(', ')}]`;
  if (value instanceof Date) return dateText(value);
  if (typeof value === 'object') {
    if (isContent(value)) return exchange === undefined || typeof value.charset === 'string' ? value.text() : bytesText(value.bytes(), exchange);
    if (value instanceof Map) return `{${[...value].map(([key, item]) => `${nestedText(key, value)}=${nestedText(item, value)}`).join(', ')}}`;
    // `toString` may also be a key of somebody's document.
    if (typeof value.toString === 'function' && (Object.hasOwn(value, 'toString') || (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null))) {
      return value.toString();
    }
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}=${nestedText(item, value)}`)
      .join(', ')}}`;
  }
  return typeof value === 'number' && !Number.isInteger(value) ? doubleText(value) : String(value);
}

function bytesText(value: Uint8Array, exchange: Exchange | undefined): string {
  const charset = exchange === undefined ? null : charsetOf(exchange);
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return charset === null ? bytes.toString('utf8') : decodeText(bytes, charset);
}

/**
 * The charset that an exchange names, in its header or its property `CamelCharsetName`: of bytes that become text, and of text that becomes bytes.
 * Null: none, so UTF-8.
 * @throws TypeConversionException when there is none of that name
 */
export function charsetOf(exchange: Exchange): string | null {
  return charsetNamed(exchange.headers.lookup('camelcharsetname') ?? exchange.property('CamelCharsetName') ?? null);
}

/** The charset of a value that names one. @throws TypeConversionException when there is none of that name */
export function charsetNamed(named: unknown): string | null {
  if (named === null) return null;
  const charset = toText(named)!.trim().replace(/^(['"])(.*)\1$/, '$2').trim();
  try {
    checkCharset(charset);
  } catch (thrown) {
    const cause = new ExchangeError('java.nio.charset.UnsupportedCharsetException', (thrown as Error).message);
    throw new ExchangeError('org.apache.camel.TypeConversionException', `the exchange names a charset that there is not: ${charset}`, { cause });
  }
  return charset;
}

/** Made when a date is first printed. */
let zones: Intl.DateTimeFormat | null = null;

/** As Java prints a date: `Thu Jan 02 03:04:05 UTC 2020`, in the zone of the process. */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) return String(date);
  zones ??= new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' });
  const zone = zones.formatToParts(date).find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC';
  return `${date.toString().slice(0, 10)} ${date.toTimeString().slice(0, 8)} ${zone} ${date.getFullYear()}`;
}

/** A body that stands for bytes elsewhere: a file, a cached stream. */
export interface Content {
  /** Its own; null or absent: that of the exchange. */
  readonly charset?: string | null;
  /** It stands for a stream of Java's. */
  readonly isStream?: true;
  bytes(): Buffer;
  text(): string;
}

export const isContent = (value: object): value is Content => typeof (value as Partial<Content>).bytes === 'function' && typeof (value as Partial<Content>).text === 'function';

/** What holds itself is named, as in Java. */
const nestedText = (value: unknown, holder: object): string => (value === holder ? (Array.isArray(holder) || holder instanceof Set ? '(this Collection)' : '(this Map)') : (toText(value) ?? 'null'));

/** A truth value as Camel's predicates take it: "true"/"false" by text, null false, empty text and list false, everything else true. */
export function toTruth(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === null || value === undefined) return false;
  if (typeof value === 'string') return value !== '' && value.toLowerCase() !== 'false';
  if (Array.isArray(value)) return value.length > 0;
  return true;
}

/** What a value could not become, in the words of Camel, which routes log and answer with. */
export function conversionError(value: unknown, type: string, cause?: unknown): ExchangeError {
  const why = cause === undefined ? null : toExchangeError(cause);
  const reason = why === null ? '' : ` due to ${why.type}: ${why.message}`;
  return new ExchangeError('org.apache.camel.TypeConversionException', `Error during type conversion from type: ${javaClassName(value)} to the required type: ${fullTypeName(type)} with value ${shownText(value)}${reason}`, why === null ? {} : { cause: why });
}

/** Everyday classes may be named without their package. */
export const fullTypeName = (type: string): string => (/^[A-Z]\w*$/.test(type.trim()) ? `java.lang.${type.trim()}` : type);

const mostShown = 200;

/** The text of a value for an error message; a long one is cut. */
function shownText(value: unknown): string {
  const text = toText(value) ?? 'null';
  return text.length > mostShown ? `${text.slice(0, mostShown - 3)}...` : text;
}

/** Why a text is no number, as Java says it. */
export const notANumber = (text: string, type = ''): ExchangeError =>
  new ExchangeError('java.lang.NumberFormatException', text.trim() === '' && /double|float/i.test(type) ? 'empty String' : `For input string: "${shownText(text)}"`);

/** What kind of body it is, for an error message: `map`, `list`, `number`, else the name of its class. */
export function kindOf(body: unknown): string {
  if (Array.isArray(body)) return 'list';
  if (isNumeric(body)) return 'number';
  if (typeof body !== 'object' || body === null) return body === null ? 'null body' : typeof body;
  if (isPlainMap(body) || body instanceof Map) return 'map';
  return typeof (body as Partial<Iterator<unknown>>).next === 'function' ? 'iterator' : body.constructor.name;
}

/** A value for an error message: its kind and the start of its text. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  const text = toText(value) ?? 'null';
  const kind = Buffer.isBuffer(value) ? 'bytes' : Array.isArray(value) ? 'list' : typeof value === 'object' ? 'map' : typeof value;
  return `${kind} "${text.length > 60 ? `${text.slice(0, 57)}...` : text}"`;
}

// ------------------------------------------------------------------------------------------------ Java's types

type Conversion = (value: unknown, type: string, charset: string | null) => unknown;

const notAvailable = (value: unknown, type: string): ExchangeError =>
  new ExchangeError('org.apache.camel.NoTypeConversionAvailableException', `No type converter available to convert from type: ${value === undefined ? 'null' : javaClassName(value)} to the required type: ${fullTypeName(type)}`);

const badNumber = (value: unknown, type: string, text: string): ExchangeError =>
  conversionError(value, type, notANumber(text, type));

const isPrimitive = (type: string): boolean => /^[a-z]+$/.test(type);

/** Bytes of everything that has some; null for what has none. A stream must be read before. */
function bytesOf(value: unknown, charset: string | null): Buffer | null {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value === 'string') return encodeText(value, charset);
  const document = documentText(value);
  if (document !== null) return encodeText(document, charset);
  if (typeof value === 'object' && value !== null && typeof (value as { bytes?: unknown }).bytes === 'function') return (value as { bytes(): Buffer }).bytes();
  return null;
}

const hasBytes = (value: unknown): boolean => typeof value === 'object' && bytesOf(value, null) !== null;

/** Bytes that are a stream in Camel: nothing leads from one to a number there. */
export const isStreamed = (value: unknown): boolean => isNetworkBytes(value) || (typeof value === 'object' && value !== null && (value as Partial<Content>).isStream === true);

/** What a number can be read from. */
const hasDigits = (value: unknown): boolean => typeof value === 'string' || (hasBytes(value) && !isStreamed(value));

const textual: Conversion = (value, _type, charset) => (charset !== null && hasBytes(value) && !isJsonNode(value as object) ? decodeText(bytesOf(value, charset)!, charset) : toText(value));

/** A number has at most so many: a pattern gives up, or ends by its stack, for millions. */
const mostDigits = 100_000;

const isWhole = (text: string): boolean => text.length <= mostDigits && /^[+-]?\d+$/.test(text);

const integral =
  (lowest: bigint, highest: bigint): Conversion =>
  (value, type, charset) => {
    if (isNumeric(value)) {
      if (Number.isNaN(Number(value)) && !isPrimitive(type)) return null;
      const whole = wholePart(value, type);
      // As in Camel, a primitive type takes an integer of any size as it is.
      if (!isPrimitive(type) && (compareNumbers(whole, lowest) < 0 || compareNumbers(whole, highest) > 0)) throw badNumber(value, type, String(value));
      return whole;
    }
    if (!hasDigits(value)) throw notAvailable(value, type);
    const text = textual(value, type, charset) as string;
    if (!isWhole(text)) throw badNumber(value, type, text);
    // No bound is near: millions of digits need not be read for that.
    if (!(Math.abs(Number(text)) <= 2 ** 64)) throw badNumber(value, type, text);
    const exact = BigInt(text.replace('+', ''));
    if (exact < lowest || exact > highest) throw badNumber(value, type, text);
    return exactNumber(exact.toString());
  };

function wholePart(value: number | bigint | ExactNumber, type: string): number | ExactNumber {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw badNumber(value, type, String(value));
    return Number.isSafeInteger(value) ? value : Number.isInteger(value) ? exactNumber(BigInt(value).toString()) : Math.trunc(value);
  }
  if (typeof value === 'bigint') return exactNumber(value.toString());
  if (value.kind === 'integer') return value;
  return /^-?\d+(\.\d*)?$/.test(value.text) ? exactNumber(value.text.replace(/\..*$/, '')) : wholePart(Number(value.text), type);
}

const unbounded: Conversion = (value, type, charset) => {
  if (isNumeric(value)) return wholePart(value, type);
  if (typeof value !== 'string') return null;
  const text = textual(value, type, charset) as string;
  if (!isWhole(text)) throw badNumber(value, type, text);
  return exactNumber(text.replace('+', ''));
};

const decimal: Conversion = (value, type, charset) => {
  if (typeof value === 'number') return javaDouble(value);
  if (value instanceof ExactNumber || typeof value === 'bigint') return javaDouble(Number(value));
  if (!hasDigits(value)) throw notAvailable(value, type);
  const text = textual(value, type, charset) as string;
  const plain = text.trim();
  if (plain.length > mostDigits || !/^[+-]?(\d+(?:\.\d*)?([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|NaN|Infinity)[fFdD]?$/.test(plain)) throw badNumber(value, type, text);
  return javaDouble(Number(plain.replace(/[fFdD]$/, '')));
};

/** An Integer or Long for digits, else a Double. */
const anyNumber: Conversion = (value, type, charset) => {
  if (isNumeric(value)) return value;
  if (!hasDigits(value)) throw notAvailable(value, type);
  const text = textual(value, type, charset) as string;
  if (text.length > mostDigits || !/^[+-]?\d+(\.\d+)?$/.test(text)) throw badNumber(value, type, text);
  return text.includes('.') ? javaDouble(Number(text)) : exactNumber(text.replace('+', ''));
};

const truthValue: Conversion = (value, type) => {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return value > 0;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  if (text === 'true' || text === 'false') return text === 'true';
  if (!isPrimitive(type)) throw notAvailable(value, type);
  throw conversionError(value, type, new ExchangeError('java.lang.IllegalArgumentException', `Cannot convert type: ${javaClassName(value)} to ${type.trim()}`));
};

/**
 * The JSON document that a text or bytes hold; what is a node already is itself. Nothing of it is marked as a node.
 * @param nothing what a text of nothing but white space is
 * @throws NoTypeConversionAvailableException for what has no bytes
 */
export function jsonOf(value: unknown, type: string, nothing: unknown = null, prepared: (() => unknown) | null = null): unknown {
  if (typeof value === 'object' && value !== null && isJsonNode(value)) return value;
  if (typeof value !== 'string' && !hasBytes(value)) throw notAvailable(value, type);
  try {
    if (prepared !== null) return notTooDeep(prepared());
    const text = typeof value === 'string' ? value : jsonText(bytesOf(value, null)!);
    return /^\s*$/.test(text) ? nothing : notTooDeep(parseJson(text));
  } catch (thrown) {
    throw noDocument(value, type, thrown);
  }
}

const jsonNode: Conversion = (value, type) => (isPlainMap(value) ? asJsonNode(value, true) : asJsonNode(jsonOf(value, type)));

const uri: Conversion = (value, type) => {
  if (typeof value !== 'string') throw notAvailable(value, type);
  if (!/^[^\s<>{}"|\\^`]*$/.test(value)) throw conversionError(value, type, new ExchangeError('java.net.URISyntaxException', `no URI: ${value}`));
  return value;
};

const charSequence: Conversion = (value, type) => {
  if (typeof value !== 'string') throw notAvailable(value, type);
  return value;
};

const itself: Conversion = (value) => value;

const character: Conversion = (value, type) => {
  const text = toText(value)!;
  if (text.length === 1) return text;
  throw conversionError(value, type, new ExchangeError('java.lang.IllegalArgumentException', 'the text must have exactly one character'));
};

const bytes: Conversion = (value, type, charset) => {
  const found = bytesOf(value, charset);
  if (found === null) throw notAvailable(value, type);
  return found;
};

/** An array of its own, no longer the stream that bytes of a network or of a data format are. */
const byteArray: Conversion = (value, type, charset) => {
  const found = bytes(value, type, charset) as Buffer;
  return isNetworkBytes(found) ? Buffer.from(found.buffer, found.byteOffset, found.byteLength) : found;
};

/** The stream that bytes become in Camel: one thing, and no array. */
const cachedStream: Conversion = (value, type, charset) => {
  const found = bytes(value, type, charset) as Buffer;
  return isStreamed(found) ? found : networkBytes(Buffer.from(found.buffer, found.byteOffset, found.byteLength));
};

/** Bytes as Java's numbers: from -128 to 127. */
export const javaBytes = (bytes: Uint8Array): Int8Array => new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const listOf: Conversion = (value, type) => {
  if (value instanceof XmlNodeList) return [...value];
  if (Array.isArray(value)) return value;
  if (value instanceof XmlNode) return [...childrenOf(value)];
  if (isPlainMap(value) && isJsonNode(value)) return Object.values(value);
  if (value instanceof Set) return [...value];
  if (value instanceof Uint8Array) return Array.from(javaBytes(value));
  if (typeof value === 'object' && value !== null && typeof (value as { next?: unknown }).next === 'function') return [...({ [Symbol.iterator]: () => value } as Iterable<unknown>)];
  throw notAvailable(value, type);
};

const collectionOf: Conversion = (value, type) => {
  if (value instanceof Map) return [...value].map(([key, item]) => `${toText(key)}=${toText(item)}`);
  if (isPlainMap(value)) return Object.entries(value).map(([key, item]) => `${key}=${toText(item)}`);
  return listOf(value, type, null);
};

const setOf: Conversion = (value, type) => [...new Set(collectionOf(value, type, null) as unknown[])];

const iterable: Conversion = (value) => {
  if (typeof value === 'string') return splitText(value, ',');
  if (value instanceof XmlNode) return [...childrenOf(value)];
  return Array.isArray(value) || value instanceof Set ? [...value] : [value];
};

const iterator: Conversion = (value, type, charset) => (iterable(value, type, charset) as unknown[])[Symbol.iterator]();

/** Whether a value is a map of JavaScript's own: no object of a class. */
export const isPlainMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && (Object.getPrototypeOf(value) === null || Object.getPrototypeOf(value) === Object.prototype);

const mapOf: Conversion = (value, type) => {
  if (value instanceof Map || isPlainMap(value)) return value;
  if (typeof value === 'object' && value !== null && isJsonNode(value)) throw conversionError(value, type, new ExchangeError('java.lang.IllegalArgumentException', 'the JSON document is no object'));
  throw notAvailable(value, type);
};

const dateOf: Conversion = (value, type) => {
  if (value instanceof Date) return value;
  // Only a Long is an instant, an Integer is none.
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) > 2147483647) return new Date(value);
  throw notAvailable(value, type);
};

/** Why it is no document is what whoever sent it must know. */
const noDocument = (value: unknown, type: string, thrown: unknown): ExchangeError => conversionError(value, type, thrown);

/** What bytes are in is what the document says itself. */
function xmlDocumentBy<T>(value: unknown, type: string, parse: (text: string) => T): T | XmlDocument {
  if (value instanceof XmlDocument) return value;
  const bytesOrNull = typeof value === 'string' ? null : hasBytes(value) ? bytesOf(value, null) : null;
  if (typeof value !== 'string' && !(value instanceof XmlNode) && (bytesOrNull === null || value instanceof XmlNodeList)) throw notAvailable(value, type);
  try {
    return parse(bytesOrNull === null ? String(value as string | XmlNode) : decodeXml(bytesOrNull));
  } catch (thrown) {
    throw noDocument(value, type, thrown);
  }
}

/** As in Camel, comments are left out of a document that a text is converted to. */
const xmlDocument: Conversion = (value, type) => xmlDocumentBy(value, type, (text) => parseXml(text, false));

/** The document of what a list of one holds; null for any other list. */
const documentOfOne: Conversion = (value, type, charset) => {
  if (!(value instanceof XmlNodeList)) return xmlDocument(value, type, charset);
  return value.length === 1 ? xmlDocument(value[0], type, charset) : null;
};

const documentType = 'org.w3c.dom.Document';

/** The conversion to a document; a promise while a large one is read in slices. */
export function toXmlDocumentInTurns(value: unknown, type = documentType): XmlDocument | Promise<XmlDocument> {
  const document = xmlDocumentBy(value, type, (text) => parseXmlInTurns(text, false));
  if (document instanceof XmlDocument) return document;
  return document.catch((thrown: unknown) => {
    throw noDocument(value, type, thrown);
  });
}

/** Types whose conversion begins with a document. */
const ofDocuments: ReadonlySet<string> = new Set([documentType, 'javax.xml.transform.dom.DOMSource']);

/** The same as `convertTo`; a promise while a large document is read in slices. */
export function convertInTurns(value: unknown, type: string, exchange?: Exchange): unknown {
  if (value === null || value === undefined || value instanceof XmlNode || Array.isArray(value) || !ofDocuments.has(type)) return convertTo(value, type, exchange);
  const document = toXmlDocumentInTurns(value, type);
  return document instanceof XmlDocument ? convertTo(document, type) : document.then((read) => convertTo(read, type));
}

/** The node that a list of one holds; null for any other list. */
const xmlNode: Conversion = (value, type) => {
  if (value instanceof XmlNodeList) return value.length === 1 ? value[0] : null;
  if (value instanceof XmlNode) return value;
  throw notAvailable(value, type);
};

const xmlElement: Conversion = (value, type) => {
  if (value instanceof XmlElement) return value;
  if (value instanceof XmlDocument) return value.root;
  throw notAvailable(value, type);
};

/** A source that holds a document; one that is only read is bytes. */
const xmlSource: Conversion = (value, type, charset) => {
  if (typeof value === 'string') return bytes(value, type, charset);
  if (value instanceof XmlElement) throw notAvailable(value, type);
  return xmlDocument(value, type, charset);
};

/** A source that is read, of a text or of bytes. */
const readSource: Conversion = (value, type, charset) => {
  if (typeof value === 'string' || value instanceof Uint8Array || (typeof value === 'object' && value !== null && isContent(value))) return bytes(value, type, charset);
  throw notAvailable(value, type);
};

const domSource: Conversion = (value, type, charset) => (value instanceof XmlNode ? value : xmlDocument(value, type, charset));

const int = integral(-(2n ** 31n), 2n ** 31n - 1n);
const long = integral(-(2n ** 63n), 2n ** 63n - 1n);
const short = integral(-(2n ** 15n), 2n ** 15n - 1n);
const byte = integral(-128n, 127n);

/** By the names that Camel takes: everyday classes also without their package. */
const conversions: Readonly<Record<string, Conversion>> = {
  String: textual,
  int,
  Integer: int,
  long,
  Long: long,
  short,
  Short: short,
  byte,
  Byte: byte,
  float: decimal,
  Float: decimal,
  double: decimal,
  Double: decimal,
  boolean: truthValue,
  Boolean: truthValue,
  char: character,
  Character: character,
  'byte[]': byteArray,
  'Byte[]': byteArray,
  'Object[]': listOf,
  'String[]': (value, type) => (listOf(value, type, null) as unknown[]).map((item) => toText(item)),
  'java.lang.Object': itself,
  'java.io.Serializable': itself,
  'java.lang.Number': anyNumber,
  'java.lang.CharSequence': charSequence,
  'java.math.BigInteger': unbounded,
  'java.math.BigDecimal': (value, type) => {
    if (value instanceof ExactNumber && value.kind === 'decimal') return value;
    throw notAvailable(value, type);
  },
  'com.fasterxml.jackson.databind.JsonNode': jsonNode,
  'java.net.URI': uri,
  'java.util.Properties': (value, type) => mapOf(value, type, null),
  'java.util.List': listOf,
  'java.util.ArrayList': listOf,
  'java.util.Collection': collectionOf,
  'java.util.Set': setOf,
  'java.util.LinkedHashSet': setOf,
  'java.util.HashSet': setOf,
  'java.util.Iterator': iterator,
  'java.lang.Iterable': iterable,
  'java.util.Map': mapOf,
  'java.util.HashMap': mapOf,
  'java.util.LinkedHashMap': mapOf,
  'java.util.Date': dateOf,
  'org.w3c.dom.Document': documentOfOne,
  'org.w3c.dom.Element': xmlElement,
  'org.w3c.dom.Node': xmlNode,
  'org.w3c.dom.NodeList': (value, type, charset) => (value instanceof XmlNodeList ? value : xmlNode(value, type, charset)),
  'javax.xml.transform.Source': xmlSource,
  'javax.xml.transform.dom.DOMSource': domSource,
  // Streams of Java are bytes here: they can be read as often as one likes.
  'java.io.InputStream': cachedStream,
  'java.io.ByteArrayInputStream': cachedStream,
  'java.io.Reader': bytes,
  'java.io.StringReader': bytes,
  'java.nio.ByteBuffer': bytes,
  'org.apache.camel.StreamCache': bytes,
  'javax.xml.transform.stream.StreamSource': readSource,
  'javax.xml.transform.sax.SAXSource': readSource,
};

const conversionOf = (type: string): Conversion | null => {
  const name = type.trim();
  if (Object.hasOwn(conversions, name)) return conversions[name]!;
  const short = name.startsWith('java.lang.') ? name.slice('java.lang.'.length) : name;
  if (short !== 'Object' && Object.hasOwn(conversions, short)) return conversions[short]!;
  // A class of Java's that has nothing to do with any value here; one that nobody knows is an error when the route is loaded.
  return /^(java|javax|jakarta|org\.w3c|org\.xml|org\.apache\.camel|com\.fasterxml)\./.test(name) ? (value, wanted) => { throw notAvailable(value, wanted); } : null;
};

/** What null is as one of Java's small types. */
export const primitiveDefaults: Readonly<Record<string, unknown>> = { int: 0, long: 0, short: 0, byte: 0, double: javaDouble(0), float: javaDouble(0), boolean: false };

/** Whether a class name is one that values can be asked to become. */
export const isConvertibleType = (type: string): boolean => conversionOf(type) !== null;

/**
 * A value as the Java class of that name, by Camel's type converters; null stays null. Numbers, texts, lists and maps are JavaScript's own, so
 * `java.lang.Long` and `int` both give a number (a bigint beyond the safe integers).
 * @param exchange names the charset of bytes and of text that become each other; UTF-8 without one
 * @throws TypeConversionException when the value is wrong, NoTypeConversionAvailableException when nothing leads from its type to that one
 */
export function convertTo(value: unknown, type: string, exchange?: Exchange): unknown {
  if (value === null || value === undefined) return null;
  const conversion = conversionOf(type);
  if (conversion === null) throw notAvailable(value, type);
  const isOfBytes = conversion === bytes || conversion === byteArray || conversion === cachedStream;
  const scalar = isOfBytes && exchange !== undefined ? scalarNodeText(exchange, value) : null;
  if (scalar !== null) return conversion(scalar, type, null);
  const mayHaveBytes = typeof value === 'object' ? typeof (value as Partial<Content>).charset !== 'string' : isOfBytes;
  return conversion(value, type, exchange !== undefined && mayHaveBytes ? charsetOf(exchange) : null);
}

/** @throws InvalidPayloadException for what no stream can be made of */
export function checkStreamable(value: unknown): void {
  if (typeof value === 'string') return;
  if (typeof value === 'object' && value !== null && (value instanceof Uint8Array || value instanceof XmlNode || value instanceof XmlNodeList || isContent(value) || isByteSource(value))) return;
  throw new ExchangeError('org.apache.camel.InvalidPayloadException', `No body available of type: java.io.InputStream${value === null || value === undefined ? '' : ` but has type: ${javaClassName(value)}`} on: Message. Exchange[]`);
}

/** A body that has to be read before it can be converted: any asynchronous source of bytes or text. */
export const isByteSource = (value: unknown): value is AsyncIterable<Uint8Array | string> =>
  typeof value === 'object' && value !== null && typeof (value as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === 'function';

/** All bytes of a stream. */
export async function readBytes(source: AsyncIterable<Uint8Array | string>): Promise<Buffer> {
  const pieces = new Pieces();
  for await (const chunk of source) pieces.push(typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  return pieces.bytes();
}

/**
 * The bytes of a body that a data format reads.
 * @param exchange names the charset of text; UTF-8 without one
 * @throws NoTypeConversionAvailableException for null, and for what has no bytes
 */
export function bytesOfBody(body: unknown, exchange?: Exchange): Buffer {
  if (body === null || body === undefined) throw notAvailable(body, 'java.io.InputStream');
  const scalar = exchange === undefined ? null : scalarNodeText(exchange, body);
  if (scalar !== null) return Buffer.from(scalar);
  return bytes(body, 'java.io.InputStream', exchange === undefined || body instanceof Uint8Array ? null : charsetOf(exchange)) as Buffer;
}

/** The text of a body that a data format reads. @throws NoTypeConversionAvailableException for null, and for what has no bytes */
export const textOfBody = (body: unknown, exchange: Exchange): string => (typeof body === 'string' ? body : toText(bytesOfBody(body, exchange), exchange)!);

/** Does something with the bytes of a body: at once, or, for a stream, when it has been read. */
export const withBytes = <T>(exchange: Exchange, body: unknown, run: (bytes: Buffer) => T): T | Promise<Awaited<T>> =>
  isByteSource(body) ? (readBytes(body).then(run) as Promise<Awaited<T>>) : run(bytesOfBody(body, exchange));
