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

/** For work that may turn out to be small: the first asks for no time. */
export class LateSlices {
  private slices: Slices | null = null;

  get isOver(): boolean {
    if (this.slices !== null) return this.slices.isOver;
    this.slices = new Slices();
    return false;
  }

  next(): Promise<void> {
    return this.slices!.next();
  }
}
