import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import { live, ready } from '../../src/observe/health.ts';
import { Metrics } from '../../src/observe/metrics.ts';
import { snapshotOf } from '../../src/runtime/snapshots.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { eventually, routesFile, runtimeWith } from '../runtime/rig.ts';

const routes = `- errorHandler: { deadLetterChannel: { deadLetterUri: "mock:dead", redeliveryPolicy: { maximumRedeliveries: 2, redeliveryDelay: 1 } } }
- route:
    id: a "quoted"
    from:
      uri: direct:a
      steps:
        - choice:
            when:
              - simple: "\${body} == 'bad'"
                steps:
                  - throwException: { id: refuse, exceptionType: java.io.IOException, message: "no" }
        - to: { id: send, uri: "mock:a" }
- route: { id: off, autoStartup: false, from: { uri: "direct:off", steps: [ { to: "mock:off" } ] } }
`;

describe('metrics and health', () => {
  let runtime: Runtime;

  beforeEach(async () => {
    runtime = runtimeWith({ clock: systemClock, name: 'test' });
    await runtime.start([routesFile(routes)]);
  });

  afterEach(() => runtime.stop(0));

  it('count exchanges, failures, redeliveries and dead letters by route, and what runs through each step', async () => {
    await runtime.send('direct:a', 'good');
    await runtime.send('direct:a', 'bad');
    const { text } = await new Metrics(() => snapshotOf(runtime)).text();
    const lines = text.split('\n');
    const route = '{route="a \\"quoted\\""}';
    expect(lines).to.include(`mecha_route_exchanges_completed_total${route} 2`);
    expect(lines).to.include(`mecha_route_failures_handled_total${route} 1`);
    expect(lines).to.include(`mecha_route_redeliveries_total${route} 2`);
    expect(lines).to.include(`mecha_route_dead_letters_total${route} 1`);
    expect(lines).to.include(`mecha_route_exchanges_in_flight${route} 0`);
    expect(lines).to.include(`mecha_route_exchange_duration_seconds_count${route} 2`);
    expect(lines).to.include('mecha_route_up{route="off"} 0');
    expect(lines).to.include('mecha_step_exchanges_total{route="a \\"quoted\\"",step="refuse",kind="throwException"} 3');
    expect(lines).to.include('mecha_step_failures_total{route="a \\"quoted\\"",step="refuse",kind="throwException"} 3');
    expect(lines).to.include('mecha_step_exchanges_total{route="a \\"quoted\\"",step="send",kind="to"} 1');
  });

  it('count requests that a listener answered in the place of a route, and forget them with the route', async () => {
    const refused = { listener: '127.0.0.1:8080', routeId: 'a "quoted"', status: 503, reason: 'busy' };
    const lines = async (): Promise<string[]> => (await new Metrics(() => snapshotOf(runtime)).text()).text.split('\n').filter((line) => line.startsWith('mecha_http_requests_refused_total'));
    for (const event of [refused, refused, { ...refused, status: 413, reason: 'tooLarge' }, { ...refused, routeId: null, status: 404, reason: 'notServed' }]) runtime.events.emit('requestRefused', event);
    const ofListener = 'mecha_http_requests_refused_total{listener="127.0.0.1:8080",route="",status="404",reason="notServed"} 1';
    expect(await lines()).to.have.members([
      'mecha_http_requests_refused_total{listener="127.0.0.1:8080",route="a \\"quoted\\"",status="503",reason="busy"} 2',
      'mecha_http_requests_refused_total{listener="127.0.0.1:8080",route="a \\"quoted\\"",status="413",reason="tooLarge"} 1',
      ofListener,
    ]);
    await runtime.reload([routesFile(routes.replace('id: a "quoted"', 'id: b').replace('direct:a', 'direct:b'))]);
    expect(await lines()).to.deep.equal([ofListener]);
  });

  it('are in the form that Prometheus reads', async () => {
    const { text, contentType } = await new Metrics(() => snapshotOf(runtime)).text();
    expect(contentType).to.contain('text/plain');
    for (const line of text.split('\n')) if (line !== '') expect(line).to.match(/^(# (HELP|TYPE) \w+ .+|\w+(\{.*\})? [-+\w.]+)$/);
  });

  it('say that it is ready, though a route does not start by itself', () => {
    expect(ready(snapshotOf(runtime))).to.deep.equal({ status: 'UP', routes: { 'a "quoted"': { status: 'UP', state: 'Started' }, off: { status: 'UP', state: 'Stopped' } } });
  });

  it('say why it is not ready, and while it stops that it is alive', async () => {
    runtime.routes.get('a "quoted"')!.waitingFor = 'the broker is down';
    expect(ready(snapshotOf(runtime))).to.deep.include({ status: 'DOWN' });
    expect(ready(snapshotOf(runtime)).routes['a "quoted"']).to.deep.equal({ status: 'DOWN', state: 'Started', reason: 'the broker is down' });
    const stopping = runtime.stop();
    expect(ready(snapshotOf(runtime))).to.deep.include({ status: 'DOWN', reason: 'stopping' });
    expect(live(snapshotOf(runtime)).status).to.equal('UP');
    await stopping;
    await eventually(() => expect(runtime.isStopping).to.equal(true));
  });
});
