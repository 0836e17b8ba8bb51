import { ExpressionSyntaxError } from '../../core/expression.ts';
import type { XmlNode } from '../../core/conversion/xml.ts';
import type { Axis, NodeTest, Step, XPathContext, XPathExpression } from './evaluate.ts';
import { axes, compare, coreFunctions, filterNodes, nameTest, ordered, takeStep, toNodes, toXPathBoolean, toXPathNumber, typeTest, workOf } from './evaluate.ts';

interface Token {
  readonly kind: 'name' | 'number' | 'literal' | 'operator' | 'end';
  readonly text: string;
  readonly at: number;
}

const pattern = /\s*(?:(\d+(?:\.\d*)?|\.\d+)|("[^"]*"|'[^']*')|((?:[A-Za-z_\u00c0-\uffff][\w.\-\u00b7-\uffff]*)(?::(?!:)(?:[A-Za-z_\u00c0-\uffff][\w.\-\u00b7-\uffff]*|\*))?)|(::|\/\/|\.\.|!=|<=|>=|[()[\].@,/|+\-=<>*$]))/y;

/** Names that are operators where an operand stands before them. */
const wordOperators = new Set(['and', 'or', 'mod', 'div']);
const nodeTypes = new Set(['comment', 'text', 'processing-instruction', 'node']);

function tokens(source: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  for (;;) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match === null) break;
    const [whole, number, literal, name, operator] = match;
    const text = (number ?? literal ?? name ?? operator)!;
    const before = found.at(-1);
    const followsOperand = before !== undefined && !(before.kind === 'operator' && !/^(\)|\]|\.|\.\.|\*\*)$/.test(before.text)) && before.kind !== 'end';
    let kind: Token['kind'] = number !== undefined ? 'number' : literal !== undefined ? 'literal' : name !== undefined ? 'name' : 'operator';
    let shown = text;
    if (kind === 'name' && followsOperand && wordOperators.has(text)) kind = 'operator';
    // `*` is a name, or, behind an operand, the multiplication.
    if (text === '*') {
      if (followsOperand) shown = 'multiply';
      else kind = 'name';
    }
    found.push({ kind, text: shown, at: at + whole.length - text.length });
    at = pattern.lastIndex;
  }
  const rest = source.slice(at);
  if (rest.trim() !== '') throw new ExpressionSyntaxError(`\`${rest.trim()[0]}\` can not stand here`, at + rest.length - rest.trimStart().length);
  found.push({ kind: 'end', text: '', at: source.length });
  return found;
}

/**
 * Compiles an XPath 1.0 expression to closures. `namespaces` are those of the prefixes that names have.
 * @throws ExpressionSyntaxError
 */
export const compileXPath = (source: string, namespaces: Readonly<Record<string, string>>): XPathExpression => new Parser(source, namespaces).whole();

class Parser {
  private readonly tokens: Token[];
  private readonly namespaces: Readonly<Record<string, string>>;
  private at = 0;
  private depth = 0;

  constructor(source: string, namespaces: Readonly<Record<string, string>>) {
    this.tokens = tokens(source);
    this.namespaces = namespaces;
  }

  whole(): XPathExpression {
    const expression = this.expression();
    if (this.token.kind !== 'end') throw this.unexpected();
    return expression;
  }

  private get token(): Token {
    return this.tokens[this.at]!;
  }

  private unexpected(): ExpressionSyntaxError {
    const { text, at, kind } = this.token;
    return new ExpressionSyntaxError(kind === 'end' ? 'the expression ends too early' : `\`${text === 'multiply' ? '*' : text}\` can not stand here`, Math.max(0, kind === 'end' ? at - 1 : at), Math.max(1, text.length));
  }

  private is(...texts: string[]): boolean {
    return this.token.kind === 'operator' && texts.includes(this.token.text);
  }

  private accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  private expect(text: string): void {
    if (!this.accept(text)) throw this.unexpected();
  }

  private expression(): XPathExpression {
    if (++this.depth > 100) throw new ExpressionSyntaxError('the expression is nested too deeply', this.token.at);
    const left = this.or();
    this.depth--;
    return left;
  }

  private or(): XPathExpression {
    let left = this.and();
    while (this.accept('or')) {
      const [a, b] = [left, this.and()];
      left = (context) => toXPathBoolean(a(context)) || toXPathBoolean(b(context));
    }
    return left;
  }

  private and(): XPathExpression {
    let left = this.equality();
    while (this.accept('and')) {
      const [a, b] = [left, this.equality()];
      left = (context) => toXPathBoolean(a(context)) && toXPathBoolean(b(context));
    }
    return left;
  }

