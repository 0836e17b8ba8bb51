import { expect } from 'chai';
import type { Consumer, Producer } from '../../../src/core/connector.ts';
import { kafka } from '../../../src/connectors/kafka/definition.ts';
import { Surroundings, TestRoute } from '../../contract/connector.ts';
import { relay } from './relay.ts';
import { Broker, describeWithKafka, pause, proxiedBrokers, quick, soon } from './broker.ts';

const definition = kafka as never;
const toxiproxy = process.env['TOXIPROXY_URL'] ?? '';

/** The proxy in front of the broker: Kafka tells clients its port, so there is only this one. */
const proxy = {
  call: async (path: string, body: unknown, method = 'POST'): Promise<void> => {
    const response = await fetch(`${toxiproxy}${path}`, { method, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  },
  cut: () => proxy.call('/proxies/kafka', { enabled: false }),
  mend: () => proxy.call('/proxies/kafka', { enabled: true }),
  add: (type: string, attributes: object, stream = 'downstream') => proxy.call('/proxies/kafka/toxics', { name: 'test', type, stream, attributes }),
  remove: () => proxy.call('/proxies/kafka/toxics/test', undefined, 'DELETE'),
  reset: () => proxy.call('/reset', {}),
};

describeWithKafka(
  'kafka over a bad network',
  function () {
    this.timeout(40_000);
    let broker: Broker;
    let around: Surroundings;
    let consumers: Consumer[];
    let producers: Producer[];
    let group: string;
    let topic: string;

    beforeEach(async () => {
      await proxy.reset();
      broker = await Broker.open();
      around = new Surroundings();
      consumers = [];
      producers = [];
      group = broker.name('group');
      topic = await broker.topic();
    });

    afterEach(async () => {
      await proxy.reset();
      for (const consumer of consumers) {
        await consumer.stop();
        await consumer.close!();
      }
      for (const producer of producers) await producer.close!();
      expect(around.clock.waiting, 'timers left behind').to.equal(0);
      await broker.close();
    });

    const consume = async (options = ''): Promise<TestRoute> => {
      const route = new TestRoute(around.scope);
      const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${proxiedBrokers}&groupId=${group}&autoOffsetReset=earliest&${quick}${options}`);
      consumers.push(consumer);
      await consumer.start(route);
      return route;
    };

    const producerFor = async (options = ''): Promise<Producer> => {
      const producer = await around.producer(definition, `kafka:${topic}?brokers=${proxiedBrokers}&${quick}${options}`);
      producers.push(producer);
      return producer;
    };

    const bodies = (route: TestRoute): string[] => route.received.map(({ body }) => String(body));
    const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => String(from + i));
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

    it('starts while the broker is down, says so once, and reads when it comes', async () => {
      await broker.send(topic, 'a');
      await proxy.cut();
      const route = await consume();
      await pause(500);
      expect(around.waits).to.have.length(1);
      expect(around.waits[0]).to.match(new RegExp(`^kafka:${topic}.*can't reach ${proxiedBrokers}`));
      await proxy.mend();
      await soon(() => expect(bodies(route)).to.deep.equal(['a']));
      expect(around.waits.slice(1)).to.deep.equal(['ready']);
    });

    it('reads a topic that comes later', async () => {
      topic = broker.name('late');
      const route = await consume();
      await broker.topic(1, {}, topic).catch(() => undefined);
      await broker.send(topic, 'a');
      await soon(() => expect(bodies(route)).to.deep.equal(['a']));
    });

    it('delivers everything in order, and nothing twice, over cuts, and leaves no socket behind', async () => {
      const before = sockets();
      const route = await consume();
      for (let round = 0; round < 3; round++) {
        await broker.send(topic, ...numbers(round * 100, round * 100 + 50));
        await soon(() => expect(route.received.length).to.be.greaterThan(round * 100));
        await proxy.cut();
        await broker.send(topic, ...numbers(round * 100 + 50, round * 100 + 100));
        await pause(200);
        await proxy.mend();
      }
      await soon(() => expect(route.received).to.have.length(300));
      expect(bodies(route)).to.deep.equal(numbers(0, 300));
      await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([300]));
      for (const consumer of consumers.splice(0)) {
        await consumer.stop();
        await consumer.close!();
      }
      await soon(() => expect(sockets()).to.be.at.most(before));
    });

    it('sends everything once, in order, over cuts and resets', async () => {
      const producer = await producerFor();
      const sending: Promise<unknown>[] = [];
      for (let i = 0; i < 600; i++) {
        sending.push(around.send(producer, around.exchange(String(i))).then(({ exception }) => expect(exception).to.equal(null)));
        if (i % 200 === 100) await proxy.cut();
        if (i % 200 === 150) await proxy.mend();
        if (i % 10 === 0) await pause(5);
      }
      await proxy.add('reset_peer', { timeout: 0 });
      sending.push(around.send(producer, around.exchange('last')));
      await pause(100);
      await proxy.remove();
      await Promise.all(sending);
      expect((await broker.read(topic)).map(({ text }) => text)).to.deep.equal([...numbers(0, 600), 'last']);
    });

    it('writes a request once whose answer is lost', async () => {
      const producer = await producerFor('&requestTimeoutMs=300');
      await around.send(producer, around.exchange('first'));
      // The request arrives, the answer does not.
      await proxy.add('timeout', { timeout: 0 });
      const sending = around.send(producer, around.exchange('second'));
      await soon(async () => expect(await broker.count(topic)).to.equal(2));
      await pause(400);
      await proxy.remove();
      expect((await sending).exception).to.equal(null);
      await around.send(producer, around.exchange('third'));
      expect((await broker.read(topic)).map(({ text }) => text)).to.deep.equal(['first', 'second', 'third']);
    });

    it('may write it twice without enableIdempotence', async () => {
      const producer = await producerFor('&requestTimeoutMs=300&enableIdempotence=false');
      await around.send(producer, around.exchange('first'));
      await proxy.add('timeout', { timeout: 0 });
      const sending = around.send(producer, around.exchange('second'));
      await soon(async () => expect(await broker.count(topic)).to.be.at.least(2));
      await pause(400);
      await proxy.remove();
      expect((await sending).exception).to.equal(null);
      expect((await broker.read(topic)).map(({ text }) => text).slice(0, 3)).to.deep.equal(['first', 'second', 'second']);
    });

    it('fails a commit that the route asks for when there is no answer in time', async () => {
      const route = await consume('&autoCommitEnable=false&allowManualCommit=true&commitTimeoutMs=200');
      await broker.send(topic, 'a');
      await soon(() => expect(route.settled).to.equal(1));
      const { commit } = route.received[0]!.headers.get('CamelKafkaManualCommit') as { commit(): Promise<void> };
      await proxy.add('timeout', { timeout: 0 });
      let failure: Error | null = null;
      await commit().catch((thrown: Error) => (failure = thrown));
      await proxy.remove();
      expect(failure!.message).to.match(new RegExp(`^kafka:${topic}.*${topic}/0/1 within 200 ms`));
    });

    it('fails a send when its time is over, and does not take later ones for it', async () => {
      const producer = await producerFor('&requestTimeoutMs=200&deliveryTimeoutMs=600');
      await around.send(producer, around.exchange('first'));
      await proxy.add('timeout', { timeout: 0 });
      const lost = await around.send(producer, around.exchange('unknown'));
      expect(lost.exception?.type).to.equal('org.apache.kafka.common.errors.TimeoutException');
      await proxy.remove();
      expect((await around.send(producer, around.exchange('third'))).exception).to.equal(null);
      expect((await broker.read(topic)).map(({ text }) => text).filter((text) => text !== 'unknown')).to.deep.equal(['first', 'third']);
    });

    it('notices a connection that is half open, and goes on by another', async () => {
      const route = await consume('&consumerRequestTimeoutMs=400');
      await broker.send(topic, 'a');
      await soon(() => expect(bodies(route)).to.deep.equal(['a']));
      await proxy.add('timeout', { timeout: 0 });
      await broker.send(topic, 'b');
      await pause(800);
      await proxy.remove();
      await soon(() => expect(bodies(route)).to.deep.equal(['a', 'b']));
    });

    it('is only slower over a slow line', async () => {
      await proxy.add('latency', { latency: 150 });
      const route = await consume();
      const producer = await producerFor();
      await Promise.all(numbers(0, 100).map((value) => around.send(producer, around.exchange(value))));
      await soon(() => expect(route.received).to.have.length(100));
    });

    it('stops while the broker is gone, and leaves no socket behind', async () => {
      const before = sockets();
      const route = await consume('&shutdownTimeout=1000');
      const producer = await producerFor('&deliveryTimeoutMs=60000&shutdownTimeout=300');
      await around.send(producer, around.exchange('a'));
      await soon(() => expect(route.settled).to.equal(1));
      await proxy.cut();
      const unsent = around.send(producer, around.exchange('b'));
      await pause(200);
      const begun = Date.now();
      for (const consumer of consumers.splice(0)) {
        await consumer.stop();
        await consumer.close!();
      }
      for (const one of producers.splice(0)) await one.close!();
      expect(Date.now() - begun).to.be.below(5000);
      expect((await unsent).exception, 'what could not be sent has failed').not.to.equal(null);
      await soon(() => expect(sockets()).to.be.at.most(before));
    });

    it('commits exactly once over cuts', async () => {
      const out = await broker.topic();
      const producer = await producerFor();
      producers.pop();
      await producer.close!();
      const eo = await around.producer(definition, `kafka:${out}?brokers=${proxiedBrokers}&${quick}`);
      producers.push(eo);
      const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${proxiedBrokers}&groupId=${group}&autoOffsetReset=earliest&exactlyOnce=true&maxPollRecords=50&${quick}`);
      consumers.push(consumer);
      await broker.send(topic, ...numbers(0, 1000));
      await consumer.start(relay(around, eo));
      for (let cut = 0; cut < 3; cut++) {
        const before = await broker.count(out);
        await soon(async () => expect(await broker.count(out)).to.be.greaterThan(before));
        await proxy.cut();
        await pause(150);
        await proxy.mend();
      }
      await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([1001 - 1]), 30_000);
      expect((await broker.read(out)).map(({ text }) => text)).to.deep.equal(numbers(0, 1000));
    });
  },
  ['KAFKA_BROKERS_PROXIED', 'TOXIPROXY_URL'],
);
