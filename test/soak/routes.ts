import { randomUUID } from 'node:crypto';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { connect } from 'amqplib';
import { systemClock } from '../../src/core/clock.ts';
import { KafkaJsClient } from '../../src/connectors/kafka/kafkajs.ts';
import type { GroupMember, Offset } from '../../src/connectors/kafka/client.ts';
import { credentials, Storage } from '../connectors/aws2-s3/rig.ts';
import { Broker } from '../connectors/kafka/broker.ts';
import type { ServerName } from './servers.ts';
import { servers } from './servers.ts';
import { AmqpTap, S3Tap } from './taps.ts';

/** One of the example routes with numbered messages before it and somebody who counts them behind it. */
export interface Course {
  readonly route: string;
  readonly properties: Readonly<Record<string, string>>;
  /** What stands between the program and its servers. */
  readonly servers: readonly ServerName[];
  /** What is the meaning of a duplicate here. */
  readonly promise: string;
  readonly repeatsNothing: boolean;
  /** Most messages that may be under way at a cut or a restart, when they can't be counted. */
  readonly mostUnderWay: number;
  /** Consumer group whose rebalances are counted. */
  readonly group?: string;
  readonly connections?: () => number;
  /** Puts the messages with these numbers before the route. */
  feed(from: number, to: number): Promise<void>;
  /** Messages that are behind the route, roughly: grows. */
  progress(): Promise<number>;
  /** Messages that were given out and are not settled. */
  unsettled(): Promise<number>;
  /** Nothing is left to be done. */
  isDone(fed: number): Promise<boolean>;
  /** The process is gone. */
  killed?(): void;
  /** The numbers of all messages that came out. */
  results(): Promise<number[]>;
  close(): Promise<void>;
}

const name = (what: string): string => `soak-${what}-${randomUUID().slice(0, 8)}`;

/** A server that is being restarted answers after a while. */
export async function patiently<T>(run: () => Promise<T>, millis = 60_000): Promise<T> {
  const end = systemClock.now() + millis;
  for (;;) {
    try {
      return await run();
    } catch (thrown) {
      if (systemClock.now() > end) throw thrown;
      await new Promise<void>((resolve) => void systemClock.schedule(100, resolve));
    }
  }
}

const sum = (offsets: readonly Offset[]): number => offsets.reduce((total, { offset }) => total + Math.max(0, offset), 0);

/** Ends of a topic, with and without what is not committed. */
class Ends {
  private readonly places: readonly { topic: string; partition: number }[];
  private client: KafkaJsClient | null = null;
  private whole: GroupMember | null = null;
  private stable: GroupMember | null = null;

  constructor(topic: string, partitions: number) {
    this.places = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  }

  private open(): void {
    if (this.client !== null) return;
    const client = (this.client = new KafkaJsClient({
      clock: systemClock,
      settings: { brokers: servers.kafka().split(','), clientId: 'soak', tls: null, sasl: null, requestTimeoutMillis: 5000, metadataMaxAgeMillis: 60_000, firstBackoffMillis: 50, longestBackoffMillis: 500 },
      log: () => undefined,
    }));
    const nobody = { assigned: () => Promise.resolve(), revoking: () => Promise.resolve(), revoked: () => undefined, wants: () => false, records: () => undefined, waiting: () => undefined, ready: () => undefined };
    const member = (readsCommittedOnly: boolean): GroupMember =>
      client.member({ groupId: 'soak', topics: [], isFromBeginning: true, assignors: ['range'], sessionTimeoutMillis: 10_000, rebalanceTimeoutMillis: 10_000, heartbeatIntervalMillis: 3000, minBytes: 1, maxBytes: 1, maxPartitionBytes: 1, maxWaitMillis: 1, readsCommittedOnly }, nobody);
    this.whole = member(false);
    this.stable = member(true);
  }

  private async ask(run: () => Promise<number>): Promise<number> {
    return patiently(async () => {
      this.open();
      try {
        return await run();
      } catch (thrown) {
        await this.close();
        throw thrown;
      }
    });
  }

  all(): Promise<number> {
    return this.ask(async () => sum(await this.whole!.bounds(this.places, 'next')));
  }

  uncommitted(): Promise<number> {
    return this.ask(async () => sum(await this.whole!.bounds(this.places, 'next')) - sum(await this.stable!.bounds(this.places, 'next')));
  }

  async close(): Promise<void> {
    const { client } = this;
    this.client = null;
    await client?.close();
  }
}

/** A client of RabbitMQ that outlives restarts. */
class Rabbit {
  private model: ChannelModel | null = null;
  private channel: ConfirmChannel | null = null;

  async use<T>(run: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
    return patiently(async () => {
      if (this.channel === null) {
        const model = (this.model = await connect(servers.amqp()));
        const lost = (): void => void (this.model === model && (this.model = this.channel = null));
        model.on('error', () => undefined);
        model.on('close', lost);
        this.channel = await model.createConfirmChannel();
        this.channel.on('error', () => undefined);
      }
      try {
        return await run(this.channel);
      } catch (thrown) {
        this.channel = null;
        await this.model?.close().catch(() => undefined);
        throw thrown;
      }
    });
  }

