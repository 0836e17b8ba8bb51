/**
 * How Camel cuts the text between a function's parentheses: at every separator outside of quotes (functions in it protect nothing), empty parts
 * are left out. Quotes are taken off wherever they stand, unless they are kept.
 */
export function splitArguments(text: string, options: { trim?: boolean; keepQuotes?: boolean } = {}): string[] {
  const { trim = true, keepQuotes = false } = options;
  if (!text.includes(',')) return [single(text, trim, keepQuotes)];
  const parts: string[] = [];
  let part = '';
  let quote = '';
  let afterSeparator = false;
  let i = 0;
  for (; i < text.length; i++) {
    const char = text[i]!;
    if ((char === "'" || char === '"') && (quote === '' || quote === char)) {
      const isLast = i === text.length - 1;
      if (quote === char && text[i - 1] === char && part === '') parts.push(keepQuotes ? char + char : '');
      if (isLast) {
        if (quote !== '' && part !== '') parts.push(keepQuotes ? part + char : part);
        part = '';
        break;
      }
      quote = quote === '' ? char : '';
      if (keepQuotes) part += char;
    } else if (quote === '' && char === ',') {
      afterSeparator = true;
      if (part !== '') parts.push(trim ? part.trim() : part);
      part = '';
    } else if (!(trim && quote === '' && afterSeparator && char === ' ')) {
      afterSeparator = false;
      part += char;
    }
  }
  if (part !== '') parts.push(trim ? part.trim() : part);
  return parts;
}

function single(text: string, trim: boolean, keepQuotes: boolean): string {
  const isQuoted = text.length > 1 && (text[0] === "'" || text[0] === '"') && text[0] === text[text.length - 1];
  if (isQuoted && !keepQuotes) return text.slice(1, -1);
  return trim && text.length > 1 ? text.trim() : text;
}

/** Every quote goes, wherever it stands. */
export const removeQuotes = (text: string): string => text.replaceAll("'", '').replaceAll('"', '');

/** One pair of quotes around the text goes, as many times as there is one. */
export function removeEndingQuotes(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length > 1 && (trimmed[0] === "'" || trimmed[0] === '"') && trimmed.endsWith(trimmed[0])) return trimmed.slice(1, -1);
  return text;
}
