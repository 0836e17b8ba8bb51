import type { ConnectorContext, Producer } from '../../core/connector.ts';
import { isByteSource, readBytes, toText } from '../../core/conversion/convert.ts';
import { XmlNodeList } from '../../core/conversion/xml.ts';
import { ExchangeError, toExchangeError } from '../../core/errors.ts';
import { Exchange, isUnhandled } from '../../core/exchange/exchange.ts';
import type { UnitOfWork } from '../../core/exchange/exchange.ts';
import type { Headers } from '../../core/exchange/headers.ts';
import { kafkaBrokers } from '../../core/beans/kafkaProducerFactory.ts';
import { isKeptOut, transactionOf } from '../../core/exchange/transaction.ts';
import type { Transaction } from '../../core/exchange/transaction.ts';
import type { HeaderFilter } from '../../core/http/headers.ts';
import type { KafkaPart, SlotsOptions } from './blocks.ts';
import { LanePart, Slots } from './blocks.ts';
import { topicComplaint } from './client.ts';
import type { KafkaClient, OutgoingRecord, SenderOptions, Sender } from './client.ts';
import { connectionKey, connectionSettings } from './connection.ts';
import type { ConnectionSettings } from './connection.ts';
import type { HeaderWriting } from './headers.ts';
import { names, outgoing, steering } from './headers.ts';
import type { KafkaEndpoint } from './options.ts';
import type { OutboxOptions, Receipt } from './outbox.ts';
import { Outbox } from './outbox.ts';
import type { Serialise } from './serialisation.ts';
import { serialiser } from './serialisation.ts';
import type { Transactions } from './transactions.ts';
import { transactionsOf } from './transactions.ts';

/** What record metadata looks like in the header CamelKafkaRecordMeta. */
interface Metadata {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
}

/** Waits for all records of an exchange, then lets it go on. */
class ExchangeReceipt implements Receipt {
  private readonly exchange: Exchange;
  private readonly producer: KafkaProducer;
  private readonly metadata: Metadata[] | null;
  private readonly timestamp: number;
  private left: number;
  private error: ExchangeError | null = null;

  constructor(exchange: Exchange, producer: KafkaProducer, records: number, timestamp: number, keepsMetadata: boolean) {
    this.exchange = exchange;
    this.producer = producer;
    this.left = records;
    this.timestamp = timestamp;
    this.metadata = keepsMetadata ? [] : null;
  }

  sent(topic: string, partition: number, offset: number): void {
    this.metadata?.push({ topic, partition, offset, timestamp: this.timestamp });
    if (--this.left === 0) this.done();
  }

  failed(error: ExchangeError): void {
    this.error ??= error;
    if (--this.left === 0) this.done();
  }

  private done(): void {
    const { exchange, error, metadata } = this;
    if (error !== null) exchange.fail(this.producer.named(error, exchange));
    else if (metadata !== null) exchange.headers.set(names.recordMetadata, metadata);
    exchange.leave();
  }
}

// ------------------------------------------------------------------------------------------------ connections that endpoints share

interface Line {
  readonly client: KafkaClient;
  readonly outbox: Outbox;
  readonly sender: Sender;
}

/** What endpoints share, by what they must agree on for that: made for the first user, there until the last one leaves. */
class Shared<T> {
  private readonly all = new Map<string, { readonly made: Promise<T>; users: number }>();

  use(key: string, make: () => Promise<T>): Promise<T> {
    let found = this.all.get(key);
    if (found === undefined) this.all.set(key, (found = { made: make(), users: 0 }));
    found.users++;
    return found.made;
  }

  /** One more, of whoever uses it already. */
  useAgain(key: string): void {
    this.all.get(key)!.users++;
  }

  /** Gives what nobody uses any more, to be closed. */
  leave(key: string): Promise<T> | null {
    const found = this.all.get(key);
    if (found === undefined || --found.users > 0) return null;
    this.all.delete(key);
    return found.made;
  }
}

