import { convertTo, isByteSource, toText, toXmlDocumentInTurns } from '../../core/conversion/convert.ts';
import { defineLanguage } from '../../core/definition.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { Expression, LanguageContext, Predicate, Preparation } from '../../core/expression.ts';
import { javaDouble } from '../../core/conversion/exactNumber.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';
import { field } from '../../core/field.ts';
import { Patience } from '../../core/patience.ts';
import { sourceReader } from '../../core/exchange/source.ts';
import { parseXml, readAtOnce, XmlDocument, XmlNode, XmlNodeList } from '../../core/conversion/xml.ts';
import type { XPathExpression, XPathScope, XPathValue } from './evaluate.ts';
import { toNodes, toXPathBoolean, toXPathNumber, toXPathString } from './evaluate.ts';
import { compileXPath } from './parser.ts';

/** Nodes that one evaluation may look at, and the time that it may take: more for a large document. */
const mostWork = 100_000_000;
const longestMillis = 1000;
const nodesAMilli = 250;
/** Everyday expressions look at less, and are not watched. */
const fewNodes = 16_000;
/** Nodes that are gone through in a microsecond. */
const nodesAtOnce = 16;

type Kind = 'NUMBER' | 'STRING' | 'BOOLEAN' | 'NODESET' | 'NODE';

interface Settings {
  readonly namespace: readonly { readonly key: string; readonly value: string }[] | undefined;
  readonly resultType: string | undefined;
  readonly resultQName: Kind;
  readonly source: string | undefined;
  readonly logNamespaces: boolean;
}

const camelNamespaces: Readonly<Record<string, string>> = {
  in: 'http://camel.apache.org/xml/in/',
  out: 'http://camel.apache.org/xml/out/',
  function: 'http://camel.apache.org/xml/function/',
  env: 'http://camel.apache.org/xml/variables/environment-variables',
  system: 'http://camel.apache.org/xml/variables/system-properties',
  xml: 'http://www.w3.org/XML/1998/namespace',
};

/** Its prefix is one that a route declares. */
const exchangeProperties = 'http://camel.apache.org/xml/variables/exchange-property';

/** As in Camel, the type that is wanted decides what XPath evaluates to. */
function kindOf({ resultType, resultQName }: Settings): Kind {
  const type = (resultType ?? '').replace(/^java\.lang\./, '');
  if (type === 'String') return 'STRING';
  if (/^(boolean|Boolean)$/.test(type)) return 'BOOLEAN';
  if (/^(int|long|short|byte|double|float|Integer|Long|Short|Byte|Double|Float|Number|java\.math\.Big(Integer|Decimal))$/.test(type)) return 'NUMBER';
  if (type === 'org.w3c.dom.Node') return 'NODE';
  return resultQName;
}

interface Parsed {
  readonly value: unknown;
  readonly document: XmlDocument | null;
  /** Why it is no document. */
  readonly failure?: unknown;
}

/** A body is parsed once, however many expressions look at it. */
const parsed = new WeakMap<Exchange, Parsed>();

function documentOf(exchange: Exchange, value: unknown): XmlNode | null {
  if (value === null || value === undefined) return null;
  if (value instanceof XmlDocument) return value;
  // What was found in a document is the root of one of its own.
  if (value instanceof XmlNode && value.document?.root === value) return value.document;
  const known = parsed.get(exchange);
  if (known !== undefined && known.value === value) {
    if (known.document === null) throw known.failure;
    return known.document;
  }
  const document = convertTo(value, 'org.w3c.dom.Document') as XmlDocument | null;
  if (document === null) throw new ExchangeError('org.apache.camel.RuntimeCamelException', `a list of ${(value as XmlNodeList).length} nodes is no document`);
  parsed.set(exchange, { value, document });
  return document;
}

/** Bytes that are read when they are asked for (a file) say nothing of their number. */
const mayBeLarge = (value: unknown): boolean =>
  typeof value === 'string' || value instanceof Uint8Array ? value.length > readAtOnce : typeof value === 'object' && value !== null && typeof (value as { bytes?: unknown }).bytes === 'function';

