import picomatch from 'picomatch';
import { BoundedRegExp } from './boundedRegExp.ts';

/** Whether a path is one of Ant's patterns. What a pattern of many stars takes too long for fails, as any regular expression does. */
export function antPatterns(patterns: readonly string[], isCaseSensitive = true): (path: string) => boolean {
  const options = { dot: true, nocase: !isCaseSensitive, nobrace: true, nobracket: true, noextglob: true, nonegate: true };
  const all = patterns.map((pattern) => ({ pattern, expression: new BoundedRegExp(picomatch.makeRe(pattern, options)) }));
  return (path) => all.some(({ pattern, expression }) => path === pattern || expression.test(path));
}
