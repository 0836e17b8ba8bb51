import { BoundedRegExp } from './boundedRegExp.ts';

/**
 * A pattern of names as Camel takes it: the name itself, a start that ends with `*`, or a regular expression for the whole name; all
 * without regard to case. What is no valid regular expression is a name and nothing else, as in Camel.
 */
export function namePattern(pattern: string): (name: string) => boolean {
  const folded = pattern.toLowerCase();
  if (folded === '*') return () => true;
  if (folded.endsWith('*') && !/[.()[\]|?+^$\\]/.test(folded)) {
    const start = folded.slice(0, -1);
    // As a regular expression, which it is as well, `foo*` takes `fo`, too.
    const less = start.slice(0, -1);
    return (name) => {
      const plain = name.toLowerCase();
      return plain.startsWith(start) || plain === less;
    };
  }
  if (/^[\w-]*$/.test(pattern)) return (name) => name.toLowerCase() === folded;
  const expression = expressionOf(pattern);
  const start = folded.endsWith('*') ? folded.slice(0, -1) : null;
  return (name) => name.toLowerCase() === folded || (start !== null && name.toLowerCase().startsWith(start)) || expression?.test(name) === true;
}

function expressionOf(pattern: string): BoundedRegExp | null {
  try {
    return new BoundedRegExp(`^(?:${pattern})$`, 'i');
  } catch {
    return null;
  }
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
