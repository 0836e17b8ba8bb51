import type { Clock, Timer } from '../../core/clock.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { KafkaFailure, OutgoingRecord, PartitionRecords, Sender } from './client.ts';
import { topicComplaint } from './client.ts';
import { murmur2 } from './murmur.ts';

/** Who wants to know what became of a record. */
export interface Receipt {
  /** `offset` is -1 where nobody acknowledges. */
  sent(topic: string, partition: number, offset: number): void;
  failed(error: ExchangeError): void;
}

export interface OutboxOptions {
  readonly clock: Clock;
  /** For messages: where the records go. */
  readonly brokers: string;
  readonly lingerMillis: number;
  /** Most bytes of one partition in a request. */
  readonly batchBytes: number;
  readonly maxRecordBytes: number;
  readonly bufferBytes: number;
  readonly maxBlockMillis: number;
  readonly deliveryTimeoutMillis: number;
  /** Null: until the delivery times out. */
  readonly retries: number | null;
  readonly firstBackoffMillis: number;
  readonly longestBackoffMillis: number;
  readonly ignoresKeys: boolean;
  /** A request may have arrived whose answer is lost, and is not tried again. */
  readonly lostTrack?: () => void;
}

const recordOverhead = 32;
/** A topic that is being made, or a leader that is being chosen, is there after a moment. */
const attemptsForMissing = 6;

interface Waiting {
  readonly topic: string;
  readonly partition: number | null;
  readonly record: OutgoingRecord;
  readonly bytes: number;
  readonly receipt: Receipt;
}

class Batch implements PartitionRecords {
  readonly topic: string;
  readonly partition: number;
  readonly records: OutgoingRecord[];
  readonly receipts: Receipt[];
  bytes: number;
  attempts = 0;

  constructor(topic: string, partition: number, records: OutgoingRecord[] = [], receipts: Receipt[] = [], bytes = 0) {
    this.topic = topic;
    this.partition = partition;
    this.records = records;
    this.receipts = receipts;
    this.bytes = bytes;
  }
}

/** Texts are counted by their letters: near enough for sharing requests out. */
const sizeOf = (part: Buffer | string | null): number => (part === null ? 0 : part.length);

const exactSize = ({ key, value }: OutgoingRecord): number => (key === null ? 0 : Buffer.byteLength(key)) + (value === null ? 0 : Buffer.byteLength(value));

/**
 * Gathers records while a request is under way, and sends them together with the next one: one request at a time, so that order holds and a
 * repeated one is told from a new one by the broker.
 */
export class Outbox {
  private readonly sender: Sender;
  private readonly options: OutboxOptions;
  /** For each partition what waits, oldest first. The last batch still takes records. */
  private readonly queues = new Map<string, Batch[]>();
  private readonly sticky = new Map<string, number>();
  private readonly unresolved = new Map<string, Waiting[]>();
  private readonly blocked: Waiting[] = [];
  private bytes = 0;
  private isSending = false;
  private isFlushDue = false;
  private isClosed = false;
  private timer: Timer | null = null;
  private blockTimer: Timer | null = null;
  /** End waits before their time. */
  private readonly pauses = new Set<() => void>();
  private idle: (() => void)[] = [];

  constructor(sender: Sender, options: OutboxOptions) {
    this.sender = sender;
    this.options = options;
  }

  add(topic: string, partition: number | null, record: OutgoingRecord, receipt: Receipt): void {
    let bytes = recordOverhead + sizeOf(record.key) + sizeOf(record.value);
    if (record.headers !== undefined) for (const name in record.headers) bytes += name.length + 2 + sizeOf(record.headers[name] as Buffer | string);
    if (this.isClosed) return receipt.failed(new ExchangeError('org.apache.kafka.common.KafkaException', 'the producer is closed'));
    if (bytes * 3 > this.options.maxRecordBytes && Math.max(bytes, exactSize(record)) > this.options.maxRecordBytes) {
      return receipt.failed(
        new ExchangeError('org.apache.kafka.common.errors.RecordTooLargeException', `a record of ${Math.max(bytes, exactSize(record))} bytes for ${topic} is larger than maxRequestSize (${this.options.maxRecordBytes})`),
      );
    }
    const waiting: Waiting = { topic, partition, record, bytes, receipt };
    if (this.bytes > 0 && this.bytes + bytes > this.options.bufferBytes) this.block(waiting);
    else this.admit(waiting);
  }

  /** Resolves when nothing is left to be sent. */
  drained(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise((resolve) => void this.idle.push(resolve));
  }

