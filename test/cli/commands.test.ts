import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { main } from '../../src/cli/main.ts';
import { Desk } from './desk.ts';

const good = `- route:
    id: hello
    from:
      uri: platform-http:/hello
      steps:
        - choice:
            when:
              - simple: "\${header.name} != null"
                steps:
                  - setBody: { id: greet, simple: "Hello \${header.name}" }
            otherwise:
              steps:
                - setBody: { constant: "Hello" }
        - to: mock:out
`;

describe('the command line', () => {
  let desk: Desk;

  beforeEach(() => {
    desk = new Desk();
  });

  afterEach(() => desk.clear());

  describe('in general', () => {
    it('shows its commands, and the options of each with examples and exit codes', async () => {
      const { code, out } = await desk.mecha();
      expect(code).to.equal(0);
      for (const command of ['run', 'validate', 'schema', 'catalog', 'describe', 'deadletters']) {
        expect(out).to.contain(command);
        const help = await desk.mecha(command, '--help');
        expect(help.code, command).to.equal(0);
        expect(help.out).to.contain(`Usage: mecha ${command}`).and.to.contain('Examples:').and.to.contain('Exit codes:');
      }
      for (const command of ['list', 'show', 'replay']) {
        const help = await desk.mecha('deadletters', command, '--help');
        expect(help.out).to.contain('Examples:');
      }
    });

    it('exits with 2 for a command or an option that there is not, or a value that is none', async () => {
      for (const args of [
        ['frobnicate'],
        ['run', '--frobnicate'],
        ['validate', '--format', 'xml'],
        ['describe', '--format', 'xml'],
        ['catalog', '--kind', 'nonsense'],
        ['run', '--port', 'abc'],
        ['run', '--port', '99999'],
        ['run', '--property', 'nokey'],
        ['run', '--log-level', 'loud'],
        ['run', '--log-format', 'html'],
        ['deadletters', 'list', '--limit', 'many'],
        ['deadletters', 'frobnicate'],
        ['deadletters', 'show'],
        ['deadletters', 'replay'],
      ]) {
        const { code, err } = await desk.mecha(...args);
        expect(code, args.join(' ')).to.equal(2);
        expect(err, args.join(' ')).to.match(/^error/m);
      }
      expect((await desk.mecha('validat')).err).to.contain('validate');
    });
  });

  describe('validate', () => {
    it('takes the files that mecha.yaml names when none are given, and says where it is wrong itself', async () => {
      desk.write('mecha.yaml', 'routes: [ flows ]\n').write('flows/a.yaml', good);
      expect((await desk.mecha('validate')).code).to.equal(0);
      const json = await desk.mecha('validate', '--format', 'json');
      expect(JSON.parse(json.out)).to.include({ file: 'flows/a.yaml', ok: true });
      desk.write('mecha.yaml', 'routes: [ flows ]\nhttp: { prot: 80 }\n');
      const { code, err } = await desk.mecha('validate');
      expect(code).to.equal(2);
      expect(err).to.contain('unknown setting `http.prot`').and.to.contain('did you mean `http.port`?');
    });

    it('says that a file is not there, or that no file matches', async () => {
      for (const path of ['gone.yaml', 'gone/*.yaml']) {
        const { code, err } = await desk.mecha('validate', path);
        expect(code).to.equal(2);
        expect(err).to.contain('M0706').and.to.contain(path);
        const json = await desk.mecha('validate', '--format', 'json', path);
        expect(JSON.parse(json.out)).to.deep.include({ ok: false });
      }
    });

    it('neither starts nor writes anything', async () => {
      desk.write('routes/a.yaml', '- from: { uri: "file:made?delay=1", steps: [ { to: "file:out" } ] }\n');
      await desk.mecha('validate', 'routes');
      await desk.mecha('describe', 'routes');
      expect(readdirSync(desk.folder)).to.deep.equal(['routes']);
    });
  });

  it('takes the properties of a profile', async () => {
    desk.write('a.yaml', '- from: { uri: "{{source}}", steps: [ { to: mock:out } ] }\n').write('application-dev.properties', 'source=direct:of-dev\n');
    expect((await desk.mecha('describe', 'a.yaml')).err).to.contain('M0118');
    expect((await desk.mecha('describe', 'a.yaml', '--profile', 'dev')).out).to.contain('direct://of-dev');
    expect((await desk.mecha('describe', 'a.yaml', '--profile', 'dev', '--property', 'source=direct:named')).out).to.contain('direct://named');
  });

  describe('validate, for people and for programs', () => {
    const lint = '- from:\n    uri: direct:start\n    steps:\n      - stop: {}\n      - to: mock:out\n';

    it('exits with 0 for what is clean, 1 for lints, 2 for errors', async () => {
      desk.write('good.yaml', good).write('lint.yaml', lint).write('bad.yaml', good.replace('setBody', 'setBodi'));
      expect((await desk.mecha('validate', 'good.yaml')).code).to.equal(0);
      const { code, err } = await desk.mecha('validate', 'lint.yaml');
      expect(code).to.equal(1);
      expect(err).to.contain('warning[M0903]').and.to.contain('1 warning; `mecha explain M0903` tells more');
      expect((await desk.mecha('validate', 'lint.yaml', '--no-lints')).code).to.equal(0);
      expect((await desk.mecha('validate', 'lint.yaml', 'bad.yaml')).code).to.equal(2);
    });

    it('takes routes from standard input, which can not be mended or stand beside files', async () => {
      const run = async (text: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> => {
        const terminal = { ...desk.terminal(), in: Readable.from([Buffer.from(text)]) };
        const code = await main(['validate', ...args], terminal);
        return { code, out: terminal.out.text, err: terminal.err.text };
      };
      expect(await run(good, '-')).to.deep.equal({ code: 0, out: 'nothing wrong\n', err: '' });
      const wrong = await run(good.replace('setBody', 'setBodi'), '-');
      expect([wrong.code, wrong.err]).to.satisfy(([code, err]: [number, string]) => code === 2 && err.includes(' --> stdin:10:21'));
      expect(JSON.parse((await run(good, '-', '--json')).out)).to.include({ file: 'stdin' });
      expect((await run(good, '-', '--fix')).err).to.equal('error: `--fix` writes files: give one in place of `-`\n');
      expect((await run(good, '-', 'a.yaml')).code).to.equal(2);
      expect((await desk.mecha('validate', '-')).err).to.equal('error: there is no standard input\n');
    });

    it('says within bounds what is wrong with files that no person wrote', async () => {
      const bomb = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${[...'bcdefghi'].map((name) => `${name}: &${name} [${`*${String.fromCharCode(name.charCodeAt(0) - 1)}, `.repeat(10)}]`).join('\n')}\n`;
      for (const [name, text, code] of [
        ['binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0]), 'M0708'],
        ['latin1', Buffer.from('- from: # f\xfcr alle\n', 'latin1'), 'M0708'],
        ['large', Buffer.alloc(50 * 1024 * 1024, '#'), 'M0707'],
        ['bomb', bomb, 'M0108'],
        ['brackets', `- ${'['.repeat(200_000)}`, 'M0108'],
        ['dashes', '- '.repeat(20_000), 'M0108'],
        ['stairs', Array.from({ length: 2500 }, (_, depth) => `${'  '.repeat(depth)}a:`).join('\n'), 'M0108'],
        ['cycle', '- &a\n  from:\n    uri: direct:a\n    steps:\n      - *a\n', 'M0109'],
      ] as const) {
        writeFileSync(join(desk.folder, `${name}.yaml`), text);
        const { code: exit, err } = await desk.mecha('validate', `${name}.yaml`);
        expect([exit, /^error\[(M\d+)\]/.exec(err)?.[1]], err.slice(0, 500)).to.deep.equal([2, code]);
        expect(err.length).to.be.lessThan(3000);
      }
    });

    it('prints annotations of GitHub, one a line', async () => {
      desk.write('bad.yaml', good.replace('setBody', 'setBodi'));
      const { out, code } = await desk.mecha('validate', '--format', 'github', 'bad.yaml');
      expect(code).to.equal(2);
      expect(out).to.equal('::error file=bad.yaml,line=10,col=21,endLine=10,endColumn=28,title=M0201::there is no step `setBodi`%0Ahelp: did you mean `setBody`?\n');
    });

    it('prints SARIF 2.1.0 with rules, places and fixes', async () => {
      desk.write('a b/bad.yaml', good.replace('setBody', 'setBodi')).write('a b/lint.yaml', lint);
      const { out } = await desk.mecha('validate', '--format', 'sarif', 'a b/bad.yaml');
      const { version, runs } = JSON.parse(out);
      expect(version).to.equal('2.1.0');
      const [{ tool, results }] = runs;
      expect(tool.driver.rules.map(({ id }: { id: string }) => id)).to.deep.equal(['M0201']);
      expect(results).to.have.length(1);
      expect(results[0]).to.deep.include({ ruleId: 'M0201', ruleIndex: 0, level: 'error' });
      expect(results[0].locations[0].physicalLocation).to.deep.equal({ artifactLocation: { uri: 'a%20b/bad.yaml' }, region: { startLine: 10, startColumn: 21, endLine: 10, endColumn: 28 } });
      expect(results[0].fixes[0].artifactChanges[0].replacements[0]).to.deep.equal({ deletedRegion: { startLine: 10, startColumn: 21, endLine: 10, endColumn: 28 }, insertedContent: { text: 'setBody' } });
      expect(JSON.parse((await desk.mecha('validate', '--format', 'sarif', 'a b/lint.yaml')).out).runs[0].results[0].level).to.equal('warning');
    });

    it('gives fixes as JSON, with lines and columns', async () => {
      desk.write('bad.yaml', good.replace('setBody', 'setBodi'));
      const { problems } = JSON.parse((await desk.mecha('validate', '--format', 'json', 'bad.yaml')).out);
      expect(problems[0]).to.deep.include({ help: 'did you mean `setBody`?', fix: { isSure: true, edits: [{ line: 10, column: 21, endLine: 10, endColumn: 28, text: 'setBody' }] } });
    });

    it('mends what leaves no doubt, in place, and says what is left', async () => {
      desk.write('bad.yaml', good.replace('setBody', 'set-body').replace('platform-http', 'platfrom-http')).write('good.yaml', `# untouched\n${good.replaceAll('hello', 'hi')}`);
      const { code, err } = await desk.mecha('validate', '--fix', 'bad.yaml', 'good.yaml');
      expect(err).to.contain('2 fixed').and.not.to.contain('mends');
      expect(code, err).to.equal(2);
      expect(err).to.contain('duplicate step id');
      expect(readFileSync(join(desk.folder, 'bad.yaml'), 'utf8')).to.equal(good);
      expect(readdirSync(desk.folder).sort()).to.deep.equal(['bad.yaml', 'good.yaml']);
    });
  });

  describe('migrate', () => {
    it('says file by file what runs and what to write instead, as text and as JSON', async () => {
      desk.write('project/good.yaml', good).write('project/old.yaml', '- from:\n    uri: timer:x\n    steps:\n      - to: activemq:queue\n').write('project/R.java', 'public class R extends RouteBuilder {}\n');
      const { code, out } = await desk.mecha('migrate', 'project');
      expect(code).to.equal(1);
      expect(out).to.contain('good.yaml: runs').and.contain('old.yaml: does not run (routes)\n  line 4: M0402').and.contain('R.java: needs a person');
      expect(out.trimEnd().split('\n')[0]).to.match(/^\d run, \d run with differences, 1 do not run, 1 need a person, 0 have nothing to do with routes$/);
      const json = await desk.mecha('migrate', 'project', '--json');
      expect(JSON.parse(json.out).counts).to.include({ fails: 1, manual: 1 });
      expect((await desk.mecha('migrate', 'nowhere')).code).to.equal(2);
    });

    it('says once what several files have, with their number and the first places; as JSON every one', async () => {
      for (const name of ['a', 'b', 'c', 'd']) desk.write(`several/${name}.yaml`, `- from:\n    uri: timer:${name}\n    steps:\n      - to: activemq:queue\n${name === 'b' ? '      - to: activemq:other\n      - lgo: x\n' : ''}`);
      const { out } = await desk.mecha('migrate', 'several');
      expect(out.match(/the connector `activemq` is not built in/g)).to.have.length(1);
      expect(out).to.contain('in 4 files: a.yaml:4, b.yaml:4, b.yaml:5 and 2 more places\n');
      expect(out).to.contain('a.yaml: does not run (routes)\n  line 4: said above\n').and.to.match(/b\.yaml: does not run \(routes\)\n {2}line 6: M0201: .*\n.*\n {2}lines 4, 5: said above\n/);
      const { files } = JSON.parse((await desk.mecha('migrate', 'several', '--json')).out) as { files: { findings: unknown[] }[] };
      expect(files.map(({ findings }) => findings.length)).to.deep.equal([1, 3, 1, 1]);
    });
  });

  describe('explain', () => {
    it('tells what a code means, with a wrong route and the right one', async () => {
      const { code, out } = await desk.mecha('explain', 'm0114');
      expect(code).to.equal(0);
      expect(out).to.match(/^M0114: A list entry holds two steps\n/).and.to.contain('Wrong:').and.to.contain('Right:');
      expect(JSON.parse((await desk.mecha('explain', 'M0114', '--json')).out)).to.include({ code: 'M0114' });
    });

    it('lists all codes, and says that there is no such one', async () => {
      expect((await desk.mecha('explain')).out.trim().split('\n').length).to.be.greaterThan(80);
      const { code, err } = await desk.mecha('explain', 'M9999');
      expect(code).to.equal(1);
      expect(err).to.contain('there is no code `M9999`').and.to.contain('`mecha explain` lists all');
    });
  });

  describe('catalog', () => {
    it('writes the files that Kaoto loads', async () => {
      const { code, out } = await desk.mecha('catalog', '--format', 'camel', '--output', 'kaoto');
      expect(out).to.contain('kaoto/index.json');
      expect(code).to.equal(0);
      const read = (name: string) => JSON.parse(readFileSync(join(desk.folder, 'kaoto', name), 'utf8')) as Record<string, any>;
      const index = read(read('index.json')['definitions'][0].fileName as string);
      expect(read(`mecha/${index['catalogs'].components.file}`)['timer'].component.scheme).to.equal('timer');
      expect((await desk.mecha('catalog', '--output', 'kaoto')).err).to.contain('--format camel --output');
      desk.write('taken', 'a file');
      expect(await desk.mecha('catalog', '--format', 'camel', '--output', 'taken')).to.include({ code: 2, out: '' });
    });

    it("prints Camel's form, of one part and of all", async () => {
      const one = JSON.parse((await desk.mecha('catalog', 'seda', '--format', 'camel')).out);
      expect(one.component).to.include({ scheme: 'seda' });
      const all = JSON.parse((await desk.mecha('catalog', '--format', 'camel')).out);
      expect(Object.keys(all).sort()).to.deep.equal(['components', 'dataformats', 'languages', 'models']);
      expect((await desk.mecha('catalog', '--format', 'xml')).code).to.equal(2);
    });

    it('prints JSON', async () => {
      const { out } = await desk.mecha('catalog', 'file', '--json');
      const [file] = JSON.parse(out) as { name: string; kind: string; options: { name: string }[] }[];
      expect(file).to.include({ name: 'file', kind: 'connector' });
      expect(file!.options.map(({ name }) => name)).to.include('moveFailed');
    });

  });
});
