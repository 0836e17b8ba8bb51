import { Readable } from 'node:stream';
import { expect } from 'chai';
import { VirtualClock } from '../../src/core/clock.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import { Exchange, UnitOfWork } from '../../src/core/exchange/exchange.ts';
import { Headers } from '../../src/core/exchange/headers.ts';
import { StoreError } from '../../src/core/state/store.ts';
import { DeadLetterStore } from '../../src/stores/deadletters.ts';
import { memoryStore } from '../../src/stores/memory.ts';

describe('the dead-letter store', () => {
  let clock: VirtualClock;
  let letters: DeadLetterStore;

  beforeEach(() => {
    clock = new VirtualClock();
    letters = new DeadLetterStore(memoryStore(clock), clock);
  });

  const failed = (body: unknown, routeId = 'orders'): Exchange => {
    const exchange = new Exchange(undefined, body, Headers.from({ Kind: 'a', bean: () => 1 }));
    exchange.routeId = routeId;
    exchange.fromRouteId = routeId;
    exchange.fromEndpoint = 'file:in';
    exchange.properties.set('tenant', 7);
    exchange.fail(new ExchangeError('java.io.IOException', 'no', { cause: new Error('because') }), { routeId, stepId: 'to1', kind: 'to', label: 'to[x]', at: 'r.yaml:3:5' });
    return exchange;
  };

  it('keeps what is needed to understand a failure', async () => {
    const id = await letters.put(failed({ a: 1 }), { attempts: 4 });
    const { body, headers, properties, exception, causes, stepId, at, attempts, routeId, fromEndpoint, time } = (await letters.get(id))!;
    expect({ body, headers, properties }).to.deep.equal({ body: { a: 1 }, headers: [['Kind', 'a']], properties: [['tenant', 7]] });
    expect({ exception, causes }).to.deep.equal({ exception: { type: 'java.io.IOException', message: 'no' }, causes: [{ type: 'java.lang.Exception', message: 'because' }] });
    expect({ stepId, at, attempts, routeId, fromEndpoint, time }).to.deep.equal({ stepId: 'to1', at: 'r.yaml:3:5', attempts: 4, routeId: 'orders', fromEndpoint: 'file:in', time: clock.now() });
  });

  it('keeps bytes, texts and streams exactly', async () => {
    for (const [body, kept] of [
      [Buffer.from([0, 255]), Buffer.from([0, 255])],
      ['é', 'é'],
      [Readable.from([Buffer.from('a'), Buffer.from('b')]), Buffer.from('ab')],
      [null, null],
      [[1, 'x', { y: true }], [1, 'x', { y: true }]],
    ]) {
      expect((await letters.get(await letters.put(failed(body))))!.body).to.deep.equal(kept);
    }
  });

  it('keeps the message as the source gave it where that is known', async () => {
    const exchange = failed('changed since');
    exchange.unitOfWork = new UnitOfWork(exchange, () => {});
    exchange.unitOfWork.originalBody = 'original';
    exchange.unitOfWork.originalHeaders = Headers.from({ h: 1 });
    const { body, headers, isOriginal } = (await letters.get(await letters.put(exchange)))!;
    expect({ body, headers, isOriginal }).to.deep.equal({ body: 'original', headers: [['h', 1]], isOriginal: true });
  });

  it('says what can not be kept instead of keeping half of it', async () => {
    const error = await letters.put(failed({ f: () => 1 })).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(StoreError);
    expect(await letters.count()).to.equal(0);
  });

  it('lists oldest first, in pages, also of one route', async () => {
    for (let i = 0; i < 5; i++) await letters.put(failed(i, i % 2 === 0 ? 'even/é' : 'odd'));
    const first = await letters.list({ limit: 2 });
    const second = await letters.list({ limit: 2, after: first.next! });
    const third = await letters.list({ limit: 2, after: second.next! });
    const ids = [first, second, third].flatMap(({ entries }) => entries.map(({ id }) => id));
    expect([ids.length, new Set(ids).size, third.next]).to.deep.equal([5, 5, null]);
    expect(await Promise.all(ids.map(async (id) => (await letters.get(id))!.body))).to.deep.equal([0, 1, 2, 3, 4]);
    const even = await letters.list({ routeId: 'even/é', limit: 2 });
    const rest = await letters.list({ routeId: 'even/é', limit: 2, after: even.next! });
    expect([even.entries.map(({ routeId }) => routeId), rest.entries.length, rest.next]).to.deep.equal([['even/é', 'even/é'], 1, null]);
    expect([await letters.count(), await letters.count('odd'), await letters.count('none')]).to.deep.equal([5, 2, 0]);
    expect(even.entries[0]).not.to.have.any.keys('body', 'headers');
  });

  it('lets a person edit an entry and says when', async () => {
    const id = await letters.put(failed('wrong'));
    await clock.advance(10);
    await letters.edit(id, { body: 'right' });
    await letters.edit(id, { headers: [['Kind', 'b']] });
    const { body, headers, edited, exception } = (await letters.get(id))!;
    expect({ body, headers, edited, type: exception!.type }).to.deep.equal({ body: 'right', headers: [['Kind', 'b']], edited: clock.now(), type: 'java.io.IOException' });
    expect(await letters.edit('nope', { body: 1 })).to.equal(null);
  });

  it('counts replays, and loses none when two come at once', async () => {
    const id = await letters.put(failed('x'));
    await Promise.all([letters.markReplayed(id), letters.markReplayed(id), letters.edit(id, { body: 'y' })]);
    const { replays, replayed, body } = (await letters.get(id))!;
    expect({ replays, replayed, body }).to.deep.equal({ replays: 2, replayed: clock.now(), body: 'y' });
  });

  it('removes an entry for good', async () => {
    const id = await letters.put(failed('x'));
    expect([await letters.remove(id), await letters.remove(id), await letters.get(id), await letters.count('orders')]).to.deep.equal([true, false, null, 0]);
  });

  it('forgets entries when they are as old as they may get', async () => {
    letters = new DeadLetterStore(memoryStore(clock), clock, 1000);
    const id = await letters.put(failed('x'));
    await clock.advance(500);
    await letters.edit(id, { body: 'y' });
    await clock.advance(500);
    expect([await letters.get(id), await letters.count('orders')]).to.deep.equal([null, 0]);
  });
});
