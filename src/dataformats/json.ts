import { convertTo, describeValue, isByteSource, isStreamed, readBytes, toText } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError, simpleClassName } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { exactNumber, isIntegral, isNumeric, javaDecimal } from '../core/conversion/exactNumber.ts';
import { field } from '../core/field.ts';
import type { JsonStyle, NumberReader } from '../core/conversion/json.ts';
import { javaClassName } from '../core/conversion/javaClassName.ts';
import { asJsonNode } from '../core/conversion/jsonNode.ts';
import { featuresOf } from './jacksonFeatures.ts';
import { jsonText, parseJsonInTurns, parseJsonWith, writeJsonInTurns } from '../core/conversion/json.ts';

const java = 'Java only: there are no Java classes to map to here';

export const json = defineDataFormat({
  name: 'json',
  summary: 'JSON: marshal gives bytes, unmarshal gives maps, lists and plain values.',
  options: {
    library: field.enum('Which library Camel would use; they all mean the same here.', ['Fastjson', 'Gson', 'Jackson', 'Jsonb']).default('Jackson'),
    prettyPrint: field.boolean('Writes JSON in lines with indentation.').default(false),
    unmarshalType: field.string('Class to unmarshal to. Collections, texts and numbers are checked; a class of your own gives a map.'),
    useList: field.boolean('Unmarshals to a list; anything but a list is an error.').default(false),
    include: field.enum('Leaves out what is null, or also what is empty.', ['ALWAYS', 'NON_NULL', 'NON_ABSENT', 'NON_EMPTY', 'NON_DEFAULT']),
    contentTypeHeader: field.boolean('Marshalling sets the header `Content-Type` to `application/json`.').default(true),
    combineUnicodeSurrogates: field.boolean('Writes characters outside of the basic plane as they are; else as two escapes (`\\\\uD83D\\\\uDE00`).').default(false),
    enableFeatures: field.string('Jackson features to switch on, separated by commas; those that change the JSON text, or the numbers that are read, have an effect.'),
    disableFeatures: field.string('Jackson features to switch off, separated by commas.'),
    dateFormatPattern: field.string('Pattern for dates (`yyyy-MM-dd`); without it they are written as milliseconds.'),
    timezone: field.string('Time zone for `dateFormatPattern`, such as `Europe/Berlin`.'),
    maxStringLength: field.integer('Longest text in a document that is read; longer ones are refused.'),
    allowUnmarshallType: field.boolean('Lets a header name the class to unmarshal to.').default(false).ignored(java),
    allowJmsType: field.boolean('Lets the header JMSType name the class to unmarshal to.').default(false).ignored(java),
    collectionType: field.string('Class of collections: the document is a list then.'),
    jsonView: field.string('Class that marks which fields to write.').ignored(java),
    moduleClassNames: field.string('Jackson modules.').ignored(java),
    moduleRefs: field.string('Jackson modules of the registry.').ignored(java),
    objectMapper: field.string('Object mapper of the registry.').ignored(java),
    useDefaultObjectMapper: field.boolean('Looks for an object mapper in the registry.').default(true).ignored(java),
    autoDiscoverObjectMapper: field.boolean('Looks for an object mapper in the registry.').default(false).ignored(java),
    autoDiscoverSchemaResolver: field.boolean('Looks for a schema resolver in the registry.').default(true).ignored(java),
    schemaResolver: field.string('Schema resolver of the registry.').ignored(java),
    namingStrategy: field.string('How Java field names become keys.').ignored(java),
  },
  create: (options) => {
    const { enabled, disabled } = featuresOf(options, false);
    const style = styleOf(options, enabled, disabled);
    const { maxStringLength: longest } = options;
    const { contentTypeHeader: setsHeader, combineUnicodeSurrogates: combines } = options;
    const wrapsRoot = enabled.has('WRAP_ROOT_VALUE');
    const unwrap = enabled.has('UNWRAP_ROOT_VALUE') ? unwrapper(options.useList ? 'ArrayList' : simpleClassName(options.unmarshalType ?? 'java.lang.Object')) : null;
    const read = reader(options.unmarshalType ?? null, options.useList || options.collectionType !== undefined, longest !== undefined && longest > 0 ? longest : undefined, unwrap, {
      asNumber: numbersOf(enabled),
      wrapsSingles: enabled.has('ACCEPT_SINGLE_VALUE_AS_ARRAY'),
    });
    const write = (exchange: Exchange, value: unknown): Buffer | Promise<Buffer> => {
      const text = writeJsonInTurns(wrapsRoot && value !== null && value !== undefined ? { [rootName(value)]: value } : value, style);
      return typeof text === 'string' ? encoded(exchange, text) : text.then((whole) => encoded(exchange, whole));
    };
    const encoded = (exchange: Exchange, text: string): Buffer => {
      const bytes = Buffer.from(combines || !surrogate.test(text) ? text : text.replace(surrogates, escaped));
      if (setsHeader) exchange.headers.set('Content-Type', 'application/json');
      return bytes;
    };
    return {
      marshal: (exchange, body) => {
        // As in Camel, a stream has nothing that could be written as JSON: it must be read, or made text, before.
        if (isStreamed(body)) return write(exchange, noBean(disabled));
        if (isByteSource(body)) return readBytes(body).then((bytes) => write(exchange, toText(bytes, exchange)));
        return write(exchange, jsonBody(exchange, body));
      },
      unmarshal: (_exchange, body) => (isByteSource(body) ? readBytes(body).then(read) : read(body)),
    };
  },
});

