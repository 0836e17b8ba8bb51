import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { mecha } from '../command.ts';
import { Program } from '../runtime/program.ts';
import type { Block } from './blocks.ts';
import { blocksOf, pages, root } from './blocks.ts';

/** Languages of blocks whose lines are typed into a shell. */
const shells = ['shell', 'sh', 'bash', 'console', 'text', ''];

/** Blocks whose lines test/docs/blocks.test.ts runs, or whose text a program has printed there. */
const runs = (info: Block['info']): boolean => ['run', 'session', 'watch', 'answer', 'says', 'file'].some((word) => word in info);

/** Who runs the lines of npm, and the server that talks to an editor: the file, and the piece of it that does. */
const elsewhere: Readonly<Record<string, readonly [file: string, piece: string]>> = {
  'npm start -- my/routes.yaml': ['test/cli/npm-start.test.ts', "npm = spawn('npm', args ?? ['start', '--', join(folder, 'slow.yaml'), '--port', String(port)]"],
  'npm start': ['test/cli/npm-start.test.ts', "const port = await start(['start']);"],
  // What `npm test` is (see below), with servers and without.
  'npm test': ['.ci/beside-servers', "sh scripts/test.sh 'test/**/*.test.ts'"],
  'mecha lsp': ['test/editor/lsp.test.ts', "new LanguageClient(process.execPath, [...mecha, 'lsp', '--stdio']"],
  'scripts/services/with.sh npm test': ['.ci/run', '${with[@]+"${with[@]}"} bash .ci/beside-servers'],
};

interface Run {
  /** Behind `mecha`. */
  readonly args: readonly string[];
  /** What is written to it. */
  readonly input?: string;
  readonly says: RegExp;
}

const request = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"processId":null,"rootUri":null,"clientInfo":{"name":"x","version":"1"}}}';
const run = (args: string, says: RegExp, input?: string): Run => ({ args: args.split(' '), says, ...(input === undefined ? {} : { input }) });

/** How the lines of the list of commands are run here: in one project, one after the other. */
const runsOf: Readonly<Record<string, readonly Run[]>> = {
  'mecha init': [run('init .', /routes\/hello\.yaml/)],
  'mecha validate': [run('validate', /nothing wrong/), run('validate --format json', /^\{.*"routes\/hello\.yaml".*\}$/m)],
  'mecha describe': [run('describe', /from platform-http:/), run('describe --format json', /"id": "hello"/), run('describe --format mermaid', /^flowchart /m)],
  'mecha test': [run('test', /^\d+ passed/m)],
  'mecha add': [run('add log', /log:/)],
  'mecha eval': [run('eval ${body.length} --body four', /^4$/m)],
  'mecha schema': [run('schema', /"\$schema": ?"https:\/\/json-schema\.org\/draft\/2020-12\/schema"/)],
  'mecha catalog': [run('catalog', /^ *kafka /m), run('catalog aggregate', /completionTimeout/)],
  'mecha migrate': [run('migrate .', /routes\/hello\.yaml/)],
  'mecha explain': [run('explain M0104', /M0104/)],
  'mecha mcp': [run('mcp', /"serverInfo"/, `${request}\n`)],
  // While the routes run.
  'mecha run': [],
  'mecha get': [
    run('get routes', /^hello /m),
    run('get inflight', /^0 in flight/m),
    run('get health', /^UP\n {2}hello +UP/m),
    run('suspend hello', /^hello +Suspended/m),
    run('resume hello', /^hello +Started/m),
    run('reload', /generation 1/),
    run('send log:said hi', /^hi$/m),
    // Its messages are waited for: test/cli/operate.test.ts does that.
    run('trace --help', /^ {2}\$ mecha trace /m),
    run('doctor', /runs 1 route/),
  ],
  'mecha deadletters': [run('deadletters list', /^no dead letters/m)],
};

const hand = (page: string): boolean => !/^docs\/(?:eip|connectors|languages|dataformats|route|errors)\//.test(page);

describe('command lines of the documentation', () => {
  const lines = pages().filter(hand).flatMap((page) => blocksOf(page).filter(({ language, info }) => shells.includes(language) && !runs(info)).flatMap(({ text, line }) => text.split('\n').map((command, at) => ({ command: command.trim(), place: `${page}:${line + at + 1}` }))).filter(({ command }) => command !== ''));
  const keyOf = (command: string): string | undefined => [...Object.keys(elsewhere), ...Object.keys(runsOf)].filter((key) => command === key || command.startsWith(`${key} `)).sort((a, b) => b.length - a.length)[0];

  it('are run on their page, here, or by what this table names', () => {
    expect(lines.filter(({ command }) => keyOf(command) === undefined)).to.deep.equal([]);
    for (const [file, piece] of Object.values(elsewhere)) expect(readFileSync(join(root, file), 'utf8'), file).to.include(piece);
    expect((JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts['test']).to.equal('exec sh scripts/test.sh');
  });

  it('are all that the table names', () => {
    const used = new Set(lines.map(({ command }) => keyOf(command)));
    expect([...Object.keys(elsewhere), ...Object.keys(runsOf)].filter((key) => !used.has(key))).to.deep.equal([]);
  });

  it('do what they say, in a new project', async function () {
    this.timeout(180_000);
    const program = new Program();
    try {
      for (const [key, runs] of Object.entries(runsOf)) {
        if (key === 'mecha run') await program.start();
        for (const { args, input, says } of runs) {
          const { status, stdout, stderr } = spawnSync(process.execPath, [...mecha, ...args], { cwd: program.folder, encoding: 'utf8', input: input ?? '', env: { PATH: process.env['PATH'], HOME: process.env['HOME'] }, timeout: 60_000 });
          expect(`${stdout}${stderr}`, `mecha ${args.join(' ')}`).to.match(says);
          expect(status, `mecha ${args.join(' ')}: ${stdout}${stderr}`).to.equal(0);
        }
      }
      expect((await program.get('/health/ready')).status).to.equal(200);
    } finally {
      await program.end();
    }
  });
});
