import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import { Source } from '../../src/core/diagnostics.ts';
import type { Seat } from '../../src/runtime/sharing.ts';
import { Runtime } from '../../src/runtime/runtime.ts';
import { standardParts } from '../../src/runtime/standard.ts';
import { MemoryStore } from '../../src/stores/memory.ts';

const seat = (isFirst: boolean): Seat & { isFirst: boolean; verdict: boolean } => ({
  isFirst,
  verdict: true,
  agree() {
    return Promise.resolve(this.verdict);
  },
  parked: () => undefined,
  socketOf: (host, port) => `/nowhere/${host}-${port}`,
  whole: () => Promise.reject(new Error('nobody is there')),
});

const runtimeOf = (place: Seat): Runtime => new Runtime({ parts: standardParts, store: new MemoryStore(systemClock), baseDir: '/tmp', settings: (key) => (key === 'http.port' ? 0 : undefined), seat: place });

/** What the first worker alone runs, with the reasons. */
async function aloneIn(yaml: string): Promise<Record<string, string>> {
  const runtime = runtimeOf(seat(false));
  await runtime.start([new Source('a.yaml', yaml)]);
  const found = [...runtime.routes.values()].flatMap(({ routeId, current }) => (current.plan.alone === undefined ? [] : [[routeId, current.plan.alone]]));
  await runtime.stop(0);
  return Object.fromEntries(found) as Record<string, string>;
}

const route = (id: string, uri: string, ...steps: readonly string[]): string => `- route:\n    id: ${id}\n    from:\n      uri: ${uri}\n      steps:\n${steps.map((step) => `        - ${step}\n`).join('')}`;
const idle = (id: string, uri: string): string => route(id, `'${uri}'`, nothing).replace('    from:', '    autoStartup: false\n    from:');
const nothing = 'log: "x"';

