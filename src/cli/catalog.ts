import { nearest } from '../core/diagnostics.ts';
import type { CatalogEntry, CatalogOption } from '../dsl/catalog.ts';
import { catalog as entries } from '../dsl/catalog.ts';
import { standardParts } from '../runtime/standard.ts';
import type { Terminal } from './main.ts';

const kinds: Readonly<Record<string, CatalogEntry['kind']>> = { eip: 'step', step: 'step', connector: 'connector', language: 'language', dataformat: 'dataformat', element: 'element' };

export function catalog(name: string | undefined, options: Readonly<Record<string, unknown>>, terminal: Terminal): number {
  const wanted = options['kind'] === undefined ? undefined : kinds[String(options['kind'])];
  if (options['kind'] !== undefined && wanted === undefined) {
    terminal.err.write(`error: --kind is one of ${Object.keys(kinds).join(', ')}, not \`${String(options['kind'])}\`\n`);
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
  if (options['json'] === true) terminal.out.write(`${JSON.stringify(found, null, 2)}\n`);
  else if (name === undefined) terminal.out.write(overview(found));
  else terminal.out.write(found.map(details).join('\n'));
  return 0;
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
