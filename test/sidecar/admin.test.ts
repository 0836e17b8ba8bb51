import { Ajv2020 } from 'ajv/dist/2020.js';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Mecha } from '../../src/runtime/mecha.ts';
import { adminSocket, boundedLines, openAdmin, operations } from '../../src/sidecar/admin.ts';
import { expectDescribed } from './described.ts';
import { adminDescription } from '../../src/sidecar/openapi.ts';
import { askAdmin, openAdminAnswer } from '../../src/sidecar/client.ts';
import { eventually } from '../runtime/rig.ts';
import { freePort } from '../runtime/program.ts';

const routes = `- route:
    id: ticks
    from:
      uri: timer:t?period=5&delay=0
      steps:
        - to: mock:ticks
- route:
    id: work
    from:
      uri: seda:work
      steps:
        - choice:
            when:
              - simple: "\${body} == 'bad'"
                steps:
                  - throwException: { id: refuse, exceptionType: java.lang.IllegalArgumentException, message: "bad \${body}" }
        - to: mock:done
- route:
    id: slow
    from:
      uri: direct:slow
      steps:
        - delay: { constant: "60000" }
`;

describe('lines for a client', () => {
  it('are left out while it is too slow for them, and counted', () => {
    const written: string[] = [];
    const client = { writableLength: 0, writeHead: (() => undefined) as never, flushHeaders: () => undefined, write: (line: string) => written.push(line), on: () => undefined };
    const write = boundedLines(client);
    write('a\n');
    client.writableLength = 2 ** 20 + 1;
    write('b\n');
    write('c\n');
    client.writableLength = 0;
    write('d\n');
    write('e\n');
    expect(written).to.deep.equal(['a\n', '{"event":"left out","count":2}\n', 'd\n', 'e\n']);
  });
});

