import { inTurns, Slices } from '../core/conversion/slices.ts';
import { mostCells } from '../core/conversion/rows.ts';
import { isByteSource, readBytes, toText, withBytes } from '../core/conversion/convert.ts';
import { decodeText } from '../core/conversion/charset.ts';
import { isPlainMap, putKey } from '../core/conversion/plainValue.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { OptionError } from '../core/optionError.ts';

const failure = (message: string): ExchangeError => new ExchangeError('ca.uhn.hl7v2.HL7Exception', message);

const versions = ['2.1', '2.2', '2.3', '2.3.1', '2.4', '2.5', '2.5.1', '2.6', '2.7', '2.7.1', '2.8', '2.8.1'];

/** A value of a message: a text, components or subcomponents by their number, or a list where a field repeats. */
type Value = string | null | { readonly [number: string]: Value } | readonly Value[];

/** `name` and the fields by their number, counted as HL7 counts: `{ name: 'PID', '3': ..., '5': { '1': 'DOE', '2': 'JOHN' } }`. */
type Segment = Readonly<Record<string, Value>>;

interface Separators {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
}

/** A message as a body: its text is ER7, as in Camel. */
export class Hl7Message {
  readonly type: string;
  readonly version: string;
  readonly segments: readonly Segment[];

  constructor(segments: readonly Segment[]) {
    const [header] = segments;
    this.segments = segments;
    this.type = encodeValue(header?.['9'] ?? null, separatorsOf(header));
    this.version = component(header?.['12'], 1) ?? '';
  }

  toString(): string {
    const separators = separatorsOf(this.segments[0]);
    return this.segments.map((segment) => `${encoded(segment, separators)}\r`).join('');
  }
}

export const hl7 = defineDataFormat({
  name: 'hl7',
  summary: 'HL7 version 2: unmarshal gives a message with `type`, `version` and `segments` (maps with `name` and the fields by their number), whose text is ER7; marshal writes ER7.',
  shorthand: 'validate',
  options: {
    validate: field.boolean('Refuses versions that are not known, and messages without their type.').default(true),
    targetFormat: field.enum('What marshal writes and unmarshal gives.', ['ER7', 'XML']).default('ER7'),
    parser: field.string('Parser of the registry.').ignored('the parser is a Java class'),
  },
  create: ({ targetFormat, validate }) => {
    if (targetFormat === 'XML') throw new OptionError('targetFormat', "`targetFormat: XML` needs the dictionary of HL7's groups and types that the Java library has", 'unmarshal with `hl7: {}`, make a map of the fields that you need, and write it with `jacksonXml`');
    const checked = (message: Hl7Message): Hl7Message => {
      if (validate) check(message);
      return message;
    };
    const read = <T>(text: string, then: (message: Hl7Message) => T): T | Promise<T> => {
      const message = parsed(text);
      return message instanceof Promise ? message.then((whole) => then(checked(whole))) : then(checked(message));
    };
    return {
      marshal: (_exchange, body) => {
        if (body instanceof Hl7Message) return er7(body);
        if (isPlainMap(body) && Array.isArray(body['segments'])) return er7(new Hl7Message(body['segments'] as readonly Segment[]));
        if (isByteSource(body)) return readBytes(body).then((bytes) => read(bytes.toString(), er7));
        if (typeof body !== 'string' && !Buffer.isBuffer(body)) throw new ExchangeError('org.apache.camel.NoTypeConversionAvailableException', 'HL7 is written from what `unmarshal` gives, from a map with `segments`, or from a text');
        return read(String(body), er7);
      },
      unmarshal: (exchange, body) =>
        typeof body === 'string'
          ? read(body, (message) => withHeaders(exchange, message))
          : withBytes(exchange, body, (bytes) => {
              const charset = charsetOf(bytes.toString('latin1'));
              return read(decodeText(bytes, charset), (message) => withHeaders(exchange, message));
            }),
    };
  },
});

// ------------------------------------------------------------------------------------------------ reading

function parsed(text: string): Hl7Message | Promise<Hl7Message> {
  if (!text.startsWith('MSH') || text.length < 8) throw failure('Message encoding is not recognized: it begins with no MSH segment');
  const separators: Separators = { field: text[3]!, component: text[4]!, repetition: text[5]!, escape: text[6]!, subcomponent: text[7]! };
  if (new Set(Object.values(separators)).size < 5) throw failure(`Message encoding is not recognized: the separators \`${text.slice(3, 8)}\` must differ`);
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '');
  if (text.length <= readAtOnce) return new Hl7Message(lines.map((line) => segment(line, separators)));
  return segmentsInTurns(lines, separators).then((segments) => new Hl7Message(segments));
}