/** A large document is read before the step that looks at it, in slices. */
const preparation =
  (read: (exchange: Exchange) => unknown): Preparation =>
  (exchange) => {
    let value: unknown;
    let document: XmlDocument | Promise<XmlDocument>;
    try {
      value = read(exchange);
      if (!mayBeLarge(value)) return undefined;
      if (parsed.get(exchange)?.value === value) return undefined;
      document = toXmlDocumentInTurns(value);
    } catch {
      // The expression says it where it is evaluated.
      return undefined;
    }
    if (!(document instanceof Promise)) return void parsed.set(exchange, { value, document });
    return document.then(
      (found) => void parsed.set(exchange, { value, document: found }),
      (failure: unknown) => void parsed.set(exchange, { value, document: null, failure }),
    );
  };

const empty = parseXml('<empty/>');

function asXPath(value: unknown): XPathValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value instanceof XmlNode) return [value];
  if (Array.isArray(value) && value.every((item) => item instanceof XmlNode)) return value;
  return toText(value) ?? '';
}

class Scope implements XPathScope {
  private readonly exchange: Exchange;
  private readonly context: LanguageContext;
  private left = mostWork;
  private readonly node: XmlNode;
  private patience: Patience | null = null;

  constructor(exchange: Exchange, context: LanguageContext, node: XmlNode) {
    this.node = node;
    this.exchange = exchange;
    this.context = context;
  }

  work(steps: number): void {
    this.left -= steps;
    if (this.left < mostWork - fewNodes) this.watch(steps);
  }

  private watch(steps: number): void {
    this.patience ??= new Patience(longestMillis + Math.floor((this.node.document?.all.length ?? 0) / nodesAMilli), (message) => new ExchangeError('java.util.concurrent.TimeoutException', `xpath: ${message}`));
    this.patience.spend(steps / nodesAtOnce);
    if (this.left < 0) throw new ExchangeError('javax.xml.xpath.XPathExpressionException', `the expression looks at more than ${mostWork} nodes`);
  }

  function(name: string): (args: readonly XPathValue[]) => XPathValue {
    const { exchange, context } = this;
    // Nothing is ever an out message here.
    if (name.startsWith('out:')) return () => '';
    switch (name.slice(name.indexOf(':') + 1)) {
      case 'header':
        return ([header]) => asXPath(exchange.headers.get(toXPathString(header!)) ?? null);
      case 'properties':
        return ([key, otherwise]) => {
          const value = context.property(toXPathString(key!)) ?? (otherwise === undefined ? undefined : toXPathString(otherwise));
          if (value === undefined) throw new ExchangeError('org.apache.camel.language.xpath.InvalidXPathException', `there is no property \`${toXPathString(key!)}\``);
          return value;
        };
      case 'simple':
        return ([source]) => asXPath(this.simple(toXPathString(source!)));
      default:
        return () => asXPath(exchange.body);
    }
  }

  private simple(source: string): unknown {
    try {
      return this.context.expression('simple', source)(this.exchange);
    } catch (thrown) {
      if (thrown instanceof ExpressionSyntaxError) throw new ExchangeError('org.apache.camel.language.xpath.InvalidXPathException', `simple: ${thrown.message}`, { cause: thrown });
      throw thrown;
    }
  }

  /** As in Camel, a variable that nothing is known of is an empty text. */
  variable(name: string, namespace: string | null): XPathValue {
    return asXPath(this.lookup(namespace, name) ?? '');
  }

  private lookup(namespace: string | null, key: string): unknown {
    const { exchange } = this;
    switch (namespace) {
      case null:
        return exchange.headers.get(key) ?? exchange.property(key);
      case camelNamespaces['in']:
        return exchange.headers.get(key) ?? (key === 'body' ? exchange.body : null);
      case exchangeProperties:
        return exchange.property(key);
      case camelNamespaces['env']:
      case camelNamespaces['system']:
        return this.context.environment[key];
      default:
        return null;
    }
  }
}

