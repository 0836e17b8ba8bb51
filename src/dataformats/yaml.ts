import { encodeText } from '../core/conversion/charset.ts';
import { charsetOf, convertTo, isByteSource, isContent, readBytes, textOfBody } from '../core/conversion/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { doubleText, ExactNumber } from '../core/conversion/exactNumber.ts';
import { field } from '../core/field.ts';
import { inTurns } from '../core/conversion/slices.ts';
import { failure, readYaml, reserved } from './yamlReader.ts';

const java = 'Java only: there are no Java classes to map to here';

export const yaml = defineDataFormat({
  name: 'yaml',
  summary: 'YAML 1.1: marshal gives bytes, unmarshal gives maps, lists and plain values.',
  options: {
    library: field.enum('Which library Camel would use.', ['SnakeYAML']).default('SnakeYAML'),
    prettyFlow: field.boolean('Writes the elements of short lists and maps on lines of their own.').default(false),
    maxAliasesForCollections: field.integer('Most aliases of lists and maps in a document that is read.').default(50),
    allowRecursiveKeys: field.boolean('Lets a key contain itself.').default(false).ignored('keys are texts here'),
    unmarshalType: field.string('Class to unmarshal to; collections, texts and numbers are converted, a class of your own gives a map.'),
    allowAnyType: field.boolean('Lets a document name any class.').default(false).ignored(java),
    typeFilter: field.string('Classes that a document may name.').ignored(java),
    constructor: field.string('Constructor of the registry.').ignored(java),
    representer: field.string('Representer of the registry.').ignored(java),
    dumperOptions: field.string('Dumper options of the registry.').ignored(java),
    resolver: field.string('Resolver of the registry.').ignored(java),
    useApplicationContextClassLoader: field.boolean('Which class loader to use.').default(true).ignored(java),
  },
  create: ({ prettyFlow, maxAliasesForCollections, unmarshalType }) => ({
    marshal: (exchange, body) => {
      const text = new Emitter(prettyFlow).document(body);
      return typeof text === 'string' ? encodeText(text, charsetOf(exchange)) : text.then((whole) => encodeText(whole, charsetOf(exchange)));
    },
    unmarshal: (exchange, body) => {
      const typed = (value: unknown): unknown => {
        if (unmarshalType === undefined || value === null) return value;
        if (/^(java\.lang\.)?(String|Integer|Long|Double|Boolean)$/.test(unmarshalType)) return convertTo(value, unmarshalType);
        const wantsList = /^java\.util\.\w*(?:List|Collection)$/.test(unmarshalType);
        const wantsMap = /^java\.util\.\w*Map$/.test(unmarshalType);
        // As SnakeYAML has it.
        if (wantsList && typeof value === 'object' && isPlainMap(value)) return Object.keys(value);
        if ((wantsList && !Array.isArray(value)) || (wantsMap && (Array.isArray(value) || typeof value !== 'object'))) throw failure('constructor.ConstructorException', `the document is no ${unmarshalType}`);
        return value;
      };
      const read = (source: unknown): unknown => {
        const value = readYaml(textOfBody(source, exchange), maxAliasesForCollections);
        return value instanceof Promise ? value.then(typed) : typed(value);
      };
      return isByteSource(body) ? readBytes(body).then(read) : read(body);
    },
  }),
});

// ------------------------------------------------------------------------------------------------ reading

// ------------------------------------------------------------------------------------------------ writing

const lineBreak = /[\n\u0085\u2028\u2029]/;
 
const unprintable = /[\u0000-\u0009\u000b-\u001f\u007f-\u0084\u0086-\u009f\ud800-\udfff\ufeff\ufffe\uffff]/u;
/** A text with a character that YAML has no place for: its bytes are written. */
const isBinary = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const foldedWidth = 80;

type Collection = unknown[] | Record<string, unknown> | Map<unknown, unknown>;

/** A list or a map of which not all is written. */
interface Open {
  /** Null: a list. */
  readonly keys: readonly string[] | null;
  readonly items: readonly unknown[];
  readonly indent: number;
  readonly isInFlow: boolean;
  /** Whether its first item begins a line. */
  readonly isOnNewLine: boolean;
  next: number;
}

const longText = 1 << 16;
const itemsBetweenLooks = 500;

/** Writes as SnakeYAML does by default: collections of plain values in flow style, everything else in blocks. */
class Emitter {
  private readonly isPretty: boolean;
  private readonly seen = new Map<object, { count: number; anchor: string | null }>();
  private anchors = 0;
  private readonly before: string[] = [];
  private text = '';
  private lineStart = 0;
  private readonly uncounted: { readonly items: readonly unknown[]; next: number }[] = [];
  private readonly open: Open[] = [];

  constructor(isPretty: boolean) {
    this.isPretty = isPretty;
  }

