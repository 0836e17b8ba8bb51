import { pieceByPiece } from './manyParts.ts';
import { decodeText } from './charset.ts';
import { ExchangeError } from '../errors.ts';
import { javaClass } from './javaClass.ts';
import { Slices } from './slices.ts';

/** What one document may have at most: characters, nodes, elements in one another. */
export const longestText = 64 * 1024 * 1024;
const mostNodes = 2_000_000;
export const deepestElement = 1000;
/** So many attributes of one element, and their names are looked up and not gone through. */
const manyAttributes = 16;

export const XML_ELEMENT = 1;
export const XML_ATTRIBUTE = 2;
export const XML_TEXT = 3;
export const XML_CDATA = 4;
export const XML_INSTRUCTION = 7;
export const XML_COMMENT = 8;
export const XML_DOCUMENT = 9;

/** A node of a document; `order` is its place there, in document order. */
export abstract class XmlNode {
  abstract readonly nodeType: number;
  parent: XmlElement | XmlDocument | null = null;
  order = 0;
  /** The place of its last descendant or attribute. */
  last = 0;

  /** The text that XPath takes the node for. */
  abstract get stringValue(): string;

  get document(): XmlDocument | null {
    return this.parent === null ? null : this.parent.document;
  }

  /** The node as XML. */
  toString(): string {
    return writeXml(this);
  }
}

/** A name as it is written, its parts, and the namespace that its prefix stands for. */
interface Name {
  readonly name: string;
  readonly prefix: string;
  readonly localName: string;
  readonly namespace: string | null;
}

abstract class Parent extends XmlNode {
  readonly children: XmlNode[] = [];

  get stringValue(): string {
    let text = '';
    const { document } = this;
    if (document === null) return text;
    for (let i = this.order + 1; i <= this.last; i++) {
      const node = document.all[i]!;
      if (node.nodeType === XML_TEXT || node.nodeType === XML_CDATA) text += (node as XmlText).text;
    }
    return text;
  }

  /** The child elements. */
  get elements(): XmlElement[] {
    return this.children.filter((child): child is XmlElement => child.nodeType === XML_ELEMENT);
  }
}

/** The nodes right below one: a node is a list of them, as in Java. */
export const childrenOf = (node: XmlNode): readonly XmlNode[] => (node.nodeType === XML_ELEMENT || node.nodeType === XML_DOCUMENT ? (node as XmlElement | XmlDocument).children : childless);
const childless: readonly XmlNode[] = [];

export class XmlDocument extends Parent {
  readonly nodeType = XML_DOCUMENT;
  /** All nodes in document order, attributes behind their element. */
  readonly all: XmlNode[] = [];
  /** What it was read from. */
  readonly source: string;

  override get document(): XmlDocument {
    return this;
  }

  constructor(source: string) {
    super();
    this.source = source;
  }

  get [javaClass](): string {
    return 'com.sun.org.apache.xerces.internal.dom.DeferredDocumentImpl';
  }

  get root(): XmlElement {
    return this.elements[0]!;
  }
}

export class XmlElement extends Parent implements Name {
  readonly nodeType = XML_ELEMENT;
  readonly name: string;
  prefix = '';
  localName: string;
  namespace: string | null = null;
  readonly attributes: XmlAttribute[] = [];
  /** Namespace declarations on the element itself: prefix ('' for the default) and URI. */
  declarations: ReadonlyMap<string, string> | null = null;
  /** Offsets in the source: the whole element, and what is inside of it. */
  start = 0;
  innerStart = 0;
  innerEnd = 0;
  end = 0;

  constructor(name: string) {
    super();
    this.name = name;
    this.localName = name;
  }

  get [javaClass](): string {
    return 'com.sun.org.apache.xerces.internal.dom.DeferredElementNSImpl';
  }

  attribute(name: string): string | null {
    return this.attributes.find((attribute) => attribute.name === name)?.value ?? null;
  }

  /** The namespaces in scope, by prefix. */
  get namespaces(): Map<string, string> {
    const found = this.parent instanceof XmlElement ? this.parent.namespaces : new Map<string, string>();
    for (const [prefix, uri] of this.declarations ?? []) found.set(prefix, uri);
    return found;
  }
}

export class XmlAttribute extends XmlNode implements Name {
  readonly nodeType = XML_ATTRIBUTE;
  readonly name: string;
  prefix = '';
  localName: string;
  namespace: string | null = null;
  readonly value: string;

