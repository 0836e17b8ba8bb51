import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import Cluster from 'kafkajs/src/cluster/index.js';
import assignerProtocol from 'kafkajs/src/consumer/assignerProtocol.js';
import type { KafkaJsBatch } from 'kafkajs/src/consumer/consumerGroup.js';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import InstrumentationEventEmitter from 'kafkajs/src/instrumentation/emitter.js';
import loggers from 'kafkajs/src/loggers/index.js';
import type { EosManager } from 'kafkajs/src/producer/eosManager/index.js';
import createEosManager from 'kafkajs/src/producer/eosManager/index.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import protocolErrors from 'kafkajs/src/protocol/error.js';
import compressions from 'kafkajs/src/protocol/message/compression/index.js';
import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js';
import protocolRequests from 'kafkajs/src/protocol/requests/index.js';
import type { KafkaJsBroker, KafkaJsLogger, ProduceResponse, TransactionRequests } from 'kafkajs/src/shapes.js';
import type { Timer } from '../../core/clock.ts';
import type {
  ClientContext,
  FailureKind,
  GroupMember,
  KafkaClient,
  MemberListener,
  MemberOptions,
  Offset,
  PartitionRecords,
  PartitionResult,
  Sender,
  SenderOptions,
  TopicPartition,
} from './client.ts';
import { KafkaFailure } from './client.ts';
import { hideAborted } from './aborted.ts';
import { installCodecs } from './codecs.ts';
import { encodeBatch, encodeProduce } from './record-batch.ts';

const longestConnectMillis = 10_000;
/** While some partition is full, a fetch of the others must not keep it waiting for long once it has room again. */
const shortWaitMillis = 20;
/** A broker that has just started, or a group's first member, meets some failures that pass by themselves. */
const remarkableFailures = 6;
const readUncommitted = 0;
const readCommitted = 1;
/** Wait before a request that met the end of the transaction before. */
const concurrentTransactionMillis = 10;
/** As the protocol numbers kinds of coordinators. */
const transactionCoordinator = 1;

// ------------------------------------------------------------------------------------------------ failures

const kindsByType: Readonly<Record<string, FailureKind>> = {
  REBALANCE_IN_PROGRESS: 'rebalance',
  ILLEGAL_GENERATION: 'expelled',
  UNKNOWN_MEMBER_ID: 'expelled',
  FENCED_INSTANCE_ID: 'expelled',
  UNKNOWN_PRODUCER_ID: 'sequence',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'sequence',
  INVALID_PRODUCER_EPOCH: 'fenced',
  INVALID_PRODUCER_ID_MAPPING: 'fenced',
  TRANSACTION_COORDINATOR_FENCED: 'fenced',
  INVALID_TXN_STATE: 'fenced',
  UNKNOWN_TOPIC_OR_PARTITION: 'missing',
  INVALID_TOPIC_EXCEPTION: 'missing',
  MESSAGE_TOO_LARGE: 'tooLarge',
  RECORD_LIST_TOO_LARGE: 'tooLarge',
  TOPIC_AUTHORIZATION_FAILED: 'forbidden',
  GROUP_AUTHORIZATION_FAILED: 'forbidden',
  CLUSTER_AUTHORIZATION_FAILED: 'forbidden',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'forbidden',
  CONCURRENT_TRANSACTIONS: 'transient',
};
const kindsByName: Readonly<Record<string, FailureKind>> = {
  KafkaJSConnectionError: 'unreachable',
  KafkaJSConnectionClosedError: 'unreachable',
  KafkaJSRequestTimeoutError: 'unreachable',
  KafkaJSBrokerNotFound: 'unreachable',
  KafkaJSLockTimeout: 'unreachable',
  KafkaJSNoBrokerAvailableError: 'unreachable',
  KafkaJSGroupCoordinatorNotFound: 'transient',
  KafkaJSMetadataNotLoaded: 'transient',
  KafkaJSTopicMetadataNotLoaded: 'transient',
  KafkaJSStaleTopicMetadataAssignment: 'rebalance',
};
/** As the broker numbers them; the library does not know this one. */
const producerFenced = 90;

interface LibraryError extends Error {
  readonly type?: string;
  readonly code?: string | number;
  readonly retriable?: boolean;
}

function kindOf(error: LibraryError): FailureKind | null {
  const byType = error.type === undefined ? undefined : kindsByType[error.type];
  if (byType !== undefined) return byType;
  if (error.code === producerFenced) return 'fenced';
  if (error.name === 'KafkaJSSASLAuthenticationError') return /closed|disconnect/i.test(error.message) ? 'unreachable' : 'login';
  const byName = kindsByName[error.name];
  if (byName !== undefined) return byName;
  if (typeof error.code === 'string' && /^E[A-Z_]+$/.test(error.code)) return 'unreachable';
  return null;
}

