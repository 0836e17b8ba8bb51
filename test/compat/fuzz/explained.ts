import type { Difference } from './replay.ts';

interface Explanation {
  readonly reason: string;
  readonly source?: RegExp;
  readonly camel?: RegExp;
  readonly here?: RegExp;
}

const accident = {
  identity: 'an accident of Java: an array or an iterator prints its class and its place in memory',
  classes: "an accident of Java: `split` gives an array, `collate` and `skip` an iterator, which no list equals or contains anything like; here they are lists",
  lengths: 'an accident of Java: arrays have a length, lists a size, and asking the other way round fails; here there are only lists and bytes',
  missing: 'an accident of Java: a null in a list, an empty text or a list of one fails where there is an answer',
  longs: 'an accident of Java: Integer and Long are two classes; here a whole number is a whole number',
  cast: 'an accident of Java: a failed cast',
  order: 'an accident of Java: the order of a hash map; here that in which the names were set',
  reader: "an accident of Camel's reader: inside of a function's arguments it stumbles over what it reads elsewhere",
} as const;

/** Differences that stay, and why: Camel's answer is an accident of Java or hides an error. Each must explain some of what is recorded. */
export const explanations: readonly Explanation[] = [
  { reason: accident.identity, camel: /\[Ljava\.lang\.String;@|(?:Group|Skip)Iterator@/i, here: /^[^!]/ },
  { reason: accident.classes, source: /\$\{(?:split|collate|skip)\(.*(?:contains|~~|[<>]=?) |\((?:\$\{body\}|) *\$\{(?:skip|collate)\(/, camel: /^(?:true|false)$/, here: /^(?:true|false)$/ },
  { reason: accident.lengths, source: /\.(?:length|size)/, camel: /^!MethodNotFoundException: Method with name: (?:length|size)(?:\(\))? not found on bean: \[/, here: /^[^!]/ },
  { reason: accident.missing, source: /contains|~~/, camel: /^!NullPointerException: Cannot invoke "Object\.toString\(\)" because "c" is null/, here: /^[^!]/ },
  { reason: accident.missing, source: /\$\{(?:capitalize|concat)\(|\$\{(?:base64Encode|base64Decode|list|isNumeric)\(\$\{join|convertTo\(,/, camel: /^!ArrayIndexOutOfBoundsException: Index [01] out of bounds for length [01]/, here: /^[^!]/ },
  { reason: accident.longs, source: /\$\{(?:ceil|messageTimestamp|messageHistory|floor|abs|sum|average|max|min).*\?: 'none'/, camel: /^0$/, here: /^"none"$/ },
  { reason: accident.longs, source: /is 'java\.lang\.Integer'|is 'Long'/, camel: /^(?:true|false)$/, here: /^(?:true|false)$/ },
  { reason: accident.longs, camel: /^!NumberFormatException: For input string: "\d{11,}"/, here: /^[^!]/ },
  { reason: accident.cast, camel: /^!ClassCastException: class java\.lang\.Boolean cannot be cast to class (?:java\.lang\.Long|org\.apache\.camel\.util\.json\.JsonArray)/, here: /^[^!]/ },
  { reason: accident.cast, source: /messageAs\(org\.apache\.camel\.Message\)\.body/, camel: /^!AmbiguousMethodCallException/, here: /^[^!]/ },
  { reason: accident.cast, source: /messageAs\(boolean\)/, camel: /^!IllegalArgumentException: Cannot convert type/, here: /^[^!]/ },
  { reason: accident.longs, source: /\$\{(?:abs|min|max|sum|average|ceil|floor)\(.*(?:true|false)/, camel: /^(?:true|false)$/, here: /^(?:true|false)$/ },
  { reason: accident.cast, camel: /^!ClassCastException: class java\.lang\.Long cannot be cast to class java\.lang\.Boolean/, here: /^[^!]/ },
  { reason: accident.order, source: /\$\{variables\}/, camel: /file=words\.txt|"file":"words\.txt"/i, here: /^[^!]/ },
  { reason: accident.reader, source: /convertTo\(\$\{[^,]*\(/, camel: /^!ClassNotFoundException: \$\{/, here: /^[^!]/ },
  { reason: accident.reader, source: /'[^']*\}'/, camel: /^!SimpleParserException: Valid syntax: |^!NumberFormatException: For input string: "'(?:\)\}|,')|^"'\)\}/, here: /^[^!]/ },
  { reason: accident.reader, camel: /^!SimpleParserException: single quote has no ending quote/, here: /^[^!]/ },
  { reason: accident.reader, source: /\$\{type:/, camel: /^!SimpleParserException: (?:Unexpected token|Unknown function)/, here: /^[^!]/ },
  { reason: accident.reader, source: /throwException\('[^']*,|\$\{type:/, camel: /^!(?:ArrayIndexOutOfBoundsException|ClassNotFoundException|NumberFormatException)|class java\.lang/, here: /^[^!]/ },
  { reason: accident.reader, camel: /^!SimpleParserException: \$\{ cannot accept (?:true|false|null)/, here: /^[^!]/ },
  { reason: accident.reader, source: /xpath\('string|(?:jq|jsonpath|xpath)\((?:header|variable):\w+,'/, camel: /^!(?:TokenMgrError|PathNotFoundException|XPathException)/, here: /^[^!]/ },
  { reason: 'a hole in Camel: the values that `filter` and `forEach` walk through are read as a condition', source: /(?:filter|forEach)\(/, camel: /^!SimpleParserException: Unexpected token/, here: /^[^!]/ },
  { reason: 'Camel hides an error: it looks exchange properties up with their quotes', source: /exchangeProperty\['/, camel: /^[^!]/, here: /^[^!]/ },
  { reason: accident.classes, source: /size\(\$\{(?:split|collate|skip)\(/, camel: /^\d+$/, here: /^\d+$/ },
  { reason: accident.missing, source: /size\(\$\{bodyAs\(java\.lang\.Object\)\}\)/, camel: /^1$/, here: /^0$/ },
  { reason: 'a hole in Camel: in a condition what `forEach` does is done with the body, not with each value', source: /forEach\(\$\{[^}]*\}, ?'.*\$\{body\}.*'\)\} (?:!?~~|!?contains) /, camel: /^(?:true|false)$/, here: /^(?:true|false)$/ },
  { reason: accident.identity, source: /base64Encode\(\$\{\w+\(\$\{split\(/, camel: /W0x[Kq]/, here: /^[^!]/ },
  { reason: 'an accident of Camel: `range` evaluates what stands before it twice', source: /listAdd\(.* !?range /, camel: /^(?:true|false)$/, here: /^(?:true|false)$/ },
];

/** The first rule that fits. */
export const ruleFor = ({ source, camel, here }: Difference): Explanation | undefined =>
  explanations.find((one) => (one.source?.test(source) ?? true) && (one.camel?.test(camel) ?? true) && (one.here?.test(here) ?? true));

export const explanationOf = (difference: Difference): string | null => ruleFor(difference)?.reason ?? null;
