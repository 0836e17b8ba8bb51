import type { CustomPatternMatcherFunc, IToken, TokenType } from 'chevrotain';
import { createToken, EmbeddedActionsParser, EOF, Lexer } from 'chevrotain';
import type { ExactNumber } from '../../core/conversion/exactNumber.ts';
import { exactNumber } from '../../core/conversion/exactNumber.ts';
import { nearest } from '../../core/diagnostics.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';

/** A run of plain text; escapes are resolved. */
export interface TextNode {
  readonly kind: 'text';
  readonly text: string;
  readonly offset: number;
}

/** `${...}`: what stands between the braces, nested functions still as text. */
export interface FunctionNode {
  readonly kind: 'function';
  readonly text: string;
  readonly offset: number;
  readonly end: number;
  /** Where `text` begins in the source; the two run in parallel while no escape has been resolved. */
  readonly textOffset: number;
  readonly hasNested: boolean;
}

/** `'...'` or `"..."` in a predicate: text and functions. */
export interface QuotedNode {
  readonly kind: 'quoted';
  readonly parts: readonly (TextNode | FunctionNode)[];
  readonly offset: number;
  readonly end: number;
}

export interface ConstantNode {
  readonly kind: 'constant';
  readonly value: number | ExactNumber | boolean | null;
  /** As it was written: `5.0` is a decimal number. */
  readonly text: string;
  readonly offset: number;
  readonly end: number;
}

export type OperatorGroup = 'unary' | 'binary' | 'logical' | 'chain' | 'elvis' | 'ternary';

/** An operator that has not been bound to its operands yet. */
export interface OperatorNode {
  readonly kind: 'operator';
  readonly group: OperatorGroup;
  readonly operator: string;
  readonly offset: number;
  readonly end: number;
}

export interface OperationNode {
  readonly kind: 'operation';
  readonly group: OperatorGroup;
  readonly operator: string;
  readonly operands: readonly SimpleNode[];
  readonly offset: number;
  readonly end: number;
}

export type SimpleNode = TextNode | FunctionNode | QuotedNode | ConstantNode | OperatorNode | OperationNode;

export const binaryOperators = [
  ...['==', '=~', '>', '>=', '<', '<=', '!=', '!=~', '~~', '!~~', 'contains', '!contains', 'regex', '!regex', 'in', '!in', 'is', '!is', 'range', '!range'],
  ...['startsWith', '!startsWith', 'starts with', 'endsWith', '!endsWith', 'ends with', 'not contains', 'not regex', 'not in', 'not is', 'not range'],
] as const;

/** Which operators don't take numbers, booleans and null without quotes on their right. */
const takesOnlyText = new Set(['regex', '!regex', 'not regex', 'is', '!is', 'not is', 'range', '!range', 'not range']);

const isSpace = (char: string | undefined): boolean => char === ' ' || char === '\t' || char === '\n' || char === '\r';
const isSpaceOrEnd = (char: string | undefined): boolean => char === undefined || isSpace(char);

/** A pattern that looks at what stands around the match; chevrotain wants it sticky. */
const matcher = (match: (text: string, offset: number, before: readonly IToken[]) => string | null): CustomPatternMatcherFunc => {
  return ((text: string, offset: number, before: IToken[]) => {
    const found = match(text, offset, before);
    return found === null ? null : ([found] as unknown as RegExpExecArray);
  });
};

const functionEnd = createToken({ name: 'FunctionEnd', pattern: '}', pop_mode: true });
const functionStart = createToken({ name: 'FunctionStart', pattern: /\$(?:simple)?\{/, push_mode: 'inside', start_chars_hint: ['$'] });
const escape = createToken({ name: 'Escape', pattern: /\\[nrt}]/, start_chars_hint: ['\\'] });
const templateText = createToken({ name: 'TemplateText', pattern: /[^$\\?~+-]+|[$\\?~+-]/, line_breaks: true });
const functionText = createToken({ name: 'FunctionText', pattern: /[^$\\}]+|[$\\]/, line_breaks: true });

