import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Mecha } from '../../src/runtime/mecha.ts';
import { adminSocket, openAdmin } from '../../src/sidecar/admin.ts';
import { eventually } from '../contract/operator.ts';
import { freePort } from '../runtime/program.ts';
import { Desk } from './desk.ts';

const routes = `- route:
    id: greet
    from:
      uri: direct:greet
      steps:
        - setBody: { id: hello, simple: "Hello \${body}\${header.mark}" }
- route:
    id: refuse
    from:
      uri: direct:refuse
      steps:
        - throwException: { id: no, exceptionType: java.lang.IllegalStateException, message: "no room" }
- route:
    id: work
    from:
      uri: seda:work
      steps:
        - to: mock:done
`;

describe('the commands for a running Mecha', () => {
  let desk: Desk;
  let mecha: Mecha | null = null;
  let close: () => Promise<void> = () => Promise.resolve();

  const start = async (settings: Record<string, unknown> = {}): Promise<Mecha> => {
    desk.write('mecha.yaml', 'routes: [routes.yaml]\n').write('routes.yaml', routes);
    mecha = await Mecha.start({ folder: desk.folder, settings: { 'management.enabled': false, ...settings } });
    close = await openAdmin(mecha, { version: '9.9.9', pid: 4711 });
    return mecha;
  };

  beforeEach(() => {
    desk = new Desk();
    mecha = null;
    close = () => Promise.resolve();
  });

  afterEach(async () => {
    await mecha?.stop(0);
    await close();
    desk.clear();
  });

  it('say that no Mecha runs, and how to start one, with exit code 1', async () => {
    for (const args of [['get', 'routes'], ['get', 'inflight'], ['get', 'health'], ['reload'], ['suspend', 'greet'], ['resume', 'greet'], ['send', 'direct:greet'], ['trace'], ['deadletters', 'replay', 'x']]) {
      const { code, err } = await desk.mecha(...args);
      expect(code, args.join(' ')).to.equal(1);
      expect(err, args.join(' ')).to.contain('no running Mecha').and.to.contain('mecha run');
    }
    const json = await desk.mecha('get', 'routes', '--json');
    expect(JSON.parse(json.out).error).to.contain('no running Mecha');
  });

  it('say what is wrong with the configuration, with exit code 2', async () => {
    desk.write('mecha.yaml', 'state: { stoer: lmdb }\n');
    for (const args of [['get', 'routes'], ['doctor'], ['deadletters', 'list']]) {
      const { code, err } = await desk.mecha(...args);
      expect(code, args.join(' ')).to.equal(2);
      expect(err).to.contain('state.stoer');
    }
  });

  it('say why the running Mecha can not show its dead letters, instead of looking into its store beside it', async () => {
    desk.write('mecha.yaml', 'routes: [routes.yaml]\n').write('.mecha/note', '');
    const server = createServer((_, response) => response.writeHead(500, { 'Content-Type': 'application/json' }).end('{"error":"the file is damaged"}'));
    await new Promise<void>((resolve) => server.listen(adminSocket(desk.folder, '.mecha'), resolve));
    close = () => new Promise((resolve) => server.close(() => resolve()));
    for (const args of [['list'], ['show', 'x'], ['replay', '--route', 'greet']]) {
      expect(await desk.mecha('deadletters', ...args), args.join(' ')).to.deep.equal({ code: 1, out: '', err: "error: the running Mecha can't answer: the file is damaged\n" });
    }
  });

  it('show routes, steps, messages in flight and health', async () => {
    await start();
    await desk.mecha('send', 'direct:greet', '--body', 'Ada');
    const all = await desk.mecha('get', 'routes');
    expect(all.code).to.equal(0);
    expect(all.out).to.match(/^ROUTE +STATE/).and.match(/^greet +Started +0 +1 +0 +direct:\/\/greet$/m);
    expect(JSON.parse((await desk.mecha('get', 'routes', '--json')).out).routes).to.have.length(3);
    expect((await desk.mecha('get', 'routes', 'greet')).out).to.match(/hello +1 +setBody/);
    expect(await desk.mecha('get', 'routes', 'gone')).to.deep.include({ code: 1 });
    expect((await desk.mecha('get', 'inflight')).out).to.equal('0 in flight\n');
    expect((await desk.mecha('get', 'health')).out).to.match(/^UP\n/);
    mecha!.runtime.routes.get('work')!.waitingFor = 'the broker is down';
    const down = await desk.mecha('get', 'health');
    expect(down.code).to.equal(1);
    expect(down.out).to.contain('DOWN').and.contain('the broker is down');
  });

  it('suspend and resume a route', async () => {
    await start();
    expect(await desk.mecha('suspend', 'work')).to.deep.include({ code: 0, out: 'work  Suspended\n' });
    expect(await desk.mecha('resume', 'work')).to.deep.include({ code: 0, out: 'work  Started\n' });
    const { code, err } = await desk.mecha('suspend', 'gone');
    expect(code).to.equal(1);
    expect(err).to.contain('there is no route `gone`').and.contain('mecha get routes');
  });

  it('send a message and print the reply, or what it failed with and where', async () => {
    await start();
    desk.write('who.txt', 'Grace');
    expect(await desk.mecha('send', 'direct:greet', '--body', '@who.txt', '--header', 'mark=!')).to.deep.include({ code: 0, out: 'Hello Grace!\n' });
    expect(await desk.mecha('send', 'direct:greet', 'Grace', '--header', 'mark=?')).to.deep.include({ code: 0, out: 'Hello Grace?\n' });
    expect(await desk.mecha('send', 'direct:greet', 'Grace', '--body', 'Ada')).to.deep.include({ code: 2, out: '' });
    const failed = await desk.mecha('send', 'direct:refuse');
    expect(failed.code).to.equal(1);
    expect(failed.err).to.match(/it failed at refuse\/no \(routes\.yaml:12:11\): no room/);
    expect(await desk.mecha('send', 'direct:greet', '--header', 'nothing')).to.deep.include({ code: 2 });
    expect((await desk.mecha('send', 'direct:greet', '--body', '@gone.txt')).code).to.equal(2);
  });

  it('reload what has changed, and refuse what is wrong', async () => {
    await start();
    expect((await desk.mecha('reload')).out).to.contain('nothing has changed');
    writeFileSync(join(desk.folder, 'routes.yaml'), routes.replace('Hello', 'Hi'));
    expect((await desk.mecha('reload')).out).to.contain('generation 2').and.contain('changed: greet');
    writeFileSync(join(desk.folder, 'routes.yaml'), routes.replace('setBody', 'setBodi'));
    const { code, err } = await desk.mecha('reload');
    expect(code).to.equal(2);
    expect(err).to.contain('routes.yaml:6:11: error[M0201]').and.contain('generation 2 goes on');
    desk.write('other.yaml', '- from: { uri: direct:other, steps: [ { to: mock:x } ] }\n');
    expect((await desk.mecha('reload', 'other.yaml')).out).to.contain('removed: greet, refuse, work');
  });

  it('trace live, until there are enough lines', async () => {
    await start();
    const tracing = desk.mecha('trace', 'greet', '--when', "${body} contains 'Ada'", '--limit', '2');
    await eventually(() => expect(mecha!.events.has('exchangeCompleted')).to.equal(true));
    for (const name of ['Bob', 'Ada']) await mecha!.request('direct:greet', name);
    const { code, out } = await tracing;
    expect(code).to.equal(0);
    expect(out.split('\n')).to.have.length(3);
    expect(out).to.match(/greet -> hello setBody\S+ .* Ada \(string\) routes\.yaml:6:11/).and.match(/greet done {2}Hello Ada/);
    expect(out).not.to.contain('Bob');
    await eventually(() => expect(mecha!.events.has('exchangeCompleted')).to.equal(false));
    const json = desk.mecha('trace', '--limit', '1', '--json');
    await eventually(() => expect(mecha!.events.has('exchangeCompleted')).to.equal(true));
    await mecha!.request('direct:greet', 'Eve');
    expect(JSON.parse((await json).out)).to.include({ event: 'step', step: 'hello', body: 'Eve' });
    const wrong = await desk.mecha('trace', 'gone');
    expect(wrong).to.deep.include({ code: 1 });
    expect(wrong.err).to.contain('there is no route `gone`');
  });

  it('reach one at another address with its token', async () => {
    const port = await freePort();
    await start({ 'admin.port': port, 'admin.token': 'hush' });
    const elsewhere = new Desk();
    const url = `http://127.0.0.1:${port}`;
    expect((await elsewhere.mecha('get', 'routes', '--url', url, '--token', 'hush')).out).to.contain('greet');
    const refused = await elsewhere.mecha('get', 'routes', '--url', url);
    expect(refused.code).to.equal(1);
    expect(refused.err).to.contain('wants a token').and.contain('--token');
    expect((await elsewhere.mecha('trace', '--url', url, '--token', 'loud')).err).to.contain('wants another token');
    expect(JSON.parse((await elsewhere.mecha('get', 'health', '--url', url, '--json')).out)).to.deep.equal({ error: `the admin API at ${url} wants a token` });
    for (const args of [['deadletters', 'replay', 'x'], ['deadletters', 'list']]) {
      const { code, err } = await elsewhere.mecha(...args, '--url', url, '--token', 'loud');
      expect([code, err], args.join(' ')).to.deep.equal([1, `error: the admin API at ${url} wants another token\nhelp: name the one that is its \`admin.token\` with \`--token\`, or set \`admin.token\` here in mecha.yaml\n`]);
    }
    const examined = await elsewhere.mecha('doctor', '--url', url, '--token', 'loud');
    expect(examined.code).to.equal(1);
    expect(examined.out).to.match(/PROBLEM running +the admin API at \S+ wants another token\n +help: name the one .*--token/).and.not.contain('starts one');
    expect((await elsewhere.mecha('get', 'routes', '--url', 'nonsense')).code).to.equal(2);
    elsewhere.clear();
  });

  it('examine what is in the way', async () => {
    await start();
    const fine = await desk.mecha('doctor');
    expect(fine.out).to.contain('process 4711 runs 3 routes').and.contain('every route is ready');
    expect(fine.code).to.equal(0);
    await mecha!.stop(0);
    await close();
    desk.write('routes.yaml', routes.replace('setBody', 'setBodi'));
    const json = await desk.mecha('doctor', '--json');
    expect(json.code).to.equal(1);
    const { ok, findings } = JSON.parse(json.out) as { ok: boolean; findings: { name: string; state: string; help: string }[] };
    expect(ok).to.equal(false);
    expect(findings.find(({ name }) => name === 'routes')).to.include({ state: 'problem', help: '`mecha validate` shows them all' });
    expect(findings.find(({ name }) => name === 'running')).to.include({ state: 'note', help: '`mecha run` starts one' });
  });
});
