import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A code block of a page: ```LANGUAGE WORD key=value. */
export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  /** Words and key=value pairs behind the language. */
  readonly info: Readonly<Record<string, string>>;
  readonly text: string;
  /** The last heading before it. */
  readonly heading: string;
}

/** All pages for people: the README and everything under docs/. */
export function pages(): string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? below(`${folder}/${entry.name}`) : entry.name.endsWith('.md') ? [`${folder}/${entry.name}`] : []));
  return ['README.md', ...below('docs').sort()];
}

export function blocksOf(page: string): Block[] {
  const lines = readFileSync(join(root, page), 'utf8').split('\n');
  const blocks: Block[] = [];
  let heading = '';
  for (let i = 0; i < lines.length; i++) {
    heading = /^#+ (.*)/.exec(lines[i]!)?.[1] ?? heading;
    const open = /^(```+)(\S*)[ ]?(.*)$/.exec(lines[i]!);
    if (open === null) continue;
    const start = i + 1;
    for (i = start; lines[i] !== open[1]; i++) if (i >= lines.length) throw new Error(`${page}:${start}: the block has no end`);
    const info = Object.fromEntries(open[3]!.split(/\s+/).filter((word) => word !== '').map((word) => (word.includes('=') ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] : [word, ''])));
    blocks.push({ page, line: start, language: open[2]!, info, text: `${lines.slice(start, i).join('\n')}\n`, heading });
  }
  return blocks;
}
