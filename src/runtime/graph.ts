import { Subscription } from 'rxjs';
import type { Delivery } from '../core/connector.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Completion, Exchange, Way } from '../core/exchange/exchange.ts';
import { depthOf, FAILED, HANDLED, PARKED, UnitOfWork } from '../core/exchange/exchange.ts';
import type { Pipe } from '../core/graph/flow.ts';
import { Exit, Inlet, pumped } from '../core/graph/flow.ts';
import { cacheBody } from '../core/conversion/stream.ts';
import type { RouteStatistics } from '../observe/statistics.ts';

/** What a route's graph reports to: the route behind which it stands. */
export interface GraphOwner {
  readonly routeId: string;
  readonly statistics: RouteStatistics;
  now(): number;
  /** An exchange that this route took from its source has left, with its outcome; `millis` since it came. */
  left(exchange: Exchange, graph: Graph, millis: number): void;
  /** What no error handler took, of a source that would lose it: true when it is kept elsewhere now, and the delivery may be acknowledged. */
  keep(exchange: Exchange): boolean | Promise<boolean>;
}

/** Work that a route hooks in at the exit: onCompletion, input and output types. */
export interface ExitWork {
  /** Runs before the exchange goes back to who waits for it. Calls `done` exactly once. */
  beforeLeaving?(exchange: Exchange, done: (exchange: Exchange) => void): void;
  /** Registers, on an exchange that comes to the route's steps, what runs when it is done. */
  enter?(exchange: Exchange): void;
}

/** What exchanges came with whose bodies `variableReceive` has moved into a variable: as in Camel, that is their original. */
export const receivedBodies = new WeakMap<Exchange, unknown>();

/**
 * One compiled generation of a route: subscribed once, fed through its inlet, thrown away when it is retired and nothing in it is
 * under way any more.
 */
export class Graph {
  readonly owner: GraphOwner;
  readonly generation: number;
  private readonly inlet = new Inlet();
  private readonly subscription = new Subscription();
  private readonly exitWork: ExitWork;
  /** Whether the message as it was when it came must be kept: some error handler, of any route that it may come to, restores it. */
  private readonly originals: { readonly isKept: boolean };
  /** Stream bodies are made readable more than once before the first step. */
  private readonly cachesStreams: boolean;
  /** See ConnectorDefinition.longestWaitMillis. */
  readonly longestWaitMillis: number;
  private under = 0;
  private isRetired = false;
  private readonly idleListeners: (() => void)[] = [];

  constructor(owner: GraphOwner, generation: number, pipe: Pipe, exitWork: ExitWork, keeps: { readonly originals: { readonly isKept: boolean }; readonly streams: boolean; readonly longestWaitMillis: number }) {
    this.owner = owner;
    this.generation = generation;
    this.exitWork = exitWork;
    this.originals = keeps.originals;
    this.cachesStreams = keeps.streams;
    this.longestWaitMillis = keeps.longestWaitMillis;
    this.subscription.add(this.inlet.pipe(pipe).subscribe(new Exit((exchange) => exchange.leave())));
  }

  /** Exchanges in the graph, and work that they started and that is not over. */
  get inFlight(): number {
    return this.under;
  }

  begin(): void {
    this.under++;
  }

  end(): void {
    if (--this.under === 0) this.idle();
  }

  onDispose(dispose: () => void): void {
    this.subscription.add(dispose);
  }

  /** Takes a delivery from the route's source. */
  push(exchange: Exchange, delivery: Delivery): void {
    // A source makes an exchange and gives it away at once: one look at the clock does for both.
    const isNew = exchange.routeId === null && exchange.created !== 0;
    this.deliver(exchange, delivery, isNew ? exchange.created : this.owner.now());
    this.enter(exchange);
  }

  private deliver(exchange: Exchange, delivery: Delivery, entered: number): void {
    const passage = new Passage(this, exchange, delivery, entered);
    exchange.way = passage;
    exchange.unitOfWork = passage;
    if (delivery.id !== undefined) passage.deliveryId = delivery.id;
    this.under++;
  }

  /** Takes a message that goes on in the middle, where it was put aside. */
  resume(exchange: Exchange, delivery: Delivery, goOn: () => void): void {
    this.deliver(exchange, delivery, this.owner.now());
    exchange.routeId = this.owner.routeId;
    this.exitWork.enter?.(exchange);
    goOn();
  }

  /** Takes an exchange that comes from another route and goes back to it. */
  call(exchange: Exchange): void {
    const visit = new Visit(this, exchange.routeId, this.owner.now(), exchange.way);
    if (visit.depth > deepestVisit) {
      exchange.fail(new ExchangeError('java.lang.StackOverflowError', `routes call one another without end: ${deepestVisit} calls are under way in each other, the last of route ${this.owner.routeId}`));
      exchange.leave();
      return;
    }
    exchange.way = visit;
    this.under++;
    this.enter(exchange);
  }

  /** Puts an exchange where it was after a call from another route, without beginning anew. */
  revisit(exchange: Exchange, callerRouteId: string | null): void {
    exchange.way = new Visit(this, callerRouteId, this.owner.now(), exchange.way);
    exchange.routeId = this.owner.routeId;
    this.under++;
  }

