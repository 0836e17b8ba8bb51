import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import type { ConnectorDefinition } from '../../src/core/connector.ts';
import { defineConnector } from '../../src/core/connector.ts';
import { LoadError } from '../../src/core/diagnostics.ts';
import { field } from '../../src/core/field.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { eventually, mockOf, routesFile, runtimeWith } from './rig.ts';

/** `probe:name` tells when it is opened and closed, and sends when it is told to. */
class Probe {
  readonly opened: string[] = [];
  readonly closed: string[] = [];
  readonly waiting: (() => void)[] = [];
  isWaiting = false;

  readonly definition = defineConnector({
    scheme: 'probe',
    syntax: 'probe:name',
    summary: 'Tells what happens to it.',
    isRemote: true,
    options: { name: field.string('Name.').required().inPath() },
    producer: (endpoint) => {
      const { name } = endpoint.options;
      this.opened.push(name);
      return {
        send: (exchange): void | Promise<void> => {
          exchange.body = name;
          if (this.isWaiting) return new Promise((resolve) => void this.waiting.push(resolve));
        },
        close: async () => void this.closed.push(name),
      };
    },
  }) as unknown as ConnectorDefinition;
}

describe('endpoints', () => {
  let probe: Probe;
  let runtime: Runtime;

  const start = async (routes: string, settings: Record<string, unknown> = {}): Promise<void> => {
    runtime = runtimeWith({ clock: systemClock, connectors: { probe: probe.definition }, settings: (key) => settings[key] });
    await runtime.start([routesFile(routes)]);
  };

  const failureOf = async (body: unknown): Promise<string> => (await runtime.send('direct:a', body)).exception?.message ?? 'none';

  beforeEach(() => {
    probe = new Probe();
  });

  afterEach(() => runtime.stop(0));

  const dynamic = '- route: { id: a, from: { uri: "direct:a", steps: [ { toD: { uri: "${body}" } } ] } }\n';

  it('that are dynamic are opened once and found again', async () => {
    await start(dynamic);
    for (const uri of ['probe:x', 'probe:y', 'probe:x']) await runtime.send('direct:a', uri);
    expect(probe.opened).to.deep.equal(['x', 'y']);
  });

  it('that are dynamic are closed when a thousand others have come, and not before what is under way in them is over', async () => {
    await start(dynamic + '- route: { id: b, from: { uri: "direct:b", steps: [ { to: "probe:fixed" } ] } }\n');
    await runtime.send('direct:a', 'probe:fixed');
    probe.isWaiting = true;
    const slow = runtime.send('direct:a', 'probe:slow');
    await eventually(() => expect(probe.waiting).to.have.length(1));
    probe.isWaiting = false;
    for (let i = 0; i < 1100; i++) await runtime.send('direct:a', `probe:p${i}`);
    expect(probe.closed).to.include('p0').and.not.to.include('slow').and.not.to.include('fixed');
    probe.waiting[0]!();
    expect((await slow).body).to.equal('slow');
    await eventually(() => expect(probe.closed).to.include('slow'));
  });

  it('that are dynamic must be of an allowed scheme and host', async () => {
    await start(dynamic, { 'dynamicEndpoints.schemes': ['probe', 'mock'], 'dynamicEndpoints.hosts': ['good.example'] });
    expect(await failureOf('probe:good.example/x')).to.equal('none');
    expect(await failureOf('mock:any')).to.equal('none');
    expect(await failureOf('probe:bad.example')).to.contain('dynamicEndpoints.hosts');
    expect(await failureOf('probe:good.example@bad.example')).to.contain('dynamicEndpoints.hosts');
    expect(await failureOf('direct:b')).to.contain('dynamicEndpoints.schemes');
  });

  it('are polled under the same rules', async () => {
    await start('- route: { id: a, from: { uri: "direct:a", steps: [ { pollEnrich: { simple: "${body}", timeout: 0 } } ] } }\n', { 'dynamicEndpoints.schemes': ['mock'] });
    expect(await failureOf('file:/etc?noop=true&fileName=passwd')).to.contain('dynamicEndpoints.schemes');
  });

  it('that do not exist fail their exchange only', async () => {
    await start(dynamic);
    expect(await failureOf('nonsense:x')).to.contain('nonsense');
    expect(await failureOf('timer:x')).to.contain('can only be consumed from');
    expect(await failureOf('probe:x')).to.equal('none');
  });

  it('wait for a route that does not start by itself, and find it when it does', async () => {
    await start('- route: { id: late, autoStartup: false, from: { uri: "direct:late", steps: [ { to: "mock:late" } ] } }\n- route: { id: a, from: { uri: "direct:a", steps: [ { to: "direct:late" } ] } }\n');
    expect(runtime.routes.get('late')!.state).to.equal('Stopped');
    const waiting = runtime.send('direct:a', 'x');
    await runtime.routes.get('late')!.start();
    expect((await waiting).exception).to.equal(null);
    expect(mockOf(runtime, 'late').count).to.equal(1);
  });

  it('start their routes by startupOrder, and stop them the other way round', async () => {
    const told: string[] = [];
    const ordered = defineConnector({
      scheme: 'ordered',
      syntax: 'ordered:name',
      summary: 'Tells when it starts and stops.',
      options: { name: field.string('Name.').required().inPath() },
      consumer: ({ options: { name } }) => ({
        start: async () => void told.push(`start ${name}`),
        stop: async () => void told.push(`stop ${name}`),
      }),
    }) as unknown as ConnectorDefinition;
    runtime = runtimeWith({ clock: systemClock, connectors: { ordered } });
    const route = (name: string, order: string): string => `- route: { id: ${name}, ${order} from: { uri: "ordered:${name}", steps: [ { to: "mock:x" } ] } }\n`;
    await runtime.start([routesFile(route('last', '') + route('second', 'startupOrder: 2,') + route('first', 'startupOrder: 1,'))]);
    await runtime.stop();
    expect(told).to.deep.equal(['start first', 'start second', 'start last', 'stop last', 'stop second', 'stop first']);
  });

  it('that can not start take down what has started, and say which route it was', async () => {
    const told: string[] = [];
    const failing = defineConnector({
      scheme: 'failing',
      syntax: 'failing:name',
      summary: 'Fails to start.',
      options: { name: field.string('Name.').required().inPath() },
      consumer: ({ options: { name } }) => ({
        start: async () => {
          if (name === 'bad') throw new Error('no such queue');
          told.push(`start ${name}`);
        },
        stop: async () => void told.push(`stop ${name}`),
        close: async () => void told.push(`close ${name}`),
      }),
    }) as unknown as ConnectorDefinition;
    runtime = runtimeWith({ clock: systemClock, connectors: { failing } });
    const route = (name: string): string => `- route: { id: ${name}, from: { uri: "failing:${name}", steps: [ { to: "mock:x" } ] } }\n`;
    const thrown = await runtime.start([routesFile(route('good') + route('bad'))]).then(
      () => null,
      (error: LoadError) => error,
    );
    expect(thrown).to.be.instanceOf(LoadError);
    expect(thrown!.diagnostics.map(({ code, message }) => `${code} ${message}`)).to.deep.equal(["M0611 route `bad` can't start: no such queue"]);
    expect(thrown!.diagnostics[0]!.at!.start).to.be.greaterThan(0);
    expect(told).to.deep.equal(['start good', 'stop good', 'close good', 'close bad']);
  });
});
