import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { eventually } from '../contract/operator.ts';
import { Desk } from './desk.ts';
import { TestTerminal } from './terminal.ts';

describe('the manners of commands', () => {
  let desk: Desk;

  beforeEach(() => {
    desk = new Desk();
  });

  afterEach(() => desk.clear());

  /** All commands with their help, from the program's own. */
  const helps = async (path: readonly string[] = []): Promise<{ path: readonly string[]; out: string; isGroup: boolean }[]> => {
    const { out } = await desk.mecha(...path, '--help');
    const list = /^Commands:\n((?: {2}.*\n)+)/m.exec(out)?.[1] ?? '';
    const names = [...list.matchAll(/^ {2}(\S+)/gm)].map(([, name]) => name!).filter((name) => name !== 'help');
    const below: { path: readonly string[]; out: string; isGroup: boolean }[] = [];
    for (const name of names) below.push(...(await helps([...path, name])));
    return [{ path, out, isGroup: names.length > 0 }, ...below];
  };

  it('are the same everywhere: two examples, exit codes, --json', async () => {
    const all = await helps();
    expect(all.map(({ path }) => path.join(' '))).to.include.members(['run', 'validate', 'test', 'get routes', 'deadletters replay', 'trace', 'completion']);
    // Their output is a protocol.
    const talkers = ['lsp', 'mcp'];
    for (const { path, out, isGroup } of all) {
      const name = path.join(' ');
      expect([...out.matchAll(/^ {2}\$ /gm)].length, name).to.be.at.least(2);
      if (!isGroup || path.length === 0) expect(out, name).to.contain('Exit codes:');
      if (!isGroup && !talkers.includes(name)) expect(out, name).to.contain('--json');
    }
  });

  it('write no colours where no terminal is', async () => {
    desk.write('bad.yaml', '- from: { uri: "direct:a", steps: [ { lgo: x } ] }\n');
    for (const args of [['validate', 'bad.yaml'], ['catalog'], ['explain', 'M0101'], ['describe', 'bad.yaml']]) {
      const { out, err } = await desk.mecha(...args);
      expect(out + err, args.join(' ')).not.to.match(/\u001b\[/);
    }
  });

  describe('completion', () => {
    const bash = (script: string, words: readonly string[]): string[] => {
      const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _mecha; printf '%s\\n' "\${COMPREPLY[@]}"`], { encoding: 'utf8', cwd: desk.folder });
      expect(stderr).to.equal('');
      return stdout.split('\n').filter((word) => word !== '');
    };

    it('of bash offers commands, their commands, options, and values that are one of a few', async () => {
      const { out } = await desk.mecha('completion', 'bash');
      desk.write('orders.yaml', '');
      expect(bash(out, ['mecha', ''])).to.include.members(['run', 'validate', 'get', 'trace', '--version']);
      expect(bash(out, ['mecha', 'va'])).to.deep.equal(['validate']);
      expect(bash(out, ['mecha', 'get', ''])).to.include.members(['routes', 'inflight', 'health']);
      expect(bash(out, ['mecha', 'get', 'routes', '--'])).to.include.members(['--url', '--token', '--json']);
      expect(bash(out, ['mecha', 'run', '--log-level', 'w'])).to.deep.equal(['warn']);
      expect(bash(out, ['mecha', 'validate', 'or'])).to.deep.equal(['orders.yaml']);
      expect(bash(out, ['mecha', 'completion', 'z'])).to.deep.equal(['zsh']);
      expect(bash(out, ['mecha', 'validate', '--format', 's'])).to.deep.equal(['sarif']);
      expect(bash(out, ['mecha', 'validate', '--format', '=', 'j'])).to.deep.equal(['json']);
      expect(bash(out, ['mecha', 'validate', '--format', '='])).to.deep.equal(['text', 'json', 'github', 'sarif']);
      expect(bash(out, ['mecha', 'eval', '--language', 'jso'])).to.deep.equal(['jsonata', 'jsonpath']);
      expect(bash(out, ['mecha', 'catalog', 'aggr'])).to.deep.equal(['aggregate']);
      expect(bash(out, ['mecha', 'explain', 'M010'])).to.include('M0104');
    });

    /** Lines, and what a tab may offer for each: all of it, or these among others. */
    const typed: readonly (readonly [line: string, offers: readonly string[], isAll: boolean])[] = [
      ['mecha get ', ['routes', 'inflight', 'health'], false],
      ['mecha va', ['validate'], true],
      ['mecha run --log-level ', ['trace', 'debug', 'info', 'warn', 'error'], true],
      ['mecha validate --format ', ['text', 'json', 'github', 'sarif'], true],
      ['mecha validate --format=j', ['--format=json'], true],
      ['mecha validate or', ['orders.yaml'], true],
      ['mecha run --config or', ['orders.yaml'], true],
      ['mecha get routes --', ['--url', '--token', '--json', '--help'], false],
      ['mecha deadletters re', ['replay'], true],
      ['mecha completion ', ['bash', 'zsh', 'fish'], false],
      ['mecha add aggr', ['aggregate'], true],
      ['mecha eval --language js', ['js', 'jsonata', 'jsonpath'], true],
      ['mecha explain M010', ['M0101', 'M0104'], false],
    ];
    const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

    it('of zsh and fish knows every command and option', async () => {
      const zsh = (await desk.mecha('completion', 'zsh')).out;
      const fish = (await desk.mecha('completion', 'fish')).out;
      expect(zsh).to.match(/^#compdef mecha\n/);
      for (const { path, isGroup } of await helps()) {
        const name = path.at(-1);
        if (name === undefined) continue;
        expect(zsh, path.join(' ')).to.contain(`'${name}:`);
        expect(fish, path.join(' ')).to.contain(`-a ${name} `);
        if (!isGroup) expect(zsh).to.contain(`'${path.join(' ')}')`);
      }
      expect(fish).to.contain("-l log-level -x -a 'trace debug info warn error'");
    });

    // What follows needs the shells themselves; CI brings them.
    if (has('fish')) {
      it('is offered by fish', async () => {
        desk.write('mecha.fish', (await desk.mecha('completion', 'fish')).out).write('orders.yaml', '');
        for (const [line, offers, isAll] of typed) {
          const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', `source mecha.fish; complete -C ${JSON.stringify(line)}`], { encoding: 'utf8', cwd: desk.folder });
          expect(stderr).to.equal('');
          const words = stdout.split('\n').filter((one) => one !== '').map((one) => one.split('\t')[0]);
          if (isAll) expect(words, line).to.have.members(offers);
          else expect(words, line).to.include.members(offers);
        }
      }).timeout(60_000);
    }

    if (has('zsh')) {
      it('is offered by zsh, typed with a tab', async () => {
        desk.write('_mecha', (await desk.mecha('completion', 'zsh')).out).write('orders.yaml', '');
        const driver = fileURLToPath(new URL('completion.zsh', import.meta.url));
        const { stdout } = spawnSync('zsh', ['-f', driver, './_mecha', ...typed.map(([line]) => line)], { encoding: 'utf8', cwd: desk.folder, timeout: 50_000 });
        const shown = stdout.split('====\n');
        for (const [index, [line, offers, isAll]] of typed.entries()) {
          // The last screen's rest may stand before the line.
          const own = stripVTControlCharacters(shown[index] ?? '').split(line.trim()).slice(1).join(line.trim());
          if (isAll && offers.length === 1) expect(shown[index], line).to.contain(`<<${line.slice(0, line.lastIndexOf(' ') + 1)}${offers[0]} >>`);
          // The line that is written anew follows the last word at once.
          else for (const word of offers) expect(own, line).to.match(new RegExp(`(?:^|\\s)${word}(?![\\w-])|(?:^|\\s)${word}mecha`));
          if (isAll) expect(own, line).not.to.contain('--help');
        }
      }).timeout(60_000);
    }

    it('is refused for a shell that it does not know', async () => {
      const { code, err } = await desk.mecha('completion', 'tcsh');
      expect(code).to.equal(2);
      expect(err).to.contain('bash, zsh, fish');
    });
  });

  describe('run --dev', () => {
    const failing = '- route:\n    id: tick\n    from:\n      uri: direct:tick\n      steps:\n        - setBody: { id: say, constant: hello }\n        - throwException: { id: no, exceptionType: java.lang.IllegalStateException, message: "no room" }\n';

    it('shows failures in their place, and the steps of exchanges when it is asked to', async () => {
      const terminal = new TestTerminal({ 'a.yaml': failing });
      const keys = Object.assign(new PassThrough(), { isTTY: true });
      Object.assign(terminal, { in: keys });
      terminal.environment['MECHA_SUMMARY'] = '1';
      const code = terminal.run('run', '--dev', '--port', '0', '--log-format', 'text', 'a.yaml');
      await eventually(() => expect(terminal.out.text).to.contain('keys     t: show steps'), 8000);
      const other = new TestTerminal();
      Object.assign(other, { folder: terminal.folder });
      expect(await other.run('send', 'direct:tick')).to.equal(1);
      expect(other.err.text).to.contain('it failed at tick/no');
      await eventually(() => expect(terminal.err.text).to.contain('error[tick/no]: IllegalStateException: no room'));
      expect(terminal.err.text).to.match(/7 \| +- throwException: .*\n +\| +\^{14} failed here/);
      expect(terminal.out.text).not.to.contain('-> say');
      keys.write('t\n');
      await eventually(() => expect(terminal.out.text).to.contain('showing the steps of all routes'));
      await other.run('send', 'direct:tick');
      await eventually(() => expect(terminal.out.text).to.match(/tick -> say .*\n.*tick -> no .*hello/));
      keys.write('t\n');
      await eventually(() => expect(terminal.out.text).to.contain('steps are not shown any more'));
      keys.write('nonsense\n');
      await eventually(() => expect(terminal.out.text.match(/t: show steps/g)!.length).to.be.greaterThan(1));
      keys.write('q\n');
      expect(await code).to.equal(0);
    });

    it('shows failures where they stood in the text that runs, after a reload was refused, too', async () => {
      const terminal = new TestTerminal({ 'a.yaml': failing });
      terminal.environment['MECHA_SUMMARY'] = '1';
      const code = terminal.run('run', '--dev', '--port', '0', '--log-format', 'text', 'a.yaml');
      await eventually(() => expect(terminal.out.text).to.contain('http://'), 8000);
      writeFileSync(join(terminal.folder, 'a.yaml'), `# one\n# two\n# three\n${failing.replace('throwException', 'throwExeption')}`);
      await eventually(() => expect(terminal.err.text).to.match(/there is no step `throwExeption`/), 8000);
      const other = new TestTerminal();
      Object.assign(other, { folder: terminal.folder });
      expect(await other.run('send', 'direct:tick')).to.equal(1);
      await eventually(() => expect(terminal.err.text).to.match(/error\[tick\/no\][^]*\n *--> a\.yaml:7:\d+\n[^]*7 \| +- throwException: .*\n +\| +\^{14} failed here/));
      terminal.signal('SIGTERM');
      expect(await code).to.equal(0);
    });

    it('sums up many routes on one screen', async () => {
      const many = Array.from({ length: 100 }, (_, n) => `- route: { id: route-${n}, from: { uri: "direct:in${n}", steps: [ { to: "mock:out" } ] } }\n`).join('');
      const terminal = new TestTerminal({ 'a.yaml': many });
      Object.assign(terminal.out, { rows: 20, columns: 60 });
      terminal.environment['MECHA_SUMMARY'] = '1';
      const code = terminal.run('run', '--port', '0', '--log-format', 'text', 'a.yaml');
      await eventually(() => expect(terminal.out.text).to.contain('http://'), 8000);
      const lines = terminal.out.text.split('\n').filter((line) => line !== '');
      expect(lines.length).to.be.at.most(19);
      expect(Math.max(...lines.map(({ length }) => length))).to.be.at.most(60);
      expect(terminal.out.text).to.match(/and \d+ more/);
      terminal.signal('SIGTERM');
      expect(await code).to.equal(0);
    });
  });

  describe('bad input gets a clear message and exit code 2, and writes nothing:', () => {
    const refused = async (name: string, content: string | Buffer, pattern: RegExp): Promise<void> => {
      writeFileSync(join(desk.folder, name), content);
      const before = readdirSync(desk.folder).filter((entry) => entry !== '.mecha');
      for (const args of [['validate', name], ['validate', '--fix', name], ['describe', name], ['run', '--no-watch', '--port', '0', name]]) {
        const { code, err } = await desk.mecha(...args);
        expect(code, args.join(' ')).to.equal(2);
        expect(err, args.join(' ')).to.match(pattern);
        expect(err, args.join(' ')).not.to.match(/^\s+at .*\(/m);
      }
      expect(readdirSync(desk.folder).filter((entry) => entry !== '.mecha')).to.deep.equal(before);
      expect(readFileSync(join(desk.folder, name)).equals(Buffer.from(content))).to.equal(true);
    };

    it('a binary file', () => refused('a.yaml', Buffer.from([0x89, 0x50, 0, 1, 2, 3]), /M0708.*is no text file/));

    it('a file of 50 MB', () => refused('a.yaml', Buffer.alloc(50 * 1024 * 1024, '- log: x\n'), /M0707.*is larger than 16 MB/));

    it('a YAML bomb', () => {
      const levels = Array.from({ length: 9 }, (_, n) => `  l${n}: &l${n} [${Array.from({ length: 10 }, () => (n === 0 ? 'x' : `*l${n - 1}`)).join(', ')}]\n`).join('');
      return refused('a.yaml', `- beans:\n${levels}`, /M0108.*stand for over a billion values|M0108.*stand for \d+ values/);
    });

    it('aliases that go in circles', () => refused('a.yaml', '- from: &a\n    uri: direct:a\n    steps: [ *a ]\n', /M0109.*stands inside the value that it repeats/));

    it('brackets and mappings nested without end', async () => {
      await refused('a.yaml', `- from: ${'['.repeat(100_000)}`, /M0108.*nested too deeply/);
      await refused('b.yaml', Array.from({ length: 5000 }, (_, n) => `${' '.repeat(n)}a:\n`).join(''), /M0\d{3}/);
    });

    it('a folder that a file was meant to be, a missing file, and one that may not be read', async () => {
      mkdirSync(join(desk.folder, 'empty'));
      const { code, err } = await desk.mecha('validate', 'gone.yaml');
      expect(code).to.equal(2);
      expect(err).to.contain('M0706');
      desk.write('secret.yaml', '- from: { uri: "direct:a", steps: [ { to: "mock:a" } ] }\n');
      chmodSync(join(desk.folder, 'secret.yaml'), 0);
      const unreadable = await desk.mecha('validate', 'secret.yaml');
      // root may read everything.
      if (process.getuid?.() !== 0) {
        expect(unreadable.code).to.equal(2);
        expect(unreadable.err).to.contain('M0709');
      }
      chmodSync(join(desk.folder, 'secret.yaml'), 0o600);
    });
  });

  it('a Mecha that has ended is not there any more for other commands', async () => {
    const first = new TestTerminal({ 'a.yaml': '- from: { uri: "direct:a", steps: [ { to: "mock:a" } ] }\n' });
    first.environment['MECHA_SUMMARY'] = '1';
    const code = first.run('run', '--port', '0', '--log-format', 'text', 'a.yaml');
    await eventually(() => expect(first.out.text).to.contain('http://'), 8000);
    const second = new TestTerminal();
    Object.assign(second, { folder: first.folder });
    expect(await second.run('get', 'routes')).to.equal(0);
    first.signal('SIGTERM');
    expect(await code).to.equal(0);
    expect(await second.run('get', 'routes')).to.equal(1);
  });
});
