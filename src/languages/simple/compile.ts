import { isPlainObject } from '../../core/beans/javaTypes.ts';
import { convertTo, toText } from '../../core/conversion/convert.ts';
import { javaDouble, javaLong } from '../../core/conversion/exactNumber.ts';
import { XmlNodeList } from '../../core/conversion/xml.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { LanguageContext } from '../../core/expression.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';
import { isPromise, whenKnown } from '../../core/graph/flow.ts';
import { isTrue } from './compare.ts';
import { toDecimal, tryInteger } from './conversions.ts';
import { buildFunction } from './functions.ts';
import type { FunctionNode, OperationNode, QuotedNode, SimpleNode, TextNode } from './grammar.ts';
import { parsePredicate, parseTemplate } from './grammar.ts';
import { comparison } from './operators.ts';
import type { Compiler, Value } from './value.ts';
import { constant, constantOf, illegalSyntax } from './value.ts';

/** Functions of the author's own, by runtime: as in Camel, an init block makes them for all that is compiled after it. */
const customFunctions = new WeakMap<LanguageContext, Map<string, Value>>();

export class SimpleCompiler implements Compiler {
  readonly context: LanguageContext;
  private readonly functions: Map<string, Value>;
  /** Longer than any honest nesting; each level is a call on the stack. */
  private depth = 0;

  constructor(context: LanguageContext) {
    this.context = context;
    let functions = customFunctions.get(context);
    if (functions === undefined) customFunctions.set(context, (functions = new Map()));
    this.functions = functions;
  }

  define(name: string, value: Value): void {
    this.functions.set(name, value);
  }

  custom(name: string): Value | null {
    const own = this.functions.get(name);
    if (own !== undefined) return own;
    const bean = name === '' ? undefined : this.context.bean(`${name}-function`);
    if (typeof bean === 'function') return (exchange) => (bean as (input: unknown, exchange: Exchange) => unknown)(exchange.body, exchange) ?? null;
    if (typeof bean === 'object' && bean !== null && typeof (bean as { apply?: unknown }).apply === 'function') {
      return (exchange) => (bean as { apply(exchange: Exchange, input: unknown): unknown }).apply(exchange, exchange.body) ?? null;
    }
    return null;
  }

  /** A text with functions: one function alone keeps its type, with anything beside it everything is text. */
  template(source: string, at = 0): Value {
    if (!source.includes('$') && !source.includes('\\') && !source.includes('~>') && !source.includes('?:')) return constant(source);
    return this.deeper(at, () => this.join(parseTemplate(source)));
  }

  predicate(source: string, at = 0): (exchange: Exchange) => boolean {
    return this.deeper(at, () => {
      const nodes = parsePredicate(source);
      const conditions = nodes.map((node) => this.condition(node));
      if (conditions.length === 1) return conditions[0]!;
      return (exchange) => conditions.every((condition) => condition(exchange));
    });
  }

  /** Compiles a part of the source: places in errors are moved to where the part stands. */
  private deeper<T>(at: number, compile: () => T): T {
    if (this.depth > 100) throw new ExpressionSyntaxError('functions are nested too deeply', at, 1);
    this.depth++;
    try {
      return compile();
    } catch (thrown) {
      if (thrown instanceof ExpressionSyntaxError && at > 0) throw new ExpressionSyntaxError(thrown.message, thrown.offset + at, thrown.length, thrown.help);
      throw thrown;
    } finally {
      this.depth--;
    }
  }

  private join(nodes: readonly SimpleNode[]): Value {
    if (nodes.length === 1) return this.node(nodes[0]!);
    return concatenation(nodes.map((node) => this.node(node)));
  }

  private node(node: SimpleNode): Value {
    switch (node.kind) {
      case 'text':
        return constant(node.text);
      case 'function':
        return this.call(node);
      case 'quoted':
        return this.quoted(node);
      case 'constant':
        return constant(node.value);
      case 'operator':
        throw new ExpressionSyntaxError(`\`${node.operator}\` has nothing on its left`, node.offset, node.operator.length);
      case 'operation':
        return this.operation(node);
    }
  }

