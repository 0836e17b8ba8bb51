import { checkStreamable, isByteSource, toText } from '../core/conversion/convert.ts';
import { defineLanguage } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { ExpressionSyntaxError } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { FileBody } from '../core/conversion/file-body.ts';
import { Slices } from '../core/conversion/slices.ts';
import { sourceReader } from '../core/exchange/source.ts';
import { decodeXml, parseXml, XmlElement } from '../core/conversion/xml.ts';
import type { XmlNode } from '../core/conversion/xml.ts';
import type { XmlPathStep } from '../core/conversion/xmlCutter.ts';
import { XmlCutter, XmlPath, xmlTextPieces } from '../core/conversion/xmlCutter.ts';

type Mode = 'i' | 'w' | 'u' | 't';

/** `/order/item`, `//p:item`, `item` (which stands anywhere). @throws ExpressionSyntaxError */
function pathSteps(source: string, namespaces: ReadonlyMap<string, string>): XmlPathStep[] {
  const steps: XmlPathStep[] = [];
  const pattern = /(\/{0,2})([^/]+)/y;
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(source);
    const name = /^(?:([\w.-]+):)?([\w.-]+|\*)$/.exec(match?.[2]?.trim() ?? '');
    if (match === null || name === null) throw new ExpressionSyntaxError('the path must be names of elements with `/` or `//` between them, such as `/order/item`', at);
    const [, prefix, localName] = name;
    if (prefix !== undefined && !namespaces.has(prefix)) throw new ExpressionSyntaxError(`the prefix \`${prefix}\` stands for no namespace`, at, prefix.length, `add it to \`namespace\`: { key: ${prefix}, value: ... }`);
    const isDeep = match[1] === '//' || (match[1] === '' && steps.length === 0);
    steps.push({ isDeep, localName: localName === '*' ? null : localName!, namespace: prefix === undefined ? (namespaces.get('') ?? (localName === '*' ? undefined : null)) : namespaces.get(prefix) });
  }
  if (steps.length === 0) throw new ExpressionSyntaxError('`xtokenize` needs a path, such as `/order/item`');
  return steps;
}

const declaration = (prefix: string, uri: string): string => ` xmlns${prefix === '' ? '' : `:${prefix}`}="${uri.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')}"`;

const sourceOf = (element: XmlElement): string => element.document!.source;

/** The element as it was written, with the namespaces around it that it does not declare itself. */
function injected(element: XmlElement): string {
  const source = sourceOf(element);
  let missing = '';
  for (const [prefix, uri] of element.namespaces) if (element.declarations?.has(prefix) !== true) missing += declaration(prefix, uri);
  const tag = source.slice(element.start, element.innerStart);
  const attributesEnd = element.start + tag.search(/\s*\/?>$/);
  return source.slice(element.start, attributesEnd) + missing + source.slice(attributesEnd, element.end);
}

const written = (element: XmlElement): string => sourceOf(element).slice(element.start, element.end);

/** The element within the tags of those around it. */
function wrapped(element: XmlElement, inner = written(element)): string {
  const source = sourceOf(element);
  let text = inner;
  for (let up: XmlNode | null = element.parent; up instanceof XmlElement; up = up.parent) text = `${source.slice(up.start, up.innerStart)}${text}</${up.name}>`;
  return text;
}

const writers: Readonly<Record<Mode, (element: XmlElement) => string>> = {
  i: injected,
  w: (element) => wrapped(element),
  u: (element) => sourceOf(element).slice(element.innerStart, element.innerEnd),
  t: (element) => element.stringValue,
};

/** So many elements within one: those around them (`w`), else `group`. */
const together = (elements: readonly XmlElement[], mode: Mode): string =>
  mode === 'w' ? wrapped(elements[0]!, elements.map(written).join('')) : `<group>${elements.map(writers[mode]).join('')}</group>`;

