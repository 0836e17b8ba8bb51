import { expect } from 'chai';
import { VirtualClock } from '../../src/core/clock.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { eventually, mockOf, routesFile, runtimeWith } from '../runtime/rig.ts';

const kafkaListener = 'org.apache.camel.component.kafka.consumer.errorhandler.KafkaConsumerListener';

describe('pausable', () => {
  let runtime: Runtime;
  afterEach(() => runtime.stop(1000));

  const route = (listener: string): unknown[] => [
    { beans: [{ name: 'listener', type: kafkaListener }] },
    { route: { id: 'in', errorHandler: { noErrorHandler: {} }, from: { uri: 'seda:in', steps: [{ pausable: { consumerListener: listener, untilCheck: 'check' } }, { to: 'mock:tried' }, { process: { ref: 'work' } }, { to: 'mock:out' }] } } },
  ];
  const bodies = (name: string): unknown[] => mockOf(runtime, name).received.map(({ body }) => body);
  const stateOf = (): string | undefined => runtime.routes.get('in')?.state;

  it('takes nothing from the source after a failure until the check says so', async () => {
    const clock = new VirtualClock();
    let isUp = false;
    let asked = 0;
    const check = (): Promise<boolean> => {
      asked++;
      return Promise.resolve(isUp);
    };
    const work = (): void => {
      if (!isUp) throw new Error('away');
    };
    runtime = runtimeWith({ clock, beans: { check, work } });
    await runtime.start([routesFile(route('listener'))]);
    await runtime.send('seda:in', 1, { isInOut: false });
    await eventually(() => expect(stateOf()).to.equal('Suspended'));
    await runtime.send('seda:in', 2, { isInOut: false });
    await clock.advance(2500);
    expect([bodies('tried'), asked]).to.deep.equal([[1], 2]);
    isUp = true;
    await clock.advance(1000);
    await eventually(() => expect([stateOf(), bodies('out')]).to.deep.equal(['Started', [2]]));
    await clock.advance(5000);
    expect(asked).to.equal(3);
  });

  it('does as a listener of one\'s own says, which gets the check and each outcome', async () => {
    const clock = new VirtualClock();
    const outcomes: unknown[] = [];
    let check: () => unknown = () => undefined;
    const listener = {
      setResumableCheck: (given: () => unknown) => (check = given),
      afterProcess: ({ isFailed, exchange }: { isFailed: boolean; exchange: { body: unknown } }) => {
        outcomes.push([exchange.body, isFailed]);
        return exchange.body !== 2;
      },
      afterConsume: () => check(),
    };
    let isUp = false;
    runtime = runtimeWith({ clock, beans: { check: { test: () => isUp }, listener: undefined, own: listener, work: () => {} } });
    await runtime.start([routesFile(route('own'))]);
    for (const body of [1, 2]) await runtime.send('seda:in', body, { isInOut: false });
    await eventually(() => expect(stateOf()).to.equal('Suspended'));
    expect(outcomes).to.deep.equal([[1, false], [2, false]]);
    await clock.advance(3000);
    expect(stateOf()).to.equal('Suspended');
    isUp = true;
    await clock.advance(1000);
    await eventually(() => expect(stateOf()).to.equal('Started'));
  });

  it('lets alone a source that somebody else has let go on', async () => {
    const clock = new VirtualClock();
    let asked = 0;
    runtime = runtimeWith({ clock, beans: { check: () => asked++ < 0, work: () => Promise.reject(new Error('away')) } });
    await runtime.start([routesFile(route('listener'))]);
    await runtime.send('seda:in', 1, { isInOut: false });
    await eventually(() => expect(stateOf()).to.equal('Suspended'));
    await runtime.routes.get('in')!.resume();
    await clock.advance(5000);
    expect([asked, stateOf()]).to.deep.equal([0, 'Started']);
    await runtime.send('seda:in', 2, { isInOut: false });
    await eventually(() => expect(stateOf()).to.equal('Suspended'));
  });

  it('refuses beans that decide nothing', async () => {
    const refused = async (beans: Record<string, unknown>): Promise<string> => {
      runtime = runtimeWith({ beans });
      let problems = '';
      await runtime.start([routesFile(route('own'))]).catch((thrown: unknown) => (problems = JSON.stringify(thrown instanceof Error ? thrown.message : '')));
      return problems;
    };
    expect(await refused({ own: {}, check: () => true, work: () => {} })).to.contain('`own` is no listener of a source');
    expect(await refused({ own: { afterProcess: () => true }, check: 5, work: () => {} })).to.contain('`check` says neither yes nor no');
  });
});
