import { ExpressionSyntaxError } from '../../core/expression.ts';

/** One line of an init block. */
export interface InitStatement {
  readonly name: string;
  /** `~:=`: a function, evaluated where it is called. */
  readonly isFunction: boolean;
  readonly source: string;
  readonly offset: number;
}

export interface InitBlock {
  readonly statements: readonly InitStatement[];
  /** What follows the block. */
  readonly rest: string;
  readonly restOffset: number;
}

const start = '$init{';
const end = '}init$';

/** Splits `$init{ ... }init$` from the front of a source; null when there is none. @throws ExpressionSyntaxError */
export function initBlock(source: string): InitBlock | null {
  if (!source.startsWith(start)) return null;
  const close = source.indexOf(end);
  if (close < 0) throw new ExpressionSyntaxError('`$init{` is not closed', 0, start.length, 'end the block with `}init$`');
  const statements = statementsOf(source.slice(start.length, close), start.length);
  let restOffset = close + end.length;
  if (source[restOffset] === '\r') restOffset++;
  if (source[restOffset] === '\n') restOffset++;
  return { statements, rest: source.slice(restOffset), restOffset };
}

function statementsOf(block: string, base: number): InitStatement[] {
  const statements: InitStatement[] = [];
  const pattern = /\$([A-Za-z_][\w-]*)\s(~?:=)\s+/y;
  let at = 0;
  while (at < block.length) {
    const skipped = /^(?:\s+|\/\/[^\n]*)/.exec(block.slice(at));
    if (skipped !== null) {
      at += skipped[0].length;
      continue;
    }
    pattern.lastIndex = at;
    const match = pattern.exec(block);
    if (match === null) {
      const line = /^[^\n]*/.exec(block.slice(at))![0];
      throw new ExpressionSyntaxError('not a statement of an init block', base + at, Math.max(1, line.length), 'write `$name := value;` or `$name ~:= function;`, one a line');
    }
    const [whole, name, operator] = match as unknown as [string, string, string];
    const from = at + whole.length;
    // A statement ends with its line, the last one with the block: what stands before that is its value.
    const end = block.indexOf(';\n', from);
    const value = block.slice(from, end < 0 ? block.length : end);
    if (!/^(?:\$\{|\$simple\{|['"]|\d|true|false)/.test(value)) {
      throw new ExpressionSyntaxError(`\`$${name}\` can't take \`${value.trim()}\``, base + from, Math.max(1, value.trim().length), `write a function \`\${...}\` or a text in quotes: \`'${value.trim()}'\``);
    }
    statements.push({ name, isFunction: operator === '~:=', source: value, offset: base + from });
    at = end < 0 ? block.length : end + 2;
  }
  return statements;
}

/** `$name` and `$name()` of what the block defines, as functions. (Not in the block itself, as in Camel.) */
export function withNames(source: string, statements: readonly InitStatement[]): string {
  let text = source;
  const byLength = [...statements].sort((a, b) => b.name.length - a.name.length);
  for (const { name, isFunction } of byLength) {
    text = isFunction ? text.replaceAll(`$${name}()`, `\${function(${name})}`) : text.replaceAll(`$${name}`, `\${variable.${name}}`);
  }
  return text;
}