async function closeLine({ client, outbox }: Line, clock: ConnectorContext['clock'], withinMillis: number): Promise<void> {
  let end: (() => void) | null = null;
  const late = new Promise<void>((resolve) => {
    const timer = clock.schedule(withinMillis, resolve);
    end = () => timer.cancel();
  });
  await Promise.race([outbox.drained(), late]);
  end!();
  outbox.close();
  await client.close();
}

// ------------------------------------------------------------------------------------------------ the producer

const closed = (): Error => new Error('the producer is closed');

/** One transaction of an endpoint with `transacted`: what one delivery sends there. */
interface OwnTransaction {
  readonly unitOfWork: UnitOfWork;
  isSpoilt: boolean;
}

/** The sending end of an endpoint. Connects with the first message. */
export class KafkaProducer implements Producer {
  private readonly context: ConnectorContext;
  private readonly endpoint: KafkaEndpoint;
  private readonly settings: ConnectionSettings;
  private readonly brokers: string;
  /** What belongs to a transaction of a step, when this is sent to. */
  private readonly resource: string;
  private readonly slots: Shared<Slots>;
  /** Those that this uses, by what their ids begin with. */
  private readonly slotsUsed = new Map<string | null, { readonly key: string; readonly slots: Promise<Slots> }>();
  private readonly value: Serialise;
  private readonly keySerialiser: Serialise;
  private readonly writing: HeaderWriting;
  private readonly senderOptions: SenderOptions;
  private readonly transactions: Transactions;
  private readonly lines: Shared<Line>;
  private readonly lineKey: string;
  private readonly topic: string;
  private opening: Promise<Line> | null = null;
  private line: Line | null = null;
  private isClosed = false;
  /** With `transacted`: who sends now, and who waits. */
  private transaction: OwnTransaction | null = null;
  private readonly queue: (() => void)[] = [];

  constructor(endpoint: KafkaEndpoint, context: ConnectorContext) {
    const { options, shownUri } = endpoint;
    this.context = context;
    this.endpoint = endpoint;
    this.topic = options.topic;
    const complaint = topicComplaint(this.topic);
    if (complaint !== null) throw new Error(`${shownUri}: ${complaint}`);
    this.settings = connectionSettings(endpoint, context, options.requestTimeoutMs);
    this.brokers = this.settings.brokers.join();
    this.resource = kafkaBrokers(this.settings.brokers);
    const named = <T>(read: () => T): T => {
      try {
        return read();
      } catch (thrown) {
        throw new Error(`${shownUri}: ${(thrown as Error).message}`, { cause: thrown });
      }
    };
    this.value = named(() => serialiser('valueSerializer', options.valueSerializer, context));
    this.keySerialiser = named(() => serialiser('keySerializer', options.keySerializer, context));
    const headerBean = options.headerSerializer === undefined ? null : named(() => context.bean<{ serialize(name: string, value: unknown): Buffer | string | null }>(options.headerSerializer!));
    this.writing = {
      filter: options.headerFilterStrategy === undefined ? null : named(() => context.bean<HeaderFilter>(options.headerFilterStrategy!)),
      serialise: headerBean === null ? null : (name, value) => headerBean.serialize(name, value),
    };
    const acks = options.requestRequiredAcks === 'all' ? -1 : (Number(options.requestRequiredAcks) as -1 | 0 | 1);
    const property = options.additionalProperties?.['transactional.id'];
    const transactionalId = options.transactionalId ?? (typeof property === 'string' ? property : options.transacted ? `mecha-${context.scope.name}-${options.topic}` : null);
    if (transactionalId !== null && acks !== -1) throw new Error(`${shownUri}: a transactional producer needs \`requestRequiredAcks=all\``);
    this.senderOptions = {
      acks,
      isIdempotent: options.enableIdempotence && acks === -1,
      compression: options.compressionCodec,
      transactionalId,
      transactionTimeoutMillis: options.transactionTimeoutMs,
      requestTimeoutMillis: options.requestTimeoutMs,
      patienceMillis: options.maxBlockMs,
    };
    this.transactions = transactionsOf(context);
    this.lines = context.shared('kafka.lines', () => new Shared<Line>());
    this.slots = context.shared('kafka.slots', () => new Shared<Slots>());
    this.lineKey = JSON.stringify([
      connectionKey(this.settings),
      this.senderOptions,
      transactionalId === null ? null : endpoint.uri,
      options.lingerMs,
      options.producerBatchSize,
      options.maxRequestSize,
      options.bufferMemorySize,
      options.maxBlockMs,
      options.deliveryTimeoutMs,
      options.retries,
      options.retryBackoffMs,
      options.retryBackoffMaxMs,
      options.partitionerIgnoreKeys,
    ]);
  }

