import { lettersIn } from '../../core/conversion/letters.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { XmlAttribute, XmlDocument, XmlElement, XmlInstruction, XmlNode } from '../../core/conversion/xml.ts';
import { childrenOf, XML_ATTRIBUTE, XML_CDATA, XML_COMMENT, XML_ELEMENT, XML_INSTRUCTION, XML_TEXT } from '../../core/conversion/xml.ts';

/** What an XPath 1.0 expression gives; nodes in document order, each once. */
export type XPathValue = string | number | boolean | readonly XmlNode[];

/** What an evaluation sees besides the node that it is at. */
export interface XPathScope {
  function(name: string): ((args: readonly XPathValue[]) => XPathValue) | undefined;
  /** `namespace` is the one of its prefix; null without one. */
  variable(name: string, namespace: string | null): XPathValue;
  /** Counts work; throws when it is too much. */
  work(steps: number): void;
}

export interface XPathContext {
  readonly node: XmlNode;
  readonly position: number;
  readonly size: number;
  readonly scope: XPathScope;
}

export type XPathExpression = (context: XPathContext) => XPathValue;

const evaluationError = (message: string): ExchangeError => new ExchangeError('javax.xml.xpath.XPathExpressionException', message);

// ------------------------------------------------------------------------------------------------ values

const isNodes = (value: XPathValue): value is readonly XmlNode[] => typeof value === 'object';

export function toXPathString(value: XPathValue): string {
  if (typeof value === 'string') return value;
  if (isNodes(value)) return value.length === 0 ? '' : stringOf(value[0]!);
  if (typeof value === 'boolean') return String(value);
  if (Object.is(value, -0)) return '0';
  const text = String(value);
  // XPath knows no exponents.
  return text.includes('e') && Number.isFinite(value) ? value.toLocaleString('en-US', { useGrouping: false, maximumSignificantDigits: 17, maximumFractionDigits: 20 }) : text;
}

