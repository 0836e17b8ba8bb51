import { promisify } from 'node:util';
import type { InputType, ZlibOptions } from 'node:zlib';
import { ExchangeError } from '../errors.ts';

/** What small data may cost when it is unpacked: more than this is refused. */
export const largestUnpacked = 256 * 1024 ** 2;

/** Packed data up to this size is handled at once; more, in a thread of zlib's. */
const smallBytes = 64 * 1024;

type Sync = (input: InputType, options?: ZlibOptions) => Buffer;
type Async = (input: InputType, options: ZlibOptions, done: (error: Error | null, result: Buffer) => void) => void;

/**
 * Runs one of zlib's functions, large inputs without blocking.
 * @param wrong the error for data that can't be unpacked
 * @throws java.io.IOException when more than `limit` bytes would come out
 */
export function runZlib(sync: Sync, async: Async, input: Buffer, options: ZlibOptions, wrong: (error: Error) => ExchangeError): Buffer | Promise<Buffer> {
  const failure = (thrown: unknown): ExchangeError => {
    const error = thrown as Error & { code?: string };
    return error.code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : wrong(error);
  };
  if (input.length > smallBytes) {
    return promisify(async)(input, options).catch((thrown: unknown) => {
      throw failure(thrown);
    });
  }
  try {
    return sync(input, options);
  } catch (thrown) {
    throw failure(thrown);
  }
}

export const tooLarge = (): ExchangeError => new ExchangeError('java.io.IOException', 'The InputStream entry being copied exceeds the maximum allowed size');
