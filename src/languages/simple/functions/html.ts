import { html as names, parse, parseFragment, serialize } from 'parse5';
import type { DefaultTreeAdapterTypes as Tree } from 'parse5';
import { escapeXml, escapeXmlAttribute, parseXml } from '../../../core/conversion/xml.ts';
import type { FunctionBuilder } from '../value.ts';
import { ofText } from './input.ts';

/** Elements that stay, with their attributes and the schemes that the links in these may have: jsoup's basic list for texts of strangers. */
const safe = new Map<string, Readonly<Record<string, readonly string[]>>>([
  ...['b', 'br', 'cite', 'code', 'dd', 'dl', 'dt', 'em', 'i', 'li', 'ol', 'p', 'pre', 'small', 'span', 'strike', 'strong', 'sub', 'sup', 'u', 'ul'].map((name) => [name, {}] as const),
  ['a', { href: ['ftp', 'http', 'https', 'mailto'] }],
  ['blockquote', { cite: ['http', 'https'] }],
  ['q', { cite: ['http', 'https'] }],
]);

/** What these hold is no text for readers. */
const unread = new Set(['script', 'style', 'template', 'noscript', 'iframe', 'object', 'head', 'title']);

const blocks = new Set(
  'address article aside blockquote body br center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul'.split(' '),
);

const isElement = (node: Tree.ChildNode): node is Tree.Element => 'tagName' in node;
const isText = (node: Tree.ChildNode): node is Tree.TextNode => node.nodeName === '#text';

/** Blanks and control characters that browsers overlook must not hide a scheme. */
const schemeOf = (link: string): string | null => /^([a-z][a-z0-9+.-]*):/i.exec(link.replace(/[\u0000-\u0020\u007f]/g, ''))?.[1]?.toLowerCase() ?? null;

/** Only what is safe; elements that are not leave what they hold. Not by recursion: a text may nest as deep as it likes. */
function clean(text: string): string {
  const source = parseFragment(text);
  const result = parseFragment('');
  const pending: { readonly from: Tree.ChildNode; readonly into: Tree.ParentNode }[] = [];
  const push = (children: readonly Tree.ChildNode[], into: Tree.ParentNode): void => {
    for (let i = children.length - 1; i >= 0; i--) pending.push({ from: children[i]!, into });
  };
  push(source.childNodes, result);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { from, into } = next;
    if (isText(from)) into.childNodes.push({ nodeName: '#text', value: from.value, parentNode: into });
    if (!isElement(from)) continue;
    const attributes = from.namespaceURI === names.NS.HTML ? safe.get(from.tagName) : undefined;
    if (attributes === undefined) {
      if (!unread.has(from.tagName)) push(from.childNodes, into);
      continue;
    }
    const attrs = from.attrs.filter(({ name, value }) => attributes[name]?.includes(schemeOf(value) ?? '') === true);
    if (from.tagName === 'a') attrs.push({ name: 'rel', value: 'nofollow' });
    const kept: Tree.Element = { nodeName: from.tagName, tagName: from.tagName, attrs, namespaceURI: names.NS.HTML, childNodes: [], parentNode: into };
    into.childNodes.push(kept);
    push(from.childNodes, kept);
  }
  return serialize(result);
}

/** The text as a reader sees it, on one line. */
function plain(text: string): string {
  let found = '';
  const pending: (Tree.ChildNode | ' ')[] = [...parseFragment(text).childNodes].reverse();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next === ' ') found += ' ';
    else if (isText(next)) found += next.value;
    else if (isElement(next) && !unread.has(next.tagName)) {
      const isBlock = blocks.has(next.tagName);
      if (isBlock) {
        found += ' ';
        pending.push(' ');
      }
      pending.push(...[...next.childNodes].reverse());
    }
  }
  return found.replace(/[\s\u00a0]+/g, ' ').trim();
}

/** Characters that no XML may hold. */
const withoutControls = (text: string): string => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');

/** The document as HTML's rules read it, whatever is missing or not closed; XPath can be asked about it. */
function document(text: string): unknown {
  let xml = '';
  const pending: (Tree.ChildNode | string)[] = [...parse(text).childNodes].reverse();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') xml += next;
    else if (isText(next)) xml += escapeXml(next.value);
    else if (isElement(next) && /^[A-Za-z_][\w.-]*$/.test(next.tagName)) {
      const attributes = next.attrs.filter(({ name }) => /^[A-Za-z_][\w.-]*$/.test(name)).map(({ name, value }) => ` ${name}="${escapeXmlAttribute(value)}"`);
      xml += `<${next.tagName}${attributes.join('')}>`;
      pending.push(`</${next.tagName}>`, ...[...next.childNodes].reverse());
    }
  }
  return parseXml(withoutControls(xml));
}

export const htmlFunctions: Readonly<Record<string, FunctionBuilder>> = {
  htmlClean: ofText(clean),
  htmlDecode: ofText(plain),
  htmlParse: ofText(document),
};
