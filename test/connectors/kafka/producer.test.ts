import { expect } from 'chai';
import { parseXml, XmlNodeList } from '../../../src/core/conversion/xml.ts';
import type { Producer } from '../../../src/core/connector.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { bindTransaction, Transaction } from '../../../src/core/exchange/transaction.ts';
import { kafkaBrokers } from '../../../src/core/beans/kafkaProducerFactory.ts';
import { kafka } from '../../../src/connectors/kafka/definition.ts';
import { Surroundings } from '../../contract/connector.ts';
import { Broker, brokers, describeWithKafka, soon } from './broker.ts';

const definition = kafka as never;

describeWithKafka('the producer of kafka', function () {
  this.timeout(20_000);
  let broker: Broker;
  let around: Surroundings;
  let producers: Producer[];
  const beans: Record<string, unknown> = {};

  beforeEach(async () => {
    broker = await Broker.open();
    around = new Surroundings({ beans });
    producers = [];
  });

  afterEach(async () => {
    for (const producer of producers) await producer.close!();
    expect(around.clock.waiting, 'timers left behind').to.equal(0);
    await broker.close();
  });

  const producerFor = async (topic: string, options = ''): Promise<Producer> => {
    const producer = await around.producer(definition, `kafka:${topic}?brokers=${brokers}&retryBackoffMs=20${options}`);
    producers.push(producer);
    return producer;
  };

  const send = async (producer: Producer, body: unknown, headers: Record<string, unknown> = {}): Promise<Exchange> => around.send(producer, around.exchange(body, headers));

  it('sends body, key, partition, time and headers, and keeps what steers Camel at home', async () => {
    const topic = await broker.topic(3);
    const producer = await producerFor(topic, '&recordMetadata=true');
    const sent = await send(producer, 'v', { CamelKafkaKey: 'k', CamelKafkaPartitionKey: 2, CamelKafkaOverrideTimestamp: 1_700_000_000_000, color: 'red', n: 5, isOn: true, bytes: Buffer.from([1, 0xff]), list: [1], none: null, CamelHttpUri: 'http://x', 'kafka.TOPIC': 'x', traceparent: '00-a-b-01' });
    expect(sent.exception).to.equal(null);
    expect(sent.headers.get('CamelKafkaRecordMeta')).to.deep.equal([{ topic, partition: 2, offset: 0, timestamp: 1_700_000_000_000 }]);
    expect(sent.headers.has('CamelKafkaOverrideTimestamp')).to.equal(false);
    const [record] = await broker.read(topic);
    expect(record!.partition).to.equal(2);
    expect(record!.key!.toString()).to.equal('k');
    expect(record!.timestamp).to.equal('1700000000000');
    expect(Object.fromEntries(Object.entries(record!.headers!).map(([name, value]) => [name, (value as Buffer).toString('latin1')]))).to.deep.equal({ color: 'red', n: '5', isOn: 'true', bytes: '\u0001\u00ff', traceparent: '00-a-b-01' });
  });

  it('chooses the same partition for a key as the Java client', async () => {
    const topic = await broker.topic(7);
    const producer = await producerFor(topic);
    const keys = Array.from({ length: 60 }, (_, i) => `key-${i}-ü`);
    await Promise.all(keys.map((key) => send(producer, key, { CamelKafkaKey: key })));
    const other = await broker.topic(7);
    await broker.send(other, ...keys.map((key) => ({ key, value: key })));
    const places = async (name: string): Promise<Record<string, number>> => Object.fromEntries((await broker.read(name)).map(({ text, partition }) => [text!, partition]));
    expect(await places(topic)).to.deep.equal(await places(other));
  });

  it('sends null as a tombstone, a list as one record an element, or as one record', async () => {
    const topic = await broker.topic();
    const producer = await producerFor(topic, '&recordMetadata=true');
    await send(producer, null, { CamelKafkaKey: 'gone' });
    const sent = await send(producer, ['a', 'b']);
    expect((sent.headers.get('CamelKafkaRecordMeta') as unknown[]).length).to.equal(2);
    await send(producer, []);
    await send(await producerFor(topic, '&useIterator=false&valueSerializer=JsonSerializer'), ['c', 1]);
    expect((await broker.read(topic)).map(({ text }) => text)).to.deep.equal([null, 'a', 'b', '["c",1]']);
  });

  it('sends what an XPath gives as one record, as Camel does', async () => {
    const topic = await broker.topic();
    const { root } = parseXml('<r><i>a</i><i>b</i></r>');
    for (const more of ['', '&valueSerializer=ByteArraySerializer']) {
      const producer = await producerFor(topic, more);
      for (const body of [root, new XmlNodeList(...root.children), new XmlNodeList()]) expect((await send(producer, body)).exception).to.equal(null);
    }
    const texts = ['<r><i>a</i><i>b</i></r>', '<i>a</i><i>b</i>', ''];
    expect((await broker.read(topic)).map(({ text }) => text)).to.deep.equal([...texts, ...texts]);
  });

  it('gives elements that are messages headers and keys of their own, where it is asked to', async () => {
    const topic = await broker.topic();
    const parts = [around.exchange('a', { CamelKafkaKey: '1', h: 'x' }), around.exchange('b', { CamelKafkaKey: '2', h: 'y' })];
    await send(await producerFor(topic, '&batchWithIndividualHeaders=true'), parts, { h: 'outer' });
    await send(await producerFor(topic), parts, { h: 'outer' });
    expect((await broker.read(topic)).map(({ text, key, headers }) => [text, key?.toString() ?? null, headers!['h']!.toString()])).to.deep.equal([
      ['a', '1', 'x'],
      ['b', '2', 'y'],
      ['a', null, 'outer'],
      ['b', null, 'outer'],
    ]);
  });

  it('goes to another topic for once, by header', async () => {
    const [topic, other] = [await broker.topic(), await broker.topic()];
    const producer = await producerFor(topic);
    const sent = await send(producer, 'a', { CamelKafkaOverrideTopic: other });
    expect(sent.headers.has('CamelKafkaOverrideTopic')).to.equal(false);
    await send(producer, 'b', { 'kafka.OVERRIDE_TOPIC': other });
    expect((await broker.read(other)).map(({ text }) => text)).to.deep.equal(['a', 'b']);
    expect(await broker.count(topic)).to.equal(0);
  });

  it('keeps the order of what is sent at once, and sends it together', async () => {
    const topic = await broker.topic();
    const producer = await producerFor(topic);
    const values = Array.from({ length: 5000 }, (_, i) => String(i));
    await Promise.all(values.map((value) => send(producer, value)));
    expect((await broker.read(topic)).map(({ text }) => text)).to.deep.equal(values);
  });

  it('compresses in every way, so that the broker itself can take it apart', async () => {
    const body = 'v'.repeat(5000);
    for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
      // The broker unpacks what comes, checks it and keeps it plain: it must be able to read it.
      const plain = await broker.topic(1, { 'compression.type': 'uncompressed' });
      expect((await send(await producerFor(plain, `&compressionCodec=${codec}`), body)).exception, codec).to.equal(null);
      expect((await broker.read(plain)).map(({ text }) => text), codec).to.deep.equal([body]);
      // It is small on its way: too large for the topic as it stands.
      const narrow = await broker.topic(1, { 'max.message.bytes': '1000' });
      expect((await send(await producerFor(narrow, `&compressionCodec=${codec}`), body)).exception, codec).to.equal(null);
      expect((await send(await producerFor(narrow), body)).exception?.type).to.equal('org.apache.kafka.common.errors.RecordTooLargeException');
    }
  });

  it('writes keys and headers by serialisers, and filters headers, as options say', async () => {
    const topic = await broker.topic();
    beans['headers'] = { serialize: (name: string, value: unknown) => (name === 'left' ? null : `${name}:${JSON.stringify(value)}`) };
    beans['filter'] = { applyFilterToCamelHeaders: (name: string) => name === 'hidden' };
    await send(await producerFor(topic, '&keySerializer=LongSerializer&headerSerializer=#headers&headerFilterStrategy=#filter'), 'v', { CamelKafkaKey: 42, list: [1, 2], left: 'x', hidden: 'y' });
    const [record] = await broker.read(topic);
    expect(record!.key!.readBigInt64BE()).to.equal(42n);
    expect(Object.fromEntries(Object.entries(record!.headers!).map(([name, value]) => [name, String(value)]))).to.deep.equal({ list: 'list:[1,2]' });
  });

  it('does not let keys decide with partitionerIgnoreKeys', async () => {
    const topic = await broker.topic(4);
    const producer = await producerFor(topic, '&partitionerIgnoreKeys=true');
    for (let i = 0; i < 60; i++) await send(producer, String(i), { CamelKafkaKey: 'same' });
    const used = async (name: string): Promise<number> => new Set((await broker.read(name)).map(({ partition }) => partition)).size;
    expect(await used(topic)).to.be.above(1);
    const other = await broker.topic(4);
    const usual = await producerFor(other);
    for (let i = 0; i < 20; i++) await send(usual, String(i), { CamelKafkaKey: 'same' });
    expect(await used(other)).to.equal(1);
  });

  it('takes the transactional id from additionalProperties, and says so when its time is longer than the broker allows', async () => {
    const topic = await broker.topic();
    const failing = await producerFor(topic, `&additionalProperties.transactional.id=${broker.name('tx')}&transactionTimeoutMs=90000000&maxBlockMs=2000`);
    const { exception } = await send(failing, 'a');
    expect(exception?.message).to.match(new RegExp(`^kafka:${topic}.*timeout`, 'i'));
    expect((await send(await producerFor(topic, `&additionalProperties.transactional.id=${broker.name('tx')}`), 'b')).exception).to.equal(null);
    await soon(async () => expect((await broker.read(topic)).map(({ text }) => text)).to.deep.equal(['b']));
  });

  it('takes acks of the leader, or none', async () => {
    const topic = await broker.topic();
    for (const acks of ['1', '0']) expect((await send(await producerFor(topic, `&requestRequiredAcks=${acks}`), acks)).exception).to.equal(null);
    await soon(async () => expect(await broker.count(topic)).to.equal(2));
  });

  it('refuses a record that is too large before it is sent, and the rest goes on', async () => {
    const topic = await broker.topic();
    const producer = await producerFor(topic, '&maxRequestSize=1000');
    const [large, small] = await Promise.all([send(producer, 'x'.repeat(2000)), send(producer, 'small')]);
    expect(large!.exception?.type).to.equal('org.apache.kafka.common.errors.RecordTooLargeException');
    expect(large!.exception?.message).to.match(new RegExp(`kafka:${topic}.*larger than maxRequestSize`));
    expect(small!.exception).to.equal(null);
  });

  it('fails just the one that the broker finds too large of those that were sent together', async () => {
    const topic = await broker.topic(1, { 'max.message.bytes': '3000' });
    const producer = await producerFor(topic);
    const bodies = ['a', 'x'.repeat(5000), 'b', 'c'];
    const sent = await Promise.all(bodies.map((body) => send(producer, body)));
    expect(sent.map(({ exception }) => exception?.type ?? null)).to.deep.equal([null, 'org.apache.kafka.common.errors.RecordTooLargeException', null, null]);
    expect((await broker.read(topic)).map(({ text }) => text)).to.deep.equal(['a', 'b', 'c']);
  });

  it('fails what goes to a topic that can not be, and nothing else', async () => {
    const topic = await broker.topic();
    const producer = await producerFor(topic);
    const [bad, good] = await Promise.all([send(producer, 'a', { CamelKafkaOverrideTopic: 'not/a topic' }), send(producer, 'b')]);
    expect(bad!.exception?.type).to.equal('org.apache.kafka.common.errors.InvalidTopicException');
    expect(bad!.exception?.message).to.include('not/a topic');
    expect(good!.exception).to.equal(null);
    const nowhere = await send(await producerFor(topic, '&partitionKey=9'), 'c');
    expect(nowhere.exception?.type).to.equal('org.apache.kafka.common.errors.UnknownTopicOrPartitionException');
  });

  it('fails with endpoint and reason when nobody listens, and starts all the same', async () => {
    const producer = await around.producer(definition, 'kafka:t?brokers=127.0.0.1:1&deliveryTimeoutMs=200&maxBlockMs=200&retryBackoffMs=20&saslPassword=hidden');
    producers.push(producer);
    const sent = await send(producer, 'a');
    expect(sent.exception?.type).to.equal('org.apache.kafka.common.errors.TimeoutException');
    expect(sent.exception?.message).to.match(/^kafka:t\?.*127\.0\.0\.1:1.*(refused|connect)/i);
    expect(sent.exception?.message).not.to.include('hidden');
  });

  it('commits what a delivery sent when it is done, and aborts it when it fails', async () => {
    const topic = await broker.topic();
    const producer = await producerFor(topic, `&transactionalId=${broker.name('tx')}`);
    const failing = around.exchange('bad');
    await Promise.all([
      send(producer, 'good'),
      around.send(
        {
          call: (exchange) => {
            exchange.way = {
              outer: exchange.way,
              back: (returned) => {
                returned.fail(new Error('after sending'));
                returned.leave();
              },
            };
            producer.call!(exchange);
          },
        },
        failing,
      ),
      send(producer, ['also', 'good']),
    ]);
    await soon(async () => expect((await broker.read(topic)).map(({ text }) => text)).to.deep.equal(['good', 'also', 'good']));
  });

  /** Sends in a transaction of a step, and ends it. */
  const sendInBlock = async (producer: Producer, body: string): Promise<string | null> => {
    const exchange = around.exchange(body);
    const transaction = new Transaction(kafkaBrokers(brokers.split(',')), {}, null);
    bindTransaction(exchange, transaction);
    const { exception } = await around.send(producer, exchange);
    await transaction.end(exception === null);
    return exception?.message ?? null;
  };

  it('shares the producers of transactions with another endpoint, which keeps them when this one leaves, at whatever moment', async () => {
    const topic = await broker.topic();
    const [first, second] = [await producerFor(topic), await producerFor(topic)];
    expect(await sendInBlock(first, '1')).to.equal(null);
    const leaving = first.close!();
    expect(await sendInBlock(second, '2')).to.equal(null);
    await leaving;
    expect(await sendInBlock(second, '3')).to.equal(null);
    expect((await broker.read(topic)).map(({ text }) => text)).to.deep.equal(['1', '2', '3']);
  });

  it('lets a transaction end that is open when its endpoint leaves, and begins none after that', async () => {
    const topic = await broker.topic();
    const producer = await producerFor(topic);
    const exchange = around.exchange('1');
    const transaction = new Transaction(kafkaBrokers(brokers.split(',')), {}, null);
    bindTransaction(exchange, transaction);
    expect((await around.send(producer, exchange)).exception).to.equal(null);
    await producer.close!();
    expect(await sendInBlock(producer, '2')).to.include('the producer is closed');
    await transaction.end(true);
    expect((await broker.read(topic)).map(({ text }) => text)).to.deep.equal(['1']);
  });
});