/** How many digits are read exactly. */
const mostDigits = 100_000;

/** What features make of numbers; null: what they are anyway. */
function numbersOf(enabled: ReadonlySet<string>): NumberReader | null {
  const [decimals, integers] = [enabled.has('USE_BIG_DECIMAL_FOR_FLOATS'), enabled.has('USE_BIG_INTEGER_FOR_INTS')];
  if (!decimals && !integers) return null;
  return (digits) => {
    const isInteger = /^-?\d+$/.test(digits);
    if (digits.length <= mostDigits && (isInteger ? integers : decimals)) return isInteger ? BigInt(digits) : javaDecimal(digits);
    const exact = exactNumber(digits);
    return typeof exact === 'number' ? null : exact;
  };
}

/** What stands for a class without fields. @throws InvalidDefinitionException */
function noBean(disabled: ReadonlySet<string>): object {
  if (disabled.has('FAIL_ON_EMPTY_BEANS')) return {};
  throw new ExchangeError('com.fasterxml.jackson.databind.exc.InvalidDefinitionException', 'the body is a stream of bytes, which can not be written as JSON: `unmarshal` it before, or make it text with `convertBodyTo`');
}

/** As Jackson names a root: by the Java class of the value. */
const rootName = (value: unknown): string => (value instanceof Uint8Array ? 'byte[]' : simpleClassName(javaClassName(value)));

/** Takes what is in the one key that the document must have. */
const unwrapper =
  (root: string) =>
  (document: unknown): unknown => {
    if (document === null) return null;
    const found = isMap(document) ? Object.keys(document) : null;
    if (found?.length === 1 && found[0] === root) return (document as Record<string, unknown>)[root];
    const what = found === null ? 'the document is no object' : `its root is ${found.map((name) => `\`${name}\``).join(', ') || 'empty'}`;
    throw new ExchangeError('com.fasterxml.jackson.databind.exc.MismatchedInputException', `UNWRAP_ROOT_VALUE wants an object with the one key \`${root}\`: ${what}`);
  };

const surrogate = /[\ud800-\udfff]/;
const surrogates = /[\ud800-\udfff]/g;
const escaped = (half: string): string => `\\u${half.charCodeAt(0).toString(16).toUpperCase()}`;