  constructor(name: string, value: string) {
    super();
    this.name = name;
    this.localName = name;
    this.value = value;
  }

  get [javaClass](): string {
    return 'com.sun.org.apache.xerces.internal.dom.DeferredAttrNSImpl';
  }

  get stringValue(): string {
    return this.value;
  }

  /** By itself an attribute is its value. */
  override toString(): string {
    return this.value;
  }
}

export class XmlText extends XmlNode {
  readonly nodeType: number;
  text: string;

  constructor(text: string, isCdata = false) {
    super();
    this.text = text;
    this.nodeType = isCdata ? XML_CDATA : XML_TEXT;
  }

  /** By itself a text is what it says. */
  override toString(): string {
    return this.text;
  }

  get [javaClass](): string {
    return `com.sun.org.apache.xerces.internal.dom.Deferred${this.nodeType === XML_CDATA ? 'CDATASectionImpl' : 'TextImpl'}`;
  }

  get stringValue(): string {
    return this.text;
  }
}

export class XmlComment extends XmlNode {
  readonly nodeType = XML_COMMENT;
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }

  get [javaClass](): string {
    return 'com.sun.org.apache.xerces.internal.dom.DeferredCommentImpl';
  }

  get stringValue(): string {
    return this.text;
  }
}

export class XmlInstruction extends XmlNode {
  readonly nodeType = XML_INSTRUCTION;
  readonly target: string;
  readonly text: string;

  constructor(target: string, text: string) {
    super();
    this.target = target;
    this.text = text;
  }

  get stringValue(): string {
    return this.text;
  }
}

/** Nodes that an expression has found; as a text they stand one behind the other. */
export class XmlNodeList extends Array<XmlNode> {
  /** What is made of the list (its mapped or filtered items) is a plain list. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  get [javaClass](): string {
    return 'com.sun.org.apache.xml.internal.dtm.ref.DTMNodeList';
  }

  override toString(): string {
    return Array.from(this, String).join('');
  }
}

// ------------------------------------------------------------------------------------------------ reading

const nameStart = /[A-Za-z_:\u00c0-\uffff]/;
const namePattern = /[A-Za-z_:\u00c0-\uffff][\w:.\-\u00b7-\uffff]*/y;
const space = /[ \t\r\n]*/y;

const predefined: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const xmlNamespace = 'http://www.w3.org/XML/1998/namespace';

/**
 * Reads a document. Nothing outside of it is ever read: external entities and DTDs are not resolved.
 * @throws ExchangeError org.xml.sax.SAXParseException, with line and column
 */
export const parseXml = (source: string, keepsComments = true): XmlDocument => new Reader(source, undefined, keepsComments).document();

/** What is not longer is read at once: it takes no longer than others can wait. */
export const readAtOnce = 64 * 1024;

/** The same; a large document is read in slices, between which everybody else has a turn. */
export const parseXmlInTurns = (source: string, keepsComments = true): XmlDocument | Promise<XmlDocument> =>
  source.length <= readAtOnce ? parseXml(source, keepsComments) : new Reader(source, undefined, keepsComments).documentInTurns();

/** The entities that a `<!DOCTYPE ...>` declares with a plain text. */
export const entitiesOf = (doctype: string): ReadonlyMap<string, string> => new Reader(`${doctype}<x/>`).declaredEntities();

/** Reads a document whose DOCTYPE was read before. */
export const parseXmlWith = (source: string, entities: ReadonlyMap<string, string>): XmlDocument => new Reader(source, entities).document();

/** The text of a document in bytes: by its byte order mark, which is left out, or the encoding that its declaration names. A text that begins with one is no document. */
export function decodeXml(bytes: Buffer, charset: string | null = null): string {
  const text = decodeText(bytes, charset ?? xmlCharsetOf(bytes));
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** The charset of a document, by the bytes that it begins with; null is UTF-8. */
export function xmlCharsetOf(bytes: Buffer): string | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return /^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["']/.exec(bytes.toString('latin1', 0, 200))?.[1] ?? null;
}

const tooManyNodes = (wrong: (message: string) => ExchangeError): ExchangeError => wrong(`the document has more than ${mostNodes} nodes`);

/** An element has two `<` at most, so that a large document is refused before anything is made of it; in comments and CDATA they say nothing. */
function* surelyHasTooManyNodes(source: string): Generator<undefined, boolean> {
  if (source.length <= mostNodes || source.includes('<!')) return false;
  let count = 0;
  for (let at = source.indexOf('<'); at >= 0; at = source.indexOf('<', at + 1)) {
    if (++count > 2 * mostNodes) return true;
    if ((count & 0xfff) === 0) yield;
  }
  return false;
}

const pieceLength = 1 << 20;

/** Line ends as XML has them. */
function* normalised(source: string): Generator<undefined, string> {
  if (!source.includes('\r')) return source;
  if (source.length <= pieceLength) return source.replace(/\r\n?/g, '\n');
  let text = '';
  for (let at = 0; at < source.length; ) {
    // A CR and its LF stay together.
    const end = source.charCodeAt(at + pieceLength - 1) === 13 ? at + pieceLength + 1 : at + pieceLength;
    text += source.slice(at, end).replace(/\r\n?/g, '\n');
    at = end;
    yield;
  }
  return text;
}

const finished = <T>(work: Generator<undefined, T>): T => {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
};

async function finishedInTurns<T>(work: Generator<undefined, T>, slices: Slices): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    if (slices.isOver) await slices.next();
  }
}

