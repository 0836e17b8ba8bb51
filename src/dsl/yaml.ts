import type { Alias, Document, Node, Pair, ParsedNode, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser, Scalar as ScalarNode } from 'yaml';
import type { Diagnostics, Fix, Span } from '../core/diagnostics.ts';
import { Source } from '../core/diagnostics.ts';
import { deepestYaml, tooDeepYaml } from '../core/conversion/yamlDepth.ts';
import { insertAt, lineEnd as endOfLine, quotedText, removeLines, replaceWith } from './fixes.ts';
import { RepairBudget, syntaxRepair } from './syntaxFixes.ts';

export type YamlNode = Node;
export { isMap, isScalar, isSeq };
export type { Pair, Scalar, YAMLMap, YAMLSeq };

/** What a file may hold: far more than any real one, and little enough that reading stays quick. */
const MAX_CHARACTERS = 16 * 1024 * 1024;
const MAX_NODES_THROUGH_ALIASES = 100_000;
const MAX_SYNTAX_ERRORS = 5;

/** A parsed YAML file: scalars are texts as written, aliases lead to their nodes. */
export class YamlFile {
  readonly source: Source;
  readonly root: YamlNode | null;
  private readonly targets: ReadonlyMap<Alias, YamlNode>;

  constructor(source: Source, root: YamlNode | null, targets: ReadonlyMap<Alias, YamlNode>) {
    this.source = source;
    this.root = root;
    this.targets = targets;
  }

  /** The node that an alias stands for, else the node itself. */
  follow(node: unknown): YamlNode | null {
    if (node === null || node === undefined) return null;
    return isAlias(node) ? (this.targets.get(node) ?? null) : (node as YamlNode);
  }

  /** The entry of a mapping with this key: of several the last one, which is the one that counts. */
  pair(map: YAMLMap, key: string): Pair | null {
    let found: Pair | null = null;
    for (const pair of map.items) if (scalarText(this.follow(pair.key)) === key) found = pair;
    return found;
  }

  /** What stands under a key; null where nothing does, or the node is no mapping. */
  value(node: unknown, key: string): YamlNode | null {
    return isMap(node) ? this.follow(this.pair(node, key)?.value) : null;
  }

  span(node: unknown): Span {
    const range = (node as { range?: [number, number, number] | null } | null)?.range;
    const { source } = this;
    if (range === null || range === undefined) return { source, start: 0, end: 0 };
    const [start] = range;
    let [, end] = range;
    const { text } = source;
    while (end > start && (text[end - 1] === '\n' || text[end - 1] === '\r' || text[end - 1] === ' ')) end--;
    if (end <= start) end = Math.min(start + 1, text.length);
    return { source, start, end };
  }
}

/** The text of a scalar as YAML wrote it (`~`, `010` and `yes` stay what they are), null for anything else. */
export const scalarText = (node: YamlNode | null): string | null => (isScalar(node) ? (typeof node.value === 'string' ? node.value : String(node.value ?? '')) : null);

/** Nothing stands there: `key:` and no value. */
export const isEmptyNode = (node: YamlNode | null): boolean => node === null || (isScalar(node) && node.type !== 'QUOTE_DOUBLE' && node.type !== 'QUOTE_SINGLE' && scalarText(node) === '');

/** Parses a file. Null when it has no usable structure; the problems say why. */
export function parseYaml(source: Source, problems: Diagnostics): YamlFile | null {
  const files = parsed(source, problems, false);
  return files === null ? null : files[0]!;
}

/** The same of a file that may be a manifest for Kubernetes, with a document for each resource: one for each of them. */
export const parseManifest = (source: Source, problems: Diagnostics): readonly YamlFile[] | null => parsed(source, problems, true);

const isResource = ({ contents }: Document.Parsed): boolean => isMap(contents) && contents.has('kind') && contents.has('apiVersion');

