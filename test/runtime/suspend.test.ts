import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock, VirtualClock } from '../../src/core/clock.ts';
import { Mecha } from '../../src/runtime/mecha.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { eventually, mockOf, routesFile, runtimeWith } from './rig.ts';

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

describe('a route that is suspended', () => {
  let clock: VirtualClock;
  let runtime: Runtime;

  afterEach(async () => {
    const stopping = runtime.stop(100);
    await clock?.advance(1000);
    await stopping;
  });

  for (const [uri, period] of [
    ['timer:t?period=1000', 1000],
    ['timer:t?period=1000&fixedRate=true', 1000],
    ['scheduler:s?delay=1000&initialDelay=1000', 1000],
    ['cron:c?schedule=0/5 * * * * ?', 5000],
    ['quartz:q?cron=0/5 * * * * ?', 5000],
    ['quartz:q?trigger.repeatInterval=1000', 1000],
  ] as const) {
    it(`and waits for ${uri} lets no time make messages, goes on with its schedule, and makes up for none`, async () => {
      clock = new VirtualClock();
      runtime = runtimeWith({ clock });
      await runtime.start([routesFile([{ route: { id: 'a', from: { uri, steps: [{ to: 'mock:out' }] } } }])]);
      const route = runtime.routes.get('a')!;
      await clock.advance(3 * period + 10);
      const before = mockOf(runtime, 'out').count;
      expect(before).to.be.within(3, 4);
      await route.suspend();
      expect(route.state).to.equal('Suspended');
      await clock.advance(20 * period);
      expect(mockOf(runtime, 'out').count).to.equal(before);
      await route.resume();
      expect(route.state).to.equal('Started');
      await clock.advance(3 * period + 10);
      expect(mockOf(runtime, 'out').count - before).to.be.within(2, 4);
    });
  }

  it('leaves what comes with its source (files, seda), refuses callers (direct, HTTP), and takes all when it goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mecha-suspend-'));
    clock = undefined as never;
    mkdirSync(join(folder, 'in'));
    const mecha = await Mecha.start({
      folder,
      settings: { 'http.port': 0, 'state.store': 'memory', 'management.enabled': false },
      routes: `- route: { id: files, from: { uri: "file:in?delay=5&initialDelay=0", steps: [ { to: "mock:files" } ] } }
- route: { id: queue, from: { uri: "seda:queue", steps: [ { to: "mock:queue" } ] } }
- route: { id: called, from: { uri: "direct:called?block=false", steps: [ { setBody: { constant: "ok" } } ] } }
- route: { id: web, from: { uri: "platform-http:/web", steps: [ { setBody: { constant: "ok" } } ] } }
`,
    });
    ({ runtime } = mecha);
    try {
      const get = async (): Promise<number> => (await fetch(`http://127.0.0.1:${mecha.port}/web`)).status;
      const drop = (name: string): void => writeFileSync(join(folder, 'in', name), name);
      const call = (): Promise<unknown> => mecha.request('direct:called?block=false', 'x').catch((thrown: Error) => `failed: ${thrown.message.slice(0, 40)}`);
      drop('a');
      await mecha.send('seda:queue', 'a');
      await eventually(() => expect([mecha.mock('files').count, mecha.mock('queue').count]).to.deep.equal([1, 1]));
      expect([await get(), await call()]).to.deep.equal([200, 'ok']);

      for (const route of runtime.routes.values()) await route.suspend();
      drop('b');
      await mecha.send('seda:queue', 'b');
      await pause(50);
      expect([mecha.mock('files').count, mecha.mock('queue').count]).to.deep.equal([1, 1]);
      expect(readdirSync(join(folder, 'in'))).to.include('b');
      expect(await get()).to.equal(503);
      expect(await call()).to.match(/^failed: /);
      // Who suspends a route means it: the others go on to be served.
      expect(mecha.health.ready().status).to.equal('UP');

      for (const route of runtime.routes.values()) await route.resume();
      await eventually(() => expect([mecha.mock('files').count, mecha.mock('queue').count]).to.deep.equal([2, 2]));
      expect([await get(), await call()]).to.deep.equal([200, 'ok']);
    } finally {
      await mecha.stop(1000);
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('finishes what is in flight, and is swapped by a reload without being resumed', async () => {
    clock = undefined as never;
    let finish = (): void => {};
    runtime = runtimeWith({ clock: systemClock, beans: { hold: () => new Promise<void>((resolve) => (finish = resolve)) } });
    const routes = (text: string): unknown => [
      { route: { id: 'a', from: { uri: 'seda:a', steps: [{ process: { ref: 'hold' } }, { setBody: { constant: text } }, { to: 'mock:out' }] } } },
    ];
    await runtime.start([routesFile(routes('one'))]);
    const route = runtime.routes.get('a')!;
    void runtime.send('seda:a?waitForTaskToComplete=Never', 'x', { isInOut: false });
    await eventually(() => expect(route.inFlight).to.equal(1));
    await route.suspend();
    finish();
    await eventually(() => expect(mockOf(runtime, 'out').received.map(({ body }) => body)).to.deep.equal(['one']));
    await runtime.reload([routesFile(routes('two'))]);
    expect(route.state).to.equal('Suspended');
    void runtime.send('seda:a?waitForTaskToComplete=Never', 'y', { isInOut: false });
    await pause(30);
    expect(route.inFlight).to.equal(0);
    await route.resume();
    await eventually(() => expect(route.inFlight).to.equal(1));
    finish();
    await eventually(() => expect(mockOf(runtime, 'out').received.map(({ body }) => body)).to.deep.equal(['one', 'two']));
  });
});
