import { ExchangeError } from '../errors.ts';
import { deepestValue } from './plainValue.ts';

/** Bytes as a binary format is read. Nothing is made room for before its bytes are there. */
export class Cursor {
  private at = 0;
  private depth = 0;
  readonly bytes: Buffer;
  /** Class of the errors, and what the bytes are then said not to be. */
  private readonly failureClass: string;
  private readonly what: string;

  constructor(bytes: Buffer, failureClass: string, what: string) {
    this.bytes = bytes;
    this.failureClass = failureClass;
    this.what = what;
  }

  get position(): number {
    return this.at;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  take(size: number): Buffer {
    if (size < 0 || size > this.left) throw this.failure(`${size} bytes are said to follow, ${this.left} do`);
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw this.failure('1 bytes are said to follow, 0 do');
    return this.bytes[this.at++]!;
  }

  /** Runs for something that may hold more of its kind. */
  within<T>(run: () => T): T {
    if (++this.depth > deepestValue) throw new ExchangeError(this.failureClass, `nested deeper than ${deepestValue}`);
    const value = run();
    this.depth--;
    return value;
  }

  failure(why: string): ExchangeError {
    return new ExchangeError(this.failureClass, `not ${this.what}: ${why}`);
  }
}
