import { resolve } from 'node:path';
import { Diagnostics, nearest, Source } from '../core/diagnostics.ts';
import { printDiagnostics } from '../dsl/diagnose.ts';
import { appendElement, appendStep, InsertError } from '../dsl/insert.ts';
import { propertyLookup } from '../dsl/placeholders.ts';
import { readDocument } from '../dsl/read.ts';
import { snippetOf } from '../runtime/snippets.ts';
import { standardParts } from '../runtime/standard.ts';
import { textOfGiven, writeWhole } from './givenFiles.ts';
import type { Terminal } from './terminal.ts';
import { hasColour } from './terminal.ts';

export function add(name: string, options: Readonly<Record<string, unknown>>, terminal: Terminal): number {
  const refuse = (message: string, code = 2): number => {
    if (options['json'] === true) terminal.out.write(`${JSON.stringify({ error: message })}\n`);
    terminal.err.write(`error: ${message}\n`);
    return code;
  };
  const snippet = snippetOf(name, options['to'] === true || options['route'] !== undefined);
  if (snippet === null) {
    const near = nearest(name, [...Object.keys(standardParts.eips), ...Object.keys(standardParts.connectors)]);
    return refuse(`there is no step and no connector \`${name}\`${near === null ? '; `mecha catalog` lists them' : `; did you mean \`${near}\`?`}`, 1);
  }
  const file = options['into'] as string | undefined;
  const routeId = options['route'] as string | undefined;
  const isStep = Object.hasOwn(standardParts.eips, name) || options['to'] === true;
  if (file === undefined) {
    if (routeId !== undefined) return refuse('--route needs --into with the file that the route stands in');
    const text = isStep ? snippet.step : snippet.route(name);
    if (text === null) return refuse(`\`${name}\` can't be sent to; leave --to out`);
    terminal.out.write(options['json'] === true ? `${JSON.stringify({ name, text })}\n` : text);
    return 0;
  }
  const path = resolve(terminal.folder, file);
  let before = '';
  try {
    before = textOfGiven(file, terminal);
  } catch (thrown) {
    if ((thrown as { code?: string }).code !== 'ENOENT') return refuse(`\`${file}\` can't be read: ${(thrown as Error).message}`);
  }
  let after: string;
  try {
    const addition = routeId === undefined ? snippet.route(freeId(name, before)) : snippet.step;
    if (addition === null) return refuse(`\`${name}\` can only be a source: leave --route out`);
    after = routeId === undefined ? appendElement(before, addition) : appendStep(before, routeId, addition);
  } catch (thrown) {
    if (!(thrown instanceof InsertError)) throw thrown;
    return refuse(`\`${file}\` was not changed: ${thrown.message}`);
  }
  // What was wrong before is none of our business; what the snippet makes wrong is.
  const [was, is] = [problemsOf(file, before), problemsOf(file, after)];
  if (before !== '' && !was.hasErrors && is.hasErrors) {
    terminal.err.write(`${printDiagnostics(is.sorted(), { color: hasColour(terminal.err, terminal.environment) })}\n`);
    return refuse(`\`${file}\` was not changed: the snippet does not fit there`);
  }
  try {
    writeWhole(path, after);
  } catch (thrown) {
    return refuse(`\`${file}\` was not changed: ${(thrown as Error).message}`);
  }
  terminal.out.write(options['json'] === true ? `${JSON.stringify({ name, file })}\n` : `added \`${name}\` to ${file}; \`mecha validate ${file}\` checks it\n`);
  return 0;
}

function problemsOf(file: string, text: string): Diagnostics {
  const problems = new Diagnostics();
  readDocument(new Source(file, text), standardParts, { properties: propertyLookup({}) }, problems);
  return problems;
}

/** `aggregate`, or `aggregate-2` where that id is taken. */
function freeId(name: string, text: string): string {
  for (let count = 1; ; count++) {
    const id = count === 1 ? name : `${name}-${count}`;
    if (!new RegExp(`\\bid: ["']?${id}["']?\\s*$`, 'm').test(text) && !text.includes(`direct:${id}\n`)) return id;
  }
}
