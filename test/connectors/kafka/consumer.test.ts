import { expect } from 'chai';
import type { Consumer } from '../../../src/core/connector.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { HANDLED } from '../../../src/core/exchange/exchange.ts';
import { transactedRoutesOf } from '../../../src/core/exchange/transaction.ts';
import { kafkaBrokers } from '../../../src/core/beans/kafkaProducerFactory.ts';
import { kafka } from '../../../src/connectors/kafka/definition.ts';
import { Surroundings, TestRoute } from '../../contract/connector.ts';
import { Broker, brokers, describeWithKafka, pause, quick, soon } from './broker.ts';
import { relay } from './relay.ts';

const definition = kafka as never;

describeWithKafka('the consumer of kafka', function () {
  // Longer than `soon` waits, so that it can say what did not come.
  this.timeout(20_000);
  let broker: Broker;
  let around: Surroundings;
  let consumers: Consumer[];
  let group: string;
  const beans: Record<string, unknown> = {};

  beforeEach(async () => {
    broker = await Broker.open();
    around = new Surroundings({ beans });
    consumers = [];
    group = broker.name('group');
  });

  afterEach(async () => {
    for (const consumer of consumers) {
      await consumer.stop();
      await consumer.close!();
    }
    expect(around.clock.waiting, 'timers left behind').to.equal(0);
    await broker.close();
  });

  const consume = async (topic: string, options = '', work?: (exchange: Exchange) => unknown, change: Partial<TestRoute> = {}): Promise<TestRoute> => {
    const route = Object.assign(new TestRoute(around.scope, work), change);
    const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&autoOffsetReset=earliest&${quick}${options}`);
    consumers.push(consumer);
    await consumer.start(route);
    return route;
  };

  const end = async (): Promise<void> => {
    const consumer = consumers.pop()!;
    await consumer.stop();
    await consumer.close!();
  };

  const bodies = (route: TestRoute): unknown[] => route.received.map(({ body }) => body);
  const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => String(from + i));

  it('gives each record its place, key, time and headers, and lets no header of Camel in', async () => {
    const topic = await broker.topic();
    await broker.send(topic, {
      key: 'k',
      value: 'v',
      headers: { color: 'red', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', bytes: Buffer.from([0xff, 0xfe]), CamelFileName: '../etc', 'camelhttpuri': 'x', 'kafka.OVERRIDE_TOPIC': 'x' },
    });
    const route = await consume(topic);
    await soon(() => expect(route.received).to.have.length(1));
    const { headers } = route.received[0]!;
    expect(headers.get('CamelKafkaTopic')).to.equal(topic);
    expect(headers.get('CamelKafkaPartition')).to.equal(0);
    expect(headers.get('CamelKafkaOffset')).to.equal(0);
    expect(headers.get('CamelKafkaKey')).to.equal('k');
    expect(headers.get('kafka.KEY'), 'its former name').to.equal('k');
    expect(headers.get('CamelKafkaTimestamp')).to.be.closeTo(Date.now(), 60_000);
    expect(headers.get('Color')).to.equal('red');
    expect(headers.get('traceparent')).to.match(/^00-0af7/);
    expect(headers.get('bytes')).to.deep.equal(Buffer.from([0xff, 0xfe]));
    expect(headers.get('CamelFileName')).to.equal(undefined);
    expect(headers.names().filter((name) => /^camel(file|http)/i.test(name) || name.startsWith('kafka.'))).to.deep.equal([]);
    expect(route.deliveries[0]!.id).to.equal(`${topic}/0/0`);
  });

  it('reads values and keys as the deserialisers say', async () => {
    const topic = await broker.topic();
    const long = Buffer.alloc(8);
    long.writeBigInt64BE(42n);
    await broker.send(topic, { key: long, value: '{"a":[1]}' });
    const route = await consume(topic, '&keyDeserializer=org.apache.kafka.common.serialization.LongDeserializer&valueDeserializer=io.confluent.kafka.serializers.KafkaJsonDeserializer');
    await soon(() => expect(route.received).to.have.length(1));
    expect(route.received[0]!.headers.get('CamelKafkaKey')).to.equal(42);
    expect(bodies(route)).to.deep.equal([{ a: [1] }]);
  });

  it('takes a tombstone for a body of null', async () => {
    const topic = await broker.topic();
    await broker.send(topic, { key: 'gone', value: null });
    const route = await consume(topic);
    await soon(() => expect(bodies(route)).to.deep.equal([null]));
  });

  it('has several records of a partition under way at once, in order, and one lane a partition', async () => {
    const topic = await broker.topic(2);
    await broker.send(topic, ...numbers(0, 40).map((value) => ({ value, partition: Number(value) % 2 })));
    const route = new TestRoute(around.scope);
    route.isHolding = true;
    const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&autoOffsetReset=earliest&recordsInFlight=8&${quick}`);
    consumers.push(consumer);
    await consumer.start(route);
    await soon(() => expect(route.held).to.have.length(16));
    await pause(50);
    expect(route.held, '8 of each partition').to.have.length(16);
    expect(new Set(route.held.map(({ lane }) => lane)).size).to.equal(2);
    route.releaseAll();
    await soon(() => expect(route.received).to.have.length(40));
    for (const parity of [0, 1]) expect(bodies(route).filter((body) => Number(body) % 2 === parity)).to.deep.equal(numbers(0, 40).filter((body) => Number(body) % 2 === parity));
  });

  it('takes one record of a partition after the other with recordsInFlight=1', async () => {
    const topic = await broker.topic();
    await broker.send(topic, ...numbers(0, 5));
    const route = await consume(topic, '&recordsInFlight=1', undefined, { isHolding: true });
    for (let count = 1; count <= 5; count++) {
      await soon(() => expect(route.received).to.have.length(count));
      await pause(30);
      expect(route.received, 'the next one waits').to.have.length(count);
      route.release();
    }
    expect(bodies(route)).to.deep.equal(numbers(0, 5));
    expect(route.most).to.equal(1);
  });

  it('commits the lowest offset up to which all is done', async () => {
    const topic = await broker.topic();
    await broker.send(topic, ...numbers(0, 5));
    const route = new TestRoute(around.scope);
    route.isHolding = true;
    const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&autoOffsetReset=earliest&autoCommitIntervalMs=20&${quick}`);
    consumers.push(consumer);
    await consumer.start(route);
    await soon(() => expect(route.held).to.have.length(5));
    const [first, second, third, fourth] = route.held;
    for (const exchange of [second!, fourth!]) exchange.leave();
    await pause(100);
    expect(await broker.committed(group, topic)).to.deep.equal([-1]);
    first!.leave();
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([2]));
    third!.leave();
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([4]));
    route.held.at(-1)!.leave();
    route.held.length = 0;
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([5]));
  });

  it('goes on where the group has committed after a restart', async () => {
    const topic = await broker.topic();
    await broker.send(topic, 'a', 'b');
    const first = await consume(topic);
    await soon(() => expect(bodies(first)).to.deep.equal(['a', 'b']));
    await end();
    await broker.send(topic, 'c');
    const second = await consume(topic);
    await soon(() => expect(bodies(second)).to.deep.equal(['c']));
  });

  it('says that a failed record would be lost, unless breakOnFirstError delivers it again', async () => {
    const topic = await broker.topic();
    await broker.send(topic, 'a');
    const route = await consume(topic, '', (exchange) => {
      exchange.halt |= HANDLED;
    });
    await soon(() => expect(route.received).to.have.length(1));
    expect(route.deliveries[0]!.wouldLose).to.equal(true);
    await end();
    await broker.send(topic, 'b');
    const breaking = await consume(topic, '&breakOnFirstError=true');
    await soon(() => expect(breaking.received).to.have.length(1));
    expect(breaking.deliveries[0]!.wouldLose).to.equal(false);
  });

  it('delivers again from the failed record on, in order, until it succeeds', async () => {
    const topic = await broker.topic();
    await broker.send(topic, 'a', 'b', 'c');
    let failures = 0;
    const route = await consume(topic, '&breakOnFirstError=true', ({ body }) => {
      if (body === 'b' && failures++ < 2) throw new Error('not yet');
    });
    await soon(() => expect(bodies(route)).to.deep.equal(['a', 'b', 'b', 'b', 'c']));
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([3]));
  });

  it('makes a failed exchange of a record that can not be read, goes on, and skips it with DISCARD', async () => {
    const topic = await broker.topic();
    await broker.send(topic, '{"a":1}', 'no json', '{"a":2}');
    const json = '&valueDeserializer=org.springframework.kafka.support.serializer.JsonDeserializer';
    const route = await consume(topic, json, undefined, { keepsLost: true });
    await soon(() => expect(route.received).to.have.length(3));
    expect(bodies(route)[2]).to.deep.equal({ a: 2 });
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([3]));
    expect(route.received[1]!.exception?.type).to.equal('org.apache.kafka.common.errors.SerializationException');
    expect(String(route.received[1]!.body)).to.equal('no json');
    expect(route.deliveries[1]!.wouldLose).to.equal(true);
    group = broker.name('group');
    const discarding = await consume(topic, `${json}&pollOnError=DISCARD`);
    await soon(() => expect(bodies(discarding)).to.deep.equal([{ a: 1 }, { a: 2 }]));
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([3]));
  });

  it('tries a record that can not be read again with RETRY, and reads no further with STOP', async () => {
    for (const more of ['', '&exactlyOnce=true', '&batching=true&maxPollRecords=2&batchingIntervalMs=50']) {
      const topic = await broker.topic();
      group = broker.name('group');
      await broker.send(topic, 'a', 'b', 'c');
      let tries = 0;
      beans['moody'] = {
        deserialize: (_topic: string, bytes: Buffer) => {
          if (bytes.toString() === 'b' && ++tries < 4) throw new Error('not in the mood');
          return bytes.toString();
        },
      };
      const route = await consume(topic, `&valueDeserializer=#moody&pollOnError=RETRY${more}`);
      await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([3]));
      expect(bodies(route).flatMap((body) => (Array.isArray(body) ? (body as Exchange[]).map((part) => part.body) : [body])), more).to.deep.equal(['a', 'b', 'c']);
      expect(tries).to.equal(4);
      expect(around.logs.filter((line) => /not in the mood; tried again/.test(line)), 'said once').to.have.length(1);
      around.logs.length = 0;
      await end();
    }
    const topic = await broker.topic();
    group = broker.name('group');
    await broker.send(topic, '1', 'no json', '2');
    const route = await consume(topic, '&valueDeserializer=JsonDeserializer&pollOnError=STOP');
    await soon(() => expect(around.waits.join()).to.match(/no JSON.*reading has stopped/));
    await pause(100);
    expect(bodies(route)).to.deep.equal([1]);
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([1]));
  });

  it('begins at the latest record, at the first, or fails without an offset, as autoOffsetReset says', async () => {
    const topic = await broker.topic();
    await broker.send(topic, 'old');
    const latest = new TestRoute(around.scope);
    const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&${quick}`);
    consumers.push(consumer);
    await consumer.start(latest);
    await pause(200);
    await broker.send(topic, 'new');
    await soon(() => expect(bodies(latest)).to.deep.equal(['new']));
    group = broker.name('group');
    let message = '';
    const none = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&autoOffsetReset=none&${quick}`);
    consumers.push(none);
    await none.start(new TestRoute(around.scope)).catch((thrown: unknown) => (message = (thrown as Error).message));
    expect(message).to.match(new RegExp(`no offset for ${topic}/0`));
  });

  it('begins where seekTo says, whatever is committed', async () => {
    const topic = await broker.topic();
    await broker.send(topic, 'a', 'b');
    const first = await consume(topic);
    await soon(() => expect(first.settled).to.equal(2));
    await end();
    const again = await consume(topic, '&seekTo=BEGINNING');
    await soon(() => expect(bodies(again)).to.deep.equal(['a', 'b']));
    await end();
    await broker.send(topic, 'c');
    const later = await consume(topic, '&seekTo=END');
    await pause(150);
    await broker.send(topic, 'd');
    await soon(() => expect(bodies(later)).to.deep.equal(['d']));
  });

  it('reads all topics that match a pattern, those too that come later', async () => {
    const prefix = broker.name('pattern');
    await broker.send(await broker.topic(1, {}, `${prefix}-a`), 'a');
    await broker.topic(1, {}, `other-${prefix}`);
    const route = await consume(`${prefix}-.*`, '&topicIsPattern=true&metadataMaxAgeMs=150');
    await soon(() => expect(bodies(route)).to.deep.equal(['a']));
    await broker.send(await broker.topic(1, {}, `${prefix}-b`), 'b');
    await soon(() => expect(bodies(route)).to.deep.equal(['a', 'b']));
  });

  it('reads several topics, with several members', async () => {
    const [one, two] = [await broker.topic(2), await broker.topic(2)];
    const route = await consume(`${one},${two}`, '&consumersCount=2');
    await broker.send(one, ...numbers(0, 20).map((value) => ({ value, key: value })));
    await broker.send(two, ...numbers(20, 40).map((value) => ({ value, key: value })));
    await soon(() => expect(bodies(route).map(Number).sort((a, b) => a - b)).to.deep.equal(numbers(0, 40).map(Number)));
    const { groups } = await broker.admin.describeGroups([group]);
    expect(groups[0]!.members).to.have.length(2);
  });

  it('gives a batch as one exchange with a list, when it is full or its time is over', async () => {
    const topic = await broker.topic();
    await broker.send(topic, ...numbers(0, 5));
    const route = await consume(topic, '&batching=true&maxPollRecords=3&batchingIntervalMs=100');
    await soon(() => expect(route.received).to.have.length(2));
    const lists = route.received.map(({ body }) => (body as Exchange[]).map((part) => part.body));
    expect(lists).to.deep.equal([numbers(0, 3), numbers(3, 5)]);
    expect((route.received[0]!.body as Exchange[])[1]!.headers.get('CamelKafkaOffset')).to.equal(1);
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([5]));
  });

  it('gives a record that can not be read an exchange of its own, between the batches of those around it', async () => {
    const topic = await broker.topic();
    await broker.send(topic, '1', '2', 'no json', '3', '4');
    const route = await consume(topic, '&batching=true&maxPollRecords=3&batchingIntervalMs=100&valueDeserializer=JsonDeserializer', undefined, { keepsLost: true });
    await soon(() => expect(route.received).to.have.length(3));
    const shown = route.received.map(({ body }) => (Array.isArray(body) ? (body as Exchange[]).map((part) => part.body) : String(body)));
    expect(shown).to.deep.equal([[1, 2], 'no json', [3, 4]]);
    expect(route.received.map(({ exception }) => exception?.type ?? null)).to.deep.equal([null, 'org.apache.kafka.common.errors.SerializationException', null]);
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([5]));
  });

  it('gives a batch whose time ended while it was suspended when it is resumed', async () => {
    const topic = await broker.topic();
    const route = await consume(topic, '&batching=true&maxPollRecords=3&batchingIntervalMs=150');
    await broker.send(topic, 'a');
    // It is being gathered: nothing has come yet.
    await soon(() => expect(around.clock.waiting).to.be.greaterThan(0));
    await pause(80);
    await consumers[0]!.suspend!();
    const before = route.received.length;
    await pause(250);
    expect(route.received).to.have.length(before);
    await consumers[0]!.resume!();
    await soon(() => expect(route.settled).to.equal(1));
  });

  it('delivers a batch that failed again before what was being gathered behind it, with breakOnFirstError', async () => {
    const topic = await broker.topic();
    await broker.send(topic, ...numbers(0, 5));
    const route = await consume(topic, '&batching=true&maxPollRecords=2&batchingIntervalMs=1500&breakOnFirstError=true', undefined, { isHolding: true });
    await soon(() => expect(route.held).to.have.length(2));
    route.held[0]!.fail(new Error('not yet'));
    route.releaseAll();
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([5]));
    expect(route.received.map(({ body }) => (body as Exchange[]).map((part) => part.body).join())).to.deep.equal(['0,1', '2,3', '0,1', '2,3', '4']);
  });

  it('commits only when the route says so, with manual commits', async () => {
    const topic = await broker.topic();
    await broker.send(topic, ...numbers(0, 4));
    const route = await consume(topic, '&autoCommitEnable=false&allowManualCommit=true');
    await soon(() => expect(route.settled).to.equal(4));
    expect(await broker.committed(group, topic)).to.deep.equal([-1]);
    const { commit } = route.received[2]!.headers.get('CamelKafkaManualCommit') as { commit(): Promise<void> };
    await commit();
    expect(await broker.committed(group, topic)).to.deep.equal([3]);
    expect(route.received.map(({ headers }) => headers.get('CamelKafkaLastPollRecord'))).to.deep.equal([false, false, false, true]);
  });

  it('commits what the route asked for when the records before are done, at the latest when it stops', async () => {
    for (const isStopping of [false, true]) {
      const topic = await broker.topic();
      group = broker.name('group');
      await broker.send(topic, 'a', 'b', 'c');
      const route = await consume(topic, '&autoCommitEnable=false&allowManualCommit=true&recordsInFlight=3', undefined, { isHolding: true });
      await soon(() => expect(route.held).to.have.length(3));
      await (route.held[1]!.headers.get('CamelKafkaManualCommit') as { commit(): Promise<void> }).commit();
      expect(await broker.committed(group, topic)).to.deep.equal([-1]);
      const stopping = isStopping ? consumers[0]!.stop() : Promise.resolve();
      route.releaseAll();
      await stopping;
      await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([2]));
      await end();
    }
  });

  it('goes on where the route commits each record itself, and it is committed by itself as well', async () => {
    const topic = await broker.topic();
    await broker.send(topic, ...numbers(0, 120));
    const route = await consume(topic, '&allowManualCommit=true&recordsInFlight=1&autoCommitIntervalMs=60000', undefined, { isHolding: true });
    for (let at = 0; at < 120; at++) {
      const held = await soon(() => {
        expect(route.held, `record ${at}`).to.have.length(1);
        return route.held[0]!;
      });
      await (held.headers.get('CamelKafkaManualCommit') as { commit(): Promise<void> }).commit();
      route.release();
    }
    expect(await broker.committed(group, topic)).to.deep.equal([120]);
  });

  it('gives the route what a factory makes of a manual commit', async () => {
    const topic = await broker.topic();
    await broker.send(topic, 'a', 'b');
    beans['factory'] = { newInstance: (record: { topic: string; offset: number; commit: () => Promise<void> }) => ({ place: `${record.topic}/${record.offset}`, confirm: record.commit }) };
    const route = await consume(topic, '&autoCommitEnable=false&allowManualCommit=true&kafkaManualCommitFactory=#factory');
    await soon(() => expect(route.settled).to.equal(2));
    const made = route.received[0]!.headers.get('CamelKafkaManualCommit') as { place: string; confirm(): Promise<void> };
    expect(made.place).to.equal(`${topic}/0`);
    await made.confirm();
    expect(await broker.committed(group, topic)).to.deep.equal([1]);
  });

  it('fails the records that a factory makes nothing of, and goes on', async () => {
    const topic = await broker.topic();
    await broker.send(topic, 'a', 'b', 'c');
    beans['factory'] = {
      newInstance: ({ offset }: { offset: number }) => {
        if (offset === 1) throw new Error('no such commit');
      },
    };
    const route = await consume(topic, '&autoCommitEnable=false&allowManualCommit=true&kafkaManualCommitFactory=#factory', undefined, { keepsLost: true });
    await soon(() => expect(route.settled).to.equal(3));
    expect(route.received.map(({ exception }) => exception?.message ?? null)).to.deep.equal([null, 'no such commit', null]);
  });

  it('makes requests of its exchanges, and reads headers by beans, as options say', async () => {
    const topic = await broker.topic();
    await broker.send(topic, { value: 'v', headers: { loud: 'x', hidden: 'y' } });
    beans['headers'] = { deserialize: (name: string, bytes: Buffer) => `${name}=${bytes.toString()}!` };
    beans['filter'] = { applyFilterToExternalHeaders: (name: string) => name === 'hidden' };
    const route = await consume(topic, '&exchangePattern=InOut&headerDeserializer=#headers&headerFilterStrategy=#filter');
    await soon(() => expect(route.received).to.have.length(1));
    expect(route.received[0]!.isInOut).to.equal(true);
    expect(route.received[0]!.headers.get('loud')).to.equal('loud=x!');
    expect(route.received[0]!.headers.get('hidden')).to.equal(undefined);
  });

  it('reads a record that is larger than all that a fetch may bring', async () => {
    const topic = await broker.topic();
    await broker.send(topic, 'small', 'x'.repeat(200_000), 'last');
    const route = await consume(topic, '&maxPartitionFetchBytes=1000&fetchMaxBytes=1000');
    await soon(() => expect(bodies(route).map((body) => String(body).length)).to.deep.equal([5, 200_000, 4]));
  });

  it('lets the broker wait for fetchMinBytes', async () => {
    const topic = await broker.topic();
    const route = new TestRoute(around.scope);
    const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&autoOffsetReset=earliest&fetchMinBytes=100000&fetchWaitMaxMs=8000`);
    consumers.push(consumer);
    await consumer.start(route);
    await broker.send(topic, 'a');
    await pause(400);
    expect(route.received, 'one small record waits').to.have.length(0);
    await broker.send(topic, ...Array.from({ length: 30 }, () => 'x'.repeat(10_000)));
    await soon(() => expect(route.received.length).to.be.above(0));
    expect(bodies(route)[0]).to.equal('a');
  });

  it('waits for a batch to be full as long as pollTimeoutMs, where batchingIntervalMs does not say', async () => {
    const topic = await broker.topic();
    await broker.send(topic, 'a', 'b');
    const route = await consume(topic, '&batching=true&maxPollRecords=10&pollTimeoutMs=100');
    await soon(() => expect(route.received.map(({ body }) => (body as Exchange[]).length)).to.deep.equal([2]));
  });

  it('keeps offsets in a repository of its own', async () => {
    const topic = await broker.topic();
    const states = new Map<string, string>([[`${topic}/0`, '1']]);
    beans['offsets'] = { getState: (key: string) => states.get(key), setState: (key: string, value: string) => void states.set(key, value) };
    await broker.send(topic, ...numbers(0, 4));
    const route = await consume(topic, '&offsetRepository=#offsets');
    await soon(() => expect(bodies(route)).to.deep.equal(['2', '3']));
    await soon(() => expect(states.get(`${topic}/0`)).to.equal('3'));
  });

  it('asks a repository that can not store an offset again after a while', async () => {
    const topic = await broker.topic();
    const states = new Map<string, string>();
    let isDown = true;
    let attempts = 0;
    beans['offsets'] = {
      getState: (key: string) => states.get(key),
      setState: (key: string, value: string) => {
        attempts++;
        if (isDown) throw new Error('down');
        states.set(key, value);
      },
    };
    await broker.send(topic, 'a');
    await consume(topic, '&offsetRepository=#offsets&autoCommitIntervalMs=50');
    await soon(() => expect(attempts).to.be.greaterThan(1));
    isDown = false;
    await soon(() => expect(states.get(`${topic}/0`)).to.equal('0'));
  });

  it('commits each batch and what it has sent in one transaction, exactly once, and begins anew with one that failed', async () => {
    const [topic, out] = [await broker.topic(2), await broker.topic(1)];
    await broker.send(topic, ...numbers(0, 20).map((value) => ({ value, partition: Number(value) % 2 })));
    const producer = await around.producer(definition, `kafka:${out}?brokers=${brokers}&${quick}`);
    let failures = 0;
    const lists: string[] = [];
    const underWay = [0, 0];
    let most = 0;
    const valuesOf = ({ body }: Exchange): string[] => (body as Exchange[]).map((part) => String(part.body));
    // One batch fails after it was sent.
    const route = relay(around, producer, (sent) => {
      const values = valuesOf(sent);
      underWay[Number(values[0]) % 2]!--;
      if (values.includes('4') && failures++ < 2) sent.fail(new Error('after sending'));
    });
    const push = route.push.bind(route);
    route.push = (exchange, delivery) => {
      const values = valuesOf(exchange);
      lists.push(values.join());
      most = Math.max(most, ++underWay[Number(values[0]) % 2]!);
      push(exchange, delivery);
    };
    const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&autoOffsetReset=earliest&exactlyOnce=true&batching=true&maxPollRecords=4&batchingIntervalMs=100&breakOnFirstError=true&${quick}`);
    consumers.push(consumer);
    await consumer.start(route);
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([10, 10]));
    expect(failures).to.equal(3);
    expect(most, 'batches of one partition under way at once').to.equal(1);
    expect(lists.filter((list) => list === '0,2,4,6'), 'the batch that failed twice').to.have.length(3);
    expect((await broker.read(out)).map(({ text }) => Number(text)).sort((a, b) => a - b)).to.deep.equal(numbers(0, 20).map(Number));
    await producer.close!();
  });

  it('does not deliver what a transaction has aborted with read_committed', async () => {
    const topic = await broker.topic();
    const producer = await around.producer(definition, `kafka:${topic}?brokers=${brokers}&transactionalId=${broker.name('tx')}`);
    await around.send(producer, around.exchange('good'));
    const failing = around.exchange('bad');
    await around.send({ call: (exchange) => {
      exchange.way = { outer: exchange.way, back: (returned) => {
        returned.fail(new Error('after sending'));
        returned.leave();
      } };
      producer.call!(exchange);
    } }, failing);
    await around.send(producer, around.exchange('also good'));
    const route = await consume(topic, '&isolationLevel=read_committed');
    await soon(() => expect(bodies(route)).to.deep.equal(['good', 'also good']));
    await producer.close!();
  });

  it('loses nothing and repeats nothing when members come and go', async () => {
    const topic = await broker.topic(4);
    const seen = new Map<string, number>();
    let last = Date.now();
    let longest = 0;
    const work = ({ body }: Exchange): void => {
      seen.set(String(body), (seen.get(String(body)) ?? 0) + 1);
      longest = Math.max(longest, Date.now() - last);
      last = Date.now();
    };
    await consume(topic, '', work);
    last = Date.now();
    let next = 0;
    let isOver = false;
    const feeding = (async () => {
      while (!isOver) {
        await broker.send(topic, ...numbers(next, (next += 100)).map((value) => ({ value, key: value })));
        await pause(5);
      }
    })();
    await consume(topic, '', work);
    await consume(topic, '', work);
    await pause(300);
    await end();
    await pause(200);
    await end();
    await pause(100);
    isOver = true;
    await feeding;
    await soon(() => expect(seen.size).to.equal(next));
    const twice = [...seen.values()].filter((count) => count > 1);
    console.log(`        ${next} records over four rebalances: ${twice.length} twice, nothing came for ${longest} ms at most`);
    expect(twice, 'delivered twice').to.deep.equal([]);
    await soon(async () => expect((await broker.committed(group, topic)).reduce((sum, offset) => sum + Math.max(0, offset), 0)).to.equal(next));
  });

  it('sends everything exactly once while members come and go', async () => {
    const [topic, out] = [await broker.topic(4), await broker.topic(1)];
    const producer = await around.producer(definition, `kafka:${out}?brokers=${brokers}&${quick}`);
    const join = async (): Promise<void> => {
      const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&autoOffsetReset=earliest&exactlyOnce=true&maxPollRecords=50&${quick}`);
      consumers.push(consumer);
      await consumer.start(relay(around, producer));
    };
    let next = 0;
    let isOver = false;
    await join();
    const feeding = (async () => {
      while (!isOver) {
        await broker.send(topic, ...numbers(next, (next += 100)).map((value) => ({ value, key: value })));
        await pause(5);
      }
    })();
    await join();
    await pause(200);
    await join();
    await pause(200);
    await end();
    await end();
    isOver = true;
    await feeding;
    await soon(async () => expect((await broker.committed(group, topic)).reduce((sum, offset) => sum + Math.max(0, offset), 0)).to.equal(next));
    expect((await broker.read(out)).map(({ text }) => Number(text)).sort((a, b) => a - b)).to.deep.equal(numbers(0, next).map(Number));
    await producer.close!();
  });

  it('ends a transaction whose time runs out while another partition has the turn', async () => {
    const topic = await broker.topic(4);
    await broker.send(topic, ...numbers(0, 2000).map((value) => ({ value, key: value })));
    const busy = (): void => {
      for (const end = performance.now() + 0.2; performance.now() < end; );
    };
    await consume(topic, '&exactlyOnce=true&autoCommitIntervalMs=30&maxPollRecords=500', busy);
    await soon(async () => expect((await broker.committed(group, topic)).reduce((sum, offset) => sum + Math.max(0, offset), 0)).to.equal(2000));
  });

  it('ends the transaction of a partition that takes nothing more: when it is suspended, and before a record that stops the reading', async () => {
    const topic = await broker.topic();
    await broker.send(topic, ...numbers(0, 10));
    const route = await consume(topic, '&exactlyOnce=true&recordsInFlight=4&autoCommitIntervalMs=60000', undefined, { isHolding: true });
    await soon(() => expect(route.held).to.have.length(4));
    await consumers[0]!.suspend!();
    route.releaseAll();
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([4]));
    await consumers[0]!.resume!();
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([10]));
    await end();
    const stopping = await broker.topic();
    await broker.send(stopping, '1', '2', 'no json', '4');
    await consume(stopping, '&exactlyOnce=true&pollOnError=STOP&autoCommitIntervalMs=60000&valueDeserializer=JsonDeserializer');
    await soon(async () => expect(await broker.committed(group, stopping)).to.deep.equal([2]));
  });

  it('keeps what a failed record has sent with its dead letter, exactly once; with breakOnFirstError takes it back and begins anew', async () => {
    for (const breaks of [false, true]) {
      const [topic, out] = [await broker.topic(), await broker.topic()];
      group = broker.name('group');
      await broker.send(topic, ...numbers(0, 5));
      const producer = await around.producer(definition, `kafka:${out}?brokers=${brokers}&${quick}`);
      let failures = 0;
      const route = relay(around, producer, (sent) => {
        if (sent.body === '2' && failures++ < 2) sent.fail(new Error('after sending'));
      });
      route.keepsLost = true;
      const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&autoOffsetReset=earliest&exactlyOnce=true&breakOnFirstError=${breaks}&${quick}`);
      consumers.push(consumer);
      await consumer.start(route);
      await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([5]));
      expect((await broker.read(out)).map(({ text }) => text)).to.deep.equal(numbers(0, 5));
      expect(failures).to.equal(breaks ? 3 : 1);
      await end();
      await producer.close!();
    }
  });

  it('waits with a rebalance for what is under way, and commits it before it gives the partition away', async () => {
    const topic = await broker.topic(1);
    await broker.send(topic, 'a');
    const first = new TestRoute(around.scope);
    first.isHolding = true;
    const holder = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&autoOffsetReset=earliest&${quick}`);
    consumers.push(holder);
    await holder.start(first);
    await soon(() => expect(first.held).to.have.length(1));
    const second = new TestRoute(around.scope);
    const other = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&autoOffsetReset=earliest&${quick}`);
    consumers.push(other);
    const joining = other.start(second);
    await pause(400);
    first.releaseAll();
    await joining;
    await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([1]));
    await broker.send(topic, 'b');
    await soon(() => expect([...bodies(first), ...bodies(second)]).to.deep.equal(['a', 'b']));
  });

  it('commits the transaction under way before it gives the partition away; one that can not be committed does not hold the rebalance up', async () => {
    for (const isFenced of [false, true]) {
      const topic = await broker.topic(1);
      group = broker.name('group');
      await broker.send(topic, 'a');
      const first = await consume(topic, '&exactlyOnce=true', undefined, { isHolding: true });
      await soon(() => expect(first.held).to.have.length(1));
      const second = new TestRoute(around.scope);
      const other = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&autoOffsetReset=earliest&exactlyOnce=true&${quick}`);
      consumers.push(other);
      const joining = other.start(second);
      await soon(async () => expect((await broker.admin.describeGroups([group])).groups[0]!.state).to.equal('PreparingRebalance'));
      await pause(300);
      if (isFenced) await broker.fence(`mecha-${group}-${topic}-0`);
      first.releaseAll();
      await joining;
      await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([1]));
      await broker.send(topic, 'b');
      await soon(() => expect([...bodies(first), ...bodies(second)]).to.deep.equal(isFenced ? ['a', 'a', 'b'] : ['a', 'b']));
      await end();
      await end();
    }
  });

  it('stays stopped, or suspended, when that comes while a reload has it change to transactions of steps', async () => {
    for (const change of ['stop', 'suspend'] as const) {
      const topic = await broker.topic();
      group = broker.name('group');
      await broker.send(topic, '1');
      const route = await consume(topic, '', undefined, { isHolding: true });
      await soon(() => expect(route.held).to.have.length(1));
      const members = async (): Promise<number> => (await broker.admin.describeGroups([group])).groups[0]!.members.length;
      const transacted = transactedRoutesOf(around.context.shared).add(route.routeId, kafkaBrokers(brokers.split(',')));
      // It waits for what is under way.
      await pause(50);
      await consumers[0]![change]!();
      await broker.send(topic, '2');
      route.releaseAll();
      await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([1]));
      await soon(async () => expect(await members()).to.equal(change === 'stop' ? 0 : 1));
      await pause(500);
      expect([await members(), bodies(route)]).to.deep.equal([change === 'stop' ? 0 : 1, ['1']]);
      if (change === 'suspend') {
        await consumers[0]!.resume!();
        await soon(async () => expect(await broker.committed(group, topic)).to.deep.equal([2]));
        expect(bodies(route)).to.deep.equal(['1', '2']);
      }
      await end();
      transacted();
    }
  });

  it('fetches no more of a partition than it can hold while the route is slow', async () => {
    const topic = await broker.topic();
    const big = 'x'.repeat(10_000);
    for (let sent = 0; sent < 2000; sent += 50) await broker.send(topic, ...Array.from({ length: 50 }, () => big));
    const route = new TestRoute(around.scope);
    route.isHolding = true;
    const before = process.memoryUsage().arrayBuffers;
    const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&autoOffsetReset=earliest&recordsInFlight=10&maxPartitionFetchBytes=200000&${quick}`);
    consumers.push(consumer);
    await consumer.start(route);
    await soon(() => expect(route.held).to.have.length(10));
    await pause(300);
    expect(process.memoryUsage().arrayBuffers - before, 'of 20 MB').to.be.below(8_000_000);
    route.releaseAll();
    await soon(() => expect(route.received).to.have.length(2000));
  });

  it('reads every compression, as the broker itself has compressed it', async () => {
    for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
      const topic = await broker.topic(1, { 'compression.type': codec });
      await broker.send(topic, ...numbers(0, 50).map((value) => `${value} ${'z'.repeat(100)}`));
      const route = await consume(topic);
      await soon(() => expect(route.received, codec).to.have.length(50));
      expect(bodies(route)[49]).to.match(/^49 z+$/);
      await end();
    }
  });
});
