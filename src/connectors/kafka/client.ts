import type { Clock } from '../../core/clock.ts';
import type { ConnectionSettings } from './connection.ts';

/**
 * What this connector needs of a Kafka client. Everything that knows a client library is behind it (kafkajs.ts). All failures are
 * KafkaFailures.
 */
export interface KafkaClient {
  /** A member of a consumer group. It does nothing until `run`. */
  member(options: MemberOptions, listener: MemberListener): GroupMember;
  /** Sends records; not connected until it is used. */
  sender(options: SenderOptions): Sender;
  /** Drops all connections, those too that the library has lost sight of. What is under way fails. */
  close(): Promise<void>;
}

export interface ClientContext {
  readonly clock: Clock;
  readonly settings: ConnectionSettings;
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string): void;
}

/** What went wrong, sorted by what can be done about it. */
export type FailureKind =
  | 'unreachable' // no connection, or it broke, or no answer in time
  | 'transient' // the broker says that it passes
  | 'rebalance' // the group changes: join again
  | 'expelled' // the group does not know this member any more
  | 'fenced' // another producer has taken over the transactional id
  | 'sequence' // what the producer sent before is not known to the broker: begin with a new id
  | 'missing' // no such topic or partition
  | 'login'
  | 'forbidden'
  | 'tooLarge'
  | 'fatal';

export class KafkaFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'KafkaFailure';
    this.kind = kind;
  }
}

/** What is wrong with the name of a topic; null: nothing. */
export const topicComplaint = (topic: string): string | null =>
  /^[\w.-]{1,249}$/.test(topic) && topic !== '.' && topic !== '..' ? null : `\`${topic}\` can't be the name of a topic: letters, digits, dots, dashes and underscores can`;

// ------------------------------------------------------------------------------------------------ reading

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Offsets are decimal numbers below 2^53 in practice; the library gives them as text. */
export interface Offset extends TopicPartition {
  readonly offset: number;
}

export type HeaderBytes = Buffer | string;

export interface KafkaRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Milliseconds, as text. */
  readonly timestamp: string;
  readonly offset: string;
  readonly headers?: Readonly<Record<string, HeaderBytes | HeaderBytes[] | undefined>>;
}

export interface RecordBatch extends TopicPartition {
  readonly records: readonly KafkaRecord[];
  /** Where the next fetch begins; behind control records that are not among `records`. */
  readonly nextOffset: number;
}

export interface MemberOptions {
  readonly groupId: string;
  /** Names, or a pattern. */
  readonly topics: readonly string[] | RegExp;
  readonly isFromBeginning: boolean;
  /** `range`, `roundrobin`, the preferred one first. */
  readonly assignors: readonly ('range' | 'roundrobin')[];
  readonly sessionTimeoutMillis: number;
  readonly rebalanceTimeoutMillis: number;
  readonly heartbeatIntervalMillis: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
  readonly maxWaitMillis: number;
  readonly readsCommittedOnly: boolean;
}

export interface MemberListener {
  /** After each join and before the first fetch. What it throws counts as a failure of joining. */
  assigned(partitions: readonly TopicPartition[]): Promise<void>;
  /** The group is about to change. Resolves when what is under way is done and committed, as far as it can be. */
  revoking(): Promise<void>;
  /** Nothing of what was assigned belongs to this member any more; its offsets can't be committed. */
  revoked(): void;
  /** Whether more of the partition should be fetched now. */
  wants(partition: TopicPartition): boolean;
  records(batch: RecordBatch): void;
  /** Nothing can be read for now; said at each failed attempt. */
  waiting(failure: KafkaFailure): void;
  /** Reading. */
  ready(): void;
}

export interface GroupMember {
  /** Joins and reads until `leave`, through all failures that can pass. Rejects with the others (`login`, `fatal`). */
  run(): Promise<void>;
  /** A partition that was not wanted now is. */
  wake(): void;
  /** Fetches no more, but stays in the group. */
  pause(): void;
  /** @throws KafkaFailure */
  commit(offsets: readonly Offset[]): Promise<void>;
  /** What the group has committed; -1 where there is nothing. @throws KafkaFailure */
  committed(partitions: readonly TopicPartition[]): Promise<Offset[]>;
  /** The first or the next offset of partitions. @throws KafkaFailure */
  bounds(partitions: readonly TopicPartition[], bound: 'first' | 'next'): Promise<Offset[]>;
  /** Whether the group still counts on this member. @throws KafkaFailure when not */
  alive(): Promise<void>;
  /** The next fetch begins there. */
  seek(offset: Offset): void;
  /** Leaves the group. */
  leave(): Promise<void>;
}

// ------------------------------------------------------------------------------------------------ writing

export interface OutgoingRecord {
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly headers?: Readonly<Record<string, HeaderBytes | HeaderBytes[]>>;
}

export interface SenderOptions {
  readonly acks: -1 | 0 | 1;
  readonly isIdempotent: boolean;
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly transactionalId: string | null;
  readonly transactionTimeoutMillis: number;
  readonly requestTimeoutMillis: number;
  /** How long a coordinator of transactions is asked again that can't answer for now. */
  readonly patienceMillis: number;
}

/** Records of one partition in a request. */
export interface PartitionRecords extends TopicPartition {
  readonly records: readonly OutgoingRecord[];
}

/** What became of the records of a partition: their first offset (-1 without acks), or why they failed. */
export interface PartitionResult {
  readonly baseOffset: number;
  readonly failure: KafkaFailure | null;
}

/** One request is under way at a time: its caller waits before it sends the next one. */
export interface Sender {
  /** Number of partitions. @throws KafkaFailure `missing`, `unreachable` */
  partitions(topic: string): Promise<number>;
  /** The same, when it is known already. */
  knownPartitions(topic: string): number | null;
  /**
   * Sends, a result for each. A request that failed may have arrived: sent again unchanged it is written once (idempotent), sent again
   * changed the producer must be renewed first. Never rejects.
   */
  send(batches: readonly PartitionRecords[]): Promise<PartitionResult[]>;
  /** Forgets the producer's identity: what it sent without an answer can't be told from new records any more. */
  renew(): void;
  /** Connects, and takes over the transactional id: what its former owner had open is aborted. @throws KafkaFailure */
  open(): Promise<void>;
  begin(): void;
  /** @throws KafkaFailure */
  sendOffsets(groupId: string, offsets: readonly Offset[]): Promise<void>;
  /** @throws KafkaFailure */
  commit(): Promise<void>;
  /** @throws KafkaFailure */
  abort(): Promise<void>;
}
