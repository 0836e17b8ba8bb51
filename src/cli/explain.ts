import { nearest } from '../core/diagnostics.ts';
import { codes } from '../dsl/codes.ts';
import type { Terminal } from './terminal.ts';

const block = (heading: string, text: string | undefined): string => (text === undefined ? '' : `\n${heading}:\n\n${text.trimEnd().replace(/^/gm, '    ')}\n`);

/** What a code means, with a route that gives it and the repair; all codes without one. */
export function explain(code: string | undefined, options: Readonly<Record<string, unknown>>, terminal: Terminal): number {
  if (code === undefined) {
    if (options['json'] === true) terminal.out.write(`${JSON.stringify(Object.entries(codes).map(([name, entry]) => ({ code: name, ...entry })), null, 2)}\n`);
    else for (const [name, { title }] of Object.entries(codes)) terminal.out.write(`${name}  ${title}\n`);
    return 0;
  }
  const name = code.toUpperCase().replace(/^(?=\d)/, 'M');
  const entry = Object.hasOwn(codes, name) ? codes[name] : undefined;
  if (entry === undefined) {
    const near = nearest(name, Object.keys(codes));
    terminal.err.write(`error: there is no code \`${code}\`\nhelp: ${near === null ? '' : `did you mean \`${near}\`? `}\`mecha explain\` lists all\n`);
    return 1;
  }
  const inFile = entry.file === undefined ? '' : ` (${entry.file})`;
  if (options['json'] === true) terminal.out.write(`${JSON.stringify({ code: name, ...entry }, null, 2)}\n`);
  else terminal.out.write(`${name}: ${entry.title}\n\n${entry.explanation}\n${block(`Wrong${inFile}`, entry.wrong)}${block(`Right${inFile}`, entry.right)}`);
  return 0;
}