  private quoted({ parts }: QuotedNode): Value {
    if (parts.length === 0) return constant('');
    const values = parts.map((part: TextNode | FunctionNode) => this.node(part));
    return values.length === 1 ? values[0]! : concatenation(values);
  }

  /**
   * A function. One with functions in it, or with nothing at all, is looked at by Camel only when it runs: what is wrong with it fails the exchange, not the start.
   * So it does here, with a warning at the start.
   */
  private call(node: FunctionNode): Value {
    const elvis = node.hasNested ? null : /\s\?:\s/.exec(node.text);
    if (elvis !== null) throw new ExpressionSyntaxError('`?:` can\'t stand inside a function', node.textOffset + elvis.index + 1, 2, "write `${header.x} ?: 'other'`, with the operator between the braces and the other value");
    if (!node.hasNested && node.text !== '') return this.deeper(node.textOffset, () => buildFunction(node.text, 0, this));
    try {
      return this.deeper(node.textOffset, () => buildFunction(node.text, 0, this));
    } catch (thrown) {
      if (!(thrown instanceof ExpressionSyntaxError)) throw thrown;
      this.context.log('warn', `simple: \${${node.text}} will fail: ${thrown.message}${thrown.help === null ? '' : ` (${thrown.help})`}`);
      const error = illegalSyntax(thrown.message, thrown);
      return () => {
        throw error;
      };
    }
  }

  private operation(node: OperationNode): Value {
    const { operands, operator } = node;
    const [left, right, other] = operands as [SimpleNode, SimpleNode, SimpleNode];
    switch (node.group) {
      case 'unary':
        return increment(this.node(left), operator === '++' ? 1 : -1, left);
      case 'chain':
        return this.chain(left, this.node(withParameter(right)), operator === '?~>');
      case 'elvis':
        return elvis(this.node(left), this.node(unquoted(right)));
      case 'ternary': {
        const condition = this.condition(left);
        const [yes, no] = [this.node(right), this.node(other)];
        return (exchange) => (condition(exchange) ? yes(exchange) : no(exchange));
      }
      case 'binary':
      case 'logical':
        return this.condition(node);
    }
  }

  /** As in Camel the first operator of a chain says what becomes of nothing in all of it: behind `?~>` the chain ends there. */
  private chain(left: SimpleNode, right: Value, isNullSafe: boolean): Value {
    const isFirst = left.kind !== 'operation' || left.group !== 'chain';
    return chained(this.node(left), right, isFirst ? isNullSafe : startsNullSafe(left));
  }

  private condition(node: SimpleNode): (exchange: Exchange) => boolean {
    if (node.kind === 'operation' && node.group === 'binary') {
      const [left, right] = node.operands as [SimpleNode, SimpleNode];
      return comparison(node.operator, this.node(left), this.node(right), right);
    }
    if (node.kind === 'operation' && node.group === 'logical') {
      const [left, right] = node.operands.map((operand) => this.condition(operand)) as [(exchange: Exchange) => boolean, (exchange: Exchange) => boolean];
      if (node.operator === '&&') return (exchange) => left(exchange) && right(exchange);
      return (exchange) => left(exchange) || right(exchange);
    }
    const value = this.node(node);
    return (exchange) => isTrue(value(exchange));
  }
}

function startsNullSafe({ operands, operator }: OperationNode): boolean {
  const left = operands[0]!;
  return left.kind === 'operation' && left.group === 'chain' ? startsNullSafe(left) : operator === '?~>';
}

/** `$param` stands for what the chain hands on, which is the body there. */
function withParameter(node: SimpleNode): SimpleNode {
  return node.kind === 'function' && node.text.includes('$param') ? { ...node, text: node.text.replaceAll('$param', '${body}'), hasNested: true } : node;
}

function unquoted(node: SimpleNode): SimpleNode {
  if (node.kind !== 'text' || node.text.length < 2) return node;
  const quote = node.text[0];
  return (quote === "'" || quote === '"') && node.text.endsWith(quote) ? { ...node, text: node.text.slice(1, -1) } : node;
}

const textOf = (value: unknown, exchange?: Exchange): string => (typeof value === 'string' ? value : (toText(value, exchange) ?? ''));

