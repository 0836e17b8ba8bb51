import type { ConnectorContext } from '../../core/connector.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import type { GroupMember, KafkaClient, Offset, Sender } from './client.ts';
import { KafkaFailure } from './client.ts';
import type { Lane } from './lane.ts';
import { Outbox } from './outbox.ts';
import type { OutboxOptions } from './outbox.ts';

/** Which transaction the exchanges of a delivery belong to: what consumers and producers of one runtime share. */
export class Transactions {
  private readonly bySource = new WeakMap<Exchange, LaneTransaction>();
  /** Nobody has asked for any yet: producers need not look. */
  isUsed = false;

  enter(source: Exchange, transaction: LaneTransaction): void {
    this.isUsed = true;
    this.bySource.set(source, transaction);
  }

  of(exchange: Exchange): LaneTransaction | null {
    const { unitOfWork } = exchange;
    return unitOfWork === null ? null : (this.bySource.get(unitOfWork.whole.exchange) ?? null);
  }
}

export const transactionsOf = (context: ConnectorContext): Transactions => context.shared('kafka.transactions', () => new Transactions());

export interface TransactionOptions {
  readonly groupId: string;
  readonly timeoutMillis: number;
  readonly requestTimeoutMillis: number;
  readonly patienceMillis: number;
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly brokers: string;
  /** Only what `transacted` and `policy` steps send belongs to it; else all that goes to the same brokers. */
  readonly isForBlocks: boolean;
  /** One record each: what such a step has sent can be taken back by itself. */
  readonly isPerRecord: boolean;
  readonly outbox: Omit<OutboxOptions, 'lostTrack'>;
}

/**
 * The transactions of one partition, one after the other: what its exchanges send, and their offset. The transactional id is made of group and
 * partition, so that the next owner of the partition ends what this one may have left open, before it asks where to begin.
 */
export class LaneTransaction {
  readonly brokers: string;
  readonly isForBlocks: boolean;
  readonly isPerRecord: boolean;
  /** A step has its transaction in this one. */
  isTaken = false;
  readonly outbox: Outbox;
  private readonly lane: Lane;
  private readonly sender: Sender;
  private readonly groupId: string;
  /** Records that are in the open transaction. */
  count = 0;
  began = 0;
  /** Until it has been committed or taken back. */
  ending: Promise<void> | null = null;
  /** A send may have arrived or not: the transaction can only be aborted. */
  private isSpoilt = false;

  constructor(client: KafkaClient, lane: Lane, options: TransactionOptions) {
    this.lane = lane;
    this.groupId = options.groupId;
    this.brokers = options.brokers;
    this.isForBlocks = options.isForBlocks;
    this.isPerRecord = options.isPerRecord;
    this.sender = client.sender({
      acks: -1,
      isIdempotent: true,
      compression: options.compression,
      transactionalId: `mecha-${options.groupId}-${lane.topic}-${lane.partition}`,
      transactionTimeoutMillis: options.timeoutMillis,
      requestTimeoutMillis: options.requestTimeoutMillis,
      patienceMillis: options.patienceMillis,
    });
    this.outbox = new Outbox(this.sender, {
      ...options.outbox,
      lostTrack: () => {
        this.isSpoilt = true;
      },
    });
  }

  /** Takes over from the partition's former owner. @throws KafkaFailure */
  async open(): Promise<void> {
    this.sender.renew();
    await this.sender.open();
    this.isSpoilt = false;
    this.count = 0;
  }

  /** Other records are in it; the first ones begin it. */
  enter(now: number, records: number): void {
    const isOpen = this.count > 0;
    this.count += records;
    if (isOpen) return;
    this.isTaken = false;
    this.began = now;
    this.sender.begin();
  }

  get isEnding(): boolean {
    return this.ending !== null;
  }

  get canCommit(): boolean {
    return !this.isSpoilt && !this.lane.isBroken;
  }

  /** @throws KafkaFailure; then it is not known whether it was committed */
  async commit(offset: number): Promise<void> {
    const { topic, partition } = this.lane;
    await this.outbox.drained();
    if (!this.canCommit) throw new KafkaFailure('transient', 'a send of the transaction may be lost');
    await this.sender.sendOffsets(this.groupId, [{ topic, partition, offset }]);
    await this.sender.commit();
    this.count = 0;
  }

  /** What has been sent is no part of it any more; the record still is. What fails here is said when it is to be committed. */
  async takeBack(): Promise<void> {
    await this.outbox.drained();
    const { count } = this;
    try {
      if (this.isSpoilt) await this.open();
      else await this.sender.abort();
      this.count = count;
      this.sender.begin();
      this.isTaken = false;
    } catch {
      this.isSpoilt = true;
    }
  }

  /** @throws KafkaFailure */
  async abort(): Promise<void> {
    if (this.count > 0) await this.sender.abort();
    this.count = 0;
  }

  close(): void {
    this.outbox.close();
  }
}

/** Where a partition goes on after a transaction whose end is not known: what the group has committed by now, or where it began. */
export async function resumeOffset(member: GroupMember, lane: Lane): Promise<Offset | null> {
  const [found] = await member.committed([lane]);
  if (found !== undefined && found.offset >= 0) return found;
  return lane.first < 0 ? null : { topic: lane.topic, partition: lane.partition, offset: lane.first };
}
