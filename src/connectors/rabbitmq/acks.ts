import type { Clock, Timer } from '../../core/clock.ts';
import type { BrokerChannel } from './client.ts';

const open = 0;
const done = 1;
const over = 2;

/** Longest that an acknowledgement waits for others while more deliveries are under way. */
const gatherMillis = 5;

/**
 * Acknowledges the deliveries of one channel, in as few frames as it takes: those that finish within one turn of the event loop together, and,
 * while there is more under way, a good part of the prefetch count or what comes within a few milliseconds. The broker then sends as many new
 * ones together. A channel numbers its deliveries from 1 without gaps.
 */
export class Acks {
  private readonly channel: BrokerChannel;
  private readonly clock: Clock;
  /** States of the deliveries from `first` on. */
  private states: number[] = [];
  private head = 0;
  private first = 1;
  private finished: number[] = [];
  private isDue = false;
  private timer: Timer | null = null;
  /** So many are worth a frame of their own while others are under way. */
  private readonly enough: () => number;
  /** Deliveries that are neither acknowledged nor given back. */
  open = 0;

  constructor(channel: BrokerChannel, clock: Clock, enough: () => number) {
    this.channel = channel;
    this.clock = clock;
    this.enough = enough;
  }

  received(tag: number): void {
    // Whatever came before and was not told of counts as over (messages that were fetched one by one).
    while (this.first + this.states.length - this.head < tag) this.states.push(over);
    this.states.push(open);
    this.open++;
  }

  done(tag: number): void {
    if (!this.take(tag, done)) return;
    this.finished.push(tag);
    if (this.isDue) return;
    if (this.open > 0 && this.finished.length < this.enough()) {
      this.timer ??= this.clock.schedule(gatherMillis, () => this.flush());
      return;
    }
    this.isDue = true;
    this.clock.yield(() => this.flush());
  }

  /** All that are open up to this one. */
  doneUpTo(tag: number): void {
    for (let each = this.first; each <= tag; each++) this.done(each);
  }

  giveBack(tag: number, isRequeued: boolean): void {
    if (this.take(tag, over)) this.channel.nack(tag, false, isRequeued);
  }

  flush(): void {
    this.isDue = false;
    this.timer?.cancel();
    this.timer = null;
    const { finished } = this;
    if (finished.length === 0) return;
    this.finished = [];
    const { states } = this;
    let last = 0;
    let count = 0;
    while (this.head < states.length && states[this.head] !== open) {
      if (states[this.head] === done) {
        last = this.first;
        count++;
      }
      this.head++;
      this.first++;
    }
    if (this.head > 1024 && this.head * 2 > states.length) {
      this.states = states.slice(this.head);
      this.head = 0;
    }
    if (count > 0) this.channel.ack(last, count > 1);
    if (count === finished.length) return;
    for (const tag of finished) {
      if (tag < this.first) continue;
      this.states[this.head + tag - this.first] = over;
      this.channel.ack(tag, false);
    }
  }

  private take(tag: number, state: number): boolean {
    const at = this.head + tag - this.first;
    if (tag < this.first || this.states[at] !== open) return false;
    this.states[at] = state;
    this.open--;
    return true;
  }
}