class Reader {
  private source: string;
  private result: XmlDocument;
  private at = 0;
  private readonly entities: Map<string, string>;
  private readonly keepsComments: boolean;
  /** Characters that entities of the document's own have stood for. */
  private replaced = 0;
  private hasRoot = false;
  private isInRoot = false;
  private open: XmlElement | null = null;
  private depth = 0;

  constructor(source: string, entities: ReadonlyMap<string, string> = new Map(), keepsComments = true) {
    this.source = source;
    this.keepsComments = keepsComments;
    this.result = new XmlDocument(source);
    this.entities = new Map(entities);
    if (source.length > longestText) throw this.wrong(`the document has more than ${longestText} characters`);
  }

  private wrong(message: string, at = this.at): ExchangeError {
    let line = 1;
    let lineStart = 0;
    for (let end = this.source.indexOf('\n'); end >= 0 && end < at; end = this.source.indexOf('\n', lineStart)) {
      line++;
      lineStart = end + 1;
    }
    return new ExchangeError('org.xml.sax.SAXParseException', `${message} (line ${line}, column ${at - lineStart + 1})`);
  }

  declaredEntities(): ReadonlyMap<string, string> {
    this.document();
    return this.entities;
  }

  document(): XmlDocument {
    if (this.source.length > mostNodes && finished(surelyHasTooManyNodes(this.source))) throw tooManyNodes(this.wrong.bind(this));
    this.begin(finished(normalised(this.source)));
    this.advance(null);
    return this.result;
  }

  async documentInTurns(): Promise<XmlDocument> {
    const slices = new Slices();
    // What is told by a promise is told behind what the caller does next.
    if (await finishedInTurns(surelyHasTooManyNodes(this.source), slices)) throw tooManyNodes(this.wrong.bind(this));
    this.begin(await finishedInTurns(normalised(this.source), slices));
    while (!this.advance(slices)) await slices.next();
    return this.result;
  }

  private begin(source: string): void {
    this.source = source;
    this.result = new XmlDocument(source);
    this.add(this.result, null);
    if (source.startsWith('<?xml') && /[ \t\n]/.test(source[5] ?? '')) this.at = this.find('?>') + 2;
  }

  /** Reads on until the end, or until the slice is over. False: there is more. */
  private advance(slices: Slices | null): boolean {
    const { source, result } = this;
    for (;;) {
      if (this.isInRoot) {
        if (!this.tree(slices)) return false;
        this.isInRoot = false;
        this.hasRoot = true;
      }
      space.lastIndex = this.at;
      this.at += space.exec(source)![0].length;
      if (this.at >= source.length) break;
      if (source[this.at] !== '<') throw this.wrong(this.hasRoot ? 'Content is not allowed in trailing section.' : 'Content is not allowed in prolog.');
      if (this.markup(result)) continue;
      if (source.startsWith('<!DOCTYPE', this.at)) {
        if (this.hasRoot) throw this.wrong('a DOCTYPE stands behind the root element');
        this.doctype();
        continue;
      }
      if (this.hasRoot) throw this.wrong('The markup in the document following the root element must be well-formed.');
      this.isInRoot = true;
    }
    if (!this.hasRoot) throw this.wrong('Premature end of file.');
    result.last = result.all.length - 1;
    return true;
  }

