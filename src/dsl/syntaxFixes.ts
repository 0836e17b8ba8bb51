import { Lexer } from 'yaml';
import type { Fix, Source, Span } from '../core/diagnostics.ts';
import { applyEdits, quotedText } from './fixes.ts';

/** What breaks YAML's rules at a place, and how it reads when it is mended. */
export interface SyntaxRepair {
  readonly code?: 'M0103';
  readonly message: string;
  readonly at: Span;
  readonly label: string;
  readonly help: string;
  readonly fix: Fix;
}

/** How many characters are read again to find out what mends a file: each try reads all of an element. */
const mostTried = 400_000;

/** What is left of the characters that may be read again. */
export class RepairBudget {
  private left = mostTried;

  /** Whether a text may be tried; it counts then. */
  take(text: string): boolean {
    if (text.length > this.left) return false;
    this.left -= text.length;
    return true;
  }
}

interface Bracket {
  readonly open: number;
  close: number;
}

/** Brackets of flow style, outer ones first; one without an end ends with the text. */
function bracketsOf(text: string): Bracket[] {
  const found: Bracket[] = [];
  const open: Bracket[] = [];
  let at = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '{' || token === '[') {
      const bracket = { open: at, close: text.length };
      found.push(bracket);
      open.push(bracket);
    } else if (token === '}' || token === ']') {
      const last = open.pop();
      if (last !== undefined) last.close = at;
    }
    // Marks of the lexer's own are no text.
    if (!['\u0002', '\u0018', '\u001f'].includes(token)) at += token.length;
  }
  return found;
}

/** Where a text without quotes ends that stands in brackets: before the comma or bracket that is not its own. */
function endInBrackets(text: string, start: number, lineEnd: number): number {
  let depth = 0;
  for (let at = start; at < lineEnd; at++) {
    const letter = text[at]!;
    if (letter === '{' || letter === '[') depth++;
    else if ((letter === '}' || letter === ']') && depth-- === 0) return at;
    else if (letter === ',' && depth === 0) return at;
  }
  return lineEnd;
}

/** A text in quotes, and nothing behind it that belongs to it. */
const isWhole = (rest: string): boolean => /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*(?:[,}\]]|\s#|$)/.test(rest);

