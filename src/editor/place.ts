/** A key above the cursor, or the dash of a list entry (`-`), with the column and line where it stands. */
export interface Above {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  /** In flow style: the keys before it in its mapping. */
  readonly mapping?: ReadonlyMap<string, string>;
}

/** Where the cursor is in a YAML text that may be unfinished. */
export interface Place {
  /** From the file's root to the mapping or value at the cursor. */
  readonly path: readonly Above[];
  /** The key whose value is being written; null: a key, or an entry of a list. */
  readonly key: string | null;
  /** What stands before the cursor of that key or value, without an opening quote; and where it starts. */
  readonly written: string;
  readonly start: number;
  /** Keys of the mapping that the cursor is in, with their values as written. */
  readonly siblings: ReadonlyMap<string, string>;
}

const keyPattern = /^("[^"]*"|'[^']*'|[^\s:#{}[\],&*!|>'"%@`][^:#{}[\],]*?)\s*:(?:\s+(.*))?$/;

interface Line {
  readonly column: number;
  readonly dashes: readonly number[];
  readonly content: string;
}

/** A line as its dashes and what comes behind them; null for blank lines and comments. */
function readLine(text: string): Line | null {
  const [, indent, dashes, content] = /^( *)((?:-(?: +|$))*)(.*)$/.exec(text.replace(/\r$/, ''))!;
  if ((content === '' && dashes === '') || content!.startsWith('#') || content === '---') return null;
  const columns: number[] = [];
  for (let at = 0; at < dashes!.length; at++) if (dashes![at] === '-') columns.push(indent!.length + at);
  return { column: indent!.length + dashes!.length, dashes: columns, content: content! };
}

const keyOf = (content: string): { name: string; value: string } | null => {
  const match = keyPattern.exec(content);
  return match === null ? null : { name: match[1]!.replace(/^["']|["']$/g, ''), value: (match[2] ?? '').trim() };
};

/** What is open in flow style (`{ a: { b: `) before the cursor, and what is being written. */
function readFlow(content: string): { path: Pick<Above, 'name' | 'mapping'>[]; key: string | null; written: string; startsAt: number; siblings: Map<string, string> } {
  const path: Pick<Above, 'name' | 'mapping'>[] = [];
  const open: { siblings: Map<string, string>; isList: boolean }[] = [];
  let siblings = new Map<string, string>();
  let key: string | null = null;
  let from = 0;
  let quote = '';
  const segment = (to: number): string => content.slice(from, to).trim();
  const close = (at: number): void => {
    if (key !== null) siblings.set(key, segment(at));
    key = null;
    from = at + 1;
  };
  for (let at = 0; at < content.length; at++) {
    const letter = content[at]!;
    if (quote !== '') {
      if (letter === quote && content[at - 1] !== '\\') quote = '';
      continue;
    }
    if ((letter === '"' || letter === "'") && segment(at) === '') quote = letter;
    else if ((letter === '{' || letter === '[') && segment(at) === '') {
      if (key !== null) path.push({ name: key, mapping: siblings });
      if (open.at(-1)?.isList === true) path.push({ name: '-' });
      open.push({ siblings, isList: letter === '[' });
      siblings = new Map();
      key = null;
      from = at + 1;
    } else if ((letter === '}' || letter === ']') && open.length > 0) {
      close(at);
      const outer = open.pop()!;
      ({ siblings } = outer);
      if (open.at(-1)?.isList === true && path.at(-1)?.name === '-') path.pop();
      else key = path.pop()?.name ?? null;
    } else if (letter === ',' && open.length > 0) close(at);
    else if (letter === ':' && key === null && /^(\s|$)/.test(content.slice(at + 1))) {
      key = segment(at).replace(/^["']|["']$/g, '');
      from = at + 1;
    }
  }
  if (open.at(-1)?.isList === true) path.push({ name: '-' });
  const rest = content.slice(from);
  const lead = /^\s*["']?/.exec(rest)![0].length;
  return { path, key, written: rest.slice(lead), startsAt: from + lead, siblings };
}

/** Reads the text around an offset, by indentation: it need not be valid. */
export function placeAt(text: string, offset: number): Place {
  const lines = text.split('\n');
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const index = text.slice(0, lineStart).split('\n').length - 1;
  const before = text.slice(lineStart, offset);
  const [, indent, dashes, content] = /^( *)((?:-(?: +|$))*)(.*)$/s.exec(before)!;
  const column = indent!.length + dashes!.length;
  const path: Above[] = [];
  let limit = column;
  for (let at = dashes!.length - 1; at >= 0; at--) {
    if (dashes![at] !== '-') continue;
    path.unshift({ name: '-', line: index, column: indent!.length + at });
    limit = indent!.length + at;
  }
  const siblings = new Map<string, string>();
  // A line with a dash begins its mapping.
  let isInMapping = dashes === '';
  for (let line = index - 1; line >= 0 && (limit > 0 || path[0]?.name === '-'); line--) {
    const read = readLine(lines[line]!);
    if (read === null) continue;
    const key = keyOf(read.content);
    if (isInMapping && read.column === column && key !== null) siblings.set(key.name, key.value);
    if (read.dashes.length > 0 && read.dashes[0]! < column) isInMapping = false;
    else if (read.column < column) isInMapping = false;
    // The key of a list may stand in the column of its dashes.
    const fits = (at: number): boolean => at < limit || (at === limit && path[0]?.name === '-' && read.dashes.length === 0 && key !== null);
    if (key !== null && fits(read.column) && (key.value === '' || /^[&!|>]/.test(key.value))) {
      path.unshift({ name: key.name, line, column: read.column });
      limit = read.column;
    }
    for (let at = read.dashes.length - 1; at >= 0; at--) {
      const dash = read.dashes[at]!;
      if (dash < limit) {
        path.unshift({ name: '-', line, column: dash });
        limit = dash;
      }
    }
    if (limit === 0 && path[0]?.name !== '-') break;
    if (limit === 0 && path[0]?.name === '-' && read.column === 0) break;
  }
  // An entry further right than the one above it, which is not a list: meant to stand below it.
  for (let at = path.length - 1; at > 0; at--) {
    const [outer, inner] = [path[at - 1]!, path[at]!];
    if (outer.name === '-' && inner.name === '-' && outer.line !== inner.line && readLine(lines[outer.line]!)!.content !== '') path.splice(at - 1, 1);
  }
  // Keys below the cursor's line belong to the mapping, too.
  for (let line = index + 1; line < lines.length; line++) {
    const read = readLine(lines[line]!);
    if (read === null) continue;
    if (read.column < column || read.dashes.length > 0) {
      if (read.dashes.length > 0 && read.dashes[0]! >= column) continue;
      break;
    }
    const key = read.column === column ? keyOf(read.content) : null;
    if (key !== null) siblings.set(key.name, key.value);
  }
  const flow = readFlow(content!);
  const isFlow = flow.path.length > 0 || /[{[]/.test(content!.slice(0, content!.length - flow.written.length));
  if (isFlow) {
    for (const one of flow.path) path.push({ ...one, line: index, column });
    return { path, key: flow.key, written: flow.written, start: lineStart + column + flow.startsAt, siblings: flow.path.length > 0 ? flow.siblings : siblings };
  }
  const own = keyOf(content!);
  if (own === null && !/^[^\s:]+:\s*$/.test(content!)) {
    const lead = /^["']?/.exec(content!)![0].length;
    return { path, key: null, written: content!.slice(lead), start: lineStart + column + lead, siblings };
  }
  return { path, key: flow.key, written: flow.written, start: lineStart + column + flow.startsAt, siblings };
}

/** Keys of the mapping whose key `above` is, with their values as written. */
export function mappingOf(text: string, { line, column, mapping }: Above): ReadonlyMap<string, string> {
  if (mapping !== undefined && mapping.size > 0) return mapping;
  const lines = text.split('\n');
  const found = new Map<string, string>();
  const take = (at: number): boolean => {
    const read = readLine(lines[at]!);
    if (read === null) return true;
    if (read.column < column && read.dashes.every((dash) => dash < column)) return false;
    const key = read.column === column ? keyOf(read.content) : null;
    if (key !== null) found.set(key.name, key.value);
    return !(read.dashes.length > 0 && read.column === column);
  };
  for (let at = line; at >= 0; at--) if (!take(at)) break;
  for (let at = line + 1; at < lines.length; at++) {
    const read = readLine(lines[at]!);
    if (read !== null && read.dashes.some((dash) => dash < column)) break;
    if (!take(at)) break;
  }
  return found;
}

/** A text whose lines are indented by blanks alone, with an offset in it; null when they are already. */
export function withoutTabs(text: string, offset: number): { text: string; offset: number } | null {
  if (!/^[ ]*\t/m.test(text)) return null;
  const lines = text.split('\n');
  const indents = lines.map((line) => /^[ \t]*/.exec(line)![0]);
  const own = text.slice(0, offset).split('\n').length - 1;
  // Where lines are indented by blanks, a tab goes to one of their columns; else a level of tabs is further in than the dash and key above it.
  const columns = new Set(lines.slice(0, own).flatMap((line, index) => (indents[index]!.includes('\t') || line.trim() === '' ? [] : [indents[index]!.length, /^ *(?:- +)*/.exec(line)![0].length])));
  columns.delete(0);
  const widthOf = (width: number, indent: string): number => indent.replaceAll('\t', ' '.repeat(width)).length;
  const width = columns.size === 0 ? 4 : ([2, 4, 8].find((one) => columns.has(widthOf(one, indents[own]!))) ?? 2);
  const expanded = lines.map((line, index) => ' '.repeat(widthOf(width, indents[index]!)) + line.slice(indents[index]!.length));
  const before = lines.slice(0, own).reduce((sum, line) => sum + line.length + 1, 0);
  const ahead = expanded.slice(0, own).reduce((sum, line) => sum + line.length + 1, 0);
  const indent = indents[own]!;
  const at = offset - before;
  return { text: expanded.join('\n'), offset: ahead + (at >= indent.length ? at - indent.length + widthOf(width, indent) : widthOf(width, indent.slice(0, at))) };
}
