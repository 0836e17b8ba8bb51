import type { Consumer } from '../../../src/core/connector.ts';
import { kafka } from '../../../src/connectors/kafka/definition.ts';
import type { ConnectorRig } from '../../contract/connector.ts';
import { keepsConnectorContract, Surroundings } from '../../contract/connector.ts';
import { Broker, brokers, describeWithKafka, quick } from './broker.ts';

const definition = kafka as never;

const open = (more: string) => async (): Promise<ConnectorRig> => {
  const broker = await Broker.open();
  const surroundings = new Surroundings();
  const topic = await broker.topic();
  const group = broker.name('group');
  const consumers: Consumer[] = [];
  const sent: string[] = [];
  return {
    surroundings,
    patienceMillis: 8000,
    consumer: async (credit = 1) => {
      const consumer = await surroundings.consumer(definition, `kafka:${topic}?brokers=${brokers}&groupId=${group}&autoOffsetReset=earliest&recordsInFlight=${credit}&${quick}${more}`);
      consumer.setCredit?.(credit);
      consumers.push(consumer);
      return consumer;
    },
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
      await broker.close();
    },
  };
};

describeWithKafka('kafka', function () {
  keepsConnectorContract('kafka', open(''));
  keepsConnectorContract('kafka, exactly once,', open('&exactlyOnce=true'));
});
