import { decodeText, pieceDecoder } from '../core/conversion/charset.ts';
import { charsetNamed, charsetOf, checkStreamable, isByteSource, toText } from '../core/conversion/convert.ts';
import { defineLanguage } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { LanguageContext } from '../core/expression.ts';
import { ExpressionSyntaxError } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { FileBody } from '../core/conversion/file-body.ts';
import { namedText } from '../core/graph/namedText.ts';
import { StreamCache } from '../core/conversion/stream.ts';
import { Slices } from '../core/conversion/slices.ts';
import { sourceReader } from '../core/exchange/source.ts';
import { javaPattern } from '../core/javaPattern.ts';

/** `null` among pieces: the next one is not there yet; it comes out among the parts, so that whoever takes them waits. */
type Pieces = Iterable<string | null>;

/** Gives the parts of a text, one by one. */
type Cut = (text: string | Pieces) => Iterable<string | null>;

type WholeCut = (text: string) => Iterable<string>;

export const tokenize = defineLanguage({
  name: 'tokenize',
  keepsBlanks: true,
  summary: 'Cuts text at a token, at pairs of tokens, or into XML elements; gives an iterator.',
  isSourceOptional: true,
  options: {
    token: field.string('Where to cut: a pattern (`\\|` is a bar, `|` alone cuts at each letter), the start of a pair, or the name of an XML element.'),
    endToken: field.string('With it, parts lie between `token` and `endToken`.'),
    inheritNamespaceTagName: field.string('XML: element whose namespaces each part gets.'),
    regex: field.boolean('A token that is no pattern is an error of the route; without it, of the messages.').default(false),
    xml: field.boolean('The token names an XML element; each such element is a part.').default(false),
    includeTokens: field.boolean('Parts between two tokens keep the tokens.').default(false),
    group: field.string('Puts so many parts together into one.'),
    groupDelimiter: field.string('Stands between the parts of a group; the token, without it. Nothing stands between XML elements.'),
    skipFirst: field.boolean('Leaves out the first part; not of XML elements, and of parts between two tokens only with `group`.').default(false),
    source: field.string('Where the text is, instead of the body: `header:x`, `property:x`, `variable:x`.'),
  },
  examples: [{ expression: ',', body: 'a,b', gives: ['a', 'b'] }],
  expression: (source, options, context) => {
    // As in Camel, these two letters are the end of a line.
    const given = options.token ?? source;
    const token = given === '\\n' ? '\n' : given;
    if (token === '') throw new ExpressionSyntaxError('`tokenize` needs a token');
    if (options.xml && options.endToken !== undefined) throw new ExpressionSyntaxError('`xml` and `endToken` do not go together');
    if (options.includeTokens && options.endToken === undefined) throw new ExpressionSyntaxError('`includeTokens` needs `endToken`');
    const cutterOf = dynamicCutter({ ...options, token }, context);
    const isOfStreams = options.xml || options.endToken !== undefined;
    // As in Camel, what is cut as it comes is in the charset that the property names; the header is for what is converted before.
    const charsetFor = isOfStreams ? charsetOf : (exchange: Exchange) => charsetNamed(exchange.property('CamelCharsetName') ?? null);
    const read = sourceReader(options.source);
    return (exchange) => {
      const value = read(exchange);
      if (isOfStreams) checkStreamable(value);
      else if (value === null || value === undefined) throw new ExchangeError('java.lang.NullPointerException', 'there is nothing to cut: the value is null');
      const cut = cutterOf(exchange);
      if (value instanceof FileBody) return cut(value.pieces(charsetFor(exchange)))[Symbol.iterator]();
      if (isByteSource(value)) return partsOfStream(value, cut, charsetFor(exchange));
      return cut(value instanceof StreamCache ? decodeText(value.bytes(), value.charset ?? charsetFor(exchange)) : toText(value, exchange)!)[Symbol.iterator]();
    };
  },
});