describe('routes among workers', () => {
  it('run in every worker where each message goes to one of them, and else in the first', async () => {
    const yaml =
      route('http', 'platform-http:/a', nothing) +
      idle('group', 'kafka:orders?brokers=localhost:9&groupId=g') +
      idle('everybody', 'kafka:orders?brokers=localhost:9') +
      idle('queue', 'spring-rabbitmq:default?queues=q&hostname=localhost') +
      idle('own queue', 'spring-rabbitmq:news?exchangeType=fanout&hostname=localhost') +
      idle('exclusive', 'spring-rabbitmq:default?queues=q&exclusive=true&hostname=localhost') +
      route('tick', 'timer:tick', nothing) +
      idle('files', 'file:in');
    expect(await aloneIn(yaml)).to.deep.equal({ everybody: 'kafka', 'own queue': 'spring-rabbitmq', exclusive: 'spring-rabbitmq', tick: 'timer', files: 'file' });
  });

  it('run in the first where a step remembers earlier messages', async () => {
    const steps: Readonly<Record<string, string>> = {
      aggregate: 'aggregate: { correlationExpression: { constant: x }, completionSize: 2, aggregationStrategy: GroupedBodyAggregationStrategy, steps: [{ log: x }] }',
      throttle: 'throttle: { constant: 2 }',
      sample: 'sample: { samplePeriod: 1000 }',
      resequence: 'resequence: { batchConfig: {}, simple: "${body}", steps: [{ log: x }] }',
      loadBalance: 'loadBalance: { stickyLoadBalancer: { correlationExpression: { simple: "${body}" } }, steps: [{ to: "mock:a" }] }',
      pollEnrich: 'pollEnrich: { constant: "file:in" }',
      global: 'setVariable: { name: "global:count", constant: 1 }',
    };
    const yaml = Object.entries(steps).map(([name, step]) => route(name, `platform-http:/${name}`, step)).join('');
    expect(await aloneIn(yaml)).to.deep.equal({ aggregate: 'aggregate', throttle: 'throttle', sample: 'sample', resequence: 'resequence', loadBalance: 'loadBalance', pollEnrich: 'pollEnrich', global: 'a global variable' });
    expect(await aloneIn(route('round', 'platform-http:/round', 'loadBalance: { roundRobinLoadBalancer: {}, steps: [{ to: "mock:a" }, { to: "mock:b" }] }'))).to.deep.equal({});
  });

  it('run in the first where they call such a route, over others too, and also by a name that a message gives', async () => {
    const yaml =
      route('counts', 'direct:counts', 'throttle: { constant: 2 }') +
      route('between', 'direct:between', 'to: direct:counts') +
      route('caller', 'platform-http:/caller', 'choice: { when: [{ simple: "${body} == 1", steps: [{ to: "direct:between" }] }] }') +
      route('tapping', 'platform-http:/tapping', 'wireTap: { uri: "direct:counts" }') +
      route('handled', 'platform-http:/handled', 'doTry: { steps: [{ log: x }], doCatch: [{ exception: [java.lang.Exception], steps: [{ to: "direct:counts" }] }] }') +
      route('open', 'platform-http:/open', 'recipientList: { header: targets }') +
      route('half open', 'platform-http:/half', 'toD: "direct:${header.name}"') +
      route('elsewhere', 'platform-http:/elsewhere', 'toD: "http://localhost/${header.name}"') +
      route('plain', 'direct:plain', nothing) +
      route('calls plain', 'platform-http:/plain', 'to: direct:plain');
    expect(Object.keys(await aloneIn(yaml)).sort()).to.deep.equal(['between', 'caller', 'counts', 'half open', 'handled', 'open', 'tapping']);
  });

  it('run in the first where they send to what only this process has, also by an address that only the message completes', async () => {
    const yaml =
      route('events', 'platform-http:/events', "to: 'sse:/stream'") +
      route('rooms', 'platform-http:/rooms', 'toD: "sse:/rooms/${header.room}"') +
      route('sockets', 'platform-http:/sockets', 'wireTap: { uri: "vertx-websocket:/chat?sendToAll=true" }') +
      route('list', 'platform-http:/list', 'recipientList: { simple: "mock:a,vertx-websocket:/${header.room}" }') +
      route('page', 'platform-http:/page', 'setBody: { simple: "an essex:ample ${body}" }');
    expect(await aloneIn(yaml)).to.deep.equal({ events: 'sse', rooms: 'sse', sockets: 'vertx-websocket', list: 'vertx-websocket' });
  });

  it('have the same ids in every worker, and no steps where another runs them', async () => {
    const yaml = route('tick', 'timer:tick?delay=100000', nothing).replace('    id: tick\n', '') + route('x', 'platform-http:/a', nothing).replace('    id: x\n', '');
    const ids: string[][] = [];
    for (const isFirst of [true, false]) {
      const runtime = runtimeOf(seat(isFirst));
      await runtime.start([new Source('a.yaml', yaml)]);
      ids.push([...runtime.routes.values()].map(({ routeId, fromUri, state, current }) => `${routeId} ${fromUri.replace(/\?.*/, '')} ${state} ${current.steps.length}`));
      await runtime.stop(0);
    }
    expect(ids).to.deep.equal([
      ['route1 timer://tick Started 1', 'route2 platform-http:///a Started 1'],
      ['route1 timer://tick Stopped 0', 'route2 platform-http:///a Started 1'],
    ]);
  });

  it('go to the worker that becomes the first', async () => {
    const place = seat(false);
    const runtime = runtimeOf(place);
    const sources = [new Source('a.yaml', route('tick', 'timer:tick?delay=100000', nothing) + route('a', 'platform-http:/a', nothing))];
    await runtime.start(sources);
    expect(runtime.routes.get('tick')!.state).to.equal('Stopped');
    place.isFirst = true;
    await runtime.reload(sources);
    expect(runtime.routes.get('tick')!.state).to.equal('Started');
    expect(runtime.routes.get('tick')!.current.steps).to.have.length(1);
    await runtime.stop(0);
  });

  it('stay as they are when one worker can not take the new ones', async () => {
    const place = seat(true);
    const runtime = runtimeOf(place);
    await runtime.start([new Source('a.yaml', route('a', 'direct:a', 'setBody: { constant: old }'))]);
    place.verdict = false;
    const added = route('a', 'direct:a', 'setBody: { constant: new }') + route('b', 'direct:b', nothing);
    expect((await runtime.reload([new Source('a.yaml', added)])).result).to.equal('rejected');
    expect([...runtime.routes.keys()]).to.deep.equal(['a']);
    expect((await runtime.send('direct:a', null)).body).to.equal('old');
    place.verdict = true;
    expect((await runtime.reload([new Source('a.yaml', added)])).result).to.equal('applied');
    expect((await runtime.send('direct:a', null)).body).to.equal('new');
    await runtime.stop(0);
  });
});