/** Whatever the library threw, with the kind of the innermost cause that has one. */
function failureOf(thrown: unknown): KafkaFailure {
  if (thrown instanceof KafkaFailure) return thrown;
  const first = thrown as LibraryError;
  let kind: FailureKind | null = null;
  let innermost: LibraryError = first;
  let depth = 0;
  for (let error: LibraryError | undefined = first; error instanceof Error && depth < 10; error = error.cause as LibraryError | undefined, depth++) {
    innermost = error;
    kind ??= kindOf(error);
  }
  kind ??= first.retriable === true || innermost.retriable === true ? 'transient' : 'fatal';
  return new KafkaFailure(kind, innermost.message, thrown);
}

const isTimeout = (thrown: unknown): boolean => {
  for (let error = thrown as LibraryError | undefined; error instanceof Error; error = error.cause as LibraryError | undefined) if (error.name === 'KafkaJSRequestTimeoutError') return true;
  return false;
};

/** Learns the partitions of topics; a broker may make those that are not there. @throws KafkaFailure `missing`, naming them */
async function lookUp(cluster: Cluster, topics: readonly string[]): Promise<void> {
  try {
    await cluster.addMultipleTargetTopics(topics);
  } catch (thrown) {
    const failure = failureOf(thrown);
    if (failure.kind !== 'missing') throw failure;
    throw new KafkaFailure('missing', `there is no topic ${topics.join(', or no ')}: ${failure.message}`, thrown);
  }
  const missing = topics.find((topic) => cluster.findTopicPartitionMetadata(topic).length === 0);
  if (missing !== undefined) throw new KafkaFailure('missing', `there is no topic ${missing}`);
}

// ------------------------------------------------------------------------------------------------ the client

export class KafkaJsClient implements KafkaClient {
  readonly context: ClientContext;
  private readonly sockets = new Set<Socket>();
  private readonly clusters: Cluster[] = [];
  private readonly logger: KafkaJsLogger;
  private readonly waits = new Set<() => void>();
  private writing: Cluster | null = null;
  isClosed = false;

  constructor(context: ClientContext) {
    this.context = context;
    const { LEVELS, createLogger } = loggers;
    // What matters comes back as an error, and is said by whoever asked.
    this.logger = createLogger({ level: LEVELS.NOTHING, logCreator: () => () => undefined });
  }

  member(options: MemberOptions, listener: MemberListener): GroupMember {
    return new Member(this, options, listener);
  }

