import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Mecha } from '../../src/runtime/mecha.ts';
import { watchRoutes } from '../../src/runtime/watch.ts';
import { eventually } from './rig.ts';
import { Program } from './program.ts';

const answering = (text: string): string => `- route: { id: a, from: { uri: "platform-http:/a", steps: [ { setBody: { constant: "${text}" } } ] } }\n`;
const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

describe('the file watcher of a running program', function () {
  this.timeout(60_000);
  let program: Program;

  beforeEach(() => {
    program = new Program();
  });

  afterEach(() => program.end());

  it('has the new route answer soon after its file is written, and takes files that come and go', async () => {
    program.write('routes/a.yaml', answering('0'));
    await program.start();
    const times: number[] = [];
    for (let version = 1; version <= 10; version++) {
      program.write('routes/a.yaml', answering(String(version)));
      const written = performance.now();
      await eventually(async () => expect((await program.get('/a')).text).to.equal(String(version)));
      times.push(performance.now() - written);
      await pause(20);
    }
    // The time that the system takes to tell is in it, and that of a busy machine.
    expect(times.sort((a, b) => a - b)[times.length >> 1]).to.be.lessThan(150);
    program.write('routes/more/b.yaml', answering('b').replace('id: a', 'id: b').replace('/a', '/b'));
    await eventually(async () => expect((await program.get('/b')).text).to.equal('b'));
    rmSync(join(program.folder, 'routes/more/b.yaml'));
    await eventually(async () => expect((await program.get('/b')).status).to.equal(404));
    program.write('routes/a.yaml', '- broken: {}\n');
    await eventually(() => expect(program.err).to.contain('routes/a.yaml:1:'));
    expect((await program.get('/a')).text).to.equal('10');
    await eventually(() => expect(program.out).to.match(/"reload \(file changed\) rejected, generation \d+ goes on/));
    program.write('routes/a.yaml', answering('repaired'));
    program.signal('SIGHUP');
    await eventually(async () => expect((await program.get('/a')).text).to.equal('repaired'));
    await eventually(() => expect(program.out).to.match(/"reload \((SIGHUP|file changed)\): generation \d+, 1 changed, in \d+ ms"/));
    program.signal('SIGTERM');
    expect((await program.exited()).code).to.equal(0);
  });
});

describe('watching routes', () => {
  let folder: string;
  let mecha: Mecha;
  let unwatch: () => Promise<void>;

  const path = (name: string): string => join(folder, name);
  const get = async (): Promise<unknown> => mecha.request('direct:a');
  const answer = (text: string): string => answering(text).replace('platform-http:/a', 'direct:a');
  const start = async (): Promise<void> => {
    mecha = await Mecha.start({ folder, routes: ['routes'], settings: { 'state.store': 'memory', 'management.enabled': false } });
  };
  const watch = async (): Promise<void> => {
    unwatch = await watchRoutes(mecha, () => void mecha.reload(undefined, 'file changed'));
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mecha-watch-'));
    mkdirSync(path('routes'));
  });

  afterEach(async () => {
    await unwatch();
    await mecha.stop(0);
    rmSync(folder, { recursive: true, force: true });
  });

  it('tells of a module that is changed', async () => {
    writeFileSync(path('price.mjs'), 'export default (exchange) => { exchange.body = "one"; };');
    writeFileSync(path('routes/a.yaml'), '- route: { id: p, from: { uri: "direct:a", steps: [ { process: { ref: "#module:./price.mjs" } } ] } }');
    await start();
    await watch();
    expect(await get()).to.equal('one');
    writeFileSync(path('price.mjs'), 'export default (exchange) => { exchange.body = "two"; };');
    await eventually(async () => expect(await get()).to.equal('two'));
  });

  it('tells of what was changed before it began', async () => {
    writeFileSync(path('routes/a.yaml'), answer('before'));
    await start();
    writeFileSync(path('routes/a.yaml'), answer('after'));
    await watch();
    await eventually(async () => expect(await get()).to.equal('after'));
  });

  it('tells of the last of many changes', async () => {
    writeFileSync(path('routes/a.yaml'), answer('0'));
    await start();
    await watch();
    for (let version = 1; version <= 60; version++) {
      writeFileSync(path('routes/a.yaml'), answer(String(version)));
      await pause(version % 20);
    }
    await eventually(async () => expect(await get()).to.equal('60'));
  });

  it('is not kept busy by other files', async () => {
    writeFileSync(path('routes/a.yaml'), answer('0'));
    await start();
    let reloads = 0;
    mecha.on('reloaded', () => void reloads++);
    await watch();
    mkdirSync(path('routes/.camel'));
    for (let i = 0; i < 20; i++) {
      writeFileSync(path(`routes/data${i}.txt`), 'x');
      writeFileSync(path(`routes/.camel/done${i}.yaml`), answer('done'));
      writeFileSync(path('routes/a.yaml'), answer('0'));
      await pause(10);
    }
    await pause(100);
    expect(reloads).to.equal(0);
  });

  it('tells of the files of a ConfigMap, whose folder is swapped behind a link', async () => {
    for (const name of ['one', 'two']) {
      mkdirSync(path(`routes/..${name}`));
      writeFileSync(path(`routes/..${name}/a.yaml`), answer(name));
    }
    symlinkSync('..one', path('routes/..data'));
    symlinkSync('..data/a.yaml', path('routes/a.yaml'));
    await start();
    await watch();
    expect(await get()).to.equal('one');
    symlinkSync('..two', path('routes/..data.new'));
    renameSync(path('routes/..data.new'), path('routes/..data'));
    rmSync(path('routes/..one'), { recursive: true });
    await eventually(async () => expect(await get()).to.equal('two'));
  });
});