  readonly call = (exchange: Exchange): void => {
    const { body } = exchange;
    if (isByteSource(body) && !Buffer.isBuffer(body) && typeof body === 'object') {
      readBytes(body).then(
        (bytes) => this.sendFrom(exchange, bytes),
        (thrown: unknown) => this.fail(exchange, thrown),
      );
      return;
    }
    this.sendFrom(exchange, body);
  };

  async close(): Promise<void> {
    this.isClosed = true;
    for (const { key } of this.slotsUsed.values()) await this.leaveSlots(key).catch(() => undefined);
    this.slotsUsed.clear();
    if (this.opening === null) return;
    this.opening = this.line = null;
    const line = await this.lines.leave(this.lineKey);
    if (line !== null) await closeLine(line, this.context.clock, this.endpoint.options.shutdownTimeout);
  }

  /** The error with what the reader needs to find the place. */
  named(error: ExchangeError, exchange: Exchange): ExchangeError {
    const route = exchange.routeId === null ? '' : ` (route ${exchange.routeId})`;
    return new ExchangeError(error.type, `${this.endpoint.shownUri}${route}: ${error.message}`, { cause: error.cause, details: { ...error.details } });
  }

  private fail(exchange: Exchange, thrown: unknown): void {
    exchange.fail(this.named(toExchangeError(thrown), exchange));
    exchange.leave();
  }

  private sendFrom(exchange: Exchange, body: unknown): void {
    const isInScope = exchange.hasProperties;
    const block = isInScope ? transactionOf(exchange, this.resource) : null;
    if (block !== null) return void this.putInBlock(block, exchange, body);
    const joined = this.transactions.isUsed && !(isInScope && isKeptOut(exchange, this.resource)) ? this.transactions.of(exchange) : null;
    if (joined !== null && !joined.isForBlocks && joined.brokers === this.brokers) return this.put(joined.outbox, exchange, body);
    if (this.line !== null && this.senderOptions.transactionalId === null) return this.put(this.line.outbox, exchange, body);
    this.connected().then(
      (line) => (this.senderOptions.transactionalId === null ? this.put(line.outbox, exchange, body) : void this.putInTransaction(line, exchange, body)),
      (thrown: unknown) => this.fail(exchange, thrown),
    );
  }

  private connected(): Promise<Line> {
    if (this.isClosed) return Promise.reject(closed());
    return (this.opening ??= this.lines
      .use(this.lineKey, async () => {
        const { KafkaJsClient } = await import('./kafkajs.ts');
        const { clock } = this.context;
        const client = new KafkaJsClient({ clock, settings: this.settings, log: (level, message) => this.context.log(level, message) });
        const sender = client.sender(this.senderOptions);
        const { transactionalId } = this.senderOptions;
        const outbox = new Outbox(sender, { ...this.outboxOptions(), ...(transactionalId === null ? {} : { lostTrack: () => this.spoil() }) });
        return { client, sender, outbox };
      })
      .then((line) => (this.line = line)));
  }

  private outboxOptions(): OutboxOptions {
    const { options } = this.endpoint;
    return {
      clock: this.context.clock,
      brokers: this.brokers,
      lingerMillis: options.lingerMs,
      batchBytes: options.producerBatchSize ?? options.maxRequestSize / 2,
      maxRecordBytes: options.maxRequestSize,
      bufferBytes: options.bufferMemorySize,
      maxBlockMillis: options.maxBlockMs,
      deliveryTimeoutMillis: options.deliveryTimeoutMs,
      retries: options.retries ?? null,
      firstBackoffMillis: options.retryBackoffMs,
      longestBackoffMillis: options.retryBackoffMaxMs,
      ignoresKeys: options.partitionerIgnoreKeys,
    };
  }

