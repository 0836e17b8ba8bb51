const count = /\{\d+(?:,\d*)?\}/y;

/**
 * Where a pattern in Java's notation has a brace that repeats nothing, which Java refuses and JavaScript takes for itself; -1 where there is none.
 * A brace that is quoted, or in a character class, is a letter.
 */
export function strayBrace(pattern: string): number {
  let classes = 0;
  for (let at = 0; at < pattern.length; at++) {
    switch (pattern[at]) {
      case '\\': {
        const letter = pattern[++at];
        const isNamed = letter !== undefined && 'pPxN'.includes(letter) && pattern[at + 1] === '{';
        if (letter !== 'Q' && !isNamed) break;
        const end = pattern.indexOf(isNamed ? '}' : '\\E', at);
        if (end < 0) return -1;
        at = isNamed ? end : end + 1;
        break;
      }
      case '[':
        classes++;
        if (pattern[at + 1] === '^') at++;
        // The first bracket in a class is a letter.
        if (pattern[at + 1] === ']') at++;
        break;
      case ']':
        if (classes > 0) classes--;
        break;
      case '{':
        if (classes > 0) break;
        count.lastIndex = at;
        if (!count.test(pattern)) return at;
        break;
      default:
    }
  }
  return -1;
}
