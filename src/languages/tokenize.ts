import { isByteSource, readBytes, toText } from '../core/conversion/convert.ts';
import { defineLanguage } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { LanguageContext } from '../core/expression.ts';
import { ExpressionSyntaxError } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { FileBody } from '../core/conversion/file-body.ts';
import { namedText } from '../core/graph/namedText.ts';
import { sourceReader } from '../core/exchange/source.ts';
import { BoundedRegExp } from '../core/boundedRegExp.ts';

/** Gives the parts of a text, one by one. A text that comes in pieces is only asked for where it can be cut so. */
type Cut = (text: string | Iterable<string>) => Iterable<string>;

type WholeCut = (text: string) => Iterable<string>;

export const tokenize = defineLanguage({
  name: 'tokenize',
  keepsBlanks: true,
  summary: 'Cuts text at a token, at pairs of tokens, or into XML elements; gives an iterator.',
  isSourceOptional: true,
  options: {
    token: field.string('Where to cut: a text, the start of a pair, a pattern, or the name of an XML element.'),
    endToken: field.string('With it, parts lie between `token` and `endToken`.'),
    inheritNamespaceTagName: field.string('XML: element whose namespaces each part gets.'),
    regex: field.boolean('The token is a regular expression.').default(false),
    xml: field.boolean('The token names an XML element; each such element is a part.').default(false),
    includeTokens: field.boolean('Parts between two tokens keep the tokens.').default(false),
    group: field.string('Puts so many parts together into one.'),
    groupDelimiter: field.string('Stands between the parts of a group; the token, without it.'),
    skipFirst: field.boolean('Leaves out the first part.').default(false),
    source: field.string('Where the text is, instead of the body: `header:x`, `property:x`, `variable:x`.'),
  },
  examples: [{ expression: ',', body: 'a,b', gives: ['a', 'b'] }],
  expression: (source, options, context) => {
    const token = options.token ?? source;
    if (token === '') throw new ExpressionSyntaxError('`tokenize` needs a token');
    if (options.includeTokens && options.endToken === undefined) throw new ExpressionSyntaxError('`includeTokens` needs `endToken`');
    const cutterOf = dynamicCutter({ ...options, token }, context);
    const read = sourceReader(options.source);
    const isPlain = !options.xml && !options.regex && options.endToken === undefined;
    return (exchange) => {
      const value = read(exchange);
      if (value === null || value === undefined) throw new ExchangeError('java.lang.NullPointerException', 'there is nothing to cut: the value is null');
      const cut = cutterOf(exchange);
      if (value instanceof FileBody && isPlain) return cut(value.pieces())[Symbol.iterator]();
      return isByteSource(value) ? partsOfStream(value, cut) : cut(toText(value)!)[Symbol.iterator]();
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
  const texts = names.map((name) => (options[name] === undefined ? undefined : namedText(options[name], context)));
  if (texts.every((text) => typeof text !== 'function')) {
    const cut = cutter(options);
    return () => cut;
  }
  return (exchange) => cutter({ ...options, ...Object.fromEntries(names.map((name, i) => [name, typeof texts[i] === 'function' ? texts[i](exchange) : texts[i]])) });
}

function cutter(options: Cutting): Cut {
  const cut = baseCutter(options);
  const skipping: Cut = options.skipFirst ? (text) => withoutFirst(cut(text)) : cut;
  if (options.group === undefined || options.group === '') return skipping;
  const size = Number(options.group);
  if (!Number.isInteger(size) || size < 1) throw new ExchangeError('java.lang.IllegalArgumentException', `the group of tokenize must be a positive number, not ${options.group}`);
  const delimiter = options.groupDelimiter ?? (options.xml || options.endToken !== undefined ? '' : options.token);
  return (text) => grouped(skipping(text), size, delimiter);
}

function baseCutter(options: Cutting): Cut {
  if (options.xml) return ofWhole(elements(options.token, options.inheritNamespaceTagName));
  if (options.endToken !== undefined) return ofWhole(pairs(options.token, options.endToken, options.includeTokens));
  if (!options.regex) return (text) => (typeof text === 'string' ? cutAt(text, options.token) : cutPieces(text, options.token));
  let pattern: RegExp;
  try {
    pattern = new BoundedRegExp(options.token, 'g');
  } catch (thrown) {
    throw new ExpressionSyntaxError((thrown as Error).message, 0, options.token.length);
  }
  return ofWhole((text) => cutByPattern(text, pattern));
}

const ofWhole =
  (cut: WholeCut): Cut =>
  (text) =>
    cut(typeof text === 'string' ? text : [...text].join(''));

/** The same for a text that comes in pieces: no more than a part and a piece is held. */
function* cutPieces(pieces: Iterable<string>, token: string): Generator<string> {
  let rest = '';
  let isFirst = true;
  for (const piece of pieces) {
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

function* cutByPattern(text: string, pattern: RegExp): Generator<string> {
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match[0] === '') continue;
    if (match.index > 0) yield text.slice(from, match.index);
    from = match.index + match[0].length;
  }
  if (from < text.length) yield text.slice(from);
}

const pairs = (start: string, end: string, includesTokens: boolean): WholeCut =>
  function* (text) {
    for (let at = text.indexOf(start); at >= 0; ) {
      const from = at + start.length;
      const stop = text.indexOf(end, from);
      const part = text.slice(from, stop < 0 ? text.length : stop);
      yield includesTokens ? start + part + end : part;
      at = stop < 0 ? -1 : text.indexOf(start, stop + end.length);
    }
  };

const escapedForPattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Elements of a name, with any prefix, up to the first end tag; no XML parser, so that pieces of any document will do. */
function elements(token: string, inherited: string | undefined): WholeCut {
  const name = token.replace(/^<|>$/g, '').trim();
  const tag = name === '*' ? '[^\\s/>!?]+' : `(?:[^\\s<>/:]{1,15}:)?${escapedForPattern(name)}`;
  const start = new RegExp(`<(${tag})((?:\\s(?:[^<>"']|"[^"]*"|'[^']*')*?)?)(/?)>`, 'g');
  return function* (text) {
    const namespaces = inherited === undefined ? null : namespacesOf(text, inherited);
    start.lastIndex = 0;
    const pattern = new RegExp(start);
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const [opening, qualified, attributes, slash] = match as unknown as [string, string, string, string];
      let rest = '';
      if (slash === '') {
        const close = new RegExp(`</${escapedForPattern(qualified)}\\s*>`, 'g');
        close.lastIndex = pattern.lastIndex;
        const end = close.exec(text);
        if (end === null) return;
        rest = text.slice(match.index + opening.length, close.lastIndex);
        pattern.lastIndex = close.lastIndex;
      }
      yield namespaces === null ? opening + rest : `<${qualified}${attributes.trimEnd()}${missing(namespaces, attributes)}${slash}>${rest}`;
    }
  };
}

function namespacesOf(text: string, token: string): Map<string, string> {
  const name = token.replace(/^<|>$/g, '').trim();
  const tag = name === '*' ? '[^\\s/>!?]+' : `(?:[^\\s<>/:]{1,15}:)?${escapedForPattern(name)}`;
  const opening = new RegExp(`<${tag}(\\s(?:[^<>"']|"[^"]*"|'[^']*')*)?>`).exec(text);
  const found = new Map<string, string>();
  for (const [declaration, key] of (opening?.[1] ?? '').matchAll(/(xmlns(?::[\w.-]+)?)\s*=\s*(?:"[^"]*"|'[^']*')/g)) found.set(key!, declaration);
  return found;
}

const missing = (namespaces: ReadonlyMap<string, string>, attributes: string): string =>
  [...namespaces].map(([key, declaration]) => (new RegExp(`${escapedForPattern(key)}\\s*=`).test(attributes) ? '' : ` ${declaration}`)).join('');

function* withoutFirst(parts: Iterable<string>): Generator<string> {
  let isFirst = true;
  for (const part of parts) {
    if (!isFirst) yield part;
    isFirst = false;
  }
}

function* grouped(parts: Iterable<string>, size: number, delimiter: string): Generator<string> {
  let group: string[] = [];
  for (const part of parts) {
    group.push(part);
    if (group.length < size) continue;
    yield group.join(delimiter);
    group = [];
  }
  if (group.length > 0) yield group.join(delimiter);
}

async function* partsOfStream(source: AsyncIterable<Uint8Array | string>, cut: Cut): AsyncGenerator<string> {
  yield* cut((await readBytes(source)).toString('utf8'));
}
