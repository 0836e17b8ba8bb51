import { BoundedRegExp } from './boundedRegExp.ts';

/**
 * A pattern of names as Camel takes it: the name itself, a start that ends with `*`, or a regular expression for the whole name; all
 * without regard to case.
 * @throws SyntaxError when it is neither a name nor a valid regular expression
 */
export function namePattern(pattern: string): (name: string) => boolean {
  const folded = pattern.toLowerCase();
  if (folded === '*') return () => true;
  if (folded.endsWith('*') && !/[.()[\]|?+^$\\]/.test(folded)) {
    const start = folded.slice(0, -1);
    return (name) => name.toLowerCase().startsWith(start);
  }
  if (/^[\w-]*$/.test(pattern)) return (name) => name.toLowerCase() === folded;
  const expression = new BoundedRegExp(`^(?:${pattern})$`, 'i');
  const start = folded.endsWith('*') ? folded.slice(0, -1) : null;
  return (name) => name.toLowerCase() === folded || (start !== null && name.toLowerCase().startsWith(start)) || expression.test(name);
}

/** Patterns separated by commas; none when the text is absent. */
export function namePatterns(patterns: string | undefined): (name: string) => boolean {
  const all = (patterns ?? '')
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '')
    .map(namePattern);
  return (name) => all.some((matches) => matches(name));
}
