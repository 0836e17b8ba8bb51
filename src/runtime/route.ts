import type { Subscription } from 'rxjs';
import type { Span } from '../core/diagnostics.ts';
import type { Consumer, Delivery, Sink } from '../core/connector.ts';
import { Exchange } from '../core/exchange/exchange.ts';
import { FAILED, HANDLED, PARKED, STOPPED } from '../core/exchange/exchange.ts';
import type { Events } from '../core/events.ts';
import type { ExchangeScope, Way } from '../core/exchange/exchange.ts';
import type { Call } from '../core/graph/flow.ts';
import { Headers } from '../core/exchange/headers.ts';
import { receiveInto } from '../core/graph/send.ts';
import type { CompiledStep, SendIntercept } from './compiler.ts';
import { camelUri } from '../core/uri.ts';
import type { ResolvedEndpoint } from '../dsl/uri.ts';
import type { Graph, GraphOwner } from './graph.ts';
import { receivedBodies } from './graph.ts';
import type { Places } from './parking.ts';
import type { RoutePlan } from './plan.ts';
import { RouteStatistics } from '../observe/statistics.ts';

export type RouteState = 'Stopped' | 'Starting' | 'Started' | 'Suspended' | 'Stopping';

/** What compiling a plan gives: all that a swap exchanges. */
export interface CompiledRoute {
  readonly plan: RoutePlan;
  readonly graph: Graph;
  readonly steps: readonly CompiledStep[];
  readonly resolved: ResolvedEndpoint;
  readonly variableReceive: string | null;
  readonly group: string | null;
  readonly sendIntercepts: readonly SendIntercept[];
  /** Gives each message its lane; null where the source decides, or nothing keeps an order. */
  readonly laneOf: ((exchange: Exchange) => object) | null;
  readonly wires: Subscription;
  readonly producerUris: ReadonlySet<string>;
  /** Keys of what its steps carry over from graph to graph. */
  readonly carriedKeys: ReadonlySet<string>;
  /** Its explicit step ids, with where they stand. */
  readonly stepIds: ReadonlyMap<string, Span>;
  /** Where its messages may wait for another attempt. */
  readonly places: Places;
}

/** Takes down what was compiled, as soon as nothing is under way in it. */
export function retire({ graph, wires }: CompiledRoute): void {
  graph.onDispose(() => wires.unsubscribe());
  graph.retire();
}

class RestoreBody implements Way {
  readonly outer: Way | null;
  private readonly body: unknown;

  constructor(outer: Way | null, body: unknown) {
    this.outer = outer;
    this.body = body;
  }

  back(exchange: Exchange): void {
    exchange.body ??= this.body;
    exchange.leave();
  }
}

/** A live route: its consumer stays while graphs are swapped behind it. */
export class Route implements GraphOwner, Sink {
  routeId: string;
  current: CompiledRoute;
  readonly statistics = new RouteStatistics();
  state: RouteState = 'Stopped';
  /** Why it is not ready, while its source can't be reached. */
  waitingFor: string | null = null;
  private readonly consumer: Consumer;
  private readonly scope: ExchangeScope;
  private readonly events: Events;
  private readonly keepInStore: (exchange: Exchange, routeId: string) => boolean | Promise<boolean>;
  private shownFor: ResolvedEndpoint | null = null;
  private shownUri = '';
  /** Earlier generations in which exchanges are still under way. */
  private readonly retired = new Map<Graph, CompiledRoute>();
  /** Told when the last exchange has left an earlier generation. */
  onRetired: (() => void) | null = null;

  constructor(
    routeId: string,
    compiled: CompiledRoute,
    consumer: Consumer,
    scope: ExchangeScope,
    events: Events,
    keepInStore: (exchange: Exchange, routeId: string) => boolean | Promise<boolean>,
  ) {
    this.routeId = routeId;
    this.current = compiled;
    this.consumer = consumer;
    this.scope = scope;
    this.events = events;
    this.keepInStore = keepInStore;
  }

  get fromUri(): string {
    const { resolved } = this.current;
    if (resolved !== this.shownFor) {
      this.shownFor = resolved;
      this.shownUri = camelUri(resolved.endpoint.shownUri);
    }
    return this.shownUri;
  }

  get inFlight(): number {
    let count = this.current.graph.inFlight;
    for (const graph of this.retired.keys()) count += graph.inFlight;
    return count;
  }

  now(): number {
    return this.scope.clock.now();
  }

  // ---------------------------------------------------------------------------------------------- the sink

  exchange(body: unknown, headers: Headers = new Headers(), isInOut = false): Exchange {
    const exchange = new Exchange(this.scope, body, headers, isInOut);
    exchange.fromRouteId = this.routeId;
    exchange.fromEndpoint = this.fromUri;
    exchange.created = this.scope.clock.now();
    return exchange;
  }

  push(exchange: Exchange, delivery: Delivery): void {
    const { current } = this;
    if (current.group !== null) exchange.properties.set('CamelRouteGroup', current.group);
    if (current.laneOf !== null) exchange.lane = current.laneOf(exchange);
    if (current.variableReceive === null) return current.graph.push(exchange, delivery);
    const body = this.receive(exchange, current.variableReceive);
    // The passage that gives the message back to its source stands at the end of its way.
    const settle = (settled: Exchange): void | Promise<void> => {
      settled.body ??= body;
      return delivery.settle(settled);
    };
    current.graph.push(exchange, Object.create(delivery, { settle: { value: settle } }) as Delivery);
  }