  /** Takes no more; what waits fails. Whoever waits for it to be empty goes on when the request under way has its answer. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    // What is left out is missing from its transaction.
    if (!this.isIdle) this.options.lostTrack?.();
    this.timer?.cancel();
    this.blockTimer?.cancel();
    for (const end of [...this.pauses]) end();
    const error = new ExchangeError('org.apache.kafka.common.KafkaException', `the producer for ${this.options.brokers} was closed before this record was sent`);
    for (const { receipt } of this.blocked.splice(0)) receipt.failed(error);
    for (const list of this.unresolved.values()) for (const { receipt } of list.splice(0)) receipt.failed(error);
    for (const queue of this.queues.values()) for (const { receipts } of queue.splice(0)) for (const receipt of receipts) receipt.failed(error);
    this.settleIdle();
  }

  private get isIdle(): boolean {
    if (this.isSending || this.blocked.length > 0 || this.unresolved.size > 0) return false;
    for (const queue of this.queues.values()) if (queue.length > 0) return false;
    return true;
  }

  private admit(waiting: Waiting): void {
    this.bytes += waiting.bytes;
    const { topic } = waiting;
    const known = this.unresolved.has(topic) ? null : this.sender.knownPartitions(topic);
    if (known !== null) return this.enqueue(waiting, known);
    const list = this.unresolved.get(topic);
    if (list !== undefined) {
      list.push(waiting);
      return;
    }
    this.unresolved.set(topic, [waiting]);
    void this.resolve(topic);
  }

  private enqueue({ topic, partition, record, receipt, bytes }: Waiting, partitions: number): void {
    const to = partition ?? this.choose(topic, record.key, partitions);
    const key = `${topic}/${to}`;
    let queue = this.queues.get(key);
    if (queue === undefined) this.queues.set(key, (queue = []));
    let batch = queue[queue.length - 1];
    if (batch === undefined || batch.attempts > 0 || (batch.bytes > 0 && batch.bytes + bytes > this.options.batchBytes)) queue.push((batch = new Batch(topic, to)));
    batch.records.push(record);
    batch.receipts.push(receipt);
    batch.bytes += bytes;
    if (!this.isSending) this.flushSoon();
  }

  /** As Kafka's default partitioner: by the key's hash; records without a key stay with one partition for a request. */
  private choose(topic: string, key: Buffer | string | null, partitions: number): number {
    if (partitions === 1) return 0;
    if (key !== null && !this.options.ignoresKeys) return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % partitions;
    let partition = this.sticky.get(topic);
    if (partition === undefined || partition >= partitions) this.sticky.set(topic, (partition = Math.floor(Math.random() * partitions)));
    return partition;
  }

  private async resolve(topic: string): Promise<void> {
    const { options } = this;
    const complaint = topicComplaint(topic);
    if (complaint !== null) {
      const refused = this.unresolved.get(topic) ?? [];
      this.unresolved.delete(topic);
      this.fail(refused, new ExchangeError('org.apache.kafka.common.errors.InvalidTopicException', complaint));
      return;
    }
    const until = options.clock.now() + Math.min(options.maxBlockMillis, options.deliveryTimeoutMillis);
    let delay = options.firstBackoffMillis;
    let partitions = 0;
    let failure: KafkaFailure | null = null;
    for (let attempt = 1; partitions === 0 && !this.isClosed; attempt++) {
      try {
        partitions = await this.sender.partitions(topic);
      } catch (thrown) {
        failure = thrown as KafkaFailure;
        const isHopeless = failure.kind === 'login' || failure.kind === 'forbidden' || failure.kind === 'fatal' || (failure.kind === 'missing' && attempt >= attemptsForMissing);
        if (isHopeless || options.clock.now() + delay > until) break;
        await this.wait(delay);
        delay = Math.min(delay * 2, options.longestBackoffMillis);
      }
    }
    const list = this.unresolved.get(topic) ?? [];
    this.unresolved.delete(topic);
    if (partitions > 0) for (const waiting of list) this.enqueue(waiting, partitions);
    else if (failure !== null) this.fail(list, this.errorOf(failure, topic));
    this.settleIdle();
  }

  private fail(list: readonly Waiting[], error: ExchangeError): void {
    for (const { receipt, bytes } of list) {
      this.bytes -= bytes;
      receipt.failed(error);
    }
    this.unblock();
  }

  // ---------------------------------------------------------------------------------------------- sending

  private flushSoon(): void {
    if (this.isFlushDue || this.isSending) return;
    this.isFlushDue = true;
    const { clock, lingerMillis } = this.options;
    const flush = (): void => {
      this.isFlushDue = false;
      void this.flush();
    };
    if (lingerMillis <= 0) clock.yield(flush);
    else this.timer = clock.schedule(lingerMillis, flush);
  }

  private async flush(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    for (;;) {
      const batches: Batch[] = [];
      for (const queue of this.queues.values()) if (queue.length > 0) batches.push(queue.shift()!);
      if (batches.length === 0) break;
      this.sticky.clear();
      await this.deliver(batches);
    }
    this.isSending = false;
    this.settleIdle();
  }

