import { isPromise } from '../../core/graph/flow.ts';

export interface Part {
  /** Good until the part after the next one is asked for. */
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

/**
 * Content cut into parts of one size, the last one shorter. Two buffers take turns: garbage collection does not see how much memory buffers
 * hold, so one for each part would take many times what two take.
 */
export class Parts {
  private readonly iterator: AsyncIterator<Uint8Array | string>;
  private readonly size: number;
  private buffers: [Buffer, Buffer] | null = null;
  /** What is left of the piece that filled the last part. */
  private rest: Uint8Array | null = null;
  private count = 0;
  isOver = false;

  constructor(content: AsyncIterable<Uint8Array | string>, size: number) {
    this.iterator = content[Symbol.asyncIterator]();
    this.size = size;
  }

  async next(): Promise<Part> {
    // Small content needs no buffer of the size of a part.
    const small: Uint8Array[] = [];
    let length = 0;
    const buffer = this.count === 0 ? null : this.buffer();
    let target = buffer;
    while (length < this.size) {
      const piece = this.rest ?? (await this.read());
      this.rest = null;
      if (piece === null) {
        this.isOver = true;
        break;
      }
      const taken = Math.min(piece.length, this.size - length);
      if (taken < piece.length) this.rest = piece.subarray(taken);
      if (target === null && length + taken > this.size / 8) {
        target = this.buffer();
        let at = 0;
        for (const one of small.splice(0)) {
          target.set(one, at);
          at += one.length;
        }
      }
      if (target === null) small.push(Buffer.from(taken < piece.length ? piece.subarray(0, taken) : piece));
      else target.set(taken < piece.length ? piece.subarray(0, taken) : piece, length);
      length += taken;
    }
    this.count++;
    return { bytes: target === null ? Buffer.concat(small, length) : target.subarray(0, length), isLast: this.isOver };
  }

  /** Lets go of the content; nothing more is read of it. */
  async close(): Promise<void> {
    if (!this.isOver) await this.iterator.return?.();
    this.isOver = true;
  }

  private buffer(): Buffer {
    this.buffers ??= [Buffer.allocUnsafeSlow(this.size), Buffer.allocUnsafeSlow(this.size)];
    return this.buffers[this.count & 1]!;
  }

  private async read(): Promise<Uint8Array | null> {
    const next = this.iterator.next();
    const { done, value } = isPromise(next) ? await next : next;
    if (done === true) return null;
    return typeof value === 'string' ? Buffer.from(value) : value;
  }
}

/** Waits for both, also when one of them fails: then with its reason. */
export async function both<A, B>(one: A | Promise<A>, other: B | Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([one, other]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return [first.value, second.value];
}