  private equality(): XPathExpression {
    let left = this.relation();
    while (this.is('=', '!=')) {
      const operator = this.tokens[this.at++]!.text as '=' | '!=';
      const [a, b] = [left, this.relation()];
      left = (context) => compare(operator, a(context), b(context), context.scope);
    }
    return left;
  }

  private relation(): XPathExpression {
    let left = this.sum();
    while (this.is('<', '<=', '>', '>=')) {
      const operator = this.tokens[this.at++]!.text as '<';
      const [a, b] = [left, this.sum()];
      left = (context) => compare(operator, a(context), b(context), context.scope);
    }
    return left;
  }

  private sum(): XPathExpression {
    let left = this.product();
    while (this.is('+', '-')) {
      const isPlus = this.tokens[this.at++]!.text === '+';
      const [a, b] = [left, this.product()];
      left = isPlus ? (context) => toXPathNumber(a(context)) + toXPathNumber(b(context)) : (context) => toXPathNumber(a(context)) - toXPathNumber(b(context));
    }
    return left;
  }

  private product(): XPathExpression {
    let left = this.negation();
    while (this.is('multiply', 'div', 'mod')) {
      const operator = this.tokens[this.at++]!.text;
      const [a, b] = [left, this.negation()];
      left =
        operator === 'multiply'
          ? (context) => toXPathNumber(a(context)) * toXPathNumber(b(context))
          : operator === 'div'
            ? (context) => toXPathNumber(a(context)) / toXPathNumber(b(context))
            : (context) => toXPathNumber(a(context)) % toXPathNumber(b(context));
    }
    return left;
  }

  private negation(): XPathExpression {
    let isNegative = false;
    let isSigned = false;
    while (this.accept('-')) {
      isNegative = !isNegative;
      isSigned = true;
    }
    const value = this.union();
    if (!isSigned) return value;
    return isNegative ? (context) => -toXPathNumber(value(context)) : (context) => toXPathNumber(value(context));
  }

  private union(): XPathExpression {
    let left = this.path();
    while (this.accept('|')) {
      const [a, b] = [left, this.path()];
      left = (context) => ordered([...toNodes(a(context)), ...toNodes(b(context))]);
    }
    return left;
  }

  private path(): XPathExpression {
    const { token } = this;
    if (token.kind === 'operator' && (token.text === '/' || token.text === '//')) {
      this.at++;
      const steps: Step[] = token.text === '//' ? [anyDepth] : [];
      if (token.text === '//' || this.startsStep()) this.steps(steps);
      const all = shortened(steps);
      return (context) => {
        let nodes: readonly XmlNode[] = [context.node.document ?? context.node];
        for (const step of all) nodes = takeStep(nodes, step, context.scope);
        return nodes;
      };
    }
    if (!this.startsFilter()) {
      const all = shortened(this.steps([]));
      return (context) => {
        let nodes: readonly XmlNode[] = [context.node];
        for (const step of all) nodes = takeStep(nodes, step, context.scope);
        return nodes;
      };
    }
    const primary = this.primary();
    const predicates = this.predicates();
    const steps: Step[] = [];
    if (this.accept('/')) this.steps(steps);
    else if (this.accept('//')) this.steps((steps.push(anyDepth), steps));
    if (predicates.length === 0 && steps.length === 0) return primary;
    const all = shortened(steps);
    return (context) => {
      let nodes = filterNodes(toNodes(primary(context)), predicates, context.scope);
      for (const step of all) nodes = takeStep(nodes, step, context.scope);
      return nodes;
    };
  }

  private startsStep(): boolean {
    return this.token.kind === 'name' || this.is('.', '..', '@');
  }

  private startsFilter(): boolean {
    const { token } = this;
    if (token.kind === 'number' || token.kind === 'literal' || this.is('$', '(')) return true;
    const next = this.tokens[this.at + 1]!;
    return token.kind === 'name' && next.kind === 'operator' && next.text === '(' && !nodeTypes.has(token.text);
  }

  private steps(into: Step[]): Step[] {
    into.push(this.step());
    for (;;) {
      if (this.accept('/')) into.push(this.step());
      else if (this.accept('//')) into.push(anyDepth, this.step());
      else return into;
    }
  }

  private step(): Step {
    if (this.accept('.')) return { axis: 'self', test: typeTest('node', null), predicates: [] };
    if (this.accept('..')) return { axis: 'parent', test: typeTest('node', null), predicates: [] };
    let axis: Axis = 'child';
    if (this.accept('@')) axis = 'attribute';
    else if (this.token.kind === 'name' && this.tokens[this.at + 1]!.text === '::') {
      const name = this.token.text;
      if (!(axes as readonly string[]).includes(name)) throw new ExpressionSyntaxError(`there is no axis \`${name}\``, this.token.at, name.length);
      axis = name as Axis;
      this.at += 2;
    }
    const test = this.test(axis);
    return { axis, test, predicates: this.predicates() };
  }