  private find(text: string): number {
    const found = this.source.indexOf(text, this.at);
    if (found < 0) throw this.wrong(`\`${text}\` is missing`);
    return found;
  }

  private add(node: XmlNode, parent: XmlElement | XmlDocument | null): void {
    const { all } = this.result;
    if (all.length >= mostNodes) throw tooManyNodes(this.wrong.bind(this));
    node.order = all.length;
    node.last = node.order;
    node.parent = parent;
    all.push(node);
  }

  private append(node: XmlNode, parent: XmlElement | XmlDocument): void {
    this.add(node, parent);
    parent.children.push(node);
  }

  /** Text around a comment that is left out is one. */
  private appendText(text: string, parent: XmlElement): void {
    const before = parent.children.at(-1);
    if (before?.nodeType === XML_TEXT) (before as XmlText).text += text;
    else this.append(new XmlText(text), parent);
  }

  /** A comment or an instruction; false when something else stands here. */
  private markup(parent: XmlElement | XmlDocument): boolean {
    const { source } = this;
    if (source.startsWith('<!--', this.at)) {
      this.at += 4;
      const close = this.find('-->');
      if (this.keepsComments) this.append(new XmlComment(source.slice(this.at, close)), parent);
      this.at = close + 3;
      return true;
    }
    if (!source.startsWith('<?', this.at)) return false;
    this.at += 2;
    const target = this.name();
    if (target.toLowerCase() === 'xml') throw this.wrong('the XML declaration must stand at the very start');
    const close = this.find('?>');
    this.append(new XmlInstruction(target, source.slice(this.at, close).trimStart()), parent);
    this.at = close + 2;
    return true;
  }

  private name(): string {
    namePattern.lastIndex = this.at;
    const found = namePattern.exec(this.source);
    if (found === null) throw this.wrong('a name must stand here');
    this.at += found[0].length;
    return found[0];
  }

  private skipSpace(): number {
    space.lastIndex = this.at;
    const { length } = space.exec(this.source)![0];
    this.at += length;
    return length;
  }

  /** Entities that are declared with a plain text are known from then on; everything else of the DTD is passed over. */
  private doctype(): void {
    const { source } = this;
    const begin = this.at;
    let depth = 0;
    let quote = '';
    for (; this.at < source.length; this.at++) {
      const char = source[this.at]!;
      if (quote !== '') {
        if (char === quote) quote = '';
      } else if (source.startsWith('<!--', this.at)) this.at = this.find('-->') + 2;
      else if (char === '"' || char === "'") quote = char;
      else if (char === '<' || char === '[') depth++;
      else if (char === ']') depth--;
      else if (char === '>' && --depth === 0) break;
    }
    if (this.at >= source.length) throw this.wrong('the DOCTYPE is not closed', begin);
    this.at++;
    for (const [, name, value] of source.slice(begin, this.at).matchAll(/<!ENTITY\s+([\w.:-]+)\s+"([^"&%<]*)"\s*>/g)) this.entities.set(name!, value!);
  }

  /** The root element with all that is in it: a loop, so that depth costs no stack. False: the slice is over before the end. */
  private tree(slices: Slices | null): boolean {
    const { source, result } = this;
    let { open, depth } = this;
    let steps = 0;
    do {
      if (slices !== null && (++steps & 0x7f) === 0 && slices.isOver) {
        this.open = open;
        this.depth = depth;
        return false;
      }
      if (open !== null) {
        const next = source.indexOf('<', this.at);
        if (next < 0) throw this.wrong(`The element type "${open.name}" must be terminated by the matching end-tag "</${open.name}>".`);
        if (next > this.at) {
          this.appendText(this.decoded(source.slice(this.at, next), this.at), open);
          this.at = next;
        }
        if (source.startsWith('</', this.at)) {
          open.innerEnd = this.at;
          this.at += 2;
          const name = this.name();
          if (name !== open.name) throw this.wrong(`The element type "${open.name}" must be terminated by the matching end-tag "</${open.name}>".`);
          this.skipSpace();
          if (source[this.at] !== '>') throw this.wrong('`>` is missing');
          this.at++;
          open.end = this.at;
          open.last = result.all.length - 1;
          depth--;
          open = open.parent instanceof XmlElement ? open.parent : null;
          continue;
        }
        if (source.startsWith('<![CDATA[', this.at)) {
          this.at += 9;
          const close = this.find(']]>');
          this.append(new XmlText(source.slice(this.at, close), true), open);
          this.at = close + 3;
          continue;
        }
        if (this.markup(open)) continue;
      }
      const element: XmlElement = this.startTag(open ?? result);
      if (element.end > 0) continue;
      if (++depth > deepestElement) throw this.wrong(`more than ${deepestElement} elements stand in one another`);
      open = element;
    } while (open !== null);
    return true;
  }