/** What has not more letters is read at once. */
const readAtOnce = 100_000;

async function segmentsInTurns(lines: readonly string[], separators: Separators): Promise<Segment[]> {
  const slices = new Slices();
  const segments: Segment[] = [];
  for (const line of lines) {
    segments.push(segment(line, separators));
    if (slices.isOver) await slices.next();
  }
  return segments;
}

/** @throws HL7Exception for more pieces than are read at once */
function cut(text: string, separator: string): string[] {
  const parts = text.split(separator, mostCells + 1);
  if (parts.length > mostCells) throw failure(`a segment has more than ${mostCells} values`);
  return parts;
}

function segment(line: string, separators: Separators): Segment {
  const [name, ...fields] = cut(line, separators.field);
  const made = { name: name! };
  const isHeader = name === 'MSH';
  if (isHeader) Object.assign(made, { 1: separators.field });
  fields.forEach((text, i) => {
    const value = isHeader && i === 0 ? text : fieldValue(text, separators);
    if (value !== null) putKey(made, String(i + (isHeader ? 2 : 1)), value);
  });
  return made;
}

function fieldValue(text: string, separators: Separators): Value {
  if (text === '') return null;
  const parts = cut(text, separators.repetition).map((part) => pieces(part, [separators.component, separators.subcomponent], separators.escape, separators));
  while (parts.length > 1 && parts.at(-1) === null) parts.pop();
  return parts.length === 1 ? parts[0]! : parts;
}

function pieces(text: string, [separator, ...inner]: readonly string[], escape: string, separators: Separators): Value {
  if (separator === undefined) return text === '' ? null : unescaped(text, separators);
  if (!text.includes(separator)) return pieces(text, inner, escape, separators);
  const parts = cut(text, separator).map((part) => pieces(part, inner, escape, separators));
  const made: Record<string, Value> = {};
  parts.forEach((part, i) => {
    if (part !== null) made[i + 1] = part;
  });
  const keys = Object.keys(made);
  return keys.length === 0 ? null : keys.length === 1 && keys[0] === '1' ? made[1]! : made;
}

const letters = { F: 'field', S: 'component', T: 'subcomponent', R: 'repetition', E: 'escape' } as const;

function unescaped(text: string, separators: Separators): string {
  const { escape } = separators;
  if (!text.includes(escape)) return text;
  let made = '';
  for (let at = 0; at < text.length; at++) {
    const kind = text[at] === escape && text[at + 2] === escape ? letters[text[at + 1] as keyof typeof letters] : undefined;
    made += kind === undefined ? text[at]! : separators[kind];
    if (kind !== undefined) at += 2;
  }
  return made;
}

/** The `number`th component of a field's first repetition. */
function component(value: Value | undefined, number: number): string | null {
  const first = Array.isArray(value) ? ((value as readonly Value[])[0] ?? null) : (value ?? null);
  if (first === null) return null;
  if (typeof first === 'object') {
    const part = (first as Readonly<Record<string, Value>>)[number] ?? null;
    return typeof part === 'object' ? component(part, 1) : part;
  }
  return number === 1 ? first : null;
}

function check({ segments: [header], type }: Hl7Message): void {
  const version = component(header!['12'], 1);
  if (version === null) throw failure('Can\'t find version ID: MSH-12 is empty');
  if (!versions.includes(version)) throw failure(`The HL7 version ${version} is not recognized`);
  if (component(header!['9'], 2) === null && component(header!['9'], 1) !== 'ACK') throw failure(`Can't determine message structure from MSH-9: ${type === '' ? 'null' : type}`);
}

const headerFields = {
  CamelHL7SendingApplication: [3, 1],
  CamelHL7SendingFacility: [4, 1],
  CamelHL7ReceivingApplication: [5, 1],
  CamelHL7ReceivingFacility: [6, 1],
  CamelHL7Timestamp: [7, 1],
  CamelHL7Security: [8, 1],
  CamelHL7MessageType: [9, 1],
  CamelHL7TriggerEvent: [9, 2],
  CamelHL7MessageControl: [10, 1],
  CamelHL7ProcessingId: [11, 1],
  CamelHL7VersionId: [12, 1],
  CamelHL7Charset: [18, 1],
} as const;

