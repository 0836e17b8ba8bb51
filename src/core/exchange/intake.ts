import type { Delivery, Sink } from '../connector.ts';
import type { Exchange } from './exchange.ts';

/** One that waits, or is under way: what its source made of it, and its place. */
class Entry implements Delivery {
  readonly id?: string;
  readonly wouldLose: boolean;
  readonly comesAgain: boolean;
  readonly answersFirst: boolean;
  readonly exchange: Exchange;
  private readonly delivery: Omit<Delivery, 'left'>;
  private readonly gone: () => void;

  constructor(exchange: Exchange, delivery: Omit<Delivery, 'left'>, gone: () => void) {
    if (delivery.id !== undefined) this.id = delivery.id;
    this.wouldLose = delivery.wouldLose === true;
    this.comesAgain = delivery.comesAgain === true;
    this.answersFirst = delivery.answersFirst === true;
    this.exchange = exchange;
    this.delivery = delivery;
    this.gone = gone;
  }

  left(): void {
    this.gone();
  }

  settle(exchange: Exchange): void | Promise<void> {
    return this.delivery.settle(exchange);
  }
}

/**
 * What a source has sent and the route has no room for yet: it enters in its order, as far as there is credit and the route is not suspended.
 * It holds what it is given, however much that is: the source is to be slowed down while it is full.
 */
export class Intake {
  private readonly changed: (isFull: boolean) => void;
  private readonly waiting: Entry[] = [];
  private sink: Sink | null = null;
  private credit: number;
  private inFlight = 0;
  private isSuspended = false;
  private isGoing = false;
  private wasFull = false;
  private readonly gone = (): void => {
    this.inFlight--;
    this.go();
  };

  /** @param changed told when it becomes full, and when there is room again */
  constructor(credit: number, changed: (isFull: boolean) => void = () => undefined) {
    this.credit = credit;
    this.changed = changed;
  }

  /** Whether one more would have to wait. */
  get isFull(): boolean {
    return this.isSuspended || this.waiting.length > 0 || this.inFlight >= this.credit;
  }

  /** How many wait. */
  get size(): number {
    return this.waiting.length;
  }

  start(sink: Sink): void {
    this.sink = sink;
    this.isSuspended = false;
    this.go();
  }

  /** Drops what waits, and what comes yet. */
  stop(): void {
    this.sink = null;
    this.waiting.length = 0;
  }

  suspend(): void {
    this.isSuspended = true;
    this.go();
  }

  resume(): void {
    this.isSuspended = false;
    this.go();
  }

  setCredit(credit: number): void {
    this.credit = credit;
    this.go();
  }

  take(exchange: Exchange, delivery: Omit<Delivery, 'left'>): void {
    if (this.sink === null) return;
    this.waiting.push(new Entry(exchange, delivery, this.gone));
    this.go();
  }

  private go(): void {
    // What leaves at once comes back here from within `push`: the loop goes on, the stack does not grow.
    if (this.isGoing) return;
    this.isGoing = true;
    while (this.sink !== null && this.waiting.length > 0 && !this.isSuspended && this.inFlight < this.credit) {
      const entry = this.waiting.shift()!;
      this.inFlight++;
      this.sink.push(entry.exchange, entry);
    }
    this.isGoing = false;
    const { isFull } = this;
    if (isFull === this.wasFull) return;
    this.wasFull = isFull;
    this.changed(isFull);
  }
}
