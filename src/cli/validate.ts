import { relative } from 'node:path';
import { Diagnostics } from '../core/diagnostics.ts';
import { printDiagnostics, toJson } from '../dsl/diagnose.ts';
import { readConfiguration } from '../runtime/configuration.ts';
import { routeFiles } from '../runtime/files.ts';
import { Mecha } from '../runtime/mecha.ts';
import { hasErrors, mechaOptions } from './checked.ts';
import type { Terminal } from './main.ts';
import { hasColour } from './main.ts';

/** What `mecha.yaml` names. */
function configuredPaths(options: Readonly<Record<string, unknown>>, { folder, environment }: Terminal): readonly string[] {
  const configuration = readConfiguration({ folder, file: (options['config'] as string | undefined) ?? null, environment }, new Diagnostics());
  return (configuration.get('routes') as readonly string[] | undefined) ?? [];
}

export async function validate(paths: readonly string[], options: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<number> {
  const { format } = options;
  if (format !== 'text' && format !== 'json') {
    terminal.err.write(`error: --format is text or json, not \`${String(format)}\`\n`);
    return 2;
  }
  const list = await Mecha.check(mechaOptions(paths, options, terminal));
  if (format === 'json') {
    const files = new Set(routeFiles(paths.length > 0 ? paths : configuredPaths(options, terminal), terminal.folder, new Diagnostics()).map((file) => relative(terminal.folder, file)));
    for (const { at } of list) if (at !== null) files.add(at.source.file);
    const placed = list.filter(({ at }) => at !== null);
    for (const file of files) terminal.out.write(`${JSON.stringify(toJson(file, placed))}\n`);
    const rest = list.filter(({ at }) => at === null);
    if (rest.length > 0) terminal.out.write(`${JSON.stringify(toJson('', rest))}\n`);
  } else if (list.length > 0) terminal.err.write(`${printDiagnostics(list, { color: hasColour(terminal.err, terminal.environment) })}\n`);
  else terminal.out.write('nothing wrong\n');
  return hasErrors(list) ? 2 : 0;
}
