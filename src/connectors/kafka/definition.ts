import { kafkaBrokers, kafkaConnection } from '../../core/beans/kafkaProducerFactory.ts';
import { defineConnector } from '../../core/connector.ts';
import { kafkaOptions } from './options.ts';

export const kafka = defineConnector({
  scheme: 'kafka',
  syntax: 'kafka:topic',
  summary: 'Reads topics of Apache Kafka as a member of a consumer group, and sends records to them.',
  options: kafkaOptions,
  isOrdered: true,
  resource: ({ options }) => kafkaBrokers(kafkaConnection(options.brokers).brokers),
  // Without a group of its own each consumer gets every record.
  isShareable: ({ groupId, exactlyOnce, offsetRepository, seekTo }) => groupId !== undefined && !exactlyOnce && offsetRepository === undefined && seekTo === undefined,
  isRemote: true,
  notPromised: {},
  longestWaitMillis: 300_000,
  headers: {
    CamelKafkaTopic: 'Topic that the record comes from.',
    CamelKafkaPartition: 'Its partition.',
    CamelKafkaOffset: 'Its offset.',
    CamelKafkaKey: 'Its key; the key of what is sent.',
    CamelKafkaTimestamp: 'Its time, in milliseconds since 1970.',
    CamelMessageTimestamp: 'The same.',
    CamelKafkaHeaders: "The record's own headers as bytes, by name.",
    CamelKafkaLastPollRecord: 'Whether it is the last of the records fetched (autoCommitEnable=false or allowManualCommit=true).',
    CamelKafkaLastRecordBeforeCommit: 'The same (autoCommitEnable=false).',
    CamelKafkaManualCommit: 'Its `commit()` commits up to this record (allowManualCommit=true).',
    CamelKafkaOverrideTopic: 'Topic to send to, this once, in place of the one in the URI.',
    CamelKafkaOverrideTimestamp: 'Time of what is sent, this once.',
    CamelKafkaPartitionKey: 'Partition to send to.',
    CamelKafkaRecordMeta: 'Topic, partition, offset and time of what was sent, as a list (recordMetadata=true).',
  },
  consumer: async (endpoint, context) => {
    const { KafkaConsumer } = await import('./consumer.ts');
    return new KafkaConsumer(endpoint, context);
  },
  producer: async (endpoint, context) => {
    const { KafkaProducer } = await import('./producer.ts');
    return new KafkaProducer(endpoint, context);
  },
});