  private startTag(parent: XmlElement | XmlDocument): XmlElement {
    const { source } = this;
    const start = this.at;
    this.at++;
    if (!nameStart.test(source[this.at] ?? '')) throw this.wrong('The content of elements must consist of well-formed character data or markup.');
    const element = new XmlElement(this.name());
    element.start = start;
    this.append(element, parent);
    let declarations: Map<string, string> | null = null;
    let names: Set<string> | null = null;
    for (;;) {
      const spaces = this.skipSpace();
      const char = source[this.at];
      if (char === '>' || char === '/') break;
      if (spaces === 0) throw this.wrong(char === undefined ? `the tag of \`${element.name}\` is not closed` : 'a blank must stand between attributes');
      const nameAt = this.at;
      const name = this.name();
      this.skipSpace();
      if (source[this.at] !== '=') throw this.wrong(`Attribute name "${name}" associated with an element type "${element.name}" must be followed by the ' = ' character.`);
      this.at++;
      this.skipSpace();
      const quote = source[this.at];
      if (quote !== '"' && quote !== "'") throw this.wrong(`the value of \`${name}\` needs quotes`);
      this.at++;
      const close = this.find(quote);
      const raw = source.slice(this.at, close);
      if (raw.includes('<')) throw this.wrong('`<` must not stand in the value of an attribute');
      const value = this.decoded(/[\t\n]/.test(raw) ? raw.replace(/[\t\n]/g, ' ') : raw, this.at);
      this.at = close + 1;
      if (names === null ? element.attributes.some((other) => other.name === name) : names.has(name)) throw this.wrong(`Attribute "${name}" was already specified for element "${element.name}".`, nameAt);
      const attribute = new XmlAttribute(name, value);
      element.attributes.push(attribute);
      if (name === 'xmlns') (declarations ??= new Map()).set('', value);
      else if (name.startsWith('xmlns:')) (declarations ??= new Map()).set(name.slice(6), value);
      if (names !== null) names.add(name);
      else if (element.attributes.length === manyAttributes) names = new Set(element.attributes.map((other) => other.name));
    }
    // As in Java, a document that a text is converted to has attributes in the order of their names.
    if (!this.keepsComments && element.attributes.length > 1) element.attributes.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const attribute of element.attributes) {
      this.add(attribute, null);
      attribute.parent = element;
    }
    element.last = this.result.all.length - 1;
    element.declarations = declarations;
    this.resolve(element, element, true);
    for (const attribute of element.attributes) this.resolve(attribute, element, false);
    const isEmpty = source[this.at] === '/';
    this.at++;
    if (isEmpty) {
      if (source[this.at] !== '>') throw this.wrong('`>` is missing');
      this.at++;
      element.end = this.at;
    }
    element.innerStart = this.at;
    element.innerEnd = this.at;
    return element;
  }

  private resolve(node: XmlElement | XmlAttribute, scope: XmlElement, hasDefault: boolean): void {
    const colon = node.name.indexOf(':');
    const prefix = colon < 0 ? '' : node.name.slice(0, colon);
    if (colon >= 0) {
      node.prefix = prefix;
      node.localName = node.name.slice(colon + 1);
    }
    if (prefix === '' && !hasDefault) return;
    if (prefix === 'xmlns') return;
    if (prefix === 'xml') {
      node.namespace = xmlNamespace;
      return;
    }
    for (let element: XmlNode | null = scope; element instanceof XmlElement; element = element.parent) {
      const uri = element.declarations?.get(prefix);
      if (uri === undefined) continue;
      node.namespace = uri === '' ? null : uri;
      return;
    }
    if (prefix !== '') throw this.wrong(`The prefix "${prefix}" for ${node.nodeType === XML_ELEMENT ? 'element' : 'attribute'} "${node.name}" is not bound.`);
  }

  private decoded(text: string, at: number): string {
    if (!text.includes('&')) return text;
    return text.replace(/&(#x[\da-f]+|#\d+|[\w.:-]+)?(;?)/gi, (whole, name: string | undefined, semicolon: string) => {
      if (name === undefined || semicolon === '') throw this.wrong('The entity name must immediately follow the \'&\' in the entity reference, and end with `;`.', at + text.indexOf(whole));
      if (name.startsWith('#')) {
        const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
        if (!(code === 9 || code === 10 || code === 13 || (code >= 32 && code <= 0x10ffff))) throw this.wrong(`Character reference "&${name}" is an invalid XML character.`, at);
        return String.fromCodePoint(code);
      }
      const value = predefined[name] ?? this.entities.get(name);
      if (value === undefined) throw this.wrong(`The entity "${name}" was referenced, but not declared (external entities are not read).`, at);
      this.replaced += value.length;
      if (this.replaced > longestText) throw this.wrong(`the entities of the document stand for more than ${longestText} characters`, at);
      return value;
    });
  }
}