const unary = createToken({
  name: 'Unary',
  pattern: matcher((text, offset, before) => {
    const operator = text.slice(offset, offset + 2);
    if (operator !== '++' && operator !== '--') return null;
    return before.at(-1)?.tokenType === functionEnd && isSpaceOrEnd(text[offset + 2]) ? operator : null;
  }),
  start_chars_hint: ['+', '-'],
  line_breaks: false,
});
const chain = createToken({ name: 'Chain', pattern: /\?~>|~>/, start_chars_hint: ['?', '~'] });
const elvis = createToken({
  name: 'Elvis',
  pattern: matcher((text, offset) => (text.startsWith('?:', offset) && isSpace(text[offset - 1]) && isSpace(text[offset + 2]) ? '?:' : null)),
  start_chars_hint: ['?'],
  line_breaks: false,
});
const ternary = createToken({
  name: 'Ternary',
  pattern: matcher((text, offset) => {
    const char = text[offset];
    return (char === '?' || char === ':') && isSpace(text[offset - 1]) && isSpace(text[offset + 1]) ? char : null;
  }),
  start_chars_hint: ['?', ':'],
  line_breaks: false,
});

const longestFirst = [...binaryOperators].sort((a, b) => b.length - a.length);
const binary = createToken({
  name: 'Binary',
  pattern: matcher((text, offset) => {
    if (!isSpace(text[offset - 1])) return null;
    for (const operator of longestFirst) if (text.startsWith(operator, offset) && isSpace(text[offset + operator.length])) return operator;
    return null;
  }),
  start_chars_hint: [...new Set(binaryOperators.map((operator) => operator[0]!))],
  line_breaks: false,
});
const logical = createToken({ name: 'Logical', pattern: /&&|\|\|/, start_chars_hint: ['&', '|'] });
const whiteSpace = createToken({ name: 'WhiteSpace', pattern: /[ \t\r\n]+/, line_breaks: true });
/** What stands in quotes behind `regex` is the pattern as it is, with braces and without functions. */
const quotedPattern = createToken({
  name: 'QuotedPattern',
  pattern: matcher((text, offset, before) => {
    const operator = before.at(-2);
    if (before.at(-1)?.tokenType !== whiteSpace || operator?.tokenType !== binary || !operator.image.endsWith('regex')) return null;
    const end = text.indexOf(text[offset]!, offset + 1);
    return end < 0 ? null : text.slice(offset, end + 1);
  }),
  start_chars_hint: ["'", '"'],
  line_breaks: true,
});
const singleQuote = createToken({ name: 'SingleQuote', pattern: "'", push_mode: 'single' });
const doubleQuote = createToken({ name: 'DoubleQuote', pattern: '"', push_mode: 'double' });
const endSingle = createToken({ name: 'EndSingle', pattern: "'", pop_mode: true });
const endDouble = createToken({ name: 'EndDouble', pattern: '"', pop_mode: true });
const singleText = createToken({ name: 'SingleText', pattern: /[^$\\'}]+|[$\\]/, line_breaks: true });
const doubleText = createToken({ name: 'DoubleText', pattern: /[^$\\"}]+|[$\\]/, line_breaks: true });
const numeric = createToken({ name: 'Numeric', pattern: /[-+]?[\d.]*\d[\d.]*/ });
const keyword = createToken({
  name: 'Keyword',
  pattern: matcher((text, offset) => {
    for (const word of ['true', 'false', 'null']) if (text.startsWith(word, offset)) return word;
    return null;
  }),
  start_chars_hint: ['t', 'f', 'n'],
  line_breaks: false,
});
const stray = createToken({ name: 'Stray', pattern: /[^]/, line_breaks: true });

const inside: TokenType[] = [functionStart, functionEnd, escape, functionText];

const templateModes = { template: [functionStart, unary, chain, elvis, escape, templateText], inside };
const predicateModes = {
  predicate: [functionStart, whiteSpace, quotedPattern, singleQuote, doubleQuote, unary, chain, elvis, ternary, binary, logical, numeric, keyword, stray],
  inside,
  single: [functionStart, endSingle, escape, singleText, stray],
  double: [functionStart, endDouble, escape, doubleText, stray],
};

const every = [...new Set([...Object.values(templateModes), ...Object.values(predicateModes)].flat())];

const escapes: Readonly<Record<string, string>> = { '\\n': '\n', '\\t': '\t', '\\r': '\r', '\\}': '}' };
/** In a text between quotes of a condition a `\n` is a backslash and an n, as in Camel. */
const quotedEscapes: Readonly<Record<string, string>> = { '\\}': '}' };

/** The shape of both languages: a flat list of texts, functions, values and operators; what binds to what is decided afterwards. */
class SimpleParser extends EmbeddedActionsParser {
  inCondition = false;

  constructor() {
    super(every, { skipValidations: true, recoveryEnabled: false });
    this.performSelfAnalysis();
  }

  readonly template = this.RULE('template', (): SimpleNode[] => {
    const nodes: SimpleNode[] = [];
    this.MANY(() =>
      this.OR([
        { ALT: () => nodes.push(this.SUBRULE(this.callOfFunction)) },
        { ALT: () => addText(nodes, this.CONSUME(templateText)) },
        { ALT: () => addText(nodes, this.CONSUME(escape)) },
        { ALT: () => nodes.push(operatorNode('unary', this.CONSUME(unary))) },
        { ALT: () => nodes.push(operatorNode('chain', this.CONSUME(chain))) },
        { ALT: () => nodes.push(operatorNode('elvis', this.CONSUME(elvis))) },
      ]),
    );
    return nodes;
  });

  readonly predicate = this.RULE('predicate', (): (SimpleNode | IToken)[] => {
    const nodes: (SimpleNode | IToken)[] = [];
    this.MANY(() =>
      this.OR([
        { ALT: () => nodes.push(this.SUBRULE(this.callOfFunction)) },
        { ALT: () => nodes.push(patternNode(this.CONSUME(quotedPattern))) },
        { ALT: () => nodes.push(this.SUBRULE(this.singleQuoted)) },
        { ALT: () => nodes.push(this.SUBRULE(this.doubleQuoted)) },
        { ALT: () => nodes.push(operatorNode('unary', this.CONSUME(unary))) },
        { ALT: () => nodes.push(operatorNode('chain', this.CONSUME(chain))) },
        { ALT: () => nodes.push(operatorNode('elvis', this.CONSUME(elvis))) },
        { ALT: () => nodes.push(operatorNode('ternary', this.CONSUME(ternary))) },
        { ALT: () => nodes.push(operatorNode('binary', this.CONSUME(binary))) },
        { ALT: () => nodes.push(operatorNode('logical', this.CONSUME(logical))) },
        { ALT: () => nodes.push(constantNode(this.CONSUME(numeric))) },
        { ALT: () => nodes.push(constantNode(this.CONSUME(keyword))) },
        { ALT: () => nodes.push(this.CONSUME(whiteSpace)) },
        { ALT: () => nodes.push(this.CONSUME(stray)) },
      ]),
    );
    return nodes;
  });

  private readonly callOfFunction = this.RULE('callOfFunction', (): FunctionNode => {
    const start = this.CONSUME(functionStart);
    let text = '';
    let hasNested = false;
    this.MANY(() =>
      this.OR([
        {
          ALT: () => {
            const { image } = this.CONSUME(functionText);
            // In a condition Camel loses the quotes behind the first function inside of a function.
            text += hasNested && this.inCondition ? image.replace(/['"]/g, '') : image;
          },
        },
        { ALT: () => (text += escapes[this.CONSUME(escape).image] ?? '') },
        {
          ALT: () => {
            text += `\${${this.SUBRULE(this.callOfFunction).text}}`;
            hasNested = true;
          },
        },
      ]),
    );
    const end = this.CONSUME(functionEnd);
    return { kind: 'function', text, offset: start.startOffset, end: end.startOffset + 1, textOffset: start.startOffset + start.image.length, hasNested };
  });

  private readonly singleQuoted = this.RULE('singleQuoted', (): QuotedNode => {
    const start = this.CONSUME(singleQuote);
    const parts: (TextNode | FunctionNode)[] = [];
    this.MANY(() =>
      this.OR([
        { ALT: () => parts.push(this.SUBRULE(this.callOfFunction)) },
        { ALT: () => addText(parts, this.CONSUME(singleText)) },
        { ALT: () => addText(parts, this.CONSUME(escape), quotedEscapes) },
      ]),
    );
    const end = this.CONSUME(endSingle);
    return { kind: 'quoted', parts, offset: start.startOffset, end: end.startOffset + 1 };
  });

  private readonly doubleQuoted = this.RULE('doubleQuoted', (): QuotedNode => {
    const start = this.CONSUME(doubleQuote);
    const parts: (TextNode | FunctionNode)[] = [];
    this.MANY(() =>
      this.OR([
        { ALT: () => parts.push(this.SUBRULE(this.callOfFunction)) },
        { ALT: () => addText(parts, this.CONSUME(doubleText)) },
        { ALT: () => addText(parts, this.CONSUME(escape), quotedEscapes) },
      ]),
    );
    const end = this.CONSUME(endDouble);
    return { kind: 'quoted', parts, offset: start.startOffset, end: end.startOffset + 1 };
  });
}

function addText(nodes: SimpleNode[], token: IToken, resolved = escapes): void {
  const text = token.tokenType === escape ? (resolved[token.image] ?? token.image) : token.image;
  const last = nodes.at(-1);
  if (last?.kind === 'text') nodes[nodes.length - 1] = { kind: 'text', text: last.text + text, offset: last.offset };
  else nodes.push({ kind: 'text', text, offset: token.startOffset });
}

const patternNode = ({ image, startOffset }: IToken): QuotedNode => ({
  kind: 'quoted',
  parts: image.length === 2 ? [] : [{ kind: 'text', text: image.slice(1, -1), offset: startOffset + 1 }],
  offset: startOffset,
  end: startOffset + image.length,
});

const operatorNode = (group: OperatorGroup, token: IToken): OperatorNode => ({
  kind: 'operator',
  group,
  operator: token.image,
  offset: token.startOffset,
  end: token.startOffset + token.image.length,
});

/** A whole number that a JavaScript number can't hold stays exact. */
function exactConstant(text: string): number | ExactNumber {
  const value = Number(text);
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? exactNumber(text.replace('+', '')) : value;
}

function constantNode(token: IToken): ConstantNode {
  const { image } = token;
  const value = image === 'null' ? null : image === 'true' ? true : image === 'false' ? false : exactConstant(image);
  return { kind: 'constant', value, text: image, offset: token.startOffset, end: token.startOffset + image.length };
}

// Made on first use: chevrotain's analysis of the grammar stays out of the start-up path.
let parser: SimpleParser | null = null;
let templateLexer: Lexer | null = null;
let predicateLexer: Lexer | null = null;

const lexerOptions = { positionTracking: 'onlyOffset', skipValidations: true, ensureOptimizations: false } as const;

function run<T>(rule: 'template' | 'predicate', source: string): T {
  parser ??= new SimpleParser();
  const lexer =
    rule === 'template'
      ? (templateLexer ??= new Lexer({ modes: templateModes, defaultMode: 'template' }, lexerOptions))
      : (predicateLexer ??= new Lexer({ modes: predicateModes, defaultMode: 'predicate' }, lexerOptions));
  parser.inCondition = rule === 'predicate';
  parser.input = lexer.tokenize(source).tokens;
  const result = parser[rule]() as T;
  const error = parser.errors[0];
  if (error !== undefined) throw syntaxError(source, error.token, rule);
  return result;
}

function syntaxError(source: string, token: IToken, rule: 'template' | 'predicate'): ExpressionSyntaxError {
  if (token.tokenType === EOF) return unclosed(source, rule);
  return new ExpressionSyntaxError(`unexpected \`${token.image}\``, token.startOffset, token.image.length, token.image === '}' ? 'write `\\}` for a brace in quoted text' : null);
}

/** Points at the innermost opening that is still open at the end. */
function unclosed(source: string, rule: 'template' | 'predicate'): ExpressionSyntaxError {
  const open: { offset: number; opening: string }[] = [];
  for (let i = 0; i < source.length; i++) {
    const last = open.at(-1)?.opening;
    const char = source[i]!;
    if (char === '\\' && /[nrt}]/.test(source[i + 1] ?? '')) i++;
    else if (char === '$' && (source[i + 1] === '{' || source.startsWith('simple{', i + 1))) {
      open.push({ offset: i, opening: source.slice(i, source.indexOf('{', i) + 1) });
      i = source.indexOf('{', i);
    } else if (char === '}' && last?.startsWith('$')) open.pop();
    else if (rule === 'predicate' && (char === "'" || char === '"')) {
      if (last === char) open.pop();
      else if (last === undefined) open.push({ offset: i, opening: char });
    }
  }
  const innermost = open.at(-1) ?? { offset: 0, opening: source };
  const closing = innermost.opening.startsWith('$') ? '}' : innermost.opening;
  return new ExpressionSyntaxError(`\`${innermost.opening}\` is not closed`, innermost.offset, innermost.opening.length, `add \`${closing}\``);
}

/** Reads a text with functions (what `setBody` takes). */
export function parseTemplate(source: string): SimpleNode[] {
  const nodes = run<SimpleNode[]>('template', source);
  if (!nodes.some(({ kind }) => kind === 'operator')) return nodes;
  checkRightSides(nodes, source);
  let bound = bindUnary(nodes);
  bound = bindPairs(bound, 'chain', false);
  return bindPairs(bound, 'elvis', false);
}

/** In a text, what follows `~>` or `?:` must look like a value. */
function checkRightSides(nodes: readonly SimpleNode[], source: string): void {
  let isChained = false;
  for (const node of nodes) {
    if (node.kind !== 'operator' || node.group === 'unary') continue;
    // Behind the first `~>` Camel looks at no other one.
    if (node.group === 'chain' && isChained) continue;
    isChained ||= node.group === 'chain';
    if (!isSpace(source[node.end])) throw new ExpressionSyntaxError(`\`${node.operator}\` needs a blank after it`, node.offset, node.operator.length, `write \` ${node.operator} \``);
    const rest = source.slice(node.end).trimStart();
    const right = nodes.slice(nodes.indexOf(node) + 1).find((other) => !isBlankText(other));
    if (right?.kind === 'function' && !isSpaceOrEnd(source[right.end])) throw new ExpressionSyntaxError('a blank is missing', right.end, 1, `what \`${node.operator}\` takes must stand alone`);
    const literal = /^(?:'[^'$]*'|"[^"$]*"|[-+]?[\d.]+)/.exec(rest)?.[0];
    if (literal !== undefined) {
      const end = source.length - rest.length + literal.length;
      if (!isSpaceOrEnd(source[end])) throw new ExpressionSyntaxError('a blank is missing', end, 1, `what \`${node.operator}\` takes must stand alone`);
    }
    if (!/^(?:\$(?:simple)?\{|['"]|[-+]?\.?\d|true|false|null)/.test(rest)) throw badRightSide(node, source, node.end + (source.length - node.end - rest.length));
  }
}

const badRightSide = (node: OperatorNode, source: string, offset: number): ExpressionSyntaxError => {
  const word = /^\S+/.exec(source.slice(offset))?.[0] ?? '';
  return word === ''
    ? new ExpressionSyntaxError(`\`${node.operator}\` has nothing on its right`, node.offset, node.operator.length)
    : new ExpressionSyntaxError(`\`${node.operator}\` can't take \`${word}\``, offset, word.length, `write a function \`\${...}\` or a text in quotes: \`'${word}'\``);
};

/** Reads a condition (what `filter` and `when` take): the parts that must all hold. */
export function parsePredicate(source: string): SimpleNode[] {
  const raw = run<(SimpleNode | IToken)[]>('predicate', source);
  const nodes: SimpleNode[] = [];
  let spaced = true;
  for (const [i, node] of raw.entries()) {
    if (!('kind' in node)) {
      if (node.tokenType === whiteSpace) {
        spaced = true;
        continue;
      }
      throw strayToken(node, source, nodes);
    }
    if (node.kind === 'function' && node.hasNested) checkInside(node, source);
    checkPlace(node, nodes, spaced, raw[i + 1], source);
    nodes.push(node);
    spaced = false;
  }
  const last = nodes.at(-1);
  if (last?.kind === 'operator' && last.group !== 'unary') throw badRightSide(last, source, source.length);
  if (nodes.length === 0) throw new ExpressionSyntaxError('an empty condition', 0, Math.max(1, source.length));
  let bound = bindUnary(nodes);
  bound = bindPairs(bound, 'chain', true);
  bound = bindPairs(bound, 'binary', true);
  bound = bindTernary(bound);
  bound = bindPairs(bound, 'elvis', true);
  return bindPairs(bound, 'logical', true);
}

const comparisonInside = new RegExp(`\\}\\s+(${binaryOperators.map((operator) => operator.replace(/[^\w ]/g, '\\$&')).join('|')})\\s`);

/** Camel can't read a comparison inside a function of a condition, unless it is quoted. */
function checkInside({ textOffset, end }: FunctionNode, source: string): void {
  const match = comparisonInside.exec(source.slice(textOffset, end - 1).replace(/\\'/g, '__').replace(/'[^']*'|"[^"]*"/g, (quoted) => '_'.repeat(quoted.length)));
  if (match === null) return;
  const offset = textOffset + match.index + match[0].indexOf(match[1]!, 1);
  throw new ExpressionSyntaxError(`\`${match[1]!}\` can't stand inside a function of a condition`, offset, match[1]!.length, 'write the comparison outside of the function, or set a variable with it first');
}

const startOf = (node: SimpleNode | IToken | undefined): 'space' | 'end' | 'other' => (node === undefined ? 'end' : !('kind' in node) && node.tokenType === whiteSpace ? 'space' : 'other');

const isChain = (node: SimpleNode | undefined): boolean => node?.kind === 'operator' && node.group === 'chain';

function checkPlace(node: SimpleNode, before: readonly SimpleNode[], spaced: boolean, next: SimpleNode | IToken | undefined, source: string): void {
  const last = before.at(-1);
  if (node.kind === 'operator') {
    if (node.group === 'unary') return;
    if (last === undefined || (last.kind === 'operator' && last.group !== 'unary')) {
      throw new ExpressionSyntaxError(`\`${node.operator}\` has nothing on its left`, node.offset, node.operator.length);
    }
    if (startOf(next) === 'end') throw badRightSide(node, source, source.length);
    if (startOf(next) !== 'space' || (!spaced && node.group !== 'chain')) {
      throw new ExpressionSyntaxError(`\`${node.operator}\` needs a blank on both sides`, node.offset, node.operator.length, `write \` ${node.operator} \``);
    }
    return;
  }
  const operator = last?.kind === 'operator' && last.group !== 'unary' ? last : null;
  if (operator === null && node.kind === 'constant' && typeof node.value !== 'boolean') {
    throw new ExpressionSyntaxError(`unexpected \`${node.text}\``, node.offset, node.text.length, 'the left side is a function `${...}` or a text in quotes');
  }
  // As in Camel, which reads it behind two links.
  if (operator?.group === 'binary' && node.kind === 'constant' && typeof node.value !== 'boolean' && isChain(before.at(-3)) && !isChain(before.at(-5))) {
    throw new ExpressionSyntaxError(`a chain can't be compared with \`${node.text}\``, node.offset, node.text.length, node.value === null ? 'put the chain into a variable first' : `write \`'${node.text}'\``);
  }
  if (operator?.group === 'binary' && node.kind === 'constant' && takesOnlyText.has(operator.operator)) throw badRightSide(operator, source, node.offset);
  if ((node.kind === 'constant' || operator !== null) && startOf(next) === 'other') {
    const followed = next as SimpleNode | IToken;
    const offset = 'kind' in followed ? followed.offset : followed.startOffset;
    if (!('kind' in followed && followed.kind === 'operator' && followed.group === 'unary')) {
      if (operator !== null && node.kind === 'constant') throw badRightSide(operator, source, node.offset);
      throw new ExpressionSyntaxError('a blank is missing', offset, 1);
    }
    throw new ExpressionSyntaxError(`\`${source.slice(offset, offset + 2)}\` can't stand on the right side`, offset, 2);
  }
}

const wordOperators = ['contains', 'regex', 'in', 'is', 'range', 'startsWith', 'endsWith'];

function strayToken(token: IToken, source: string, before: readonly SimpleNode[]): ExpressionSyntaxError {
  const offset = token.startOffset;
  const word = /^[^\s$'"}]+/.exec(source.slice(offset))?.[0] ?? token.image;
  const last = before.at(-1);
  if (last?.kind === 'operator' && last.group !== 'unary') return badRightSide(last, source, offset);
  const known: string[] = [...binaryOperators, '&&', '||'];
  if (known.includes(word)) return new ExpressionSyntaxError(`\`${word}\` needs a blank on both sides and a value on its right`, offset, word.length, `write \` ${word} \``);
  if (last === undefined) {
    const help = /^[A-Za-z]/.test(word) ? `for a text write \`'${word}'\`, for a function \`\${${word}}\`` : 'the left side is a function `${...}` or a text in quotes';
    return new ExpressionSyntaxError(`unexpected \`${word}\``, offset, word.length, help);
  }
  return new ExpressionSyntaxError(`unknown operator \`${word}\``, offset, word.length, operatorHelp(word));
}

const lookalikes: Readonly<Record<string, string>> = {
  '=': '==',
  '===': '==',
  '!==': '!=',
  '<>': '!=',
  '=<': '<=',
  '=>': '>=',
  and: '&&',
  or: '||',
  AND: '&&',
  OR: '||',
  '&': '&&',
  '|': '||',
  like: 'regex',
  matches: 'regex',
  eq: '==',
  ne: '!=',
  gt: '>',
  lt: '<',
  instanceof: 'is',
};

function operatorHelp(word: string): string | null {
  const operator = lookalikes[word] ?? nearest(word, wordOperators);
  return operator === null ? null : `did you mean \`${operator}\`?`;
}

const isBlankText = (node: SimpleNode | undefined): boolean => node?.kind === 'text' && node.text.trim() === '';

function bindUnary(nodes: readonly SimpleNode[]): SimpleNode[] {
  const bound: SimpleNode[] = [];
  for (const node of nodes) {
    if (node.kind === 'operator' && node.group === 'unary') {
      const operand = bound.pop() as FunctionNode;
      bound.push({ kind: 'operation', group: 'unary', operator: node.operator, operands: [operand], offset: operand.offset, end: node.end });
    } else bound.push(node);
  }
  return bound;
}

export const startOffset = (node: SimpleNode): number => node.offset;
const endOffset = (node: SimpleNode): number => (node.kind === 'text' ? node.offset + node.text.length : node.end);

/** Binds the operators of one group to what stands on both sides, from the left. */
function bindPairs(nodes: readonly SimpleNode[], group: OperatorGroup, isPredicate: boolean): SimpleNode[] {
  if (!nodes.some((node) => node.kind === 'operator' && node.group === group)) return nodes as SimpleNode[];
  const bound: SimpleNode[] = [];
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    if (node.kind !== 'operator' || node.group !== group) {
      bound.push(node);
      continue;
    }
    if (!isPredicate && isBlankText(bound.at(-1))) {
      const blank = bound.pop() as TextNode;
      // As in Camel a second blank is a text of its own, and there is nothing to hand on.
      if (blank.text.length > 1 && bound.length > 0 && group === 'chain') {
        bound.push({ ...blank, text: ' ' });
        if (isBlankText(nodes[i + 1])) i++;
        continue;
      }
    }
    const before = bound.pop();
    const left = !isPredicate && before?.kind === 'text' ? { ...before, text: before.text.trimEnd() } : before;
    let right = nodes[++i];
    if (!isPredicate) {
      if (isBlankText(right)) right = nodes[++i];
      else if (right?.kind === 'text') right = { ...right, text: nodes[i + 1]?.kind === 'operator' ? right.text.trim() : right.text.trimStart() };
    }
    if (left === undefined || left.kind === 'operator') throw new ExpressionSyntaxError(`\`${node.operator}\` has nothing on its left`, node.offset, node.operator.length);
    if (right === undefined || right.kind === 'operator') throw new ExpressionSyntaxError(`\`${node.operator}\` has nothing on its right`, node.offset, node.operator.length);
    if (group === 'logical') for (const side of [left, right]) checkLogical(node, side);
    bound.push({ kind: 'operation', group, operator: node.operator, operands: [left, right], offset: startOffset(left), end: endOffset(right) });
  }
  return bound;
}

function checkLogical(operator: OperatorNode, side: SimpleNode): void {
  if (side.kind === 'operation' && (side.group === 'binary' || side.group === 'logical')) return;
  throw new ExpressionSyntaxError(
    `\`${operator.operator}\` needs a comparison on both sides`,
    startOffset(side),
    endOffset(side) - startOffset(side),
    side.kind === 'function' ? `write \`\${${side.text}} == true\`` : null,
  );
}

function bindTernary(nodes: readonly SimpleNode[]): SimpleNode[] {
  const at = nodes.findIndex((node) => node.kind === 'operator' && node.group === 'ternary' && node.operator === '?');
  const stray = nodes.find((node) => node.kind === 'operator' && node.group === 'ternary') as OperatorNode | undefined;
  if (stray === undefined) return nodes as SimpleNode[];
  const [condition, whenTrue, colon] = [nodes[at - 1], nodes[at + 1], nodes[at + 2]];
  const isWhole = at > 0 && condition !== undefined && whenTrue !== undefined && colon?.kind === 'operator' && colon.operator === ':' && nodes[at + 3] !== undefined;
  if (!isWhole) throw new ExpressionSyntaxError('`?` needs ` : ` after it', stray.offset, 1, "write `condition ? 'yes' : 'no'`");
  const [whenFalse, ...after] = bindTernary(nodes.slice(at + 3));
  const operation: OperationNode = {
    kind: 'operation',
    group: 'ternary',
    operator: '?',
    operands: [condition, whenTrue, whenFalse!],
    offset: startOffset(condition),
    end: endOffset(whenFalse!),
  };
  return [...nodes.slice(0, at - 1), operation, ...after];
}