  /** Sends batches until each has arrived or can't. */
  private async deliver(batches: Batch[]): Promise<void> {
    const { clock, deliveryTimeoutMillis, retries, firstBackoffMillis, longestBackoffMillis } = this.options;
    const until = clock.now() + deliveryTimeoutMillis;
    let delay = firstBackoffMillis;
    let left = batches;
    while (left.length > 0) {
      const results = await this.sender.send(left);
      const again: Batch[] = [];
      let waits = false;
      let isRenewed = false;
      for (let i = 0; i < left.length; i++) {
        const batch = left[i]!;
        const { failure, baseOffset } = results[i]!;
        if (failure === null) {
          this.arrived(batch, baseOffset);
          continue;
        }
        batch.attempts++;
        const mayPass = failure.kind === 'unreachable' || failure.kind === 'transient' || (failure.kind === 'sequence' && this.options.lostTrack === undefined) || (failure.kind === 'missing' && batch.attempts < attemptsForMissing);
        const hasTime = !this.isClosed && clock.now() + delay <= until && (retries === null || batch.attempts <= retries);
        if (failure.kind === 'tooLarge' && batch.records.length > 1) {
          const [first, second] = halves(batch);
          again.push(first);
          this.queues.get(`${batch.topic}/${batch.partition}`)!.unshift(second);
        } else if (mayPass && hasTime) {
          if (failure.kind === 'sequence' && !isRenewed) {
            isRenewed = true;
            this.lostTrack();
          }
          again.push(batch);
          waits = true;
        } else {
          // It may have arrived all the same: what comes next must not be taken for it.
          if (failure.kind === 'unreachable' || failure.kind === 'transient' || failure.kind === 'sequence') this.lostTrack();
          this.gaveUp(batch, this.errorOf(failure, batch.topic));
        }
      }
      left = again;
      if (waits && left.length > 0) {
        await this.wait(delay);
        delay = Math.min(delay * 2, longestBackoffMillis);
      }
    }
  }

  private lostTrack(): void {
    if (this.options.lostTrack === undefined) this.sender.renew();
    else this.options.lostTrack();
  }

  private arrived({ topic, partition, receipts, bytes }: Batch, baseOffset: number): void {
    this.bytes -= bytes;
    for (let i = 0; i < receipts.length; i++) receipts[i]!.sent(topic, partition, baseOffset < 0 ? -1 : baseOffset + i);
    this.unblock();
  }

  private gaveUp({ receipts, bytes }: Batch, error: ExchangeError): void {
    this.bytes -= bytes;
    for (const receipt of receipts) receipt.failed(error);
    this.unblock();
  }

  private errorOf(failure: KafkaFailure, topic: string): ExchangeError {
    return new ExchangeError(exceptionOf(failure), `${topic} on ${this.options.brokers}: ${failure.message}`, { cause: failure });
  }

  private wait(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.pauses.delete(end);
        resolve();
      };
      const timer = this.options.clock.schedule(millis, end);
      this.pauses.add(end);
    });
  }

  private settleIdle(): void {
    if (this.idle.length > 0 && this.isIdle) for (const resolve of this.idle.splice(0)) resolve();
  }

  // ---------------------------------------------------------------------------------------------- a full buffer

  private block(waiting: Waiting): void {
    this.blocked.push(waiting);
    const { clock, maxBlockMillis, bufferBytes, brokers } = this.options;
    this.blockTimer ??= clock.schedule(maxBlockMillis, () => {
      this.blockTimer = null;
      const error = new ExchangeError('org.apache.kafka.clients.producer.BufferExhaustedException', `no room for another record within ${maxBlockMillis} ms: ${bufferBytes} bytes (bufferMemorySize) wait to be sent to ${brokers}`);
      for (const { receipt } of this.blocked.splice(0)) receipt.failed(error);
    });
  }

  private unblock(): void {
    while (this.blocked.length > 0 && (this.bytes === 0 || this.bytes + this.blocked[0]!.bytes <= this.options.bufferBytes)) this.admit(this.blocked.shift()!);
    if (this.blocked.length === 0) {
      this.blockTimer?.cancel();
      this.blockTimer = null;
    }
  }
}

function halves({ topic, partition, records, receipts, bytes }: Batch): [Batch, Batch] {
  const middle = records.length >> 1;
  return [
    new Batch(topic, partition, records.slice(0, middle), receipts.slice(0, middle), bytes >> 1),
    new Batch(topic, partition, records.slice(middle), receipts.slice(middle), bytes - (bytes >> 1)),
  ];
}

/** The class by which routes catch it. */
function exceptionOf({ kind }: KafkaFailure): string {
  switch (kind) {
    case 'tooLarge':
      return 'org.apache.kafka.common.errors.RecordTooLargeException';
    case 'missing':
      return 'org.apache.kafka.common.errors.UnknownTopicOrPartitionException';
    case 'login':
      return 'org.apache.kafka.common.errors.SaslAuthenticationException';
    case 'forbidden':
      return 'org.apache.kafka.common.errors.AuthorizationException';
    case 'fenced':
      return 'org.apache.kafka.common.errors.ProducerFencedException';
    case 'unreachable':
    case 'transient':
      return 'org.apache.kafka.common.errors.TimeoutException';
    default:
      return 'org.apache.kafka.common.KafkaException';
  }
}
