import { isUtf8 } from 'node:buffer';
import { fold } from '../../core/exchange/headers.ts';
import type { HeaderSource , Headers } from '../../core/exchange/headers.ts';
import type { HeaderFilter } from '../../core/http/headers.ts';
import type { HeaderBytes, KafkaRecord, TopicPartition } from './client.ts';

export const names = {
  topic: 'CamelKafkaTopic',
  partition: 'CamelKafkaPartition',
  offset: 'CamelKafkaOffset',
  key: 'CamelKafkaKey',
  timestamp: 'CamelKafkaTimestamp',
  messageTimestamp: 'CamelMessageTimestamp',
  headers: 'CamelKafkaHeaders',
  lastRecordBeforeCommit: 'CamelKafkaLastRecordBeforeCommit',
  lastPollRecord: 'CamelKafkaLastPollRecord',
  manualCommit: 'CamelKafkaManualCommit',
  overrideTopic: 'CamelKafkaOverrideTopic',
  overrideTimestamp: 'CamelKafkaOverrideTimestamp',
  partitionKey: 'CamelKafkaPartitionKey',
  recordMetadata: 'CamelKafkaRecordMeta',
} as const;

/** What these headers were called before Camel 4.17: still read, never shown in a list. */
const formerNames: Readonly<Record<string, string>> = {
  'kafka.topic': names.topic,
  'kafka.partition': names.partition,
  'kafka.offset': names.offset,
  'kafka.key': names.key,
  'kafka.timestamp': names.timestamp,
  'kafka.headers': names.headers,
  'kafka.last_record_before_commit': names.lastRecordBeforeCommit,
  'kafka.last_poll_record': names.lastPollRecord,
  'kafka.manual_commit': names.manualCommit,
  'kafka.override_topic': names.overrideTopic,
  'kafka.override_timestamp': names.overrideTimestamp,
  'kafka.partition_key': names.partitionKey,
  'kafka.recordmeta': names.recordMetadata,
};
const formerOf: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(formerNames).map(([former, name]) => [name, former]));

/** Headers that steer endpoints, and those that only mean something here: they never cross the network. Takes folded names. */
export const isPrivate = (folded: string): boolean => folded.startsWith('camel') || folded.startsWith('org.apache.camel') || folded.startsWith('kafka.');

/** A header of the producer's, by its name now or the former one. */
export function steering(headers: Headers, name: string): unknown {
  const value = headers.get(name);
  return value === undefined ? headers.get(formerOf[name]!) : value;
}

export interface HeaderReading {
  readonly filter: HeaderFilter | null;
  readonly deserialise: ((name: string, bytes: Buffer) => unknown) | null;
  readonly key: (topic: string, bytes: Buffer | null) => unknown;
}

const asBytes: Pick<HeaderReading, 'deserialise'> = { deserialise: null };

const valueOf = (name: string, raw: HeaderBytes | HeaderBytes[] | undefined, { deserialise }: Pick<HeaderReading, 'deserialise'>): unknown => {
  const last = Array.isArray(raw) ? raw[raw.length - 1] : raw;
  if (last === undefined || last === null) return null;
  const bytes = typeof last === 'string' ? Buffer.from(last) : last;
  if (deserialise !== null) return deserialise(name, bytes);
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes;
};

/** The headers of a record, looked at only when asked for: its place, key and time, and what the sender gave it. */
export class RecordHeaders implements HeaderSource {
  readonly record: KafkaRecord;
  private readonly place: TopicPartition;
  private readonly reading: HeaderReading;
  private keyValue: unknown = undefined;
  /** Key and headers could not be read: they are the bytes that came. */
  private isRaw = false;

  constructor(record: KafkaRecord, place: TopicPartition, reading: HeaderReading) {
    this.record = record;
    this.place = place;
    this.reading = reading;
  }

  /** Reads the key and all headers. @throws what a deserialiser throws */
  check(): void {
    void this.own('camelkafkakey');
    const { headers } = this.record;
    if (headers !== undefined && this.reading.deserialise !== null) for (const name in headers) if (!isPrivate(fold(name))) valueOf(name, headers[name], this.reading);
  }