  sender(options: SenderOptions): Sender {
    return new KafkaJsSender(this, (this.writing ??= this.cluster({ requestTimeout: options.requestTimeoutMillis })), this.logger, options);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const end of this.waits) end();
    this.drop('closed');
    for (const cluster of this.clusters.splice(0)) {
      // It waits for answers that will not come where a connection is gone.
      await this.within(500, cluster.disconnect());
    }
    this.drop('closed');
  }

  /** Breaks all connections, so that what waits on them fails now. */
  drop(reason: string): void {
    // With an error: the library clears up only then.
    for (const socket of this.sockets) socket.destroy(new Error(reason));
  }

  cluster({ isolationLevel, requestTimeout }: { isolationLevel?: number; requestTimeout?: number } = {}): Cluster {
    const { settings } = this.context;
    installCodecs();
    const cluster = new Cluster({
      logger: this.logger,
      brokers: [...settings.brokers],
      ssl: settings.tls,
      sasl: settings.sasl === null ? null : { ...settings.sasl },
      clientId: settings.clientId,
      connectionTimeout: Math.min(longestConnectMillis, settings.requestTimeoutMillis),
      authenticationTimeout: longestConnectMillis,
      requestTimeout: requestTimeout ?? settings.requestTimeoutMillis,
      enforceRequestTimeout: true,
      metadataMaxAge: settings.metadataMaxAgeMillis,
      allowAutoTopicCreation: true,
      maxInFlightRequests: null,
      isolationLevel,
      instrumentationEmitter: new InstrumentationEventEmitter(),
      // As often as it takes to ask each broker once; what goes on trying is here.
      retry: { retries: Math.max(1, settings.brokers.length - 1), initialRetryTime: 20, maxRetryTime: 200 },
      socketFactory: (options: { host: string; port: number; ssl: ConnectionOptions | null; onConnect: () => void }) => this.socket(options),
    });
    cluster.retry = { retries: 10, initialRetryTime: 20, maxRetryTime: 500 };
    if (isolationLevel === readCommitted) this.hideAborted(cluster);
    this.clusters.push(cluster);
    return cluster;
  }

  /** Looks at what is fetched before the library's filter does. */
  private hideAborted(cluster: Cluster): void {
    const find = cluster.findBroker.bind(cluster);
    const known = new WeakSet<KafkaJsBroker>();
    cluster.findBroker = async (node) => {
      const broker = await find(node);
      if (known.has(broker)) return broker;
      known.add(broker);
      const fetch = broker.fetch.bind(broker);
      broker.fetch = async (request) => {
        const response = await fetch(request);
        for (const { partitions } of response.responses) for (const partition of partitions) hideAborted(partition);
        return response;
      };
      return broker;
    };
  }

  group(cluster: Cluster, options: MemberOptions, topics: readonly string[]): ConsumerGroup {
    return new ConsumerGroup({
      logger: this.logger,
      cluster,
      groupId: options.groupId,
      topics,
      topicConfigurations: configurationsOf(topics, options),
      retry: { retries: 3, initialRetryTime: 50, maxRetryTime: 500 },
      assigners: options.assignors.map((name) => assigner(name, cluster)),
      sessionTimeout: options.sessionTimeoutMillis,
      rebalanceTimeout: options.rebalanceTimeoutMillis,
      maxBytesPerPartition: options.maxPartitionBytes,
      minBytes: options.minBytes,
      maxBytes: options.maxBytes,
      maxWaitTimeInMs: options.maxWaitMillis,
      instrumentationEmitter: new InstrumentationEventEmitter(),
      isolationLevel: options.readsCommittedOnly ? readCommitted : readUncommitted,
      rackId: '',
      metadataMaxAge: this.context.settings.metadataMaxAgeMillis,
      autoCommit: false,
      autoCommitInterval: null,
      autoCommitThreshold: null,
    });
  }

  /** Ends early when the client is closed. */
  wait(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.waits.delete(end);
        resolve();
      };
      const timer = this.context.clock.schedule(millis, end);
      this.waits.add(end);
    });
  }

  /** Waits for something to end, well or not, but not for long. */
  async within(millis: number, ending: Promise<unknown>): Promise<void> {
    let timer: Timer | null = null;
    await Promise.race([ending.catch(() => undefined), new Promise<void>((resolve) => (timer = this.context.clock.schedule(millis, resolve)))]);
    timer!.cancel();
  }

  private socket({ host, port, ssl, onConnect }: { host: string; port: number; ssl: ConnectionOptions | null; onConnect: () => void }): Socket {
    if (this.isClosed) throw new Error('closed');
    const socket = ssl === null ? connectPlain({ host, port }, onConnect) : connectSecure({ ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl, host, port }, onConnect);
    socket.setKeepAlive(true, 60_000);
    socket.setNoDelay(true);
    // While it connects the library may end it many times.
    socket.setMaxListeners(0);
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    return socket;
  }
}

const configurationsOf = (topics: readonly string[], { isFromBeginning }: MemberOptions): Record<string, { fromBeginning: boolean }> =>
  Object.fromEntries(topics.map((topic) => [topic, { fromBeginning: isFromBeginning }]));

