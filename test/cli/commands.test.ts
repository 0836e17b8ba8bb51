import { readdirSync } from 'node:fs';
import { expect } from 'chai';
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

  describe('catalog', () => {
    it('prints JSON', async () => {
      const { out } = await desk.mecha('catalog', 'file', '--json');
      const [file] = JSON.parse(out) as { name: string; kind: string; options: { name: string }[] }[];
      expect(file).to.include({ name: 'file', kind: 'connector' });
      expect(file!.options.map(({ name }) => name)).to.include('moveFailed');
    });

  });
});
