import type { Clock } from '../clock.ts';

export type BreakerState = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

export interface BreakerSettings {
  /** Percent of failed calls from which on the breaker opens. */
  readonly failureRateThreshold: number;
  readonly slowCallRateThreshold: number;
  readonly slowCallMillis: number;
  readonly window: 'COUNT_BASED' | 'TIME_BASED';
  /** Calls, or seconds. */
  readonly windowSize: number;
  readonly minimumCalls: number;
  readonly openMillis: number;
  /** Opens to half-open by itself, not only at the next call. */
  readonly opensHalfByItself: boolean;
  readonly trialCalls: number;
  /** After so long in half-open the breaker opens again; 0 = never. */
  readonly trialMillis: number;
  /** One failed trial opens the breaker again, whatever the rate. */
  readonly isStrictTrial: boolean;
}

/** Outcomes of the last calls, or of the last seconds. */
class Window {
  private readonly size: number;
  private readonly isTimed: boolean;
  /** By call: ring of outcomes. By time: one entry a second: second, calls, failed, slow. */
  private outcomes: number[] = [];
  private next = 0;
  private seconds: { second: number; calls: number; failed: number; slow: number }[] = [];

  constructor(size: number, isTimed: boolean) {
    this.size = size;
    this.isTimed = isTimed;
  }

  add(failed: boolean, slow: boolean, now: number): void {
    if (this.isTimed) {
      const second = Math.floor(now / 1000);
      this.forget(second);
      let entry = this.seconds[this.seconds.length - 1];
      if (entry === undefined || entry.second !== second) this.seconds.push((entry = { second, calls: 0, failed: 0, slow: 0 }));
      entry.calls++;
      if (failed) entry.failed++;
      if (slow) entry.slow++;
      return;
    }
    this.outcomes[this.next] = (failed ? 1 : 0) | (slow ? 2 : 0);
    this.next = (this.next + 1) % this.size;
  }

  count(now: number): { calls: number; failed: number; slow: number } {
    const sum = { calls: 0, failed: 0, slow: 0 };
    if (this.isTimed) {
      this.forget(Math.floor(now / 1000));
      for (const { calls, failed, slow } of this.seconds) {
        sum.calls += calls;
        sum.failed += failed;
        sum.slow += slow;
      }
      return sum;
    }
    sum.calls = this.outcomes.length;
    for (const outcome of this.outcomes) {
      sum.failed += outcome & 1;
      sum.slow += outcome >> 1;
    }
    return sum;
  }

  private forget(second: number): void {
    while (this.seconds.length > 0 && this.seconds[0]!.second <= second - this.size) this.seconds.shift();
  }
}

/** A circuit breaker: lets calls through, records how they went, and stops them for a while when too many failed or were slow. */
export class Breaker {
  private readonly clock: Clock;
  private settings: BreakerSettings;
  private kind: BreakerState = 'CLOSED';
  private since = 0;
  private window: Window;
  private trials = 0;

  constructor(settings: BreakerSettings, clock: Clock) {
    this.clock = clock;
    this.settings = settings;
    this.window = this.closedWindow();
  }

  /** New settings, such as after a reload; what is known of the calls is kept when the window is the same. */
  configure(settings: BreakerSettings): void {
    const before = this.settings;
    this.settings = settings;
    if (this.kind === 'CLOSED' && (before.window !== settings.window || before.windowSize !== settings.windowSize)) this.window = this.closedWindow();
  }

  get state(): BreakerState {
    const now = this.clock.now();
    const { opensHalfByItself, openMillis, trialMillis } = this.settings;
    if (this.kind === 'OPEN' && opensHalfByItself && now - this.since >= openMillis) this.to('HALF_OPEN');
    else if (this.kind === 'HALF_OPEN' && trialMillis > 0 && now - this.since >= trialMillis) this.to('OPEN');
    return this.kind;
  }

  /** Whether a call may go through; one that may must be recorded or released. */
  acquire(): boolean {
    if (this.state === 'CLOSED') return true;
    if (this.kind === 'OPEN') {
      if (this.clock.now() - this.since < this.settings.openMillis) return false;
      this.to('HALF_OPEN');
    }
    if (this.trials >= this.settings.trialCalls) return false;
    this.trials++;
    return true;
  }

  /** A call that counts neither as good nor as bad. */
  release(): void {
    if (this.kind === 'HALF_OPEN' && this.trials > 0) this.trials--;
  }

  record(failed: boolean, millis: number): void {
    const now = this.clock.now();
    const { settings, window, kind } = this;
    if (kind === 'OPEN') return;
    window.add(failed, millis > settings.slowCallMillis, now);
    const { calls, failed: bad, slow } = window.count(now);
    if (kind === 'HALF_OPEN' && failed && settings.isStrictTrial) return this.to('OPEN');
    const size = kind === 'HALF_OPEN' ? settings.trialCalls : settings.window === 'COUNT_BASED' ? settings.windowSize : Infinity;
    if (calls < Math.min(settings.minimumCalls, size)) return;
    const isBad = (bad / calls) * 100 >= settings.failureRateThreshold || (slow / calls) * 100 >= settings.slowCallRateThreshold;
    if (isBad) this.to('OPEN');
    else if (kind === 'HALF_OPEN') this.to('CLOSED');
  }

  private to(kind: BreakerState): void {
    this.kind = kind;
    this.since = this.clock.now();
    this.trials = 0;
    if (kind === 'HALF_OPEN') this.window = new Window(this.settings.trialCalls, false);
    else if (kind === 'CLOSED') this.window = this.closedWindow();
  }

  private closedWindow(): Window {
    return new Window(this.settings.windowSize, this.settings.window === 'TIME_BASED');
  }
}