interface Cutting {
  readonly token: string;
  readonly endToken: string | undefined;
  readonly inheritNamespaceTagName: string | undefined;
  readonly group: string | undefined;
  readonly groupDelimiter: string | undefined;
  readonly regex: boolean;
  readonly xml: boolean;
  readonly includeTokens: boolean;
  readonly skipFirst: boolean;
}

const names = ['token', 'endToken', 'inheritNamespaceTagName', 'group', 'groupDelimiter'] as const;

/** Tokens without Simple functions are looked at once. */
function dynamicCutter(options: Cutting, context: LanguageContext): (exchange: Exchange) => Cut {
  // As in Camel, a pattern is taken as it is written.
  const texts = names.map((name) => (options[name] === undefined ? undefined : options.regex && name === 'token' ? options[name] : namedText(options[name], context)));
  if (texts.every((text) => typeof text !== 'function')) {
    const cut = cutter(options);
    return () => cut;
  }
  return (exchange) => cutter({ ...options, ...Object.fromEntries(names.map((name, i) => [name, typeof texts[i] === 'function' ? texts[i](exchange) : texts[i]])) });
}

function cutter(options: Cutting): Cut {
  const cut = baseCutter(options);
  const { group = '' } = options;
  // As in Camel, of pairs the first is left out only where they are grouped, and elements always come all and without a delimiter.
  const skipping: Cut = options.skipFirst && !options.xml && (options.endToken === undefined || group !== '') ? (text) => withoutFirst(cut(text)) : cut;
  if (group === '') return skipping;
  const size = Number(group);
  // As in Camel, that fails the messages, not the route.
  if (!Number.isInteger(size) || size < 1) return failing(new ExchangeError(Number.isInteger(size) ? 'org.apache.camel.RuntimeExchangeException' : 'org.apache.camel.TypeConversionException', `the group of tokenize must be a positive number, not ${group}`));
  const delimiter = options.xml ? '' : (options.groupDelimiter ?? options.token);
  const isSkipping = skipping !== cut;
  return (text) => grouped(cut(text), size, delimiter, isSkipping);
}

const failing = (failure: ExchangeError): Cut => () => {
  throw failure;
};

function baseCutter(options: Cutting): Cut {
  if (options.xml) return ofPieces(elements(options.token, options.inheritNamespaceTagName));
  if (options.endToken !== undefined) return ofPieces(pairs(options.token, options.endToken, options.includeTokens));
  // A token is a pattern in any case; most are texts that mean themselves, and what comes in pieces can be cut at these as it comes.
  const literal = literalOf(options.token);
  if (literal !== null) return (text) => (typeof text === 'string' ? cutAt(text, literal) : cutPieces(text, literal));
  let pattern: RegExp;
  try {
    pattern = javaPattern(options.token, 'g');
  } catch (thrown) {
    return failing(new ExchangeError('java.util.regex.PatternSyntaxException', `the token \`${options.token}\` is no pattern: ${(thrown as Error).message}; write \`\\\` before what means itself`));
  }
  return ofWhole((text) => cutByPattern(text, pattern));
}

const ends: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' };

/** The text that a pattern stands for; null where it may stand for several. */
const literalOf = (pattern: string): string | null =>
  /^\\Q(?:(?!\\E)[^])+\\E$/.test(pattern)
    ? pattern.slice(2, -2)
    : /^(?:[^\\^$.|?*+()[\]{}]|\\[nrtf\W])+$/.test(pattern)
    ? pattern.replace(/\\([^])/g, (_escape, letter: string) => ends[letter] ?? letter) : null;

const ofWhole = (cut: WholeCut): Cut =>
  function* (text) {
    if (typeof text === 'string') {
      yield* cut(text);
      return;
    }
    const pieces: string[] = [];
    for (const piece of text) {
      if (piece === null) yield null;
      else pieces.push(piece);
    }
    yield* cut(pieces.join(''));
  };

/** Cuts the parts that are complete off the start of a text. @returns how much of it has been done with */
type Cutter = (text: string, isLast: boolean, searched: number) => Generator<string, number>;

