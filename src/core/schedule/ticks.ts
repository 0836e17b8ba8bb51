import type { Clock, Timer } from '../clock.ts';
import type { ConnectorContext, Consumer, Delivery, Sink } from '../connector.ts';
import { makesLikeMessages } from '../connector.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Headers } from '../exchange/headers.ts';
import type { Schedule } from './cron.ts';

// Several may be under way at once: they heed their credit.
const { 'has no more messages under way than it has credit for': _, ...notPromised } = makesLikeMessages('a clock');
/** What a connector can't promise whose consumer this is. */
export const tickingNotPromised = notPromised;

/** The message of one tick. */
export interface Tick {
  readonly headers?: Headers;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** Timers may run a little before the time that they were set for. */
const mostEarlyMillis = 1000;
/** A long wait looks at the clock so often: it may have been set forward. */
const glanceMillis = 60_000;

/**
 * A consumer that makes empty messages by a schedule, at most `atOnce` of them under way. A tick that falls due while as many are
 * under way waits for the first that leaves; several that wait are one.
 */
export class TickingConsumer implements Consumer {
  private readonly clock: Clock;
  private readonly schedule: Schedule;
  private readonly tick: (count: number, due: number) => Tick;
  private readonly isInOut: boolean;
  private readonly catchesUp: boolean;
  private credit: number;
  private sink: Sink | null = null;
  private timer: Timer | null = null;
  private isOn = false;
  private isMissed = false;
  private underWay = 0;
  private count = 0;
  private due = 0;
  private readonly delivery: Delivery = {
    wouldLose: true,
    left: () => this.left(),
    settle: () => {},
  };

  /** @param options `catchesUp`: ticks that came late all happen; else only the last of them */
  constructor(
    options: { schedule: Schedule; atOnce: number; isInOut: boolean; catchesUp?: boolean; tick: (count: number, due: number) => Tick },
    context: ConnectorContext,
  ) {
    this.clock = context.clock;
    this.schedule = options.schedule;
    this.catchesUp = options.catchesUp ?? false;
    this.credit = options.atOnce;
    this.isInOut = options.isInOut;
    this.tick = options.tick;
  }

  start(sink: Sink): Promise<void> {
    this.sink = sink;
    return this.resume();
  }

  stop(): Promise<void> {
    return this.suspend();
  }

  suspend(): Promise<void> {
    this.isOn = false;
    this.isMissed = false;
    this.timer?.cancel();
    return Promise.resolve();
  }

  resume(): Promise<void> {
    if (this.isOn) return Promise.resolve();
    this.isOn = true;
    // What fell due while it was suspended does not happen.
    this.arm(this.catchesUp ? Math.max(this.due, this.clock.now() - 1) : this.clock.now());
    return Promise.resolve();
  }

  setCredit(credit: number): void {
    this.credit = Math.max(1, Math.min(this.credit, credit));
  }

  private arm(after: number): void {
    const next = this.schedule.next(after);
    if (next === null) return;
    this.due = next;
    const wait = Math.max(0, next - this.clock.now());
    this.timer = wait > glanceMillis ? this.clock.schedule(glanceMillis, () => this.glance()) : this.clock.schedule(wait, () => this.fall());
  }

  private glance(): void {
    if (this.due > this.clock.now()) this.arm(this.clock.now());
    else this.fall();
  }

  private fall(): void {
    const { due } = this;
    // The system's clock has been set back: the time is still to come, and so may be others before it.
    if (due - this.clock.now() > mostEarlyMillis) return this.arm(this.clock.now());
    if (this.underWay >= this.credit) this.isMissed = true;
    else this.fire();
    // The route may have stopped its own source.
    if (this.isOn) this.arm(this.catchesUp ? due : Math.max(due, this.clock.now()));
  }

  private fire(): void {
    const sink = this.sink!;
    const { headers, properties } = this.tick(++this.count, this.due);
    const exchange: Exchange = sink.exchange(null, headers, this.isInOut);
    if (properties !== undefined) for (const [name, value] of Object.entries(properties)) exchange.properties.set(name, value);
    this.underWay++;
    sink.push(exchange, this.delivery);
  }

  private left(): void {
    this.underWay--;
    if (!this.isMissed || !this.isOn) return;
    this.isMissed = false;
    this.clock.yield(() => {
      if (this.isOn) this.fire();
    });
  }
}
