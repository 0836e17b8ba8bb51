import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer as createHttpServer, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Diagnostic } from '../../src/core/diagnostics.ts';
import { showSpan } from '../../src/core/diagnostics.ts';
import type { EventMap } from '../../src/core/events.ts';
import { Mecha } from '../../src/runtime/mecha.ts';
import type { MechaOptions } from '../../src/runtime/mecha.ts';
import { eventually } from './rig.ts';

/** A folder with routes, and a Mecha that runs them. */
class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'mecha-reload-'));
  mecha!: Mecha;

  write(name: string, text: string): this {
    const path = join(this.folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
    return this;
  }

  remove(name: string): void {
    rmSync(join(this.folder, name));
  }

  files(name: string): string[] {
    try {
      return readdirSync(join(this.folder, name)).sort();
    } catch {
      return [];
    }
  }

  async start(options: MechaOptions = {}): Promise<Mecha> {
    this.mecha = await Mecha.start({ folder: this.folder, routes: ['routes'], ...options, settings: { 'http.port': 0, 'state.store': 'memory', 'management.enabled': false, ...options.settings } });
    return this.mecha;
  }

  async end(): Promise<void> {
    await this.mecha?.stop(2000);
    rmSync(this.folder, { recursive: true, force: true });
  }

  get(path: string, agent?: Agent): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const sent = request({ port: this.mecha.port!, path, ...(agent === undefined ? { agent: false } : { agent }) }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => (text += piece));
        response.on('end', () => resolve({ status: response.statusCode!, text }));
      });
      sent.on('error', reject);
      sent.end();
    });
  }
}

const http = (id: string, path: string, answer: string, more = ''): string => `- route:
    id: ${id}
    from:
      uri: platform-http:${path}
      steps:
        - setBody: { constant: "${answer}" }
${more}`;

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

