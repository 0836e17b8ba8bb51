import type { Consumer } from '../../../src/core/connector.ts';
import { kafkaBrokers } from '../../../src/core/beans/kafkaProducerFactory.ts';
import { transactedRoutesOf } from '../../../src/core/exchange/transaction.ts';
import { kafka } from '../../../src/connectors/kafka/definition.ts';
import type { ConnectorRig } from '../../contract/connector.ts';
import { keepsConnectorContract, Surroundings } from '../../contract/connector.ts';
import { OwnServer } from '../../contract/ownServer.ts';
import { ToxicProxy } from '../../contract/toxiproxy.ts';
import { Broker, brokers, describeWithKafka, proxiedBrokers, quick } from './broker.ts';

const definition = kafka as never;

/** `isTransacted`: as in a route with a `transacted` step of the same brokers. */
const open = (more: string, isTransacted = false) => async (): Promise<ConnectorRig> => {
  const broker = await Broker.open();
  const surroundings = new Surroundings();
  if (isTransacted) for (const address of [brokers, proxiedBrokers]) transactedRoutesOf((name, make) => surroundings.context.shared(name, make)).add('test', kafkaBrokers(address.split(',')));
  const topic = await broker.topic();
  const group = broker.name('group');
  const consumers: Consumer[] = [];
  const sent: string[] = [];
  const proxy = await ToxicProxy.of('kafka');
  // By way of the proxy, until one is said to be dead.
  let address = proxiedBrokers;
  const consume = async (credit: number, most = ''): Promise<Consumer> => {
    const consumer = await surroundings.consumer(definition, `kafka:${topic}?brokers=${address}&groupId=${group}&autoOffsetReset=earliest&recordsInFlight=${credit}&sessionTimeoutMs=6000&shutdownTimeout=1000&maxPartitionFetchBytes=500000&${quick}${most}${more}`);
    consumer.setCredit?.(credit);
    consumers.push(consumer);
    return consumer;
  };
  return {
    surroundings,
    definition,
    patienceMillis: 15_000,
    consumer: (credit = 1) => consume(credit),
    abandon: async () => {
      await proxy.stall();
      address = brokers;
    },
    network: {
      consumer: () => consume(1, '&consumerRequestTimeoutMs=600'),
      cut: () => proxy.cut(),
      mend: () => proxy.mend(),
      delay: (millis) => proxy.delay(millis),
      stall: () => proxy.stall(),
      heal: () => proxy.heal(),
    },
    sendWith: async (name, headers) => {
      sent.push(name);
      await broker.send(topic, { value: name, headers: { ...headers } });
    },
    sendOut: async (headers) => {
      const to = await broker.topic();
      const producer = await surroundings.producer(definition, `kafka:${to}?brokers=${brokers}`);
      await surroundings.send(producer, surroundings.exchange('x', headers));
      await producer.close!();
      return Object.fromEntries(Object.entries((await broker.read(to))[0]!.headers ?? {}).map(([name, value]) => [name, String(value)]));
    },
    server: async () => {
      const server = await OwnServer.start('kafka');
      const at = `127.0.0.1:${server.port}`;
      const other = await Broker.open(at);
      const from = await other.topic();
      const names: string[] = [];
      return {
        consumer: async () => {
          const consumer = await surroundings.consumer(definition, `kafka:${from}?brokers=${at}&groupId=restarted&autoOffsetReset=earliest&sessionTimeoutMs=6000&shutdownTimeout=1000&${quick}${more}`);
          consumers.push(consumer);
          return consumer;
        },
        send: async (...values) => {
          names.push(...values);
          await other.send(from, ...values);
        },
        nameOf: ({ body }) => String(body),
        acknowledged: async () => names.slice(0, Math.max(0, (await other.committed('restarted', from))[0]!)),
        kill: () => server.kill(),
        restart: () => server.up(),
        close: async () => {
          for (const consumer of consumers.splice(0)) {
            await consumer.stop();
            await consumer.close!();
          }
          await other.close();
          await server.close();
        },
      };
    },
    sendLarge: async (count, bytes) => {
      for (let i = 0; i < count; i += 10) await broker.send(topic, ...Array.from({ length: 10 }, (_, j) => `${i + j} `.padEnd(bytes)));
    },
    secret: { uri: 'kafka:t?brokers=127.0.0.1:1&securityProtocol=SASL_PLAINTEXT&saslMechanism=PLAIN&saslUsername=u&saslPassword=open-sesame&groupId=g', text: 'open-sesame' },
    send: async (...names) => {
      sent.push(...names);
      await broker.send(topic, ...names);
    },
    nameOf: ({ body }) => String(body),
    acknowledged: async () => sent.slice(0, Math.max(0, (await broker.committed(group, topic))[0]!)),
    wrong: [
      [`kafka:t`, /`brokers` is missing/],
      [`kafka:t?brokers=a:b:c`, /`brokers` must be host:port/],
      [`kafka:t?brokers=a:1&valueDeserializer=org.example.NoDeserializer`, /valueDeserializer.*NoDeserializer/],
      [`kafka:t?brokers=a:1&partitionAssignor=CooperativeStickyAssignor`, /partitionAssignor.*CooperativeSticky/],
      [`kafka:t?brokers=a:1&exactlyOnce=true`, /exactlyOnce.*groupId/],
      [`kafka:..%2Fetc?brokers=a:1`, /name of a topic/],
      [`kafka:t?brokers=a:1&securityProtocol=SASL_SSL&saslMechanism=GSSAPI`, /saslMechanism.*GSSAPI/],
      [`kafka:t?brokers=a:1&autoOffsetReset=middle`, /autoOffsetReset/],
    ],
    open: (uri) => surroundings.consumer(definition, uri),
    close: async () => {
      for (const consumer of consumers) {
        await consumer.stop();
        await consumer.close!();
      }
      await proxy.close();
      await broker.close();
    },
  };
};

describeWithKafka('kafka', function () {
  keepsConnectorContract('kafka', open(''), kafka.notPromised);
  keepsConnectorContract('kafka, exactly once,', open('&exactlyOnce=true'), kafka.notPromised);
  keepsConnectorContract('kafka, in transactions of steps,', open('', true), { ...kafka.notPromised, 'has no more messages under way than it has credit for': 'each record is a transaction: one of a partition is under way, whatever the credit', 'keeps the order of each key, with orderBy and lanes': 'each record is a transaction: all of a partition keep their order, and no key overtakes' });
}, ['KAFKA_BROKERS_PROXIED', 'TOXIPROXY_URL']);
