import { Agent } from 'node:http';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { VirtualClock } from '../../src/core/clock.ts';
import { Mecha } from '../../src/runtime/mecha.ts';
import { watchRoutes } from '../../src/runtime/watch.ts';
import { adminSocket } from '../../src/sidecar/admin.ts';
import { askAdmin } from '../../src/sidecar/client.ts';
import { eventually } from './rig.ts';
import { Program } from './program.ts';

const answering = (text: string): string => `- route: { id: a, from: { uri: "platform-http:/a", steps: [ { setBody: { constant: "${text}" } } ] } }\n`;
const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

const quantile = (list: readonly number[], part: number): number => [...list].sort((a, b) => a - b)[Math.floor(list.length * part)]!;

/** Notices how long this process does not get its turn: so long the others may not, either. */
class Stalls {
  private last = performance.now();
  private most = 0;
  private readonly timer = setInterval(() => this.look(), 2);

  private look(): void {
    const now = performance.now();
    this.most = Math.max(this.most, now - this.last - 2);
    this.last = now;
  }

  longest(): number {
    this.look();
    clearInterval(this.timer);
    return this.most;
  }
}

describe('the file watcher of a running program', function () {
  this.timeout(60_000);
  let program: Program;

  beforeEach(() => {
    program = new Program();
  });

  afterEach(() => program.end());

  for (const [how, args, take] of [
    ['by itself', [], () => Promise.resolve()],
    ['when the admin API asks for it', ['--no-watch'], async () => void (await askAdmin(adminSocket(program.folder, '.mecha'), 'POST', '/reload'))],
  ] as const) {
    it(`answers by a new route within 50 ms of the file's being there, taken ${how}`, async () => {
      program.write('routes/a.yaml', answering('0'));
      await program.start(...args);
      // It opens when whoever waited for the routes has been served.
      await eventually(() => askAdmin(adminSocket(program.folder, '.mecha'), 'GET', '/health'));
      const agent = new Agent({ keepAlive: true });
      const times: number[] = [];
      const undisturbed: number[] = [];
      for (let version = 1; version <= 40; version++) {
        const machine = new Stalls();
        const written = performance.now();
        program.write('routes/a.yaml', answering(String(version)));
        const taken = take();
        while ((await program.get('/a', { agent })).text !== String(version)) expect(performance.now() - written).to.be.lessThan(10_000);
        times.push(performance.now() - written);
        if (machine.longest() < 10) undisturbed.push(times.at(-1)!);
        await taken;
        await pause(60);
      }
      agent.destroy();
      expect(quantile(times, 0.5), 'median').to.be.lessThan(50);
      // Nearly all of them, where nothing else kept the machine from it.
      if (undisturbed.length >= 10) expect(quantile(undisturbed, 0.9), 'of ten, nine').to.be.lessThan(50);
    });
  }

  for (const [how, swap] of [
    ['moved away and back', (routes: string) => (renameSync(routes, `${routes}.away`), renameSync(`${routes}.away`, routes))],
    ['removed and made anew', (routes: string) => (rmSync(routes, { recursive: true }), mkdirSync(routes))],
    ['swapped for another', (routes: string) => (mkdirSync(`${routes}.new`), writeFileSync(join(`${routes}.new`, 'a.yaml'), answering('swapped')), renameSync(routes, `${routes}.old`), renameSync(`${routes}.new`, routes))],
  ] as const) {
    it(`goes on taking changes of a folder that was ${how}`, async () => {
      program.write('routes/a.yaml', answering('0'));
      await program.start();
      for (let round = 1; round <= 3; round++) {
        swap(join(program.folder, 'routes'));
        if (how.startsWith('swapped')) rmSync(join(program.folder, 'routes.old'), { recursive: true });
        program.write('routes/a.yaml', answering(String(round)));
        await eventually(async () => expect((await program.get('/a')).text).to.equal(String(round)), 20_000);
        program.write('routes/a.yaml', answering(`${round}, again`));
        await eventually(async () => expect((await program.get('/a')).text).to.equal(`${round}, again`), 20_000);
      }
    });
  }

  it('takes files that come and go', async () => {
    program.write('routes/a.yaml', answering('10'));
    await program.start();
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

  it('finds within two seconds what the system does not tell of: changes in a folder that was taken away and made anew', async () => {
    writeFileSync(path('routes/a.yaml'), answer('0'));
    await start();
    const clock = new VirtualClock();
    let asked = 0;
    let told = 0;
    let isStale = false;
    unwatch = await watchRoutes(
      {
        paths: ['routes'],
        folder,
        clock,
        configurationFiles: [],
        get isStale() {
          asked++;
          return isStale;
        },
        runtime: { modulePaths: [], log: () => {} },
        on: () => () => {},
      },
      () => void told++,
    );
    const before = asked;
    rmSync(path('routes'), { recursive: true });
    mkdirSync(path('routes'));
    // The system tells of that, and of nothing in the new folder any more.
    await eventually(async () => {
      await clock.advance(20);
      expect(asked).to.be.above(before);
    });
    writeFileSync(path('routes/a.yaml'), answer('1'));
    isStale = true;
    await clock.advance(2000);
    // It sets the watch anew meanwhile.
    await eventually(async () => {
      await clock.advance(20);
      expect(told).to.be.above(0);
    });
    writeFileSync(path('routes/a.yaml'), answer('2'));
    const once = told;
    await eventually(async () => {
      await clock.advance(20);
      expect(told).to.be.above(once);
    });
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

  it('tells of a configuration that comes, changes and goes', async () => {
    writeFileSync(path('routes/a.yaml'), answer('{{greeting:none}}'));
    await start();
    await watch();
    expect(await get()).to.equal('none');
    writeFileSync(path('mecha.yaml'), 'properties: { greeting: hello }\n');
    await eventually(async () => expect(await get()).to.equal('hello'));
    writeFileSync(path('application.properties'), 'greeting=good day\n');
    rmSync(path('mecha.yaml'));
    await eventually(async () => expect(await get()).to.equal('good day'));
    mkdirSync(path('more'));
    writeFileSync(path('more/b.yaml'), answer('b').replace('direct:a', 'direct:b').replace('id: a', 'id: b'));
    await pause(50);
    expect(mecha.snapshot.routes).to.have.length(1);
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
