import { expect } from 'chai';
import { VirtualClock } from '../../../src/core/clock.ts';
import { Events } from '../../../src/core/events.ts';
import type { EventMap } from '../../../src/core/events.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { SagaService, Sagas, sagaHeader } from '../../../src/core/state/sagas.ts';
import { ScratchStore, stepContext } from '../../contract/operator.ts';
import { eventually } from '../../runtime/rig.ts';

const reloaded: EventMap['reloaded'] = { generation: 1, reason: 'start', result: 'applied', changed: [], added: [], removed: [], millis: 0, problem: null };

describe('sagas', () => {
  const store = new ScratchStore();
  let stop = new AbortController();
  beforeEach(() => {
    store.entries.clear();
    stop = new AbortController();
  });

  /** A process of its own on the same store: what it was told to undo or to finish, and with which endpoints failing. */
  const life = (failing = new Set<string>()) => {
    const clock = new VirtualClock();
    const events = new Events();
    const logged: string[] = [];
    events.on('log', ({ message }) => logged.push(message));
    const sagas = new Sagas({ store, clock, events, scope: stepContext({ clock }).scope, stopping: stop.signal });
    const told: string[] = [];
    for (const uri of ['direct:undo', 'direct:undoToo', 'direct:finish']) {
      sagas.register(uri, (exchange: Exchange) => {
        told.push(`${uri} ${exchange.headers.get('order') as string}`);
        expect(exchange.headers.get(sagaHeader)).to.be.a('string');
        if (failing.has(uri)) exchange.fail(new Error('not now'));
        exchange.leave();
      });
    }
    return { clock, events, sagas, told, logged };
  };
  const service = new SagaService();
  const participant = (compensation: string, order: string) => ({ completion: 'direct:finish', compensation, headers: [['order', order]] as const });

  it('are undone by the next process when the one that ran them is gone, last participant first', async () => {
    const first = life();
    const saga = first.sagas.begin(service, false);
    await saga.join(participant('direct:undo', 'a'), null);
    await saga.join(participant('direct:undoToo', 'b'), null);
    const second = life();
    second.events.emit('reloaded', reloaded);
    await eventually(() => expect(second.told).to.deep.equal(['direct:undoToo b', 'direct:undo a']));
    await second.sagas.settle();
    expect([...store.entries.keys()]).to.deep.equal([]);
    expect(first.told).to.deep.equal([]);
  });

  it('go on finishing where the last process stopped', async () => {
    const first = life();
    const saga = first.sagas.begin(service, false);
    await saga.join(participant('direct:undo', 'a'), null);
    await saga.join(participant('direct:undo', 'b'), null);
    stop.abort();
    await saga.complete().catch(() => undefined);
    expect(first.told).to.deep.equal([]);
    stop = new AbortController();
    const second = life();
    second.events.emit('reloaded', reloaded);
    await eventually(() => expect(second.told).to.deep.equal(['direct:finish b', 'direct:finish a']));
  });

  it('stay open over a restart when they are ended by hand, and are found by their id', async () => {
    const first = life();
    const { id } = await (async () => {
      const saga = first.sagas.begin(service, true);
      await saga.join(participant('direct:undo', 'a'), null);
      return saga;
    })();
    const second = life();
    second.events.emit('reloaded', reloaded);
    const { scope } = stepContext();
    const { Exchange: Message } = await import('../../../src/core/exchange/exchange.ts');
    const asking = new Message(scope);
    asking.headers.set(sagaHeader, id);
    await eventually(async () => expect(await second.sagas.of(asking)).not.to.equal(null));
    expect(second.told).to.deep.equal([]);
    await (await second.sagas.of(asking))!.complete();
    expect(second.told).to.deep.equal(['direct:finish a']);
    expect(await second.sagas.of(asking)).to.equal(null);
    expect([...store.entries.keys()]).to.deep.equal([]);
  });

  it('run out of time over a restart, too', async () => {
    const first = life();
    await first.sagas.begin(service, true).join(participant('direct:undo', 'a'), 500);
    const second = life();
    second.events.emit('reloaded', reloaded);
    await eventually(async () => {
      await second.clock.advance(100);
      expect(second.told).to.deep.equal(['direct:undo a']);
    });
    expect(second.clock.now()).to.be.at.least(500);
  });

  it('try what fails again as often as the service says, and keep it for the next start then', async () => {
    const failing = new Set(['direct:undo']);
    const { sagas, clock, told, logged } = life(failing);
    const patient = Object.assign(new SagaService(), { maxRetryAttempts: 3, retryDelayInMilliseconds: 1000 });
    const saga = sagas.begin(patient, false);
    await saga.join(participant('direct:undo', 'a'), null);
    await saga.join(participant('direct:undoToo', 'b'), null);
    let failure = '';
    saga.compensate().catch((thrown: Error) => (failure = thrown.message));
    await eventually(async () => {
      await clock.advance(500);
      expect(failure).to.match(/Unable to compensate all required steps of the saga/);
    });
    expect(told).to.deep.equal(['direct:undoToo b', 'direct:undo a', 'direct:undo a', 'direct:undo a']);
    expect(logged.filter((line) => line.includes('attempt'))).to.have.length(3);
    failing.clear();
    const next = life();
    next.events.emit('reloaded', reloaded);
    await eventually(() => expect(next.told).to.deep.equal(['direct:undo a']));
    await next.sagas.settle();
    expect([...store.entries.keys()]).to.deep.equal([]);
  });

  it('say which endpoint is missing, and keep what is outstanding for it', async () => {
    const first = life();
    await first.sagas.begin(service, false).join(participant('direct:gone', 'a'), null);
    const second = life();
    second.events.emit('reloaded', reloaded);
    await eventually(() => expect(second.logged.join()).to.match(/outstanding compensation at direct:gone/));
    await second.sagas.settle();
    expect(store.entries.size).to.equal(2);
  });

  it('write nothing when nobody has anything to undo or to finish', async () => {
    const { sagas } = life();
    const saga = sagas.begin(service, false);
    await saga.join({ completion: null, compensation: null, headers: [] }, 1000);
    await saga.complete();
    expect(store.entries.size).to.equal(0);
  });
});