function styleOf(
  options: { prettyPrint: boolean; include: string | undefined; dateFormatPattern: string | undefined; timezone: string | undefined },
  enabled: ReadonlySet<string>,
  disabled: ReadonlySet<string>,
): JsonStyle | undefined {
  const { include, dateFormatPattern: pattern } = options;
  const isPretty = options.prettyPrint || enabled.has('INDENT_OUTPUT');
  const writesText = disabled.has('WRITE_DATES_AS_TIMESTAMPS') || pattern !== undefined;
  const skipsEmpty = include === 'NON_EMPTY';
  // Values of maps have no defaults but null.
  const skipsNull = include === 'NON_NULL' || include === 'NON_ABSENT' || include === 'NON_DEFAULT' || disabled.has('WRITE_NULL_MAP_VALUES');
  const sortsKeys = enabled.has('ORDER_MAP_ENTRIES_BY_KEYS');
  const unwrapsSingles = enabled.has('WRITE_SINGLE_ELEM_ARRAYS_UNWRAPPED');
  if (!isPretty && !writesText && !skipsEmpty && !skipsNull && !sortsKeys && !unwrapsSingles) return undefined;
  return { isPretty, skipsNull, skipsEmpty, sortsKeys, unwrapsSingles, ...(writesText ? { formatDate: dateFormat(pattern, options.timezone) } : {}) };
}

/** Files are marshalled as the text that they hold. */
const jsonBody = (exchange: Exchange, body: unknown): unknown => (typeof body === 'object' && body !== null && typeof (body as { bytes?: unknown }).bytes === 'function' ? toText(body, exchange) : body);

function reader(type: string | null, isList: boolean, maxStringLength: number | undefined, unwrap: ((document: unknown) => unknown) | null, { asNumber, wrapsSingles }: { readonly asNumber: NumberReader | null; readonly wrapsSingles: boolean }): (body: unknown) => unknown {
  const parse = asNumber === null ? parseJsonInTurns : (text: string): unknown => parseJsonWith(text, asNumber);
  const checkOne = type === null ? null : typeCheck(type);
  const isOfLists = isList || isListType(type ?? '');
  const checkList = isList ? typeCheck('java.util.ArrayList')! : null;
  const check = checkList === null ? checkOne : checkOne === null ? checkList : (value: unknown) => (checkList(value) as unknown[] | null)?.map(checkOne) ?? null;
  if (check === null && maxStringLength === undefined && unwrap === null) return (body) => parse(sourceText(body));
  const checked = (document: unknown): unknown => {
    const unwrapped = unwrap === null ? document : unwrap(document);
    const value = wrapsSingles && isOfLists && unwrapped !== null && !Array.isArray(unwrapped) ? [unwrapped] : unwrapped;
    if (maxStringLength !== undefined) refuseLongTexts(value, maxStringLength);
    return check === null ? value : check(value);
  };
  return (body) => {
    const document = parse(sourceText(body));
    return document instanceof Promise ? document.then(checked) : checked(document);
  };
}

const isListType = (name: string): boolean => /(?:List|Set|Collection|\[\])$/.test(name);

const mismatch = 'MismatchedInputException';

/** Whole numbers that a class holds; a byte may be written without its sign. */
const ranges: Readonly<Record<string, readonly [number | bigint, number | bigint]>> = {
  byte: [-128, 255],
  short: [-32_768, 32_767],
  int: [-2_147_483_648, 2_147_483_647],
  integer: [-2_147_483_648, 2_147_483_647],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
  biginteger: [-Infinity, Infinity],
};

/** What a class wants of the document; null when any will do. */
function typeCheck(type: string): ((value: unknown) => unknown) | null {
  const refuse = (value: unknown, exception = mismatch): never => {
    throw new ExchangeError(`com.fasterxml.jackson.${exception === 'InputCoercionException' ? 'core' : 'databind'}.exc.${exception}`, `Cannot deserialize value of type ${type} from ${describeValue(value)}`);
  };
  const name = simpleClassName(type);
  if (isListType(name)) return (value) => (value === null || Array.isArray(value) ? value : refuse(value));
  if (name === 'Object') return null;
  if (name === 'JsonNode') return (value) => asJsonNode(value);
  if (/^(?:String|Integer|Long|Short|Byte|Double|Float|Boolean|BigInteger|BigDecimal|int|long|short|byte|double|float|boolean)$/.test(name)) {
    const read = name === 'String' ? null : name.toLowerCase() === 'boolean' ? readBoolean : numberReader(name.toLowerCase(), type);
    return (value) => {
      if (value === null) return null;
      if (typeof value === 'object' && !isNumeric(value)) return refuse(value);
      if (read === null) return convertTo(value, type);
      if (typeof value === 'string' && /^\s*(?:null)?\s*$/.test(value)) return null;
      return read(value, (exception) => refuse(value, exception));
    };
  }
  if (name === 'TreeMap' || name === 'SortedMap' || name === 'NavigableMap') return (value) => (isMap(value) ? sortedMap(value) : refuse(value));
  return (value) => (isMap(value) ? value : refuse(value));
}

