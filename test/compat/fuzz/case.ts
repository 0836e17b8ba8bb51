import { stringify } from 'yaml';
import type { Sent } from './generate.ts';
import { messages } from './generate.ts';

const routes = `  - beans: [ { name: counter, type: java.util.concurrent.atomic.AtomicInteger, constructors: { "0": 5 } }, { name: names, type: java.util.ArrayList } ]
  - from: { uri: "direct:functions", steps: [ { setBody: { simple: "$init{\\n$shout ~:= \${uppercase()};\\n$twice ~:= \${body}\${body};\\n$quoted ~:= \${quote()};\\n}init$\\n\${shout()}" } } ] }
  - from: { uri: "direct:value", steps: [ { to: { uri: "language:simple", parameters: { allowTemplateFromHeader: true } } } ] }
  - from: { uri: "direct:condition", steps: [ { to: { uri: "language:simple", parameters: { allowTemplateFromHeader: true, resultType: boolean } } } ] }
`;

const written = (value: unknown): string => JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `\u0001${item}` : item)).replace(/"\\u0001(\d+)"/g, '$1').replace(/[^\x20-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** What the expressions load: in the routes' folder here, on the class path in Camel. */
export const resources = { 'words.txt': 'some words\non two lines\n', 'deep/words.txt': 'deep' };

/** A case file whose one route evaluates each expression over its message. */
export function caseOf(name: string, sent: readonly Sent[]): string {
  const lines = sent.map(({ to, message, source }) => {
    const { body, headers, properties, variables } = messages[message]!;
    return `  - { to: "${to}", body: ${written(body)}, headers: ${written({ ...headers, CamelLanguageScript: source })}, properties: ${written(properties)}, variables: ${written(variables)} }`;
  });
  return `${stringify({ description: name })}files: ${written(resources)}\nproperties: { my.key: value, my.num: "7" }\nlimitMs: 120000\nroutes:\n${routes}send:\n${lines.join('\n')}\n`;
}
