import { randomUUID } from 'node:crypto';
import type { Timer } from '../../core/clock.ts';
import type { ConnectorContext, Consumer, Delivery, Sink } from '../../core/connector.ts';
import { ExchangeError, toExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { Headers } from '../../core/exchange/headers.ts';
import { kafkaBrokers } from '../../core/beans/kafkaProducerFactory.ts';
import { transactedRoutesOf } from '../../core/exchange/transaction.ts';
import type { TransactedRoutes } from '../../core/exchange/transaction.ts';
import type { HeaderFilter } from '../../core/http/headers.ts';
import type { GroupMember, KafkaClient, KafkaFailure, MemberListener, MemberOptions, Offset, RecordBatch, TopicPartition } from './client.ts';
import { topicComplaint } from './client.ts';
import { connectionSettings } from './connection.ts';
import type { ConnectionSettings } from './connection.ts';
import type { HeaderReading } from './headers.ts';
import { names, RecordHeaders } from './headers.ts';
import { BatchDelivery, Lane } from './lane.ts';
import type { LaneOwner, Progress, RecordDelivery } from './lane.ts';
import type { KafkaEndpoint } from './options.ts';
import type { Deserialise } from './serialisation.ts';
import { deserialiser, readsAnything } from './serialisation.ts';
import type { TransactionOptions, Transactions } from './transactions.ts';
import { LaneTransaction, resumeOffset, transactionsOf } from './transactions.ts';

const sliceMillis = 8;
/** After it the transaction counts as lost, and what was in it is delivered again. */
const longestPatienceMillis = 5000;
/** Part of the time that a rebalance waits for its members in which these may finish what is under way. */
const drainShare = 0.8;

/** A place for offsets other than Kafka, as a bean. */
interface OffsetRepository {
  getState(key: string): unknown;
  setState(key: string, value: string): unknown;
}

interface ManualCommitFactory {
  newInstance(record: { topic: string; partition: number; offset: number; commit: () => Promise<void> }): unknown;
}

/** What all members of an endpoint have in common, read from its options once. */
interface Reading {
  readonly context: ConnectorContext;
  readonly shownUri: string;
  readonly groupId: string;
  readonly member: MemberOptions;
  readonly settings: ConnectionSettings;
  readonly value: Deserialise;
  readonly headers: HeaderReading;
  /** A key or header may be unreadable: found out before the record enters the route. */
  readonly checksHeaders: boolean;
  readonly inFlight: number;
  readonly isAutomatic: boolean;
  readonly commitMillis: number;
  readonly commitTimeoutMillis: number;
  readonly isManual: boolean;
  readonly manualFactory: ManualCommitFactory | null;
  readonly repository: OffsetRepository | null;
  readonly breaksOnError: boolean;
  readonly batchRecords: number;
  readonly batchMillis: number | null;
  readonly pollOnError: KafkaEndpoint['options']['pollOnError'];
  readonly isInOut: boolean;
  readonly seekTo: 'BEGINNING' | 'END' | undefined;
  readonly needsOffset: boolean;
  readonly transaction: TransactionOptions | null;
  readonly transactions: Transactions;
  readonly firstBackoffMillis: number;
  readonly longestBackoffMillis: number;
  readonly consumers: number;
  readonly closeMillis: number;
  /** A header says which record is the last of those fetched. */
  readonly marksLast: boolean;
}

/** `hasBlocks`: steps of the route are transactions of the same brokers. */
function readOptions(endpoint: KafkaEndpoint, context: ConnectorContext, hasBlocks: boolean): Reading {
  const { options, shownUri } = endpoint;
  const wrong = (what: string): Error => new Error(`${shownUri}: ${what}`);
  const named = <T>(read: () => T): T => {
    try {
      return read();
    } catch (thrown) {
      throw (thrown as Error).message.startsWith(shownUri) ? thrown : wrong((thrown as Error).message);
    }
  };
  if (options.exactlyOnce) {
    if (options.groupId === undefined) throw wrong('`exactlyOnce` needs `groupId`: the transactions are named after it');
    if (!options.autoCommitEnable || options.allowManualCommit || options.offsetRepository !== undefined) throw wrong('`exactlyOnce` commits offsets in its transactions: `autoCommitEnable=false`, `allowManualCommit` and `offsetRepository` do not go with it');
  }
  if (options.heartbeatIntervalMs >= options.sessionTimeoutMs) throw wrong('`heartbeatIntervalMs` must be shorter than `sessionTimeoutMs`');
  let topics: readonly string[] | RegExp;
  if (options.topicIsPattern) {
    topics = named(() => new RegExp(`^(?:${options.topic})$`));
  } else {
    topics = options.topic.split(',').map((topic) => topic.trim()).filter((topic) => topic !== '');
    for (const topic of topics.length === 0 ? [options.topic.trim()] : topics) {
      const complaint = topicComplaint(topic);
      if (complaint !== null) throw wrong(complaint);
    }
  }
  const settings = connectionSettings(endpoint, context, options.consumerRequestTimeoutMs);
  const groupId = options.groupId ?? randomUUID();
  const key = named(() => deserialiser('keyDeserializer', options.keyDeserializer, context));
  const headerBean = options.headerDeserializer === undefined ? null : named(() => context.bean<{ deserialize(name: string, bytes: Buffer): unknown }>(options.headerDeserializer!));
  const brokers = settings.brokers.join();
  const commitsInBlocks = hasBlocks && options.groupId !== undefined && options.autoCommitEnable && !options.allowManualCommit && options.offsetRepository === undefined;
  return {
    context,
    shownUri,
    groupId,
    settings,
    member: {
      groupId,
      topics,
      isFromBeginning: options.autoOffsetReset === 'earliest',
      assignors: assignors(options.partitionAssignor, wrong),
      sessionTimeoutMillis: options.sessionTimeoutMs,
      rebalanceTimeoutMillis: options.maxPollIntervalMs,
      heartbeatIntervalMillis: options.heartbeatIntervalMs,
      minBytes: options.fetchMinBytes,
      maxBytes: options.fetchMaxBytes,
      maxPartitionBytes: options.maxPartitionFetchBytes,
      maxWaitMillis: options.fetchWaitMaxMs,
      readsCommittedOnly: options.exactlyOnce || options.isolationLevel === 'read_committed',
    },
    value: named(() => deserialiser('valueDeserializer', options.valueDeserializer, context)),
    headers: {
      filter: options.headerFilterStrategy === undefined ? null : named(() => context.bean<HeaderFilter>(options.headerFilterStrategy!)),
      deserialise: headerBean === null ? null : (name, bytes) => headerBean.deserialize(name, bytes),
      key,
    },
    checksHeaders: headerBean !== null || !readsAnything(key),
    inFlight: options.recordsInFlight,
    isAutomatic: options.autoCommitEnable && options.offsetRepository === undefined && !options.exactlyOnce && !commitsInBlocks,
    commitMillis: options.autoCommitIntervalMs,
    commitTimeoutMillis: options.commitTimeoutMs,
    isManual: options.allowManualCommit,
    manualFactory: options.kafkaManualCommitFactory === undefined ? null : named(() => context.bean<ManualCommitFactory>(options.kafkaManualCommitFactory!)),
    repository: options.offsetRepository === undefined ? null : named(() => context.bean<OffsetRepository>(options.offsetRepository!)),
    breaksOnError: options.breakOnFirstError,
    batchRecords: options.maxPollRecords,
    batchMillis: options.batching ? (options.batchingIntervalMs ?? options.pollTimeoutMs) : null,
    pollOnError: options.pollOnError,
    isInOut: options.exchangePattern === 'InOut',
    seekTo: options.seekTo,
    needsOffset: options.autoOffsetReset === 'none',
    transactions: transactionsOf(context),
    transaction: options.exactlyOnce || commitsInBlocks
      ? {
          groupId,
          brokers,
          isForBlocks: !options.exactlyOnce,
          isPerRecord: commitsInBlocks,
          timeoutMillis: options.transactionTimeoutMs,
          requestTimeoutMillis: options.consumerRequestTimeoutMs,
          patienceMillis: Math.min(options.maxBlockMs, longestPatienceMillis),
          compression: options.compressionCodec,
          outbox: {
            clock: context.clock,
            brokers,
            lingerMillis: options.lingerMs,
            batchBytes: options.producerBatchSize ?? options.maxRequestSize / 2,
            maxRecordBytes: options.maxRequestSize,
            bufferBytes: options.bufferMemorySize,
            maxBlockMillis: options.maxBlockMs,
            // The broker aborts the transaction then in any case.
            deliveryTimeoutMillis: Math.min(options.deliveryTimeoutMs, options.transactionTimeoutMs),
            retries: options.retries ?? null,
            firstBackoffMillis: options.retryBackoffMs,
            longestBackoffMillis: options.retryBackoffMaxMs,
            ignoresKeys: options.partitionerIgnoreKeys,
          },
        }
      : null,
    firstBackoffMillis: options.retryBackoffMs,
    longestBackoffMillis: options.retryBackoffMaxMs,
    consumers: options.consumersCount,
    closeMillis: options.shutdownTimeout,
    marksLast: !options.autoCommitEnable || options.allowManualCommit,
  };
}

function assignors(text: string, wrong: (what: string) => Error): ('range' | 'roundrobin')[] {
  return text.split(',').map((written) => {
    const name = written.trim().replace(/^.*[.$]/, '').replace(/Assignor$/, '').toLowerCase();
    if (name === 'range' || name === 'roundrobin') return name;
    throw wrong(`\`partitionAssignor\` ${written.trim()} is not supported: RangeAssignor and RoundRobinAssignor are`);
  });
}

// ------------------------------------------------------------------------------------------------ the consumer

/** The consuming end of an endpoint: as many members of the group as `consumersCount` says. */
export class KafkaConsumer implements Consumer {
  private readonly endpoint: KafkaEndpoint;
  private readonly context: ConnectorContext;
  private readonly blocks: TransactedRoutes;
  private readonly resource: string;
  private hasBlocks = false;
  private reading: Reading;
  private session: Session | null = null;
  private sink: Sink | null = null;
  private stopListening: (() => void) | null = null;
  private changing: Promise<void> = Promise.resolve();
  /** How many exchanges may be under way at once, over all partitions. */
  private credit = Number.MAX_SAFE_INTEGER;
  private isSuspended = false;

  constructor(endpoint: KafkaEndpoint, context: ConnectorContext) {
    this.endpoint = endpoint;
    this.context = context;
    this.reading = readOptions(endpoint, context, false);
    this.blocks = transactedRoutesOf((name, make) => context.shared(name, make));
    this.resource = kafkaBrokers(this.reading.settings.brokers);
  }

  async start(sink: Sink): Promise<void> {
    this.sink = sink;
    this.isSuspended = false;
    this.stopListening ??= this.blocks.listen(() => {
      this.changing = this.changing.then(() => this.followBlocks()).catch((thrown: unknown) => this.context.log('error', `${this.endpoint.shownUri}: ${(thrown as Error).message}`));
    });
    await this.open(sink);
  }

  /** A reload has brought the route its first transaction, or taken its last: offsets are committed the other way from now on. */
  private async followBlocks(): Promise<void> {
    const { sink, session } = this;
    if (sink === null || session === null || session.isStopped || this.blocks.has(sink.routeId, this.resource) === this.hasBlocks) return;
    await this.open(sink);
  }

  private async open(sink: Sink): Promise<void> {
    await this.session?.close();
    // It may have been stopped meanwhile.
    if (this.stopListening === null) return;
    const hasBlocks = this.blocks.has(sink.routeId, this.resource);
    // A group without a name keeps the one that it got.
    if (hasBlocks !== this.hasBlocks) this.reading = { ...readOptions(this.endpoint, this.context, hasBlocks), ...(this.endpoint.options.groupId === undefined ? { groupId: this.reading.groupId, member: this.reading.member } : {}) };
    this.hasBlocks = hasBlocks;
    const session = (this.session = new Session(this.reading, sink, this.credit, this.isSuspended));
    try {
      await session.start();
    } catch (thrown) {
      await session.close();
      throw thrown;
    }
  }

  stop(): Promise<void> {
    this.stopListening?.();
    this.stopListening = null;
    this.session?.stop();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await this.changing;
    await this.session?.close();
    this.session = null;
  }

  suspend(): Promise<void> {
    this.isSuspended = true;
    this.session?.suspend(true);
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.isSuspended = false;
    this.session?.suspend(false);
    return Promise.resolve();
  }

  setCredit(credit: number): void {
    this.credit = credit;
    this.session?.setCredit(credit);
  }
}

/** From one start to the stop after it. */
class Session {
  readonly reading: Reading;
  readonly sink: Sink;
  credit: number;
  underWay = 0;
  isSuspended: boolean;
  isStopped = false;
  private readonly members: MemberReader[] = [];
  private client: KafkaClient | null = null;
  private finishing: Promise<unknown> | null = null;
  private closing: Promise<void> | null = null;
  private waitingFor: string | null = null;
  private readonly unready = new Set<MemberReader>();

  constructor(reading: Reading, sink: Sink, credit: number, isSuspended: boolean) {
    this.reading = reading;
    this.sink = sink;
    this.credit = credit;
    this.isSuspended = isSuspended;
  }

  /** Resolves when it reads, or when it is known that it can't for now. */
  async start(): Promise<void> {
    const { reading } = this;
    const { KafkaJsClient } = await import('./kafkajs.ts');
    if (this.isStopped) return;
    const client = (this.client = new KafkaJsClient({ clock: reading.context.clock, settings: reading.settings, log: (level, message) => reading.context.log(level, `${reading.shownUri}: ${message}`) }));
    const starts: Promise<void>[] = [];
    for (let i = 0; i < reading.consumers; i++) {
      const member = new MemberReader(this, client);
      this.members.push(member);
      starts.push(member.start());
    }
    await Promise.all(starts);
  }

  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.finishing = Promise.all(this.members.map((member) => member.finish()));
    // Connections of one who has nothing left to do need not wait for `close`.
    this.finishing.catch(() => undefined);
  }

  close(): Promise<void> {
    return (this.closing ??= this.end());
  }

  private async end(): Promise<void> {
    this.stop();
    let timer: Timer | null = null;
    const late = new Promise<void>((resolve) => (timer = this.reading.context.clock.schedule(this.reading.closeMillis, resolve)));
    await Promise.race([this.finishing!.catch(() => undefined), late]);
    timer!.cancel();
    for (const member of this.members) member.dispose();
    await this.client?.close();
  }

  suspend(isSuspended: boolean): void {
    this.isSuspended = isSuspended;
    if (!isSuspended) this.pumpAll();
  }

  setCredit(credit: number): void {
    this.credit = credit;
    this.pumpAll();
  }

  pumpAll(): void {
    for (const member of this.members) member.pumpSoon();
  }

  waiting(member: MemberReader, { kind, message }: KafkaFailure): void {
    const { context, settings, shownUri } = this.reading;
    this.unready.add(member);
    if (this.waitingFor !== null || this.isStopped) return;
    const brokers = settings.brokers.join();
    this.waitingFor =
      kind === 'unreachable'
        ? `${shownUri}: can't reach ${brokers}: ${message}`
        : kind === 'login'
          ? `${shownUri}: ${brokers} refuse the login: ${message}`
          : `${shownUri}: ${brokers}: ${message}`;
    context.waiting(this.waitingFor);
  }

  ready(member: MemberReader): void {
    this.unready.delete(member);
    if (this.waitingFor === null || this.unready.size > 0) return;
    this.waitingFor = null;
    this.reading.context.ready();
  }
}

