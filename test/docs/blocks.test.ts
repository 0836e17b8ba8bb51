import { expect } from 'chai';
import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { Diagnostics, Source } from '../../src/core/diagnostics.ts';
import { codes } from '../../src/dsl/codes.ts';
import { printDiagnostics } from '../../src/dsl/diagnose.ts';
import { readConfiguration } from '../../src/runtime/configuration.ts';
import { Mecha } from '../../src/runtime/mecha.ts';
import { runTests } from '../../src/testing/index.ts';
import { catalogueVersion, publishedKamelets } from '../../scripts/kamelets.ts';
import { Desk } from '../cli/desk.ts';
import { eventually } from '../eventually.ts';
import { packedFolder } from '../packed/packed.ts';
import { freePort } from '../runtime/program.ts';
import type { Block } from './blocks.ts';
import { blocksOf, pages, root } from './blocks.ts';
import { onServers, ways } from './ways.ts';

/** Pages that are made from the definitions: their blocks are the definitions' own examples. */
const generated = (page: string): string | null => /^docs\/(eip|connectors|languages|dataformats|route|errors)\//.exec(page)?.[1] ?? null;

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** What a page's files are called: `file=x.yaml`, or a first line `// x.mjs`. */
const fileName = ({ info, text }: Block): string | undefined => info['file'] ?? /^(?:\/\/|#) ([\w./-]+\.(?:m?js|ya?ml))$/m.exec(text.split('\n', 1)[0]!)?.[1];

/** What some pages' lines are given: the kamelets that Apache Camel publishes. */
const kameletsJar = `camel-kamelets-${catalogueVersion}.jar`;

/** A command's words; quotes keep them together. */
const wordsOf = (command: string): string[] => [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare!);

describe('code blocks of the documentation', function () {
  this.timeout(180_000);
  const helps = new Map<string, string>();
  let desk: Desk;

  before(() => {
    desk = new Desk();
  });

  after(() => desk.clear());

  /** A line `mecha COMMAND ... --option`: both must be there. */
  const checkCommand = async (words: readonly string[]): Promise<void> => {
    const path: string[] = [];
    const helpOf = async (): Promise<string> => {
      const key = path.join(' ');
      if (!helps.has(key)) {
        const { code, out, err } = await desk.mecha(...path, '--help');
        expect(code, `mecha ${key}: ${err}`).to.equal(0);
        helps.set(key, out);
      }
      return helps.get(key)!;
    };
    let help = await helpOf();
    for (const word of words) {
      if (!/^[a-z]+$/.test(word) || !new RegExp(`^  ${word}[ |]`, 'm').test(help.slice(help.indexOf('Commands:')))) break;
      if (!help.includes('Commands:')) break;
      path.push(word);
      help = await helpOf();
    }
    if (words.length > 0 && !words[0]!.startsWith('-')) expect(path, `mecha ${words.join(' ')}`).to.not.be.empty;
    for (const word of words) {
      const option = /^(--[\w-]+)/.exec(word)?.[1];
      if (option !== undefined) expect(help.includes(option) || ['--help', '--version'].includes(option), `\`mecha ${path.join(' ')}\` has no ${option}`).to.equal(true);
    }
  };

  const checkLines = async (text: string): Promise<void> => {
    for (const line of text.replace(/\\\n\s*/g, ' ').split('\n')) {
      const command = /^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(?:npx (?:--no-install )?)?mecha(?: (.*))?$/.exec(line)?.[1];
      // What stands behind a wide gap, in brackets or behind a pipe is no part of the command.
      if (command !== undefined) await checkCommand(command.split(/ {2,}|\s#|\s[|>&]/)[0]!.replace(/\[[^\]]*\]/g, '').split(/\s+/).filter((word) => word !== ''));
      const script = /^\s*(?:\$ )?npm (?:run (?:-s |--silent )?)?([\w:-]+)/.exec(line)?.[1];
      if (script !== undefined && !['install', 'ci', 'pack', 'init', 'i'].includes(script)) expect(manifest.scripts, line).to.have.property(script);
      const code = /^(?:error|warning)\[(M\d+)\]/.exec(line)?.[1];
      if (code !== undefined) expect(codes, line).to.have.property(code);
    }
  };

  const checkYaml = async (block: Block, folder: string): Promise<void> => {
    const { text, info } = block;
    // A piece of a file that is tested itself.
    if (info['excerpt'] !== undefined) return void expect(readFileSync(join(root, info['excerpt']), 'utf8')).to.include(text.trimEnd());
    if (info['check'] !== undefined) {
      const test = info['check'] === 'mocks' ? { mocks: parse(text) as unknown, send: { to: 'direct:x' } } : { send: { to: 'direct:x' }, [info['check']]: parse(text) as unknown };
      writeFileSync(join(folder, 'check.test.yaml'), JSON.stringify({ routes: ['hello.yaml'], tests: [{ name: 'x', ...test }] }));
      const report = await runTests([join(folder, 'check.test.yaml')], { inThisThread: true, folder, configuration: null, filter: 'nothing at all' });
      rmSync(join(folder, 'check.test.yaml'));
      return void expect(printDiagnostics([...report.problems, ...report.files.flatMap((file) => file.problems)])).to.equal('');
    }
    const value = parse(text) as unknown;
    if (Array.isArray(value) || (value as { kind?: string } | null)?.kind !== undefined) {
      const placeholders = [...text.matchAll(/\{\{\??([\w.-]+)\}\}/g)].map(([, key]) => [key!, 'x'] as const);
      const settings = existsSync(join(folder, kameletsJar)) ? { kamelets: [kameletsJar] } : {};
      const problems = await Mecha.check({ configuration: null, settings, folder: generated(block.page) === null ? folder : root, routes: `${text}\n`, properties: Object.fromEntries(placeholders) });
      return void expect(printDiagnostics(problems.filter(({ severity }) => severity === 'error'))).to.equal('');
    }
    if (typeof value === 'object' && value !== null && 'tests' in value) return;
    const problems = new Diagnostics();
    writeFileSync(join(folder, 'mecha.yaml'), text);
    readConfiguration({ folder, file: join(folder, 'mecha.yaml') }, problems);
    rmSync(join(folder, 'mecha.yaml'));
    expect(printDiagnostics(problems.sorted())).to.equal('');
  };

  /** Blocks with routes that are no files, by what `ways` calls them. */
  const routeBlocks = (page: string): Map<string, Block[]> => {
    const found = new Map<string, Block[]>();
    for (const block of blocksOf(page)) {
      if (block.language !== 'yaml' || ['file', 'excerpt', 'check'].some((word) => word in block.info) || !Array.isArray(parse(block.text))) continue;
      const name = `${page} # ${block.heading}`;
      found.set(name, [...(found.get(name) ?? []), block]);
    }
    return found;
  };

  const runWay = async (name: string, blocks: readonly Block[], folder: string): Promise<void> => {
    const tests = ways[name];
    if (tests === undefined) {
      const [file, piece] = onServers[name] ?? [];
      expect(file, `${name}: say in test/docs/ways.ts how it is run`).not.to.equal(undefined);
      return void expect(readFileSync(join(root, file!), 'utf8')).to.include(piece);
    }
    // What applies to all routes of a file stands before them.
    const texts = blocks.map(({ text }) => text).sort((a, b) => Number(b.startsWith('- onException')) - Number(a.startsWith('- onException')));
    writeFileSync(join(folder, 'way.yaml'), texts.join(''));
    writeFileSync(join(folder, 'way.test.yaml'), JSON.stringify({ routes: ['way.yaml'], tests }));
    const report = await runTests([join(folder, 'way.test.yaml')], { inThisThread: true, folder, configuration: null });
    for (const file of ['way.yaml', 'way.test.yaml']) rmSync(join(folder, file));
    expect(printDiagnostics([...report.problems, ...report.files.flatMap((file) => file.problems)])).to.equal('');
    expect(report.files.flatMap((file) => file.results.flatMap((result) => result.failures.map(({ message, meanwhile = [] }) => `${result.name}: ${message} ${meanwhile.join()}`)))).to.deep.equal([]);
    expect(report.passed).to.equal(tests.length);
  };

  /** The routes of the example beside a program that prices, which the block asks. */
  const runBesideExample = async (block: Block, folder: string): Promise<void> => {
    for (const name of ['routes', 'examples']) symlinkSync(join(root, name), join(folder, name));
    const port = await freePort();
    writeFileSync(join(folder, 'mecha.yaml'), `${readFileSync(join(root, 'mecha.yaml'), 'utf8').replace(':3000', `:${port}`)}http: { port: 0 }\n`);
    const pricing = spawn(process.execPath, [join(root, 'examples/pricing/server.mjs')], { env: { ...process.env, NODE_OPTIONS: '', PORT: String(port) }, stdio: 'ignore' });
    try {
      runScript(block, folder);
    } finally {
      pricing.kill();
    }
  };

  /** A module that runs by itself: what it prints stands behind its `console.log` lines. */
  const runScript = (block: Block, folder: string): void => {
    const file = join(folder, `block-${block.line}.mjs`);
    writeFileSync(file, block.text);
    const wanted = [...block.text.matchAll(/console\.log\(.*\);\s*\/\/ (.*)$/gm)].map(([, text]) => text!);
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });
    expect({ status, stderr, lines: stdout.trimEnd().split('\n') }).to.deep.equal({ status: 0, stderr: '', lines: wanted });
  };

  /** What a shell of the documentation starts and asks. Ports are free ones, in the place of those that the page names. */
  class Session {
    output = '';
    private readonly children: ChildProcess[] = [];
    private readonly ports = new Map<string, number>();
    private readonly folder: string;

    constructor(folder: string) {
      this.folder = folder;
    }

    private async start(args: readonly string[]): Promise<void> {
      for (const port of ['8080', '3000']) this.ports.set(port, await freePort());
      const env = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', MECHA_HTTP_PORT: String(this.ports.get('8080')), PRICING_PORT: String(this.ports.get('3000')) };
      const child = spawn(process.execPath, args, { cwd: this.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => void (said += piece.toString()));
      this.children.push(child);
      await eventually(async () => expect((await fetch(this.real('http://127.0.0.1:8080/health/ready')).catch(() => null))?.status, said).to.equal(200), 60_000);
    }

    private real(text: string): string {
      return text.replace(/\b(localhost|127\.0\.0\.1):(8080|3000)\b/g, (_, _host, port: string) => `127.0.0.1:${this.ports.get(port)}`);
    }

    async run(text: string, isExample: boolean): Promise<void> {
      if (isExample && this.children.length === 0) {
        for (const name of ['routes', 'examples', 'mecha.yaml']) symlinkSync(join(root, name), join(this.folder, name));
        await this.start([join(root, 'scripts/start-example.mjs')]);
      }
      for (const line of text.replace(/\\\n\s*/g, ' ').trim().split('\n')) {
        const run = /^mecha (run .*)$/.exec(line)?.[1];
        if (run !== undefined) {
          // The reader ends the one before: they would share a state folder.
          await this.end();
          await this.start([join(root, 'dist/mecha.cjs'), ...wordsOf(run)]);
        } else {
          expect(line, 'only `mecha run` and `curl` are known here').to.match(/^curl /);
          const { status, stdout, stderr } = spawnSync('bash', ['-c', this.real(line)], { cwd: this.folder, encoding: 'utf8' });
          expect({ status, stderr }, line).to.deep.equal({ status: 0, stderr: '' });
          this.output = stdout;
        }
      }
    }

    async end(): Promise<void> {
      for (const child of this.children.splice(0)) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const gone = once(child, 'exit');
        child.kill('SIGTERM');
        await gone;
      }
    }
  }

  /** A command that stays: something passes, it says that it watches, and ends when it is told to. */
  const watches = async (command: string, folder: string): Promise<void> => {
    const [name, ...args] = wordsOf(command);
    expect(name, `${command}: only mecha is run`).to.equal('mecha');
    const child = spawn(process.execPath, [join(root, 'dist/mecha.cjs'), ...args], { cwd: folder, env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => void (said += piece.toString()));
    const gone = once(child, 'exit');
    try {
      await eventually(() => expect(said).to.contain('watching').and.match(/\b[1-9]\d* passed/), 60_000);
    } finally {
      child.kill('SIGINT');
    }
    expect(await gone, said).to.deep.equal([0, null]);
  };

  /** The file that a complaint on a page is about, by its first line. */
  const saidOf: Readonly<Record<string, { readonly file: string; readonly text: string }>> = {
    'error[M0212]: unknown option `completionTimout` for `aggregate`': {
      file: 'routes/orders.yaml',
      text: '- from:\n    uri: direct:order\n    steps:\n      - aggregate:\n          correlationExpression: { header: customer }\n          completionSize: 10\n          completionTimout: 500\n          aggregationStrategy: GroupedBodyAggregationStrategy\n          steps:\n            - to: mock:out\n',
    },
  };

  const checkSaid = async (text: string): Promise<void> => {
    const said = saidOf[text.split('\n', 1)[0]!];
    expect(said, 'whose complaint is this?').not.to.equal(undefined);
    const problems = await Mecha.check({ configuration: null, folder: root, sources: [new Source(said!.file, said!.text)] });
    expect(`${printDiagnostics(problems)}\n`).to.equal(text);
  };

  it('know of no other ways to run routes', () => {
    const names = pages().filter((page) => generated(page) === null).flatMap((page) => [...routeBlocks(page).keys()]);
    expect([...Object.keys(ways), ...Object.keys(onServers)].filter((name) => !names.includes(name))).to.deep.equal([]);
  });

  for (const page of pages()) {
    const blocks = blocksOf(page);
    const kind = generated(page);
    if (blocks.length === 0) continue;
    it(`are right: ${page}`, async function () {
      // One of them installs the package.
      this.timeout(300_000);
      const folder = mkdtempSync(join(tmpdir(), 'mecha-docs-'));
      const session = new Session(folder);
      try {
        if (blocks.some(({ language, text }) => language === 'shell' && text.includes(kameletsJar))) {
          try {
            symlinkSync(publishedKamelets(), join(folder, kameletsJar));
          } catch (thrown) {
            if (process.env['CI'] !== undefined) throw thrown;
            this.skip();
          }
        }
        for (const block of blocks) {
          const name = fileName(block);
          if (name === undefined || kind === 'errors') continue;
          mkdirSync(dirname(join(folder, name)), { recursive: true });
          writeFileSync(join(folder, name), block.text);
        }
        // First: while a program runs beside, time would not pass in these.
        if (kind === null) for (const [name, found] of routeBlocks(page)) await runWay(name, found, folder);
        for (const block of blocks) {
          const { language, info, text, line } = block;
          const place = `${page}:${line}`;
          try {
            switch (language) {
              case 'yaml':
                // What these examples give is the matter of test/runtime/golden.test.ts.
                if (kind === 'errors') expect(text.trimEnd()).to.equal(codes[/(M\d+)\.md$/.exec(page)![1]!]![block.heading.toLowerCase() as 'wrong' | 'right']!.trimEnd());
                else await checkYaml(block, folder);
                break;
              case 'json':
                JSON.parse(text);
                if ('answer' in info) expect(JSON.parse(session.output)).to.deep.equal(JSON.parse(text));
                break;
              case 'js':
                if ('run' in info) {
                  symlinkSync(join(packedFolder(this), 'node_modules'), join(folder, 'node_modules'));
                  if (info['run'] === 'example') await runBesideExample(block, mkdtempSync(join(folder, 'example-')));
                  else runScript(block, folder);
                  rmSync(join(folder, 'node_modules'));
                } else {
                  const file = join(folder, fileName(block) ?? `block-${line}.mjs`);
                  writeFileSync(file, text);
                  execFileSync(process.execPath, ['--check', file], { stdio: 'pipe' });
                }
                break;
              case 'shell':
              case 'sh':
              case 'bash':
              case 'console':
              case 'text':
              case '':
                await checkLines(text);
                if ('says' in info) await checkSaid(text);
                if ('session' in info) await session.run(text, info['session'] === 'example');
                if ('answer' in info) expect(session.output.trimEnd()).to.equal(text.trimEnd());
                if ('watch' in info) await watches(text.trim(), folder);
                if ('run' in info) {
                  for (const command of text.trim().split('\n')) {
                    const [name, ...args] = wordsOf(command);
                    expect(name, `${command}: only mecha is run`).to.equal('mecha');
                    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'dist/mecha.cjs'), ...args], { cwd: folder, encoding: 'utf8' });
                    expect(status, `${command}\n${stdout}${stderr}`).to.equal(Number(info['exit'] ?? 0));
                  }
                }
                break;
              case 'dockerfile':
                // Built by test/packed/sidecar.test.ts.
                expect(readFileSync(join(root, info['excerpt'] ?? ''), 'utf8')).to.include(text.trimEnd());
                break;
              case 'mermaid':
                expect(text).to.match(/^(flowchart|graph|sequenceDiagram|stateDiagram)/m);
                break;
              default:
                throw new Error(`nobody knows how to check a block of \`${language}\``);
            }
          } catch (thrown) {
            (thrown as Error).message = `${place}: ${(thrown as Error).message}`;
            throw thrown;
          }
        }
        // Tests that the page shows pass.
        if (kind !== 'errors' && blocks.some((block) => fileName(block)?.endsWith('.test.yaml') === true)) {
          const report = await runTests([], { inThisThread: true, folder, configuration: null });
          expect(report.files.flatMap((file) => file.results.flatMap((result) => result.failures.map(({ message }) => `${result.name}: ${message}`)))).to.deep.equal([]);
          expect(report.passed).to.be.greaterThan(0);
        }
      } finally {
        await session.end();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