  count(queue: string): Promise<number> {
    return this.use(async (channel) => (await channel.checkQueue(queue)).messageCount);
  }

  async close(): Promise<void> {
    await this.model?.close().catch(() => undefined);
  }
}

const hostAndPort = (url: string): { host: string; port: number } => ({ host: new URL(url).hostname, port: Number(new URL(url).port) });

// ------------------------------------------------------------------------------------------------ Kafka → Kafka

export async function kafkaExactlyOnce(pricing: string): Promise<Course> {
  const partitions = 4;
  const broker = await Broker.open();
  const topic = await broker.topic(partitions, {}, name('orders'));
  const out = await broker.topic(partitions, {}, `${topic}.priced`);
  await broker.topic(1, {}, `${topic}.rejected`);
  const ends = new Ends(out, partitions);
  const group = name('pricing');
  const progress = (): Promise<number> => patiently(async () => (await broker.committed(group, topic)).reduce((total, offset) => total + Math.max(0, offset), 0));
  return {
    route: 'kafka-exactly-once.yaml',
    properties: { kafka: servers.kafkaProxied(), topic, group, 'micrologic.url': pricing, sessionTimeout: '6000' },
    servers: ['kafka'],
    promise: 'exactly once, for readers of what is committed',
    repeatsNothing: true,
    mostUnderWay: 0,
    group,
    feed: async (from, to) => {
      const numbers = Array.from({ length: to - from }, (_, i) => from + i);
      await broker.send(topic, ...numbers.map((id) => ({ key: String(id), partition: id % partitions, value: JSON.stringify({ id, item: 'tea', quantity: id + 1, region: 'EU', status: 'paid' }) })));
    },
    progress,
    unsettled: () => ends.uncommitted(),
    isDone: async (fed) => (await progress()) >= fed,
    results: async () => (await broker.read(out)).map(({ text }) => (JSON.parse(text!) as { quantity: number }).quantity - 1),
    close: async () => {
      await ends.close();
      await broker.close();
    },
  };
}

// ------------------------------------------------------------------------------------------------ RabbitMQ → Kafka

export async function rabbitToKafka(): Promise<Course> {
  const linesOfBatch = 10;
  const prefetch = 50;
  const partitions = 2;
  const broker = await Broker.open();
  const topic = await broker.topic(partitions, {}, name('lines'));
  const ends = new Ends(topic, partitions);
  const rabbit = new Rabbit();
  const tap = new AmqpTap(() => hostAndPort(servers.amqpProxied()));
  const address = await tap.open();
  const [exchange, queue] = [name('exchange'), name('batches')];
  await rabbit.use(async (channel) => {
    await channel.assertExchange(exchange, 'direct', { durable: true });
    await channel.assertExchange(`${exchange}.dead`, 'direct', { durable: true });
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-dead-letter-exchange': `${exchange}.dead`, 'x-dead-letter-routing-key': 'batch' } });
    await channel.bindQueue(queue, exchange, 'batch');
  });
  return {
    route: 'rabbitmq-to-kafka.yaml',
    properties: { rabbitmq: `amqp://guest:guest@${address}`, kafka: servers.kafkaProxied(), exchange, queue, topic },
    servers: ['rabbitmq', 'kafka'],
    promise: `at least once: a batch of ${linesOfBatch} lines that was not acknowledged comes again`,
    repeatsNothing: false,
    mostUnderWay: prefetch * linesOfBatch,
    connections: () => tap.connections,
    feed: (from, to) =>
      rabbit.use(async (channel) => {
        for (let id = from; id < to; id += linesOfBatch) {
          const lines = Array.from({ length: Math.min(linesOfBatch, to - id) }, (_, i) => JSON.stringify({ id: id + i, customer: `c${(id + i) % 7}` }));
          channel.publish(exchange, 'batch', Buffer.from(`${lines.join('\n')}\n`), { persistent: true, contentType: 'application/x-ndjson' });
        }
        await channel.waitForConfirms();
      }),
    progress: () => ends.all(),
    unsettled: () => Promise.resolve(tap.unsettled * linesOfBatch),
    isDone: async () => (await rabbit.count(queue)) === 0 && tap.unsettled === 0,
    results: async () => (await broker.read(topic)).map(({ text }) => (JSON.parse(text!) as { id: number }).id),
    close: async () => {
      await rabbit.use(async (channel) => {
        await channel.deleteQueue(queue);
        await channel.deleteQueue(`${queue}.dead`);
        await channel.deleteExchange(exchange);
        await channel.deleteExchange(`${exchange}.dead`);
      });
      await rabbit.close();
      await tap.close();
      await ends.close();
      await broker.close();
    },
  };
}

// ------------------------------------------------------------------------------------------------ RabbitMQ request-reply