const byTopic = <T, P>(items: readonly (TopicPartition & T)[], of: (item: TopicPartition & T) => P): { topic: string; partitions: P[] }[] => {
  const topics = new Map<string, P[]>();
  for (const item of items) {
    const partitions = topics.get(item.topic);
    if (partitions === undefined) topics.set(item.topic, [of(item)]);
    else partitions.push(of(item));
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
};

// ------------------------------------------------------------------------------------------------ who reads what

/** The two ways of sharing that Java's clients have too, by the same names: members of both kinds can be in one group. */
function assigner(name: 'range' | 'roundrobin', cluster: Cluster): object {
  const { MemberAssignment, MemberMetadata } = assignerProtocol;
  return {
    name,
    version: 0,
    protocol: ({ topics }: { topics: readonly string[] }) => ({ name, metadata: MemberMetadata.encode({ version: 0, topics: [...topics] }) }),
    assign: ({ members }: { members: readonly { memberId: string; memberMetadata: Buffer }[] }) => {
      const subscriptions = members.map(({ memberId, memberMetadata }) => ({ memberId, topics: MemberMetadata.decode(memberMetadata).topics })).sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
      const shares = new Map<string, Record<string, number[]>>(subscriptions.map(({ memberId }) => [memberId, {}]));
      const give = (memberId: string, topic: string, partition: number): void => void (shares.get(memberId)![topic] ??= []).push(partition);
      const topics = [...new Set(subscriptions.flatMap((subscription) => subscription.topics))].sort();
      let turn = 0;
      for (const topic of topics) {
        const takers = subscriptions.filter((subscription) => subscription.topics.includes(topic));
        const partitions = cluster
          .findTopicPartitionMetadata(topic)
          .map(({ partitionId }) => partitionId)
          .sort((a, b) => a - b);
        if (name === 'range') {
          const each = Math.floor(partitions.length / takers.length);
          const more = partitions.length % takers.length;
          let next = 0;
          takers.forEach(({ memberId }, index) => {
            for (let left = each + (index < more ? 1 : 0); left > 0; left--) give(memberId, topic, partitions[next++]!);
          });
        } else {
          for (const partition of partitions) {
            while (!subscriptions[turn % subscriptions.length]!.topics.includes(topic)) turn++;
            give(subscriptions[turn++ % subscriptions.length]!.memberId, topic, partition);
          }
        }
      }
      return Promise.resolve([...shares].map(([memberId, assignment]) => ({ memberId, memberAssignment: MemberAssignment.encode({ version: 0, assignment }) })));
    },
  };
}

// ------------------------------------------------------------------------------------------------ a member of a group

/** One stretch of reading between joining and whatever ends it. */
interface Round {
  isOver: boolean;
  failure: KafkaFailure | null;
  draining: Promise<void> | null;
  readonly wakers: Set<() => void>;
}

class Member implements GroupMember {
  private readonly client: KafkaJsClient;
  private readonly options: MemberOptions;
  private readonly listener: MemberListener;
  private readonly cluster: Cluster;
  private group: ConsumerGroup | null = null;
  private topics: readonly string[] = [];
  private isJoined = false;
  private isLeaving = false;
  private isPaused = false;
  private hasRead = false;
  private round: Round | null = null;
  private heart: Timer | null = null;
  private watch: Timer | null = null;
  private running: Promise<void> | null = null;
  private stopWaiting: (() => void) | null = null;

  constructor(client: KafkaJsClient, options: MemberOptions, listener: MemberListener) {
    this.client = client;
    this.options = options;
    this.listener = listener;
    this.cluster = client.cluster({ isolationLevel: options.readsCommittedOnly ? readCommitted : readUncommitted });
  }

  run(): Promise<void> {
    return (this.running ??= this.live());
  }

  wake(): void {
    if (this.round !== null) this.wakeAll(this.round);
  }

  pause(): void {
    this.isPaused = true;
  }

  async leave(): Promise<void> {
    if (this.isLeaving) return;
    this.isLeaving = true;
    this.stopWaiting?.();
    if (this.round !== null) this.finish(this.round, null);
    await this.running?.catch(() => undefined);
    this.heart?.cancel();
    this.heart = null;
    if (this.isJoined) await this.client.within(1000, this.group!.leave());
    this.isJoined = false;
  }

  async commit(offsets: readonly Offset[]): Promise<void> {
    const { group } = this;
    if (group === null || !this.isJoined) throw new KafkaFailure('expelled', 'not in the group');
    try {
      await group.commitOffsets({ topics: byTopic(offsets, ({ partition, offset }) => ({ partition, offset, metadata: null })) });
    } catch (thrown) {
      throw this.noted(thrown);
    }
  }

  async committed(partitions: readonly TopicPartition[]): Promise<Offset[]> {
    try {
      const coordinator = await this.group!.offsetManager.getCoordinator();
      const { responses } = await coordinator.offsetFetch({ groupId: this.options.groupId, topics: byTopic(partitions, ({ partition }) => ({ partition })) });
      return responses.flatMap(({ topic, partitions: found }) => found.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })));
    } catch (thrown) {
      throw this.noted(thrown);
    }
  }

  async bounds(partitions: readonly TopicPartition[], bound: 'first' | 'next'): Promise<Offset[]> {
    try {
      const topics = byTopic(partitions, ({ partition }) => ({ partition })).map((topic) => ({ ...topic, fromBeginning: bound === 'first' }));
      await this.cluster.connect();
      await this.cluster.addMultipleTargetTopics(topics.map(({ topic }) => topic));
      const found = await this.cluster.fetchTopicsOffset(topics);
      return found.flatMap(({ topic, partitions: offsets }) => offsets.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })));
    } catch (thrown) {
      throw this.noted(thrown);
    }
  }

  async alive(): Promise<void> {
    if (!this.isJoined) throw new KafkaFailure('expelled', 'not in the group');
    try {
      await this.group!.heartbeat({ interval: 0 });
    } catch (thrown) {
      throw this.noted(thrown);
    }
  }

  seek({ topic, partition, offset }: Offset): void {
    this.group?.seek({ topic, partition, offset: String(offset) });
  }

  // ---------------------------------------------------------------------------------------------- life

  private async live(): Promise<void> {
    const { settings } = this.client.context;
    let delay = settings.firstBackoffMillis;
    let failures = 0;
    while (!this.isLeaving) {
      try {
        await this.prepare();
        if (this.isLeaving) return;
        if (!this.isJoined) await this.join();
        if (this.isLeaving) return;
        await this.read(() => {
          delay = settings.firstBackoffMillis;
          failures = 0;
        });
      } catch (thrown) {
        if (this.isLeaving) return;
        const failure = this.noted(thrown);
        switch (failure.kind) {
          case 'rebalance':
            this.unjoin();
            continue;
          case 'expelled':
            this.unjoin();
            if (this.group !== null) this.group.memberId = null;
            continue;
          case 'fatal':
            // What has worked may work again; what never did is a mistake.
            if (!this.hasRead) throw failure;
        }
        if (++failures >= remarkableFailures || failure.kind !== 'transient') this.listener.waiting(failure);
        await this.pauseFor(delay);
        delay = Math.min(delay * 2, settings.longestBackoffMillis);
      }
    }
  }

  /** Connects, or connects again, and finds topics and coordinator. */
  private async prepare(): Promise<void> {
    const { cluster, options } = this;
    await cluster.connect();
    const topics = options.topics instanceof RegExp ? await this.matching(options.topics) : options.topics;
    if (topics.length === 0) throw new KafkaFailure('missing', `no topic matches ${String(options.topics)}`);
    if (this.round !== null || this.group !== null) await cluster.refreshMetadata();
    await lookUp(cluster, topics);
    if (this.group === null) {
      this.group = this.client.group(cluster, options, topics);
      this.group.recoverFromFetch = (error) => Promise.reject(error);
      this.group.getActiveTopicPartitions = () => this.wanted();
    } else if (topics.join() !== this.topics.join()) {
      this.unjoin();
      this.group.topics = this.group.topicsSubscribed = topics;
      this.group.topicConfigurations = configurationsOf(topics, options);
    }
    this.topics = topics;
    if (this.isJoined) this.group.coordinator = this.group.offsetManager.coordinator = await cluster.findGroupCoordinator({ groupId: options.groupId });
  }

  private async matching(pattern: RegExp): Promise<string[]> {
    const { topicMetadata } = await this.cluster.metadata();
    return topicMetadata
      .map(({ topic }) => topic)
      .filter((topic) => pattern.test(topic))
      .sort();
  }

  private async join(): Promise<void> {
    const group = this.group!;
    await group.joinAndSync();
    this.isJoined = true;
    if (this.heart === null) this.beatLater();
    try {
      await this.listener.assigned(group.assigned().flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition }))));
    } catch (thrown) {
      // It would stay in the group and read nothing.
      this.unjoin();
      throw thrown;
    }
  }

  private unjoin(): void {
    if (!this.isJoined) return;
    this.isJoined = false;
    this.listener.revoked();
  }

  /** Reads until the round is over. Rejects with what ended it. */
  private async read(reading: () => void): Promise<void> {
    const round: Round = (this.round = { isOver: false, failure: null, draining: null, wakers: new Set() });
    try {
      await this.group!.heartbeat({ interval: 0 });
      this.watchTopics(round);
      const nodes = this.group === null ? [] : this.cluster.getNodeIds();
      this.hasRead = true;
      reading();
      this.listener.ready();
      await Promise.all(nodes.map((nodeId) => this.fetchFrom(nodeId, nodes, round)));
      await round.draining;
    } finally {
      round.isOver = true;
      this.watch?.cancel();
      this.watch = null;
    }
    if (round.failure !== null) throw round.failure;
  }

  private async fetchFrom(nodeId: string, nodes: readonly string[], round: Round): Promise<void> {
    const group = this.group!;
    while (!round.isOver) {
      if (this.isPaused || !this.wantsAny()) {
        await new Promise<void>((resolve) => void round.wakers.add(resolve));
        continue;
      }
      try {
        group.maxWaitTime = this.wantsAll() ? this.options.maxWaitMillis : Math.min(shortWaitMillis, this.options.maxWaitMillis);
        const batches = await group.fetch(nodeId);
        if (round.isOver) return;
        for (const batch of batches) this.take(batch);
        const current = this.cluster.getNodeIds();
        if (current.length !== nodes.length || current.some((node) => !nodes.includes(node))) this.finish(round, new KafkaFailure('transient', 'the brokers have changed'));
      } catch (thrown) {
        if (round.isOver) return;
        if ((thrown as Error).name === 'KafkaJSOffsetOutOfRange') {
          await this.outOfRange(thrown as TopicPartition & Error).catch((again: unknown) => this.finish(round, this.noted(again)));
          continue;
        }
        this.finish(round, this.noted(thrown));
      }
    }
  }

  private take(batch: KafkaJsBatch): void {
    const { topic, partition } = batch;
    if (batch.isEmpty()) {
      if (batch.isEmptyDueToFiltering()) this.group!.resolveOffset({ topic, partition, offset: batch.lastOffset() });
      return;
    }
    const last = batch.lastOffset();
    this.group!.resolveOffset({ topic, partition, offset: last });
    this.listener.records({ topic, partition, records: batch.messages, nextOffset: Number(last) + 1 });
  }

  /** The offset is not there any more, or not yet: begins where `autoOffsetReset` says. */
  private async outOfRange({ topic, partition }: TopicPartition): Promise<void> {
    const { isFromBeginning } = this.options;
    this.client.context.log('warn', `${topic}/${partition}: the next offset is not there (deleted, or the topic was made anew); going on at the ${isFromBeginning ? 'beginning' : 'end'}`);
    const [offset] = await this.bounds([{ topic, partition }], isFromBeginning ? 'first' : 'next');
    if (offset !== undefined) this.seek(offset);
  }

  private wanted(): Record<string, Set<number>> {
    const wanted: Record<string, Set<number>> = {};
    for (const { topic, partitions } of this.group!.assigned()) wanted[topic] = new Set(partitions.filter((partition) => this.listener.wants({ topic, partition })));
    return wanted;
  }

  private wantsAny(): boolean {
    return this.group!.assigned().some(({ topic, partitions }) => partitions.some((partition) => this.listener.wants({ topic, partition })));
  }

  private wantsAll(): boolean {
    return this.group!.assigned().every(({ topic, partitions }) => partitions.every((partition) => this.listener.wants({ topic, partition })));
  }

  private finish(round: Round, failure: KafkaFailure | null): void {
    if (round.isOver) return;
    round.isOver = true;
    round.failure = failure;
    // While the last fetches come to their end what is under way may, too.
    if (failure?.kind === 'rebalance') round.draining = this.listener.revoking().catch(() => undefined);
    this.wakeAll(round);
  }

  private wakeAll(round: Round): void {
    for (const wake of round.wakers) wake();
    round.wakers.clear();
  }

  /** Signs of life go on while records are under way, and tell of rebalances. */
  private beatLater(): void {
    this.heart = this.client.context.clock.schedule(this.options.heartbeatIntervalMillis, () => {
      void this.beat().then(() => {
        if (this.heart !== null && (this.isJoined || !this.isLeaving)) this.beatLater();
      });
    });
  }

  private async beat(): Promise<void> {
    if (!this.isJoined) return;
    try {
      await this.group!.heartbeat({ interval: 0 });
    } catch (thrown) {
      const failure = this.noted(thrown);
      if (this.round !== null) this.finish(this.round, failure);
    }
  }

  private watchTopics(round: Round): void {
    const { topics } = this.options;
    if (!(topics instanceof RegExp)) return;
    this.watch = this.client.context.clock.schedule(this.client.context.settings.metadataMaxAgeMillis, () => {
      this.matching(topics)
        .then((matching) => {
          if (matching.join() !== this.topics.join()) this.finish(round, new KafkaFailure('rebalance', 'other topics match now'));
        })
        .catch(() => undefined)
        .finally(() => {
          if (!round.isOver) this.watchTopics(round);
        });
    });
  }

  private pauseFor(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.client.context.clock.schedule(millis, resolve);
      this.stopWaiting = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** Gives up connections on which nobody answers. */
  private noted(thrown: unknown): KafkaFailure {
    if (isTimeout(thrown)) this.client.drop('no answer in time');
    return failureOf(thrown);
  }
}