  /** Leaves key and headers as they came. */
  keepBytes(): void {
    this.isRaw = true;
    this.keyValue = this.record.key ?? undefined;
  }

  private valueOf(name: string, raw: HeaderBytes | HeaderBytes[] | undefined): unknown {
    return valueOf(name, raw, this.isRaw ? asBytes : this.reading);
  }

  /** Whether the sender gave it any headers. */
  get hasOwn(): boolean {
    const { headers } = this.record;
    if (headers === undefined) return false;
    for (const _ in headers) return true;
    return false;
  }

  get(folded: string): unknown {
    if (isPrivate(folded)) return this.own(folded);
    const { headers } = this.record;
    if (headers === undefined) return undefined;
    for (const name in headers) if (fold(name) === folded && this.isLetIn(name, folded)) return this.valueOf(name, headers[name]);
    return undefined;
  }

  forEach(visit: (name: string, value: unknown) => void): void {
    const { headers } = this.record;
    if (headers !== undefined) {
      for (const name in headers) {
        const folded = fold(name);
        if (!isPrivate(folded) && this.isLetIn(name, folded)) visit(name, this.valueOf(name, headers[name]));
      }
    }
    for (const name of shown) {
      const value = this.own(fold(name));
      if (value !== undefined) visit(name, value);
    }
  }

  private isLetIn(name: string, _folded: string): boolean {
    const { filter } = this.reading;
    return filter?.applyFilterToExternalHeaders === undefined || !filter.applyFilterToExternalHeaders(name, null);
  }

  private own(folded: string): unknown {
    switch (folded) {
      case 'camelkafkatopic':
        return this.place.topic;
      case 'camelkafkapartition':
        return this.place.partition;
      case 'camelkafkaoffset':
        return Number(this.record.offset);
      case 'camelkafkatimestamp':
      case 'camelmessagetimestamp':
        return Number(this.record.timestamp);
      case 'camelkafkakey':
        return this.record.key === null ? undefined : (this.keyValue ??= this.reading.key(this.place.topic, this.record.key));
      case 'camelkafkaheaders':
        return this.all();
      default: {
        const name = formerNames[folded];
        return name === undefined ? undefined : this.own(fold(name));
      }
    }
  }

  /** As they came, for those who want the bytes; Camel's own are left out here, too. */
  private all(): Record<string, unknown> {
    const all = Object.create(null) as Record<string, unknown>;
    const { headers } = this.record;
    for (const name in headers) if (!isPrivate(fold(name))) all[name] = headers[name];
    return all;
  }
}

const shown = [names.topic, names.partition, names.offset, names.key, names.timestamp, names.messageTimestamp, names.headers] as const;

// ------------------------------------------------------------------------------------------------ out

export interface HeaderWriting {
  readonly filter: HeaderFilter | null;
  readonly serialise: ((name: string, value: unknown) => Buffer | string | null) | null;
}

/** The record headers for a message: texts, numbers and booleans as text, bytes as they are, nothing else. Undefined: none. */
export function outgoing(headers: Headers, writing: HeaderWriting): Record<string, HeaderBytes> | undefined {
  let out: Record<string, HeaderBytes> | undefined;
  const visit = (name: string, value: unknown): void => {
    if (isPrivate(fold(name))) return;
    if (writing.filter?.applyFilterToCamelHeaders?.(name, value) === true) return;
    const bytes = writing.serialise === null ? bytesOf(value) : writing.serialise(name, value);
    if (bytes !== null && bytes !== undefined) (out ??= Object.create(null) as Record<string, HeaderBytes>)[name] = bytes;
  };
  const { origin } = headers;
  // What stands in a record's place is all private.
  if (origin instanceof RecordHeaders && !origin.hasOwn) headers.forEachOwn(visit);
  else headers.forEach(visit);
  return out;
}

function bytesOf(value: unknown): HeaderBytes | null {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      return Buffer.isBuffer(value) ? value : value instanceof Uint8Array ? Buffer.from(value) : null;
  }
}