  // ---------------------------------------------------------------------------------------------- records

  private put(outbox: Outbox, exchange: Exchange, body: unknown): void {
    try {
      const { options } = this.endpoint;
      const { headers } = exchange;
      const topic = this.takeText(headers, names.overrideTopic) ?? this.topic;
      const time = this.takeText(headers, names.overrideTimestamp);
      const now = this.context.clock.now();
      const timestamp = time === null ? now : Number(time);
      if (!Number.isSafeInteger(timestamp)) throw new ExchangeError('java.lang.IllegalArgumentException', `${names.overrideTimestamp} must be milliseconds, not \`${String(time)}\``);
      const parts = options.useIterator ? elementsOf(body) : null;
      if (parts === null) {
        const receipt = new ExchangeReceipt(exchange, this, 1, timestamp, options.recordMetadata);
        outbox.add(topic, this.partitionOf(headers), this.record(topic, headers, body, timestamp), receipt);
        return;
      }
      if (parts.length === 0) return exchange.leave();
      // Before any goes out: one that can't be written fails them all.
      const records = parts.map((part) => {
        const own = this.ownMessage(part, headers);
        return { partition: this.partitionOf(own.headers), record: this.record(topic, own.headers, own.body, timestamp) };
      });
      const receipt = new ExchangeReceipt(exchange, this, records.length, timestamp, options.recordMetadata);
      for (const { partition, record } of records) outbox.add(topic, partition, record, receipt);
    } catch (thrown) {
      this.fail(exchange, thrown);
    }
  }

  private record(topic: string, headers: Headers, body: unknown, timestamp: number): OutgoingRecord {
    const key = this.endpoint.options.key ?? steering(headers, names.key);
    const out = outgoing(headers, this.writing);
    const record = { key: key === undefined || key === null ? null : this.keySerialiser(topic, key), value: this.value(topic, body ?? null), timestamp };
    return out === undefined ? record : { ...record, headers: out };
  }

  /** An element of a list that is an exchange or message of its own brings its body, and its headers where they are asked for. */
  private ownMessage(part: unknown, headers: Headers): { body: unknown; headers: Headers } {
    const isMessage = part instanceof Exchange || (typeof part === 'object' && part !== null && 'headers' in part && typeof (part.headers as { forEach?: unknown }).forEach === 'function' && 'body' in part);
    if (!isMessage) return { body: part, headers };
    const message = part as { body: unknown; headers: Headers };
    return { body: message.body, headers: this.endpoint.options.batchWithIndividualHeaders ? message.headers : headers };
  }

  private partitionOf(headers: Headers): number | null {
    const { partitionKey } = this.endpoint.options;
    if (partitionKey !== undefined) return partitionKey;
    const value = steering(headers, names.partitionKey);
    if (value === undefined || value === null) return null;
    const partition = Number(toText(value));
    if (!Number.isInteger(partition) || partition < 0) throw new ExchangeError('java.lang.IllegalArgumentException', `${names.partitionKey} must be the number of a partition, not \`${toText(value)}\``);
    return partition;
  }

  /** Headers that override something do so once. */
  private takeText(headers: Headers, name: string): string | null {
    const value = steering(headers, name);
    if (value === undefined) return null;
    headers.remove(name);
    return toText(value);
  }

  // ---------------------------------------------------------------------------------------------- transactions of steps

  private async putInBlock(block: Transaction, exchange: Exchange, body: unknown): Promise<void> {
    try {
      for (let wait = block.joining(() => this.beginBlock(block, exchange)); wait !== null; wait = block.joining(() => this.beginBlock(block, exchange))) await wait;
    } catch (thrown) {
      return this.fail(exchange, thrown);
    }
    this.put((block.joined as KafkaPart).outbox, exchange, body);
  }