// ------------------------------------------------------------------------------------------------ a producer

const compressionTypes = { none: compressions.Types.None, gzip: compressions.Types.GZIP, snappy: compressions.Types.Snappy, lz4: compressions.Types.LZ4, zstd: compressions.Types.ZSTD } as const;
const duplicateSequence = 46;

/** Bytes in the form that the library wants, without copying them. */
function asEncoder(bytes: Buffer): Encoder {
  const encoder = new Encoder(0);
  encoder.buf = bytes;
  encoder.offset = bytes.length;
  return encoder;
}

/** The library's own 64-bit number, or its text. */
const producerIdOf = (id: unknown): bigint => BigInt(String(typeof id === 'object' && id !== null && 'value' in id ? id.value : id));

class KafkaJsSender implements Sender {
  private readonly client: KafkaJsClient;
  private readonly cluster: Cluster;
  private readonly logger: KafkaJsLogger;
  private readonly options: SenderOptions;
  private readonly topics = new Set<string>();
  private eos: EosManager;
  private isStale = false;

  constructor(client: KafkaJsClient, cluster: Cluster, logger: KafkaJsLogger, options: SenderOptions) {
    this.client = client;
    this.cluster = cluster;
    this.logger = logger;
    this.options = options;
    this.eos = this.identity();
  }