function parsed(source: Source, problems: Diagnostics, mayBeManifest: boolean): readonly YamlFile[] | null {
  const { text } = source;
  if (text.length > MAX_CHARACTERS) {
    problems.report('M0108', `the file is larger than ${MAX_CHARACTERS / 1024 / 1024} MB`, null, { help: 'split it into several files', values: { file: source.file } });
    return null;
  }
  const depth = tooDeepYaml(text);
  if (depth >= 0) {
    problems.report('M0108', 'the YAML is nested too deeply', { source, start: depth, end: depth + 1 }, { help: `at most ${deepestYaml} levels may stand in each other` });
    return null;
  }
  let documents: Document.Parsed[];
  try {
    documents = documentsOf(text);
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    problems.report('M0108', 'the YAML is nested too deeply', { source, start: 0, end: 1 }, { help: 'put it into several files or routes' });
    return null;
  }
  const errors = errorsOf(documents);
  if (errors.length > 0) {
    reportSyntax(source, errors, problems);
    return null;
  }
  const filled = documents.filter(({ contents }) => !isEmptyNode(contents as YamlNode | null));
  if (mayBeManifest && filled.length > 0 && filled.every(isResource)) documents = filled;
  const [document, second] = documents;
  if (second !== undefined && !(mayBeManifest && documents === filled)) {
    const marker = text.indexOf('---', document!.range[1]);
    problems.report('M0106', 'the file holds several YAML documents', { source, start: Math.max(marker, 0), end: Math.max(marker, 0) + 3 }, {
      label: 'a second document starts here',
      help: 'put every document into a file of its own, or make one list of both',
      fix: removeLines({ source, start: Math.max(marker, 0), end: Math.max(marker, 0) + 3 }),
    });
    return null;
  }
  const files: YamlFile[] = [];
  for (const one of documents.length === 0 ? [null] : documents) {
    const root = (one?.contents ?? null) as YamlNode | null;
    if (text.includes('{{')) barePlaceholders(source, root, problems);
    const targets = new Map<Alias, YamlNode>();
    if (text.includes('*') && !resolveAliases(source, root, targets, problems)) return null;
    files.push(new YamlFile(source, root, targets));
  }
  return files;
}

const compose = (text: string, tokens: ReturnType<Parser['parse']>): Document.Parsed[] => [...new Composer<ParsedNode>({ schema: 'failsafe', uniqueKeys: false, merge: false, logLevel: 'silent' }).compose(tokens, true, text.length)] as Document.Parsed[];

const errorsOf = (documents: readonly Document.Parsed[]): readonly SyntaxError[] => documents.flatMap((one) => one.errors);

const isUnclosed = ({ message }: SyntaxError): boolean => /closing ["']quote|end with a [}\]]/.test(message);

/** A text's documents; its lines between brackets and quotes may begin anywhere. */
function documentsOf(text: string): Document.Parsed[] {
  const strict = compose(text, new Parser().parse(text));
  if (errorsOf(strict).length === 0) return strict;
  const loose = compose(text, looseTokens(text));
  // A bracket or quote without an end takes all that follows: what was said before points at its beginning.
  return errorsOf(loose).some(isUnclosed) ? strict : loose;
}

/** Lexer's states, as far as they are changed. */
interface LexerStates {
  indentNext: number;
  parseFlowCollection(): Generator<string, string | undefined>;
  parseQuotedScalar(): Generator<string, string | undefined>;
}

/** Reads on in brackets and quotes wherever the next line begins: YAML wants it further in than their key, Camel's reader does not. */
function* looseTokens(text: string): ReturnType<Parser['parse']> {
  const lexer = new Lexer();
  const states = lexer as unknown as LexerStates;
  for (const name of ['parseFlowCollection', 'parseQuotedScalar'] as const) {
    const strict = states[name].bind(lexer);
    states[name] = function* () {
      const wanted = states.indentNext;
      states.indentNext = 0;
      const next = yield* strict();
      states.indentNext = wanted;
      return next;
    };
  }
  const parser = new Parser();
  for (const token of lexer.lex(text)) yield* parser.next(token);
  yield* parser.end();
}

/** `key: {{name}}` is a mapping whose key is a mapping, to YAML: says so, and puts the text there that was meant. */
function barePlaceholders(source: Source, root: YamlNode | null, problems: Diagnostics): void {
  const meant = (node: unknown): YamlNode | null => {
    if (!isMap(node) || node.items.length !== 1 || !isMap(node.items[0]!.key) || node.range == null) return null;
    const [start, end] = node.range;
    const written = source.text.slice(start, end);
    if (!/^\{\{[^{}\n]*\}\}$/.test(written)) return null;
    const at = { source, start, end };
    // What else stands behind it, such as one more colon, can not stand behind a text in quotes.
    const isWhole = /^(?:\s*(?:[,}\]]|$)|\s+#)/.test(source.text.slice(end, endOfLine(source, end)));
    const quoted = quotedText(written);
    problems.report('M0107', `\`${written}\` is a mapping to YAML`, at, { label: 'a text that needs quotes', help: `put it in quotes: ${quoted}`, fix: isWhole ? replaceWith(at, quoted) : null });
    const text = new ScalarNode(written);
    text.range = node.range;
    text.type = 'QUOTE_DOUBLE';
    return text;
  };
  const visit = (node: unknown): void => {
    if (isMap(node)) {
      for (const pair of node.items) {
        pair.value = meant(pair.value) ?? pair.value;
        visit(pair.value);
      }
    } else if (isSeq(node)) {
      node.items = node.items.map((item) => meant(item) ?? item);
      node.items.forEach(visit);
    }
  };
  visit(root);
}

