import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { eventually } from '../runtime/rig.ts';
import { Desk } from './desk.ts';

const routes = `- route:
    id: greet
    from:
      uri: direct:greet
      steps:
        - choice:
            when:
              - simple: "\${body} == 'you'"
                steps:
                  - to: mock:you
        - setBody: { simple: '{"greeting": "Hello \${body}", "n": [1, 2]}' }
`;

const tests = (name: string): string => `tests:
  - name: greets
    send: { to: direct:greet, body: Ann }
    reply: { body: { greeting: "Hello ${name}", n: [1, 2] } }
`;

describe('mecha test', () => {
  let desk: Desk;

  beforeEach(() => {
    desk = new Desk().write('greet.yaml', routes);
  });

  afterEach(() => desk.clear());

  it('shows each test and a summary, and exits with 0 when all have passed', async () => {
    desk.write('greet.test.yaml', tests('Ann'));
    const { code, out, err } = await desk.mecha('test', '--in-process');
    expect(err).to.equal('');
    expect(out).to.match(/^greet\.test\.yaml\n {2}✓ greets( \(\d+ ms\))?\n1 passed in [\d.]+ m?s\n$/);
    expect(code).to.equal(0);
  });

  it('shows what differs line by line, with the line of the test, and exits with 1', async () => {
    desk.write('greet.test.yaml', tests('Bob'));
    const { code, out } = await desk.mecha('test', '--in-process');
    expect(code).to.equal(1);
    expect(out.replace(/ \(\d+ ms\)/, '').split('\n').map((line) => line.trimEnd()).join('\n')).to.contain(`  ✗ greets
      the body of the reply is not as expected
      --> greet.test.yaml:4:20
      4 |     reply: { body: { greeting: "Hello Bob", n: [1, 2] } }
        |                    ^
      - expected  + received
       {
      -  "greeting": "Hello Bob",
      +  "greeting": "Hello Ann",
         "n": [
           1,
           2
1 failed, 0 passed`);
  });

  it('exits with 2 when a test or a route can not be read, or there are no tests, and says what to do', async () => {
    expect((await desk.mecha('test', '--in-process')).err).to.contain('there are no tests: write them into files whose names end with .test.yaml');
    desk.write('greet.test.yaml', 'tests:\n  - nam: x\n');
    const wrong = await desk.mecha('test', '--in-process');
    expect(wrong.err).to.contain('unknown option `nam`').and.to.contain('did you mean `name`?');
    desk.write('greet.test.yaml', tests('Ann')).write('greet.yaml', '- form: x\n');
    const broken = await desk.mecha('test', '--in-process');
    expect(broken.out).to.contain('the routes can not be loaded').and.to.contain('did you mean `from`?');
    expect([wrong.code, broken.code, (await desk.mecha('test', '--in-process', 'nowhere.test.yaml')).code]).to.deep.equal([2, 2, 2]);
    desk.write('lonely.test.yaml', tests('Ann'));
    expect((await desk.mecha('test', '--in-process', 'lonely.test.yaml')).err).to.contain('nothing says which routes `lonely.test.yaml` tests').and.to.contain('add `routes: [ lonely.yaml ]`');
    expect((await desk.mecha('test', '--in-process', '--filter', 'nonsense', 'greet.test.yaml')).code).to.equal(2);
  });

  it('writes JSON and JUnit, to the terminal or into a file', async () => {
    desk.write('greet.test.yaml', `${tests('Bob')}  - { name: "a <b> & c", send: { to: direct:greet, body: you }, expect: { mocks: { mock:you: 1 } } }\n`);
    const { code, out } = await desk.mecha('test', '--in-process', '--format', 'json');
    expect(code).to.equal(1);
    const report = JSON.parse(out) as { ok: boolean; passed: number; failed: number; files: { tests: { name: string; ok: boolean; failures: { at: unknown; expected: unknown; actual: unknown }[] }[] }[]; coverage: unknown };
    expect(report).to.include({ ok: false, passed: 1, failed: 1 });
    expect(report.files[0]!.tests[0]!.failures[0]).to.deep.include({ at: { file: 'greet.test.yaml', line: 4, column: 20 }, expected: { greeting: 'Hello Bob', n: [1, 2] }, actual: { greeting: 'Hello Ann', n: [1, 2] } });
    expect(report.coverage).to.deep.equal({ steps: 3, covered: 3, missing: [] });
    const junit = await desk.mecha('test', '--in-process', '--format', 'junit', '--output', 'reports/r.xml');
    expect(junit.out).to.contain('✗ greets');
    const xml = readFileSync(join(desk.folder, 'reports/r.xml'), 'utf8');
    expect(xml).to.match(/<testsuites name="mecha test" tests="2" failures="1" errors="0" time="[\d.]+">/);
    expect(xml).to.contain('<testcase name="a &lt;b&gt; &amp; c" classname="greet.test.yaml" file="greet.test.yaml" line="5"');
    expect(xml).to.contain('<failure message="the body of the reply is not as expected">');
  });

  it('tells which steps no test ran, and fails when they are too many', async () => {
    desk.write('greet.test.yaml', tests('Ann'));
    const { out } = await desk.mecha('test', '--in-process', '--coverage');
    expect(out).to.contain('coverage: 2 of 3 steps (66.6 %)').and.to.contain('never ran  greet.yaml:10:21  to[mock:you]');
    expect((await desk.mecha('test', '--in-process', '--min-coverage', '66')).code).to.equal(0);
    const few = await desk.mecha('test', '--in-process', '--min-coverage', '67');
    expect(few.err).to.contain('the tests cover 66.6 % of the steps, fewer than 67 %');
    expect(few.code).to.equal(1);
  });

  it('takes snapshots when it is told to, compares with them, and keeps those of tests that did not run', async () => {
    const two = (greeting: string): string => `tests:
  - { name: one, send: { to: direct:greet, body: ${greeting} }, reply: { snapshot: true } }
  - { name: two, send: { to: direct:greet, body: you }, expect: { mocks: { mock:you: { snapshot: true } } } }
`;
    desk.write('greet.test.yaml', two('Ann'));
    const none = await desk.mecha('test', '--in-process');
    expect(none.out).to.contain('there is no snapshot of `reply` yet: run with --update to take it');
    expect(none.code).to.equal(1);
    expect((await desk.mecha('test', '--in-process', '--update')).out).to.contain('snapshots of greet.test.yaml were written');
    expect(JSON.parse(readFileSync(join(desk.folder, 'greet.test.snapshots.json'), 'utf8'))).to.deep.equal({
      'one > reply': { body: { greeting: 'Hello Ann', n: [1, 2] }, headers: {} },
      'two > mock:you': [{ body: 'you', headers: {} }],
    });
    expect((await desk.mecha('test', '--in-process')).code).to.equal(0);
    desk.write('greet.test.yaml', two('Bob'));
    const changed = await desk.mecha('test', '--in-process');
    expect(changed.out).to.contain('`reply` is not as in the snapshot; run with --update if it is right as it is').and.to.contain('-    "greeting": "Hello Ann"').and.to.contain('+    "greeting": "Hello Bob"');
    await desk.mecha('test', '--in-process', '--update', '--filter', 'one');
    expect(Object.keys(JSON.parse(readFileSync(join(desk.folder, 'greet.test.snapshots.json'), 'utf8')) as object)).to.deep.equal(['two > mock:you', 'one > reply']);
    desk.write('greet.test.yaml', tests('Ann'));
    await desk.mecha('test', '--in-process', '--update');
    expect(existsSync(join(desk.folder, 'greet.test.snapshots.json'))).to.equal(false);
  });

  it('runs again when the routes or the tests change, until it is stopped', async function () {
    this.timeout(30_000);
    desk.write('greet.test.yaml', tests('Ann'));
    const terminal = desk.terminal();
    const { main } = await import('../../src/cli/main.ts');
    const running = main(['test', '--watch'], terminal);
    await eventually(() => expect(terminal.out.text).to.contain('watching'), 15_000);
    desk.write('greet.yaml', routes.replace('Hello', 'Bye'));
    await eventually(() => expect(terminal.out.text).to.contain('1 failed'), 15_000);
    desk.write('greet.yaml', routes);
    await eventually(() => expect(terminal.out.text.split('1 passed')).to.have.length(3), 15_000);
    desk.signals.get('SIGINT')!();
    expect(await running).to.equal(0);
  });

  it('has a JSON Schema that takes what it takes', async () => {
    const schema = JSON.parse((await desk.mecha('schema', '--tests')).out) as { $defs: object };
    const validate = new Ajv2020({ strict: false, allErrors: true }).compile(schema);
    expect(validate(parse(tests('Ann'))), JSON.stringify(validate.errors)).to.equal(true);
    expect(validate(parse(readFileSync(new URL('../../routes/orders.test.yaml', import.meta.url), 'utf8'))), JSON.stringify(validate.errors)).to.equal(true);
    for (const wrong of ['tests: 1', 'test: []', 'tests: [ { nam: x } ]', 'tests: [ { name: x, send: { too: direct:x } } ]']) expect(validate(parse(wrong)), wrong).to.equal(false);
    expect(Object.keys(schema.$defs)).to.not.include('step.aggregate');
  });
});
