import { isByteSource, readBytes, toText } from '../core/conversion/convert.ts';
import { defineLanguage } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { ExpressionSyntaxError } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { sourceReader } from '../core/exchange/source.ts';
import { decodeXml, parseXml, XmlElement } from '../core/conversion/xml.ts';
import type { XmlNode } from '../core/conversion/xml.ts';

type Mode = 'i' | 'w' | 'u' | 't';

interface PathStep {
  /** Any number of elements may stand before this one. */
  readonly isDeep: boolean;
  /** Null: `*`. */
  readonly localName: string | null;
  readonly namespace: string | null | undefined;
}

/** `/order/item`, `//p:item`, `item` (which stands anywhere). @throws ExpressionSyntaxError */
function pathSteps(source: string, namespaces: ReadonlyMap<string, string>): PathStep[] {
  const steps: PathStep[] = [];
  const pattern = /(\/{0,2})([^/]+)/y;
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(source);
    const name = /^(?:([\w.-]+):)?([\w.-]+|\*)$/.exec(match?.[2]?.trim() ?? '');
    if (match === null || name === null) throw new ExpressionSyntaxError('the path must be names of elements with `/` or `//` between them, such as `/order/item`', at);
    const [, prefix, localName] = name;
    if (prefix !== undefined && !namespaces.has(prefix)) throw new ExpressionSyntaxError(`the prefix \`${prefix}\` stands for no namespace`, at, prefix.length, `add it to \`namespace\`: { key: ${prefix}, value: ... }`);
    const isDeep = match[1] === '//' || (match[1] === '' && steps.length === 0);
    steps.push({ isDeep, localName: localName === '*' ? null : localName!, namespace: prefix === undefined ? namespaces.get('') : namespaces.get(prefix) });
  }
  if (steps.length === 0) throw new ExpressionSyntaxError('`xtokenize` needs a path, such as `/order/item`');
  return steps;
}

const matches = (element: XmlElement, { localName, namespace }: PathStep): boolean =>
  (localName === null || element.localName === localName) && (namespace === undefined || element.namespace === namespace);

/** The elements that the path leads to, in document order; none stands in another. */
function* found(elements: readonly XmlElement[], steps: readonly PathStep[]): Iterable<XmlElement> {
  const [step, ...rest] = steps;
  for (const element of elements) {
    if (matches(element, step!)) {
      if (rest.length === 0) {
        yield element;
        continue;
      }
      yield* found(element.elements, rest);
    }
    if (step!.isDeep) yield* found(element.elements, steps);
  }
}

const declaration = (prefix: string, uri: string): string => ` xmlns${prefix === '' ? '' : `:${prefix}`}="${uri.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')}"`;

/** The element as it was written, with the namespaces around it that it does not declare itself. */
function injected(element: XmlElement, source: string): string {
  let missing = '';
  for (const [prefix, uri] of element.namespaces) if (element.declarations?.has(prefix) !== true) missing += declaration(prefix, uri);
  const nameEnd = element.start + 1 + element.name.length;
  return source.slice(element.start, nameEnd) + missing + source.slice(nameEnd, element.end);
}

/** The element within the tags of those around it. */
function wrapped(element: XmlElement, source: string, inner = source.slice(element.start, element.end)): string {
  let text = inner;
  for (let up: XmlNode | null = element.parent; up instanceof XmlElement; up = up.parent) text = `${source.slice(up.start, up.innerStart)}${text}</${up.name}>`;
  return text;
}

const writers: Readonly<Record<Mode, (element: XmlElement, source: string) => string>> = {
  i: injected,
  w: (element, source) => wrapped(element, source),
  u: (element, source) => source.slice(element.innerStart, element.innerEnd),
  t: (element) => element.stringValue,
};

/** So many elements within one: those around them (`w`), else `group`. */
function together(elements: readonly XmlElement[], mode: Mode, source: string): string {
  if (mode !== 'w') return `<group>${elements.map((element) => writers[mode](element, source)).join('')}</group>`;
  return wrapped(elements[0]!, source, elements.map(({ start, end }) => source.slice(start, end)).join(''));
}

export const xtokenize = defineLanguage({
  name: 'xtokenize',
  summary: 'Cuts an XML document into the elements that a path leads to; gives an iterator.',
  options: {
    mode: field
      .enum('i: the element with the namespaces around it; w: within the tags of the elements around it; u: only what is inside of it; t: its text.', ['i', 'w', 'u', 't'])
      .default('i'),
    group: field.integer('Puts so many elements together into one: within `<group>`, or in mode w within the tags around them.').atLeast(1),
    namespace: field.list(
      'Namespaces of the prefixes in the path.',
      field.element('One namespace.', { key: field.string('The prefix.').required(), value: field.string('The URI.').required() }),
    ),
    source: field.string('Where the document is, instead of the body: `header:x`, `property:x`, `variable:x`.'),
  },
  examples: [{ expression: '/order/item', body: '<order><item>1</item><item>2</item></order>', gives: ['<item>1</item>', '<item>2</item>'] }],
  expression: (source, { mode, group, namespace, source: where }) => {
    const steps = pathSteps(source, new Map((namespace ?? []).map(({ key, value }) => [key, value])));
    const read = sourceReader(where);
    const write = writers[mode];
    const size = group ?? 1;
    function* parts(text: string): Generator<string> {
      const document = parseXml(text);
      let waiting: XmlElement[] = [];
      for (const element of found([document.root], steps)) {
        if (size === 1) yield write(element, document.source);
        else if (waiting.push(element) === size) {
          yield together(waiting, mode, document.source);
          waiting = [];
        }
      }
      if (waiting.length > 0) yield together(waiting, mode, document.source);
    }
    return (exchange) => {
      const value = read(exchange);
      if (value === null || value === undefined) throw new ExchangeError('java.lang.NullPointerException', 'there is nothing to cut: the value is null');
      if (isByteSource(value)) return partsOfStream(value, parts);
      return parts(value instanceof Uint8Array ? decodeXml(Buffer.from(value.buffer, value.byteOffset, value.byteLength)) : toText(value)!);
    };
  },
});

async function* partsOfStream(source: AsyncIterable<Uint8Array | string>, cut: (text: string) => Generator<string>): AsyncGenerator<string> {
  yield* cut(decodeXml(await readBytes(source)));
}