export const xtokenize = defineLanguage({
  name: 'xtokenize',
  summary: 'Cuts an XML document into the elements that a path leads to; gives an iterator.',
  options: {
    mode: field
      .enum('i: the element with the namespaces around it; w: within the tags of the elements around it; u: only what is inside of it; t: its text.', ['i', 'w', 'u', 't'])
      .default('i'),
    group: field.integer('Puts so many elements together into one: within `<group>`, or in mode w within the tags around them.').atLeast(1),
    namespace: field.list(
      'Namespaces of the prefixes in the path; a name without a prefix is in none.',
      field.element('One namespace.', { key: field.string('The prefix.').required(), value: field.string('The URI.').required() }),
    ),
    source: field.string('Where the document is, instead of the body: `header:x`, `property:x`, `variable:x`.'),
  },
  examples: [{ expression: '/order/item', body: '<order><item>1</item><item>2</item></order>', gives: ['<item>1</item>', '<item>2</item>'] }],
  expression: (source, { mode, group, namespace, source: where }) => {
    const path = new XmlPath(pathSteps(source, new Map((namespace ?? []).map(({ key, value }) => [key, value]))));
    const read = sourceReader(where);
    const size = group ?? 1;
    return (exchange) => {
      const value = read(exchange);
      checkStreamable(value);
      const parts = new Parts(mode, size);
      if (isByteSource(value)) return partsOfStream(value, new XmlCutter(path), parts);
      if (value instanceof FileBody && value.length > cutAsAWhole) return partsOfPieces(value.pieces(), new XmlCutter(path), parts);
      const text = value instanceof Uint8Array ? decodeXml(Buffer.from(value.buffer, value.byteOffset, value.byteLength)) : toText(value)!;
      // What is no XML at all fails here, what is wrong behind that where it is.
      if (/^\ufeff?\s*[^\s<\ufeff]/.test(text)) throw unexpected(text.trimStart()[0]!);
      return text.length > cutAsAWhole ? partsOfPieces(piecesOf(text), new XmlCutter(path), parts) : partsOfText(text, path, parts);
    };
  },
});

const unexpected = (letter: string): ExchangeError => new ExchangeError('com.ctc.wstx.exc.WstxUnexpectedCharException', `no XML: it begins with \`${letter}\``);

/** What is longer is not read as a whole before the first part comes. */
const cutAsAWhole = 64 * 1024;
const pieceLength = 64 * 1024;

function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += pieceLength) yield text.slice(at, at + pieceLength);
}

/** Puts elements together into parts. */
class Parts {
  private readonly mode: Mode;
  private readonly size: number;
  private waiting: XmlElement[] = [];

  constructor(mode: Mode, size: number) {
    this.mode = mode;
    this.size = size;
  }

  /** The part that the element completes; null: there is none yet. */
  add(element: XmlElement): string | null {
    if (this.size === 1) return writers[this.mode](element);
    return this.waiting.push(element) === this.size ? this.rest() : null;
  }

  /** A part of those that are left. */
  rest(): string | null {
    const { mode, waiting } = this;
    this.waiting = [];
    return waiting.length === 0 ? null : together(waiting, mode);
  }
}

function* partsOf(elements: Iterable<XmlElement>, parts: Parts): Generator<string> {
  for (const element of elements) {
    const part = parts.add(element);
    if (part !== null) yield part;
  }
}

function* remaining(parts: Parts): Generator<string> {
  const part = parts.rest();
  if (part !== null) yield part;
}

function* partsOfText(text: string, path: XmlPath, parts: Parts): Generator<string> {
  yield* partsOf(path.found([parseXml(text).root]), parts);
  yield* remaining(parts);
}

function* partsOfPieces(pieces: Iterable<string>, cutter: XmlCutter, parts: Parts): Generator<string> {
  for (const piece of pieces) yield* partsOf(cutter.push(piece), parts);
  yield* partsOf(cutter.push('', true), parts);
  yield* remaining(parts);
}

async function* partsOfStream(source: AsyncIterable<Uint8Array | string>, cutter: XmlCutter, parts: Parts): AsyncGenerator<string> {
  const slices = new Slices();
  for await (const piece of xmlTextPieces(source)) {
    for (const part of partsOf(cutter.push(piece), parts)) {
      if (slices.isOver) await slices.next();
      yield part;
    }
    if (slices.isOver) await slices.next();
  }
  yield* partsOf(cutter.push('', true), parts);
  yield* remaining(parts);
}
