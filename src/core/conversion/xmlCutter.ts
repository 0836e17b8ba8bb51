import { ExchangeError } from '../errors.ts';
import type { PieceDecoder } from './charset.ts';
import { pieceDecoder } from './charset.ts';
import type { XmlElement } from './xml.ts';
import { deepestElement, entitiesOf, longestText, parseXmlWith, xmlCharsetOf } from './xml.ts';

export interface XmlPathStep {
  /** Any number of elements may stand before this one. */
  readonly isDeep: boolean;
  /** Null: `*`. */
  readonly localName: string | null;
  readonly namespace: string | null | undefined;
}

/** A path through elements, and how far one may be on it: the numbers of the steps that an element may be. */
export class XmlPath {
  private readonly steps: readonly XmlPathStep[];
  readonly start: readonly number[] = [0];

  constructor(steps: readonly XmlPathStep[]) {
    this.steps = steps;
  }

  /** Which steps the elements within this one may be; null: this one is what the path leads to. */
  within(active: readonly number[], localName: string, namespace: string | null): readonly number[] | null {
    const next: number[] = [];
    for (const i of active) {
      const step = this.steps[i]!;
      if ((step.localName === null || step.localName === localName) && (step.namespace === undefined || step.namespace === namespace)) {
        if (i === this.steps.length - 1) return null;
        next.push(i + 1);
      }
      if (step.isDeep && !next.includes(i)) next.push(i);
    }
    return next;
  }

  /** The elements that it leads to, in document order; none stands in another. */
  *found(elements: readonly XmlElement[], active = this.start): Generator<XmlElement> {
    for (const element of elements) {
      const next = this.within(active, element.localName, element.namespace);
      if (next === null) yield element;
      else if (next.length > 0) yield* this.found(element.elements, next);
    }
  }
}

/** An element that is open where the text is being read. */
interface Open {
  readonly name: string;
  readonly tag: string;
  readonly declarations: ReadonlyMap<string, string> | null;
  readonly active: readonly number[];
}

