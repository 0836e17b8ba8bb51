import type { Exchange } from '../core/exchange/exchange.ts';

/** Upper bounds of the duration buckets, in milliseconds. */
export const durationBuckets: readonly number[] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000];

/** Counts of one route, kept as plain fields that the metrics read when they are asked for. */
export class RouteStatistics {
  completed = 0;
  failed = 0;
  handled = 0;
  redelivered = 0;
  deadLettered = 0;
  /** Messages that wait in the state store for another attempt. */
  parked = 0;
  totalMillis = 0;
  /** One count a bucket, not cumulative; the last is for everything above. */
  readonly buckets: number[] = durationBuckets.map(() => 0).concat(0);
  lastExchange = 0;
  lastFailure: string | null = null;

  record(millis: number): void {
    this.totalMillis += millis;
    let at = 0;
    while (at < durationBuckets.length && millis > durationBuckets[at]!) at++;
    this.buckets[at]!++;
  }
}

/** Counts of one step, and who traces it. */
export class StepStatistics {
  total = 0;
  failed = 0;
  probe: ((exchange: Exchange) => void) | null = null;
}