describe('the admin API', () => {
  let folder: string;
  let mecha: Mecha;
  let close: () => Promise<void>;

  const start = async (settings: Record<string, unknown> = {}): Promise<void> => {
    mecha = await Mecha.start({ folder, routes: ['routes.yaml'], settings: { 'management.enabled': false, ...settings } });
    close = await openAdmin(mecha);
  };

  const ask = (method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> => askAdmin(adminSocket(folder, '.mecha'), method, path, body);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mecha-admin-'));
    writeFileSync(join(folder, 'routes.yaml'), routes);
  });

  afterEach(async () => {
    await mecha.stop(0);
    await close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows routes, and one with its steps and counts', async () => {
    await start();
    await mecha.mock('ticks').waitFor(2);
    const all = await ask('GET', '/routes');
    expect(all.body.generation).to.equal(1);
    expect(all.body.routes.map(({ id, state }: { id: string; state: string }) => `${id} ${state}`)).to.deep.equal(['ticks Started', 'work Started', 'slow Started']);
    const one = await ask('GET', '/routes/ticks');
    expect(one.body).to.include({ id: 'ticks', at: 'routes.yaml:1:3', failed: 0, generation: 1 });
    expect(one.body.completed).to.be.greaterThan(1);
    expect(one.body.steps[0]).to.include({ kind: 'to' });
    expect(one.body.steps[0].exchanges).to.be.greaterThan(1);
    expect((await ask('GET', '/routes/gone')).status).to.equal(404);
  });

  it('shows health with reasons, and what is in flight', async () => {
    await start();
    expect(await ask('GET', '/health')).to.deep.include({ status: 200 });
    const waiting = mecha.send('direct:slow', 'x').catch(() => undefined);
    await eventually(async () => expect((await ask('GET', '/inflight')).body).to.deep.include({ routes: { ticks: 0, work: 0, slow: 1 } }));
    mecha.runtime.routes.get('work')!.waitingFor = 'the broker is down';
    const { status, body } = await ask('GET', '/health');
    expect(status).to.equal(503);
    expect(body.routes.work).to.deep.equal({ status: 'DOWN', state: 'Started', reason: 'the broker is down' });
    await mecha.stop(0);
    await waiting;
  });

  it('suspends and resumes, stops and starts a route', async () => {
    await start();
    await mecha.mock('ticks').waitFor(1);
    expect((await ask('POST', '/routes/ticks/suspend')).body).to.deep.equal({ id: 'ticks', state: 'Suspended' });
    await eventually(() => expect(mecha.runtime.routes.get('ticks')!.inFlight).to.equal(0));
    const { count } = mecha.mock('ticks');
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(mecha.mock('ticks').count).to.equal(count);
    expect((await ask('POST', '/routes/ticks/resume')).body.state).to.equal('Started');
    await mecha.mock('ticks').waitFor(count + 2);
    expect((await ask('POST', '/routes/ticks/stop')).body.state).to.equal('Stopped');
    expect((await ask('GET', '/health')).status).to.equal(503);
    expect((await ask('POST', '/routes/ticks/start')).body.state).to.equal('Started');
    expect((await ask('GET', '/health')).status).to.equal(200);
    expect((await ask('POST', '/routes/gone/stop')).status).to.equal(404);
  });

  it('reloads, and tells generation, result, reason and problems, also of the last time', async () => {
    await start();
    writeFileSync(join(folder, 'routes.yaml'), routes.replace('id: ticks', 'id: tocks'));
    const applied = await ask('POST', '/reload');
    expect(applied).to.deep.include({ status: 200 });
    expect(applied.body).to.deep.include({ generation: 2, result: 'applied', reason: 'admin API', changed: ['tocks'], problems: [] });
    writeFileSync(join(folder, 'routes.yaml'), routes.replace('- choice:', '- choise:'));
    const rejected = await ask('POST', '/reload');
    expect(rejected.status).to.equal(422);
    expect(rejected.body).to.deep.include({ generation: 2, result: 'rejected' });
    expect(rejected.body.problems[0]).to.deep.include({ file: 'routes.yaml', ok: false });
    expect(rejected.body.problems[0].problems[0]).to.deep.include({ line: 12, column: 11, severity: 'error' });
    const last = await ask('GET', '/reload');
    expect(last.body).to.deep.include({ generation: 2, result: 'rejected', reason: 'admin API' });
    expect(last.body.problems).to.deep.equal(rejected.body.problems);
    expect(mecha.runtime.routes.has('tocks')).to.equal(true);
  });

  it('lists, shows, edits, replays and removes dead letters', async () => {
    await start();
    await mecha.send('seda:work', 'bad');
    await eventually(async () => expect((await ask('GET', '/deadletters')).body.entries).to.have.length(1));
    const [entry] = (await ask('GET', '/deadletters?route=work')).body.entries;
    expect(entry).to.include({ routeId: 'work', stepId: 'refuse', replayed: null });
    expect((await ask('GET', '/deadletters?route=ticks')).body.entries).to.deep.equal([]);
    const shown = await ask('GET', `/deadletters/${entry.id}`);
    expect(shown.body).to.deep.include({ body: 'bad' });
    expect(shown.body.exception).to.deep.equal({ type: 'java.lang.IllegalArgumentException', message: 'bad bad' });
    const again = await ask('POST', `/deadletters/${entry.id}/replay`);
    expect(again).to.deep.equal({ status: 409, body: { id: entry.id, isReplayed: false, error: 'bad bad' } });
    expect((await ask('PUT', `/deadletters/${entry.id}`, { body: 'good', headers: { repaired: 'yes' } })).status).to.equal(200);
    expect((await ask('POST', `/deadletters/${entry.id}/replay`)).body).to.deep.equal({ id: entry.id, isReplayed: true });
    const [done] = await mecha.mock('done').waitFor(1);
    expect(done!.body).to.equal('good');
    expect(done!.headers.get('repaired')).to.equal('yes');
    expect((await ask('GET', '/deadletters')).body.entries[0].replayed).to.be.a('number');
    expect((await ask('DELETE', `/deadletters/${entry.id}`)).body.isRemoved).to.equal(true);
    expect((await ask('GET', `/deadletters/${entry.id}`)).status).to.equal(404);
  });

  it('refuses a body that is no JSON with 400, and what it does not have with 404', async () => {
    await start();
    await mecha.send('seda:work', 'bad');
    await eventually(async () => expect((await ask('GET', '/deadletters')).body.entries).to.have.length(1));
    const [entry] = (await ask('GET', '/deadletters')).body.entries;
    const status = await new Promise<number>((resolve, reject) => {
      const sent = request({ socketPath: adminSocket(folder, '.mecha'), method: 'PUT', path: `/deadletters/${entry.id}` }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      sent.on('error', reject);
      sent.end('{"body":');
    });
    expect(status).to.equal(400);
    expect((await ask('GET', '/nothing')).status).to.equal(404);
    expect((await ask('GET', '/routes/%E0%A4%A')).status).to.equal(400);
  });

  it('is for the owner of the state folder only, and describes itself', async () => {
    await start();
    expect(statSync(adminSocket(folder, '.mecha')).mode & 0o777).to.equal(0o600);
    const { body } = await ask('GET', '/openapi.json');
    expect(body).to.deep.equal(JSON.parse(JSON.stringify(adminDescription)));
  });

  describe('as its OpenAPI document describes it', () => {
    it('offers exactly what is in the document', () => {
      const described = Object.entries(adminDescription.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
      expect(Object.keys(operations).sort()).to.deep.equal(described.sort());
    });

    it('names each operation once, and the parameters of each path', () => {
      const ids = Object.values(adminDescription.paths).flatMap((methods) => Object.values(methods as Record<string, { operationId: string }>).map(({ operationId }) => operationId));
      expect(new Set(ids).size).to.equal(ids.length);
      for (const [path, methods] of Object.entries(adminDescription.paths)) {
        for (const operation of Object.values(methods as Record<string, { parameters?: { name: string; in: string }[] }>)) {
          const named = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name);
          expect(named, path).to.deep.equal([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
        }
      }
    });

    it('answers what its schemas say', async () => {
      await start();
      await mecha.send('seda:work', 'bad');
      await eventually(async () => expect((await ask('GET', '/deadletters')).body.entries).to.have.length(1));
      const [{ id }] = (await ask('GET', '/deadletters')).body.entries;
      const asked: [method: string, path: string, url: string, body?: unknown][] = [
        ['GET', '/', '/'],
        ['GET', '/openapi.json', '/openapi.json'],
        ['GET', '/info', '/info'],
        ['GET', '/health', '/health'],
        ['GET', '/inflight', '/inflight'],
        ['GET', '/routes', '/routes'],
        ['GET', '/routes/{id}', '/routes/work'],
        ['GET', '/routes/{id}', '/routes/gone'],
        ['POST', '/routes/{id}/suspend', '/routes/ticks/suspend'],
        ['GET', '/health', '/health'],
        ['POST', '/routes/{id}/resume', '/routes/ticks/resume'],
        ['POST', '/routes/{id}/stop', '/routes/ticks/stop'],
        ['GET', '/health', '/health'],
        ['POST', '/routes/{id}/start', '/routes/ticks/start'],
        ['GET', '/reload', '/reload'],
        ['POST', '/reload', '/reload'],
        ['POST', '/reload', '/reload', '- from: {'],
        ['POST', '/send', '/send', { uri: 'seda:work', body: 'good', isInOut: false }],
        ['POST', '/send', '/send', { uri: 'nowhere:x' }],
        ['POST', '/send', '/send', {}],
        ['GET', '/deadletters', '/deadletters?limit=1'],
        ['GET', '/deadletters/{id}', `/deadletters/${id}`],
        ['POST', '/deadletters/{id}/replay', `/deadletters/${id}/replay`],
        ['PUT', '/deadletters/{id}', `/deadletters/${id}`, { body: 'good' }],
        ['POST', '/deadletters/{id}/replay', `/deadletters/${id}/replay`],
        ['DELETE', '/deadletters/{id}', `/deadletters/${id}`],
        ['DELETE', '/deadletters/{id}', `/deadletters/${id}`],
      ];
      for (const [method, path, url, body] of asked) {
        const answer = await ask(method, url, body);
        expectDescribed(method, path, url, answer);
      }
      const tested = new Set(asked.map(([method, path]) => `${method} ${path}`));
      // A trace has no end: it has tests of its own.
      expect(Object.keys(operations).filter((operation) => !tested.has(operation))).to.deep.equal(['GET /trace']);
    });

    it('stands in a file of the docs', () => {
      expect(JSON.parse(readFileSync(new URL('../../docs/admin-api.json', import.meta.url), 'utf8'))).to.deep.equal(JSON.parse(JSON.stringify(adminDescription)));
    });
  });

  it('says which methods there are where another one was used', async () => {
    await start();
    const { status, body } = await ask('DELETE', '/routes');
    expect(status).to.equal(405);
    expect(body.error).to.contain('GET');
  });

  it('sends a message and gives the reply, or what it failed with and where', async () => {
    await start();
    await mecha.reload(`- route:
    id: greet
    from:
      uri: direct:greet
      steps:
        - choice:
            when:
              - simple: "\${body} == null"
                steps:
                  - throwException: { id: refuse, exceptionType: java.lang.IllegalArgumentException, message: "nobody to greet" }
        - setBody: { simple: "Hello \${body}, \${header.title}" }
`);
    const fine = await ask('POST', '/send', { uri: 'direct:greet', body: 'Ada', headers: { title: 'Countess' } });
    expect(fine.status).to.equal(200);
    expect(fine.body).to.deep.include({ body: 'Hello Ada, Countess' });
    const failed = await ask('POST', '/send', { uri: 'direct:greet' });
    expect(failed).to.deep.include({ status: 409 });
    expect(failed.body).to.include({ error: 'nobody to greet', route: 'greet', step: 'refuse' });
  });

  describe('traces', () => {
    const lines: any[] = [];
    let hangUp: AbortController;

    const trace = async (query: string): Promise<number> => {
      hangUp = new AbortController();
      const response = await openAdminAnswer(adminSocket(folder, '.mecha'), 'GET', `/trace${query}`, undefined, hangUp.signal);
      let text = '';
      response.on('error', () => undefined);
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const parts = text.split('\n');
        text = parts.pop()!;
        for (const part of parts) lines.push(JSON.parse(part));
      });
      return response.statusCode!;
    };

    beforeEach(() => {
      lines.length = 0;
    });

    afterEach(() => hangUp.abort());

    const probes = (): unknown[] => [...mecha.runtime.routes.values()].flatMap(({ current }) => current.steps.map(({ statistics }) => statistics.probe));

    it('live what enters each step and leaves the route, over a reload too, and costs nothing afterwards', async () => {
      await start();
      expect(await trace('?route=work')).to.equal(200);
      await mecha.send('seda:work', 'good', { headers: { Authorization: 'Bearer hush', kind: 'x' } });
      await eventually(() => expect(lines.map(({ event, kind }) => `${event} ${kind ?? ''}`)).to.deep.equal(['step choice', 'step to', 'completed ']));
      expect(lines[0]).to.deep.include({ route: 'work', body: 'good', bodyType: 'string', at: 'routes.yaml:12:11', headers: { Authorization: 'xxxxx', kind: 'x' } });
      const check = new Ajv2020({ strict: false }).compile({ ...JSON.parse(JSON.stringify(adminDescription.components.schemas.TraceEntry)) });
      for (const line of lines) expect(check(line), JSON.stringify(check.errors)).to.equal(true);
      lines.length = 0;
      writeFileSync(join(folder, 'routes.yaml'), routes.replace('to: mock:done', 'to: mock:finished'));
      await mecha.reload();
      await mecha.send('seda:work', 'bad');
      await eventually(() => expect(lines.map(({ event, step, error }) => [event, step, error])).to.deep.include.members([['step', 'refuse', null], ['failed', 'refuse', 'bad bad']]));
      expect(probes().some((probe) => probe !== null)).to.equal(true);
      hangUp.abort();
      await eventually(() => expect(probes().every((probe) => probe === null)).to.equal(true));
      expect(mecha.events.has('exchangeCompleted')).to.equal(false);
    });

    it('only one step, or only where a predicate holds', async () => {
      await start();
      await trace(`?step=refuse`);
      await mecha.send('seda:work', 'good');
      await mecha.send('seda:work', 'bad');
      await eventually(() => expect(lines.map(({ step }) => step)).to.deep.equal(['refuse']));
      hangUp.abort();
      lines.length = 0;
      await trace(`?route=work&when=${encodeURIComponent("${body} contains 'o'")}`);
      await mecha.send('seda:work', 'bad');
      await mecha.send('seda:work', 'good');
      await eventually(() => expect(lines.map(({ event }) => event)).to.include('completed'));
      expect(new Set(lines.map(({ body }) => body))).to.deep.equal(new Set(['good']));
    });

    it('nothing for a route that there is not, or a predicate that is wrong', async () => {
      await start();
      expect((await ask('GET', '/trace?route=gone')).status).to.equal(404);
      const { status, body } = await ask('GET', `/trace?when=${encodeURIComponent('${body')}`);
      expect(status).to.equal(400);
      expect(body.error).to.contain('when');
      expect((await ask('GET', '/trace?when=true&language=jsonata')).body.error).to.contain('later');
      hangUp = new AbortController();
    });
  });

  it('listens in the folder for temporary files where the path of the state folder is too long for a socket', async () => {
    const deep = join(folder, 'd'.repeat(60), 'e'.repeat(60));
    mkdirSync(deep, { recursive: true });
    await start({ 'state.path': deep });
    const socket = adminSocket(folder, deep);
    expect(socket.startsWith(tmpdir())).to.equal(true);
    expect((await askAdmin(socket, 'GET', '/health')).status).to.equal(200);
    await close();
    expect(existsSync(socket)).to.equal(false);
  });

  it('asks for the token on its port', async () => {
    const port = await freePort();
    await start({ 'admin.port': port, 'admin.token': 'hush' });
    const get = (headers: Record<string, string>): Promise<number> => fetch(`http://127.0.0.1:${port}/routes`, { headers }).then(({ status }) => status);
    expect(await get({})).to.equal(401);
    expect(await get({ authorization: 'Bearer wrong' })).to.equal(401);
    expect(await get({ authorization: 'Bearer hush' })).to.equal(200);
  });

  it('takes the place of a socket that a killed process has left', async () => {
    await start();
    await close();
    await mecha.stop();
    writeFileSync(adminSocket(folder, '.mecha'), '');
    await start();
    expect((await ask('GET', '/health')).status).to.equal(200);
  });
});
