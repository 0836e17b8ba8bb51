import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Mecha } from '../../src/runtime/mecha.ts';
import { adminSocket, openAdmin } from '../../src/sidecar/admin.ts';
import { adminDescription } from '../../src/sidecar/openapi.ts';
import { askAdmin } from '../../src/sidecar/client.ts';
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
