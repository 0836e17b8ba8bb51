import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { parse } from 'yaml';
import { TestTerminal } from './terminal.ts';

const good = '- route:\n    id: hello\n    from:\n      uri: direct:hello\n      steps:\n        - setBody: { simple: "hello ${body}" }\n        - filter:\n            simple: "${body} != null"\n            steps:\n              - to: mock:out\n';
const wrong = '- from:\n    uri: direct:a\n    steps:\n      - fliter: { simple: "x" }\n      - log: {}\n';

describe('mecha', () => {
  it('prints the version of the package', async () => {
    const terminal = new TestTerminal();
    expect(await terminal.run('--version')).to.equal(0);
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(terminal.out.text.trim()).to.equal(version);
  });

  it('explains itself when it is called with nothing, and each command with examples', async () => {
    const terminal = new TestTerminal();
    expect(await terminal.run()).to.equal(0);
    for (const command of ['run', 'validate', 'schema', 'catalog', 'describe', 'deadletters']) {
      expect(terminal.out.text).to.match(new RegExp(`^  ${command}\\b`, 'm'));
      const help = new TestTerminal();
      expect(await help.run(command, '--help')).to.equal(0);
      expect(help.out.text).to.contain('Examples:').and.contain('Exit codes:');
    }
  });

  it('answers 2 to what it does not know', async () => {
    for (const args of [['walk'], ['run', '--fast'], ['validate', '--format', 'xml'], ['run', '--property', 'novalue'], ['catalog', '--kind', 'thing']]) {
      const terminal = new TestTerminal({ 'a.yaml': good });
      expect(await terminal.run(...args), args.join(' ')).to.equal(2);
      expect(terminal.err.text, args.join(' ')).to.match(/error/);
      expect(terminal.out.text, args.join(' ')).to.equal('');
    }
  });
});

describe('mecha validate', () => {
  it('answers 0 and says so when nothing is wrong', async () => {
    const terminal = new TestTerminal({ 'a.yaml': good });
    expect(await terminal.run('validate', 'a.yaml')).to.equal(0);
    expect(terminal.out.text).to.contain('nothing wrong');
  });

  it('answers 2 and shows every problem of a file with its place and the nearest right name', async () => {
    const terminal = new TestTerminal({ 'a.yaml': wrong });
    expect(await terminal.run('validate', 'a.yaml')).to.equal(2);
    const text = terminal.out.text + terminal.err.text;
    expect(text).to.contain('a.yaml:4:').and.contain('did you mean `filter`?').and.contain('a.yaml:5:');
  });

  it('prints one line of JSON a file', async () => {
    const terminal = new TestTerminal({ 'in/a.yaml': good, 'in/b.yaml': wrong });
    expect(await terminal.run('validate', 'in', '--format', 'json')).to.equal(2);
    const lines = terminal.out.text.trim().split('\n').map((line) => JSON.parse(line) as { file: string; ok: boolean; problems: Record<string, unknown>[] });
    expect(lines.map(({ file, ok }) => [file, ok])).to.deep.equal([
      ['in/a.yaml', true],
      ['in/b.yaml', false],
    ]);
    expect(lines[0]!.problems).to.deep.equal([]);
    expect(lines[1]!.problems[0]).to.include.all.keys('line', 'column', 'severity', 'code', 'message');
    expect(lines[1]!.problems[0]).to.include({ line: 4, severity: 'error' });
  });

  it('says which file is not there', async () => {
    const terminal = new TestTerminal();
    expect(await terminal.run('validate', 'nowhere.yaml')).to.equal(2);
    expect(terminal.out.text + terminal.err.text).to.contain('M0706').and.contain('nowhere.yaml');
  });
});

describe('mecha schema', () => {
  it('prints a JSON Schema of 2020-12 which takes right routes and refuses wrong ones', async () => {
    const terminal = new TestTerminal();
    expect(await terminal.run('schema')).to.equal(0);
    const schema = JSON.parse(terminal.out.text) as Record<string, unknown>;
    expect(schema['$schema']).to.equal('https://json-schema.org/draft/2020-12/schema');
    const validate = new Ajv2020({ strict: false }).compile(schema);
    expect(validate(parse(good)), JSON.stringify(validate.errors)).to.equal(true);
    expect(validate(parse(wrong))).to.equal(false);
    expect(validate(parse(readFileSync(new URL('../../routes/orders.yaml', import.meta.url), 'utf8'))), JSON.stringify(validate.errors?.slice(0, 5))).to.equal(true);
  }).timeout(60_000);
});

describe('mecha catalog', () => {
  it('lists all parts, those of a kind, and the options of one', async () => {
    const all = new TestTerminal();
    expect(await all.run('catalog')).to.equal(0);
    for (const name of ['aggregate', 'platform-http', 'jsonata', 'csv']) expect(all.out.text).to.match(new RegExp(`^  ${name} `, 'm'));
    const connectors = new TestTerminal();
    await connectors.run('catalog', '--kind', 'connector', '--json');
    expect((JSON.parse(connectors.out.text) as { kind: string }[]).every(({ kind }) => kind === 'connector')).to.equal(true);
    const one = new TestTerminal();
    await one.run('catalog', 'aggregate');
    expect(one.out.text).to.contain('completionSize');
  });

  it('answers 1 and the nearest name for a part that is not there', async () => {
    const terminal = new TestTerminal();
    expect(await terminal.run('catalog', 'agregate')).to.equal(1);
    expect(terminal.err.text).to.contain('did you mean `aggregate`?');
  });
});

describe('mecha describe', () => {
  it('shows the tree of a route, as text, JSON and a flowchart, and starts nothing', async () => {
    const text = new TestTerminal({ 'a.yaml': good });
    expect(await text.run('describe', 'a.yaml')).to.equal(0);
    expect(text.out.text).to.contain('hello  from direct://hello').and.match(/filter/).and.match(/mock:(\/\/)?out/);
    const json = new TestTerminal({ 'a.yaml': good });
    await json.run('describe', 'a.yaml', '--format', 'json');
    expect((JSON.parse(json.out.text) as { id: string }[]).map(({ id }) => id)).to.deep.equal(['hello']);
    const chart = new TestTerminal({ 'a.yaml': good });
    await chart.run('describe', 'a.yaml', '--format', 'mermaid');
    expect(chart.out.text).to.match(/^flowchart|^graph/);
  });

  it('answers 2 for wrong routes', async () => {
    const terminal = new TestTerminal({ 'a.yaml': wrong });
    expect(await terminal.run('describe', 'a.yaml')).to.equal(2);
    expect(terminal.err.text).to.contain('a.yaml:4:');
  });
});