export async function rabbitRequestReply(pricing: string): Promise<Course> {
  const rabbit = new Rabbit();
  const tap = new AmqpTap(() => hostAndPort(servers.amqpProxied()));
  const address = await tap.open();
  const [queue, replies] = [name('prices'), name('replies')];
  await rabbit.use(async (channel) => {
    await channel.assertQueue(queue, { durable: true });
    await channel.assertQueue(replies, { durable: true });
  });
  return {
    route: 'rabbitmq-request-reply.yaml',
    properties: { rabbitmq: `amqp://guest:guest@${address}`, queue, 'micrologic.url': pricing },
    servers: ['rabbitmq'],
    promise: 'at least once: a request that was not acknowledged is answered again',
    repeatsNothing: false,
    mostUnderWay: 250,
    connections: () => tap.connections,
    feed: (from, to) =>
      rabbit.use(async (channel) => {
        for (let id = from; id < to; id++) {
          channel.publish('', queue, Buffer.from(JSON.stringify({ item: 'tea', quantity: id + 1, region: 'EU' })), { persistent: true, contentType: 'application/json', replyTo: replies, correlationId: String(id) });
        }
        await channel.waitForConfirms();
      }),
    progress: () => rabbit.count(replies),
    unsettled: () => Promise.resolve(tap.unsettled),
    isDone: async () => (await rabbit.count(queue)) === 0 && tap.unsettled === 0,
    results: () =>
      rabbit.use(async (channel) => {
        const ids: number[] = [];
        const expected = (await channel.checkQueue(replies)).messageCount;
        await channel.prefetch(1000);
        await new Promise<void>((resolve) => {
          if (expected === 0) resolve();
          void channel.consume(replies, (message) => {
            const id = Number(message!.properties.correlationId);
            const { quantity } = JSON.parse(message!.content.toString()) as { quantity: number };
            if (quantity !== id + 1) throw new Error(`the reply to ${id} is the one to ${quantity - 1}`);
            ids.push(id);
            if (ids.length % 500 === 0 || ids.length === expected) channel.ack(message!, true);
            if (ids.length === expected) resolve();
          });
        });
        return ids;
      }),
    close: async () => {
      await rabbit.use(async (channel) => {
        await channel.deleteQueue(queue);
        await channel.deleteQueue(replies);
      });
      await rabbit.close();
      await tap.close();
    },
  };
}

// ------------------------------------------------------------------------------------------------ S3 → S3

export async function s3CsvToJson(): Promise<Course> {
  const linesOfFile = 50;
  const storage = new Storage();
  const bucket = await storage.bucket();
  const tap = new S3Tap(() => hostAndPort(servers.s3Proxied()), 'incoming/');
  const address = await tap.open();
  const list = async (prefix: string): Promise<string[]> => {
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const page = await storage.client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...(token === undefined ? {} : { ContinuationToken: token }) }));
      for (const { Key } of page.Contents ?? []) keys.push(Key!);
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return keys;
  };
  return {
    route: 's3-csv-to-json.yaml',
    properties: { s3: `http://${address}`, bucket, ...credentials, delay: '50' },
    servers: ['s3'],
    promise: 'at least once, onto the same objects: written again they are the same',
    repeatsNothing: true,
    mostUnderWay: 0,
    feed: async (from, to) => {
      const files: [string, string][] = [];
      for (let id = from; id < to; id += linesOfFile) {
        const lines = Array.from({ length: Math.min(linesOfFile, to - id) }, (_, i) => `A${id + i},tea,${id + i + 1},1.50`);
        files.push([`incoming/drop-${id}.csv`, `id,item,quantity,price\n${lines.join('\n')}\n`]);
      }
      for (let i = 0; i < files.length; i += 20) await Promise.all(files.slice(i, i + 20).map(([key, text]) => patiently(() => storage.put(bucket, key, text))));
    },
    progress: () => Promise.resolve(tap.deleted.size * linesOfFile),
    unsettled: () => Promise.resolve(tap.unsettled * linesOfFile),
    isDone: () => patiently(async () => (await list('incoming/')).length === 0),
    killed: () => tap.forget(),
    results: async () => {
      const ids: number[] = [];
      const keys = await patiently(() => list('valid/'));
      for (let i = 0; i < keys.length; i += 20) {
        const texts = await Promise.all(keys.slice(i, i + 20).map((key) => patiently(() => storage.text(bucket, key))));
        for (const text of texts) for (const line of text.split('\n')) if (line !== '') ids.push(Number((JSON.parse(line) as { id: string }).id.slice(1)));
      }
      return ids;
    },
    close: async () => {
      await tap.close();
      await storage.close();
    },
  };
}

export const courses = { 'kafka-exactly-once': kafkaExactlyOnce, 'rabbitmq-to-kafka': rabbitToKafka, 'rabbitmq-request-reply': rabbitRequestReply, 's3-csv-to-json': s3CsvToJson } as const satisfies Record<string, (pricing: string) => Promise<Course>>;
export type CourseName = keyof typeof courses;