/** Only what may still become a part is held. */
const ofPieces = (cutterOfText: () => Cutter): Cut =>
  function* (text) {
    const cut = cutterOfText();
    if (typeof text === 'string') {
      yield* cut(text, true, 0);
      return;
    }
    let rest = '';
    let searched = 0;
    let waiting: string[] = [];
    let length = 0;
    for (const piece of text) {
      if (piece === null) {
        yield null;
        continue;
      }
      waiting.push(piece);
      length += piece.length;
      // A long part is not put together anew with each piece.
      if (length < rest.length / 2) continue;
      rest += waiting.join('');
      waiting = [];
      length = 0;
      const done = yield* cut(rest, false, searched);
      rest = rest.slice(done);
      searched = rest.length;
    }
    yield* cut(rest + waiting.join(''), true, searched);
  };

/** The same for a text that comes in pieces: no more than a part and a piece is held. */
function* cutPieces(pieces: Pieces, token: string): Generator<string | null> {
  let rest = '';
  let isFirst = true;
  for (const piece of pieces) {
    if (piece === null) {
      yield null;
      continue;
    }
    // A token may begin in the rest and end in the piece.
    let search = Math.max(0, rest.length - token.length + 1);
    rest += piece;
    let from = 0;
    for (let at = rest.indexOf(token, search); at >= 0; at = rest.indexOf(token, search)) {
      if (at > 0 || !isFirst) yield rest.slice(from, at);
      isFirst = false;
      from = search = at + token.length;
    }
    if (from > 0) rest = rest.slice(from);
  }
  if (rest !== '') yield rest;
}

/** A token at the very start or the very end makes no part. */
function* cutAt(text: string, token: string): Generator<string> {
  let from = text.startsWith(token) ? token.length : 0;
  while (from < text.length) {
    const at = text.indexOf(token, from);
    if (at < 0) {
      yield text.slice(from);
      return;
    }
    yield text.slice(from, at);
    from = at + token.length;
  }
}

/** As Java's Scanner does it: before a part one delimiter is skipped, and a pattern that matches nothing cuts behind each letter. */
function* cutByPattern(text: string, pattern: RegExp): Generator<string> {
  let from = 0;
  for (const { 0: token, index } of text.matchAll(pattern)) {
    if (index === from && token === '') continue;
    if (index > 0) yield text.slice(from, index);
    from = index + token.length;
  }
  if (from < text.length) yield text.slice(from);
}

const pairs = (start: string, end: string, includesTokens: boolean) => (): Cutter =>
  function* (text, isLast, searched) {
    let done = 0;
    for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, done)) {
      const from = at + start.length;
      const stop = text.indexOf(end, Math.max(from, searched - end.length));
      if (stop < 0 && !isLast) return at;
      const part = text.slice(from, stop < 0 ? text.length : stop);
      yield includesTokens ? start + part + end : part;
      done = stop < 0 ? text.length : stop + end.length;
    }
    return Math.max(done, text.length - start.length + 1);
  };

const escapedForPattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What is longer is not taken for the start of an element that a piece ends in. */
const longestTag = 64 * 1024;

/** Elements of a name, with any prefix, up to the first end tag; no XML parser, so that pieces of any document will do. */
function elements(token: string, inherited: string | undefined): () => Cutter {
  const name = token.replace(/^<|>$/g, '').trim();
  const tag = name === '*' ? '[^\\s/>!?]+' : `(?:[^\\s<>/:]{1,15}:)?${escapedForPattern(name)}`;
  const start = new RegExp(`<(${tag})((?:\\s(?:[^<>"']|"[^"]*"|'[^']*')*?)?)(/?)>`, 'g');
  return () => {
    let namespaces: ReadonlyMap<string, string> | null = null;
    return function* (text, isLast, searched) {
      if (inherited !== undefined && namespaces === null) namespaces = namespacesOf(text, inherited);
      const pattern = new RegExp(start);
      let done = 0;
      for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
        const [opening, qualified, attributes, slash] = match as unknown as [string, string, string, string];
        let rest = '';
        if (slash === '') {
          const close = new RegExp(`</${escapedForPattern(qualified)}\\s*>`, 'g');
          close.lastIndex = Math.max(pattern.lastIndex, searched - longestTag);
          const end = close.exec(text);
          if (end === null) return isLast ? text.length : match.index;
          rest = text.slice(match.index + opening.length, close.lastIndex);
          pattern.lastIndex = close.lastIndex;
        }
        done = pattern.lastIndex;
        yield inherited === undefined ? opening + rest : `<${qualified}${attributes.trimEnd()}${missing(namespaces ?? new Map(), attributes)}${slash}>${rest}`;
      }
      return Math.max(done, text.length - longestTag);
    };
  };
}