  knownPartitions(topic: string): number | null {
    if (this.isStale || !this.topics.has(topic)) return null;
    try {
      const { length } = this.cluster.findTopicPartitionMetadata(topic);
      return length === 0 ? null : length;
    } catch {
      return null;
    }
  }

  async partitions(topic: string): Promise<number> {
    try {
      await this.refresh();
      await lookUp(this.cluster, [topic]);
      this.topics.add(topic);
      return this.cluster.findTopicPartitionMetadata(topic).length;
    } catch (thrown) {
      throw this.noted(thrown);
    }
  }

  renew(): void {
    this.eos = this.identity();
  }

  async open(): Promise<void> {
    const { isIdempotent, transactionalId } = this.options;
    await this.tried(async () => {
      if (transactionalId === null) await this.refresh();
      if ((isIdempotent || transactionalId !== null) && !this.eos.isInitialized()) await this.eos.initProducerId();
    });
  }

  async send(batches: readonly PartitionRecords[]): Promise<PartitionResult[]> {
    const results: PartitionResult[] = new Array<PartitionResult>(batches.length);
    const failAll = (thrown: unknown, indexes: readonly number[]): void => {
      const failure = this.noted(thrown);
      for (const index of indexes) results[index] = { baseOffset: -1, failure };
    };
    const byLeader = new Map<number, number[]>();
    try {
      await this.open();
      await this.cluster.refreshMetadataIfNecessary();
      batches.forEach(({ topic, partition }, index) => {
        const found = this.cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition);
        if (found === undefined) return failAll(new KafkaFailure('missing', `there is no partition ${topic}/${partition}`), [index]);
        if (found.leader === null || found.leader < 0) {
          this.isStale = true;
          return failAll(new KafkaFailure('transient', `${topic}/${partition} has no leader`), [index]);
        }
        const indexes = byLeader.get(found.leader);
        if (indexes === undefined) byLeader.set(found.leader, [index]);
        else indexes.push(index);
      });
    } catch (thrown) {
      failAll(thrown, [...batches.keys()]);
      return results;
    }
    const requests = [...byLeader].map(async ([leader, indexes]) => {
      try {
        await this.produce(leader, indexes, batches, results);
      } catch (thrown) {
        failAll(thrown, indexes);
      }
    });
    await Promise.all(requests);
    return results;
  }

  private async produce(leader: number, indexes: readonly number[], batches: readonly PartitionRecords[], results: PartitionResult[]): Promise<void> {
    const { eos, options } = this;
    const broker = await this.cluster.findBroker({ nodeId: leader });
    const chosen = indexes.map((index) => batches[index]!);
    if (eos.isTransactional()) await eos.addPartitionsToTransaction(byTopic(chosen, ({ partition }) => ({ partition })));
    const { request, response } = broker.lookupRequest(apiKeys.Produce, protocolRequests.requests.Produce)({ acks: options.acks, timeout: options.requestTimeoutMillis, topicData: [] });
    request.encode = async () => asEncoder(await this.encode(chosen));
    // The library's own reading stops at the first partition that failed.
    const answer = await broker.connectionPool.send<ProduceResponse>({ request, response: { decode: (bytes) => response.decode(bytes), parse: (decoded) => decoded } });
    if (options.acks === 0) {
      for (const index of indexes) results[index] = { baseOffset: -1, failure: null };
      return;
    }
    for (const index of indexes) {
      const { topic, partition, records } = batches[index]!;
      const result = answer.topics.find(({ topicName }) => topicName === topic)?.partitions.find((found) => found.partition === partition);
      const code = result?.errorCode ?? -1;
      if (code === 0 || code === duplicateSequence) {
        eos.updateSequence(topic, partition, records.length);
        results[index] = { baseOffset: Number(result!.baseOffset ?? result!.offset ?? -1), failure: null };
      } else {
        const failure = failureOf(code === -1 ? new KafkaFailure('transient', 'the broker did not answer for the partition') : protocolErrors.createErrorFromCode(code));
        if (failure.kind === 'missing' || failure.kind === 'transient') this.isStale = true;
        results[index] = { baseOffset: -1, failure };
      }
    }
  }

  /** Instead of the library, which makes a buffer for each piece of each record. */
  private async encode(batches: readonly PartitionRecords[]): Promise<Buffer> {
    const { eos, options } = this;
    const compression = compressionTypes[options.compression];
    const codec = compression === 0 ? null : compressions.Codecs[compression]!();
    const compress = codec === null ? null : (buffer: Buffer): Promise<Buffer> => codec.compress({ buffer });
    const isIdentified = eos.isInitialized();
    const encoded = await Promise.all(
      batches.map(async ({ topic, partition, records }) => {
        const head = {
          producerId: isIdentified ? producerIdOf(eos.getProducerId()) : -1n,
          producerEpoch: isIdentified ? eos.getProducerEpoch() : -1,
          firstSequence: isIdentified ? eos.getSequence(topic, partition) : -1,
          isTransactional: eos.isTransactional(),
          compression,
        };
        return { topic, partition, batch: await encodeBatch(records, head, compress) };
      }),
    );
    return encodeProduce(
      eos.isTransactional() ? eos.getTransactionalId() : null,
      options.acks,
      options.requestTimeoutMillis,
      byTopic(encoded, ({ partition, batch }) => ({ partition, batch })),
    );
  }

  begin(): void {
    this.eos.beginTransaction();
  }

  sendOffsets(groupId: string, offsets: readonly Offset[]): Promise<void> {
    const topics = byTopic(offsets, ({ partition, offset }) => ({ partition, offset: String(offset) }));
    return this.patiently(() => this.eos.sendOffsets({ consumerGroupId: groupId, topics }));
  }

  commit(): Promise<void> {
    return this.tried(() => this.eos.commit());
  }

  abort(): Promise<void> {
    return this.tried(() => this.eos.abort());
  }

  private identity(): EosManager {
    const { transactionalId, transactionTimeoutMillis } = this.options;
    return createEosManager({
      logger: this.logger,
      cluster: transactionalId === null ? this.cluster : this.patientCluster(),
      transactionTimeout: transactionTimeoutMillis,
      transactional: transactionalId !== null,
      transactionalId: transactionalId ?? undefined,
    });
  }

  /** What the library's bookkeeping of transactions asks, with a coordinator that is asked until it answers. */
  private patientCluster(): Pick<Cluster, 'retry' | 'refreshMetadataIfNecessary' | 'findControllerBroker' | 'findGroupCoordinator'> {
    const { cluster } = this;
    return {
      retry: cluster.retry,
      refreshMetadataIfNecessary: () => cluster.refreshMetadataIfNecessary(),
      findControllerBroker: () => cluster.findControllerBroker(),
      findGroupCoordinator: (wanted) => {
        if (wanted.coordinatorType !== transactionCoordinator) return cluster.findGroupCoordinator(wanted);
        const ask =
          (name: keyof TransactionRequests) =>
          (request: object): Promise<unknown> =>
            this.patiently(async () => {
              await this.refresh();
              return (await cluster.findGroupCoordinator(wanted))[name](request);
            });
        const coordinator: TransactionRequests = { initProducerId: ask('initProducerId'), addPartitionsToTxn: ask('addPartitionsToTxn'), addOffsetsToTxn: ask('addOffsetsToTxn'), endTxn: ask('endTxn') };
        return Promise.resolve(coordinator as KafkaJsBroker);
      },
    };
  }

  private async refresh(): Promise<void> {
    await this.cluster.connect();
    if (!this.isStale) return;
    await this.cluster.refreshMetadata();
    this.isStale = false;
  }

  /**
   * Asks a coordinator again, for `patienceMillis`: it may be coming up or moving to another broker, the connection may be broken, the end of the
   * transaction before may still be on its way to all partitions. All of these requests do the same when they are sent twice.
   * @throws KafkaFailure
   */
  private async patiently<T>(run: () => Promise<T>): Promise<T> {
    const { clock, settings } = this.client.context;
    const until = clock.now() + this.options.patienceMillis;
    let delay = settings.firstBackoffMillis;
    for (;;) {
      try {
        return await run();
      } catch (thrown) {
        const isConcurrent = (thrown as LibraryError).type === 'CONCURRENT_TRANSACTIONS';
        const failure = this.noted(thrown);
        const wait = isConcurrent ? concurrentTransactionMillis : delay;
        if ((failure.kind !== 'transient' && failure.kind !== 'unreachable') || this.client.isClosed || clock.now() + wait > until) throw failure;
        await this.client.wait(wait);
        if (!isConcurrent) delay = Math.min(delay * 2, settings.longestBackoffMillis);
      }
    }
  }

  private async tried(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (thrown) {
      throw this.noted(thrown);
    }
  }

  private noted(thrown: unknown): KafkaFailure {
    if (isTimeout(thrown)) this.client.drop('no answer in time');
    const failure = failureOf(thrown);
    if (failure.kind === 'unreachable' || failure.kind === 'transient') this.isStale = true;
    return failure;
  }
}
