/** A pending run; cancelling one that has run does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The one source of time. Operators and connectors get it handed in; nothing else calls `Date.now` or `setTimeout`,
 * so that tests run in virtual time.
 */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some moment: what nobody can set. */
  elapsed(): number;
  /** Runs once after `delayMillis`; long waits are cut into chunks that Node's timers can hold. */
  schedule(delayMillis: number, run: () => void): Timer;
  /** Runs after the event loop has had its turn; takes no (virtual) time. */
  yield(run: () => void): void;
  /** Counts an operation outside the process: virtual time does not pass while one is pending. Gives what ends it. */
  pending(): () => void;
}

const longestTimeout = 2 ** 31 - 1;
const nothing = (): void => {};

class SystemTimer implements Timer {
  private handle: NodeJS.Timeout | undefined;
  private readonly run: () => void;
  private due: number;

  constructor(delayMillis: number, run: () => void) {
    this.run = run;
    this.due = Date.now() + delayMillis;
    this.arm();
  }

  cancel(): void {
    clearTimeout(this.handle);
    this.handle = undefined;
  }

  private arm(): void {
    const left = Math.max(0, this.due - Date.now());
    this.handle = left > longestTimeout ? setTimeout(() => this.arm(), longestTimeout) : setTimeout(this.run, left);
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  schedule: (delayMillis, run) => new SystemTimer(delayMillis, run),
  yield: (run) => void setImmediate(run),
  pending: () => nothing,
};

interface VirtualTimer extends Timer {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time that only passes when told to: `advance` runs what falls due, in order, and lets promises settle in between. */
export class VirtualClock implements Clock {
  private time: number;
  private order = 0;
  private readonly timers = new Set<VirtualTimer>();
  private operations = 0;
  private readonly isBusy: () => boolean;
  private isOver = false;

  /** `isBusy`: whether something is under way that nobody has counted (a file that is being read). */
  constructor(startMillis = Date.UTC(2026, 0, 1), isBusy: () => boolean = () => false) {
    this.time = startMillis;
    this.isBusy = isBusy;
  }

  now(): number {
    return this.time;
  }

  elapsed(): number {
    return this.time;
  }

  schedule(delayMillis: number, run: () => void): Timer {
    const timer: VirtualTimer = { due: this.time + Math.max(0, delayMillis), order: this.order++, run, cancel: () => void this.timers.delete(timer) };
    if (!this.isOver) this.timers.add(timer);
    return timer;
  }

  yield(run: () => void): void {
    const end = this.pending();
    setImmediate(() => {
      end();
      if (!this.isOver) run();
    });
  }

  pending(): () => void {
    this.operations++;
    let isOpen = true;
    return () => {
      if (isOpen) this.operations--;
      isOpen = false;
    };
  }

  get waiting(): number {
    return this.timers.size;
  }

  /** The end of time: nothing that waits for it, or for its turn, ever goes on. */
  end(): void {
    this.isOver = true;
    this.timers.clear();
  }

  /** Lets `millis` pass. Resolves when everything that fell due has run and no counted operation is pending. */
  async advance(millis: number): Promise<void> {
    const end = this.time + millis;
    await this.settle();
    while (await this.advanceToNext(end));
    this.time = Math.max(this.time, end);
  }

  /** Lets time pass until the next run is due, and runs it. False: none is due by `end`, and no time has passed. */
  async advanceToNext(end = Infinity): Promise<boolean> {
    const next = this.earliest();
    if (next === undefined || next.due > end) return false;
    this.time = Math.max(this.time, next.due);
    this.timers.delete(next);
    next.run();
    await this.settle();
    return true;
  }

  private earliest(): VirtualTimer | undefined {
    let first: VirtualTimer | undefined;
    for (const timer of this.timers) {
      if (first === undefined || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) first = timer;
    }
    return first;
  }

  /** Resolves when everything has gone on as far as it can without time passing. */
  async settle(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (!this.isOver && (this.operations > 0 || this.isBusy()));
  }
}
