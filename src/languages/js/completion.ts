import type { BlockStatement, Program, Statement, Token } from 'acorn';
import { parse } from 'acorn';

/**
 * A script as the body of a function that returns its completion value (what `eval` gives for it), to be compiled once. Null where it can only be
 * evaluated, each time anew.
 *
 * Each statement that has a value puts it into a variable. As ECMAScript has it, `if`, loops, `switch` and `try` begin with none, `catch` does so again,
 * and what a `finally` gives that ends by itself is left out.
 * @param parameters of the function: a script that hides one of these is evaluated
 */
export function functionBody(source: string, parameters: readonly string[]): string | null {
  const tokens: Token[] = [];
  let program: Program;
  try {
    program = parse(source, { ecmaVersion: 'latest', sourceType: 'script', onToken: tokens });
  } catch {
    // It is newer than the parser.
    return null;
  }
  const words = tokens.map(wordOf);
  // They mean another thing within a function.
  if (words.includes('arguments') || words.includes('eval') || words.includes('with')) return null;
  // A variable of a script can be deleted, one of a function can't.
  if (words.some((word, i) => word === 'delete' && !/^[.[(]|^\?\./.test(source.slice(tokens[i + 2]?.start)))) return null;
  const statements = program.body as Statement[];
  if (statements.some((statement) => hides(statement, parameters))) return null;
  let directives = 0;
  while (directives < statements.length && isDirective(statements[directives]!)) directives++;
  if (directives > 0 && words.includes('this')) return null;
  return new Writer(source).body(statements, directives);
}

const wordOf = (token: Token): unknown => (token.type.keyword ?? (token.type.label === 'name' ? (token as unknown as { readonly value: string }).value : undefined));

const isDirective = (statement: Statement): boolean => statement.type === 'ExpressionStatement' && typeof (statement as { readonly directive?: unknown }).directive === 'string';

function hides(statement: Statement, names: readonly string[]): boolean {
  if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') return names.includes(statement.id.name);
  return statement.type === 'VariableDeclaration' && statement.kind !== 'var' && statement.declarations.some(({ id }) => binds(id, names));
}

interface Pattern {
  readonly type: string;
  readonly name?: string;
  readonly elements?: readonly (Pattern | null)[];
  readonly properties?: readonly Pattern[];
  readonly value?: Pattern;
  readonly left?: Pattern;
  readonly argument?: Pattern;
}

function binds(pattern: Pattern, names: readonly string[]): boolean {
  const parts = [...(pattern.elements ?? pattern.properties ?? []), pattern.value, pattern.left, pattern.argument];
  return (pattern.name !== undefined && names.includes(pattern.name)) || parts.some((part) => part !== null && part !== undefined && binds(part, names));
}

const withoutLabels = (statement: Statement): Statement => (statement.type === 'LabeledStatement' ? withoutLabels(statement.body) : statement);

/** Statements that give a value, or undefined in place of one before. */
const hasValue = /^(?:For|While|DoWhile|If|Switch|Try)/;

/** Writes a script anew, with pieces put in. */
class Writer {
  private readonly source: string;
  /** Those at one place stand in the order in which they were put in. */
  private readonly pieces: { readonly at: number; readonly text: string }[] = [];
  /** The variable for the value; those that keep it during a `finally` have a number behind this. */
  private readonly value: string;
  private kept = 0;

  constructor(source: string) {
    this.source = source;
    let value = '$value';
    while (source.includes(value)) value += '$';
    this.value = value;
  }

  body(statements: readonly Statement[], directives: number): string {
    const { value } = this;
    let last = statements.length - 1;
    while (last >= 0 && /^(?:Empty|FunctionDeclaration)/.test(statements[last]!.type)) last--;
    if (last >= directives && statements[last]!.type === 'ExpressionStatement') {
      // Nothing runs behind it, so nothing else is asked for.
      this.expression(statements[last]!, 'return (');
      return this.written();
    }
    if (directives > 0) {
      const { start, end } = (statements[directives - 1] as Statement & { readonly expression: Statement }).expression;
      this.put(statements[directives - 1]!.end, `;${value}=${this.source.slice(start, end)};`);
    }
    for (const statement of statements.slice(directives)) this.statement(statement);
    const variables = [value, ...Array.from({ length: this.kept }, (_, i) => `${value}${i}`)];
    return `${this.written()}\nreturn ${value};var ${variables.join()}`;
  }

  private put(at: number, text: string): void {
    this.pieces.push({ at, text });
  }

  /** With the brackets that may stand around it, which the positions of the expression itself leave out. */
  private expression({ start, end }: Statement, before: string): void {
    this.put(start, before);
    this.put(this.source[end - 1] === ';' ? end - 1 : end, ')');
  }

  private statement(statement: Statement): void {
    if (statement.type === 'ExpressionStatement') this.expression(statement, `${this.value}=(`);
    else if (statement.type === 'BlockStatement') this.list(statement.body);
    else {
      const unlabelled = withoutLabels(statement);
      if (unlabelled.type === 'ExpressionStatement' || unlabelled.type === 'BlockStatement') this.statement(unlabelled);
      else if (hasValue.test(unlabelled.type)) {
        // Labels stay with their loop.
        this.put(statement.start, `{${this.value}=void 0;`);
        this.parts(unlabelled);
        this.put(statement.end, '}');
      }
    }
  }

  private list(statements: readonly Statement[]): void {
    for (const statement of statements) this.statement(statement);
  }

  private parts(statement: Statement): void {
    switch (statement.type) {
      case 'IfStatement':
        this.statement(statement.consequent);
        if (statement.alternate) this.statement(statement.alternate);
        break;
      case 'SwitchStatement':
        for (const { consequent } of statement.cases) this.list(consequent);
        break;
      case 'TryStatement': {
        const { value } = this;
        const { block, handler, finalizer } = statement;
        this.list(block.body);
        if (handler) this.within(handler.body, `${value}=void 0;`, '');
        if (finalizer) {
          const kept = `${value}${this.kept++}`;
          this.within(finalizer, `${kept}=${value};${value}=void 0;`, `;${value}=${kept};`);
        }
        break;
      }
      default:
        this.statement((statement as Statement & { readonly body: Statement }).body);
    }
  }

  private within({ start, end, body }: BlockStatement, before: string, after: string): void {
    this.put(start + 1, before);
    this.list(body);
    this.put(end - 1, after);
  }

  private written(): string {
    let text = '';
    let at = 0;
    for (const piece of this.pieces.sort((one, other) => one.at - other.at)) {
      text += this.source.slice(at, piece.at) + piece.text;
      at = piece.at;
    }
    return text + this.source.slice(at);
  }
}
