import { LRUCache } from 'lru-cache';
import { RE2JS } from 're2js';
import { lettersIn } from '../../core/conversion/letters.ts';
import { work } from './bounds.ts';
import { JqError, describe, typeName } from './values.ts';

/** Patterns may come out of messages: they are matched in linear time, and only so many are kept. */
const patterns = new LRUCache<string, RE2JS>({ max: 500 });

function compiled(source: unknown, flags: unknown, input: unknown): { readonly pattern: RE2JS; readonly isGlobal: boolean; readonly skipsEmpty: boolean } {
  if (typeof source !== 'string') throw new JqError(`${describe(source)} cannot be matched, as it is not a string`);
  if (flags !== null && typeof flags !== 'string') throw new JqError(`${describe(flags)} is not a string`);
  const modes = flags ?? '';
  if (/[^gimnpslx]/.test(modes)) throw new JqError(`${modes} is not a valid modifier string`);
  if (typeof input !== 'string') throw new JqError(`${describe(input)} cannot be matched, as it is not a string`);
  const key = `${modes}/${source}`;
  let pattern = patterns.get(key);
  if (pattern === undefined) {
    // As in Oniguruma's Ruby syntax, `^` and `$` know lines, and `s` or `p` let the dot take their ends.
    let set = RE2JS.LOOKBEHINDS | RE2JS.MULTILINE;
    if (modes.includes('i')) set |= RE2JS.CASE_INSENSITIVE;
    if (/[sp]/.test(modes)) set |= RE2JS.DOTALL;
    const text = modes.includes('x') ? source.replace(/\\.|\[(?:\\.|[^\]])*\]|\s+|#.*$/gm, (part) => (/^(\s|#)/.test(part) ? '' : part)) : source;
    try {
      pattern = RE2JS.compile(text, set);
    } catch (thrown) {
      throw new JqError(`${source} (at offset 0) is not a valid regex: ${(thrown as Error).message}`);
    }
    patterns.set(key, pattern);
  }
  return { pattern, isGlobal: modes.includes('g'), skipsEmpty: modes.includes('n') };
}

export interface Capture {
  readonly offset: number;
  readonly length: number;
  readonly string: string | null;
  readonly name: string | null;
}

export interface Match {
  readonly offset: number;
  readonly length: number;
  readonly string: string;
  readonly captures: readonly Capture[];
  /** In UTF-16 units, for what cuts texts. */
  readonly from: number;
  readonly to: number;
}

export function test(input: unknown, source: unknown, flags: unknown): boolean {
  const { pattern } = compiled(source, flags, input);
  return pattern.matcher(input as string).find();
}

/** All matches with the flag `g`, else at most one. */
export function matches(input: unknown, source: unknown, flags: unknown, isGlobalAnyway = false): Match[] {
  const { pattern, isGlobal, skipsEmpty } = compiled(source, flags, input);
  const text = input as string;
  const names = new Map(Object.entries(pattern.namedGroups()).map(([name, group]) => [Number(group), name]));
  const matcher = pattern.matcher(text);
  const found: Match[] = [];
  let letters = 0;
  let counted = 0;
  while (matcher.find()) {
    work(10);
    const [from, to] = [matcher.start(), matcher.end()];
    if (from === to && skipsEmpty) continue;
    letters += lettersIn(text, counted, from);
    counted = from;
    const captures: Capture[] = [];
    for (let group = 1; group <= matcher.groupCount(); group++) {
      const string = matcher.group(group) ?? null;
      captures.push({
        offset: string === null ? -1 : letters + lettersIn(text, from, matcher.start(group)),
        length: string === null ? 0 : lettersIn(string),
        string,
        name: names.get(group) ?? null,
      });
    }
    found.push({ offset: letters, length: lettersIn(text, from, to), string: text.slice(from, to), captures, from, to });
    if (!isGlobal && !isGlobalAnyway) break;
  }
  return found;
}

/** What `match` shows of one. */
export const shown = ({ offset, length, string, captures }: Match): Record<string, unknown> => ({ offset, length, string, captures: captures.map((capture) => ({ ...capture })) });

export const namedCaptures = ({ captures }: Match): Record<string, unknown> => Object.fromEntries(captures.filter(({ name }) => name !== null).map(({ name, string }) => [name!, string]));

/** The pattern and flags of `match("x"; "g")`, `match(["x", "g"])`. */
export function patternAndFlags(value: unknown): readonly [unknown, unknown] {
  if (typeof value === 'string') return [value, null];
  if (Array.isArray(value) && value.length > 0) return [value[0], value[1] ?? null];
  throw new JqError(`${typeName(value)} not a string or array`);
}
