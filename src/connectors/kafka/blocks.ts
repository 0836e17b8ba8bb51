import { randomUUID } from 'node:crypto';
import { ExchangeError } from '../../core/errors.ts';
import type { TransactionalResource } from '../../core/exchange/transaction.ts';
import type { KafkaClient, Sender } from './client.ts';
import type { Outbox } from './outbox.ts';
import type { LaneTransaction } from './transactions.ts';

/** What a `transacted` or `policy` step has open at the brokers. */
export interface KafkaPart extends TransactionalResource {
  readonly outbox: Outbox;
}

const noPart = (): never => {
  throw new ExchangeError('org.springframework.transaction.NestedTransactionNotSupportedException', 'a part of a transaction of Kafka can not be taken back');
};

/** Within the transaction that the record from Kafka has anyway: it is committed with the record's offset, when the record is done. */
export class LanePart implements KafkaPart {
  readonly outbox: Outbox;
  readonly savepoint = noPart;
  private readonly lane: LaneTransaction;

  constructor(lane: LaneTransaction) {
    this.lane = lane;
    this.outbox = lane.outbox;
    lane.isTaken = true;
  }

  async commit(): Promise<void> {
    await this.outbox.drained();
    if (!this.lane.canCommit) throw aborted('a send of the transaction may be lost');
  }

  rollback(): Promise<void> {
    return this.lane.takeBack();
  }
}

export const aborted = (why: string, cause?: unknown): ExchangeError => new ExchangeError('org.apache.kafka.common.errors.TransactionAbortedException', why, { cause });

/** A producer with a transactional id of its own: one transaction after the other. */
interface Slot {
  readonly sender: Sender;
  readonly outbox: Outbox;
  isOpen: boolean;
  isSpoilt: boolean;
}

export interface SlotsOptions {
  readonly client: KafkaClient;
  readonly brokers: string;
  /** What their ids begin with; null: with one of this process. */
  readonly prefix: string | null;
  readonly make: (transactionalId: string, lostTrack: () => void) => Pick<Slot, 'sender' | 'outbox'>;
  /** A transaction holds them open, even when whoever has begun it is gone. */
  readonly begins: () => void;
  readonly ended: () => Promise<void>;
}

/** Producers for transactions that may be open at once, made as they are needed. */
export class Slots {
  private readonly options: SlotsOptions;
  private readonly brokers: string;
  private readonly prefix: string;
  private readonly free: Slot[] = [];
  private readonly all: Slot[] = [];

  constructor(options: SlotsOptions) {
    this.options = options;
    this.brokers = options.brokers;
    this.prefix = options.prefix ?? `mecha-${randomUUID()}-`;
  }

  async close(): Promise<void> {
    for (const { outbox } of this.all) outbox.close();
    await this.options.client.close();
  }

  async begin(): Promise<KafkaPart> {
    this.options.begins();
    const slot = this.free.pop() ?? this.fresh();
    try {
      if (!slot.isOpen) {
        slot.sender.renew();
        await slot.sender.open();
        slot.isOpen = true;
      }
      slot.isSpoilt = false;
      slot.sender.begin();
    } catch (thrown) {
      await this.giveBack(slot);
      throw new ExchangeError('org.apache.kafka.common.KafkaException', `no transaction at ${this.brokers}: ${(thrown as Error).message}`, { cause: thrown });
    }
    return {
      outbox: slot.outbox,
      savepoint: noPart,
      commit: () => this.end(slot, true),
      rollback: () => this.end(slot, false),
    };
  }

  private fresh(): Slot {
    const slot: Slot = { ...this.options.make(`${this.prefix}${this.all.length}`, () => (slot.isSpoilt = true)), isOpen: false, isSpoilt: false };
    this.all.push(slot);
    return slot;
  }

  private async end(slot: Slot, isGood: boolean): Promise<void> {
    let { isSpoilt } = slot;
    try {
      await slot.outbox.drained();
      ({ isSpoilt } = slot);
      if (isGood && !isSpoilt) await slot.sender.commit();
      else await slot.sender.abort();
      // What was lost on its way may arrive yet: it must not be taken for a part of the next one.
      if (isSpoilt) slot.isOpen = false;
    } catch (thrown) {
      slot.isOpen = false;
      if (isGood) throw aborted(`the transaction at ${this.brokers} was not committed: ${(thrown as Error).message}`, thrown);
      // The next one with its id ends it, or the broker does when its time is over.
    } finally {
      await this.giveBack(slot);
    }
    if (isGood && isSpoilt) throw aborted(`the transaction at ${this.brokers} was aborted: a send may be lost`);
  }

  private giveBack(slot: Slot): Promise<void> {
    this.free.push(slot);
    return this.options.ended();
  }
}
