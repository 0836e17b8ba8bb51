import { expect } from 'chai';
import { systemClock, VirtualClock } from '../../../src/core/clock.ts';
import { HANDLED } from '../../../src/core/exchange/exchange.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { seda } from '../../../src/connectors/seda/definition.ts';
import { stub } from '../../../src/connectors/stub.ts';
import { eventually, keepsConnectorContract, Surroundings, TestRoute } from '../../contract/connector.ts';

const definition = seda as never;

describe('seda', () => {
  let around: Surroundings;

  beforeEach(() => {
    around = new Surroundings();
  });

  const consume = async (uri: string, work?: (exchange: Exchange) => unknown, routeId = 'test'): Promise<TestRoute> => {
    const target = new TestRoute(around.scope, work, routeId);
    await (await around.consumer(definition, uri, routeId)).start(target);
    return target;
  };

  it('lets a one-way sender go on at once, with its own message', async () => {
    const target = await consume('seda:q', (exchange) => {
      exchange.body = 'changed';
    });
    const sent = await around.send(await around.producer(definition, 'seda:q'), around.exchange('a'));
    expect(sent.body).to.equal('a');
    expect(target.received, 'the queue is worked off later').to.have.length(0);
    await eventually(() => expect(target.received).to.have.length(1));
    expect(sent.body).to.equal('a');
  });

  it('gives a request the reply, headers and failure of the other route', async () => {
    await consume('seda:q', (exchange) => {
      if (exchange.body === 'bad') throw new Error('no');
      exchange.body = `${String(exchange.body)}!`;
      exchange.headers.set('h', 1);
    });
    const producer = await around.producer(definition, 'seda:q');
    const reply = await around.send(producer, around.exchange('a', {}, true));
    expect(reply.body).to.equal('a!');
    expect(reply.headers.get('h')).to.equal(1);
    const failed = await around.send(producer, around.exchange('bad', {}, true));
    expect(failed.exception?.message).to.equal('no');
  });

  it('hands on that an error was handled, so that the caller ends too', async () => {
    await consume('seda:q', (exchange) => {
      exchange.halt = HANDLED;
    });
    expect((await around.send(await around.producer(definition, 'seda:q'), around.exchange('a', {}, true))).halt).to.equal(HANDLED);
  });

  it('waits or not as waitForTaskToComplete says', async () => {
    await consume('seda:q', (exchange) => {
      exchange.body = 'reply';
    });
    expect((await around.send(await around.producer(definition, 'seda:q?waitForTaskToComplete=Always'), around.exchange('a'))).body).to.equal('reply');
    expect((await around.send(await around.producer(definition, 'seda:q?waitForTaskToComplete=Never'), around.exchange('a', {}, true))).body).to.equal('a');
  });

  it("keeps a one-way sender's delivery open until the item is done", async () => {
    const target = await consume('seda:q');
    target.isHolding = true;
    let isSettled = false;
    await around.send(await around.producer(definition, 'seda:q'), around.exchange('a'), () => (isSettled = true));
    await eventually(() => expect(target.held).to.have.length(1));
    expect(isSettled).to.equal(false);
    target.release();
    await eventually(() => expect(isSettled).to.equal(true));
  });

  it("fails the one-way sender's delivery when nobody has kept the failed item", async () => {
    await consume('seda:q', () => {
      throw new Error('no');
    });
    const settled: Exchange[] = [];
    await around.send(await around.producer(definition, 'seda:q'), around.exchange('a'), (exchange) => settled.push(exchange));
    await eventually(() => expect(settled).to.have.length(1));
    expect(settled[0]!.exception?.message).to.equal('no');
  });

  it('does not hold up the reply to a request that has sent an item one way', async () => {
    const target = await consume('seda:q');
    target.isHolding = true;
    let isSettled = false;
    const exchange = around.exchange('a', {}, true);
    await around.send(await around.producer(definition, 'seda:q?exchangePattern=InOnly'), exchange, () => (isSettled = true));
    expect(isSettled).to.equal(true);
  });

  it('fails a request whose reply is late, and drops the reply', async () => {
    const clock = new VirtualClock();
    around = new Surroundings({ clock });
    const target = await consume('seda:q');
    target.isHolding = true;
    const sending = around.send(await around.producer(definition, 'seda:q?timeout=100'), around.exchange('a', {}, true));
    await clock.advance(100);
    const late = await sending;
    expect(late.exception?.type).to.equal('org.apache.camel.ExchangeTimedOutException');
    expect(late.exception?.message).to.match(/^The OUT message was not received within: 100 millis\./);
    target.release();
    expect(late.body).to.equal('a');
  });

  it('takes an item whose sender has given up out of the queue', async () => {
    const clock = new VirtualClock();
    around = new Surroundings({ clock });
    const sending = around.send(await around.producer(definition, 'seda:q?timeout=100'), around.exchange('a', {}, true));
    await clock.advance(100);
    await sending;
    const target = await consume('seda:q');
    await clock.advance(0);
    expect(target.received).to.have.length(0);
  });

  it('fails, blocks or drops when the queue is full', async () => {
    const producer = await around.producer(definition, 'seda:q?size=1');
    await around.send(producer, around.exchange(1));
    const full = await around.send(producer, around.exchange(2));
    expect(full.exception?.type).to.equal('java.lang.IllegalStateException');
    expect(full.exception?.message).to.equal('Queue full');
    const dropped = await around.send(await around.producer(definition, 'seda:q?discardWhenFull=true'), around.exchange(3));
    expect(dropped.exception).to.equal(null);
    const late = await around.send(await around.producer(definition, 'seda:q?blockWhenFull=true&offerTimeout=5'), around.exchange(4));
    expect(late.exception?.message).to.equal('Fails to insert element into queue, after timeout of 5 milliseconds');
    const waiting = around.send(await around.producer(definition, 'seda:q?blockWhenFull=true'), around.exchange(5));
    const target = await consume('seda:q');
    await waiting;
    await eventually(() => expect(target.received.map(({ body }) => body)).to.deep.equal([1, 5]));
  });

  it('fails or drops when nobody consumes, where it is asked to', async () => {
    const failed = await around.send(await around.producer(definition, 'seda:q?failIfNoConsumers=true'), around.exchange(1));
    expect(failed.exception?.type).to.equal('org.apache.camel.component.seda.SedaConsumerNotAvailableException');
    expect(failed.exception?.message).to.equal('No consumers available on endpoint: seda://q?failIfNoConsumers=true. Exchange[]');
    await around.send(await around.producer(definition, 'seda:q?discardIfNoConsumers=true'), around.exchange(2));
    const target = await consume('seda:q');
    await around.send(await around.producer(definition, 'seda:q'), around.exchange(3));
    await eventually(() => expect(target.received.map(({ body }) => body)).to.deep.equal([3]));
  });

  it('works on as many at once as there are concurrent consumers', async () => {
    const target = await consume('seda:q?concurrentConsumers=3');
    target.isHolding = true;
    const producer = await around.producer(definition, 'seda:q');
    for (let i = 0; i < 5; i++) await around.send(producer, around.exchange(i));
    await eventually(() => expect(target.held).to.have.length(3));
    target.releaseAll();
    await eventually(() => expect(target.received).to.have.length(5));
    expect(target.most).to.equal(3);
  });

  it('gives each of several consumers its own copy, and the caller none of theirs', async () => {
    const [a, b] = [
      await consume('seda:q?multipleConsumers=true', (exchange) => exchange.headers.set('who', 'a'), 'a'),
      await consume('seda:q?multipleConsumers=true', (exchange) => exchange.headers.set('who', 'b'), 'b'),
    ];
    const reply = await around.send(await around.producer(definition, 'seda:q'), around.exchange('m', {}, true));
    expect([a.received[0]!.headers.get('who'), b.received[0]!.headers.get('who')]).to.deep.equal(['a', 'b']);
    expect(reply.headers.has('who')).to.equal(false);
  });

  it('refuses a second consumer, but lets a route take over from itself', async () => {
    await consume('seda:q', undefined, 'one');
    await consume('seda:q', undefined, 'one');
    let message = '';
    await consume('seda:q', undefined, 'two').catch((thrown: Error) => (message = thrown.message));
    expect(message).to.contain('multiple consumers for the same endpoint are not allowed: seda://q');
  });

  it('refuses two sizes for one queue, and more than 500 consumers', async () => {
    await around.producer(definition, 'seda:q?size=5');
    const sizes = await around.producer(definition, 'seda:q?size=6').catch((thrown: Error) => thrown);
    expect((sizes as Error).message).to.equal('Cannot use existing queue seda://q as the existing queue size 5 does not match given queue size 6');
    const many = await around.consumer(definition, 'seda:r?concurrentConsumers=501').catch((thrown: Error) => thrown);
    expect((many as Error).message).to.contain('cannot be set at a value greater than 500');
    await around.consumer(definition, 'seda:r?concurrentConsumers=501&limitConcurrentConsumers=false');
  });

  it('works its queue off before it stops', async () => {
    const target = new TestRoute(around.scope);
    const consumer = await around.consumer(definition, 'seda:q');
    const producer = await around.producer(definition, 'seda:q');
    for (let i = 0; i < 100; i++) await around.send(producer, around.exchange(i));
    await consumer.start(target);
    await consumer.stop();
    expect(target.received).to.have.length(100);
  });

  it('throws its queue away when it stops, where it is asked to', async () => {
    const target = new TestRoute(around.scope);
    const consumer = await around.consumer(definition, 'seda:q?purgeWhenStopping=true');
    let settled = 0;
    await around.send(await around.producer(definition, 'seda:q'), around.exchange(1), () => settled++);
    await consumer.start(target);
    await consumer.stop();
    expect([target.received.length, settled]).to.deep.equal([0, 1]);
  });

  it('fails what is left when it is closed', async () => {
    const consumer = await around.consumer(definition, 'seda:q');
    const waiting = around.send(await around.producer(definition, 'seda:q'), around.exchange(1, {}, true));
    await consumer.close!();
    expect((await waiting).exception?.type).to.equal('mecha.ShutdownException');
    expect(around.clock.waiting).to.equal(0);
  });

  it('can be polled', async () => {
    const consumer = await around.consumer(definition, 'seda:q');
    expect(await consumer.receive!(0)).to.equal(null);
    expect(await consumer.receive!(1)).to.equal(null);
    const producer = await around.producer(definition, 'seda:q');
    const polling = consumer.receive!(-1);
    let settled = 0;
    await around.send(producer, around.exchange('a', { h: 1 }), () => settled++);
    const polled = (await polling)!;
    expect([polled.body, polled.headers.get('h'), settled]).to.deep.equal(['a', 1, 0]);
    await polled.settle(around.exchange(null));
    expect(settled).to.equal(1);
  });

  it('hands on a hundred thousand items without growing the stack', async () => {
    const target = await consume('seda:q?size=100000');
    const producer = await around.producer(definition, 'seda:q?size=100000');
    for (let i = 0; i < 100_000; i++) void around.send(producer, around.exchange(i));
    await eventually(() => expect(target.received.length).to.equal(100_000), 8000);
    expect(target.most).to.equal(1);
  });
});

for (const [scheme, each] of [
  ['seda', seda],
  ['stub', stub],
] as const) {
  keepsConnectorContract(
    scheme,
    async () => {
      const around = new Surroundings({ clock: systemClock });
      const producer = await around.producer(each as never, `${scheme}:q`);
      const acknowledged: string[] = [];
      return {
        surroundings: around,
        definition: each as never,
        consumer: (credit = 1) => around.consumer(each as never, `${scheme}:q?concurrentConsumers=${credit}`),
        send: async (...names) => {
          for (const name of names) {
            await around.send(producer, around.exchange(name), (exchange) => {
              if (!exchange.isFailed) acknowledged.push(name);
            });
          }
        },
        nameOf: (exchange) => String(exchange.body),
        acknowledged: async () => [...acknowledged],
        wrong: [
          ['seda:x?size=0', /size/],
          ['seda:x?concurrentConsumers=600', /ConcurrentConsumers/],
          ['seda:x?sise=3', /sise/],
        ],
        open: async (uri) => around.consumer(each as never, uri),
        close: async () => {},
      };
    },
    each.notPromised,
  );
}
