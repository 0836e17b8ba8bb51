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
