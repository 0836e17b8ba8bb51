import { relative, resolve } from 'node:path';
import type { Diagnostic } from '../core/diagnostics.ts';
import { Diagnostics, Source } from '../core/diagnostics.ts';
import { printDiagnostics, toJson } from '../dsl/diagnose.ts';
import { applyFixes } from '../dsl/fixes.ts';
import { readConfiguration } from '../runtime/configuration.ts';
import { routeFiles } from '../runtime/files.ts';
import { Mecha } from '../runtime/mecha.ts';
import { hasErrors, mechaOptions } from './checked.ts';
import { writeWhole } from './givenFiles.ts';
import type { Terminal } from './terminal.ts';
import { hasColour } from './terminal.ts';
import { withProgress } from './progress.ts';

type Options = Readonly<Record<string, unknown>>;

/** What `mecha.yaml` names. */
function configuredPaths(options: Options, { folder, environment }: Terminal): readonly string[] {
  const configuration = readConfiguration({ folder, file: (options['config'] as string | undefined) ?? null, environment }, new Diagnostics());
  return (configuration.get('routes') as readonly string[] | undefined) ?? [];
}

/** 0: clean; 1: lints only; 2: errors. */
export async function validate(paths: readonly string[], options: Options, terminal: Terminal): Promise<number> {
  const format = options['json'] === true ? 'json' : String(options['format']);
  const input = paths.includes('-') ? await readInput(paths, options, terminal) : null;
  if (input === undefined) return 2;
  const check = (): Promise<readonly Diagnostic[]> =>
    withProgress(terminal, format !== 'text', (progress) => Mecha.check({ ...mechaOptions(paths, options, terminal), lints: options['lints'] !== false, progress, ...(input === null ? {} : { sources: [input] }) }));
  let list = await check();
  if (options['fix'] === true) {
    let fixed = 0;
    // One fix may bring to light what another is for.
    for (let round = 0; round < 10; round++) {
      let count: number;
      try {
        count = fixFiles(list, terminal);
      } catch (thrown) {
        terminal.err.write(`error: the repairs can't be written: ${(thrown as Error).message}\n`);
        return 2;
      }
      if (count === 0) break;
      fixed += count;
      list = await check();
    }
    terminal.err.write(`${fixed} fixed${fixed > 0 || list.every(({ fix }) => fix === null) ? '' : '; what is left needs a person to choose'}\n`);
  }
  const files = (): ReadonlySet<string> => {
    const names = new Set(input !== null ? [input.file] : routeFiles(paths.length > 0 ? paths : configuredPaths(options, terminal), terminal.folder, new Diagnostics()).map((file) => relative(terminal.folder, file)));
    for (const { at } of list) if (at !== null) names.add(at.source.file);
    return names;
  };
  if (format === 'json') {
    const byFile = new Map<string, Diagnostic[]>([...files()].map((file) => [file, []]));
    for (const problem of list) if (problem.at !== null) byFile.get(problem.at.source.file)!.push(problem);
    for (const [file, problems] of byFile) terminal.out.write(`${JSON.stringify(toJson(file, problems))}\n`);
    const rest = list.filter(({ at }) => at === null);
    if (rest.length > 0) terminal.out.write(`${JSON.stringify(toJson('', rest))}\n`);
  } else if (format === 'github') {
    for (const problem of list) terminal.out.write(githubLine(problem));
  } else if (format === 'sarif') {
    const { sarif } = await import('./sarif.ts');
    terminal.out.write(`${JSON.stringify(sarif(list), null, 2)}\n`);
  } else if (list.length > 0) {
    const fixable = list.filter(({ fix }) => fix?.isSure === true).length;
    const count = (severity: Diagnostic['severity'], name: string): string[] => {
      const many = list.filter((problem) => problem.severity === severity).length;
      return many === 0 ? [] : [`${many} ${name}${many === 1 ? '' : 's'}`];
    };
    terminal.err.write(`${printDiagnostics(list, { color: hasColour(terminal.err, terminal.environment) })}\n\n${[...count('error', 'error'), ...count('warning', 'warning')].join(', ')}${fixable === 0 ? '' : `; \`mecha validate --fix\` mends ${fixable}`}; \`mecha explain ${list[0]!.code}\` tells more\n`);
  } else terminal.out.write('nothing wrong\n');
  return hasErrors(list) ? 2 : list.length > 0 ? 1 : 0;
}

const longestInput = 16 * 1024 * 1024;

/** Routes from standard input, instead of files; undefined when there are none, which has been said then. */
async function readInput(paths: readonly string[], options: Options, { in: input, err }: Terminal): Promise<Source | undefined> {
  const refuse = (message: string): undefined => void err.write(`error: ${message}\n`);
  if (paths.length > 1) return refuse('`-` is standard input: give either it or files');
  if (options['fix'] === true) return refuse('`--fix` writes files: give one in place of `-`');
  if (input === undefined) return refuse('there is no standard input');
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of input) {
    pieces.push(Buffer.from(piece));
    if ((length += piece.length) > longestInput) return refuse(`standard input is larger than ${longestInput / 1024 / 1024} MB`);
  }
  return new Source('stdin', Buffer.concat(pieces).toString('utf8'));
}

/** Makes the sure fixes; gives how many. A file is written whole or not at all. */
function fixFiles(list: readonly Diagnostic[], { folder }: Terminal): number {
  const sources = new Map<string, Source>();
  for (const { at } of list) if (at !== null) sources.set(at.source.file, at.source);
  let total = 0;
  for (const source of sources.values()) {
    const { text, count } = applyFixes(source, list);
    if (count === 0 || text === source.text) continue;
    writeWhole(resolve(folder, source.file), text);
    total += count;
  }
  return total;
}

const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const escapedProperty = (text: string): string => escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** An annotation, as workflows of GitHub take it from a command's output. */
function githubLine({ severity, code, message, at, help }: Diagnostic): string {
  const place: string[] = [];
  if (at !== null) {
    const start = at.source.position(at.start);
    const end = at.source.position(at.end);
    place.push(`file=${escapedProperty(at.source.file)}`, `line=${start.line}`, `col=${start.column}`, `endLine=${end.line}`, `endColumn=${end.column}`);
  }
  return `::${severity} ${[...place, `title=${code}`].join(',')}::${escaped(`${message}${help === null ? '' : `\nhelp: ${help}`}`)}\n`;
}