const longestTag = 1024 * 1024;
const tagEnd = /[^"'>]*(?:"[^"]*"[^"'>]*|'[^']*'[^"'>]*)*>/y;
const nameOf = /^<\/?([^\s/>]*)/;

/**
 * Cuts a document that comes in pieces into the elements that a path leads to. Only the current one is held, with the tags of those around it; each
 * comes as an element of a document of its own that has nothing else in it.
 */
export class XmlCutter {
  private readonly path: XmlPath;
  private text = '';
  private pieces: string[] = [];
  private waiting = 0;
  /** What is before has been looked at; of markup that is not complete the start, and how far its end was looked for. */
  private at = 0;
  private searched = 0;
  private line = 1;
  private readonly around: Open[] = [];
  private from = -1;
  private depth = 0;
  private hasRoot = false;
  private isStart = true;
  private entities: ReadonlyMap<string, string> = new Map();

  constructor(path: XmlPath) {
    this.path = path;
  }

  private wrong(message: string): ExchangeError {
    return new ExchangeError('org.xml.sax.SAXParseException', `${message} (line ${this.lineAt(this.at)})`);
  }

  private lineAt(end: number): number {
    let { line } = this;
    for (let at = this.text.indexOf('\n'); at >= 0 && at < end; at = this.text.indexOf('\n', at + 1)) line++;
    return line;
  }

  /** @throws ExchangeError org.xml.sax.SAXParseException */
  *push(piece: string, isLast = false): Generator<XmlElement> {
    this.pieces.push(piece);
    this.waiting += piece.length;
    // A long element is not put together anew with each piece.
    if (!isLast && this.waiting < (this.text.length - this.at) / 2 + (this.from >= 0 ? (this.text.length - this.from) / 2 : 0)) return;
    this.join();
    for (;;) {
      const { text } = this;
      const tag = text.indexOf('<', this.at);
      const end = tag < 0 ? text.length : tag;
      if (this.around.length === 0 && this.from < 0 && /[^ \t\r\n]/.test(text.slice(this.at, end))) throw this.wrong(this.hasRoot ? 'Content is not allowed in trailing section.' : 'Content is not allowed in prolog.');
      this.at = end;
      if (tag < 0) break;
      const behind = this.endOfMarkup(tag, isLast);
      if (behind < 0) {
        if (isLast) throw this.wrong('the markup is not closed');
        return;
      }
      const element = this.markup(tag, behind);
      this.at = behind;
      this.searched = behind;
      if (element !== null) yield element;
    }
    if (!isLast) return;
    const open = this.from >= 0 ? nameOf.exec(this.text.slice(this.from))![1]! : this.around.at(-1)?.name;
    if (open !== undefined) throw this.wrong(`The element type "${open}" must be terminated by the matching end-tag "</${open}>".`);
    if (!this.hasRoot) throw this.wrong('Premature end of file.');
  }

  private join(): void {
    const keep = this.from >= 0 ? this.from : this.at;
    this.line = this.lineAt(keep);
    this.text = this.text.slice(keep) + this.pieces.join('');
    this.pieces = [];
    this.waiting = 0;
    this.at -= keep;
    this.searched = Math.max(0, this.searched - keep);
    if (this.from >= 0) this.from = 0;
    if (this.isStart && this.text !== '') {
      if (this.text.charCodeAt(0) === 0xfeff) this.text = this.text.slice(1);
      this.isStart = false;
    }
    if (this.text.length > longestText) throw this.wrong(`one element has more than ${longestText} characters`);
  }

  /** Where the markup ends that begins there; -1: not yet. */
  private endOfMarkup(tag: number, isLast: boolean): number {
    const { text } = this;
    if (text[tag + 1] === '!' || text[tag + 1] === undefined) {
      if (text.length - tag < 9 && !isLast) return -1;
      if (text.startsWith('<!--', tag)) return this.find('-->', tag + 4);
      if (text.startsWith('<![CDATA[', tag)) return this.find(']]>', tag + 9);
      if (text.startsWith('<!DOCTYPE', tag)) return this.endOfDoctype(tag);
    }
    if (text[tag + 1] === '?') return this.find('?>', tag + 2);
    tagEnd.lastIndex = tag;
    const isComplete = tagEnd.test(text);
    if (isComplete) return tagEnd.lastIndex;
    if (text.length - tag > longestTag) throw this.wrong(`a tag has more than ${longestTag} characters`);
    return -1;
  }

  private find(end: string, from: number): number {
    const found = this.text.indexOf(end, Math.max(from, this.searched - end.length));
    this.searched = this.text.length;
    return found < 0 ? -1 : found + end.length;
  }

  private endOfDoctype(tag: number): number {
    const pattern = /<!--[^]*?-->|"[^"]*"|'[^']*'|[<[]|[\]>]/g;
    pattern.lastIndex = tag;
    let depth = 0;
    for (let match = pattern.exec(this.text); match !== null; match = pattern.exec(this.text)) {
      if (match[0] === '<' || match[0] === '[') depth++;
      else if (match[0] === ']') depth--;
      else if (match[0] === '>' && --depth === 0) return pattern.lastIndex;
    }
    if (this.text.length - tag > longestTag) throw this.wrong(`the DOCTYPE has more than ${longestTag} characters`);
    return -1;
  }

  /** What the markup completes. */
  private markup(tag: number, end: number): XmlElement | null {
    const { text } = this;
    const kind = text[tag + 1];
    if (kind === '?') return null;
    if (kind === '!') {
      if (text.startsWith('<!DOCTYPE', tag)) this.entities = entitiesOf(text.slice(tag, end));
      else if (this.around.length === 0 && this.from < 0 && !text.startsWith('<!--', tag)) throw this.wrong('the markup can\'t stand outside of the root element');
      return null;
    }
    const isClosing = kind === '/';
    const isEmpty = text[end - 2] === '/';
    if (this.from >= 0) {
      if (isClosing) this.depth--;
      else if (!isEmpty) this.depth++;
      if (this.depth > 0) return null;
      return this.cut(end);
    }
    const name = nameOf.exec(text.slice(tag, end))![1]!;
    if (isClosing) {
      const open = this.around.pop();
      if (open?.name !== name) throw this.wrong(open === undefined ? 'an end-tag has no start' : `The element type "${open.name}" must be terminated by the matching end-tag "</${open.name}>".`);
      return null;
    }
    return this.open(name, tag, end, isEmpty);
  }

  private open(name: string, tag: number, end: number, isEmpty: boolean): XmlElement | null {
    const { around, text } = this;
    const outer = around.at(-1);
    if (outer === undefined) {
      if (this.hasRoot) throw this.wrong('The markup in the document following the root element must be well-formed.');
      this.hasRoot = true;
    }
    if (around.length >= deepestElement) throw this.wrong(`more than ${deepestElement} elements stand in one another`);
    const source = text.slice(tag, end);
    const declarations = source.includes('xmlns') ? this.alone(isEmpty ? source : `${source}</${name}>`).declarations : null;
    const colon = name.indexOf(':');
    const active = this.path.within(outer === undefined ? this.path.start : outer.active, name.slice(colon + 1), this.namespace(name.slice(0, Math.max(0, colon)), declarations));
    if (active === null) {
      this.from = tag;
      this.depth = 1;
      return isEmpty ? this.cut(end) : null;
    }
    if (!isEmpty) around.push({ name, tag: source, declarations, active });
    return null;
  }

  private namespace(prefix: string, declarations: ReadonlyMap<string, string> | null): string | null {
    let uri = declarations?.get(prefix);
    for (let i = this.around.length - 1; i >= 0 && uri === undefined; i--) uri = this.around[i]!.declarations?.get(prefix);
    return uri === undefined || uri === '' ? null : uri;
  }

  private cut(end: number): XmlElement {
    const element = this.alone(this.text.slice(this.from, end));
    this.from = -1;
    this.depth = 0;
    return element;
  }

  /** An element within the tags that are open around it, and nothing else. */
  private alone(source: string): XmlElement {
    const { around } = this;
    let text = source;
    for (let i = around.length - 1; i >= 0; i--) text = `${around[i]!.tag}${text}</${around[i]!.name}>`;
    try {
      let element = parseXmlWith(text, this.entities).root;
      for (let i = 0; i < around.length; i++) element = element.elements[0]!;
      return element;
    } catch (thrown) {
      if (!(thrown instanceof ExchangeError)) throw thrown;
      throw new ExchangeError(thrown.type, `${thrown.message.replace(/ \(line \d+, column \d+\)$/, '')} (in the element that begins in line ${this.lineAt(this.from >= 0 ? this.from : this.at)})`);
    }
  }
}

/** The text of a document that comes as bytes, in pieces, by the encoding that its start declares. */
export async function* xmlTextPieces(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  let decoder: PieceDecoder | null = null;
  for await (const chunk of source) {
    if (typeof chunk === 'string') {
      yield chunk;
      continue;
    }
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    decoder ??= pieceDecoder(xmlCharsetOf(bytes));
    yield decoder.write(bytes);
  }
  if (decoder !== null) yield decoder.end();
}