// ------------------------------------------------------------------------------------------------ writing

/** Text as the content of an element. */
export const escapeXml = (text: string): string => (/[&<>]/.test(text) ? pieceByPiece(text, (piece) => piece.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')) : text);

/** Text as the value of an attribute in double quotes. */
export const escapeXmlAttribute = (text: string): string =>
  /[&<>"\n\t\r]/.test(text)
    ? pieceByPiece(text, (piece) => piece.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;').replace(/\n/g, '&#10;').replace(/\t/g, '&#9;').replace(/\r/g, '&#13;'))
    : text;

/** A node as XML, without a declaration. */
export function writeXml(node: XmlNode, scope: Namespaces = nowhere): string {
  if (node instanceof XmlDocument) return node.children.map((child) => writeXml(child)).join('');
  if (node instanceof XmlText) return node.nodeType === XML_CDATA ? `<![CDATA[${node.text}]]>` : escapeXml(node.text);
  if (node instanceof XmlComment) return `<!--${node.text}-->`;
  if (node instanceof XmlInstruction) return `<?${node.target} ${node.text}?>`;
  if (node instanceof XmlAttribute) return `${node.name}="${escapeXmlAttribute(node.value)}"`;
  const element = node as XmlElement;
  const { text, inside } = startOf(element, scope);
  if (element.children.length === 0) return `<${element.name}${text}/>`;
  return `<${element.name}${text}>${element.children.map((child) => writeXml(child, inside)).join('')}</${element.name}>`;
}

/** What prefixes stand for where something is written. */
type Namespaces = ReadonlyMap<string, string>;
const nowhere: Namespaces = new Map();

/** The attributes of an element, and those namespaces of it that are declared further up in its document, which is not written. */
function startOf(element: XmlElement, scope: Namespaces): { text: string; inside: Namespaces } {
  let inside: Map<string, string> | null = null;
  let text = '';
  const knows = (prefix: string, uri: string): boolean => ((inside ?? scope).get(prefix) ?? '') === uri;
  const declare = (prefix: string, uri: string): void => {
    inside ??= new Map(scope);
    inside.set(prefix, uri);
    text += ` xmlns${prefix === '' ? '' : `:${prefix}`}="${escapeXmlAttribute(uri)}"`;
  };
  const isDeclaration = ({ name, prefix }: XmlAttribute): boolean => name === 'xmlns' || prefix === 'xmlns';
  for (const attribute of element.attributes) {
    const { name, value } = attribute;
    if (isDeclaration(attribute) && (name !== 'xmlns' || value !== '' || !knows('', ''))) declare(name === 'xmlns' ? '' : name.slice(6), value);
  }
  for (const attribute of element.attributes) {
    if (isDeclaration(attribute)) continue;
    const { name, prefix, namespace, value } = attribute;
    if (prefix !== '' && prefix !== 'xml' && namespace !== null && !knows(prefix, namespace)) declare(prefix, namespace);
    text += ` ${name}="${escapeXmlAttribute(value)}"`;
  }
  if (element.prefix !== 'xml' && !knows(element.prefix, element.namespace ?? '')) declare(element.prefix, element.namespace ?? '');
  return { text, inside: inside ?? scope };
}
