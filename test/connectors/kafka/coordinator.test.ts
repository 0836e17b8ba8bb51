import { expect } from 'chai';
import LibraryBroker from 'kafkajs/src/broker/index.js';
import Cluster from 'kafkajs/src/cluster/index.js';
import type { Consumer, Producer } from '../../../src/core/connector.ts';
import { kafka } from '../../../src/connectors/kafka/definition.ts';
import { Surroundings, TestRoute } from '../../contract/connector.ts';
import { Broker, brokers, describeWithKafka, quick, soon } from './broker.ts';

const definition = kafka as never;
const transactions = 1;

/** A failure as the library makes them. */
const failure = (name: string): Error => Object.assign(new Error(`no answer (${name})`), { name });

describeWithKafka('kafka, while a coordinator of transactions can not answer', function () {
  this.timeout(30_000);
  const { findGroupCoordinator } = Cluster.prototype;
  const { endTxn } = LibraryBroker.prototype;
  let broker: Broker;
  let around: Surroundings;
  let producers: Producer[];
  let consumers: Consumer[];

  beforeEach(async () => {
    broker = await Broker.open();
    around = new Surroundings();
    producers = [];
    consumers = [];
  });

  afterEach(async () => {
    Cluster.prototype.findGroupCoordinator = findGroupCoordinator;
    LibraryBroker.prototype.endTxn = endTxn;
    for (const consumer of consumers) {
      await consumer.stop();
      await consumer.close!();
    }
    for (const producer of producers) await producer.close!();
    expect(around.clock.waiting, 'timers left behind').to.equal(0);
    await broker.close();
  });

  /** As a broker that has just started: it has no coordinator of transactions yet. */
  const hideCoordinator = (times: number): (() => number) => {
    let left = times;
    Cluster.prototype.findGroupCoordinator = function (this: Cluster, wanted) {
      if (wanted.coordinatorType !== transactions || left <= 0) return findGroupCoordinator.call(this, wanted);
      left--;
      return Promise.reject(failure('KafkaJSGroupCoordinatorNotFound'));
    };
    return () => left;
  };

  const producerFor = async (topic: string, options = ''): Promise<Producer> => {
    const producer = await around.producer(definition, `kafka:${topic}?brokers=${brokers}&transactionalId=${broker.name('tx')}&${quick}${options}`);
    producers.push(producer);
    return producer;
  };

  const read = async (topic: string): Promise<(string | null)[]> => (await broker.read(topic)).map(({ text }) => text);

  it('asks again before a transaction begins, and sends what it was given', async () => {
    const topic = await broker.topic();
    const left = hideCoordinator(8);
    const sent = await around.send(await producerFor(topic), around.exchange('a'));
    expect(sent.exception).to.equal(null);
    expect(left()).to.equal(0);
    await soon(async () => expect(await read(topic)).to.deep.equal(['a']));
  });

  it('fails with endpoint and reason when maxBlockMs is over', async () => {
    const topic = await broker.topic();
    hideCoordinator(Number.MAX_SAFE_INTEGER);
    const sent = await around.send(await producerFor(topic, '&maxBlockMs=200'), around.exchange('a'));
    expect(sent.exception?.message).to.match(new RegExp(`^kafka:${topic}.*no answer`));
  });

  it('asks again whether a transaction has ended when the answer is lost', async () => {
    const topic = await broker.topic();
    const producer = await producerFor(topic);
    let calls = 0;
    LibraryBroker.prototype.endTxn = async function (this: LibraryBroker, request) {
      const answer = await endTxn.call(this, request);
      if (++calls === 1) throw failure('KafkaJSConnectionClosedError');
      return answer;
    };
    const outcomes: (string | null)[] = [];
    for (const name of ['a', 'b']) await around.send(producer, around.exchange(name), ({ exception }) => void outcomes.push(exception?.message ?? null));
    await soon(() => expect(outcomes).to.deep.equal([null, null]));
    expect(calls).to.equal(3);
    await soon(async () => expect(await read(topic)).to.deep.equal(['a', 'b']));
  });

  it('joins the group again, exactly once, when partitions come and their transactions can not be opened', async () => {
    const topic = await broker.topic();
    await broker.send(topic, 'a', 'b');
    const left = hideCoordinator(12);
    const route = new TestRoute(around.scope);
    const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${broker.name('group')}&autoOffsetReset=earliest&exactlyOnce=true&maxBlockMs=50&${quick}`);
    consumers.push(consumer);
    await consumer.start(route);
    await soon(() => expect(route.received.map(({ body }) => body)).to.deep.equal(['a', 'b']));
    expect(left()).to.equal(0);
  });
});