  private async beginBlock(block: Transaction, exchange: Exchange): Promise<KafkaPart> {
    const lane = this.transactions.isUsed && !block.isApart ? this.transactions.of(exchange) : null;
    if (lane?.isPerRecord === true && !lane.isTaken && kafkaBrokers(lane.brokers.split(',')) === this.resource) return new LanePart(lane);
    const slots = await this.slotsFor(block.idPrefix);
    if (this.isClosed) throw closed();
    return slots.begin();
  }

  /** Shared by all endpoints with the same connection and limits; a transaction that is open uses them, too. */
  private slotsFor(prefix: string | null): Promise<Slots> {
    if (this.isClosed) throw closed();
    let used = this.slotsUsed.get(prefix);
    if (used === undefined) {
      const key = JSON.stringify([prefix, this.lineKey]);
      this.slotsUsed.set(prefix, (used = { key, slots: this.slots.use(key, () => this.makeSlots(prefix, key)) }));
    }
    return used.slots;
  }

  private async makeSlots(prefix: string | null, key: string): Promise<Slots> {
    const { context, endpoint, brokers } = this;
    const { KafkaJsClient } = await import('./kafkajs.ts');
    const client = new KafkaJsClient({ clock: context.clock, settings: this.settings, log: (level, message) => context.log(level, message) });
    const make: SlotsOptions['make'] = (transactionalId, lostTrack) => {
      const sender = client.sender({ ...this.senderOptions, acks: -1, isIdempotent: true, transactionalId });
      return { sender, outbox: new Outbox(sender, { ...this.outboxOptions(), deliveryTimeoutMillis: Math.min(endpoint.options.deliveryTimeoutMs, endpoint.options.transactionTimeoutMs), lostTrack }) };
    };
    return new Slots({ client, brokers, prefix, make, begins: () => this.slots.useAgain(key), ended: () => this.leaveSlots(key) });
  }

  private async leaveSlots(key: string): Promise<void> {
    await (await this.slots.leave(key))?.close();
  }

  // ---------------------------------------------------------------------------------------------- transactions of its own

  private spoil(): void {
    if (this.transaction !== null) this.transaction.isSpoilt = true;
  }

  private async putInTransaction(line: Line, exchange: Exchange, body: unknown): Promise<void> {
    const unitOfWork = exchange.unitOfWork?.whole ?? null;
    try {
      if (unitOfWork === null) throw new Error('the exchange has no delivery that a transaction could end with');
      if (this.transaction?.unitOfWork !== unitOfWork) await this.beginTransaction(line, unitOfWork);
    } catch (thrown) {
      return this.fail(exchange, thrown);
    }
    this.put(line.outbox, exchange, body);
  }

  private async beginTransaction(line: Line, unitOfWork: UnitOfWork): Promise<void> {
    while (this.transaction !== null) await new Promise<void>((resolve) => void this.queue.push(resolve));
    const transaction = (this.transaction = { unitOfWork, isSpoilt: false });
    try {
      await line.sender.open();
      line.sender.begin();
    } catch (thrown) {
      this.endTransaction();
      throw thrown;
    }
    unitOfWork.beforeSettling(async (exchange) => {
      try {
        await line.outbox.drained();
        if (isUnhandled(exchange) || transaction.isSpoilt) await line.sender.abort();
        else await line.sender.commit();
        if (transaction.isSpoilt && !isUnhandled(exchange)) throw new ExchangeError('org.apache.kafka.common.errors.TransactionAbortedException', `${this.endpoint.shownUri}: a send may be lost: the transaction was aborted`);
      } catch (thrown) {
        line.sender.renew();
        throw thrown;
      } finally {
        this.endTransaction();
      }
    });
  }

  private endTransaction(): void {
    this.transaction = null;
    this.queue.shift()?.();
  }
}

/** The elements of a list, a set or an iterator: one record each. Null: one record, as what an XPath gives is. */
function elementsOf(body: unknown): unknown[] | null {
  if (body instanceof XmlNodeList) return null;
  if (Array.isArray(body)) return body;
  if (typeof body !== 'object' || body === null || Buffer.isBuffer(body) || body instanceof Uint8Array || body instanceof Map) return null;
  if (typeof (body as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function') return [...(body as Iterable<unknown>)];
  return null;
}