export function toXPathNumber(value: XPathValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  const text = toXPathString(value).trim();
  return /^-?(\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
}

export const toXPathBoolean = (value: XPathValue): boolean => (isNodes(value) ? value.length > 0 : typeof value === 'number' ? value !== 0 && !Number.isNaN(value) : Boolean(value));

export function toNodes(value: XPathValue): readonly XmlNode[] {
  if (!isNodes(value)) throw evaluationError(`nodes are needed, not the ${typeof value} ${toXPathString(value)}`);
  return value;
}

/** Document order, each node once. */
export function ordered(nodes: XmlNode[]): XmlNode[] {
  let isOrdered = true;
  for (let i = 1; i < nodes.length && isOrdered; i++) isOrdered = nodes[i - 1]!.order < nodes[i]!.order;
  if (isOrdered) return nodes;
  return nodes.sort((a, b) => a.order - b.order).filter((node, i, all) => i === 0 || node !== all[i - 1]);
}

/** The text of a node, which is put together from all that is in it. */
function nodeText(node: XmlNode, scope: XPathScope): string {
  scope.work(1 + node.last - node.order);
  return stringOf(node);
}

/** What a function that reads texts has to look at. */
export function workOf(value: XPathValue): number {
  if (typeof value === 'string') return value.length >> 5;
  if (!isNodes(value) || value.length === 0) return 0;
  return value[0]!.last - value[0]!.order;
}

// ------------------------------------------------------------------------------------------------ operators

type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

function compareAtoms(operator: Comparison, a: string | number | boolean, b: string | number | boolean): boolean {
  if (operator === '=' || operator === '!=') {
    let isEqual: boolean;
    if (typeof a === 'boolean' || typeof b === 'boolean') isEqual = toXPathBoolean(a) === toXPathBoolean(b);
    else if (typeof a === 'number' || typeof b === 'number') isEqual = toXPathNumber(a) === toXPathNumber(b);
    else isEqual = a === b;
    return isEqual === (operator === '=');
  }
  const left = toXPathNumber(a);
  const right = toXPathNumber(b);
  return operator === '<' ? left < right : operator === '<=' ? left <= right : operator === '>' ? left > right : left >= right;
}

/** A set of nodes compares as its members do: one that fits is enough. */
export function compare(operator: Comparison, left: XPathValue, right: XPathValue, scope: XPathScope): boolean {
  if (isNodes(left) && isNodes(right)) {
    const texts = right.map((node) => nodeText(node, scope));
    if (operator === '=') {
      const known = new Set(texts);
      return left.some((node) => known.has(nodeText(node, scope)));
    }
    return left.some((node) => {
      const own = nodeText(node, scope);
      scope.work(texts.length);
      return texts.some((text) => compareAtoms(operator, own, text));
    });
  }
  if (isNodes(left)) {
    if (typeof right === 'boolean') return compareAtoms(operator, left.length > 0, right);
    return left.some((node) => compareAtoms(operator, nodeText(node, scope), right as string | number));
  }
  if (isNodes(right)) {
    if (typeof left === 'boolean') return compareAtoms(operator, left, right.length > 0);
    return right.some((node) => compareAtoms(operator, left as string | number, nodeText(node, scope)));
  }
  return compareAtoms(operator, left, right);
}

// ------------------------------------------------------------------------------------------------ axes

export const axes = [
  'ancestor-or-self', 'ancestor', 'attribute', 'child', 'descendant-or-self', 'descendant', 'following-sibling', 'following', 'namespace', 'parent', 'preceding-sibling', 'preceding', 'self',
] as const;

export type Axis = (typeof axes)[number];

const reverse: ReadonlySet<Axis> = new Set(['ancestor', 'ancestor-or-self', 'preceding', 'preceding-sibling']);

export type NodeTest = (node: XmlNode) => boolean;

function documentOf(node: XmlNode): XmlDocument {
  const { document } = node;
  if (document === null) throw evaluationError('the node belongs to no document');
  return document;
}

/** Where a node stands among its siblings, which are in document order. */
function placeOf(node: XmlNode, siblings: readonly XmlNode[]): number {
  let low = 0;
  let high = siblings.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const { order } = siblings[middle]!;
    if (order === node.order) return middle;
    if (order < node.order) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

const isText = ({ nodeType }: XmlNode): boolean => nodeType === XML_TEXT || nodeType === XML_CDATA;

/** Whether a text goes on with another one before it: for XPath, text and CDATA side by side are one node, that of the first. */
function goesOn(node: XmlNode): boolean {
  if (!isText(node) || node.parent === null || node.parent.children.length === 1) return false;
  const before = node.parent.children[placeOf(node, node.parent.children) - 1];
  return before !== undefined && isText(before);
}

/** The string value of a node, for a text with all that goes on with it. */
function stringOf(node: XmlNode): string {
  if (!isText(node) || node.parent === null || node.parent.children.length === 1) return node.stringValue;
  const siblings = node.parent.children;
  let text = node.stringValue;
  for (let at = placeOf(node, siblings) + 1; at < siblings.length && isText(siblings[at]!); at++) text += siblings[at]!.stringValue;
  return text;
}

/** Nodes of an axis, nearest first. */
function* along(axis: Axis, node: XmlNode): Iterable<XmlNode> {
  switch (axis) {
    case 'self':
      yield node;
      return;
    case 'child':
      yield* childrenOf(node);
      return;
    case 'attribute':
      if (node.nodeType === XML_ELEMENT) for (const attribute of (node as XmlElement).attributes) if (!/^xmlns(:|$)/.test(attribute.name)) yield attribute;
      return;
    case 'parent':
      if (node.parent !== null) yield node.parent;
      return;
    case 'ancestor-or-self':
    case 'ancestor':
      for (let up = axis === 'ancestor' ? node.parent : node; up !== null; up = up.parent) yield up;
      return;
    case 'descendant-or-self':
    case 'descendant': {
      if (axis === 'descendant-or-self') yield node;
      if (node.last === node.order) return;
      const { all } = documentOf(node);
      for (let i = node.order + 1; i <= node.last; i++) if (all[i]!.nodeType !== XML_ATTRIBUTE) yield all[i]!;
      return;
    }
    case 'following-sibling':
    case 'preceding-sibling': {
      const siblings = node.parent === null || node.nodeType === XML_ATTRIBUTE ? [] : node.parent.children;
      const at = placeOf(node, siblings);
      if (axis === 'following-sibling') for (let i = at + 1; i < siblings.length; i++) yield siblings[i]!;
      else for (let i = at - 1; i >= 0; i--) yield siblings[i]!;
      return;
    }
    case 'following': {
      const { all } = documentOf(node);
      for (let i = node.last + 1; i < all.length; i++) if (all[i]!.nodeType !== XML_ATTRIBUTE) yield all[i]!;
      return;
    }
    case 'preceding': {
      const { all } = documentOf(node);
      for (let i = node.order - 1; i > 0; i--) {
        const other = all[i]!;
        if (other.nodeType !== XML_ATTRIBUTE && other.last < node.order) yield other;
      }
      return;
    }
    default:
      return;
  }
}

export interface Step {
  readonly axis: Axis;
  readonly test: NodeTest;
  readonly predicates: readonly XPathExpression[];
}

function filtered(nodes: XmlNode[], predicates: readonly XPathExpression[], scope: XPathScope): XmlNode[] {
  let left = nodes;
  for (const predicate of predicates) {
    const size = left.length;
    scope.work(size);
    left = left.filter((node, i) => {
      const value = predicate({ node, position: i + 1, size, scope });
      return typeof value === 'number' ? value === i + 1 : toXPathBoolean(value);
    });
  }
  return left;
}

export function takeStep(from: readonly XmlNode[], { axis, test, predicates }: Step, scope: XPathScope): readonly XmlNode[] {
  const found: XmlNode[] = [];
  for (const node of from) {
    const matching: XmlNode[] = [];
    let seen = 1;
    for (const candidate of along(axis, node)) {
      seen++;
      if (test(candidate) && !goesOn(candidate)) matching.push(candidate);
      if ((seen & 0x3fff) === 0) scope.work(seen);
    }
    scope.work(seen & 0x3fff);
    const kept = predicates.length === 0 ? matching : filtered(matching, predicates, scope);
    if (reverse.has(axis)) kept.reverse();
    for (const one of kept) found.push(one);
  }
  return from.length > 1 ? ordered(found) : found;
}

export const filterNodes = (nodes: readonly XmlNode[], predicates: readonly XPathExpression[], scope: XPathScope): readonly XmlNode[] => filtered([...nodes], predicates, scope);

/** Tests that are no names: `node()`, `text()`, `comment()`, `processing-instruction('x')`. */
export function typeTest(type: string, target: string | null): NodeTest {
  switch (type) {
    case 'text':
      return ({ nodeType }) => nodeType === XML_TEXT || nodeType === XML_CDATA;
    case 'comment':
      return ({ nodeType }) => nodeType === XML_COMMENT;
    case 'processing-instruction':
      return (node) => node.nodeType === XML_INSTRUCTION && (target === null || (node as XmlInstruction).target === target);
    default:
      return () => true;
  }
}

/** A name on an axis; `localName` null for `*`. `namespace` undefined: any. */
export function nameTest(axis: Axis, localName: string | null, namespace: string | null | undefined): NodeTest {
  const wanted = axis === 'attribute' ? XML_ATTRIBUTE : XML_ELEMENT;
  return (node) => {
    if (node.nodeType !== wanted) return false;
    const named = node as XmlElement | XmlAttribute;
    return (localName === null || named.localName === localName) && (namespace === undefined || named.namespace === namespace);
  };
}

// ------------------------------------------------------------------------------------------------ functions

type CoreFunction = (args: readonly XPathValue[], context: XPathContext) => XPathValue;

const named =
  (part: (node: XmlElement | XmlAttribute | XmlInstruction) => string): CoreFunction =>
  ([nodes], { node }) => {
    const first = nodes === undefined ? node : toNodes(nodes)[0];
    if (first === undefined) return '';
    return first.nodeType === XML_ELEMENT || first.nodeType === XML_ATTRIBUTE || first.nodeType === XML_INSTRUCTION ? part(first as XmlElement) : '';
  };

const textOf = (args: readonly XPathValue[], { node, scope }: XPathContext): string => (args.length === 0 ? nodeText(node, scope) : toXPathString(args[0]!));

/** As XPath rounds: halves up, the sign of zero kept out of texts. */
const rounded = (value: number): number => (Number.isFinite(value) ? Math.floor(value + 0.5) : value);

/** Functions with the numbers of arguments that they take. */
export const coreFunctions: Readonly<Record<string, { readonly least: number; readonly most: number; readonly run: CoreFunction }>> = {
  last: { least: 0, most: 0, run: (_args, { size }) => size },
  position: { least: 0, most: 0, run: (_args, { position }) => position },
  count: { least: 1, most: 1, run: ([nodes]) => toNodes(nodes!).length },
  id: {
    least: 1,
    most: 1,
    run: ([value], { node, scope }) => {
      scope.work(documentOf(node).all.length);
      const ids = new Set((typeof value === 'object' ? value.map(({ stringValue }) => stringValue).join(' ') : toXPathString(value!)).split(/\s+/));
      return documentOf(node).all.filter((one) => one.nodeType === XML_ELEMENT && ids.has((one as XmlElement).attribute('xml:id') ?? (one as XmlElement).attribute('id') ?? ' '));
    },
  },
  'local-name': { least: 0, most: 1, run: named((node) => ('target' in node ? node.target : node.localName)) },
  'namespace-uri': { least: 0, most: 1, run: named((node) => ('target' in node ? '' : (node.namespace ?? ''))) },
  name: { least: 0, most: 1, run: named((node) => ('target' in node ? node.target : node.name)) },
  string: { least: 0, most: 1, run: textOf },
  concat: { least: 2, most: Infinity, run: (args) => args.map(toXPathString).join('') },
  'starts-with': { least: 2, most: 2, run: ([text, part]) => toXPathString(text!).startsWith(toXPathString(part!)) },
  contains: { least: 2, most: 2, run: ([text, part]) => toXPathString(text!).includes(toXPathString(part!)) },
  'substring-before': {
    least: 2,
    most: 2,
    run: ([text, part]) => {
      const whole = toXPathString(text!);
      return whole.slice(0, Math.max(0, whole.indexOf(toXPathString(part!))));
    },
  },
  'substring-after': {
    least: 2,
    most: 2,
    run: ([text, part]) => {
      const whole = toXPathString(text!);
      const mark = toXPathString(part!);
      const at = whole.indexOf(mark);
      return at < 0 ? '' : whole.slice(at + mark.length);
    },
  },
  substring: {
    least: 2,
    most: 3,
    run: ([text, from, length]) => {
      const start = rounded(toXPathNumber(from!));
      const end = length === undefined ? Infinity : start + rounded(toXPathNumber(length));
      return [...toXPathString(text!)].filter((_char, i) => i + 1 >= start && i + 1 < end).join('');
    },
  },
  'string-length': { least: 0, most: 1, run: (args, context) => lettersIn(textOf(args, context)) },
  'normalize-space': { least: 0, most: 1, run: (args, context) => textOf(args, context).replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '') },
  translate: {
    least: 3,
    most: 3,
    run: ([text, from, to]) => {
      const replacements = [...toXPathString(to!)];
      const map = new Map<string, string>();
      [...toXPathString(from!)].forEach((char, i) => void (map.has(char) || map.set(char, replacements[i] ?? '')));
      return [...toXPathString(text!)].map((char) => map.get(char) ?? char).join('');
    },
  },
  boolean: { least: 1, most: 1, run: ([value]) => toXPathBoolean(value!) },
  not: { least: 1, most: 1, run: ([value]) => !toXPathBoolean(value!) },
  true: { least: 0, most: 0, run: () => true },
  false: { least: 0, most: 0, run: () => false },
  lang: {
    least: 1,
    most: 1,
    run: ([wanted], { node }) => {
      const language = toXPathString(wanted!).toLowerCase();
      for (let up: XmlNode | null = node; up !== null; up = up.parent) {
        const own = up.nodeType === XML_ELEMENT ? (up as XmlElement).attribute('xml:lang')?.toLowerCase() : undefined;
        if (own !== undefined && own !== null) return own === language || own.startsWith(`${language}-`);
      }
      return false;
    },
  },
  number: { least: 0, most: 1, run: (args, { node, scope }) => (args.length === 0 ? toXPathNumber(nodeText(node, scope)) : toXPathNumber(args[0]!)) },
  sum: { least: 1, most: 1, run: ([nodes], { scope }) => toNodes(nodes!).reduce((total, node) => total + toXPathNumber(nodeText(node, scope)), 0) },
  floor: { least: 1, most: 1, run: ([value]) => Math.floor(toXPathNumber(value!)) },
  ceiling: { least: 1, most: 1, run: ([value]) => Math.ceil(toXPathNumber(value!)) },
  round: { least: 1, most: 1, run: ([value]) => rounded(toXPathNumber(value!)) },
};
