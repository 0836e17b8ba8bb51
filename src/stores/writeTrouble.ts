import type { Clock, Timer } from '../core/clock.ts';

const againMillis = 1000;
const lookMillis = 5000;
/** Where there is hardly any room it only tries every so often: entries that were deleted may have made some within the file. */
const looksPerTry = 15;
const leastBytes = 4096;
/** One message that is larger than what room there is must not keep all others out: the next of its size says so again. */
const mostBytes = 256 * 1024;

export interface Attempts {
  /** Writes so many bytes and takes them away again. @throws why it can't */
  write(bytes: number): Promise<void>;
  /** Whether there is so little room that a write may fail. */
  isTight(): Promise<boolean>;
}

/**
 * Knows whether a store can be written: since a write failed it tries again, with as much, until that works. And it tries where there is hardly any room left,
 * so that a full disk is known before a message meets it.
 */
export class WriteTrouble {
  reason: string | null = null;
  private bytes = leastBytes;
  private timer: Timer | null = null;
  private isOver = false;
  private looks = 0;
  private failures = 0;
  private readonly clock: Clock;
  private readonly attempts: Attempts;

  constructor(clock: Clock, attempts: Attempts) {
    this.clock = clock;
    this.attempts = attempts;
    this.wait();
  }

  /** @param bytes what the write had */
  failed(reason: string, bytes: number): void {
    this.failures++;
    const isNew = this.reason === null;
    this.reason = reason;
    this.bytes = Math.min(mostBytes, Math.max(leastBytes, isNew ? bytes : Math.max(bytes, this.bytes)));
    if (isNew) this.wait();
  }

  end(): void {
    this.isOver = true;
    this.timer?.cancel();
  }

  private wait(): void {
    this.timer?.cancel();
    if (!this.isOver) this.timer = this.clock.schedule(this.reason === null ? lookMillis : againMillis, () => void this.look());
  }

  private async look(): Promise<void> {
    const end = this.clock.pending();
    try {
      const isTight = await this.attempts.isTight();
      if (this.reason === null ? isTight : !isTight || ++this.looks % looksPerTry === 0) {
        const { failures } = this;
        await this.attempts.write(this.reason === null ? leastBytes : this.bytes);
        // What failed meanwhile, larger perhaps, is tried by itself.
        if (this.failures === failures) this.reason = null;
      }
    } catch {
      // The attempt has said so itself.
    } finally {
      end();
    }
    this.wait();
  }
}
