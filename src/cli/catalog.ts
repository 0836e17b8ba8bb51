import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { nearest } from '../core/diagnostics.ts';
import type { CatalogEntry, CatalogOption } from '../dsl/catalog.ts';
import { camelCatalog } from '../dsl/camelCatalog.ts';
import { catalog as entries } from '../dsl/catalog.ts';
import { kaotoCatalog } from '../dsl/kaotoCatalog.ts';
import { standardParts } from '../runtime/standard.ts';
import { writeWhole } from './givenFiles.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

const kinds: Readonly<Record<string, CatalogEntry['kind']>> = { eip: 'step', step: 'step', connector: 'connector', language: 'language', dataformat: 'dataformat', element: 'element' };

/** The version of Camel whose YAML is taken. */
const camelVersion = '4.22.0';

/** Writes the files that Kaoto loads, each whole or not at all. */
function writeKaoto(folder: string, terminal: Terminal, isJson: boolean): number {
  const files = kaotoCatalog(standardParts, version, camelVersion);
  const target = resolve(terminal.folder, folder);
  try {
    for (const [name, document] of files) {
      const path = join(target, name);
      mkdirSync(dirname(path), { recursive: true });
      writeWhole(path, JSON.stringify(document));
    }
  } catch (thrown) {
    if (isJson) terminal.out.write(`${JSON.stringify({ error: (thrown as Error).message })}\n`);
    terminal.err.write(`error: \`${folder}\` can't be written: ${(thrown as Error).message}\n`);
    return 2;
  }
  terminal.out.write(isJson ? `${JSON.stringify({ folder: target, files: [...files.keys()] })}\n` : `${files.size} files in ${folder}; serve them over HTTP, and name ${join(folder, 'index.json')} as the catalogue in the settings of Kaoto\n`);
  return 0;
}

export function catalog(name: string | undefined, options: Readonly<Record<string, unknown>>, terminal: Terminal): number {
  const wanted = options['kind'] === undefined ? undefined : kinds[String(options['kind'])];
  const format = options['json'] === true ? 'json' : String(options['format'] ?? 'text');
  const output = options['output'] as string | undefined;
  if (output !== undefined) {
    if (options['format'] === 'camel' && name === undefined && wanted === undefined) return writeKaoto(output, terminal, options['json'] === true);
    terminal.err.write('error: --output writes the whole catalogue in the form of Camel: `mecha catalog --format camel --output FOLDER`\n');
    return 2;
  }
  const all = entries(standardParts).filter(({ kind }) => wanted === undefined || kind === wanted);
  const found = name === undefined ? all : all.filter((entry) => entry.name === name);
  if (found.length === 0) {
    const near = nearest(
      name ?? '',
      all.map((entry) => entry.name),
    );
    terminal.err.write(`error: there is no part \`${name}\`${near === null ? '' : `; did you mean \`${near}\`?`}\n`);
    return 1;
  }
  if (format === 'camel') terminal.out.write(`${JSON.stringify(camelForm(found, name === undefined), null, 2)}\n`);
  else if (format === 'json') terminal.out.write(`${JSON.stringify(found, null, 2)}\n`);
  else if (name === undefined) terminal.out.write(overview(found));
  else terminal.out.write(found.map(details).join('\n'));
  return 0;
}

const camelGroups = { connector: 'components', step: 'models', element: 'models', language: 'languages', dataformat: 'dataformats' } as const;

/** The documents of what was found: by group and name, or the one that was asked for. */
function camelForm(found: readonly CatalogEntry[], isWhole: boolean): unknown {
  const all = camelCatalog(standardParts);
  const documents = found.flatMap(({ kind, name }) => (all[camelGroups[kind]][name] === undefined ? [] : [{ group: camelGroups[kind], name, document: all[camelGroups[kind]][name] }]));
  if (!isWhole) return documents.length === 1 ? documents[0]!.document : documents.map(({ document }) => document);
  const groups: Record<string, Record<string, unknown>> = {};
  for (const { group, name, document } of documents) (groups[group] ??= {})[name] = document;
  return groups;
}

function overview(found: readonly CatalogEntry[]): string {
  const lines: string[] = [];
  let kind = '';
  const width = Math.max(...found.map(({ name }) => name.length));
  for (const entry of found) {
    if (entry.kind !== kind) {
      if (kind !== '') lines.push('');
      kind = entry.kind;
      lines.push(`${kind}s`);
    }
    lines.push(`  ${entry.name.padEnd(width)}  ${entry.summary}`);
  }
  return `${lines.join('\n')}\n`;
}

function details({ kind, name, summary, syntax, options }: CatalogEntry): string {
  return `${name} (${kind})\n${syntax === undefined ? '' : `${syntax}\n`}${summary}\n\n${optionLines(options, '  ').join('\n')}\n`;
}

function optionLines(options: readonly CatalogOption[], indent: string): string[] {
  const width = Math.max(0, ...options.map(({ name }) => name.length));
  return options.flatMap((option) => {
    const facts = [option.type, option.isRequired ? 'required' : '', option.default === undefined ? '' : `default ${JSON.stringify(option.default)}`, option.values === undefined ? '' : option.values.join('|')].filter((fact) => fact !== '').join(', ');
    const line = `${indent}${option.name.padEnd(width)}  ${option.description} (${facts})${option.noEffect === undefined ? '' : ` No effect: ${option.noEffect}.`}`;
    return [line, ...(option.options === undefined ? [] : optionLines(option.options, `${indent}    `))];
  });
}
