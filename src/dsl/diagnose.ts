import { createColors } from 'picocolors';
import type { Diagnostic, Fix, Span } from '../core/diagnostics.ts';
import { showSpan } from '../core/diagnostics.ts';

const MAX_LINE = 160;

/**
 * Complaints as people read them: what is wrong, where, the excerpt with a caret, what to do.
 * One after the other with an empty line between; no line end after the last.
 */
export function printDiagnostics(list: readonly Diagnostic[], { color = false }: { color?: boolean } = {}): string {
  return list.map((diagnostic) => printDiagnostic(diagnostic, color)).join('\n\n');
}

function printDiagnostic({ code, severity, message, at, label, help, docs, values }: Diagnostic, color: boolean): string {
  const { bold, red, yellow, blue, cyan } = createColors(color);
  const tint = severity === 'error' ? red : yellow;
  const lines = [`${bold(tint(`${severity}[${code}]`))}${bold(`: ${message}`)}`];
  let margin = '';
  if (at !== null) {
    const { source, start } = at;
    const { line, column } = source.position(start);
    const before = line > 1 && source.line(line - 1).trim() !== '' ? line - 1 : null;
    margin = ' '.repeat(String(line).length);
    const gutter = (number: number | null): string => blue(`${number === null ? margin : String(number).padStart(margin.length)} |`);
    const { text, caret, width } = excerpt(at, column, line, values['isSecret'] === true);
    lines.push(`${margin}${blue('-->')} ${showSpan(at)}`, gutter(null));
    if (before !== null) lines.push(`${gutter(before)} ${clip(hideSecrets(source.line(before)))}`);
    lines.push(`${gutter(line)} ${text}`, `${gutter(null)} ${' '.repeat(caret)}${tint(`${'^'.repeat(width)}${label === null ? '' : ` ${label}`}`)}`);
    if (help !== null || docs !== null) lines.push(gutter(null));
  } else if (typeof values['file'] === 'string') {
    lines.push(` ${blue('-->')} ${values['file']}`);
  }
  if (help !== null) lines.push(`${margin} ${blue('=')} ${cyan('help')}: ${help}`);
  if (docs !== null) lines.push(`${margin} ${blue('=')} ${cyan('docs')}: ${docs}`);
  return lines.join('\n');
}

/** The line of a span, cut to a readable width around it, and where the caret stands below it. */
function excerpt({ source, start, end }: Span, column: number, line: number, isSecret: boolean): { text: string; caret: number; width: number } {
  const shown = hideSecrets(source.line(line));
  const lineEnd = start - (column - 1) + shown.length;
  const width = Math.max(1, Math.min(end, lineEnd) - start);
  const caret = column - 1;
  const whole = isSecret ? shown.slice(0, caret) + shown.slice(caret, caret + width).replace(/[^"']/g, 'x') + shown.slice(caret + width) : shown;
  if (whole.length <= MAX_LINE) return { text: whole, caret, width };
  const from = Math.max(0, Math.min(caret - 60, whole.length - MAX_LINE));
  const head = from > 0 ? '...' : '';
  const text = whole.slice(from, from + MAX_LINE);
  return {
    text: `${head}${text}${from + MAX_LINE < whole.length ? '...' : ''}`,
    caret: caret - from + head.length,
    width: Math.min(width, Math.max(1, MAX_LINE - (caret - from))),
  };
}

const clip = (line: string): string => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}...` : line);

const secretValue = /((?:pass(?:word|phrase|wd)|secret|token|api-?key|access-?key|credential)[\w-]*\s*[=:]\s*)(RAW\([^)]*\)|"[^"]*"|'[^']*'|[^&\s"'},]+)/gi;

/** A line fit to be shown: tabs as one blank (the caret counts characters), values that look secret as `x`, in their length; placeholders are no secrets. */
const hideSecrets = (line: string): string =>
  line.replaceAll('\t', ' ').replace(secretValue, (whole, name: string, value: string) => (/\{\{|\$\{/.test(value) ? whole : `${name}${value.replace(/[^"']/g, 'x')}`));

export interface JsonProblem {
  readonly line: number;
  readonly column: number;
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly help?: string;
  readonly fix?: JsonFix;
}

/** Edits that make the complaint go away: lines and columns from 1, ends exclusive. */
export interface JsonFix {
  readonly isSure: boolean;
  readonly edits: readonly { readonly line: number; readonly column: number; readonly endLine: number; readonly endColumn: number; readonly text: string }[];
}

const jsonFix = ({ isSure, edits }: Fix): JsonFix => ({
  isSure,
  edits: edits.map(({ at, text }) => {
    const end = at.source.position(at.end);
    return { ...at.source.position(at.start), endLine: end.line, endColumn: end.column, text };
  }),
});

export interface JsonReport {
  readonly file: string;
  readonly ok: boolean;
  readonly problems: readonly JsonProblem[];
}

/** The complaints about one file as data, for `--format json`: lines and columns from 1; 0 for what has no place in the file. */
export function toJson(file: string, list: readonly Diagnostic[]): JsonReport {
  const own = list.filter(({ at, values }) => (at === null ? values['file'] === undefined || values['file'] === file : at.source.file === file));
  return {
    file,
    ok: !own.some(({ severity }) => severity === 'error'),
    problems: own.map(({ at, severity, code, message, help, fix }) => ({
      ...(at === null ? { line: 0, column: 0 } : at.source.position(at.start)),
      severity,
      code,
      message,
      ...(help === null ? {} : { help }),
      ...(fix === null ? {} : { fix: jsonFix(fix) }),
    })),
  };
}