describe('reload', () => {
  let place: Place;

  beforeEach(() => {
    place = new Place();
  });

  afterEach(() => place.end());

  it('fails no request and skips or repeats no file in a hundred reloads under load', async function () {
    this.timeout(90_000);
    const orders = (version: number): string => `- route:
    id: orders
    from:
      uri: platform-http:/orders
      steps:
        - setHeader: { name: version, constant: "${version}" }
        - delay: { constant: "${version % 3}" }
        - choice:
            when:
              - simple: "\${header.version} > 50"
                steps:
                  - setBody: { simple: "late \${header.version}" }
            otherwise:
              steps:
                - setBody: { simple: "early \${header.version}" }
`;
    const files = (version: number): string => `- route:
    id: files
    from:
      uri: file:in
      parameters: { delay: 5, initialDelay: 0, move: ../done, sortBy: "file:name" }
      steps:
        - setHeader: { name: version, constant: "${version}" }
        - to: "file:out?fileExist=Append&appendChars=\\\\n"
        - to: mock:files
`;
    place.write('routes/orders.yaml', orders(0)).write('routes/files.yaml', files(0));
    mkdirSync(join(place.folder, 'in'));
    const mecha = await place.start();
    let isOn = true;
    const problems: string[] = [];
    let answered = 0;
    const keepAlive = new Agent({ keepAlive: true, maxSockets: 4 });
    const asking = async (agent?: Agent): Promise<void> => {
      while (isOn) {
        try {
          const { status, text } = await place.get('/orders', agent);
          answered++;
          if (status !== 200 || !/^(late|early) \d+$/.test(text)) problems.push(`${status} ${text}`);
        } catch (thrown) {
          problems.push(String(thrown));
        }
      }
    };
    let dropped = 0;
    const dropping = async (): Promise<void> => {
      while (isOn) {
        const name = `f${String(dropped++).padStart(5, '0')}.txt`;
        writeFileSync(join(place.folder, `${name}.tmp`), name);
        renameSync(join(place.folder, `${name}.tmp`), join(place.folder, 'in', name));
        await pause(2);
      }
    };
    const load = [asking(keepAlive), asking(keepAlive), asking(keepAlive), asking(), dropping()];
    const times: number[] = [];
    let rejected = 0;
    const reload = async (version: number): Promise<void> => {
      const isBroken = version % 10 === 0;
      if (isBroken) place.write('routes/extra.yaml', '- route:\n    from:\n      uri: nonsense:x\n      steps:\n        - to: mock:x\n');
      else {
        place.write('routes/orders.yaml', orders(version)).write('routes/files.yaml', files(version));
        if (version % 2 === 1) place.write('routes/extra.yaml', http('extra', '/extra', `extra ${version}`));
        else place.remove('routes/extra.yaml');
      }
      const started = performance.now();
      const result = await mecha.reload(undefined, `version ${version}`);
      const taken = performance.now() - started;
      if (isBroken) {
        rejected++;
        expect(result.result).to.equal('rejected');
        expect(result.problems[0]!.message).to.contain('nonsense');
      } else {
        expect(result.result, JSON.stringify(result.problems.map(({ message }) => message))).to.equal('applied');
        const { text } = await place.get('/orders');
        expect(text).to.match(new RegExp(` ${version}$`));
        times.push(taken);
        if (version % 2 === 1) expect((await place.get('/extra')).text).to.equal(`extra ${version}`);
        else expect((await place.get('/extra')).status).to.equal(404);
      }
    };
    try {
      for (let version = 1; version <= 100; version++) await reload(version);
    } finally {
      isOn = false;
      await Promise.all(load);
      keepAlive.destroy();
    }
    await eventually(() => expect(place.files('done')).to.have.length(dropped), 30_000);
    expect(problems).to.deep.equal([]);
    expect(answered).to.be.greaterThan(200);
    expect(rejected).to.equal(10);
    const names = mecha.mock('files').received.map(({ headers }) => headers.get('CamelFileName'));
    expect(names).to.have.length(dropped);
    expect(new Set(names).size).to.equal(dropped);
    expect(mecha.runtime.generation).to.equal(91);
    // Half of them, since a busy machine may be slow at any time.
    expect(times.sort((a, b) => a - b)[times.length >> 1]).to.be.lessThan(50);
    await eventually(() => expect(mecha.runtime.inFlight).to.equal(0));
  });

  it('touches the one route that has changed, though others of its file have moved', async () => {
    const routes = (text: string): string =>
      ['first', 'second', 'third'].map((id) => `- route:\n    id: ${id}\n    from:\n      uri: timer:${id}\n      parameters:\n        delay: 1h\n      steps:\n        - setBody:\n            constant: ${id === 'first' ? text : id}\n`).join('');
    place.write('routes/all.yaml', routes('short'));
    await place.start();
    const before = new Map([...place.mecha.runtime.routes].map(([id, route]) => [id, route.current.graph]));
    place.write('routes/all.yaml', routes('a much longer text than before\n        - log: and another line'));
    expect(await place.mecha.reload()).to.deep.include({ result: 'applied', changed: ['first'], added: [], removed: [] });
    expect([...place.mecha.runtime.routes].map(([id, route]) => [id, route.current.graph === before.get(id)])).to.deep.equal([
      ['first', false],
      ['second', true],
      ['third', true],
    ]);
  });

  it('leaves everything as it was when a file is wrong, and shows what is wrong with it', async () => {
    place.write('routes/a.yaml', http('a', '/a', 'one')).write('routes/b.yaml', http('b', '/b', 'two'));
    const mecha = await place.start();
    place.write('routes/a.yaml', http('a', '/a', 'changed')).write('routes/b.yaml', http('b', '/b', 'two', '        - setBoby: { constant: "x" }\n'));
    const result = await mecha.reload(undefined, 'a test');
    expect(result).to.include({ result: 'rejected', reason: 'a test', generation: 1 });
    expect(result.problems.map(({ message, at }) => `${at!.source.file}: ${message}`)).to.deep.equal(['routes/b.yaml: there is no step `setBoby`']);
    expect((await place.get('/a')).text).to.equal('one');
    expect(mecha.runtime.lastReload).to.equal(result);
    expect(mecha.health.ready().status).to.equal('UP');
  });

  describe('of the configuration', () => {
    const get = async (): Promise<unknown> => place.mecha.request('direct:a');
    const messages = (problems: readonly Diagnostic[]): string[] => problems.map(({ code, severity, message, at }) => `${severity} ${code} ${at === null ? '-' : showSpan(at).replace(/^.*[\\/]/, '')} ${message}`);

    beforeEach(async () => {
      place
        .write('mecha.yaml', 'properties: { greeting: hello }\nhttp: { maxBodyBytes: 10KB }\nshutdownTimeout: 5s\n')
        .write('routes/a.yaml', '- route: { id: a, from: { uri: "direct:a", steps: [ { setBody: { simple: "{{greeting}} ${properties:name:nobody}" } } ] } }\n- route: { id: b, from: { uri: "direct:b", steps: [ { log: b } ] } }\n');
      await place.start({ settings: {} });
    });

    it('takes new properties, and touches only routes that use them', async () => {
      expect(await get()).to.equal('hello nobody');
      place.write('mecha.yaml', 'properties: { greeting: good day, name: you }\nhttp: { maxBodyBytes: 10KB }\nshutdownTimeout: 5s\n');
      expect(await place.mecha.reload()).to.deep.include({ result: 'applied', changed: ['a'], problems: [] });
      expect(await get()).to.equal('good day you');
      place.write('application.properties', 'name=all\n').write('mecha.yaml', 'properties: { greeting: good day }\nhttp: { maxBodyBytes: 10KB }\nshutdownTimeout: 5s\n');
      expect(await place.mecha.reload()).to.include({ result: 'unchanged' });
      expect(await get()).to.equal('good day all');
    });

    it('takes settings that it can, and says of each other one, where it stands, that it takes effect at the next start', async () => {
      place.write('mecha.yaml', 'properties: { greeting: hi }\nhttp:\n  maxBodyBytes: 20KB\nshutdownTimeout: 7s\nstate: { path: elsewhere }\n');
      const { result, problems } = await place.mecha.reload();
      expect(result).to.equal('applied');
      expect(messages(problems)).to.deep.equal([
        "warning M0711 mecha.yaml:3:17 `http.maxBodyBytes` has changed, which a running program can't take",
        "warning M0711 mecha.yaml:5:16 `state.path` has changed, which a running program can't take",
      ]);
      const { configuration } = place.mecha;
      expect([configuration.get('http.maxBodyBytes'), configuration.get('state.path'), configuration.get('shutdownTimeout')]).to.deep.equal([10_240, '.mecha', 7000]);
      expect(await get()).to.equal('hi nobody');
    });

    it('keeps routes, properties and settings when the configuration or a route is wrong', async () => {
      for (const [name, text, code] of [
        ['mecha.yaml', 'properties: { greeting: bad }\nshutdownTimeout: long\n', 'M0705'],
        ['mecha.yaml', 'properties: { greeting: "bad }\n', 'M0702'],
        ['mecha.yaml', 'properties: {}\nhttp: { maxBodyBytes: 10KB }\n', 'M0118'],
      ] as const) {
        place.write(name, text);
        const { result, problems } = await place.mecha.reload();
        expect(result, code).to.equal('rejected');
        expect(problems.map((problem) => problem.code)).to.include(code);
        expect(await get()).to.equal('hello nobody');
        expect(place.mecha.configuration.get('shutdownTimeout')).to.equal(5000);
      }
    });

    it('takes routes from where it says now', async () => {
      await place.mecha.stop(0);
      place.write('more/c.yaml', '- route: { id: c, from: { uri: "direct:c", steps: [ { log: c } ] } }\n').write('mecha.yaml', 'routes: [routes]\nproperties: { greeting: hello }\n');
      place.mecha = await Mecha.start({ folder: place.folder, settings: { 'state.store': 'memory', 'management.enabled': false } });
      place.write('mecha.yaml', 'routes: [routes, more]\nproperties: { greeting: hello }\n');
      expect(await place.mecha.reload()).to.deep.include({ result: 'applied', added: ['c'] });
    });
  });

  it('warns, with the place, of a file that is no list of routes any more, and takes the rest', async () => {
    const lines: string[] = [];
    place.write('routes/a.yaml', http('a', '/a', 'a')).write('routes/b.yaml', http('b', '/b', 'b'));
    const mecha = await place.start();
    mecha.on('log', ({ level, message }) => void (level === 'warn' && lines.push(message)));
    place.write('routes/b.yaml', 'just a text\n');
    const { result, removed, problems } = await mecha.reload();
    expect({ result, removed }).to.deep.equal({ result: 'applied', removed: ['b'] });
    expect(problems.map(({ code, severity, at }) => [code, severity, showSpan(at!)])).to.deep.equal([['M0105', 'warning', 'routes/b.yaml:1:1']]);
    expect(lines).to.deep.equal(['routes/b.yaml:1:1: M0105: the file is not a list of elements: nothing in it is used']);
  });

  it('tells generation, result, reason and time in an event', async () => {
    place.write('routes/a.yaml', http('a', '/a', 'one'));
    const mecha = await place.start();
    const told: EventMap['reloaded'][] = [];
    mecha.on('reloaded', (event) => told.push(event));
    await mecha.reload(undefined, 'nothing new');
    place.write('routes/a.yaml', http('a', '/a', 'two')).write('routes/b.yaml', http('b', '/b', 'b'));
    await mecha.reload(undefined, 'new text');
    place.write('routes/a.yaml', '- nonsense: {}');
    await mecha.reload(undefined, 'broken');
    place.remove('routes/a.yaml');
    await mecha.reload(undefined, 'gone');
    expect(told.map(({ generation, result, reason, changed, added, removed }) => ({ generation, result, reason, changed, added, removed }))).to.deep.equal([
      { generation: 1, result: 'unchanged', reason: 'nothing new', changed: [], added: [], removed: [] },
      { generation: 2, result: 'applied', reason: 'new text', changed: ['a'], added: ['b'], removed: [] },
      { generation: 2, result: 'rejected', reason: 'broken', changed: [], added: [], removed: [] },
      { generation: 3, result: 'applied', reason: 'gone', changed: [], added: [], removed: ['a'] },
    ]);
    expect(told.every(({ millis }) => millis >= 0 && millis < 1000)).to.equal(true);
    expect(told[2]!.problem).to.be.a('string');
  });

  it('takes a generation back as a whole when a port is in use', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    try {
      place.write('routes/a.yaml', http('a', '/a', 'one')).write('routes/timer.yaml', '- route: { id: t, from: { uri: "timer:t?period=5", steps: [ { to: "mock:old" } ] } }');
      const mecha = await place.start();
      place
        .write('routes/a.yaml', http('a', `/a?port=${port}`, 'new'))
        .write('routes/timer.yaml', '- route: { id: t, from: { uri: "timer:t?period=5", steps: [ { to: "mock:new" } ] } }')
        .write('routes/more.yaml', http('more', '/more', 'more'));
      const result = await mecha.reload();
      expect(result.result).to.equal('rejected');
      expect(result.problems.map(({ code }) => code)).to.deep.equal(['M0610']);
      expect((await place.get('/a')).text).to.equal('one');
      expect((await place.get('/more')).status).to.equal(404);
      expect([...mecha.runtime.routes.keys()]).to.deep.equal(['a', 't']);
      const before = mecha.mock('old').count;
      await eventually(() => expect(mecha.mock('old').count).to.be.greaterThan(before + 2));
      expect(mecha.mock('new').count).to.equal(0);
      place.write('routes/a.yaml', http('a', '/a', 'three'));
      expect((await mecha.reload()).result).to.equal('applied');
      expect((await place.get('/a')).text).to.equal('three');
      expect((await place.get('/more')).text).to.equal('more');
    } finally {
      taken.close();
    }
  });

  it('keeps the endpoint of a route that gets another id', async () => {
    place.write('routes/a.yaml', http('before', '/a', 'one'));
    const mecha = await place.start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await place.get('/a', agent);
    place.write('routes/a.yaml', http('after', '/a', 'two'));
    const result = await mecha.reload();
    expect(result).to.deep.include({ result: 'applied', changed: ['after'], added: [], removed: [] });
    expect((await place.get('/a', agent)).text).to.equal('two');
    expect([...mecha.runtime.routes.keys()]).to.deep.equal(['after']);
    expect(mecha.runtime.routes.get('after')!.fromUri).to.contain('platform-http:///a');
    agent.destroy();
  });

  it('lets routes exchange their ids', async () => {
    place.write('routes/a.yaml', http('x', '/a', 'a1') + http('y', '/b', 'b1'));
    const mecha = await place.start();
    place.write('routes/a.yaml', http('y', '/a', 'a2') + http('x', '/b', 'b2'));
    expect((await mecha.reload()).result).to.equal('applied');
    expect([...mecha.runtime.routes.keys()]).to.deep.equal(['y', 'x']);
    expect((await place.get('/a')).text).to.equal('a2');
    expect((await place.get('/b')).text).to.equal('b2');
    place.write('routes/a.yaml', http('z', '/a', 'a3') + http('y', '/c', 'c3'));
    expect((await mecha.reload()).result).to.equal('applied');
    expect([...mecha.runtime.routes.keys()]).to.deep.equal(['z', 'y']);
    expect((await place.get('/a')).text).to.equal('a3');
    expect((await place.get('/c')).text).to.equal('c3');
    expect((await place.get('/b')).status).to.equal(404);
  });

  it('starts a route that is to start by itself from now on', async () => {
    const tick = (more: string): string => `- route: { id: t, ${more} from: { uri: "timer:t?period=5", steps: [ { to: "mock:ticks" } ] } }`;
    place.write('routes/a.yaml', tick('autoStartup: false,'));
    const mecha = await place.start();
    expect(mecha.runtime.routes.get('t')!.state).to.equal('Stopped');
    place.write('routes/a.yaml', tick(''));
    expect((await mecha.reload()).result).to.equal('applied');
    await mecha.mock('ticks').waitFor(2);
  });

  const collect = (more: string, id = 'collect'): string => `- route:
    id: orders
    from:
      uri: direct:orders
      steps:
        - aggregate:
            id: ${id}
            correlationExpression: { constant: all }
            aggregationStrategy: "#class:org.apache.camel.processor.aggregate.GroupedBodyAggregationStrategy"
            completionSize: 3
            steps:
${more}              - to: mock:groups
- route: { id: keep, from: { uri: "direct:keep", steps: [ { to: "mock:keep" } ] } }
`;

  for (const store of ['memory', 'lmdb']) {
    it(`carries an open group over to changed steps, and gives it to the dead letters when its step is taken away (${store})`, async () => {
      place.write('routes/a.yaml', collect(''));
      const mecha = await place.start({ settings: { 'state.store': store } });
      await mecha.send('direct:orders', 'a');
      place.write('routes/a.yaml', collect('              - setHeader: { name: version, constant: "2" }\n'));
      expect((await mecha.reload()).result).to.equal('applied');
      await mecha.send('direct:orders', 'b');
      await mecha.send('direct:orders', 'c');
      const [group] = await mecha.mock('groups').waitFor(1);
      expect(group!.body).to.deep.equal(['a', 'b', 'c']);
      expect(group!.headers.get('version')).to.equal('2');

      await mecha.send('direct:orders', 'd');
      await mecha.send('direct:orders', 'e');
      place.write('routes/a.yaml', '- route: { id: keep, from: { uri: "direct:keep", steps: [ { to: "mock:keep" } ] } }\n');
      expect((await mecha.reload()).result).to.equal('applied');
      await eventually(async () => expect((await mecha.deadLetters!.list()).entries).to.have.length(1));
      const { entries } = await mecha.deadLetters!.list();
      expect(entries[0]).to.deep.include({ stepId: 'collect', failedRouteId: 'orders' });
      expect(entries[0]!.exception!.message).to.contain('taken away');
      const { body } = (await mecha.deadLetters!.get(entries[0]!.id))!;
      expect(body).to.deep.equal(['d', 'e']);
      // It does not come back with the step.
      place.write('routes/a.yaml', collect(''));
      await mecha.reload();
      for (const text of ['f', 'g', 'h']) await mecha.send('direct:orders', text);
      const groups = await mecha.mock('groups').waitFor(2);
      expect(groups[1]!.body).to.deep.equal(['f', 'g', 'h']);
    });
  }

  it('carries idempotency keys over, in a repository of its own and in the store', async () => {
    const once = (more: string): string => `- beans:
    - name: seen
      type: "#class:org.apache.camel.support.processor.idempotent.MemoryIdempotentRepository"
- route:
    id: once
    from:
      uri: direct:once
      steps:
${more}        - idempotentConsumer: { id: once, expression: { simple: "\${body}" }, idempotentRepository: "#seen", steps: [ { to: "mock:once" } ] }
`;
    place.write('routes/a.yaml', once(''));
    const mecha = await place.start();
    await mecha.send('direct:once', 'a');
    place.write('routes/a.yaml', once('        - setHeader: { name: x, constant: y }\n'));
    expect((await mecha.reload()).result).to.equal('applied');
    await mecha.send('direct:once', 'a');
    await mecha.send('direct:once', 'b');
    expect(mecha.mock('once').bodies).to.deep.equal(['a', 'b']);
  });

  it('carries the count of a throttle over', async () => {
    const limited = (more: string): string => `- route:
    id: limited
    from:
      uri: direct:limited
      steps:
${more}        - throttle: { id: limit, expression: { constant: "2" }, timePeriodMillis: 60000, rejectExecution: true }
        - to: mock:limited
`;
    place.write('routes/a.yaml', limited(''));
    const mecha = await place.start();
    await mecha.send('direct:limited', 1);
    await mecha.send('direct:limited', 2);
    place.write('routes/a.yaml', limited('        - setHeader: { name: x, constant: y }\n'));
    expect((await mecha.reload()).result).to.equal('applied');
    const late = await mecha.send('direct:limited', 3).then(
      () => null,
      (thrown: Error) => thrown,
    );
    expect(late!.message).to.contain('Exceeded the max throttle rate');
  });

  it('lets what is in flight finish on the steps that it began with, and stops with it', async () => {
    const slow = (text: string): string => `- route: { id: s, from: { uri: "platform-http:/s", steps: [ { delay: { constant: "150" } }, { removeHeaders: { pattern: "CamelHttp*" } }, { to: "http:127.0.0.1:{{port}}/backend" }, { setBody: { simple: "\${body} ${text}" } } ] } }\n`;
    const backend = createHttpServer((_, reply) => void reply.end('backend'));
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    place.write('routes/a.yaml', slow('old')).write('routes/b.yaml', http('b', '/b', 'b'));
    const mecha = await place.start({ properties: { port: (backend.address() as { port: number }).port } });
    const first = place.get('/s');
    await eventually(() => expect(mecha.runtime.inFlight).to.be.greaterThan(0));
    place.write('routes/a.yaml', '- route: { id: s, from: { uri: "platform-http:/s", steps: [ { setBody: { constant: "new" } } ] } }\n');
    expect((await mecha.reload()).result).to.equal('applied');
    expect((await place.get('/s')).text).to.equal('new');
    expect((await first).text).to.equal('backend old');

    place.write('routes/a.yaml', slow('again'));
    await mecha.reload();
    const second = place.get('/s');
    await eventually(() => expect(mecha.runtime.inFlight).to.be.greaterThan(0));
    // Its route is taken away, and then everything stops: it is answered all the same.
    place.remove('routes/a.yaml');
    expect((await mecha.reload()).removed).to.deep.equal(['s']);
    const isDrained = mecha.stop(3000);
    expect((await second).text).to.equal('backend again');
    expect(await isDrained).to.equal(true);
    backend.close();
  });

  it('loses nothing that waits in a pool, neither when the step that it waits for is another by then nor when it stops', async () => {
    const routes = (text: string): string =>
      `- route: { id: a, from: { uri: "seda:a?size=1000", steps: [ { threads: { id: pool, poolSize: 2, maxPoolSize: 2 } }, { delay: { constant: 5, asyncDelayed: false } }, { setBody: { simple: "\${body} ${text}" } }, { to: mock:done } ] } }`;
    place.write('routes/a.yaml', routes('old'));
    const mecha = await place.start();
    const done = (): string[] => mecha.mock('done').received.map(({ body }) => String(body));
    for (let i = 0; i < 40; i++) await mecha.send('seda:a', `o${i}`, { isInOut: false });
    await eventually(() => expect(done().length).to.be.greaterThan(2));
    place.write('routes/a.yaml', routes('new'));
    expect((await mecha.reload()).result).to.equal('applied');
    for (let i = 0; i < 40; i++) await mecha.send('seda:a', `n${i}`, { isInOut: false });
    await mecha.stop(20_000);
    expect(done().sort()).to.deep.equal([...Array.from({ length: 40 }, (_, i) => `n${i} new`), ...Array.from({ length: 40 }, (_, i) => `o${i} old`)].sort());
  });

  it('takes a JavaScript module that has changed', async () => {
    place.write('price.mjs', 'export default (exchange) => { exchange.body = "one"; };').write('routes/a.yaml', '- route: { id: p, from: { uri: "direct:p", steps: [ { process: { ref: "#module:./price.mjs" } } ] } }');
    const mecha = await place.start();
    expect(await mecha.request('direct:p')).to.equal('one');
    await pause(5);
    place.write('price.mjs', 'export default (exchange) => { exchange.body = "two"; };');
    expect((await mecha.reload()).result).to.equal('applied');
    expect(await mecha.request('direct:p')).to.equal('two');
  });

  it('keeps beans that have not changed, and ends those that are gone', async () => {
    const beans = (more: string, type = 'counter'): string => `- beans: [ { name: counter, type: "#module:./${type}.mjs", destroyMethod: close } ]
- route: { id: c, from: { uri: "direct:c", steps: [ ${more} { bean: { ref: counter, method: next } } ] } }
`;
    const module = (name: string): string => `globalThis.closed ??= []; export default class { count = 0; next() { return ++this.count; } close() { globalThis.closed.push('${name}'); } }`;
    place.write('counter.mjs', module('counter')).write('other.mjs', module('other')).write('routes/a.yaml', beans(''));
    const { closed } = Object.assign(globalThis, { closed: [] as string[] });
    const mecha = await place.start();
    await mecha.request('direct:c');
    place.write('routes/a.yaml', beans('{ setHeader: { name: x, constant: y } },'));
    await mecha.reload();
    expect(await mecha.request('direct:c')).to.equal(2);
    place.write('routes/a.yaml', beans('', 'other'));
    await mecha.reload();
    expect(await mecha.request('direct:c')).to.equal(1);
    await eventually(() => expect(closed).to.deep.equal(['counter']));
    await mecha.stop();
    expect(closed).to.deep.equal(['counter', 'other']);
  });

  it('does nothing any more when the runtime stops', async () => {
    place.write('routes/a.yaml', http('a', '/a', 'one'));
    const mecha = await place.start();
    const stopping = mecha.stop(1000);
    const result = await mecha.reload(http('b', '/b', 'late'));
    expect(result.result).to.equal('rejected');
    expect(result.problems[0]!.message).to.equal('the runtime is stopping');
    expect(await stopping).to.equal(true);
    expect(mecha.runtime.routes.size).to.equal(0);
  });

  it('closes producers that no route uses any more', async () => {
    place.write('routes/a.yaml', '- route: { id: a, from: { uri: "direct:a", steps: [ { to: "mock:one" } ] } }');
    const mecha = await place.start();
    const names = (): string[] => [...(mecha.runtime.endpoints as unknown as { cells: Map<string, unknown> }).cells.keys()];
    place.write('routes/a.yaml', '- route: { id: a, from: { uri: "direct:a", steps: [ { to: "mock:two" } ] } }');
    await mecha.reload();
    await eventually(() => expect(names()).to.deep.equal(['mock:two']));
  });
});