/** Finds the node of every alias. False when one has none, or when together they stand for too much. */
function resolveAliases(source: Source, root: YamlNode | null, targets: Map<Alias, YamlNode>, problems: Diagnostics): boolean {
  const anchors = new Map<string, YamlNode>();
  const sizes = new Map<YamlNode, number>();
  let isFine = true;
  const at = (node: YamlNode): Span => ({ source, start: node.range![0], end: node.range![1] });
  const visit = (node: YamlNode | null): number => {
    if (node === null) return 1;
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined) {
        problems.report('M0109', `there is no anchor \`&${node.source}\` before this alias`, at(node), { help: `write \`&${node.source}\` before the value that it stands for` });
        isFine = false;
        return 1;
      }
      const size = sizes.get(target);
      if (size === undefined) {
        problems.report('M0109', `the alias \`*${node.source}\` stands inside the value that it repeats`, at(node), { help: 'take the alias out, or name another anchor' });
        isFine = false;
        return 1;
      }
      targets.set(node, target);
      return size;
    }
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) anchors.set(anchor, node);
    let size = 1;
    if (isMap(node)) for (const { key, value } of node.items) size += visit(key as YamlNode | null) + visit(value as YamlNode | null);
    else if (isSeq(node)) for (const item of node.items) size += visit(item as YamlNode | null);
    sizes.set(node, size);
    return size;
  };
  const total = visit(root);
  if (!isFine) return false;
  const written = sizes.size;
  if (total - written > MAX_NODES_THROUGH_ALIASES) {
    problems.report('M0108', `the aliases of the file stand for ${total > 1e9 ? 'over a billion' : total} values`, targets.size > 0 ? at([...targets.keys()][0]!) : null, {
      help: `at most ${MAX_NODES_THROUGH_ALIASES} values may be repeated through aliases`,
    });
    return false;
  }
  return true;
}

interface SyntaxError {
  readonly code: string;
  readonly message: string;
  readonly pos: [number, number];
}

/** The lines of a text that can't be read. */
function errorLines(text: string): readonly number[] {
  const source = new Source('', text);
  return errorsOf(documentsOf(text)).map(({ pos }) => source.position(pos[0]).line);
}