  /** Goes on with a message where it was put aside. */
  takeUp(exchange: Exchange, delivery: Delivery, goOn: () => void): void {
    this.current.graph.resume(exchange, delivery, goOn);
  }

  readonly call: Call = (exchange) => {
    const { current } = this;
    if (exchange.fromRouteId === null) exchange.fromRouteId = this.routeId;
    if (exchange.fromEndpoint === null) exchange.fromEndpoint = this.fromUri;
    if (current.group !== null) exchange.properties.set('CamelRouteGroup', current.group);
    // Who waits for the reply gets his own body back, unless the route made one.
    if (current.variableReceive !== null) exchange.way = new RestoreBody(exchange.way, this.receive(exchange, current.variableReceive));
    current.graph.call(exchange);
  };

  /** Moves the message into a variable; gives its body. */
  private receive(exchange: Exchange, variable: string): unknown {
    const { body } = exchange;
    try {
      receiveInto(exchange, variable);
      receivedBodies.set(exchange, body);
      exchange.body = null;
    } catch (thrown) {
      exchange.fail(thrown);
    }
    return body;
  }

  // ---------------------------------------------------------------------------------------------- the graph's owner

  left(exchange: Exchange, graph: Graph, millis: number): void {
    const { halt } = exchange;
    // It is not over.
    if ((halt & PARKED) !== 0) return;
    const { statistics } = this;
    statistics.lastExchange = exchange.created;
    statistics.record(millis);
    if (halt === 0 || (halt & (FAILED | HANDLED)) === 0) {
      statistics.completed++;
      if (this.events.has('exchangeCompleted')) this.events.emit('exchangeCompleted', { exchange, routeId: this.routeId, millis });
      return;
    }
    const isHandled = (halt & HANDLED) !== 0;
    if (isHandled) {
      statistics.completed++;
      statistics.handled++;
    } else {
      statistics.failed++;
      statistics.lastFailure = exchange.exception?.message ?? null;
    }
    const error = exchange.exception ?? exchange.property('CamelExceptionCaught');
    if (error instanceof Error && (halt & STOPPED) === 0 && this.events.has('exchangeFailed')) {
      this.events.emit('exchangeFailed', { exchange, routeId: this.routeId, step: exchange.failedStep, error, millis, isHandled });
    }
    void graph;
  }

  keep(exchange: Exchange): boolean | Promise<boolean> {
    return this.keepInStore(exchange, this.routeId);
  }

  // ---------------------------------------------------------------------------------------------- life

  async start(): Promise<void> {
    if (this.state !== 'Stopped') return;
    this.state = 'Starting';
    try {
      await this.consumer.start(this);
    } catch (thrown) {
      this.state = 'Stopped';
      throw thrown;
    }
    this.state = 'Started';
    this.events.emit('routeStarted', { routeId: this.routeId, from: this.fromUri, generation: this.current.graph.generation });
  }

  async stop(): Promise<void> {
    if (this.state === 'Stopped' || this.state === 'Stopping') return;
    this.state = 'Stopping';
    await this.consumer.stop();
    this.state = 'Stopped';
    this.events.emit('routeStopped', { routeId: this.routeId, generation: this.current.graph.generation });
  }

  async suspend(): Promise<void> {
    if (this.state !== 'Started') return;
    await (this.consumer.suspend?.() ?? this.consumer.stop());
    this.state = 'Suspended';
  }

  /** The source takes nothing more, though the route stays started. */
  async pauseSource(): Promise<void> {
    if (this.state === 'Started') await (this.consumer.suspend?.() ?? this.consumer.stop());
  }

  async resumeSource(): Promise<void> {
    if (this.state !== 'Started') return;
    if (this.consumer.suspend !== undefined) await this.consumer.resume?.();
    else await this.consumer.start(this);
  }

  async resume(): Promise<void> {
    if (this.state === 'Stopped') return this.start();
    if (this.state !== 'Suspended') return;
    if (this.consumer.suspend !== undefined) await this.consumer.resume?.();
    else await this.consumer.start(this);
    this.state = 'Started';
  }

  /** Puts a new graph behind the consumer; what is in the old one finishes there. */
  swap(compiled: CompiledRoute, routeId: string): void {
    const old = this.current;
    this.current = compiled;
    this.routeId = routeId;
    this.retire(old);
  }

  private retire(compiled: CompiledRoute): void {
    const { graph } = compiled;
    this.retired.set(graph, compiled);
    graph.onDispose(() => {
      this.retired.delete(graph);
      this.onRetired?.();
    });
    retire(compiled);
  }

  /** The generations of this route in which exchanges are, or may come to be, under way: the newest first. */
  *generations(): Iterable<CompiledRoute> {
    yield this.current;
    yield* this.retired.values();
  }

  /** Resolves when nothing is under way in earlier generations. */
  async whenRetired(): Promise<void> {
    await Promise.all([...this.retired.keys()].map((graph) => graph.whenIdle()));
  }

  /** Resolves when nothing of this route is under way. */
  async whenIdle(): Promise<void> {
    await Promise.all([this.current.graph.whenIdle(), ...[...this.retired.keys()].map((graph) => graph.whenIdle())]);
  }

  /** After `stop` and when idle: lets go of what the consumer and the graph hold. */
  async close(): Promise<void> {
    await this.consumer.close?.();
    this.retire(this.current);
  }
}
