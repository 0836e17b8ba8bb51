import type { Diagnostic, Edit, Fix, Source, Span } from '../core/diagnostics.ts';
import type { YamlFile } from './yaml.ts';

/** Puts a text in place of a span. */
export const replaceWith = (at: Span, text: string, isSure = true): Fix => ({ edits: [{ at, text }], isSure });

export const insertAt = (source: Source, offset: number, text: string, isSure = true): Fix => replaceWith({ source, start: offset, end: offset }, text, isSure);

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;

/** Column of an offset, from 0; -1 when more than blanks and dashes stand before it on its line. */
function indentOf(text: string, offset: number): number {
  const before = text.slice(lineStart(text, offset), offset);
  return /^[ -]*$/.test(before) ? before.length : -1;
}

/** Lines of a text after the first, moved to the right. */
const moved = (text: string, by: number): string => text.replace(/\n(?=[^\n])/g, `\n${' '.repeat(by)}`);

/** Makes the mapping that stands where a list is wanted its one entry. Null in flow style. */
export function asListEntry(file: YamlFile, node: unknown, first: Span): Fix | null {
  const { source } = first;
  if (source.text[file.span(node).start] === '{') return replaceWith(file.span(node), `[${source.text.slice(file.span(node).start, file.span(node).end)}]`);
  if (indentOf(source.text, first.start) < 0) return null;
  const { end } = file.span(node);
  return replaceWith({ source, start: first.start, end }, `- ${moved(source.text.slice(first.start, end), 2)}`);
}

/** Gives the name of a step its colon and no options. A tab behind the dash goes: YAML allows it before a text, but not before a key. */
export function asBareStep({ source, start, end }: Span): Fix {
  const { text } = source;
  const gap = /(?<=-)[ \t]*\t[ \t]*$/.exec(text.slice(lineStart(text, start), start))?.[0] ?? '';
  return replaceWith({ source, start: start - gap.length, end }, `${gap === '' ? '' : ' '}${text.slice(start, end)}: {}`);
}

/** Moves the lines of a span to the right: it must start its line. Null when it does not. */
export function indent(at: Span, by: number, lead = ''): Fix | null {
  const { source, start, end } = at;
  const start0 = lineStart(source.text, start);
  if (!/^ *$/.test(source.text.slice(start0, start))) return null;
  return replaceWith({ source, start: start0, end }, `${' '.repeat(by)}${source.text.slice(start0, start)}${lead}${moved(source.text.slice(start, end), by + lead.length)}`);
}

/** Takes the lines of a span out. Null when other things stand on them. */
export function removeLines(at: Span): Fix | null {
  const { source, start, end } = at;
  const start0 = lineStart(source.text, start);
  const next = source.text.indexOf('\n', end);
  const end0 = next < 0 ? source.text.length : next + 1;
  if (source.text.slice(start0, start).trim() !== '' || source.text.slice(end, end0).trim() !== '') return null;
  return replaceWith({ source, start: start0, end: end0 }, '');
}

/** Moves an entry of a list, with its dash and its lines, before another entry. Null where they do not stand on lines of their own. */
export function moveEntry(entry: Span, before: Span): Fix | null {
  const { source } = entry;
  const [from, to] = [lineStart(source.text, entry.start), lineStart(source.text, before.start)];
  const isOwnLine = (start: number, offset: number): boolean => /^ *- *$/.test(source.text.slice(start, offset));
  if (!isOwnLine(from, entry.start) || !isOwnLine(to, before.start)) return null;
  const removed = removeLines({ source, start: entry.start - /[ -]*$/.exec(source.text.slice(from, entry.start))![0].length, end: from + source.text.slice(from, entry.end).trimEnd().length });
  if (removed === null) return null;
  const [{ at }] = removed.edits as [Edit];
  const text = source.text.slice(at.start, at.end);
  return { edits: [...removed.edits, { at: { source, start: to, end: to }, text: text.endsWith('\n') ? text : `${text}\n` }], isSure: true };
}

/** Puts a step into another one, as the one entry of a list there: `- when:` into `choice`. Null in flow style. */
export function wrapStep(step: Span, value: Span, outer: string, list: string): Fix | null {
  const { source, start } = step;
  const { text } = source;
  const column = start - lineStart(text, start);
  if (!/^ *- $/.test(text.slice(lineStart(text, start), start)) || !/^\s*\n/.test(text.slice(step.end + 1, value.start))) return null;
  const inner = value.start - lineStart(text, value.start);
  const by = column + 6 - inner;
  const end = value.start + text.slice(value.start, value.end).trimEnd().length;
  if (inner <= column || by < 0) return null;
  return replaceWith({ source, start, end }, `${outer}:\n${' '.repeat(column + 2)}${list}:\n${' '.repeat(column + 4)}- ${moved(text.slice(value.start, end), by)}`);
}

/** The end of the line of an offset, without blanks at its end. */
export function lineEnd({ text }: Source, offset: number): number {
  const next = text.indexOf('\n', offset);
  let end = next < 0 ? text.length : next;
  while (end > offset && /\s/.test(text[end - 1]!)) end--;
  return end;
}

/** A text as YAML takes it in any place. */
export const quotedText = (text: string): string => (/["\\]/.test(text) && /^[^'\n\t]*$/.test(text) ? `'${text}'` : JSON.stringify(text));

/** A text with pieces of it replaced, which do not touch each other. */
export const applyEdits = (text: string, edits: readonly Edit[]): string => [...edits].sort((a, b) => b.at.start - a.at.start).reduce((mended, { at, text: piece }) => mended.slice(0, at.start) + piece + mended.slice(at.end), text);

/**
 * The text of a file with the fixes of its complaints made, as many as do not touch each other; `isWanted` chooses.
 * Gives also how many were made.
 */
export function applyFixes(source: Source, problems: readonly Diagnostic[], isWanted: (fix: Fix) => boolean = ({ isSure }) => isSure): { text: string; count: number } {
  const taken: Edit[] = [];
  let count = 0;
  const touches = (a: Edit, b: Edit): boolean => a.at.start < b.at.end && b.at.start < a.at.end || a.at.start === b.at.start;
  for (const { fix } of problems) {
    if (fix === null || !isWanted(fix) || fix.edits.some(({ at }) => at.source.file !== source.file)) continue;
    if (fix.edits.some((edit) => taken.some((other) => touches(edit, other)))) continue;
    taken.push(...fix.edits);
    count++;
  }
  return { text: applyEdits(source.text, taken), count };
}