  /** A promise where there is much of it. */
  document(value: unknown): string | Promise<string> {
    let isCounted = false;
    this.count(value);
    return inTurns(
      () => {
        if (!isCounted) {
          isCounted = this.countItems(itemsBetweenLooks);
          if (!isCounted) return false;
          this.value(value, 0, 'root');
        }
        return this.writeItems(itemsBetweenLooks);
      },
      () => this.whole(),
    );
  }

  private whole(): string {
    const { before, text } = this;
    return before.length === 0 ? `${text}\n` : `${before.join('')}${text}\n`;
  }

  private get column(): number {
    return this.text.length - this.lineStart;
  }

  private write(part: string): void {
    this.text += part;
  }

  private newLine(indent: number): void {
    this.text += `\n${' '.repeat(indent)}`;
    this.lineStart = this.text.length - indent;
  }

  /** Objects that occur twice get an anchor. */
  private count(value: unknown): void {
    const collection = collectionOf(value);
    if (collection === null) return;
    const found = this.seen.get(value as object);
    if (found !== undefined) {
      found.count++;
      return;
    }
    if (this.uncounted.length > 1000) throw failure('error.YAMLException', 'nested deeper than 1000');
    this.seen.set(value as object, { count: 1, anchor: null });
    this.uncounted.push({ items: Array.isArray(collection) ? collection : collection instanceof Map ? [...collection.values()] : Object.values(collection), next: 0 });
  }

  /** @returns whether all are counted */
  private countItems(most: number): boolean {
    const { uncounted } = this;
    for (let i = 0; i < most; i++) {
      const level = uncounted.at(-1);
      if (level === undefined) return true;
      if (level.next < level.items.length) this.count(level.items[level.next++]);
      else uncounted.pop();
    }
    return false;
  }

  /** @returns whether all are written */
  private writeItems(most: number): boolean {
    const { open } = this;
    for (let i = 0; i < most; i++) {
      const level = open.at(-1);
      if (level === undefined) return true;
      if (level.next < level.items.length) this.item(level, level.next++);
      else {
        open.pop();
        if (level.isInFlow) this.endFlow(level);
      }
    }
    if (this.text.length >= longText) {
      // Asking for a letter makes one text of the pieces.
      this.text.charCodeAt(0);
      this.before.push(this.text);
      this.lineStart -= this.text.length;
      this.text = '';
    }
    return false;
  }

  private item({ indent, isInFlow, isOnNewLine, items, keys }: Open, i: number): void {
    if (isInFlow) {
      if (i > 0) this.write(',');
      if (this.isPretty || this.column > foldedWidth) this.newLine(indent);
      else if (i > 0) this.write(' ');
      if (keys !== null) {
        this.scalar(keys[i], indent, true, true);
        this.write(': ');
      }
      this.scalar(items[i], indent + 2, true, false);
      return;
    }
    if (i > 0 || isOnNewLine) this.newLine(indent);
    if (keys === null) this.write('- ');
    else {
      this.scalar(keys[i], indent, false, true);
      this.write(':');
    }
    this.value(items[i], indent, keys === null ? 'dash' : 'key');
  }

  private endFlow({ indent, items, keys }: Open): void {
    if (this.isPretty) this.newLine(items.length > 0 ? Math.max(0, indent - 2) : indent);
    this.write(keys === null ? ']' : '}');
  }

  private begin(collection: Collection, indent: number, isInFlow: boolean, isOnNewLine: boolean): void {
    if (isInFlow) this.write(Array.isArray(collection) ? '[' : '{');
    const [keys, items] = Array.isArray(collection)
      ? [null, collection]
      : collection instanceof Map
        ? [Array.from(collection.keys(), String), [...collection.values()]]
        : [Object.keys(collection), Object.values(collection)];
    this.open.push({ keys, items, indent, isInFlow, isOnNewLine, next: 0 });
  }

  /** `place`: what the value stands after. `indent`: of the collection that it stands in. What is in a collection is written later. */
  private value(value: unknown, indent: number, place: 'root' | 'key' | 'dash'): void {
    const collection = collectionOf(value);
    if (collection === null) {
      if (place === 'key') this.write(' ');
      this.scalar(value, indent + 2, false, false);
      return;
    }
    const reference = this.reference(value as object);
    if (reference.isAlias || isFlow(collection)) {
      if (place === 'key') this.write(' ');
      this.write(reference.text);
      if (!reference.isAlias) this.begin(collection, place === 'root' ? 2 : indent + 2, true, false);
      return;
    }
    if (reference.text !== '') this.write((place === 'key' ? ' ' : '') + reference.text.trimEnd());
    const isOnNewLine = place === 'key' || reference.text !== '';
    if (Array.isArray(collection)) this.begin(collection, place === 'dash' ? indent + 2 : indent, false, isOnNewLine);
    else this.begin(collection, place === 'root' ? 0 : indent + 2, false, isOnNewLine);
  }

  private reference(value: object): { text: string; isAlias: boolean } {
    const found = this.seen.get(value);
    if (found === undefined || found.count < 2) return { text: '', isAlias: false };
    if (found.anchor !== null) return { text: `*${found.anchor}`, isAlias: true };
    found.anchor = `id${String(++this.anchors).padStart(3, '0')}`;
    return { text: `&${found.anchor} `, isAlias: false };
  }