function compile(source: string, { namespace }: Settings): XPathExpression {
  if (source === '') throw new ExpressionSyntaxError('there is no expression');
  return compileXPath(source, { ...camelNamespaces, ...Object.fromEntries((namespace ?? []).map(({ key, value }) => [key, value])) });
}

function result(value: XPathValue, kind: Kind): unknown {
  switch (kind) {
    case 'STRING':
      return toXPathString(value);
    case 'NUMBER':
      return javaDouble(toXPathNumber(value));
    case 'BOOLEAN':
      return toXPathBoolean(value);
    case 'NODE':
      return toNodes(value)[0] ?? null;
    default:
      return listOf(toNodes(value));
  }
}

const listOf = (nodes: readonly XmlNode[]): XmlNodeList => XmlNodeList.from(nodes) as XmlNodeList;

/** The value that an expression has for the document of an exchange, by what is wanted. */
function evaluator(source: string, options: Settings, kind: Kind, context: LanguageContext): Expression {
  const run = compile(source, options);
  const read = sourceReader(options.source);
  const evaluate = (exchange: Exchange, value: unknown): unknown => {
    const document = documentOf(exchange, value);
    const node = document ?? empty;
    if (options.logNamespaces && node instanceof XmlDocument) context.log('info', `Namespaces discovered in message: ${[...node.root.namespaces].map(([prefix, uri]) => `xmlns${prefix === '' ? '' : `:${prefix}`}="${uri}"`).join(', ')}`);
    return result(run({ node, position: 1, size: 1, scope: new Scope(exchange, context, node) }), kind);
  };
  return Object.assign(expression, { prepare: preparation(read) });

  function expression(exchange: Exchange): unknown {
    const value = read(exchange);
    if (isByteSource(value)) throw new ExchangeError('java.lang.IllegalStateException', 'the stream has not been read: use stream caching or convertBodyTo before');
    return evaluate(exchange, value);
  }
}

export const xpath = defineLanguage({
  name: 'xpath',
  summary: 'XPath 1.0 over an XML document. `in:header(..)`, `in:body()`, `function:simple(..)` and `$header` reach the rest of the message. A document of more than 64 KB is read in slices beforehand; the evaluation itself is one piece (0.1 to 2 s for 20 MB, by the expression), and ends after a second, and a millisecond more for each 250 nodes.',
  options: {
    documentType: field.string('Class that the document is converted to before.').ignored('documents are of one kind here'),
    resultType: field.string('Type of the result: String, Boolean, Integer, ..., org.w3c.dom.Node, org.w3c.dom.NodeList.'),
    resultQName: field.enum('What the expression evaluates to, where resultType does not say.', ['NUMBER', 'STRING', 'BOOLEAN', 'NODESET', 'NODE']).default('NODESET'),
    saxon: field.boolean('Uses Saxon.').default(false).ignored('there is one engine here, for XPath 1.0'),
    factoryRef: field.string('Bean that is the XPath factory.').ignored('there is one engine here, for XPath 1.0'),
    objectModel: field.string('The object model.').ignored('there is one object model here'),
    logNamespaces: field.boolean('Logs the namespaces of each document.').default(false),
    threadSafety: field.boolean('Makes results safe to be read by several threads.').default(false).ignored('documents are never changed here'),
    preCompile: field.boolean('Compiles the expression before the first message.').default(true).ignored('expressions are always compiled before'),
    namespace: field.list(
      'Namespaces of the prefixes that the expression uses.',
      field.element('One namespace.', { key: field.string('The prefix.').required(), value: field.string('The URI.').required() }),
    ),
    source: field.string('Where the document is, instead of the body: `header:x`, `property:x`, `variable:x`.'),
  },
  examples: [{ expression: 'count(/order/item)', body: '<order><item/><item/></order>', gives: 2 }],
  expression: (source, options, context) => evaluator(source, options as Settings, kindOf(options as Settings), context),
  predicate: (source, options, context) => evaluator(source, options as Settings, 'BOOLEAN', context) as Predicate,
});
