import { crc32c } from './crc32c.ts';
import type { HeaderBytes, OutgoingRecord } from './client.ts';

/** What stands in the head of a batch of records. */
export interface BatchHead {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly isTransactional: boolean;
  /** Kafka's number for it; 0: none. */
  readonly compression: number;
}

const headBytes = 61;
const crcAt = 17;
const attributesAt = 21;
const countAt = 57;

const sizeOfVarint = (value: number): number => {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let size = 1;
  while (zigzag > 0x7f) {
    zigzag >>>= 7;
    size++;
  }
  return size;
};

const smallest = -(2 ** 30);
const largest = 2 ** 30;

const sizeOfVarlong = (value: number): number => {
  if (value > smallest && value < largest) return sizeOfVarint(value);
  let zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  let size = 1;
  while (zigzag > 0x7fn) {
    zigzag >>= 7n;
    size++;
  }
  return size;
};

const bytesIn = (part: Buffer | string): number => (typeof part === 'string' ? Buffer.byteLength(part) : part.length);

/** Writes from left to right. */
class Writer {
  readonly buffer: Buffer;
  at: number;

  constructor(buffer: Buffer, at: number) {
    this.buffer = buffer;
    this.at = at;
  }

  varint(value: number): void {
    const { buffer } = this;
    let { at } = this;
    let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
    while (zigzag > 0x7f) {
      buffer[at++] = (zigzag & 0x7f) | 0x80;
      zigzag >>>= 7;
    }
    buffer[at++] = zigzag;
    this.at = at;
  }

  varlong(value: number): void {
    if (value > smallest && value < largest) return this.varint(value);
    let zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
    while (zigzag > 0x7fn) {
      this.buffer[this.at++] = Number(zigzag & 0x7fn) | 0x80;
      zigzag >>= 7n;
    }
    this.buffer[this.at++] = Number(zigzag);
  }

  part(part: Buffer | string | null, size: number): void {
    if (part === null) return this.varint(-1);
    this.varint(size);
    if (typeof part === 'string') this.buffer.write(part, this.at, size, 'utf8');
    else this.buffer.set(part, this.at);
    this.at += size;
  }
}

/** Header names and values, one after the other; a name may have several values. */
function flat(headers: OutgoingRecord['headers']): (string | HeaderBytes)[] {
  const list: (string | HeaderBytes)[] = [];
  for (const name in headers) {
    const value = headers[name]!;
    if (Array.isArray(value)) for (const one of value) list.push(name, one);
    else list.push(name, value);
  }
  return list;
}

/**
 * Records as the broker stores them: a record batch of format 2.
 * @param compress squeezes the records; only asked where there is a compression
 */
export async function encodeBatch(records: readonly OutgoingRecord[], head: BatchHead, compress: ((bytes: Buffer) => Promise<Buffer>) | null): Promise<Buffer> {
  const { length } = records;
  const first = records[0]!.timestamp;
  let last = first;
  // Lengths are written before what they measure: a first pass finds them.
  const keys = new Int32Array(length);
  const values = new Int32Array(length);
  const bodies = new Int32Array(length);
  let total = 0;
  for (let i = 0; i < length; i++) {
    const { key, value, timestamp, headers } = records[i]!;
    if (timestamp > last) last = timestamp;
    const keySize = (keys[i] = key === null ? -1 : bytesIn(key));
    const valueSize = (values[i] = value === null ? -1 : bytesIn(value));
    let size = 1 + sizeOfVarlong(timestamp - first) + sizeOfVarint(i) + sizeOfVarint(keySize) + Math.max(0, keySize) + sizeOfVarint(valueSize) + Math.max(0, valueSize);
    if (headers === undefined) {
      size++;
    } else {
      const list = flat(headers);
      size += sizeOfVarint(list.length / 2);
      for (const part of list) {
        const partSize = bytesIn(part);
        size += sizeOfVarint(partSize) + partSize;
      }
    }
    bodies[i] = size;
    total += sizeOfVarint(size) + size;
  }
  let buffer = Buffer.allocUnsafe(headBytes + total);
  const writer = new Writer(buffer, headBytes);
  for (let i = 0; i < length; i++) {
    const { key, value, timestamp, headers } = records[i]!;
    writer.varint(bodies[i]!);
    buffer[writer.at++] = 0;
    writer.varlong(timestamp - first);
    writer.varint(i);
    writer.part(key, keys[i]!);
    writer.part(value, values[i]!);
    if (headers === undefined) {
      buffer[writer.at++] = 0;
    } else {
      const list = flat(headers);
      writer.varint(list.length / 2);
      for (const part of list) writer.part(part, bytesIn(part));
    }
  }
  if (compress !== null) {
    const squeezed = await compress(buffer.subarray(headBytes));
    buffer = Buffer.concat([buffer.subarray(0, headBytes), squeezed]);
  }
  buffer.writeBigInt64BE(0n, 0);
  buffer.writeInt32BE(buffer.length - 12, 8);
  buffer.writeInt32BE(-1, 12);
  buffer[16] = 2;
  buffer.writeInt16BE(head.compression | (head.isTransactional ? 16 : 0), attributesAt);
  buffer.writeInt32BE(length - 1, 23);
  buffer.writeBigInt64BE(BigInt(first), 27);
  buffer.writeBigInt64BE(BigInt(last), 35);
  buffer.writeBigInt64BE(head.producerId, 43);
  buffer.writeInt16BE(head.producerEpoch, 51);
  buffer.writeInt32BE(head.firstSequence, 53);
  buffer.writeInt32BE(length, countAt);
  buffer.writeUInt32BE(crc32c(buffer, attributesAt), crcAt);
  return buffer;
}

/** The body of a produce request, of versions 3 to 8. */
export function encodeProduce(
  transactionalId: string | null,
  acks: number,
  timeoutMillis: number,
  topics: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number; readonly batch: Buffer }[] }[],
): Buffer {
  const pieces: Buffer[] = [];
  const text = (value: string | null): void => {
    const bytes = Buffer.from(value ?? '');
    const size = Buffer.alloc(2);
    size.writeInt16BE(value === null ? -1 : bytes.length);
    pieces.push(size, bytes);
  };
  const int32 = (...values: number[]): void => {
    const bytes = Buffer.alloc(values.length * 4);
    values.forEach((value, i) => bytes.writeInt32BE(value, i * 4));
    pieces.push(bytes);
  };
  text(transactionalId);
  const acknowledgements = Buffer.alloc(2);
  acknowledgements.writeInt16BE(acks);
  pieces.push(acknowledgements);
  int32(timeoutMillis, topics.length);
  for (const { topic, partitions } of topics) {
    text(topic);
    int32(partitions.length);
    for (const { partition, batch } of partitions) {
      int32(partition, batch.length);
      pieces.push(batch);
    }
  }
  return Buffer.concat(pieces);
}