describeWithKafka(
  'kafka with a login',
  function () {
    const login = `brokers=${process.env['KAFKA_SASL_BROKERS'] ?? ''}&securityProtocol=SASL_PLAINTEXT&saslUsername=${process.env['KAFKA_SASL_USER'] ?? ''}`;
    let broker: Broker;

    before(async () => void (broker = await Broker.open()));
    after(() => broker.close());

    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256']) {
      it(`logs in by ${mechanism}`, async () => {
        const topic = await broker.topic();
        const around = new Surroundings();
        const producer = await around.producer(definition, `kafka:${topic}?${login}&saslMechanism=${mechanism}&saslPassword=${process.env['KAFKA_SASL_PASSWORD']!}`);
        expect((await around.send(producer, around.exchange('a'))).exception).to.equal(null);
        await producer.close!();
      });
    }

    it('takes user and password from a JAAS line', async () => {
      const topic = await broker.topic();
      const around = new Surroundings();
      const jaas = encodeURIComponent(`org.apache.kafka.common.security.plain.PlainLoginModule required username="${process.env['KAFKA_SASL_USER']!}" password="${process.env['KAFKA_SASL_PASSWORD']!}";`);
      const producer = await around.producer(definition, `kafka:${topic}?brokers=${process.env['KAFKA_SASL_BROKERS']!}&securityProtocol=SASL_PLAINTEXT&saslMechanism=PLAIN&saslJaasConfig=RAW(${jaas})`.replace(/RAW\((.*)\)/, (_, text: string) => text));
      expect((await around.send(producer, around.exchange('a'))).exception).to.equal(null);
      await producer.close!();
    });

    it('says so when the password is wrong, without showing it', async () => {
      const topic = await broker.topic();
      const around = new Surroundings();
      const uri = `kafka:${topic}?${login}&saslMechanism=PLAIN&saslPassword=wrong-one&deliveryTimeoutMs=2000`;
      const producer = await around.producer(definition, uri);
      const sent = await around.send(producer, around.exchange('a'));
      expect(sent.exception?.type).to.equal('org.apache.kafka.common.errors.SaslAuthenticationException');
      expect(sent.exception?.message).not.to.include('wrong-one');
      await producer.close!();
      const consumer = await around.consumer(definition, `${uri}&groupId=g`);
      // It does not keep the other routes from starting: it says so once, and waits.
      await consumer.start({} as never);
      expect(around.waits.join('; ')).to.match(/refuse the login.*[Aa]uthentication failed/);
      expect(around.waits).to.have.length(1);
      expect(around.waits.join('; ')).not.to.include('wrong-one');
      await consumer.stop();
      await consumer.close?.();
      expect(around.clock.waiting).to.equal(0);
    });
  },
  ['KAFKA_SASL_BROKERS', 'KAFKA_SASL_USER', 'KAFKA_SASL_PASSWORD'],
);
