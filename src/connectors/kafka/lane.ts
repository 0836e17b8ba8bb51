import type { Delivery } from '../../core/connector.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { isUnhandled } from '../../core/exchange/exchange.ts';
import type { RecordBatch } from './client.ts';

/** Who a lane belongs to. */
export interface LaneOwner {
  /** An exchange has left the route: there is room for another one. */
  left(lane: Lane): void;
  /** A delivery has settled, well or not. */
  settled(lane: Lane): void;
  /** A record whose exchange fails is kept elsewhere, and the next ones go on. */
  readonly keepsFailed: boolean;
}

/** How far deliveries are done: the offset behind the last of them, and the number behind it. */
export interface Progress {
  readonly offset: number;
  readonly head: number;
}

/** Records that have left the route but have not settled (members of open groups) are bounded, too. */
const mostUnsettled = 10_000;
const firstRing = 1024;

/**
 * A partition while it is assigned: what was fetched of it, what is under way, and how far everything before is done. Also the lane of its
 * exchanges. Deliveries are numbered in the order of their offsets; what is known of them stands in rings.
 */
export class Lane {
  readonly topic: string;
  readonly partition: number;
  readonly name: string;
  private readonly owner: LaneOwner;

  /** Fetched, and not yet pushed. */
  private readonly batches: RecordBatch[] = [];
  private at = 0;

  private offsets = new Float64Array(firstRing);
  private nexts = new Float64Array(firstRing);
  private done = new Uint8Array(firstRing);
  private mask = firstRing - 1;
  /** Numbers of the first delivery that is not done, and of the next one. */
  private head = 0;
  private tail = 0;
  /** Up to where deliveries are committed. */
  private committedHead = 0;
  /** Of the failed ones the first. */
  private failedAt = -1;
  /** Exchanges in the route. */
  underWay = 0;
  /** Deliveries that have not settled. */
  unsettled = 0;
  /** Where the group should begin after a crash; -1: nothing is done yet. */
  finished = -1;
  committed = -1;
  /** The first record that was taken since the partition was assigned. */
  first = -1;
  /** With manual commits: the last delivery whose commit the route has asked for, and the offset behind it. */
  private asked = -1;
  private askedOffset = -1;
  /** Numbers begin anew with each. */
  era = 0;
  isRevoked = false;
  /** Waits before it delivers again what failed. */
  isHeldBack = false;
  /** The next record can not be read, and will be tried again: nothing goes in meanwhile. */
  isStalled = false;
  /** Attempts to read the next record. */
  tries = 0;
  /** Deliveries in a row that failed at the same offset. */
  attempts = 0;
  private lastFailed = -1;

  constructor(topic: string, partition: number, owner: LaneOwner) {
    this.topic = topic;
    this.partition = partition;
    this.name = `${topic}/${partition}`;
    this.owner = owner;
  }

  get hasFetched(): boolean {
    return this.batches.length > 0;
  }

  /** Records that are done and not committed. */
  get uncommitted(): number {
    return this.head - this.committedHead;
  }

  get hasRoomForUnsettled(): boolean {
    return this.unsettled < mostUnsettled;
  }

  /** Something failed, and no error handler and no store took it: nothing more goes in, until it has been delivered again. */
  get isBroken(): boolean {
    return this.failedAt >= 0;
  }

  get canCommit(): boolean {
    return !this.isRevoked && (this.finished > this.committed || this.uncommitted > 0);
  }

  add(batch: RecordBatch): void {
    this.batches.push(batch);
  }

  dropFetched(): void {
    this.batches.length = 0;
    this.at = 0;
  }

  /** The batch that the next record is in; the record is `records[position]`. */
  get batch(): RecordBatch {
    return this.batches[0]!;
  }

  get position(): number {
    return this.at;
  }

  /** Whether the next record is the last one fetched. */
  get isLastFetched(): boolean {
    return this.batches.length === 1 && this.at === this.batches[0]!.records.length - 1;
  }

  get fetched(): number {
    let count = -this.at;
    for (const { records } of this.batches) count += records.length;
    return count;
  }

  /** Takes the next record out: it is under way as the delivery that is given. */
  take(): RecordDelivery {
    const batch = this.batches[0]!;
    const record = batch.records[this.at++]!;
    const isLast = this.at === batch.records.length;
    const offset = Number(record.offset);
    if (isLast) {
      this.batches.shift();
      this.at = 0;
    }
    if (this.tail - this.head > this.mask) this.grow();
    const slot = this.tail & this.mask;
    this.offsets[slot] = offset;
    this.nexts[slot] = isLast ? batch.nextOffset : offset + 1;
    this.done[slot] = 0;
    this.underWay++;
    this.unsettled++;
    if (this.first < 0) this.first = offset;
    this.tries = 0;
    return new RecordDelivery(this, this.tail++);
  }

  /** A record that makes no exchange. */
  skip(): void {
    const { number } = this.take();
    this.underWay--;
    this.unsettled--;
    this.finish(number);
  }

