import { RE2JS } from 're2js';
import { ExchangeError } from '../../core/errors.ts';
import { BoundedRegExp, interruptibly, isInterruption } from '../../core/boundedRegExp.ts';
import { splitText } from '../../core/conversion/manyParts.ts';
import { strayBrace } from '../../core/strayBrace.ts';

/** Patterns seen last; those that come out of messages must not fill the memory. */
const compiled = new Map<string, RE2JS>();

/** Compiled, a pattern takes hundreds of times the memory. */
const longestPattern = 20_000;

/** A pattern in Java's notation, matched in linear time. @throws PatternSyntaxException */
export function pattern(source: string): RE2JS {
  let found = compiled.get(source);
  if (found === undefined) {
    if (source.length > longestPattern) throw new ExchangeError('java.util.regex.PatternSyntaxException', `a regular expression of ${source.length} letters: ${longestPattern} are the most`);
    try {
      if (strayBrace(source) >= 0) throw new Error('illegal repetition');
      found = RE2JS.compile(source.replaceAll('\\\\/', '/'), RE2JS.LOOKBEHINDS);
    } catch (thrown) {
      throw new ExchangeError('java.util.regex.PatternSyntaxException', `bad regular expression '${source}': ${(thrown as Error).message}`);
    }
    if (compiled.size > 500) compiled.clear();
    compiled.set(source, found);
  }
  return found;
}

/** Shorter texts are through with at once, whatever the pattern. */
const shortText = 50_000;
const longestMillis = 1000;

/** Linear time is long for a long text. */
export function inTime<T>(source: string, text: string, run: () => T): T {
  if (text.length <= shortText) return run();
  try {
    return interruptibly(run, longestMillis);
  } catch (thrown) {
    if (!isInterruption(thrown)) throw thrown;
    throw new ExchangeError('java.util.concurrent.TimeoutException', `the regular expression '${source}' was not done after ${longestMillis} ms with a text of ${text.length} letters`);
  }
}

/**
 * Whether a whole text matches. A pattern that stands in a route may look around and refer back, which linear time can't do:
 * JavaScript's own engine takes it then. One that comes out of a message may not.
 */
export function matcher(source: string, isWrittenInRoute = false): (text: string) => boolean {
  let linear: RE2JS;
  try {
    linear = pattern(source);
  } catch (thrown) {
    const backtracking = isWrittenInRoute && /\(\?<?[=!]|\\[1-9]|\(\?>|[*+?}]\+/.test(source) ? ownEngine(source) : null;
    if (backtracking === null) throw thrown;
    return (text) => backtracking.test(text);
  }
  return (text) => inTime(source, text, () => linear.matches(text));
}

function ownEngine(source: string): RegExp | null {
  const [, flags = '', rest = source] = /^\(\?([ims]+)\)([^]*)$/.exec(source) ?? [];
  try {
    return new BoundedRegExp(`^(?:${rest})$`, `${flags}u`);
  } catch {
    return null;
  }
}

/** Java's String.split: the separator is a pattern, empty texts at the end are left out. */
export function splitByPattern(text: string, source: string): string[] {
  if (text === '') return [''];
  const parts = source.length === 1 && !'.$|()[{^?*+\\'.includes(source) ? splitText(text, source) : inTime(source, text, () => pattern(source).split(text));
  while (parts.length > 0 && parts[parts.length - 1] === '') parts.pop();
  return parts;
}
