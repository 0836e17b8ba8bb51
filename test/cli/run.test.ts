import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../contract/operator.ts';
import { TestTerminal } from './terminal.ts';

const hello = (answer: string): string => `- route:\n    id: hello\n    from:\n      uri: platform-http:/hello\n      steps:\n        - setBody: { constant: "${answer}" }\n`;

/** Asks again, one at a time, until the answer matches. */
async function until(ask: () => Promise<string>, pattern: RegExp, millis = 8000): Promise<string> {
  const end = performance.now() + millis;
  for (;;) {
    const answer = await ask();
    if (pattern.test(answer)) return answer;
    if (performance.now() > end) throw new Error(`${pattern} does not match: ${answer}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** `mecha run` under way. */
class Running {
  readonly terminal: TestTerminal;
  readonly code: Promise<number>;

  constructor(terminal: TestTerminal, ...args: readonly string[]) {
    this.terminal = terminal;
    terminal.environment['MECHA_SUMMARY'] = '1';
    this.code = terminal.run('run', '--port', '0', '--log-format', 'json', ...args);
  }

  get url(): string {
    return /http:\/\/[\d.]+:\d+/.exec(this.terminal.out.text)?.[0] ?? '';
  }

  async started(): Promise<this> {
    await eventually(() => expect(this.url, this.terminal.err.text).not.to.equal(''), 8000);
    return this;
  }

  async get(path: string): Promise<string> {
    return (await fetch(`${this.url}${path}`, { headers: { connection: 'close' } })).text();
  }

  stop(): Promise<number> {
    this.terminal.signal('SIGTERM');
    return this.code;
  }
}

describe('mecha run', () => {
  it('runs the routes, says what runs and where, and answers 0 when it is stopped', async () => {
    const running = await new Running(new TestTerminal({ 'a.yaml': hello('hi') }), 'a.yaml').started();
    expect(running.terminal.out.text).to.contain('mecha runs 1 route').and.contain('platform-http:///hello');
    expect(await running.get('/hello')).to.equal('hi');
    expect(await running.get('/health/ready')).to.contain('"UP"');
    expect(await running.get('/metrics')).to.contain('mecha_');
    expect(await running.stop()).to.equal(0);
    expect(running.terminal.out.text).to.contain('"msg":"stopped"');
  });

  it('takes its routes from mecha.yaml when none are named', async () => {
    const running = await new Running(new TestTerminal({ 'mecha.yaml': 'routes: [in/*.yaml]\n', 'in/a.yaml': hello('configured') })).started();
    expect(await running.get('/hello')).to.equal('configured');
    expect(await running.stop()).to.equal(0);
  });

  it('takes a new file at once, and keeps the old routes when the new file is wrong', async () => {
    const running = await new Running(new TestTerminal({ 'a.yaml': hello('old') }), 'a.yaml').started();
    const { terminal } = running;
    terminal.write('a.yaml', '- from: {\n');
    terminal.signal('SIGHUP');
    await eventually(() => expect(terminal.err.text).to.contain('a.yaml:'), 5000);
    expect(await running.get('/hello')).to.equal('old');
    terminal.write('a.yaml', hello('new'));
    terminal.signal('SIGHUP');
    await until(() => running.get('/hello'), /^new$/);
    expect(await running.stop()).to.equal(0);
  });

  it('answers 2 and starts nothing when a file is wrong', async () => {
    const terminal = new TestTerminal({ 'a.yaml': '- from:\n    uri: nowhere:x\n    steps:\n      - to: mock:out\n' });
    expect(await new Running(terminal, 'a.yaml').code).to.equal(2);
    expect(terminal.err.text).to.contain('a.yaml:2:');
  });

  it('answers 2 and names the port when it is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const terminal = new TestTerminal({ 'a.yaml': hello('hi') });
    expect(await terminal.run('run', 'a.yaml', '--port', String(port))).to.equal(2);
    expect(terminal.err.text).to.contain('M0610').and.contain(String(port));
    await new Promise((resolve) => server.close(resolve));
  });

  it('finishes what is in flight before it ends', async () => {
    const slow = '- route:\n    id: slow\n    from:\n      uri: platform-http:/slow\n      steps:\n        - delay: { constant: 300 }\n        - setBody: { constant: done }\n';
    const running = await new Running(new TestTerminal({ 'a.yaml': slow }), 'a.yaml').started();
    const reply = running.get('/slow');
    await until(() => running.get('/metrics'), /^mecha_\S*in_?flight\S* 1$/m);
    const code = running.stop();
    expect(await reply).to.equal('done');
    expect(await code).to.equal(0);
  });

  it('is stopped at once by a second signal, but not by the echo of the first', async () => {
    const slow = '- route:\n    id: slow\n    from:\n      uri: platform-http:/slow\n      steps:\n        - delay: { constant: 1500 }\n';
    const running = await new Running(new TestTerminal({ 'a.yaml': slow }), 'a.yaml').started();
    const { terminal } = running;
    const reply = running.get('/slow');
    await eventually(() => expect(existsSync(join(terminal.folder, '.mecha'))).to.equal(true));
    await running.get('/health/live');
    terminal.signal('SIGINT');
    terminal.signal('SIGINT');
    expect(terminal.exited).to.equal(null);
    await eventually(() => {
      terminal.signal('SIGINT');
      expect(terminal.exited).to.equal(130);
    });
    await reply;
    await running.code;
  });

  it('keeps a one-way message that fails, and lists, shows and replays it', async () => {
    const failing = (step: string): string => `- route:\n    id: tick\n    from:\n      uri: timer:once?repeatCount=1&delay=1\n      steps:\n        - setBody: { constant: precious }\n        - ${step}\n        - to: mock:out\n`;
    const terminal = new TestTerminal({ 'a.yaml': failing('throwException: { message: broken, exceptionType: java.lang.IllegalStateException }') });
    const running = await new Running(terminal, 'a.yaml').started();
    const ask = (...args: readonly string[]): Promise<string> => {
      const other = new TestTerminal();
      Object.assign(other, { folder: terminal.folder });
      return other.run('deadletters', ...args).then((code) => `${code} ${other.out.text}${other.err.text}`);
    };
    const list = await until(() => ask('list'), /broken/);
    const id = /^0 (\S+)/.exec(list)![1]!;
    expect(await ask('show', id)).to.contain('precious').and.contain('IllegalStateException: broken');
    expect(await ask('show', 'nothing')).to.match(/^1 .*there is no dead letter/);
    expect(await ask('replay', id)).to.match(/^1 .*failed again: broken/);
    terminal.write('a.yaml', failing('log: "fine now"'));
    terminal.signal('SIGHUP');
    await eventually(() => expect(terminal.out.text).to.match(/generation\D+2/), 5000);
    expect(await ask('replay', '--route', 'tick')).to.match(/^0 \S+ +replayed/);
    expect(await running.stop()).to.equal(0);
    expect(await ask('list')).to.contain('(replayed)');
  });
});