  /** Deliveries that were taken but never pushed are as if they had not been: they will be delivered again. */
  abandon(count: number): void {
    this.underWay -= count;
    this.unsettled -= count;
  }

  offsetOf(number: number): number {
    return this.offsets[number & this.mask]!;
  }

  left(): void {
    this.underWay--;
    this.owner.left(this);
  }

  settle(number: number, exchange: Exchange): void {
    this.unsettled--;
    if (this.isRevoked) return this.owner.settled(this);
    if (exchange.halt !== 0 && isUnhandled(exchange)) {
      if (this.failedAt < 0 || number < this.failedAt) this.failedAt = number;
    } else {
      this.finish(number);
    }
    this.owner.settled(this);
  }

  get keepsFailed(): boolean {
    return this.owner.keepsFailed;
  }

  /**
   * The route asks that everything up to this record of an era be committed. Gives what a commit may say now: no more than what is done without a gap;
   * null: nothing.
   */
  ask(number: number, offset: number, era: number): Progress | null {
    if (this.isRevoked) return null;
    // Its partition has gone back since: what was done before that is done.
    if (era !== this.era) return offset < this.finished && offset >= this.committed ? { offset: offset + 1, head: 0 } : null;
    if (number > this.asked) {
      this.asked = number;
      this.askedOffset = offset + 1;
    }
    this.finish(number);
    return this.askedProgress;
  }

  /** What the route has asked for, is done, and is not committed. */
  get askedProgress(): Progress | null {
    if (this.isRevoked || Math.min(this.asked + 1, this.head) <= this.committedHead) return null;
    return this.head > this.asked ? { offset: this.askedOffset, head: this.asked + 1 } : this.progress;
  }

  private finish(number: number): void {
    const { done, mask } = this;
    if (number < this.head) return;
    if (number !== this.head) {
      done[number & mask] = 1;
      return;
    }
    let head = number + 1;
    while (head < this.tail && done[head & mask] === 1) {
      done[head & mask] = 0;
      head++;
    }
    this.finished = this.nexts[(head - 1) & mask]!;
    this.head = head;
  }

  /** What a commit would say now; `wasCommitted` takes it when it has been said. */
  get progress(): Progress {
    return { offset: this.finished, head: this.head };
  }

  wasCommitted({ offset, head }: Progress): void {
    if (head > this.committedHead && head <= this.head) {
      // Less than before where the topic was made anew.
      this.committed = offset;
      this.committedHead = head;
    } else this.committed = Math.max(this.committed, offset);
  }

  /**
   * After all has settled: forgets what was under way and fetched; gives the offset of the first record that failed, from which on everything
   * is delivered again.
   */
  rewind(): number {
    const offset = this.offsetOf(this.failedAt);
    this.attempts = offset === this.lastFailed ? this.attempts + 1 : 1;
    this.lastFailed = offset;
    this.restart();
    return offset;
  }

  /** Forgets what was under way and fetched. */
  restart(): void {
    this.dropFetched();
    this.done.fill(0);
    this.head = this.tail = this.committedHead = 0;
    this.failedAt = this.asked = -1;
    this.era++;
  }

  private grow(): void {
    const size = (this.mask + 1) * 2;
    const [offsets, nexts, done] = [new Float64Array(size), new Float64Array(size), new Uint8Array(size)];
    for (let number = this.tail - this.mask - 1; number < this.tail; number++) {
      offsets[number & (size - 1)] = this.offsets[number & this.mask]!;
      nexts[number & (size - 1)] = this.nexts[number & this.mask]!;
      done[number & (size - 1)] = this.done[number & this.mask]!;
    }
    this.offsets = offsets;
    this.nexts = nexts;
    this.done = done;
    this.mask = size - 1;
  }
}

/** One record on its way. */
export class RecordDelivery implements Delivery {
  readonly lane: Lane;
  readonly number: number;

  constructor(lane: Lane, number: number) {
    this.lane = lane;
    this.number = number;
  }

  get id(): string {
    return `${this.lane.name}/${this.lane.offsetOf(this.number)}`;
  }

  get wouldLose(): boolean {
    return this.lane.keepsFailed;
  }

  left(): void {
    this.lane.left();
  }

  settle(exchange: Exchange): void {
    this.lane.settle(this.number, exchange);
  }
}

/** Several records of a partition on their way as one exchange. */
export class BatchDelivery implements Delivery {
  private readonly deliveries: readonly RecordDelivery[];

  constructor(deliveries: readonly RecordDelivery[]) {
    this.deliveries = deliveries;
  }

  get id(): string {
    return `${this.deliveries[0]!.id}+${this.deliveries.length}`;
  }

  get wouldLose(): boolean {
    return this.deliveries[0]!.wouldLose;
  }

  left(): void {
    for (const { lane } of this.deliveries) lane.left();
  }

  settle(exchange: Exchange): void {
    for (const { lane, number } of this.deliveries) lane.settle(number, exchange);
  }
}
