import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../../core/clock.ts';
import { readBytes, toText } from '../../core/conversion/convert.ts';
import type { Exchange, UnitOfWork } from '../../core/exchange/exchange.ts';
import type { Content } from './content.ts';
import type { S3Endpoint } from './options.ts';

export interface Gathering {
  readonly clock: Clock;
  keyOf(exchange: Exchange): string;
  write(key: string, bytes: Buffer, first: Exchange): Promise<void>;
  /** Keys that begin so. */
  keys(prefix: string): Promise<string[]>;
}

/** Messages that become one object. Their deliveries are held until it is written. */
interface Batch {
  readonly key: string;
  readonly window: number | null;
  readonly first: Exchange;
  readonly pieces: Buffer[];
  readonly held: UnitOfWork[];
  size: number;
  timer: Timer | null;
}

/**
 * Gathers messages, and writes so many of them, or so many bytes, to one object after the other; what waits too long is written as it is. Each
 * message goes on at once, but its source is told that it was handled when the object is written (or that it was not, when that fails).
 */
export class Gatherer {
  private readonly options: S3Endpoint['options'];
  private readonly gathering: Gathering;
  private readonly open = new Map<string, Batch>();
  /** The number of the next object, by key and window. */
  private readonly numbers = new Map<string, Promise<number>>();
  private readonly writing = new Set<Promise<void>>();

  constructor(options: S3Endpoint['options'], gathering: Gathering) {
    this.options = options;
    this.gathering = gathering;
  }

  async add(exchange: Exchange, content: Content): Promise<void> {
    const { batchMessageNumber, batchSize, streamingUploadTimeout } = this.options;
    const bytes = 'bytes' in content ? content.bytes : await readBytes(copies(content.open()));
    const key = this.gathering.keyOf(exchange);
    const window = this.window(exchange);
    const name = `${key}\n${window ?? ''}`;
    let batch = this.open.get(name);
    if (batch === undefined) {
      const opened: Batch = { key, window, first: exchange.copy(), pieces: [], held: [], size: 0, timer: null };
      opened.timer = this.gathering.clock.schedule(streamingUploadTimeout, () => void this.complete(name, opened));
      this.open.set(name, (batch = opened));
    }
    batch.pieces.push(bytes);
    batch.size += bytes.length;
    const { unitOfWork } = exchange;
    if (unitOfWork !== null) {
      unitOfWork.retain();
      batch.held.push(unitOfWork);
    }
    if (batch.pieces.length >= batchMessageNumber || batch.size >= batchSize) void this.complete(name, batch);
  }

  /** Writes what is there. */
  async close(): Promise<void> {
    for (const [name, batch] of this.open) void this.complete(name, batch);
    await Promise.all(this.writing);
  }

  private complete(name: string, batch: Batch): Promise<void> {
    batch.timer?.cancel();
    if (this.open.get(name) === batch) this.open.delete(name);
    const written = this.write(name, batch);
    this.writing.add(written);
    return written.finally(() => this.writing.delete(written));
  }

  private async write(name: string, batch: Batch): Promise<void> {
    let failure: unknown = null;
    try {
      await this.gathering.write(await this.nextKey(name, batch), Buffer.concat(batch.pieces, batch.size), batch.first);
    } catch (thrown) {
      failure = thrown;
    }
    for (const unitOfWork of batch.held) {
      if (failure !== null && !unitOfWork.exchange.isFailed) unitOfWork.exchange.fail(failure);
      unitOfWork.release();
    }
  }

  private window(exchange: Exchange): number | null {
    const { timestampGroupingEnabled, timestampHeaderName, timestampWindowSizeMillis } = this.options;
    if (!timestampGroupingEnabled) return null;
    const value = exchange.headers.get(timestampHeaderName);
    const time = value instanceof Date ? value.getTime() : Number(toText(value ?? null) ?? Number.NaN);
    return Math.floor((Number.isFinite(time) ? time : this.gathering.clock.now()) / timestampWindowSizeMillis) * timestampWindowSizeMillis;
  }

  private async nextKey(name: string, { key, window }: Batch): Promise<string> {
    const dot = key.lastIndexOf('.');
    const hasExtension = dot > key.lastIndexOf('/') + 1;
    const stem = `${hasExtension ? key.slice(0, dot) : key}${window === null ? '' : `-${new Date(window).toISOString().replace(/[-:]|\.\d+/g, '')}`}`;
    const extension = hasExtension ? key.slice(dot) : '';
    const before = this.numbers.get(name);
    const { namingStrategy, restartingPolicy } = this.options;
    const number = before === undefined ? (namingStrategy === 'progressive' && restartingPolicy === 'lastPart' ? this.firstFree(stem, extension) : Promise.resolve(0)) : before.then((last) => last + 1);
    this.numbers.set(name, number);
    // A listing that failed is tried again.
    number.catch(() => this.numbers.get(name) === number && this.numbers.delete(name));
    const count = await number;
    switch (namingStrategy) {
      case 'progressive':
        return count === 0 ? `${stem}${extension}` : `${stem}-${count}${extension}`;
      case 'random':
        return `${stem}-${randomUUID()}${extension}`;
      case 'timestamp':
        return `${stem}-${this.gathering.clock.now()}${count === 0 ? '' : `-${count}`}${extension}`;
    }
  }

  private async firstFree(stem: string, extension: string): Promise<number> {
    let last = -1;
    for (const key of await this.gathering.keys(stem)) {
      if (key === `${stem}${extension}`) last = Math.max(last, 0);
      else if (key.startsWith(`${stem}-`) && key.endsWith(extension)) {
        const number = key.slice(stem.length + 1, key.length - extension.length);
        if (/^\d{1,15}$/.test(number)) last = Math.max(last, Number(number));
      }
    }
    return last + 1;
  }
}

async function* copies(pieces: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield Buffer.from(piece as Uint8Array);
}
