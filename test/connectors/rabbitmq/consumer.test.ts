import { expect } from 'chai';
import { systemClock } from '../../../src/core/clock.ts';
import type { Consumer } from '../../../src/core/connector.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { rabbitmq } from '../../../src/connectors/rabbitmq/definition.ts';
import { eventually, Surroundings, TestRoute } from '../../contract/connector.ts';
import { Broker, describeWithBroker, endpointOf, Wiretap } from './broker.ts';

const definition = rabbitmq as never;

const soon = (holds: () => void): Promise<void> => eventually(holds, 5000);

const awaited = async (holds: () => Promise<unknown>): Promise<void> => {
  const end = systemClock.now() + 5000;
  for (;;) {
    try {
      await holds();
      return;
    } catch (thrown) {
      if (systemClock.now() > end) throw thrown;
    }
    await new Promise<void>((resolve) => void systemClock.schedule(5, resolve));
  }
};

describeWithBroker('the consumer of spring-rabbitmq', () => {
  let broker: Broker;
  let around: Surroundings;
  let consumers: Consumer[];

  beforeEach(async () => {
    broker = await Broker.open();
    around = new Surroundings();
    consumers = [];
  });

  afterEach(async () => {
    for (const consumer of consumers) {
      await consumer.stop();
      await consumer.close!();
    }
    expect(around.clock.waiting, 'timers left behind').to.equal(0);
    await broker.close();
  });

  const consume = async (uri: string, work?: (exchange: Exchange) => unknown): Promise<TestRoute> => {
    const target = new TestRoute(around.scope, work);
    const consumer = await around.consumer(definition, uri);
    consumers.push(consumer);
    await consumer.start(target);
    return target;
  };

  const durable = { 'arg.queue.durable': true, retryDelay: 10 };

  describe('declaring', () => {
    it('declares the exchange, the queue and their binding', async () => {
      const [exchange, queue] = [broker.name('exchange'), broker.name()];
      const target = await consume(endpointOf(exchange, { queues: queue, routingKey: 'orders.#', exchangeType: 'topic', 'arg.queue.durable': true }));
      await broker.send('orders.new', 'a', { contentType: 'text/plain' }, exchange);
      await broker.send('other', 'b', { contentType: 'text/plain' }, exchange);
      await soon(() => expect(target.received).to.have.length(1));
      expect(target.received[0]!.headers.get('CamelSpringRabbitmqRoutingKey')).to.equal('orders.new');
    });

    it('makes a queue of its own when none is named, and takes it away when it is closed', async () => {
      const exchange = broker.name('exchange');
      const target = await consume(endpointOf(exchange, { exchangeType: 'fanout' }));
      await broker.send('', 'a', { contentType: 'text/plain' }, exchange);
      await soon(() => expect(target.received).to.have.length(1));
      const { queues } = consumers[0] as unknown as { queues: readonly string[] };
      expect(queues[0]).to.match(new RegExp(`^mecha\\.${exchange}\\.`));
      expect(await broker.count(queues[0]!)).to.equal(0);
      await consumers[0]!.stop();
      await consumers[0]!.close!();
      consumers = [];
      expect(await broker.count(queues[0]!).then(() => 'there', ({ message }: Error) => message)).to.match(/NOT_FOUND/);
    });

    it('declares with exactly the arguments that are asked for', async () => {
      const [exchange, queue, dead, deadQueue] = [broker.name('exchange'), broker.name(), broker.name('exchange'), broker.name()];
      await consume(
        endpointOf(exchange, {
          queues: queue,
          exchangeType: 'headers',
          'arg.exchange.durable': false,
          'arg.exchange.autoDelete': true,
          'arg.queue.durable': true,
          'arg.queue.x-message-ttl': 60_000,
          'arg.queue.x-max-priority': 3,
          'arg.binding.x-match': 'all',
          'arg.binding.kind': 'a',
          'arg.consumer.x-priority': 5,
          deadLetterExchange: dead,
          deadLetterExchangeType: 'fanout',
          deadLetterQueue: deadQueue,
          'arg.dlq.queue.x-max-length': 7,
          'arg.dlq.exchange.durable': false,
        }),
      );
      // What is declared once more in the same words is taken; in others it is not.
      await broker.channel.assertExchange(exchange, 'headers', { durable: false, autoDelete: true });
      await broker.channel.assertExchange(dead, 'fanout', { durable: false });
      await broker.channel.assertQueue(queue, { durable: true, messageTtl: 60_000, maxPriority: 3, deadLetterExchange: dead });
      await broker.channel.assertQueue(deadQueue, { durable: true, maxLength: 7 });
      const other = await broker.queue();
      await broker.channel.bindQueue(other, exchange, '', { 'x-match': 'all', kind: 'b' });
      await broker.send('', 'to b', { contentType: 'text/plain', headers: { kind: 'b' } }, exchange);
      await awaited(async () => expect(await broker.count(other)).to.equal(1));
    });

    it('binds with the arguments that are asked for', async () => {
      const [exchange, queue] = [broker.name('exchange'), broker.name()];
      const target = await consume(endpointOf(exchange, { queues: queue, exchangeType: 'headers', 'arg.binding.x-match': 'all', 'arg.binding.kind': 'a', ...durable }));
      await broker.send('', 'to b', { contentType: 'text/plain', headers: { kind: 'b' } }, exchange);
      await broker.send('', 'to a', { contentType: 'text/plain', headers: { kind: 'a' } }, exchange);
      await soon(() => expect(target.received.map(({ body }) => body)).to.deep.equal(['to a']));
    });

    it('only looks whether its queue is there with autoDeclare=false, and leaves it as it is', async () => {
      const [exchange, queue] = [broker.name('exchange'), await broker.queue({ durable: true, maxLength: 5 })];
      const target = await consume(endpointOf(exchange, { queues: queue, autoDeclare: false, 'arg.queue.x-max-length': 9, routingKey: 'k' }));
      await broker.send(queue, 'a');
      await soon(() => expect(target.received).to.have.length(1));
      const probe = await Broker.open();
      expect(await probe.channel.checkExchange(exchange).then(() => 'there', ({ message }: Error) => message)).to.match(/NOT_FOUND/);
      await probe.close().catch(() => undefined);
      await broker.channel.assertQueue(queue, { durable: true, maxLength: 5 });
    });

    it('has its queue for itself with exclusive=true', async () => {
      const queue = await broker.queue();
      await consume(endpointOf('default', { queues: queue, exclusive: true, ...durable }));
      const second = await Broker.open();
      expect(await second.channel.consume(queue, () => undefined).then(() => 'taken', ({ message }: Error) => message)).to.match(/exclusive/);
      await second.close().catch(() => undefined);
    });

    it('gives the broker the consumer’s arguments: the one of higher priority is served first', async () => {
      const queue = await broker.queue();
      const low = await consume(endpointOf('default', { queues: queue, ...durable }));
      const high = await consume(endpointOf('default', { queues: queue, 'arg.consumer.x-priority': 5, ...durable }));
      for (let i = 0; i < 20; i++) await broker.send(queue, String(i));
      await soon(() => expect(high.received).to.have.length(20));
      expect(low.received).to.have.length(0);
    });

    it('has messages in its dead-letter exchange that nobody took in time', async () => {
      const [queue, dead, deadQueue] = [broker.name(), broker.name('exchange'), broker.name()];
      const target = await consume(endpointOf('default', { queues: queue, ...durable, deadLetterExchange: dead, deadLetterExchangeType: 'topic', deadLetterRoutingKey: 'late.one', deadLetterQueue: deadQueue, prefetchCount: 1 }));
      target.isHolding = true;
      await broker.send(queue, 'first');
      await soon(() => expect(target.held).to.have.length(1));
      await broker.send(queue, 'late', { contentType: 'text/plain', expiration: 20 });
      let message = await broker.get(deadQueue);
      await awaited(async () => expect((message ??= await broker.get(deadQueue))).not.to.equal(null));
      expect(message!.content.toString()).to.equal('late');
      expect(message!.properties.headers!['x-death']![0]).to.include({ reason: 'expired', queue });
      target.releaseAll();
    });

    it('consumes from several queues', async () => {
      const [one, other] = [await broker.queue(), await broker.queue()];
      const target = await consume(endpointOf('default', { queues: `${one}, ${other}`, ...durable }));
      await broker.send(one, 'a');
      await broker.send(other, 'b');
      await soon(() => expect(target.received.map(({ body }) => body)).to.have.members(['a', 'b']));
    });

    it('says which argument differs from what is there, and does not start', async () => {
      const queue = await broker.queue();
      let message = '';
      try {
        await consume(endpointOf('default', { queues: queue, 'arg.queue.durable': true, 'arg.queue.x-max-length': 5 }));
      } catch (thrown) {
        message = (thrown as Error).message;
      }
      expect(message).to.match(/x-max-length/).and.to.include(queue).and.to.include('test');
      expect(message).not.to.include('guest:guest');
      consumers.length = 0;
    });

    it('waits for a queue that is not there and that it may not declare', async () => {
      const queue = broker.name();
      const target = await consume(endpointOf('default', { queues: queue, autoDeclare: false }));
      expect(around.waits).to.have.length(1);
      expect(around.waits[0]).to.match(/no queue/).and.to.include(queue);
      await broker.channel.assertQueue(queue, { durable: true });
      await broker.send(queue, 'a');
      await soon(() => expect(target.received).to.have.length(1));
      expect(around.waits).to.have.length(2).and.to.include('ready');
    });

    it('consumes again when its queue was deleted', async () => {
      const queue = await broker.queue();
      const target = await consume(endpointOf('default', { queues: queue, ...durable }));
      await broker.channel.deleteQueue(queue);
      await awaited(async () => expect(await broker.count(queue)).to.equal(0));
      await broker.send(queue, 'a');
      await soon(() => expect(target.received).to.have.length(1));
    });

    it('consumes from a quorum queue, with the count of deliveries', async () => {
      const queue = broker.name();
      const target = await consume(endpointOf('default', { queues: queue, 'arg.queue.x-queue-type': 'quorum', 'arg.queue.x-delivery-limit': 20, retryDelay: 10, maximumRetryAttempts: 1, rejectAndDontRequeue: false }), () => {
        if (target.received.length === 1) throw new Error('once');
      });
      await broker.send(queue, 'a');
      await soon(() => expect(target.received).to.have.length(2));
      expect(target.received.map(({ headers }) => headers.get('x-delivery-count'))).to.deep.equal([undefined, 1]);
      await broker.channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 20 } });
    });

    it('takes messages of higher priority first', async () => {
      const queue = broker.name();
      await broker.channel.assertQueue(queue, { durable: true, maxPriority: 9 });
      for (const priority of [1, 9, 5]) await broker.send(queue, String(priority), { contentType: 'text/plain', priority });
      const target = await consume(endpointOf('default', { queues: queue, 'arg.queue.durable': true, 'arg.queue.x-max-priority': 9 }));
      await soon(() => expect(target.received.map(({ body }) => body)).to.deep.equal(['9', '5', '1']));
      expect(target.received[0]!.headers.get('CamelSpringRabbitmqPriority')).to.equal(9);
    });
  });

  describe('messages', () => {
    it('has properties as headers, and lets no Camel header in', async () => {
      const queue = await broker.queue();
      const target = await consume(endpointOf('default', { queues: queue, ...durable }));
      await broker.send(queue, '{"a":1}', {
        contentType: 'application/json',
        messageId: 'm-1',
        correlationId: 'c-1',
        type: 'order',
        appId: 'shop',
        timestamp: 1_700_000_000,
        expiration: '60000',
        persistent: true,
        headers: { Region: 'eu', count: 3, yes: true, nested: { a: [1, 'b'] }, CamelHttpUri: 'http://evil', camelSpringRabbitmqRoutingOverrideKey: 'evil', 'x-mecha-attempt': 1 },
      });
      await soon(() => expect(target.received).to.have.length(1));
      const { headers, body } = target.received[0]!;
      expect(Buffer.isBuffer(body)).to.equal(true);
      expect(headers.get('region')).to.equal('eu');
      expect(headers.get('count')).to.equal(3);
      expect(headers.get('yes')).to.equal(true);
      expect(JSON.stringify(headers.get('nested'))).to.equal('{"a":[1,"b"]}');
      expect(headers.names()).to.include('CamelSpringRabbitmqMessageId');
      const property = (name: string): unknown => headers.get(`CamelSpringRabbitmq${name}`);
      expect([property('MessageId'), property('CorrelationId'), property('Type'), property('AppId'), property('Expiration')]).to.deep.equal(['m-1', 'c-1', 'order', 'shop', '60000']);
      expect([property('ContentType'), property('ContentLength'), property('DeliveryMode'), property('Redelivered'), property('ExchangeName'), property('RoutingKey')]).to.deep.equal(['application/json', 7, 'PERSISTENT', false, '', queue]);
      expect(property('Timestamp')).to.deep.equal(new Date(1_700_000_000_000));
      for (const name of ['CamelHttpUri', 'CamelSpringRabbitmqRoutingOverrideKey', 'x-mecha-attempt']) expect(headers.get(name), name).to.equal(undefined);
      expect(target.deliveries[0]!.id).to.equal('m-1');
    });

    it('has no header that a headerFilterStrategy bean keeps away', async () => {
      const queue = await broker.queue();
      const filter = { applyFilterToExternalHeaders: (name: string) => name.startsWith('secret'), applyFilterToCamelHeaders: () => false };
      around = new Surroundings({ beans: { filter } });
      const target = await consume(endpointOf('default', { queues: queue, headerFilterStrategy: '#filter', ...durable }));
      await broker.send(queue, 'a', { contentType: 'text/plain', headers: { 'secret-one': 1, open: 2 } });
      await soon(() => expect(target.received).to.have.length(1));
      const { headers } = target.received[0]!;
      expect([headers.get('secret-one'), headers.get('open'), headers.names().includes('secret-one')]).to.deep.equal([undefined, 2, false]);
    });

    it('gives text as text by its charset, and what is no such text as bytes', async () => {
      const queue = await broker.queue();
      const target = await consume(endpointOf('default', { queues: queue, ...durable }));
      await broker.send(queue, 'grün', { contentType: 'text/plain' });
      await broker.send(queue, Buffer.from('grün', 'latin1'), { contentType: 'text/plain; charset=iso-8859-1' });
      await broker.send(queue, Buffer.from('grün', 'latin1'), { contentType: 'text/plain', contentEncoding: 'UTF-8' });
      await broker.send(queue, Buffer.from([1, 2]), {});
      await soon(() => expect(target.received).to.have.length(4));
      const bodies = target.received.map(({ body }) => body);
      expect(bodies.slice(0, 2)).to.deep.equal(['grün', 'grün']);
      expect(bodies.slice(2)).to.deep.equal([Buffer.from('grün', 'latin1'), Buffer.from([1, 2])]);
    });

    it('keeps the order of one consumer in lanes, of several in one each', async () => {
      const queue = await broker.queue();
      const target = await consume(endpointOf('default', { queues: queue, concurrentConsumers: 3, prefetchCount: 1, ...durable }));
      for (let i = 0; i < 30; i++) await broker.send(queue, String(i));
      await soon(() => expect(target.settled).to.equal(30));
      expect(new Set(target.received.map(({ lane }) => lane)).size).to.equal(3);
    });

    it('has no lanes with asyncConsumer', async () => {
      const queue = await broker.queue();
      const target = await consume(endpointOf('default', { queues: queue, asyncConsumer: true, ...durable }));
      await broker.send(queue, 'a');
      await soon(() => expect(target.received).to.have.length(1));
      expect(target.received[0]!.lane).to.equal(null);
    });

    it('gets more than its credit while what it has got waits to be settled, but never has more under way', async () => {
      const queue = await broker.queue();
      const held: Exchange[] = [];
      const target = await consume(endpointOf('default', { queues: queue, prefetchCount: 4, ...durable }), (exchange) => {
        exchange.unitOfWork!.retain();
        held.push(exchange);
      });
      for (let i = 0; i < 40; i++) await broker.send(queue, String(i));
      await soon(() => expect(target.received).to.have.length(40));
      expect(target.most).to.be.at.most(4);
      for (const exchange of held) exchange.unitOfWork!.release();
      await soon(() => expect(target.settled).to.equal(40));
    });

    it('takes another credit while it runs', async () => {
      const queue = await broker.queue();
      const target = await consume(endpointOf('default', { queues: queue, prefetchCount: 1, ...durable }));
      target.isHolding = true;
      for (let i = 0; i < 5; i++) await broker.send(queue, String(i));
      await soon(() => expect(target.held).to.have.length(1));
      consumers[0]!.setCredit!(3);
      await soon(() => expect(target.held).to.have.length(3));
      target.releaseAll();
      await soon(() => expect(target.settled).to.equal(5));
    });

    it('is asked for single messages', async () => {
      const queue = await broker.queue();
      const consumer = await around.consumer(definition, endpointOf('default', { queues: queue, ...durable }));
      consumers.push(consumer);
      expect(await consumer.receive!(0)).to.equal(null);
      expect(await consumer.receive!(30)).to.equal(null);
      await broker.send(queue, 'a');
      const first = await consumer.receive!(2000);
      expect(first!.body).to.equal('a');
      const waiting = consumer.receive!(5000);
      await broker.send(queue, 'b');
      expect((await waiting)!.body).to.equal('b');
      await first!.settle(around.exchange('a'));
    });
  });

  describe('acknowledging', () => {
    it('leaves it to the route with MANUAL', async () => {
      const queue = await broker.queue();
      const tap = await Wiretap.open();
      const target = await consume(endpointOf('default', { queues: queue, acknowledgeMode: 'MANUAL', ...durable }, tap.url), (exchange) => {
        const channel = exchange.property('CamelSpringRabbitmqChannel') as { basicAck(tag: unknown, isMultiple: boolean): void };
        if (exchange.body === 'b') channel.basicAck(exchange.headers.get('CamelSpringRabbitmqDeliveryTag'), false);
      });
      await broker.send(queue, 'a');
      await broker.send(queue, 'b');
      await soon(() => expect(target.settled).to.equal(2));
      await soon(() => expect(tap.acknowledged).to.deep.equal(['b']));
      await consumers.pop()!.close!();
      await awaited(async () => expect(await broker.count(queue)).to.equal(1));
      await tap.close();
    });

    it('does not acknowledge with NONE, and holds no more than a few', async () => {
      const queue = await broker.queue();
      for (let i = 0; i < 100; i++) await broker.send(queue, String(i));
      const target = await consume(endpointOf('default', { queues: queue, acknowledgeMode: 'NONE', prefetchCount: 5, ...durable }));
      await soon(() => expect(target.received.map(({ body }) => body)).to.deep.equal(Array.from({ length: 100 }, (_, i) => String(i))));
    });
  });

  describe('failures', () => {
    const failing = (times: number) => {
      let count = 0;
      return (): void => {
        if (count++ < times) throw new Error(`no ${count}`);
      };
    };

    it('tries again by a queue beside its own, with the message as it was', async () => {
      const queue = await broker.queue();
      const target = await consume(endpointOf('default', { queues: queue, ...durable }), failing(2));
      await broker.send(queue, 'a', { contentType: 'text/plain', headers: { h: 1 }, messageId: 'm' });
      await soon(() => expect(target.received).to.have.length(3));
      const last = target.received[2]!.headers;
      expect([last.get('CamelSpringRabbitmqExchangeName'), last.get('CamelSpringRabbitmqRoutingKey'), last.get('h'), last.get('CamelSpringRabbitmqMessageId')]).to.deep.equal(['', queue, 1, 'm']);
      expect(last.names().filter((name) => name.startsWith('x-mecha') || name === 'x-death')).to.deep.equal([]);
      await soon(() => expect(target.settled).to.equal(3));
      expect(await broker.count(queue)).to.equal(0);
    });

    it('tries again in memory where it may declare nothing', async () => {
      const queue = await broker.queue();
      const target = await consume(endpointOf('default', { queues: queue, autoDeclare: false, retryDelay: 10 }), failing(2));
      await broker.send(queue, 'a');
      await soon(() => expect(target.received).to.have.length(3));
      await soon(() => expect(target.settled).to.equal(3));
    });

    it('publishes what keeps failing to the dead-letter exchange, with the reason', async () => {
      const [queue, dead, deadQueue] = [broker.name(), broker.name('exchange'), broker.name()];
      const target = await consume(
        endpointOf('default', { queues: queue, ...durable, maximumRetryAttempts: 2, deadLetterExchange: dead, deadLetterQueue: deadQueue, deadLetterRoutingKey: 'failed' }),
        (exchange) => {
          if (exchange.body === 'a') throw new Error('no a');
        },
      );
      await broker.send(queue, 'a', { contentType: 'text/plain', headers: { h: 1 } });
      await broker.send(queue, 'b');
      await soon(() => expect(target.received.map(({ body }) => body)).to.include('b'));
      let message = await broker.get(deadQueue);
      await awaited(async () => expect((message ??= await broker.get(deadQueue))).not.to.equal(null));
      expect(message!.content.toString()).to.equal('a');
      expect(message!.properties.headers).to.include({ h: 1, 'x-exception-message': 'no a', 'x-exception-type': 'java.lang.Exception', 'x-original-queue': queue, 'x-original-routingKey': queue, 'x-attempts': 2 }).and.to.not.have.property('x-mecha-attempt');
    });

    it('rejects with rejectAndDontRequeue=true, so that the broker’s policy decides', async () => {
      const deadQueue = await broker.queue();
      const queue = broker.name();
      await broker.channel.assertQueue(queue, { durable: true, deadLetterExchange: '', deadLetterRoutingKey: deadQueue });
      await consume(endpointOf('default', { queues: queue, autoDeclare: false, maximumRetryAttempts: 1, rejectAndDontRequeue: true }), failing(9));
      await broker.send(queue, 'a');
      await awaited(async () => expect(await broker.count(deadQueue)).to.equal(1));
    });

    it('gives back to the queue with rejectAndDontRequeue=false', async () => {
      const queue = await broker.queue();
      const target = await consume(endpointOf('default', { queues: queue, autoDeclare: false, maximumRetryAttempts: 1, retryDelay: 10, rejectAndDontRequeue: false }), failing(1));
      await broker.send(queue, 'a');
      await soon(() => expect(target.received).to.have.length(2));
      expect(target.received[1]!.headers.get('CamelSpringRabbitmqRedelivered')).to.equal(true);
    });

    it('tells the runtime when a failure would lose the message, and only then', async () => {
      const queue = await broker.queue();
      const target = await consume(endpointOf('default', { queues: queue, ...durable, maximumRetryAttempts: 2 }), failing(1));
      await broker.send(queue, 'a');
      await soon(() => expect(target.received).to.have.length(2));
      expect(target.deliveries.map(({ wouldLose }) => wouldLose)).to.deep.equal([false, true]);
    });

    it('fails a message that is too long before the route begins with it, and goes on', async () => {
      const [queue, deadQueue] = [broker.name(), broker.name()];
      await broker.channel.assertQueue(deadQueue);
      const target = await consume(endpointOf('default', { queues: queue, ...durable, maxMessageSize: 10, deadLetterExchange: 'default', deadLetterRoutingKey: deadQueue }));
      await broker.send(queue, 'x'.repeat(11));
      await broker.send(queue, 'b');
      await soon(() => expect(target.received).to.have.length(2));
      expect(target.received[0]!.exception!.message).to.match(/11 bytes, more than maxMessageSize/);
      let message = await broker.get(deadQueue);
      await awaited(async () => expect((message ??= await broker.get(deadQueue))).not.to.equal(null));
      expect(String(message!.properties.headers!['x-exception-message'])).to.match(/maxMessageSize/);
    });

    it('stops while a message waits to be tried again, which goes back', async () => {
      const queue = await broker.queue();
      const target = await consume(endpointOf('default', { queues: queue, autoDeclare: false, retryDelay: 60_000 }), failing(9));
      await broker.send(queue, 'a');
      await soon(() => expect(target.received).to.have.length(1));
      const consumer = consumers.pop()!;
      await consumer.stop();
      await consumer.close!();
      await awaited(async () => expect(await broker.count(queue)).to.equal(1));
    });
  });

  describe('requests', () => {
    it('are all messages with exchangePattern=InOut, and none with InOnly', async () => {
      const [queue, replies] = [await broker.queue(), await broker.queue()];
      const inOnly = await consume(endpointOf('default', { queues: queue, exchangePattern: 'InOnly', ...durable }));
      await broker.send(queue, 'a', { contentType: 'text/plain', replyTo: replies });
      await soon(() => expect(inOnly.settled).to.equal(1));
      expect(inOnly.received[0]!.isInOut).to.equal(false);
      const other = await broker.queue();
      const inOut = await consume(endpointOf('default', { queues: other, exchangePattern: 'InOut', ...durable }));
      await broker.send(other, 'a');
      await soon(() => expect(inOut.settled).to.equal(1));
      expect(inOut.received[0]!.isInOut).to.equal(true);
      expect(await broker.count(replies)).to.equal(0);
    });

    it('are answered with what the route makes of them, but not with what came with them', async () => {
      const [queue, replies] = [await broker.queue(), await broker.queue()];
      await consume(endpointOf('default', { queues: queue, ...durable }), (exchange) => {
        expect(exchange.isInOut).to.equal(true);
        exchange.body = `re: ${String(exchange.body)}`;
        exchange.headers.set('answer', 42);
      });
      await broker.send(queue, 'a', { contentType: 'text/plain', replyTo: replies, correlationId: 'c-9', headers: { secret: 's' }, userId: 'guest', priority: 3 });
      let message = await broker.get(replies);
      await awaited(async () => expect((message ??= await broker.get(replies))).not.to.equal(null));
      expect(message!.content.toString()).to.equal('re: a');
      expect(message!.properties.correlationId).to.equal('c-9');
      expect(message!.properties.headers).to.deep.equal({ answer: 42 });
    });

    it('are acknowledged although nobody waits any more', async () => {
      const queue = await broker.queue();
      const target = await consume(endpointOf('default', { queues: queue, ...durable }));
      await broker.send(queue, 'a', { contentType: 'text/plain', replyTo: 'mecha-test-nobody' });
      await soon(() => expect(target.settled).to.equal(1));
      expect(around.logs.join()).to.match(/no reply to `mecha-test-nobody`/);
    });

    it('are one-way messages with disableReplyTo', async () => {
      const [queue, replies] = [await broker.queue(), await broker.queue()];
      const target = await consume(endpointOf('default', { queues: queue, disableReplyTo: true, ...durable }));
      await broker.send(queue, 'a', { contentType: 'text/plain', replyTo: replies });
      await soon(() => expect(target.settled).to.equal(1));
      expect(target.received[0]!.isInOut).to.equal(false);
      expect(await broker.count(replies)).to.equal(0);
    });
  });
});