type Refuse = (exception: string) => never;

function readBoolean(value: unknown, refuse: Refuse): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return isIntegral(value as number) ? Number(value) !== 0 : refuse(mismatch);
  const [, isTrue] = /^\s*(?:(true|True|TRUE)|false|False|FALSE)\s*$/.exec(value) ?? refuse('InvalidFormatException');
  return isTrue !== undefined;
}

function numberReader(name: string, type: string): (value: unknown, refuse: Refuse) => unknown {
  const range = ranges[name];
  const form = range === undefined ? /^\s*[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?\s*$/ : /^\s*[-+]?\d+\s*$/;
  return (value, refuse) => {
    if (typeof value === 'boolean') return refuse(mismatch);
    if (typeof value === 'string' && !form.test(value)) return refuse('InvalidFormatException');
    const number = typeof value === 'string' ? exactNumber(value.trim().replace(/^\+/, '')) : (value as number);
    if (name === 'bigdecimal') return number;
    if (range === undefined) return convertTo(number, type);
    const whole = isIntegral(number) ? BigInt(String(number)) : Math.trunc(Number(number));
    if (whole < range[0] || whole > range[1]) return refuse(typeof value === 'string' ? 'InvalidFormatException' : 'InputCoercionException');
    return convertTo(name === 'byte' && whole > 127 ? Number(whole) - 256 : number, type);
  };
}

const isMap = (value: unknown): value is object | null => typeof value === 'object' && !Array.isArray(value) && !isNumeric(value);

const sortedMap = (value: object | null): unknown => (value === null ? null : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));

/** The JSON text of a body. Maps and lists have none: Camel refuses them, too. */
function sourceText(body: unknown): string {
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return jsonText(body);
  if (body === null || body === undefined) {
    throw new ExchangeError('org.apache.camel.NoTypeConversionAvailableException', 'No type converter available to convert from type: null to the required type: java.io.InputStream');
  }
  return jsonText(convertTo(body, 'byte[]') as Buffer);
}

function refuseLongTexts(value: unknown, longest: number): void {
  if (typeof value === 'string' && value.length > longest) {
    throw new ExchangeError('com.fasterxml.jackson.core.exc.StreamConstraintsException', `a text of ${value.length} characters is longer than maxStringLength ${longest}`);
  }
  if (typeof value === 'object' && value !== null && !isNumeric(value)) for (const item of Object.values(value)) refuseLongTexts(item, longest);
}

/** Java's date pattern letters. */
function dateFormat(pattern: string | undefined, timezone: string | undefined): (date: Date) => string {
  if (pattern === undefined) return (date) => date.toISOString().replace('Z', '+00:00');
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone ?? 'UTC',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  });
  return (date) => {
    const parts = Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, value]));
    const offset = (parts['timeZoneName'] ?? 'GMT').replace('GMT', '') || '+00:00';
    const values: Record<string, string> = { y: parts['year']!, M: parts['month']!, d: parts['day']!, H: parts['hour']!, m: parts['minute']!, s: parts['second']!, S: parts['fractionalSecond']! };
    return pattern.replace(/'((?:[^']|'')*)'|([a-zA-Z])\2*/g, (run, quoted: string | undefined, letter: string) => {
      if (quoted !== undefined) return quoted === '' ? "'" : quoted.replace(/''/g, "'");
      if (letter === 'X') return offset === '+00:00' ? 'Z' : run.length === 1 ? offset.slice(0, 3) : run.length === 2 ? offset.replace(':', '') : offset;
      if (letter === 'Z') return offset.replace(':', '');
      const value = values[letter];
      if (value === undefined) return run;
      if (letter === 'y') return run.length === 2 ? value.slice(-2) : value;
      return run.length === 1 ? String(Number(value)) : value;
    });
  };
}
