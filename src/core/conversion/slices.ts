import { systemClock } from '../clock.ts';

const sliceMillis = 8;

/** Work on a large body that lets everybody else have a turn: `if (slices.isOver) await slices.next()`. */
export class Slices {
  private end = performance.now() + sliceMillis;

  get isOver(): boolean {
    return performance.now() >= this.end;
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      systemClock.yield(() => {
        this.end = performance.now() + sliceMillis;
        resolve();
      });
    });
  }
}

/**
 * Calls `work` until it says that there is no more to do, then gives what `result` says: at once, or, where that takes longer than a slice, by a
 * promise. What is done with the first call costs nothing else.
 */
export function inTurns<T>(work: () => boolean, result: () => T): T | Promise<T> {
  if (work()) return result();
  const slices = new Slices();
  do if (work()) return result();
  while (!slices.isOver);
  return restInTurns(slices, work, result);
}

/** The same of a generator, which stops wherever there may be a look at the time. */
export function stepsInTurns<V, T>(steps: Iterator<unknown, V>, result: (value: V) => T): T | Promise<T> {
  let last: IteratorResult<unknown, V>;
  return inTurns(
    () => (last = steps.next()).done === true,
    () => result(last.value as V),
  );
}

async function restInTurns<T>(slices: Slices, work: () => boolean, result: () => T): Promise<T> {
  for (;;) {
    await slices.next();
    do if (work()) return result();
    while (!slices.isOver);
  }
}