/** One member of the group, its partitions and what is under way of them. */
class MemberReader implements MemberListener, LaneOwner {
  private readonly session: Session;
  private readonly reading: Reading;
  private readonly client: KafkaClient;
  private readonly member: GroupMember;
  private readonly lanes = new Map<string, Lane>();
  private readonly transactionsByLane = new Map<Lane, LaneTransaction>();
  private readonly batches = new Map<Lane, OpenBatch>();
  private readonly pendingCommits = new Map<Lane, Promise<void>>();
  private readonly sought = new Set<string>();
  private readonly timers = new Set<Timer>();
  private isDraining = false;
  private isPumping = false;
  private isPumpDue = false;
  /** Deliveries, of partitions that were taken away too, that have not settled. */
  private unsettled = 0;
  private idleListeners: (() => void)[] = [];
  private committing: Promise<void> | null = null;
  private commitTimer: Timer | null = null;
  private started: ((failure?: Error) => void) | null = null;

  constructor(session: Session, client: KafkaClient) {
    this.session = session;
    this.reading = session.reading;
    this.client = client;
    this.member = client.member(this.reading.member, this);
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.started = (failure) => {
        this.started = null;
        if (failure === undefined) resolve();
        else reject(failure);
      };
      this.member.run().catch((thrown: unknown) => {
        const { message, kind } = thrown as KafkaFailure;
        const error = new Error(`${this.reading.shownUri}: ${this.reading.settings.brokers.join()}${kind === 'login' ? ' refuse the login' : ''}: ${message}`, { cause: thrown });
        if (this.started !== null) return this.started(error);
        this.session.waiting(this, thrown as KafkaFailure);
        this.reading.context.log('error', `${error.message}; stopped reading`);
      });
    });
  }

  /** Takes nothing more; when what is under way is done, commits it and leaves the group. */
  async finish(): Promise<void> {
    this.member.pause();
    for (const lane of this.lanes.values()) this.dropUnpushed(lane);
    await this.idle();
    await this.commitEverything();
    await this.member.leave();
    this.dispose();
  }

  dispose(): void {
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    this.commitTimer?.cancel();
    this.commitTimer = null;
    for (const transaction of this.transactionsByLane.values()) transaction.close();
    void this.member.leave();
  }

  // ---------------------------------------------------------------------------------------------- the group

  async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    const { reading, member } = this;
    this.isDraining = false;
    const lanes = partitions.map(({ topic, partition }) => new Lane(topic, partition, this));
    if (reading.transaction !== null) {
      const transactions = lanes.map((lane) => {
        const transaction = new LaneTransaction(this.client, lane, reading.transaction!);
        this.transactionsByLane.set(lane, transaction);
        return transaction;
      });
      try {
        // Before any offset is asked for: what the last owner left open has an end then.
        await Promise.all(transactions.map((transaction) => transaction.open()));
      } catch (thrown) {
        for (const lane of lanes) this.transactionsByLane.delete(lane);
        for (const transaction of transactions) transaction.close();
        throw thrown;
      }
    }
    if (reading.repository !== null) await this.seekStored(lanes, reading.repository);
    if (reading.needsOffset) {
      const missing = (await member.committed(lanes)).find(({ offset }) => offset < 0);
      if (missing !== undefined) throw new Error(`the group ${reading.groupId} has no offset for ${missing.topic}/${missing.partition}, and autoOffsetReset is none`);
    }
    const { seekTo } = reading;
    if (seekTo !== undefined) {
      const fresh = lanes.filter(({ name }) => !this.sought.has(name));
      for (const offset of fresh.length === 0 ? [] : await member.bounds(fresh, seekTo === 'BEGINNING' ? 'first' : 'next')) member.seek(offset);
      for (const { name } of fresh) this.sought.add(name);
    }
    this.lanes.clear();
    for (const lane of lanes) this.lanes.set(lane.name, lane);
  }

  private async seekStored(lanes: readonly Lane[], repository: OffsetRepository): Promise<void> {
    for (const { name, topic, partition } of lanes) {
      const state = await repository.getState(name);
      if (state !== null && state !== undefined && state !== '') this.member.seek({ topic, partition, offset: Number(state) + 1 });
    }
  }

  async revoking(): Promise<void> {
    this.isDraining = true;
    for (const lane of this.lanes.values()) this.dropUnpushed(lane);
    let timer: Timer | null = null;
    await Promise.race([this.idle(), new Promise<void>((resolve) => (timer = this.after(this.reading.member.rebalanceTimeoutMillis * drainShare, resolve)))]);
    this.forget(timer);
    await this.commitEverything();
  }

  revoked(): void {
    for (const lane of this.lanes.values()) {
      this.dropUnpushed(lane);
      lane.isRevoked = true;
      const transaction = this.transactionsByLane.get(lane);
      if (transaction === undefined) continue;
      this.transactionsByLane.delete(lane);
      // Whoever has the partition now has ended it already; if nobody has, this does.
      void transaction.abort().catch(() => undefined).finally(() => transaction.close());
    }
    this.lanes.clear();
  }

  wants({ topic, partition }: TopicPartition): boolean {
    const lane = this.lanes.get(`${topic}/${partition}`);
    return lane !== undefined && !lane.hasFetched && this.isOpen(lane);
  }

  records(batch: RecordBatch): void {
    const lane = this.lanes.get(`${batch.topic}/${batch.partition}`);
    if (lane === undefined || !this.isTaking || lane.isBroken || lane.isHeldBack) return;
    lane.add(batch);
    this.pump(lane);
  }

  waiting(failure: KafkaFailure): void {
    this.session.waiting(this, failure);
    this.started?.();
  }

  ready(): void {
    this.session.ready(this);
    this.started?.();
    this.pumpSoon();
  }

  // ---------------------------------------------------------------------------------------------- into the route

  private get isTaking(): boolean {
    return !this.isDraining && !this.session.isStopped;
  }

  private isOpen(lane: Lane): boolean {
    return this.isTaking && !this.session.isSuspended && !lane.isRevoked && !lane.isBroken && !lane.isHeldBack && !lane.isStalled;
  }

  private hasRoom(lane: Lane): boolean {
    const { session, reading } = this;
    if (reading.batchMillis !== null) {
      if (lane.underWay >= Math.max(reading.inFlight, reading.batchRecords)) return false;
    } else if (lane.underWay >= reading.inFlight) return false;
    if (session.underWay >= session.credit || !lane.hasRoomForUnsettled) return false;
    if (reading.isAutomatic) return lane.uncommitted < Math.max(reading.inFlight, 100);
    const transaction = this.transactionsByLane.get(lane);
    if (transaction === undefined) return true;
    // A batch has a transaction of its own: the next one is gathered when it has ended.
    if (reading.batchMillis !== null) return !transaction.isEnding && transaction.count === 0;
    return !transaction.isEnding && transaction.count < (transaction.isPerRecord ? 1 : reading.batchRecords) && (transaction.count === 0 || reading.context.clock.now() - transaction.began < reading.commitMillis);
  }

  pumpSoon(): void {
    if (this.isPumpDue) return;
    this.isPumpDue = true;
    queueMicrotask(this.pumpAll);
  }

  private readonly pumpAll = (): void => {
    this.isPumpDue = false;
    for (const lane of this.lanes.values()) this.pump(lane);
  };

  private pump(lane: Lane): void {
    if (this.isPumping) return this.pumpSoon();
    if (this.batches.size > 0 && this.batches.get(lane)?.isDue === true) this.pushBatch(lane);
    this.isPumping = true;
    const end = performance.now() + sliceMillis;
    for (let turn = 1; lane.hasFetched && this.isOpen(lane) && this.hasRoom(lane); turn++) {
      this.push(lane);
      if ((turn & 63) === 0 && performance.now() > end) {
        this.reading.context.clock.yield(() => this.pump(lane));
        break;
      }
    }
    this.isPumping = false;
    // Its time may have run out since the last record settled: nothing would end it then, and nothing could enter it.
    if (this.reading.transaction !== null) this.endTransactionWhenDue(lane);
    if (!lane.hasFetched) this.member.wake();
  }

  private push(lane: Lane): void {
    const { reading, session } = this;
    const { sink } = session;
    const record = lane.batch.records[lane.position]!;
    const isLast = reading.marksLast && lane.isLastFetched;
    const origin = new RecordHeaders(record, lane, reading.headers);
    const headers = new Headers(origin);
    let body: unknown;
    let failure: unknown = null;
    try {
      if (reading.checksHeaders) origin.check();
      body = reading.value(lane.topic, record.value);
    } catch (thrown) {
      if (!this.takesUnreadable(lane, record.offset, thrown)) return;
      origin.keepBytes();
      body = record.value;
      failure = thrown;
    }
    const delivery = lane.take();
    this.unsettled++;
    session.underWay++;
    const exchange = sink.exchange(body, headers, reading.isInOut);
    exchange.lane = lane;
    try {
      if (reading.marksLast) this.mark(exchange, delivery, Number(record.offset), isLast);
    } catch (thrown) {
      failure ??= thrown;
    }
    if (failure !== null) exchange.fail(toExchangeError(failure));
    if (reading.batchMillis === null) return this.enter(lane, exchange, delivery, 1);
    if (failure === null) return this.gather(lane, exchange, delivery, reading.batchMillis);
    // By itself, so that its failure is not that of the good ones around it.
    this.pushBatch(lane);
    this.enter(lane, exchange, delivery, 1);
  }

  /** An exchange of so many records enters the route. */
  private enter(lane: Lane, exchange: Exchange, delivery: Delivery, records: number): void {
    const transaction = this.reading.transaction === null ? undefined : this.transactionsByLane.get(lane);
    if (transaction !== undefined) {
      transaction.enter(this.reading.context.clock.now(), records);
      this.reading.transactions.enter(exchange, transaction);
    }
    this.session.sink.push(exchange, delivery);
  }

  private mark(exchange: Exchange, delivery: RecordDelivery, offset: number, isLast: boolean): void {
    const { reading } = this;
    const { headers } = exchange;
    headers.set(names.lastPollRecord, isLast);
    if (!reading.isAutomatic) headers.set(names.lastRecordBeforeCommit, isLast);
    if (!reading.isManual) return;
    const { lane, number } = delivery;
    const { topic, partition, era } = lane;
    const commit = async (): Promise<void> => {
      const due = lane.ask(number, offset, era);
      if (due !== null) await this.commitAsked(lane, due);
    };
    headers.set(names.manualCommit, reading.manualFactory === null ? { topic, partition, offset, commit } : reading.manualFactory.newInstance({ topic, partition, offset, commit }));
  }

  /** What becomes of a record that can't be deserialised: whether it makes an exchange. */
  private takesUnreadable(lane: Lane, offset: string, thrown: unknown): boolean {
    const { context, pollOnError, shownUri } = this.reading;
    const what = `${shownUri}: ${lane.name}/${offset} can't be read: ${(thrown as Error).message}`;
    switch (pollOnError) {
      case 'DISCARD':
        context.log('warn', `${what}; skipped, as pollOnError says`);
        lane.skip();
        this.commitSoon(lane);
        return false;
      case 'STOP':
        context.log('error', `${what}; reading stops, as pollOnError says`);
        this.session.suspend(true);
        context.waiting(`${what}; reading has stopped`);
        return false;
      case 'RETRY':
      case 'RECONNECT':
        if (lane.tries === 0) context.log('warn', `${what}; tried again, as pollOnError says`);
        this.stall(lane);
        return false;
      default:
        return true;
    }
  }

  // ---------------------------------------------------------------------------------------------- batches

  private gather(lane: Lane, exchange: Exchange, delivery: RecordDelivery, millis: number): void {
    let batch = this.batches.get(lane);
    if (batch === undefined) {
      batch = { exchanges: [], deliveries: [], timer: this.after(millis, () => this.pushBatch(lane)), isDue: false };
      this.batches.set(lane, batch);
    }
    batch.exchanges.push(exchange);
    batch.deliveries.push(delivery);
    if (batch.deliveries.length >= this.reading.batchRecords) this.pushBatch(lane);
  }

  private pushBatch(lane: Lane): void {
    const batch = this.batches.get(lane);
    if (batch === undefined) return;
    batch.isDue = true;
    if (!this.isTaking || this.session.isSuspended) return;
    this.forget(batch.timer);
    this.batches.delete(lane);
    const exchange = this.session.sink.exchange(batch.exchanges, new Headers(), this.reading.isInOut);
    exchange.lane = lane;
    exchange.headers.set(names.topic, lane.topic);
    exchange.headers.set(names.partition, lane.partition);
    this.enter(lane, exchange, new BatchDelivery(batch.deliveries), batch.deliveries.length);
  }

  /** What has not gone into the route yet will be delivered again. */
  private dropUnpushed(lane: Lane): void {
    lane.dropFetched();
    const batch = this.batches.get(lane);
    if (batch === undefined) return;
    this.forget(batch.timer);
    this.batches.delete(lane);
    const { length } = batch.deliveries;
    lane.abandon(length);
    this.unsettled -= length;
    this.session.underWay -= length;
    this.sayIdle();
  }

  // ---------------------------------------------------------------------------------------------- out of the route

  get keepsFailed(): boolean {
    return !this.reading.breaksOnError && !this.session.isStopped;
  }

  left(lane: Lane): void {
    this.session.underWay--;
    if (this.session.credit !== Number.MAX_SAFE_INTEGER) this.session.pumpAll();
    else if (lane.hasFetched) this.pumpSoon();
  }

  settled(lane: Lane): void {
    this.unsettled--;
    if (!lane.isRevoked) {
      if (this.reading.transaction !== null) this.endTransactionWhenDue(lane);
      else if (lane.isBroken) {
        // What is being gathered waits behind it, and is fetched again.
        this.dropUnpushed(lane);
        if (lane.unsettled === 0) this.deliverAgain(lane);
      } else this.commitSoon(lane);
      if (this.reading.isManual && lane.askedProgress !== null) void this.commitPending(lane);
    }
    if (this.unsettled === 0) this.sayIdle();
  }

  /** Nobody took the failure: from there on everything is delivered again, after a moment. */
  private deliverAgain(lane: Lane): void {
    if (this.session.isStopped) return;
    this.commitSoon(lane);
    const offset = lane.rewind();
    this.holdBack(lane, { topic: lane.topic, partition: lane.partition, offset });
  }

  /** The next record waits where it is; what is before it goes on, and is committed. */
  private stall(lane: Lane): void {
    lane.isStalled = true;
    this.after(this.backoff(lane.tries++), () => {
      lane.isStalled = false;
      this.pump(lane);
    });
    if (this.transactionsByLane.has(lane)) this.endTransactionWhenDue(lane);
  }

  private backoff(attempts: number): number {
    const { firstBackoffMillis, longestBackoffMillis } = this.reading;
    return Math.min(longestBackoffMillis, firstBackoffMillis * 2 ** Math.min(attempts, 20));
  }

  private holdBack(lane: Lane, offset: Offset): void {
    const { context, shownUri } = this.reading;
    const delay = this.backoff(lane.attempts - 1);
    if (lane.attempts <= 1) context.log('warn', `${shownUri}: ${lane.name}/${offset.offset} failed and is delivered again until it succeeds`);
    lane.isHeldBack = true;
    this.member.seek(offset);
    this.after(delay, () => {
      lane.isHeldBack = false;
      this.member.wake();
    });
  }

  private idle(): Promise<void> {
    return this.unsettled === 0 ? Promise.resolve() : new Promise((resolve) => void this.idleListeners.push(resolve));
  }

  private sayIdle(): void {
    if (this.unsettled > 0 || this.idleListeners.length === 0) return;
    for (const listener of this.idleListeners.splice(0)) listener();
  }

  // ---------------------------------------------------------------------------------------------- commits

  private commitSoon(lane: Lane): void {
    const { reading } = this;
    if (reading.repository !== null) return void this.commitNow();
    if (!reading.isAutomatic || this.committing !== null) return;
    if (lane.uncommitted * 2 >= Math.max(reading.inFlight, 100) || (lane.unsettled === 0 && !lane.hasFetched)) void this.commitNow();
    else this.commitTimer ??= reading.context.clock.schedule(reading.commitMillis, () => void this.commitNow());
  }

  /** One commit at a time; what is done meanwhile goes into the next. */
  private commitNow(): Promise<void> {
    return (this.committing ??= this.commitAll().finally(() => {
      this.committing = null;
      if (this.session.isStopped) return;
      // What failed waits for its time.
      if (this.commitTimer === null) for (const lane of this.lanes.values()) if (lane.canCommit && !lane.isBroken) this.commitSoon(lane);
      this.pumpSoon();
    }));
  }

  private async commitAll(): Promise<void> {
    this.commitTimer?.cancel();
    this.commitTimer = null;
    const due = [...this.lanes.values()].filter(({ canCommit }) => canCommit).map((lane) => ({ lane, progress: lane.progress }));
    if (due.length === 0) return;
    try {
      await this.store(due.map(({ lane: { topic, partition }, progress: { offset } }) => ({ topic, partition, offset })));
      for (const { lane, progress } of due) lane.wasCommitted(progress);
    } catch (thrown) {
      this.reading.context.log('debug', `${this.reading.shownUri}: offsets could not be committed yet: ${(thrown as Error).message}`);
      // Tried again then, or after joining again delivered again.
      this.commitTimer ??= this.reading.context.clock.schedule(Math.max(this.reading.commitMillis, this.reading.firstBackoffMillis), () => void this.commitNow());
    }
  }

  private async store(offsets: readonly Offset[]): Promise<void> {
    const { repository } = this.reading;
    if (repository === null) return this.member.commit(offsets);
    for (const { topic, partition, offset } of offsets) await repository.setState(`${topic}/${partition}`, String(offset - 1));
  }

  /** What the route asked for while records before were under way: committed as soon as these are done. */
  private commitPending(lane: Lane): Promise<void> {
    let pending = this.pendingCommits.get(lane);
    if (pending === undefined) {
      const commitAll = async (): Promise<void> => {
        for (let due = lane.askedProgress; due !== null; due = lane.askedProgress) await this.commitAsked(lane, due);
      };
      pending = commitAll()
        .catch((thrown: unknown) => this.reading.context.log('warn', `${this.reading.shownUri}: ${lane.name} could not be committed as the route asked: ${(thrown as Error).message}`))
        .finally(() => this.pendingCommits.delete(lane));
      this.pendingCommits.set(lane, pending);
    }
    return pending;
  }

  private async commitAsked(lane: Lane, due: Progress): Promise<void> {
    const { offset } = due;
    const { commitTimeoutMillis, shownUri } = this.reading;
    let timer: Timer | null = null;
    const late = new Promise<never>((_, reject) => {
      timer = this.after(commitTimeoutMillis, () => reject(new ExchangeError('org.apache.kafka.common.errors.TimeoutException', `${shownUri}: no answer to a commit of ${lane.name}/${offset} within ${commitTimeoutMillis} ms (commitTimeoutMs)`)));
    });
    try {
      await Promise.race([this.store([{ topic: lane.topic, partition: lane.partition, offset }]), late]);
    } finally {
      this.forget(timer);
    }
    lane.wasCommitted(due);
  }

  private async commitEverything(): Promise<void> {
    if (this.reading.transaction !== null) {
      await Promise.all([...this.lanes.values()].map((lane) => this.endTransaction(lane)));
      return;
    }
    if (!this.reading.isAutomatic && this.reading.repository === null) {
      if (this.reading.isManual) await Promise.all([...this.lanes.values()].map((lane) => this.commitPending(lane)));
      return;
    }
    await this.committing?.catch(() => undefined);
    await this.commitNow();
  }

  // ---------------------------------------------------------------------------------------------- transactions

  private endTransactionWhenDue(lane: Lane): void {
    if (lane.unsettled > 0 || this.session.isStopped) return;
    const transaction = this.transactionsByLane.get(lane);
    if (transaction === undefined || transaction.count === 0 || transaction.isEnding) return;
    if (!lane.hasFetched || !this.isOpen(lane) || !this.hasRoom(lane)) void this.endTransaction(lane);
  }

  /** Commits what is in it, or aborts it and goes back to where it began; resolves when it has ended. */
  private endTransaction(lane: Lane): Promise<void> {
    const transaction = this.transactionsByLane.get(lane);
    if (transaction === undefined || transaction.count === 0 || lane.isRevoked) return Promise.resolve();
    return (transaction.ending ??= this.commitOrAbort(lane, transaction).finally(() => {
      transaction.ending = null;
      this.pumpSoon();
      this.member.wake();
    }));
  }

  private async commitOrAbort(lane: Lane, transaction: LaneTransaction): Promise<void> {
    const { isBroken } = lane;
    try {
      if (isBroken || lane.unsettled > 0) {
        await transaction.abort();
        await this.goBack(lane, isBroken);
      } else {
        const { progress } = lane;
        await transaction.commit(progress.offset);
        lane.wasCommitted(progress);
      }
    } catch (thrown) {
      if (!lane.isRevoked && !this.session.isStopped) await this.recover(lane, transaction, thrown as KafkaFailure);
    }
  }

  private async goBack(lane: Lane, isBroken: boolean): Promise<void> {
    const offset = await resumeOffset(this.member, lane);
    if (isBroken) lane.rewind();
    else lane.restart();
    lane.isHeldBack = false;
    if (offset === null || lane.isRevoked) return;
    lane.finished = lane.committed = offset.offset;
    if (!this.session.isStopped) this.holdBack(lane, offset);
  }

  /**
   * It is not known how the transaction ended: takes the id over again, which ends it, and goes on where the group stands then. Not while the
   * partition is given away: whoever gets it does so, and the rebalance waits for this.
   */
  private async recover(lane: Lane, transaction: LaneTransaction, failure: KafkaFailure): Promise<void> {
    const { context, firstBackoffMillis, longestBackoffMillis, shownUri } = this.reading;
    context.log('warn', `${shownUri}: the transaction of ${lane.name} did not end as it should: ${failure.message}`);
    lane.isHeldBack = true;
    for (let delay = firstBackoffMillis; !lane.isRevoked && this.isTaking; delay = Math.min(delay * 2, longestBackoffMillis)) {
      await new Promise<void>((resolve) => this.after(delay, resolve));
      try {
        // One who is not in the group any more must not fence the partition's new owner.
        await this.member.alive();
        await transaction.open();
        const wasBroken = lane.isBroken;
        await this.goBack(lane, wasBroken);
        return;
      } catch (thrown) {
        context.log('debug', `${shownUri}: ${lane.name}: ${(thrown as Error).message}`);
      }
    }
  }

  // ---------------------------------------------------------------------------------------------- time

  private after(millis: number, run: () => void): Timer {
    const timer = this.reading.context.clock.schedule(millis, () => {
      this.timers.delete(timer);
      run();
    });
    this.timers.add(timer);
    return timer;
  }

  private forget(timer: Timer | null): void {
    if (timer === null) return;
    timer.cancel();
    this.timers.delete(timer);
  }
}

interface OpenBatch {
  readonly exchanges: Exchange[];
  readonly deliveries: RecordDelivery[];
  readonly timer: Timer;
  /** It is full, or its time is over. */
  isDue: boolean;
}