/** Values of a line that stand there without quotes. */
function bareValues(text: string, from: number, to: number, brackets: readonly Bracket[]): { start: number; end: number }[] {
  const line = text.slice(from, to);
  const values: { start: number; end: number }[] = [];
  for (const match of line.matchAll(/(?:^[\s-]*|[{,[]\s*)(?:"[^"]*"|'[^']*'|[\w.-]+):[ \t]+(?=\S)/g)) {
    const start = from + match.index + match[0].length;
    if (/^(?:[|>&*!#[]|\{(?!\{))/.test(text.slice(start)) || isWhole(text.slice(start, to))) continue;
    const isInBrackets = /[{[]/.test(line.slice(0, start - from)) || brackets.some(({ open, close }) => open < from && close > from);
    let end = isInBrackets ? endInBrackets(text, start, to) : start + text.slice(start, to).replace(/\s#.*$/, '').length;
    while (end > start && /\s/.test(text[end - 1]!)) end--;
    // A plain word is never what breaks the line.
    if (/[^\w.-]/.test(text.slice(start, end))) values.push({ start, end });
  }
  return values;
}

/**
 * Tries what is likely meant where a file can't be read: quotes around a text, a comma at the end of a line, no brackets around lines that are a block.
 * @param errorLines of a text: the lines that can't be read
 * @param budget of all repairs of the file
 */
export function syntaxRepair(source: Source, offset: number, errorLines: (text: string) => readonly number[], budget: RepairBudget): SyntaxRepair | null {
  const { text } = source;
  // Only the element of the file in which it stands is read again, with the one behind it.
  const first = Math.max(0, text.lastIndexOf('\n- ', offset) + 1);
  const second = text.indexOf('\n- ', Math.max(offset, first + 1));
  const third = second < 0 ? -1 : text.indexOf('\n- ', second + 1);
  const last = third < 0 ? text.length : third + 1;
  const element = text.slice(first, last);
  if (!budget.take(element)) return null;
  const line = element.slice(0, offset - first).split('\n').length;
  const before = new Set(errorLines(element));
  const helps = (edits: Fix['edits']): boolean => {
    if (edits.length === 0 || edits.some(({ at }) => at.start < first || at.end > last) || !budget.take(element)) return false;
    const moved = edits.map(({ at, text: put }) => ({ at: { source, start: at.start - first, end: at.end - first }, text: put }));
    return errorLines(applyEdits(element, moved)).every((left) => left > line || (left !== line && before.has(left)));
  };
  const span = (start: number, end: number): Span => ({ source, start, end });
  const from = text.lastIndexOf('\n', offset - 1) + 1;
  const next = text.indexOf('\n', from);
  const to = next < 0 ? text.length : next - (text[next - 1] === '\r' ? 1 : 0);
  const brackets = bracketsOf(element).map(({ open, close }) => ({ open: open + first, close: close + first }));
  const around = brackets.filter(({ open, close }) => open < offset && close > offset && text.slice(open, close).includes('\n'));
  const inner = around.at(-1);
  const comma = inner === undefined ? null : commas(source, inner, helps);
  if (comma !== null) return comma;
  const deeper = tooDeep(source, from, to, helps);
  if (deeper !== null) return deeper;
  const distance = ({ start, end }: { start: number; end: number }): number => Math.max(start - offset, offset - end, 0);
  for (const { start, end } of bareValues(text, from, to, brackets).sort((a, b) => distance(a) - distance(b))) {
    const value = text.slice(start, end);
    // Quotes around a text in which they stand as well.
    const inner = /^(["'])([^]+)\1$/.exec(value)?.[2];
    const areSeveral = inner !== undefined && /["']\s*(?:[!=<>]=|[<>+?]|&&|\|\|)/.test(inner);
    const put = quotedText(areSeveral ? value : (inner ?? value));
    const fix = { edits: [{ at: span(start, end), text: put }], isSure: true };
    if (helps(fix.edits)) return { message: `YAML reads \`${value}\` as something else than a text`, at: span(start, end), label: 'a text that needs quotes', help: `put it in quotes: ${put}`, fix };
  }
  return around.length === 0 ? null : asBlock(source, offset, around, helps);
}

/** A key that stands further in than the one above it, which has a text: the lines of it go back. */
function tooDeep(source: Source, from: number, to: number, helps: (edits: Fix['edits']) => boolean): SyntaxRepair | null {
  const { text } = source;
  const above = /^([ -]*)[\w-]+:[ \t]+[^\s#|>&*{["']/.exec(text.slice(from, to));
  const below = /^( *)([\w-]+):(?:\s|$)/.exec(text.slice(to + 1));
  if (above === null || below === null || below[1]!.length <= above[1]!.length) return null;
  const more = below[1]!.length - above[1]!.length;
  const edits: { at: Span; text: string }[] = [];
  for (let at = to + 1; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end < 0 ? text.length : end);
    if (line.trim() !== '' && line.search(/\S/) < below[1]!.length) break;
    if (line.trim() !== '') edits.push({ at: { source, start: at, end: at + more }, text: '' });
    at = end < 0 ? text.length : end + 1;
  }
  if (!helps(edits)) return null;
  const start = to + 1 + below[1]!.length;
  const key = above[0].trim().replace(/^- */, '').split(':')[0]!;
  return { code: 'M0103', message: 'the line is indented deeper than the one above', at: { source, start, end: start + below[2]!.length }, label: 'starts too far to the right', help: `let it start in the same column as \`${key}\``, fix: { edits, isSure: true } };
}

/** Commas behind the lines between two brackets that lack one. */
function commas(source: Source, { open, close }: Bracket, helps: (edits: Fix['edits']) => boolean): SyntaxRepair | null {
  const { text } = source;
  const edits: { at: Span; text: string }[] = [];
  for (let end = text.indexOf('\n', open); end >= 0 && end < close; end = text.indexOf('\n', end + 1)) {
    const content = text.slice(text.lastIndexOf('\n', end - 1) + 1, end).replace(/(?:^|\s)#.*$/, '').trimEnd();
    if (content === '' || /[,{[:]$/.test(content) || /^\s*[}\],]/.test(text.slice(end))) continue;
    const at = text.lastIndexOf('\n', end - 1) + 1 + content.length;
    edits.push({ at: { source, start: at, end: at }, text: ',' });
  }
  if (!helps(edits)) return null;
  const { at } = edits[0]!;
  const { line } = source.position(at.start);
  const mended = `${source.line(line).slice(0, source.position(at.start).column - 1).trim()},`;
  return { message: 'two entries between brackets have no comma between them', at: { source, start: at.start - 1, end: at.start }, label: 'a comma is missing behind this', help: `put a comma at the end of the line: \`${mended}\``, fix: { edits, isSure: true } };
}

/** Takes brackets and commas away that stand around lines which are indented and have dashes as in a block. */
function asBlock(source: Source, offset: number, around: readonly Bracket[], helps: (edits: Fix['edits']) => boolean): SyntaxRepair | null {
  const { text } = source;
  if (!/^\s*- /.test(text.slice(text.lastIndexOf('\n', offset - 1) + 1))) return null;
  const edits: { at: Span; text: string }[] = [];
  const drop = (start: number, end: number): void => void edits.push({ at: { source, start, end }, text: '' });
  for (const { open, close } of around) {
    const isAlone = /^[ \t]*(?:#.*)?\r?\n/.test(text.slice(open + 1)) && /\n[ \t]*$/.test(text.slice(0, close)) && /^[ \t,]*(?:\r?\n|$)/.test(text.slice(close + 1));
    const lines = text.slice(open + 1, close).split('\n');
    // What stands between them must be further in than the line that they begin on.
    const column = /^ */.exec(text.slice(text.lastIndexOf('\n', open - 1) + 1))![0].length;
    if (!isAlone || lines.slice(1, -1).some((line) => line.trim() !== '' && line.search(/\S/) <= column)) continue;
    drop(text.slice(0, open).trimEnd().length, open + 1);
    const lineStart = text.lastIndexOf('\n', close - 1) + 1;
    const end = text.indexOf('\n', close);
    drop(lineStart, end < 0 ? text.length : end + 1);
    let at = open + 1;
    for (const line of lines.slice(0, -1)) {
      const comma = /,\s*$/.exec(line);
      // A line may stand between several brackets.
      if (comma !== null && !edits.some((edit) => edit.at.start === at + comma.index)) drop(at + comma.index, at + comma.index + 1);
      at += line.length + 1;
    }
  }
  const label = 'a dash can not stand between { } or [ ]';
  const at = { source, start: offset, end: offset + 1 };
  if (!helps(edits)) return null;
  const bracket = text[around.at(-1)!.open]!;
  const opening = source.line(source.position(around.at(-1)!.open).line);
  const begun = opening.slice(0, opening.lastIndexOf(bracket)).trim();
  return { message: 'a list with dashes stands between brackets', at, label, help: `take the brackets and the commas at the ends of the lines away: \`${begun}\`, and the lines below it as they are indented`, fix: { edits, isSure: true } };
}
