import { simpleClassName } from '../errors.ts';
import type { ExchangeError } from '../errors.ts';
import type { Exchange } from '../exchange/exchange.ts';

/** What became of a message. */
export interface Processed {
  readonly isFailed: boolean;
  readonly exception: ExchangeError | null;
  readonly exchange: Exchange;
}

type Answer = boolean | void | Promise<boolean | void>;

/** Decides whether a source goes on. */
export interface ConsumerListener {
  /** Gets what says whether it may go on, before the first message. */
  setResumableCheck?(check: () => Promise<boolean>): void;
  /** After each message; false: the source pauses. */
  afterProcess?(result: Processed): Answer;
  /** Now and then while the source pauses; false: it goes on pausing. */
  afterConsume?(consumer: unknown): Answer;
}

/** Pauses at a failure, and goes on when the check says so. */
export class StopsAtFailures implements ConsumerListener {
  private check: () => Promise<boolean> = () => Promise.resolve(true);

  setResumableCheck(check: () => Promise<boolean>): void {
    this.check = check;
  }

  afterProcess({ isFailed }: Processed): boolean {
    return !isFailed;
  }

  afterConsume(): Promise<boolean> {
    return this.check();
  }
}

/** Full class names that `makeConsumerListener` knows. */
export const listenerClasses: readonly string[] = ['org.apache.camel.component.kafka.consumer.errorhandler.KafkaConsumerListener'];

/** What does here what Camel's listener of this class does, whatever its package; undefined when the class is none. */
export const makeConsumerListener = (className: string): ConsumerListener | undefined =>
  className.startsWith('org.apache.camel.component.kafka.') && simpleClassName(className) === 'KafkaConsumerListener' ? new StopsAtFailures() : undefined;
