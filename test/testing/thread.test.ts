import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reportAsJunit } from '../../src/testing/index.ts';
import { Project } from './project.ts';

const module = `export const bean = {
  fine: (body) => body + '!',
  spin() {
    for (;;) ;
  },
  exit() {
    process.exit(3);
  },
  throwLate: () => new Promise(() => setTimeout(() => {
    throw new Error('nobody catches it');
  }, 1)),
  say: (body) => console.log('said: ' + body),
};
`;

const routes = `- route:
    from:
      uri: direct:call
      steps:
        - recipientList: { simple: "bean:bean?method=\${header.call}" }
        - to: mock:called
`;

const tests = (...calls: readonly string[]): string =>
  `limit: 3000\nbeans: [bean.mjs]\ntests:\n${calls.map((call, index) => `  - name: ${index} ${call}\n    send: { to: direct:call, body: ${call}, headers: { call: ${call} } }\n    expect: { mocks: { mock:called: 1 } }\n`).join('')}`;

describe('the thread that tests run in', () => {
  let project: Project;

  const given = (text: string): Project => (project = new Project({ 'bean.mjs': module, 'r.yaml': routes, 'r.test.yaml': text }));

  /** The first failure of each test, by its name. */
  const outcomes = async (options: Parameters<Project['run']>[0] = {}): Promise<Record<string, string>> => {
    const report = await project.run({ inThisThread: false, ...options });
    return Object.fromEntries(report.files.flatMap(({ results }) => results.map(({ name, failures }) => [name, failures[0]?.message ?? 'fine'])));
  };

  afterEach(() => project.clear());

  it('cuts a test that never gives the thread back, says where it is, and goes on with the next', async function () {
    this.timeout(60_000);
    given(tests('fine', 'spin', 'spin', 'fine'));
    const report = await project.run({ inThisThread: false });
    const where = (line: number): string => `the test did not end within 3000 ms and was cut: it was at \`send\` in line ${line}, and never gave the thread back: it is in \`spin\` (bean.mjs:4)`;
    expect(report.files[0]!.results.map(({ failures }) => failures.map(({ message }) => message))).to.deep.equal([[], [where(8)], [where(11)], []]);
    expect({ passed: report.passed, failed: report.failed }).to.deep.equal({ passed: 2, failed: 2 });
    expect(await reportAsJunit(report)).to.match(/<testsuites name="mecha test" tests="4" failures="2" errors="0"/).and.to.contain('<testcase name="1 spin" classname="r.test.yaml" file="r.test.yaml" line="7"');
    // What ran before and after counts.
    expect(report.coverage.filter(({ label }) => label.includes('mock:called')).map(({ count }) => count)).to.deep.equal([2]);
  });

  it('is told by the command in which function it is', async function () {
    this.timeout(120_000);
    given(tests('spin'));
    const command = fileURLToPath(new URL('../../dist/mecha.cjs', import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, [command, 'test'], { cwd: project.folder, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' } });
    expect(status, stderr).to.equal(1);
    expect(stdout + stderr).to.contain('never gave the thread back: it is in `spin` (bean.mjs:4)');
  });

  it('lets a test fail that ends the program or throws where nobody catches it, and goes on', async function () {
    this.timeout(60_000);
    given(tests('exit', 'throwLate', 'fine'));
    expect(await outcomes()).to.deep.equal({
      '0 exit': 'the test ended the program with code 3: a module calls `process.exit`; it was at `send` in line 5',
      '1 throwLate': 'the test threw where nobody catches it: nobody catches it (bean.mjs:10:11); it was at `send` in line 8',
      '2 fine': 'fine',
    });
  });

  it('hands on what modules write, beside the results', async function () {
    this.timeout(30_000);
    given(tests('say'));
    let written = '';
    expect(await outcomes({ onOutput: (text) => (written += text) })).to.deep.equal({ '0 say': 'fine' });
    expect(written).to.equal('said: say\n');
  });

  it('keeps the snapshots of the tests before one that never ends, and takes those behind it', async function () {
    this.timeout(60_000);
    const asSnapshot = (text: string): string => text.replaceAll('mock:called: 1', 'mock:called: { snapshot: true }');
    given(asSnapshot(tests('fine', 'exit', 'fine')));
    await project.run({ inThisThread: false, update: true });
    expect(Object.keys(JSON.parse(readFileSync(join(project.folder, 'r.test.snapshots.json'), 'utf8')) as object)).to.deep.equal(['0 fine > mock:called', '2 fine > mock:called']);
  });

  it('tells what is wrong with routes and test files as they are, with their lines', async function () {
    this.timeout(30_000);
    given('tests:\n  - name: one\n    sent: {}\n');
    const report = await project.run({ inThisThread: false });
    const [problem] = report.files[0]!.problems;
    expect(problem!.at!.source.position(problem!.at!.start)).to.deep.equal({ line: 3, column: 5 });
  });

  it('ends after the test that is under way when it is told to', async function () {
    this.timeout(30_000);
    given(tests('fine', 'fine', 'fine'));
    const stop = new AbortController();
    expect(await outcomes({ signal: stop.signal, onResult: () => stop.abort() })).to.deep.equal({ '0 fine': 'fine' });
  });
});