/** Puts texts together; the common shapes have a closure of their own. */
function concatenation(values: readonly Value[]): Value {
  if (values.some(({ isAsync }) => isAsync === true)) {
    const together = async (exchange: Exchange): Promise<string> => {
      let text = '';
      for (const value of values) text += textOf(await value(exchange), exchange);
      return text;
    };
    return Object.assign(together, { isAsync: true });
  }
  const [a, b, c] = values as [Value, Value, Value];
  if (values.length === 2) {
    if (a.isConstant) {
      const prefix = textOf(constantOf(a));
      return (exchange) => prefix + textOf(b(exchange), exchange);
    }
    if (b.isConstant) {
      const suffix = textOf(constantOf(b));
      return (exchange) => textOf(a(exchange), exchange) + suffix;
    }
    return (exchange) => textOf(a(exchange), exchange) + textOf(b(exchange), exchange);
  }
  if (values.length === 3) return (exchange) => textOf(a(exchange), exchange) + textOf(b(exchange), exchange) + textOf(c(exchange), exchange);
  return (exchange) => {
    let text = '';
    for (let i = 0; i < values.length; i++) text += textOf(values[i]!(exchange), exchange);
    return text;
  };
}

/** `++` and `--`: texts stay texts. */
function increment(value: Value, by: number, node: SimpleNode): Value {
  const shown = node.kind === 'function' ? node.text : 'the value';
  return (exchange) => {
    const found = value(exchange);
    if (typeof found === 'number' && Number.isSafeInteger(Math.trunc(found) + by)) return Number.isInteger(found) ? found + by : javaDouble(Math.trunc(found) + by);
    // A text must be a number as it stands, without blanks.
    if (typeof found === 'string' && found !== '') convertTo(found, 'java.lang.Number');
    const whole = typeof found === 'boolean' ? null : tryInteger(found);
    if (typeof whole === 'bigint') {
      const next = javaLong(whole + BigInt(by));
      return typeof found === 'string' ? next.toString() : next;
    }
    const number = typeof found === 'boolean' ? null : toDecimal(found, 'java.lang.Number');
    if (number === null) {
      const message = `Cannot evaluate ${shown} as a number`;
      throw new ExchangeError('org.apache.camel.RuntimeCamelException', message, { cause: new ExchangeError('org.apache.camel.CamelExchangeException', message) });
    }
    const next = Math.trunc(number) + by;
    return typeof found === 'string' ? String(next) : next;
  };
}

/** Runs `right` with what `left` gives as the body. */
function chained(left: Value, right: Value, isNullSafe: boolean): Value {
  const hand = (exchange: Exchange, value: unknown): unknown => {
    if (isNullSafe && (value === null || value === undefined)) return null;
    const { body } = exchange;
    exchange.body = value;
    try {
      return right(exchange);
    } finally {
      exchange.body = body;
    }
  };
  if (left.isAsync === true || right.isAsync === true) return Object.assign((exchange: Exchange) => whenKnown(left(exchange), (value) => hand(exchange, value)), { isAsync: true });
  return (exchange) => hand(exchange, left(exchange));
}

/** Nothing, false, 0 and what is empty; the texts `false` and `0` are something. */
function isLacking(value: unknown): boolean {
  switch (typeof value) {
    case 'boolean':
      return !value;
    case 'number':
      return value === 0;
    case 'string':
      return value.trim() === '';
    default:
      if (value === null || value === undefined) return true;
      if (Array.isArray(value)) return value.length === 0 && !(value instanceof XmlNodeList);
      if (value instanceof Set || value instanceof Map) return value.size === 0;
      return isPlainObject(value) && Object.keys(value).length === 0;
  }
}

function elvis(left: Value, right: Value): Value {
  return (exchange) => {
    const value = left(exchange);
    return isLacking(value) ? right(exchange) : value;
  };
}

/** What compiled as synchronous must not give a promise. */
export function synchronous(value: unknown): unknown {
  if (!isPromise(value)) return value;
  value.then(undefined, () => undefined);
  throw new ExchangeError('java.lang.IllegalStateException', 'a bean that gives a promise can only stand alone in an expression');
}