  private enter(exchange: Exchange): void {
    exchange.routeId = this.owner.routeId;
    if (this.cachesStreams && typeof exchange.body === 'object' && exchange.body !== null) {
      const caching = cacheBody(exchange);
      if (caching !== null) {
        caching.then(
          () => this.begun(exchange),
          (thrown: unknown) => {
            exchange.fail(thrown);
            exchange.leave();
          },
        );
        return;
      }
    }
    this.begun(exchange);
  }

  private begun(exchange: Exchange): void {
    if (this.originals.isKept) {
      const { unitOfWork } = exchange;
      if (unitOfWork !== null && unitOfWork.originalHeaders === null) {
        unitOfWork.originalBody = receivedBodies.has(exchange) ? receivedBodies.get(exchange) : exchange.body;
        unitOfWork.originalHeaders = exchange.headers.copy();
      }
    }
    this.inlet.next(exchange);
  }

  /** Runs the exit work and then `passage.leave`, which takes the exchange out of the graph. */
  finish(exchange: Exchange, passage: { leave(exchange: Exchange): void }): void {
    if (this.exitWork.beforeLeaving === undefined || (exchange.halt & PARKED) !== 0) passage.leave(exchange);
    else this.exitWork.beforeLeaving(exchange, (finished) => passage.leave(finished));
  }

  /** Takes no more; disposed when idle. */
  retire(): void {
    this.isRetired = true;
    if (this.under === 0) this.idle();
  }

  /** Resolves when nothing is under way. */
  whenIdle(): Promise<void> {
    return this.under === 0 ? Promise.resolve() : new Promise((resolve) => void this.idleListeners.push(resolve));
  }

  private idle(): void {
    if (this.idleListeners.length > 0) for (const listener of this.idleListeners.splice(0)) listener();
    if (this.isRetired) this.subscription.unsubscribe();
  }
}

const nothing = (): void => {};

/** The way of an exchange that a source delivered: out of the graph, credit back, and, when its unit of work is done, settled. */
class Passage extends UnitOfWork implements Way {
  readonly outer = null;
  private readonly graph: Graph;
  private readonly delivery: Delivery;
  private readonly entered: number;
  private isAside = false;

  constructor(graph: Graph, exchange: Exchange, delivery: Delivery, entered: number) {
    super(exchange, nothing);
    this.graph = graph;
    this.delivery = delivery;
    this.entered = entered;
  }

  /** Who waits for a reply is answered by nothing else. */
  override get longestWaitMillis(): number {
    return this.isRequest ? Infinity : this.graph.longestWaitMillis;
  }

  override stepAside(): void {
    if (this.isAside) return;
    this.isAside = true;
    this.delivery.aside?.();
  }

  back(exchange: Exchange): void {
    this.graph.finish(exchange, this);
  }

  override beforeLeaving(completion: Completion): void {
    if (this.delivery.answersFirst === true) this.onCompletion((exchange) => void completion(exchange));
    else super.beforeLeaving(completion);
  }

  leave(exchange: Exchange): void {
    const ending = this.leaving();
    if (ending === null) this.leaveNow(exchange);
    else void ending.then(() => this.leaveNow(exchange));
  }

  private leaveNow(exchange: Exchange): void {
    const { graph } = this;
    this.isAside = true;
    graph.owner.left(exchange, graph, graph.owner.now() - this.entered);
    this.delivery.left?.(exchange);
    exchange.unitOfWork!.release();
  }

  protected override settled(): void {
    const { exchange, graph } = this;
    if (exchange.halt !== 0 && (exchange.halt & (FAILED | HANDLED)) === FAILED && this.delivery.wouldLose === true && !this.isLeftToSource) {
      const kept = graph.owner.keep(exchange);
      if (kept !== false && kept !== true) {
        kept.then(
          (isKept) => this.settleFinally(exchange, isKept),
          () => this.settleFinally(exchange, false),
        );
        return;
      }
      this.settleFinally(exchange, kept);
      return;
    }
    this.settleFinally(exchange, false);
  }

  private get isLeftToSource(): boolean {
    return this.delivery.comesAgain === true && this.exchange.exception?.type === 'mecha.ShutdownException';
  }

  private settleFinally(exchange: Exchange, isKept: boolean): void {
    const { graph } = this;
    if (isKept) exchange.halt |= HANDLED;
    let settling: void | Promise<void>;
    try {
      settling = this.delivery.settle(exchange);
    } catch {
      graph.end();
      return;
    }
    if (settling === undefined) graph.end();
    else settling.then(() => graph.end(), () => graph.end());
  }
}

/** A message whose calls are in each other deeper than that goes in circles; long before the memory is full. */
const deepestVisit = 100_000;

/** The way of an exchange that another route called with. */
export class Visit implements Way {
  readonly outer: Way | null;
  private readonly graph: Graph;
  private readonly callerRouteId: string | null;
  private readonly entered: number;
  /** How many calls it is in, itself among them. */
  readonly depth: number;

  constructor(graph: Graph, callerRouteId: string | null, entered: number, outer: Way | null) {
    this.graph = graph;
    this.depth = depthOf(outer) + 1;
    this.callerRouteId = callerRouteId;
    this.entered = entered;
    this.outer = outer;
  }

  back(exchange: Exchange): void {
    this.graph.finish(exchange, this);
  }

  leave(exchange: Exchange): void {
    const { graph } = this;
    graph.owner.left(exchange, graph, graph.owner.now() - this.entered);
    exchange.routeId = this.callerRouteId;
    graph.end();
    pumped(exchange, leave);
  }
}

const leave = (exchange: Exchange): void => exchange.leave();
