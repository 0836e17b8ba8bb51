import { Lexer, Parser } from 'yaml';

/**
 * Levels that a YAML document may have. Who reads one calls itself for each level; where the stack ends while V8 compiles a regular expression, it ends the
 * whole process, and nothing can be caught. That is at some 900 levels.
 */
export const deepestYaml = 400;

/** Where a document is nested deeper than that, or -1. */
export function tooDeepYaml(text: string): number {
  return mayBeTooDeep(text) ? firstTooDeep(text) : -1;
}

const [newline, tab, space, colon, dash, question] = [0x0a, 0x09, 0x20, 0x3a, 0x2d, 0x3f];
const [openList, closeList, openMap, closeMap] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Each level takes a bracket, or a column at the beginning of its line; a list may stand in the column of its key. */
function mayBeTooDeep(text: string): boolean {
  let open = 0;
  let columns = 0;
  let isBeginning = true;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === newline) {
      columns = 0;
      isBeginning = true;
    } else if (isBeginning && (code === space || code === dash || code === tab || code === question || code === colon)) columns++;
    else {
      isBeginning = false;
      if (code === openList || code === openMap) open++;
      else if ((code === closeList || code === closeMap) && open > 0) open--;
      else continue;
    }
    if (open + 2 * columns > deepestYaml) return true;
  }
  return false;
}

function firstTooDeep(text: string): number {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme)) {
      // Whole documents: only how deep it is counts.
    }
    // The document itself, and what is being read.
    if (parser.stack.length - 2 > deepestYaml) return parser.offset;
  }
  return -1;
}