  private scalar(value: unknown, indent: number, isInFlow: boolean, isKey: boolean): void {
    if (value instanceof Uint8Array) {
      this.binary(value, indent, isInFlow || isKey);
      return;
    }
    if (typeof value !== 'string') {
      this.write(plainScalar(value));
      return;
    }
    if (isBinary.test(value)) {
      this.binary(Buffer.from(value), indent, isInFlow || isKey);
      return;
    }
    const hasBreaks = lineBreak.test(value);
    if (hasBreaks && !isInFlow && !isKey && !unprintable.test(value) && !/[\u0085\u2028\u2029]|[ \t]\n|[ \t]$/.test(value)) this.literal(value, indent);
    else if (unprintable.test(value) || hasBreaks) this.write(doubleQuoted(value));
    else if (!reserved.test(value) && isPlain(value, isInFlow)) this.folded(value, indent, !isKey);
    else {
      this.write("'");
      this.folded(value.replace(/'/g, "''"), indent, !isKey);
      this.write("'");
    }
  }

  /** Breaks at single blanks where the line is long. */
  private folded(text: string, indent: number, mayBreak: boolean): void {
    if (!mayBreak || this.column + text.length <= foldedWidth) {
      this.write(text);
      return;
    }
    for (const [i, word] of text.split(/(?<! ) (?! )/).entries()) {
      if (i > 0) {
        if (this.column > foldedWidth) this.newLine(indent);
        else this.write(' ');
      }
      this.write(word);
    }
  }

  private binary(bytes: Uint8Array, indent: number, isOneLine: boolean): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    this.write('!!binary ');
    if (isOneLine) this.write(`"${text}"`);
    else this.literal(text, indent);
  }

  private literal(text: string, indent: number): void {
    const hint = /^[ \n]/.test(text) ? '2' : '';
    const chomping = /(?:^|\n)\n$/.test(text) ? '+' : text.endsWith('\n') ? '' : '-';
    this.write(`|${hint}${chomping}`);
    const lines = (chomping === '-' ? text : text.slice(0, -1)).split('\n');
    for (const line of lines) {
      this.newLine(line === '' ? 0 : indent);
      this.write(line);
    }
  }
}

const isPlainMap = (value: object): value is Record<string, unknown> =>
  !(Symbol.iterator in value) && !(value instanceof Date) && !(value instanceof Uint8Array) && !(value instanceof ExactNumber) && typeof (value as { toJSON?: unknown }).toJSON !== 'function';

function collectionOf(value: unknown): Collection | null {
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) return value as unknown[];
  if (value instanceof Map) return value as Map<unknown, unknown>;
  if (value instanceof Set) return [...(value as Set<unknown>)];
  // Not even as a part: Camel has no text for it.
  if (isContent(value)) throw failure('error.YAMLException', 'a stream or a file is no value: convert it to text first');
  return isPlainMap(value) ? value : null;
}

const entriesOf = (map: Record<string, unknown> | Map<unknown, unknown>): (readonly [string, unknown])[] =>
  map instanceof Map ? [...map].map(([key, value]) => [String(key), value] as const) : Object.entries(map);

/** A text that is no plain scalar on one line. */
const isLarge = (text: string): boolean => lineBreak.test(text) || isBinary.test(text);

const isFlowScalar = (value: unknown): boolean => collectionOf(value) === null && !(typeof value === 'string' && isLarge(value)) && !(value instanceof Uint8Array);

const isFlow = (collection: Collection): boolean => (Array.isArray(collection) ? collection.every(isFlowScalar) : entriesOf(collection).every(([key, value]) => !isLarge(key) && isFlowScalar(value)));

function isPlain(text: string, isInFlow: boolean): boolean {
  if (text === '' || /^[\s]|[\s]$/.test(text) || lineBreak.test(text) || text.startsWith('---') || text.startsWith('...')) return false;
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text) || /^-(?:\s|$)/.test(text) || /^[?:](?:\s|$)/.test(text)) return false;
  if (/:(?:\s|$)|\s#/.test(text)) return false;
  return !isInFlow || !/[,?[\]{}:]/.test(text);
}

function plainScalar(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number') return Number.isNaN(value) ? '.NaN' : Number.isFinite(value) ? (Number.isSafeInteger(value) ? String(value) : doubleText(value)) : value > 0 ? '.inf' : '-.inf';
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  return String(value);
}

const shortEscapes: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r', '\0': '\\0', '\b': '\\b', '\u0007': '\\a', '\u000b': '\\v', '\f': '\\f', '\u001b': '\\e', '\u0085': '\\N', '\u2028': '\\L', '\u2029': '\\P' };

const doubleQuoted = (text: string): string =>
   
  `"${text.replace(/["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, (char) => {
    const code = char.charCodeAt(0);
    return shortEscapes[char] ?? (code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`);
  })}"`;