function withHeaders(exchange: Exchange, message: Hl7Message): Hl7Message {
  const header = message.segments[0]!;
  for (const [name, [number, part]] of Object.entries(headerFields)) exchange.headers.set(name, component(header[number], part));
  exchange.headers.set('CamelCharsetName', charsetName(component(header[18], 1)));
  return message;
}

/** MSH-18 names it as HL7's table 0211 does. */
function charsetName(name: string | null): string {
  const latin = /^8859\/(\d{1,2})$/.exec(name ?? '');
  return latin !== null ? `ISO-8859-${latin[1]}` : name === 'ASCII' ? 'US-ASCII' : 'UTF-8';
}

const charsetOf = (start: string): string => {
  const line = /^[^\r\n]*/.exec(start)![0];
  return charsetName((line.split(line[3] ?? '|')[17] ?? '').split(line[5] ?? '~')[0]!);
};

// ------------------------------------------------------------------------------------------------ writing

/** The text of a message; a promise while that of many segments is written in slices. */
function er7(message: Hl7Message): string | Promise<string> {
  const { segments } = message;
  if (segments.length <= segmentsBetweenLooks) return message.toString();
  const separators = separatorsOf(segments[0]);
  const lines: string[] = [];
  return inTurns(
    () => {
      const end = Math.min(segments.length, lines.length + segmentsBetweenLooks);
      while (lines.length < end) lines.push(`${encoded(segments[lines.length]!, separators)}\r`);
      return end === segments.length;
    },
    () => lines.join(''),
  );
}

const segmentsBetweenLooks = 32;

function separatorsOf(header: Segment | undefined): Separators {
  if (header?.['name'] !== 'MSH') throw failure('the first segment must be MSH');
  const characters = typeof header['2'] === 'string' && header['2'].length >= 4 ? header['2'] : '^~\\&';
  const own = typeof header['1'] === 'string' && header['1'].length === 1 ? header['1'] : '|';
  return { field: own, component: characters[0]!, repetition: characters[1]!, escape: characters[2]!, subcomponent: characters[3]! };
}

function encoded(segment: Segment, separators: Separators): string {
  const name = toText(segment['name']) ?? '';
  if (!/^\w{3}$/.test(name)) throw failure(`a segment is named \`${name}\`: three letters or digits are needed`);
  const isHeader = name === 'MSH';
  const last = Math.max(0, ...Object.keys(segment).map((key) => (/^\d{1,4}$/.test(key) ? Number(key) : 0)));
  const fields: string[] = [name];
  if (isHeader) fields.push(separators.component + separators.repetition + separators.escape + separators.subcomponent);
  for (let number = isHeader ? 3 : 1; number <= last; number++) fields.push(encodeValue(segment[number] ?? null, separators));
  while (fields.at(-1) === '') fields.pop();
  return fields.join(separators.field);
}

function encodeValue(value: Value, separators: Separators): string {
  const repetitions = Array.isArray(value) ? (value as readonly Value[]) : [value];
  return repetitions.map((one) => joined(one, [separators.component, separators.subcomponent], separators)).join(separators.repetition);
}

function joined(value: unknown, [separator, ...inner]: readonly string[], separators: Separators): string {
  if (!isPlainMap(value) || separator === undefined) return escaped(toText(value) ?? '', separators);
  const last = Math.max(0, ...Object.keys(value).map((key) => (/^\d{1,4}$/.test(key) ? Number(key) : 0)));
  return Array.from({ length: last }, (_none, i) => joined(value[i + 1], inner, separators)).join(separator);
}

function escaped(text: string, separators: Separators): string {
  if (!Object.values(separators).some((separator: string) => text.includes(separator)) && !/[\r\n]/.test(text)) return text;
  const escape = separators.escape.replace(/[\\^$.|?*+()[\]{}-]/g, '\\$&');
  // Highlights, line breaks, characters by their number stand for themselves.
  const kept = new RegExp(`${escape}(?:[HN]|\\.[a-z]{2}[+-]?\\d{0,4}|[XZCM][0-9A-Fa-f]{1,64})${escape}`, 'g');
  let made = '';
  let at = 0;
  const plain = (piece: string): string => {
    let out = '';
    for (const char of piece) {
      const kind = Object.entries(letters).find(([, name]) => separators[name] === char)?.[0];
      out += kind === undefined ? (char === '\r' || char === '\n' ? ' ' : char) : separators.escape + kind + separators.escape;
    }
    return out;
  };
  for (const match of text.matchAll(kept)) {
    made += plain(text.slice(at, match.index)) + match[0];
    at = match.index + match[0].length;
  }
  return made + plain(text.slice(at));
}
