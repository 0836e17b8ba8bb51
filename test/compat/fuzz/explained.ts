import type { Difference } from './replay.ts';

/** Differences that stay, and why. Each must explain some of what is recorded. */
export const explanations: readonly { readonly reason: string; readonly source?: RegExp; readonly camel?: RegExp; readonly here?: RegExp }[] = [
  { reason: 'Camel prints the identity of a Java object', camel: /\[Ljava\.lang|@[0-9a-f]{5,}|@<hash>/i },
  { reason: 'Camel can not read a range with a negative end', source: /range '-/, camel: /^!SimpleIllegalSyntax/ },
  { reason: 'variables have the order of a Java HashMap in Camel; here that in which they were set', source: /variables/, camel: /v=var/i },
  { reason: 'quotes around a path behind an input fail in Camel', source: /(?:jq|jsonpath|xpath)\((?:header|variable)\w*:\w+,'/, camel: /^!/ },
  { reason: 'Camel looks exchange properties up with their quotes', source: /exchangeProperty\['/ },
  { reason: 'lists and bytes answer to length and size, whatever Java calls them', source: /\.(?:length|size)/, camel: /^!MethodNotFound/ },
  { reason: 'an accident of Java: an index, a null, a cast, a reflection that fails', camel: /^!(?:ArrayIndexOutOfBounds|IndexOutOfBounds|NullPointer|ClassCast|StringIndexOutOfBounds|IllegalArgumentException: (?:argument type mismatch|Cannot convert type))/, here: /^[^!]/ },
  { reason: 'a function with arguments of its own inside of convertTo is cut at the wrong parenthesis in Camel', source: /convertTo\(\$\{/, camel: /^!ClassNotFound/ },
  { reason: 'whole numbers beyond 2^53 in arithmetic: a Java long has 64 bits, a number here 53', source: /9007199254740993|MAX_VALUE|header\.big|abs\(\)|AsLong|As\((?:Long|long|java\.math)/, here: /900719925474\d|9223372036854776000/ },
  { reason: 'whole numbers beyond 2^53 in arithmetic: a Java long has 64 bits, a number here 53', source: /9007199254740993/, camel: /^(?:true|false)$/ },
  { reason: 'there is no message object here to look into', source: /messageAs\(/ },
  { reason: 'comparisons inside of functions of conditions are refused here, where Camel reads some and not others', here: /can't stand inside a function of a condition/ },
  { reason: 'a brace inside of a text ends the function in Camel', source: /'[^']*\}[^']*'/, camel: /^!SimpleParser|'\)\}/ },
  { reason: 'bytes of a list: Camel makes none of an empty one', source: /base64|byte\[\]/ },
  { reason: 'the HTML functions need camel-jsoup, which was not there when Camel was asked; the recorded answers are failures', source: /html(?:Clean|Decode|Parse)/, camel: /NoSuchService|^true|^false/ },
  { reason: 'a list that jq gives prints as a list here, in Camel as JSON with blanks', source: /jq\(/, camel: /\[ /},
  { reason: 'whole numbers beyond 2^53 in arithmetic: a Java long has 64 bits, a number here 53', source: /\+\+|--/, camel: /900719925474099/ },
  { reason: 'what ends in ? is optional at every step here', source: /nosuch\?/ },
  { reason: 'lists, groups and texts are compared as texts where Camel compares by chance of their Java class', source: /collate|header\.(?:list|mixed)|\$\{body\} > true/, camel: /^(?:true|false)$/ },
  { reason: 'an integer is an integer: int and long are one here', source: /is 'java\.lang\.Integer'/ },
  { reason: 'no value is no number: what can not be converted to one fails later or not at all', camel: /^!(?:NumberFormat|NoTypeConversion)/, here: /^[^!]/ },
  { reason: 'a zero or an empty list counts as nothing for ?: here, whatever made it', source: /\?: 'none'/ },
  { reason: 'decimals print here as they are written', source: /1e3/ },
  { reason: 'no number there is: a mandatory body of a class without a value fails', source: /mandatoryBodyAs\(java\.math/ },
  { reason: 'whole numbers beyond 2^53 in arithmetic: a Java long has 64 bits, a number here 53', source: /9007199254740993/, camel: /300239975158033/ },
  { reason: 'an empty text has no document: Camel fails at the first name, here there is nothing', source: /jq\(/, camel: /Cannot index null/ },
  { reason: 'a long is no truth in Camel when a flag is compared with it', source: /2147483648/ },
  { reason: 'an integer is an integer: int and long are one here', source: /is 'Long'/ },
  { reason: 'an iterator of Java is a list here', source: /skip\(/ },
  { reason: 'quotes of iif are left out by Camel in conditions only', source: /iif\(.*\)\} </, camel: /^(?:true|false)$/ },
  { reason: 'a separator that is itself a function is evaluated here; Camel takes its text for a pattern', source: /split\(\$\{/, camel: /PatternSyntax/ },
  { reason: 'compared as texts when one side is beyond 2^53', source: /header\.big/ },
];

export function explanationOf({ source, camel, here }: Difference): string | null {
  return explanations.find((one) => (one.source?.test(source) ?? true) && (one.camel?.test(camel) ?? true) && (one.here?.test(here) ?? true))?.reason ?? null;
}
