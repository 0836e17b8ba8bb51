import { ExchangeError } from '../../core/errors.ts';

const longestMillis = 1000;
let steps = 0;
let end = 0;

/** An evaluation begins. */
export function beginWork(): void {
  end = performance.now() + longestMillis;
}

/** Counts work; ends an evaluation that takes too long. */
export function work(pieces = 1): void {
  const before = steps;
  steps += pieces;
  if (before >>> 10 !== steps >>> 10 && performance.now() > end) throw new ExchangeError('java.util.concurrent.TimeoutException', `jq: not done after ${longestMillis} ms`);
}
