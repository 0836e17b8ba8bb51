import { expect } from 'chai';
import { VirtualClock } from '../../src/core/clock.ts';
import type { PolicyRoute } from '../../src/runtime/routePolicies.ts';
import { Events } from '../../src/core/events.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { mockOf, routesFile, runtimeWith } from './rig.ts';

const failing = { choice: { when: [{ simple: "${body} == 'bad'", steps: [{ throwException: { exceptionType: 'java.io.IOException', message: 'bad' } }] }] } };

describe('routePolicyRef', () => {
  let clock: VirtualClock;
  let runtime: Runtime;
  let told: string[];

  const start = async (beans: Record<string, unknown>, route: Record<string, unknown>, events = new Events()): Promise<void> => {
    clock = new VirtualClock();
    runtime = runtimeWith({ clock, beans, events });
    await runtime.start([routesFile([{ route: { id: 'r', ...route } }])]);
  };

  const call = (uri: string, body: unknown, headers: Record<string, unknown> = {}): Promise<Exchange> => runtime.send(uri, body, { headers });

  const recorder = {
    onStart: ({ id }: PolicyRoute) => void told.push(`start ${id}`),
    onStop: ({ id }: PolicyRoute) => void told.push(`stop ${id}`),
    onExchangeBegin: (_: PolicyRoute, { body }: Exchange) => void told.push(`begin ${String(body)}`),
    onExchangeDone: (_: PolicyRoute, { body, exception }: Exchange) => void told.push(`done ${String(body)}${exception === null ? '' : ` ${exception.message}`}`),
  };

  beforeEach(() => {
    told = [];
  });

  afterEach(async () => {
    const stopping = runtime.stop(100);
    await clock.advance(1000);
    await stopping;
  });

  it('tells a bean of the start, of every message as it comes and as it leaves, with its failure, and of the stop', async () => {
    await start({ recorder }, { routePolicyRef: 'recorder', from: { uri: 'direct:a', steps: [failing, { setBody: { simple: '${body}!' } }] } });
    await call('direct:a', 'good');
    await call('direct:a', 'bad');
    await runtime.stop(100);
    expect(told).to.deep.equal(['start r', 'begin good', 'done good!', 'begin bad', 'done bad bad', 'stop r']);
  });

  it('goes on without a policy that throws, and says so', async () => {
    const events = new Events();
    const lines: string[] = [];
    events.on('log', ({ message }) => lines.push(message));
    const fails = { onExchangeBegin: () => { throw new Error('no'); }, onExchangeDone: () => Promise.reject(new Error('later no')) };
    await start({ fails, recorder }, { routePolicyRef: 'fails, recorder', from: { uri: 'direct:a', steps: [{ to: 'mock:out' }] } }, events);
    await call('direct:a', 'x');
    expect(mockOf(runtime, 'out').count).to.equal(1);
    expect(told).to.include('begin x');
    expect(lines).to.include('a route policy failed: no').and.to.include('a route policy failed: later no');
  });

  it('lets a policy pause the source and let it go on while the route stays started', async () => {
    let route: PolicyRoute | undefined;
    await start({ holder: { onStart: (started: PolicyRoute) => void (route = started) } }, { routePolicyRef: 'holder', from: { uri: 'timer:t?period=1000', steps: [{ to: 'mock:out' }] } });
    await clock.advance(2010);
    const before = mockOf(runtime, 'out').count;
    await route!.pauseSource();
    await clock.advance(10_000);
    expect(mockOf(runtime, 'out').count).to.equal(before);
    expect(runtime.routes.get('r')!.state).to.equal('Started');
    await route!.resumeSource();
    await clock.advance(2010);
    expect(mockOf(runtime, 'out').count).to.be.greaterThan(before);
  });

  it('pauses a source that has more under way than it may, until there are few enough', async () => {
    clock = new VirtualClock();
    runtime = runtimeWith({ clock });
    await runtime.start([
      routesFile([
        { beans: [{ name: 'inflight', type: 'org.apache.camel.throttling.ThrottlingInflightRoutePolicy', properties: { maxInflightExchanges: 3, resumePercentOfMax: 50 } }] },
        { route: { id: 'r', routePolicyRef: 'inflight', from: { uri: 'direct:a', steps: [{ to: 'mock:in' }, { delay: { header: 'wait' } }, { to: 'mock:out' }] } } },
      ]),
    ]);
    const calls = [100, 200, 300, 400, 500].map((wait) => call('direct:a', wait, { wait }));
    await clock.advance(150);
    const refused = await call('direct:a?block=false', 'x', { wait: 0 });
    expect(refused.exception?.type, 'four others are in the route').to.equal('org.apache.camel.component.direct.DirectConsumerNotAvailableException');
    await clock.advance(300);
    await call('direct:a?block=false', 'y', { wait: 0 });
    await clock.advance(300);
    await Promise.all(calls);
    expect(mockOf(runtime, 'out').count).to.equal(6);
  });
});
