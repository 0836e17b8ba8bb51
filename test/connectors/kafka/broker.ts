import { randomUUID } from 'node:crypto';
import type { Admin, ITopicConfig, Producer } from 'kafkajs';
import kafkajs from 'kafkajs';
import { systemClock } from '../../../src/core/clock.ts';
import type { KafkaRecord } from '../../../src/connectors/kafka/client.ts';
import { KafkaJsClient } from '../../../src/connectors/kafka/kafkajs.ts';
import { installCodecs } from '../../../src/connectors/kafka/codecs.ts';

export const brokers = process.env['KAFKA_BROKERS'] ?? '';
export const proxiedBrokers = process.env['KAFKA_BROKERS_PROXIED'] ?? '';

/** Tests against the real broker: pending where there is none, but a failure where there must be one. */
export function describeWithKafka(title: string, define: (this: Mocha.Suite) => void, needs: readonly string[] = []): void {
  const missing = ['KAFKA_BROKERS', ...needs].filter((name) => (process.env[name] ?? '') === '');
  if (missing.length === 0) {
    describe(title, define);
    return;
  }
  const names = missing.join(' and ');
  const isNeeded = process.env['CI'] === 'true' && process.env['MECHA_SERVICES'] === '1';
  const fail = (): void => {
    throw new Error(`${names} must be set here`);
  };
  describe(title, () => {
    it(`needs a Kafka broker: ${names} not set`, isNeeded ? fail : undefined);
  });
}

export const pause = (millis: number): Promise<void> => new Promise((resolve) => void systemClock.schedule(millis, resolve));

/** Waits until it holds, for what has to be asked for. */
export async function soon<T>(holds: () => T | Promise<T>, millis = 15_000): Promise<T> {
  const end = systemClock.now() + millis;
  for (;;) {
    try {
      return await holds();
    } catch (thrown) {
      if (systemClock.now() > end) throw thrown;
    }
    await pause(10);
  }
}

/** A client of its own, apart from the connector. */
export class Broker {
  readonly admin: Admin;
  readonly producer: Producer;
  private readonly kafka: kafkajs.Kafka;
  private readonly topics: string[] = [];

  static async open(address = brokers): Promise<Broker> {
    const broker = new Broker(address);
    await Promise.all([broker.admin.connect(), broker.producer.connect()]);
    return broker;
  }

  private constructor(address: string) {
    installCodecs();
    this.kafka = new kafkajs.Kafka({ brokers: address.split(','), logLevel: kafkajs.logLevel.NOTHING, retry: { initialRetryTime: 50, retries: 20, maxRetryTime: 500 } });
    this.admin = this.kafka.admin();
    this.producer = this.kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  }

  name(kind = 'topic'): string {
    return `mecha-test-${kind}-${randomUUID().slice(0, 8)}`;
  }

  async topic(partitions = 1, config: Record<string, string> = {}, name = this.name()): Promise<string> {
    const topic: ITopicConfig = { topic: name, numPartitions: partitions, replicationFactor: 1, configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })) };
    await this.admin.createTopics({ topics: [topic], waitForLeaders: false });
    this.topics.push(name);
    // The library gives up soon on a broker that is slow to know its new topic.
    await soon(() => this.admin.fetchTopicOffsets(name));
    return name;
  }

  /** Takes a transactional id over: whoever had it can commit nothing any more. */
  async fence(transactionalId: string): Promise<void> {
    const producer = this.kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true, createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    await (await producer.transaction()).abort();
    await producer.disconnect();
  }

  async send(topic: string, ...values: readonly (string | null | { key?: string | Buffer | null; value: string | Buffer | null; headers?: Record<string, string | Buffer>; partition?: number })[]): Promise<void> {
    const messages = values.map((value) => (typeof value === 'string' || value === null ? { value } : value));
    for (let at = 0; at < messages.length; at += 500) await this.producer.send({ topic, messages: messages.slice(at, at + 500) });
  }

  /** What a group would begin with, by partition; -1: nothing committed. */
  async committed(group: string, topic: string): Promise<number[]> {
    const [found] = await this.admin.fetchOffsets({ groupId: group, topics: [topic] });
    return found!.partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset));
  }

  async count(topic: string): Promise<number> {
    return (await this.admin.fetchTopicOffsets(topic)).reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  }

  /** All records of a topic that are committed by now, partition after partition. (kafkajs's own consumer shows some that were aborted.) */
  async read(topic: string): Promise<(KafkaRecord & { partition: number; text: string | null })[]> {
    const records: (KafkaRecord & { partition: number; text: string | null })[] = [];
    const places = (await this.admin.fetchTopicOffsets(topic)).map(({ partition }) => ({ topic, partition }));
    const positions = new Map<number, number>();
    const client = new KafkaJsClient({
      clock: systemClock,
      settings: { brokers: brokers.split(','), clientId: 'reader', tls: null, sasl: null, requestTimeoutMillis: 10_000, metadataMaxAgeMillis: 60_000, firstBackoffMillis: 20, longestBackoffMillis: 200 },
      log: () => undefined,
    });
    const member = client.member(
      { groupId: this.name('reader'), topics: [topic], isFromBeginning: true, assignors: ['range'], sessionTimeoutMillis: 10_000, rebalanceTimeoutMillis: 10_000, heartbeatIntervalMillis: 1000, minBytes: 1, maxBytes: 1e7, maxPartitionBytes: 1e6, maxWaitMillis: 20, readsCommittedOnly: true },
      {
        assigned: () => Promise.resolve(),
        revoking: () => Promise.resolve(),
        revoked: () => undefined,
        wants: () => true,
        records: (batch) => {
          for (const record of batch.records) records.push({ ...record, partition: batch.partition, text: record.value === null ? null : record.value.toString() });
          positions.set(batch.partition, batch.nextOffset);
        },
        waiting: () => undefined,
        ready: () => undefined,
      },
    );
    const [first, end] = [await member.bounds(places, 'first'), await member.bounds(places, 'next')];
    void member.run().catch(() => undefined);
    const left = (): number[] => end.filter(({ partition, offset }) => offset > (first.find((place) => place.partition === partition)?.offset ?? 0) && (positions.get(partition) ?? 0) < offset).map(({ partition }) => partition);
    // Where a partition ends with control records alone no batch comes for them: what has come by then is all there is.
    for (let same = 0, last = -1; left().length > 0 && same < 40; same = records.length === last ? same + 1 : 0, last = records.length) await pause(25);
    await member.leave();
    await client.close();
    return records.sort((a, b) => a.partition - b.partition || Number(a.offset) - Number(b.offset));
  }

  async close(): Promise<void> {
    if (this.topics.length > 0) await this.admin.deleteTopics({ topics: this.topics }).catch(() => undefined);
    await Promise.all([this.admin.disconnect(), this.producer.disconnect()]);
  }
}

/** Quick to notice and to leave, for tests. */
export const quick = 'fetchWaitMaxMs=50&heartbeatIntervalMs=100&reconnectBackoffMs=20&reconnectBackoffMaxMs=100&retryBackoffMs=20&retryBackoffMaxMs=200';
