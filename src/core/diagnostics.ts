/** A text with its name, in which positions are offsets. */
export class Source {
  readonly file: string;
  readonly text: string;
  private lineStarts: number[] | null = null;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** Line and column of an offset, both from 1. */
  position(given: number): { line: number; column: number } {
    // What is missing at the end of a file is told behind it.
    const offset = Math.min(given, this.text.length);
    const starts = this.starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - starts[low]! + 1 };
  }

  /** The text of a line (from 1), without its end. */
  line(number: number): string {
    const starts = this.starts();
    const start = starts[number - 1];
    if (start === undefined) return '';
    const end = starts[number] ?? this.text.length + 1;
    return this.text.slice(start, end - 1).replace(/\r$/, '');
  }

  get lines(): number {
    return this.starts().length;
  }

  private starts(): number[] {
    if (this.lineStarts === null) {
      this.lineStarts = [0];
      for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) this.lineStarts.push(at + 1);
    }
    return this.lineStarts;
  }
}

/** A piece of a source: offsets, the end exclusive. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

export const showSpan = (at: Span): string => {
  const { line, column } = at.source.position(at.start);
  return `${at.source.file}:${line}:${column}`;
};

export type Severity = 'error' | 'warning';

export interface Edit {
  readonly at: Span;
  /** What stands there afterwards. */
  readonly text: string;
}

/** What makes a complaint go away, for programs to apply. */
export interface Fix {
  readonly edits: readonly Edit[];
  /** False: it makes the file valid, but a person must say whether it is what was meant, or fill something in. */
  readonly isSure: boolean;
}

/** A complaint as data; printing it is the caller's matter. */
export interface Diagnostic {
  readonly code: string;
  readonly severity: Severity;
  /** Stands alone, starts in lower case, says what is wrong. */
  readonly message: string;
  readonly at: Span | null;
  /** What stands under the caret. */
  readonly label: string | null;
  /** What to do about it. */
  readonly help: string | null;
  readonly docs: string | null;
  readonly fix: Fix | null;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Collects all problems, so that they are shown at once. */
export class Diagnostics {
  readonly list: Diagnostic[] = [];

  report(code: string, message: string, at: Span | null, more: { severity?: Severity; label?: string; help?: string | null; docs?: string | null; fix?: Fix | null; values?: Record<string, unknown> } = {}): void {
    this.list.push({
      code,
      severity: more.severity ?? 'error',
      message,
      at,
      label: more.label ?? null,
      help: more.help ?? null,
      docs: more.docs ?? null,
      fix: more.fix ?? null,
      values: more.values ?? {},
    });
  }

  get hasErrors(): boolean {
    return this.list.some(({ severity }) => severity === 'error');
  }

  /** In the order of files and positions. */
  sorted(): Diagnostic[] {
    return [...this.list].sort((a, b) => {
      if (a.at === null || b.at === null) return a.at === b.at ? 0 : a.at === null ? -1 : 1;
      return a.at.source.file === b.at.source.file ? a.at.start - b.at.start : a.at.source.file < b.at.source.file ? -1 : 1;
    });
  }
}

/** A load that failed, with everything that is wrong. */
export class LoadError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(({ code, message, at }) => `${at === null ? '' : `${showSpan(at)}: `}${code}: ${message}`).join('\n'));
    this.name = 'LoadError';
    this.diagnostics = diagnostics;
  }
}

/**
 * The nearest of `names` to a misspelt one, or null when none is near: at most a third of the letters may differ
 * (restricted Damerau-Levenshtein distance, letter case and dashes aside).
 */
export function nearest(wrong: string, names: Iterable<string>): string | null {
  const plain = (name: string): string => name.toLowerCase().replace(/[-_]/g, '');
  const target = plain(wrong);
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(target.length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(target, plain(name), bestDistance);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) distance = Math.min(distance, before[j - 2]! + 1);
      current.push(distance);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length]!;
}
