/** What is found in the text of a stylesheet, besides what the engine makes of it. */

const xslNamespace = 'http://www.w3.org/1999/XSL/Transform';

/** The functions of XPath 1.0 and XSLT 1.0, the tests of nodes, and operators that a parenthesis may follow. */
const known = new Set(
  `boolean ceiling concat contains count false floor id lang last local-name name namespace-uri normalize-space not number position round starts-with string
  string-length substring substring-after substring-before sum translate true current document element-available format-number function-available generate-id key
  system-property unparsed-entity-uri comment node processing-instruction text and or mod div`.split(/\s+/),
);

/** Attributes of XSLT's own elements that hold expressions or patterns. */
const expressions = new Set(['select', 'test', 'match', 'use', 'from', 'count', 'value']);

const tags = /<([\w.-]+:)?[\w.-]+((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))+)\s*\/?>/g;
const attributes = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const literals = /"[^"]*"|'[^']*'|&quot;[^&]*&quot;|&apos;[^&]*&apos;/g;
const call = /(?<![\w:.$-])([A-Za-z_][\w.-]*)\s*\(/g;

/** A function without a prefix that XSLT 1.0 has not, which the engine would miss only when it comes to it; null where there is none. */
export function unknownFunction(stylesheet: string): string | null {
  const prefix = new RegExp(`\\bxmlns:([\\w.-]+)\\s*=\\s*["']${xslNamespace}["']`).exec(stylesheet)?.[1];
  if (prefix === undefined || stylesheet.includes('function-available')) return null;
  for (const [, tagPrefix, given] of stylesheet.replace(/<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>/g, '').matchAll(tags)) {
    for (const [, name, double, single] of given!.matchAll(attributes)) {
      const value = double ?? single!;
      const isExpression = tagPrefix === `${prefix}:` && expressions.has(name!);
      const texts = isExpression ? [value] : Array.from(value.replaceAll('{{', '').matchAll(/\{([^}]*)\}/g), ([, inner]) => inner!);
      for (const text of texts) for (const [, found] of text.replace(literals, '""').matchAll(call)) if (!known.has(found!)) return found!;
    }
  }
  return null;
}

/** Java's engine makes a set of nodes of a part of the result with a function of its own; here EXSLT's does. */
export function withNodeSets(text: string): string {
  return text.replace(/\bxmlns:([\w.-]+)\s*=\s*["']http:\/\/xml\.apache\.org\/xalan["']/g, (_all, prefix: string) => `xmlns:${prefix}="http://exslt.org/common"`).replace(/\b([\w.-]+:)node[sS]et\(/g, '$1node-set(');
}

/** The charset that a stylesheet wants its result in, which the engine leaves to others. */
export function charsetOf(texts: Iterable<string>): string | null {
  for (const text of texts) {
    const charset = /<(?:[\w.-]+:)?output(?=\s)[^>]*?\sencoding\s*=\s*["']([^"']+)["']/.exec(text)?.[1];
    if (charset !== undefined) return charset;
  }
  return null;
}
