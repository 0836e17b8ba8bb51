import type { Subscriber } from 'rxjs';
import type { Exchange } from './exchange.ts';
import type { Inlet, Pipe } from '../graph/flow.ts';
import { operator, StepSubscriber } from '../graph/flow.ts';

/** An exchange of a lane that is in the step, or that waits behind one that is. */
interface Place {
  readonly exchange: Exchange;
  isBack: boolean;
}

/** What of one lane is in the step, in the order in which it came. */
class LaneQueue {
  readonly places: Place[] = [];
  isReleasing = false;
}

/**
 * Lets the exchanges of one lane leave a step in the order in which they entered it, while several of them may be in it at once. Exchanges
 * without a lane pass as they come.
 */
class InOrder extends StepSubscriber {
  private readonly inner: Inlet;
  // Weak, so that nothing is taken out: a map that grows and shrinks with each message makes garbage that lives long.
  private readonly lanes = new WeakMap<object, LaneQueue>();
  private lane: object | null = null;
  private queue = new LaneQueue();

  constructor(out: Subscriber<Exchange>, pipe: Pipe) {
    super(out);
    this.inner = this.branch(pipe, (exchange) => this.returned(exchange));
  }

  override next(exchange: Exchange): void {
    const { lane } = exchange;
    if (lane === null) {
      if (exchange.halt === 0) this.inner.next(exchange);
      else this.out.next(exchange);
      return;
    }
    const queue = this.queueOf(lane);
    const isHalted = exchange.halt !== 0;
    if (isHalted && queue.places.length === 0 && !queue.isReleasing) return this.out.next(exchange);
    queue.places.push({ exchange, isBack: isHalted });
    if (!isHalted) this.inner.next(exchange);
  }

  protected step(): boolean {
    return true;
  }

  private returned(exchange: Exchange): void {
    const { lane } = exchange;
    if (lane === null) return this.out.next(exchange);
    const queue = this.queueOf(lane);
    const { places } = queue;
    let at = 0;
    while (at < places.length && places[at]!.exchange !== exchange) at++;
    if (at === places.length) return this.out.next(exchange);
    places[at]!.isBack = true;
    if (queue.isReleasing) return;
    queue.isReleasing = true;
    while (places.length > 0 && places[0]!.isBack) this.out.next(places.shift()!.exchange);
    queue.isReleasing = false;
  }

  private queueOf(lane: object): LaneQueue {
    if (lane === this.lane) return this.queue;
    let queue = this.lanes.get(lane);
    if (queue === undefined) this.lanes.set(lane, (queue = new LaneQueue()));
    this.lane = lane;
    return (this.queue = queue);
  }
}

/** A step whose lanes keep their order. */
export const inOrder = (pipe: Pipe): Pipe => operator((out) => new InOrder(out, pipe));
