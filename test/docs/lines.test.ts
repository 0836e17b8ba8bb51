import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Block } from './blocks.ts';
import { blocksOf, pages, root } from './blocks.ts';

/** Languages of blocks whose lines are typed into a shell. */
const shells = ['shell', 'sh', 'bash', 'console', 'text', ''];

/** Blocks whose lines test/docs/blocks.test.ts runs, or whose text a program has printed there. */
const runs = (info: Block['info']): boolean => ['run', 'session', 'watch', 'answer', 'says', 'file'].some((word) => word in info);

/** Who runs the other lines: by how a line begins, the file and the piece of it that does. */
const elsewhere: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'npm start -- my/routes.yaml': ['test/cli/npm-start.test.ts', "['start', '--', join(folder, 'slow.yaml')"],
  'npm start': ['test/cli/npm-start.test.ts', "start(['start'])"],
  'npm test': ['scripts/test.sh', '# npm test'],
  'scripts/services/with.sh npm test': ['.ci/run', 'with=(scripts/services/with.sh)'],
  'mecha run': ['test/cli/run.test.ts', "'run'"],
  'mecha validate': ['test/cli/commands.test.ts', "desk.mecha('validate')"],
  'mecha describe': ['test/cli/commands.test.ts', "desk.mecha('describe', 'routes')"],
  'mecha test': ['test/cli/project.test.ts', "desk.mecha('test', 'shop')"],
  'mecha init': ['test/cli/project.test.ts', "desk.mecha('init', 'shop')"],
  'mecha add': ['test/cli/project.test.ts', "desk.mecha('add', 'log'"],
  'mecha eval': ['test/cli/project.test.ts', "desk.mecha('eval', '${body} > 3'"],
  'mecha schema': ['test/cli/test.test.ts', "desk.mecha('schema'"],
  'mecha catalog': ['test/cli/commands.test.ts', "desk.mecha('catalog'"],
  'mecha deadletters': ['test/cli/operate.test.ts', "desk.mecha('deadletters'"],
  'mecha get': ['test/cli/operate.test.ts', "desk.mecha('get', 'routes')"],
  'mecha migrate': ['test/cli/commands.test.ts', "desk.mecha('migrate', 'project')"],
  'mecha explain': ['test/cli/commands.test.ts', "desk.mecha('explain', 'm0114')"],
  'mecha lsp': ['test/editor/lsp.test.ts', "'lsp', '--stdio'"],
  'mecha mcp': ['test/editor/mcp.test.ts', "'mcp'"],
};

const hand = (page: string): boolean => !/^docs\/(?:eip|connectors|languages|dataformats|route|errors)\//.test(page);

describe('command lines of the documentation', () => {
  const lines = pages().filter(hand).flatMap((page) => blocksOf(page).filter(({ language, info }) => shells.includes(language) && !runs(info)).flatMap(({ text, line }) => text.split('\n').map((command, at) => ({ command: command.trim(), place: `${page}:${line + at + 1}` }))).filter(({ command }) => command !== ''));
  const keyOf = (command: string): string | undefined => Object.keys(elsewhere).filter((key) => command === key || command.startsWith(`${key} `)).sort((a, b) => b.length - a.length)[0];

  it('are run on their page, or by the test that this table names', () => {
    expect(lines.filter(({ command }) => keyOf(command) === undefined)).to.deep.equal([]);
    for (const [file, text] of Object.values(elsewhere)) expect(readFileSync(join(root, file), 'utf8'), file).to.include(text);
  });

  it('are all that the table names', () => {
    const used = new Set(lines.map(({ command }) => keyOf(command)));
    expect(Object.keys(elsewhere).filter((key) => !used.has(key))).to.deep.equal([]);
  });
});