/** The namespaces of the first element of that name; null: there is none yet. */
function namespacesOf(text: string, token: string): Map<string, string> | null {
  const name = token.replace(/^<|>$/g, '').trim();
  const tag = name === '*' ? '[^\\s/>!?]+' : `(?:[^\\s<>/:]{1,15}:)?${escapedForPattern(name)}`;
  const opening = new RegExp(`<${tag}(\\s(?:[^<>"']|"[^"]*"|'[^']*')*)?>`).exec(text);
  if (opening === null) return null;
  const found = new Map<string, string>();
  for (const [declaration, key] of (opening[1] ?? '').matchAll(/(xmlns(?::[\w.-]+)?)\s*=\s*(?:"[^"]*"|'[^']*')/g)) found.set(key!, declaration);
  return found;
}

const missing = (namespaces: ReadonlyMap<string, string>, attributes: string): string =>
  [...namespaces].map(([key, declaration]) => (attributes.includes(key) && new RegExp(`${escapedForPattern(key)}\\s*=`).test(attributes) ? '' : ` ${declaration}`)).join('');

function* withoutFirst(parts: Iterable<string | null>): Generator<string | null> {
  let isFirst = true;
  for (const part of parts) {
    if (part === null || !isFirst) yield part;
    else isFirst = false;
  }
}

/** As in Camel, when the first part is left out and no other one follows, its group is there, and empty. */
function* grouped(parts: Iterable<string | null>, size: number, delimiter: string, skipsFirst: boolean): Generator<string | null> {
  let group: string[] = [];
  let count = 0;
  for (const part of parts) {
    if (part === null) {
      yield null;
      continue;
    }
    count++;
    if (skipsFirst && count === 1) continue;
    group.push(part);
    if (group.length < size) continue;
    yield group.join(delimiter);
    group = [];
  }
  if (group.length > 0 || (skipsFirst && count === 1)) yield group.join(delimiter);
}

/** The pieces of a stream, as far as they are there. */
class Arrived implements Iterable<string | null> {
  piece: string | null = null;
  isOver = false;

  *[Symbol.iterator](): Generator<string | null> {
    while (this.piece !== null || !this.isOver) {
      const { piece } = this;
      this.piece = null;
      yield piece;
    }
  }
}

async function* partsOfStream(source: AsyncIterable<Uint8Array | string>, cut: Cut, charset: string | null): AsyncGenerator<string> {
  const arrived = new Arrived();
  const parts = cut(arrived)[Symbol.iterator]();
  const decoder = pieceDecoder(charset);
  const slices = new Slices();
  const pieces = source[Symbol.asyncIterator]();
  try {
    for (let part = parts.next(); part.done !== true; part = parts.next()) {
      if (slices.isOver) await slices.next();
      if (part.value !== null) {
        yield part.value;
        continue;
      }
      const piece = await pieces.next();
      arrived.isOver = piece.done === true;
      arrived.piece = piece.done === true ? decoder.end() : typeof piece.value === 'string' ? piece.value : decoder.write(Buffer.from(piece.value.buffer, piece.value.byteOffset, piece.value.byteLength));
    }
  } finally {
    if (!arrived.isOver) await pieces.return?.();
  }
}