  private test(axis: Axis): NodeTest {
    const { token } = this;
    if (token.kind !== 'name') throw this.unexpected();
    this.at++;
    if (nodeTypes.has(token.text) && this.accept('(')) {
      let target: string | null = null;
      if (token.text === 'processing-instruction' && this.token.kind === 'literal') target = this.tokens[this.at++]!.text.slice(1, -1);
      this.expect(')');
      return typeTest(token.text, target);
    }
    const colon = token.text.indexOf(':');
    if (colon < 0) return token.text === '*' ? nameTest(axis, null, undefined) : nameTest(axis, token.text, null);
    const local = token.text.slice(colon + 1);
    return nameTest(axis, local === '*' ? null : local, this.namespace(token, token.text.slice(0, colon)));
  }

  private namespace({ at }: Token, prefix: string): string {
    const uri = Object.hasOwn(this.namespaces, prefix) ? this.namespaces[prefix] : undefined;
    if (uri === undefined) throw new ExpressionSyntaxError(`the prefix \`${prefix}\` stands for no namespace`, at, prefix.length, `add it to \`namespace\`: { key: ${prefix}, value: ... }`);
    return uri;
  }

  private predicates(): XPathExpression[] {
    const found: XPathExpression[] = [];
    while (this.accept('[')) {
      found.push(this.expression());
      this.expect(']');
    }
    return found;
  }

  private primary(): XPathExpression {
    const { token } = this;
    this.at++;
    if (token.kind === 'number') {
      const value = Number(token.text);
      return () => value;
    }
    if (token.kind === 'literal') {
      const value = token.text.slice(1, -1);
      return () => value;
    }
    if (token.text === '(') {
      const inner = this.expression();
      this.expect(')');
      return inner;
    }
    if (token.text === '$') {
      if (this.token.kind !== 'name') throw this.unexpected();
      const named = this.tokens[this.at++]!;
      const colon = named.text.indexOf(':');
      const namespace = colon < 0 ? null : this.namespace(named, named.text.slice(0, colon));
      const name = named.text.slice(colon + 1);
      return ({ scope }) => scope.variable(name, namespace);
    }
    return this.call(token);
  }

  private call({ text: name, at }: Token): XPathExpression {
    this.expect('(');
    const args: XPathExpression[] = [];
    if (!this.is(')')) {
      do args.push(this.expression());
      while (this.accept(','));
    }
    this.expect(')');
    const core = Object.hasOwn(coreFunctions, name) ? coreFunctions[name] : undefined;
    if (core !== undefined) {
      if (args.length < core.least || args.length > core.most) throw new ExpressionSyntaxError(`\`${name}()\` does not take ${args.length} arguments`, at, name.length);
      const readsNoText = readingNoText.has(name);
      return (context) => {
        const values = args.map((arg) => arg(context));
        if (!readsNoText) for (const value of values) context.scope.work(workOf(value));
        return core.run(values, context);
      };
    }
    if (!camelFunctions.has(name)) {
      const full = ['in', 'function'].map((prefix) => `${prefix}:${name}`).find((one) => camelFunctions.has(one));
      throw new ExpressionSyntaxError(`there is no function \`${name}\``, at, name.length, full === undefined ? undefined : `write \`${full}\``);
    }
    return (context: XPathContext) => context.scope.function(name)!(args.map((arg) => arg(context)));
  }
}

/** Functions that look at nodes, and not at what is in them. */
const readingNoText: ReadonlySet<string> = new Set(['boolean', 'count', 'last', 'local-name', 'name', 'namespace-uri', 'not', 'position']);

/** What Camel adds to XPath's own functions. */
export const camelFunctions: ReadonlySet<string> = new Set([
  'in:body', 'in:header', 'out:body', 'out:header', 'function:body', 'function:header', 'function:properties', 'function:simple',
]);

const anyDepth: Step = { axis: 'descendant-or-self', test: () => true, predicates: [] };

/** `//x` without predicates looks at each node once. */
function shortened(steps: readonly Step[]): Step[] {
  const found: Step[] = [];
  for (let i = 0; i < steps.length; i++) {
    const next = steps[i + 1];
    if (steps[i] === anyDepth && next !== undefined && next.axis === 'child' && next.predicates.length === 0) {
      found.push({ ...next, axis: 'descendant' });
      i++;
    } else found.push(steps[i]!);
  }
  return found;
}