/** Lines that no YAML has, and that make all of it unreadable: what is wrong, and what to do. */
const strangeLines: readonly (readonly [line: RegExp, message: string, label: string, help: string])[] = [
  [/^(?:<{7} |={7}$|>{7} )/m, 'a conflict that git found is not resolved', 'a mark of git', 'keep one of the two sides, and take the marks out'],
  [/^```/m, 'a line of Markdown stands in the file', 'no YAML', 'take the lines with ``` out'],
  [/^[ \t]*\/\/(?= |$)/m, 'a comment starts with `#` in YAML', 'no comment', 'write `#` in the place of `//`'],
];

function reportSyntax(source: Source, errors: readonly SyntaxError[], problems: Diagnostics): void {
  for (const [line, message, label, help] of strangeLines) {
    const found = line.exec(source.text);
    if (found === null) continue;
    const start = found.index + found[0].search(/\S/);
    problems.report('M0101', message, { source, start, end: found.index + found[0].trimEnd().length }, { label, help });
    return;
  }
  const sorted = [...errors].sort((a, b) => a.pos[0] - b.pos[0]);
  let lastLine = 0;
  let shown = 0;
  let lastRepair = -1;
  const budget = new RepairBudget();
  for (const error of sorted) {
    const { line } = source.position(error.pos[0]);
    if (line === lastLine || shown === MAX_SYNTAX_ERRORS) continue; // one slip often gives several errors on its line
    if (lastRepair >= 0 && /token in YAML stream/.test(error.message)) return; // the reader has lost the thread where the repair is
    lastLine = line;
    shown++;
    const repair = tabBefore(source, error.pos[0]) < 0 ? syntaxRepair(source, error.pos[0], errorLines, budget) : null;
    if (repair !== null) {
      if (repair.at.start === lastRepair) continue;
      lastRepair = repair.at.start;
      const { code = 'M0101', message, at, label, help, fix } = repair;
      problems.report(code, message, at, { label, help, fix });
      continue;
    }
    reportSyntaxError(source, error, problems);
    if (error.code === 'TAB_AS_INDENT' || error.code === 'MISSING_CHAR') return; // what follows would only be its echo
  }
}

function reportSyntaxError(source: Source, { code, message, pos }: SyntaxError, problems: Diagnostics): void {
  const { text } = source;
  const [start] = pos;
  let [, end] = pos;
  const tab = tabBefore(source, start);
  if (code === 'TAB_AS_INDENT' || tab >= 0) {
    const at = tab >= 0 ? tab : start;
    problems.report('M0102', 'a tab can not be used for indentation', { source, start: at, end: at + 1 }, { label: 'a tab', help: 'use two spaces for each level', fix: replaceWith({ source, start: at, end: at + 1 }, '  ') });
    return;
  }
  if (end <= start) end = Math.min(start + 1, text.length);
  const lineEnd = text.indexOf('\n', start);
  if (lineEnd >= 0 && end > lineEnd && lineEnd > start) end = lineEnd;
  const at = { source, start: Math.min(start, Math.max(text.length - 1, 0)), end: Math.max(end, Math.min(start, Math.max(text.length - 1, 0)) + 1) };
  const quote = /closing (["'])quote/.exec(message)?.[1];
  if (quote !== undefined) {
    const opening = openingQuote(source, start, quote);
    problems.report('M0101', `a text that starts with ${quote} has no closing ${quote}`, { source, start: opening, end: opening + 1 }, { label: 'starts here', help: `put ${quote} at the end of the text`, fix: insertAt(source, endOfLine(source, opening), quote) });
    return;
  }
  const unclosed = /end with a ([}\]])/.exec(message)?.[1];
  if (unclosed !== undefined) {
    const opening = openingBracket(text, start, unclosed === '}' ? '{' : '[', unclosed);
    problems.report('M0101', `a ${unclosed === '}' ? 'mapping' : 'list'} that starts with ${unclosed === '}' ? '{' : '['} has no closing ${unclosed}`, { source, start: opening, end: opening + 1 }, {
      label: 'starts here',
      help: `put ${unclosed} at its end`,
      fix: insertAt(source, endOfLine(source, opening), `${/[\s{[]$/.test(source.text.slice(0, endOfLine(source, opening))) ? '' : ' '}${unclosed}`),
    });
    return;
  }
  if (/block collections are not allowed/i.test(message)) {
    problems.report('M0101', 'a list with dashes stands between brackets', { source, start, end: start + 1 }, { label: 'a dash can not stand between { } or [ ]', help: 'take the brackets and commas around it away and indent its lines below their key, or write the entries as `[ one, two ]`' });
    return;
  }
  // Its beginning has been complained about already.
  if (/flow-error-end/.test(message) && problems.hasErrors) return;
  if (/at node end$/.test(message)) {
    problems.report('M0103', 'this does not go on with what stands above', firstWord(source, at), { label: 'neither a list entry nor inside of one', help: 'start it with `- ` where it is an entry of the list, or indent it below the entry that it belongs to' });
    return;
  }
  if (/cannot start with (?:reserved|directive|block)|start with reserved character/i.test(message)) {
    problems.report('M0101', `a text can not start with \`${text[at.start] ?? ''}\` here`, at, { label: 'means something else in YAML', help: 'put the text in quotes' });
    return;
  }
  if (code === 'BAD_INDENT' || /block sequence may not be used as an implicit map key/i.test(message) || /indent|All mapping items|All sequence items|same column/i.test(message)) {
    problems.report('M0103', 'the indentation does not fit the lines above', firstWord(source, at), {
      label: 'starts at a column where nothing else starts',
      help: 'let keys of one mapping, and the `-` of one list, start in the same column',
      fix: nearestColumn(source, firstWord(source, at)),
    });
    return;
  }
  const deeper = deeperLine(source, start);
  if (deeper !== null && /[Nn]ested mappings|Implicit|implicit/.test(message)) {
    problems.report('M0103', 'the line is indented deeper than the one above', deeper.at, { label: 'starts too far to the right', help: `let it start in the same column as \`${deeper.above}\``, fix: moveTo(deeper.at, deeper.column) });
    return;
  }
  if (/Implicit keys need to be on a single line|Implicit map keys|Nested mappings are not allowed|mapping.*colon|Implicit key/i.test(message)) {
    problems.report('M0103', 'a key and its colon are not where a mapping can go on', firstWord(source, at), {
      help: 'check the indentation here and on the line above; put texts that contain `: ` in quotes',
    });
    return;
  }
  if (/maximum call stack/i.test(message)) {
    problems.report('M0108', 'the YAML is nested too deeply', at, { help: 'put it into several files or routes' });
    return;
  }
  problems.report('M0101', `the YAML can not be read: ${message.charAt(0).toLowerCase()}${message.slice(1).replace(/\.$/, '')}`, at, {});
}

/** The line below an offset, when it starts deeper than that of the offset though that one has a value already. */
function deeperLine(source: Source, offset: number): { at: Span; above: string; column: number } | null {
  const { line } = source.position(offset);
  const above = /^(\s*(?:- +)*)([\w.-]+):\s+\S/.exec(source.line(line));
  const below = /^(\s*)[\w.-]+:/.exec(source.line(line + 1));
  if (above === null || below === null || below[1]!.length <= above[1]!.length) return null;
  return { at: firstWord(source, { start: offsetOfLine(source, line + 1) }), above: above[2]!, column: above[1]!.length };
}

/** Lets a line start at a column (from 0). */
const moveTo = ({ source, start }: Span, column: number): Fix => {
  const from = source.text.lastIndexOf('\n', start - 1) + 1;
  return replaceWith({ source, start: from, end: start }, ' '.repeat(column));
};

/** Lets a line start where the nearest line above starts that is off by one blank. Null when there is none. */
function nearestColumn(source: Source, word: Span): Fix | null {
  const { line, column } = source.position(word.start);
  if (source.line(line).slice(0, column - 1).trim() !== '') return null;
  for (let above = line - 1; above > 0; above--) {
    const start = /^ *(?:- +)*/.exec(source.line(above))![0].length;
    if (Math.abs(start - (column - 1)) === 1) return moveTo(word, start);
  }
  return null;
}

function tabBefore(source: Source, offset: number): number {
  const { text } = source;
  for (const line of [source.position(Math.min(offset, text.length)).line, source.position(Math.min(offset, text.length)).line + 1]) {
    const content = source.line(line);
    const indent = /^[ \t]*/.exec(content)![0];
    const tab = indent.indexOf('\t');
    if (tab >= 0 && tab < content.length - 1) return offsetOfLine(source, line) + tab;
  }
  return -1;
}

function offsetOfLine(source: Source, line: number): number {
  let offset = 0;
  for (let current = 1; current < line; current++) offset = source.text.indexOf('\n', offset) + 1;
  return offset;
}

function openingQuote(source: Source, end: number, quote: string): number {
  // The last quote that may start a text: those inside of the text stand after letters, as a rule.
  const { text } = source;
  for (let at = text.lastIndexOf(quote, end - 1); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(quote, at - 1)) {
    if (at === 0 || /[\s[{,:-]/.test(text[at - 1]!)) return at;
  }
  return Math.max(0, end - 1);
}

/** The last opening bracket before an offset that is not closed before it. */
function openingBracket(text: string, end: number, opening: string, closing: string): number {
  let depth = 0;
  for (let at = end - 1; at >= 0; at--) {
    if (text[at] === closing) depth++;
    else if (text[at] === opening && depth-- === 0) return at;
  }
  return Math.max(0, text.lastIndexOf(opening, end));
}

/** Narrows a span to the first word in it. */
function firstWord(source: Source, { start }: { start: number }): Span {
  const { text } = source;
  let from = start;
  while (from < text.length - 1 && /\s/.test(text[from]!)) from++;
  let to = from;
  while (to < text.length && !/[\s:,]/.test(text[to]!)) to++;
  return { source, start: from, end: Math.max(to, from + 1) };
}
