import { RE2JS } from 're2js';
import { ExchangeError } from '../../core/errors.ts';

/** Patterns seen last; those that come out of messages must not fill the memory. */
const compiled = new Map<string, RE2JS>();

/** A brace that repeats nothing: Java refuses it. */
const strayBrace = /(?<!\\[pPxN])(?<!\\)\{(?!\d+(?:,\d*)?\})/;

/** A pattern in Java's notation, matched in linear time. @throws PatternSyntaxException */
export function pattern(source: string): RE2JS {
  let found = compiled.get(source);
  if (found === undefined) {
    try {
      if (strayBrace.test(source)) throw new Error('illegal repetition');
      found = RE2JS.compile(source.replaceAll('\\\\/', '/'), RE2JS.LOOKBEHINDS);
    } catch (thrown) {
      throw new ExchangeError('java.util.regex.PatternSyntaxException', `bad regular expression '${source}': ${(thrown as Error).message}`);
    }
    if (compiled.size > 500) compiled.clear();
    compiled.set(source, found);
  }
  return found;
}

/** Whether a whole text matches. */
export function matcher(source: string): (text: string) => boolean {
  const compiledPattern = pattern(source);
  return (text) => compiledPattern.matches(text);
}

/** Java's String.split: the separator is a pattern, empty texts at the end are left out. */
export function splitByPattern(text: string, source: string): string[] {
  if (text === '') return [''];
  const parts = source.length === 1 && !'.$|()[{^?*+\\'.includes(source) ? text.split(source) : pattern(source).split(text);
  while (parts.length > 0 && parts[parts.length - 1] === '') parts.pop();
  return parts;
}
