import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { systemClock } from '../../../src/core/clock.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { rabbitmq } from '../../../src/connectors/rabbitmq/definition.ts';
import { eventually, Surroundings, TestRoute } from '../../contract/connector.ts';
import { amqpUrl, Broker, describeWithBroker, endpointOf } from './broker.ts';

const definition = rabbitmq as never;
const toxiproxy = process.env['TOXIPROXY_URL'];

const soon = (holds: () => void, millis = 8000): Promise<void> => eventually(holds, millis);

const pause = (millis: number): Promise<void> => new Promise((resolve) => void systemClock.schedule(millis, resolve));

/** A proxy of its own in front of the broker, to be cut and slowed down. */
class Proxy {
  private readonly name = `rabbitmq-${randomUUID().slice(0, 8)}`;
  url = '';

  private async call(path: string, body?: unknown, method = 'POST'): Promise<Record<string, unknown>> {
    const response = await fetch(`${toxiproxy!}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  async open(isEnabled = true): Promise<void> {
    const { host } = new URL(amqpUrl);
    const made = await this.call('/proxies', { name: this.name, listen: '127.0.0.1:0', upstream: host, enabled: true });
    const url = new URL(amqpUrl);
    url.host = String(made['listen']);
    this.url = url.toString();
    if (!isEnabled) await this.cut();
  }

  cut(): Promise<unknown> {
    return this.call(`/proxies/${this.name}`, { enabled: false });
  }

  async mend(): Promise<void> {
    const { host } = new URL(this.url);
    await this.call(`/proxies/${this.name}`, { enabled: true, listen: host });
  }

  add(name: string, type: string, attributes: Readonly<Record<string, number>>, stream = 'downstream'): Promise<unknown> {
    return this.call(`/proxies/${this.name}/toxics`, { name, type, stream, attributes });
  }

  remove(name: string): Promise<unknown> {
    return this.call(`/proxies/${this.name}/toxics/${name}`, undefined, 'DELETE');
  }

  close(): Promise<unknown> {
    return this.call(`/proxies/${this.name}`, undefined, 'DELETE');
  }
}

describeWithBroker(
  'spring-rabbitmq over a bad network',
  () => {
    let broker: Broker;
    let around: Surroundings;
    let proxy: Proxy;
    let queue: string;
    const closers: (() => Promise<void>)[] = [];

    beforeEach(async () => {
      broker = await Broker.open();
      around = new Surroundings();
      proxy = new Proxy();
      queue = await broker.queue();
    });

    afterEach(async () => {
      for (const close of closers.splice(0)) await close();
      expect(around.clock.waiting, 'timers left behind').to.equal(0);
      await proxy.close();
      await broker.close();
    });

    const consume = async (options: Readonly<Record<string, string | number | boolean>> = {}, work?: (exchange: Exchange) => unknown): Promise<TestRoute> => {
      const target = new TestRoute(around.scope, work);
      const consumer = await around.consumer(definition, endpointOf('default', { queues: queue, 'arg.queue.durable': true, retryDelay: 10, reconnectDelay: 20, ...options }, proxy.url));
      closers.push(async () => {
        target.releaseAll();
        await consumer.stop();
        await consumer.close!();
      });
      await consumer.start(target);
      return target;
    };

    const bodies = (target: TestRoute): string[] => target.received.map(({ body }) => String(body));

    it('starts while the broker is down, says so once, and consumes when it comes', async () => {
      await proxy.open(false);
      const target = await consume();
      await broker.send(queue, 'a');
      await pause(150);
      expect(around.waits).to.have.length(1);
      expect(around.waits[0]).to.match(/^amqp:.*connection refused/).and.not.to.include('guest:guest');
      await proxy.mend();
      await soon(() => expect(bodies(target)).to.deep.equal(['a']));
      expect(around.waits.slice(1)).to.deep.equal(['ready']);
    });

    it('does not start without the broker with testConnectionOnStartup', async () => {
      await proxy.open(false);
      let message = '';
      try {
        await consume({ testConnectionOnStartup: true });
      } catch (thrown) {
        message = (thrown as Error).message;
      }
      expect(message).to.match(/connection refused/);
    });

    it('declares and consumes again after a cut, and gets again what was not settled', async () => {
      await proxy.open();
      await broker.channel.deleteQueue(queue);
      const target = await consume({ 'arg.queue.durable': false, 'arg.queue.autoDelete': true });
      target.isHolding = true;
      await broker.send(queue, 'a');
      await soon(() => expect(target.held).to.have.length(1));
      await proxy.cut();
      await soon(() => expect(around.waits).to.have.length(1));
      target.releaseAll();
      await proxy.mend();
      await soon(() => expect(around.waits).to.have.length(2));
      await broker.send(queue, 'b');
      await soon(() => expect(bodies(target)).to.include('b'));
    });

    it('loses nothing between two queues over many cuts', async () => {
      await proxy.open();
      const out = await broker.queue();
      const producer = await around.producer(definition, endpointOf('default', { routingKey: out, reconnectDelay: 20 }, proxy.url));
      closers.push(() => producer.close!());
      const target = new TestRoute(around.scope);
      target.push = (exchange, delivery) => {
        target.received.push(exchange);
        void around.send(producer, exchange).then((sent) => {
          delivery.left?.(sent);
          return delivery.settle(sent);
        });
      };
      const consumer = await around.consumer(definition, endpointOf('default', { queues: queue, 'arg.queue.durable': true, prefetchCount: 50, reconnectDelay: 20, retryDelay: 10 }, proxy.url));
      closers.unshift(async () => {
        await consumer.stop();
        await consumer.close!();
      });
      await consumer.start(target);
      const sending = (async () => {
        for (let i = 0; i < 2000; i += 50) await Promise.all(Array.from({ length: 50 }, (_, j) => broker.send(queue, String(i + j))));
      })();
      for (let cut = 0; cut < 4; cut++) {
        await pause(120);
        await proxy.cut();
        await pause(40);
        await proxy.mend();
      }
      await sending;
      const arrived = new Map<string, number>();
      const end = systemClock.now() + 15_000;
      while (arrived.size < 2000 && systemClock.now() < end) {
        const message = await broker.get(out);
        if (message === null) await pause(5);
        else arrived.set(message.content.toString(), (arrived.get(message.content.toString()) ?? 0) + 1);
      }
      expect(arrived.size).to.equal(2000);
      const duplicates = [...arrived.values()].reduce((sum, count) => sum + count - 1, 0);
      // At each cut, what was sent and not confirmed is sent again, and what was taken and not acknowledged comes again.
      expect(duplicates, 'duplicates').to.be.at.most(4 * 2 * 50);
    }).timeout(30_000);

    it('sends again, on the next connection, what the broker had not confirmed', async () => {
      await proxy.open();
      const producer = await around.producer(definition, endpointOf('default', { routingKey: queue, reconnectDelay: 20 }, proxy.url));
      closers.push(() => producer.close!());
      await proxy.add('mute', 'timeout', { timeout: 0 });
      const sent = Promise.all(['a', 'b', 'c'].map((body) => around.send(producer, around.exchange(body))));
      await pause(50);
      await proxy.cut();
      await proxy.remove('mute');
      await proxy.mend();
      expect((await sent).every(({ exception }) => exception === null)).to.equal(true);
      expect(await broker.count(queue)).to.be.at.least(3);
    });

    it('fails a request whose reply can not come any more', async () => {
      await proxy.open();
      const producer = await around.producer(definition, endpointOf('default', { routingKey: queue, reconnectDelay: 20 }, proxy.url));
      closers.push(() => producer.close!());
      const request = around.send(producer, around.exchange('a', {}, true));
      await eventuallyCount(broker, queue, 1);
      await pause(30);
      await proxy.cut();
      expect((await request).exception!.message).to.match(/before the reply came/);
      await proxy.mend();
    });

    it('works over a slow connection', async () => {
      await proxy.open();
      await proxy.add('slow', 'latency', { latency: 60, jitter: 20 });
      const target = await consume();
      for (const name of ['a', 'b', 'c']) await broker.send(queue, name);
      await soon(() => expect(target.settled).to.equal(3));
      expect(around.waits).to.deep.equal([]);
    });

    it('notices by the heartbeat that a silent connection is dead, and consumes over another one', async () => {
      await proxy.open();
      const target = await consume({ requestedHeartbeat: 1 });
      await broker.send(queue, 'a');
      await soon(() => expect(target.settled).to.equal(1));
      await proxy.add('silence', 'timeout', { timeout: 0 });
      await soon(() => expect(around.waits.length).to.be.at.least(1));
      expect(around.waits[0]).to.match(/heartbeat|no answer/);
      await proxy.remove('silence');
      await broker.send(queue, 'b');
      await soon(() => expect(bodies(target)).to.include('b'), 20_000);
    }).timeout(30_000);

    it('closes although the connection has gone silent', async () => {
      await proxy.open();
      const target = new TestRoute(around.scope);
      const consumer = await around.consumer(definition, endpointOf('default', { queues: queue, 'arg.queue.durable': true, requestedHeartbeat: 60 }, proxy.url));
      await consumer.start(target);
      await proxy.add('silence', 'timeout', { timeout: 0 });
      const start = systemClock.now();
      await consumer.stop();
      await consumer.close!();
      expect(systemClock.now() - start).to.be.below(8000);
    });
  },
  { TOXIPROXY_URL: toxiproxy },
);

async function eventuallyCount(broker: Broker, queue: string, count: number): Promise<void> {
  const end = systemClock.now() + 5000;
  while ((await broker.count(queue)) < count && systemClock.now() < end) await pause(10);
}
